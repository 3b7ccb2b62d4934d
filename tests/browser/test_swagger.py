"""The gateway's documentation in a real browser: signing in, authorizing, and trying calls out, all without a network.

Run with the path of the `redoubt` binary in REDOUBT_BINARY: `python -m unittest discover -s tests/browser -v`.
"""

import json
import os
import sys
import unittest
import urllib.request
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))

from chromium import Browser  # noqa: E402
from redoubt_server import Server  # noqa: E402

PAGE = "/apidocs/oca/v2"
ROUTER = Path(__file__).resolve().parents[2] / "crates/assess/samples/router.log"
TECHNOLOGIES = "#operations-Documented_calls-technologies"
PROVISION = "#operations-Documented_calls-provision"
UPLOAD = "#operations-Documented_calls-uploadBulk"


def setUpModule():
    global server, browser
    server = Server(os.environ["REDOUBT_BINARY"])
    browser = Browser()


def tearDownModule():
    browser.close()
    server.stop()


def fetch(path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{server.http}{path}", timeout=30) as answer:
        return json.load(answer)


class Documents(unittest.TestCase):
    def test_they_are_openapi_3_1(self):
        for page in [PAGE, "/apidocs/pcrs/v1", "/apidocs/pcas/v1", "/apidocs/fo/v2", "/apidocs/discovery/v1"]:
            with self.subTest(page=page):
                document = fetch(f"{page}/openapi.json")
                self.assertEqual([str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()], [])


class SwaggerUi(unittest.TestCase):
    def setUp(self):
        self.page = browser.page()
        self.origin = f"http://{server.http}"
        self.page.open(self.origin + PAGE)
        self.page.wait("document.querySelectorAll('.opblock').length >= 18")

    def tearDown(self):
        folder = os.environ.get("REDOUBT_PICTURES")
        if folder:
            self.page.picture(Path(folder) / f"{self.id()}.png")
        self.page.close()

    def sign_in(self, password):
        self.page.type("#login [name=username]", "admin")
        self.page.type("#login [name=password]", password)
        self.page.click("#login button")

    def token(self):
        self.sign_in(server.password)
        return self.page.wait("document.getElementById('token').value")

    def authorize(self, token):
        """Through the dialog, as somebody does who pastes a token."""
        self.page.click(".scheme-container .btn.authorize")
        self.page.type(".auth-container input", token)
        self.page.click(".auth-btn-wrapper .authorize")
        self.page.wait("document.querySelector('.auth-btn-wrapper').innerText.includes('Logout')")
        self.page.click(".auth-btn-wrapper .btn-done")

    def try_out(self, operation):
        self.page.click(f"{operation} .opblock-summary-control")
        self.page.click(f"{operation} .try-out__btn")
        self.page.wait(f"document.querySelector('{operation} .btn.execute') !== null")

    def execute(self, operation):
        """The status and the body that the page shows."""
        self.page.click(f"{operation} .btn.execute")
        live = f"{operation} .live-responses-table .response"
        status = self.page.wait(f"document.querySelector('{live} .response-col_status').innerText")
        body = self.page.wait(f"document.querySelector('{live} .highlight-code code').innerText")
        return status.split()[0], body

    def fill(self, operation, parameter, text):
        self.page.type(f"{operation} tr[data-param-name='{parameter}'] input", text)

    def test_it_shows_every_call_and_asks_nobody_else(self):
        document = fetch(f"{PAGE}/openapi.json")
        calls = sum(len(path) for path in document["paths"].values())
        self.assertEqual(self.page.value("document.querySelectorAll('.opblock').length"), calls)
        foreign = [url for url in self.page.requests if not url.startswith((self.origin + "/", "data:", "about:", "blob:"))]
        self.assertEqual(foreign, [])
        self.assertEqual(self.page.complaints, [])

    def test_a_wrong_password_is_told_on_the_page(self):
        self.sign_in("a wrong password")
        self.page.wait("document.getElementById('said').innerText.includes('Authentication failed')")
        self.assertEqual(self.page.value("document.getElementById('token').value"), "")

    def test_without_a_token_a_call_is_refused(self):
        self.try_out(TECHNOLOGIES)
        status, body = self.execute(TECHNOLOGIES)
        self.assertEqual(status, "401")
        self.assertIn("ERR-2914", body)

    def test_a_token_is_pasted_into_the_dialog_and_a_call_is_tried(self):
        token = self.token()
        self.assertEqual(len(token.split(".")), 3)
        # A new page knows nothing of the one before.
        self.page.open(self.origin + PAGE + "?again")
        self.page.wait("document.querySelectorAll('.opblock').length >= 18 && document.getElementById('token').value === ''")
        self.authorize(token)
        self.try_out(TECHNOLOGIES)
        status, body = self.execute(TECHNOLOGIES)
        self.assertEqual(status, "200")
        self.assertIn("Cisco IOS 15.x", body)

    def test_a_device_is_provisioned_and_assessed_on_the_page(self):
        self.token()
        self.page.wait("document.getElementById('said').innerText.includes('Signed in')")
        self.try_out(PROVISION)
        status, body = self.execute(PROVISION)
        self.assertEqual(status, "200", body)
        uuid = json.loads(body)["data"]["assetUUID"]
        self.try_out(UPLOAD)
        self.fill(UPLOAD, "uuid", uuid)
        text = Path(server.directory.name) / "device.txt"
        text.write_bytes(ROUTER.read_bytes())
        self.page.choose_file(f"{UPLOAD} input[type=file]", text)
        status, body = self.execute(UPLOAD)
        self.assertEqual(status, "200", body)
        self.assertEqual(json.loads(body), {"code": 200, "message": "Command Bulk Output Uploaded Successfully."})
        posture = "#operations-Extensions-posture"
        self.try_out(posture)
        self.fill(posture, "uuid", uuid)
        status, body = self.execute(posture)
        self.assertEqual(status, "200")
        self.assertIn("transport input telnet ssh", body)
