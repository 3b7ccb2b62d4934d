"""Unmodified public clients from PyPI against the real server, over TLS with its own certificate.

Run with the path of the `redoubt` binary in REDOUBT_BINARY: `python -m unittest discover -s tests/clients -v`.
"""

import os
import unittest
import xml.etree.ElementTree as ET

import pyqualys
from lxml import objectify
from qualysapi.connector import QGConnector

from redoubt_server import Server

HOST = (
    "<ServiceRequest><data><HostAsset><name>{name}</name><address>{address}</address>"
    "<trackingMethod>IP</trackingMethod></HostAsset></data></ServiceRequest>"
)


def setUpModule():
    global server
    server = Server(os.environ["REDOUBT_BINARY"])
    # Both clients ask `requests`, which takes its trust from here.
    os.environ["REQUESTS_CA_BUNDLE"] = server.certificate


def tearDownModule():
    server.stop()


class Qualysapi(unittest.TestCase):
    """https://pypi.org/project/qualysapi"""

    def connect(self, exchange=None):
        return QGConnector(("admin", server.password), server.https, data_exchange_format=exchange, max_retries=0)

    def test_a_tag_is_created_found_counted_and_deleted(self):
        client = self.connect()
        body = "<ServiceRequest><data><Tag><name>From qualysapi</name></Tag></data></ServiceRequest>"
        created = ET.fromstring(client.request("create/am/tag", body).encode())
        self.assertEqual(created.findtext("responseCode"), "SUCCESS")
        tag = created.findtext("data/Tag/id")
        filters = (
            '<ServiceRequest><filters><Criteria field="name" operator="EQUALS">From qualysapi</Criteria>'
            "</filters></ServiceRequest>"
        )
        found = ET.fromstring(client.request("search/am/tag", filters).encode())
        self.assertEqual([one.text for one in found.findall("data/Tag/id")], [tag])
        counted = ET.fromstring(client.request("count/am/tag").encode())
        self.assertGreater(int(counted.findtext("count")), 1)
        deleted = ET.fromstring(client.request(f"delete/am/tag/{tag}").encode())
        self.assertEqual(deleted.findtext("data/Tag/id"), tag)

    def test_both_exchange_formats_are_understood(self):
        for exchange, body in [
            ("xml", "<ServiceRequest/>"),
            ("json", '{"ServiceRequest":{}}'),
        ]:
            answer = self.connect(exchange).request("search/am/tag", body)
            self.assertIn("SUCCESS", answer)
            self.assertEqual(answer.lstrip()[0], {"xml": "<", "json": "{"}[exchange])

    def test_its_list_of_child_tags_reads_the_fourth_element_as_data(self):
        body = (
            "<ServiceRequest><data><Tag><name>Parent</name><children><set><TagSimple><name>East</name></TagSimple>"
            "<TagSimple><name>West</name></TagSimple></set></children></Tag></data></ServiceRequest>"
        )
        self.assertIn("SUCCESS", server.post("/qps/rest/2.0/create/am/tag", body))
        children = self.connect().listChildTags(tag_name="Parent")
        self.assertEqual(sorted(str(name) for _, name in children), ["East", "West"])

    def test_the_old_login_probe_answers(self):
        about = objectify.fromstring(self.connect().request("about.php").encode())
        self.assertTrue(about.tag)

    def test_a_wrong_password_is_an_error(self):
        client = QGConnector(("admin", "not the password"), server.https, max_retries=0)
        with self.assertRaises(Exception):
            client.request("search/am/tag", "<ServiceRequest/>")


class Pyqualys(unittest.TestCase):
    """https://pypi.org/project/pyqualys"""

    def service(self):
        api = pyqualys.QualysAPI(username="admin", password=server.password, host=f"https://{server.https}/")
        service = api.service("assetview")
        service.FORMAT = "json"
        return service

    def test_a_host_asset_lives_and_dies(self):
        service = self.service()
        created = service.create_host_asset(HOST.format(name="lab-1", address="192.0.2.41"))["data"]
        self.assertEqual(created["responseCode"], "SUCCESS")
        asset = created["data"]["HostAsset"]["id"]
        read = service.get_host_asset(asset)["data"]
        self.assertEqual(read["data"]["HostAsset"]["address"], "192.0.2.41")
        self.assertEqual(service.delete_host_asset(asset)["data"]["data"]["HostAsset"]["id"], asset)
        self.assertEqual(service.get_host_asset(asset)["data"]["responseCode"], "NOT_FOUND")

    def test_a_dynamic_tag_is_created_evaluated_changed_and_counted(self):
        service = self.service()
        service.create_host_asset(HOST.format(name="pyq-web-1", address="192.0.2.42"))
        rule = "<ruleType>NAME_CONTAINS</ruleType><ruleText>pyq-web</ruleText>"
        body = f"<ServiceRequest><data><Tag><name>pyq</name>{rule}</Tag></data></ServiceRequest>"
        tag = service.create_tag(body)["data"]["data"]["Tag"]["id"]
        evaluated = service.evaluate_tag(
            "<ServiceRequest><data><Tag><name>pyq</name><ruleType>NAME_CONTAINS</ruleType></Tag></data></ServiceRequest>"
        )
        self.assertEqual(evaluated["data"]["count"], "1")
        by_tag = (
            '<ServiceRequest><filters><Criteria field="tagName" operator="EQUALS">pyq</Criteria></filters>'
            "</ServiceRequest>"
        )
        found = ET.fromstring(server.post("/qps/rest/2.0/search/am/hostasset", by_tag).encode())
        self.assertEqual(found.findtext("data/HostAsset/name"), "pyq-web-1")
        child = "<children><set><TagSimple><name>below</name></TagSimple></set></children>"
        changed = service.update_tag(f"<ServiceRequest><data><Tag>{child}</Tag></data></ServiceRequest>", tag)
        self.assertEqual(changed["data"]["data"]["Tag"]["id"], tag)
        of_parent = (
            f'<ServiceRequest><filters><Criteria field="parent" operator="EQUALS">{tag}</Criteria></filters>'
            "</ServiceRequest>"
        )
        self.assertEqual(service.count_child_tag(of_parent)["data"]["count"], "1")
        self.assertEqual(service.search_tag(of_parent)["data"]["data"]["Tag"]["name"], "below")


if __name__ == "__main__":
    unittest.main()
