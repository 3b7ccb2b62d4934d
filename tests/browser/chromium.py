"""A real Chromium without a window, driven over its debugging protocol. It reaches this machine only."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import websocket

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
    "--window-size=1400,1800",
]
PATIENCE = 60


class Browser:
    def __init__(self):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            raise RuntimeError("there is no chromium; install the package chromium")
        self.profile = tempfile.TemporaryDirectory(prefix="redoubt-chromium-", ignore_cleanup_errors=True)
        command = [program, *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = self._port()

    def _port(self):
        written = Path(self.profile.name) / "DevToolsActivePort"
        for _ in range(PATIENCE * 10):
            if self.process.poll() is not None:
                raise RuntimeError(f"chromium ended with status {self.process.returncode}")
            if written.exists() and "\n" in written.read_text():
                return int(written.read_text().split("\n")[0])
            time.sleep(0.1)
        raise RuntimeError("chromium did not start")

    def page(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new?about:blank", method="PUT")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as answer:
            return Page(json.load(answer)["webSocketDebuggerUrl"])

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
        self.profile.cleanup()


class Page:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, address):
        self.socket = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
        self.number = 0
        self.requests = []
        self.complaints = []
        for domain in ["Page", "Runtime", "Network", "Log", "DOM"]:
            self.command(f"{domain}.enable")

    def command(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._note(message)

    def _note(self, event):
        what, details = event.get("method"), event.get("params", {})
        if what == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif what == "Runtime.exceptionThrown":
            self.complaints.append(str(details["exceptionDetails"]))
        elif what == "Log.entryAdded" and details["entry"]["level"] == "error":
            self.complaints.append(f"{details['entry']['text']} {details['entry'].get('url', '')}")

    def open(self, url):
        self.command("Page.navigate", url=url)

    def value(self, expression):
        """What a JavaScript expression gives."""
        result = self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, expression):
        """Waits until a JavaScript expression gives something, and gives that."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.value(f"(() => {{ try {{ return {expression} }} catch (error) {{ return null }} }})()")
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"never came: {expression}; the page shows {self.value('document.body.innerText')[:2000]}")

    def click(self, selector):
        self.wait(f"document.querySelector({json.dumps(selector)}) !== null")
        self.value(f"document.querySelector({json.dumps(selector)}).click()")

    def type(self, selector, text):
        """Types as a person does: into the field, over what stands there."""
        self.wait(f"document.querySelector({json.dumps(selector)}) !== null")
        self.value(f"(() => {{ const f = document.querySelector({json.dumps(selector)}); f.focus(); f.select(); }})()")
        self.command("Input.insertText", text=text)
        # Fields that wait for more to be typed take what there is when they are left.
        self.value("document.activeElement.blur()")

    def choose_file(self, selector, path):
        self.wait(f"document.querySelector({json.dumps(selector)}) !== null")
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def picture(self, path):
        Path(path).write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))

    def close(self):
        self.socket.close()
