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


def where(field, operator, value):
    """A request for what one criterion selects."""
    return (
        f'<ServiceRequest><filters><Criteria field="{field}" operator="{operator}">{value}</Criteria></filters>'
        "</ServiceRequest>"
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
        found = ET.fromstring(client.request("search/am/tag", where("name", "EQUALS", "From qualysapi")).encode())
        self.assertEqual([one.text for one in found.findall("data/Tag/id")], [tag])
        counted = ET.fromstring(client.request("count/am/tag").encode())
        self.assertGreater(int(counted.findtext("count")), 1)
        deleted = ET.fromstring(client.request(f"delete/am/tag/{tag}").encode())
        self.assertEqual(deleted.findtext("data/Tag/id"), tag)

    def ask(self, call, body=None):
        """A call that succeeds; gives the root of its answer."""
        answer = ET.fromstring(self.connect().request(call, body).encode())
        self.assertEqual(answer.findtext("responseCode"), "SUCCESS")
        return answer

    def test_hosts_are_created_tagged_found_counted_changed_and_deleted(self):
        tag = self.ask(
            "create/am/tag", "<ServiceRequest><data><Tag><name>Ünïcode &amp; more</name></Tag></data></ServiceRequest>"
        ).findtext("data/Tag/id")
        hosts = []
        for number in range(3):
            body = HOST.format(name=f"qa-{number}", address=f"192.0.2.{60 + number}")
            hosts.append(self.ask("create/am/hostasset", body).findtext("data/HostAsset/id"))
        put = f"<tags><add><TagSimple><id>{tag}</id></TagSimple></add></tags>"
        change = where("id", "IN", " , ".join(hosts)).replace(
            "</ServiceRequest>", f"<data><HostAsset>{put}</HostAsset></data></ServiceRequest>"
        )
        changed = self.ask("update/am/hostasset", change)
        self.assertEqual([one.text for one in changed.findall("data/HostAsset/id")], hosts)
        tagged = where("tagId", "EQUALS", tag)
        # Without the slash it would ask by GET, and leave the filter out.
        self.assertEqual(self.ask("count/am/hostasset/", tagged).findtext("count"), "3")
        found = self.ask("search/am/hostasset/?fields=id,tags.list.TagSimple.name", tagged)
        names = [one.text for one in found.findall("data/HostAsset/tags/list/TagSimple/name")]
        self.assertEqual(names, ["Ünïcode & more"] * 3)
        self.assertEqual(self.ask("count/am/asset/", tagged).findtext("count"), "3")

        rename = "<ServiceRequest><data><Asset><name>qa-renamed</name></Asset></data></ServiceRequest>"
        self.ask(f"update/am/asset/{hosts[0]}", rename)
        self.assertEqual(self.ask(f"get/am/asset/{hosts[0]}").findtext("data/Asset/name"), "qa-renamed")
        off = f"<tags><remove><TagSimple><id>{tag}</id></TagSimple></remove></tags>"
        self.ask(
            f"update/am/hostasset/{hosts[0]}",
            f"<ServiceRequest><data><HostAsset>{off}</HostAsset></data></ServiceRequest>",
        )
        self.assertEqual(self.ask("count/am/hostasset/", tagged).findtext("count"), "2")
        refused = self.connect().request("delete/am/hostasset", where("id", "NOT EQUALS", hosts[0]))
        self.assertIn("INVALID_REQUEST", refused)
        self.assertEqual(self.ask("delete/am/hostasset", tagged).findtext("count"), "2")
        self.ask(f"delete/am/tag/{tag}")
        left = self.ask("search/am/hostasset", where("name", "CONTAINS", "QA-"))
        self.assertEqual([one.text for one in left.findall("data/HostAsset/id")], hosts[:1])
        self.assertEqual(self.ask(f"delete/am/asset/{hosts[0]}").findtext("data/Asset/id"), hosts[0])

    def test_pages_follow_the_last_id_to_the_end(self):
        for number in range(5):
            self.ask("create/am/tag", f"<ServiceRequest><data><Tag><name>page {number}</name></Tag></data></ServiceRequest>")
        names, last = [], "0"
        while last is not None:
            body = (
                '<ServiceRequest><preferences><limitResults>2</limitResults></preferences><filters>'
                '<Criteria field="name" operator="CONTAINS">page </Criteria>'
                f'<Criteria field="id" operator="GREATER">{last}</Criteria></filters></ServiceRequest>'
            )
            page = self.ask("search/am/tag", body)
            names += [one.text for one in page.findall("data/Tag/name")]
            last = page.findtext("lastId")
        self.assertEqual(names, [f"page {number}" for number in range(5)])

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
        by_tag = where("tagName", "EQUALS", "pyq")
        self.assertEqual(service.search_host_asset(by_tag)["data"]["data"]["HostAsset"]["name"], "pyq-web-1")
        self.assertEqual(service.get_assets(by_tag)["data"]["data"]["Asset"]["name"], "pyq-web-1")
        self.assertEqual(service.tag_asset_count(by_tag)["data"]["count"], "1")
        child = "<children><set><TagSimple><name>below</name></TagSimple></set></children>"
        changed = service.update_tag(f"<ServiceRequest><data><Tag>{child}</Tag></data></ServiceRequest>", tag)
        self.assertEqual(changed["data"]["data"]["Tag"]["id"], tag)
        of_parent = where("parent", "EQUALS", tag)
        self.assertEqual(service.count_child_tag(of_parent)["data"]["count"], "1")
        self.assertEqual(service.search_tag(of_parent)["data"]["data"]["Tag"]["name"], "below")
        self.assertEqual(service.delete_tag(tag)["data"]["data"]["Tag"]["id"], tag)
        self.assertEqual(service.search_tag(of_parent)["data"]["count"], "0")
        self.assertEqual(service.tag_asset_count(by_tag)["data"]["count"], "0")

    def test_a_refusal_has_its_code_message_and_resolution(self):
        service = self.service()
        refused = service.search_tag(where("nosuch", "EQUALS", "x"))["data"]
        self.assertEqual(refused["responseCode"], "INVALID_REQUEST")
        self.assertIn("nosuch", refused["responseErrorDetails"]["errorMessage"])
        self.assertTrue(refused["responseErrorDetails"]["errorResolution"])
        twice = HOST.format(name="twice", address="192.0.2.43")
        self.assertEqual(service.create_host_asset(twice)["data"]["responseCode"], "SUCCESS")
        self.assertEqual(service.create_host_asset(twice)["data"]["responseCode"], "INVALID_REQUEST")


if __name__ == "__main__":
    unittest.main()
