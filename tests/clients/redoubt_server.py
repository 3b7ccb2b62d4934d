"""A real server for the client tests: started on free ports with a certificate of its own, stopped at the end."""

import base64
import os
import pathlib
import re
import secrets
import subprocess
import tempfile
import urllib.request


class Server:
    """`redoubt serve` on a data directory that goes with it."""

    def __init__(self, binary):
        self.password = secrets.token_urlsafe(18)
        self.directory = tempfile.TemporaryDirectory(prefix="redoubt-clients-")
        environment = dict(os.environ, REDOUBT_ADMIN_PASSWORD=self.password)
        command = [binary, "serve", "--data", self.directory.name, "--listen", "127.0.0.1:0"]
        command += ["--tls-listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        self.said = []
        self.http, self.https = self._addresses()
        self.certificate = str(pathlib.Path(self.directory.name) / "tls.crt")

    def _addresses(self):
        found = {}
        for line in self.process.stdout:
            self.said.append(line.strip())
            for scheme, address in re.findall(r"listening on (https?)://(\S+)", line):
                found[scheme] = address
            if len(found) == 2:
                return found["http"], found["https"]
        raise RuntimeError(f"the server ended before it listened: {self.process.wait()}")

    def said_after(self, text):
        """What follows a text on one of the lines that the server said at its start."""
        return next(line.split(text, 1)[1].split()[0] for line in self.said if text in line)

    def post(self, path, body):
        """Posts XML as the manager; gives the text of the answer."""
        login = base64.b64encode(f"admin:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "text/xml"}
        request = urllib.request.Request(f"http://{self.http}{path}", body.encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=30)
        self.directory.cleanup()
        if status != 0:
            raise RuntimeError(f"the server ended with status {status}")
