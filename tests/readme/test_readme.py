"""The curl lines of README.md, run as they stand there against `redoubt quickstart` on this machine.

A block after `<!-- run: TEXT -->` is run by bash with REDOUBT and LOGIN set; it must succeed and print TEXT.
Run with the path of the `redoubt` binary in REDOUBT_BINARY: `python -m unittest discover -s tests/readme -v`.
"""

import os
import pathlib
import re
import secrets
import subprocess
import tempfile
import unittest

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class Quickstart:
    """`redoubt quickstart`, once it serves."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="redoubt-readme-")
        password = secrets.token_urlsafe(18)
        command = [os.environ["REDOUBT_BINARY"], "quickstart", "--no-cloud"]
        command += ["--data", self.directory.name, "--listen", "127.0.0.1:0"]
        environment = dict(os.environ, REDOUBT_ADMIN_PASSWORD=password)
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            serving = re.match(r"Serving at (\S+);", line)
            if serving:
                self.environment = dict(os.environ, REDOUBT=serving[1], LOGIN=f"admin:{password}")
                return
        raise RuntimeError(f"quickstart ended before it served: {self.process.wait()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.directory.cleanup()


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Quickstart()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_every_block_that_is_to_be_run_does_what_it_says(self):
        blocks = re.findall(r"<!-- run: (.*?) -->\n```sh\n(.*?)```", README.read_text(), re.DOTALL)
        self.assertGreaterEqual(len(blocks), 5)
        for expected, script in blocks:
            with self.subTest(script.strip().splitlines()[0]):
                command = ["bash", "-euo", "pipefail", "-c", script]
                done = subprocess.run(command, env=self.server.environment, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(expected, done.stdout)


if __name__ == "__main__":
    unittest.main()
