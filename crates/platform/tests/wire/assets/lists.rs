//! The nested lists of a host asset (`contract/qps.md 10`, `contract/am.md 5.2`).

use super::{at, at_address, update};
use crate::common::{As, World, data, filters};

#[track_caller]
fn shown(me: &As<'_>, id: u64, list: &str, members: &[&str]) -> Vec<String> {
    let reply = me.get(&at("get", id));
    let items = reply.record().items(list);
    let line = |item: &&crate::common::Node| {
        members.iter().map(|member| item.text_at(member)).collect::<Vec<_>>().join(" ")
    };
    items.iter().map(line).collect()
}

fn item(name: &str, members: &str) -> String {
    format!("<{name}>{members}</{name}>")
}

#[test]
fn lists_of_a_host_asset_are_set_added_to_removed_from_and_updated() {
    let world = World::new();
    let me = world.manager();
    let id = at_address(&me, "a", "192.0.2.1");
    let change =
        |verb: &str, items: &str| update(&me, id, &format!("<software><{verb}>{items}</{verb}></software>"));
    let software = || shown(&me, id, "software", &["name", "version"]);
    let one = |name: &str, version: &str| {
        item("HostAssetSoftware", &format!("<name>{name}</name><version>{version}</version>"))
    };
    change("set", &format!("{}{}{}", one("openssl", "3.0.1"), one("bash", "5.2"), one("openssl", "3.0.1")));
    assert_eq!(software(), ["openssl 3.0.1", "bash 5.2"], "each once, in their order");
    change("add", &format!("{}{}", one("bash", "5.2"), one("bash", "5.3")));
    assert_eq!(software(), ["openssl 3.0.1", "bash 5.2", "bash 5.3"], "another version is another item");
    change("update", &format!("{}{}", one("openssl", "3.0.2"), one("nobody", "1")));
    assert_eq!(software(), ["openssl 3.0.2", "bash 5.2", "bash 5.3"]);
    change("remove", &format!("{}{}", one("bash", "5.2"), one("bash", "9")));
    assert_eq!(software(), ["openssl 3.0.2", "bash 5.3"]);
    change("remove", &item("HostAssetSoftware", "<name>bash</name>"));
    assert_eq!(software(), ["openssl 3.0.2"], "without a version all are meant");
    let several = format!(
        "<software><add>{}</add><remove>{}</remove></software>",
        one("zsh", "5.9"),
        one("openssl", "3.0.2")
    );
    update(&me, id, &several);
    assert_eq!(software(), ["zsh 5.9"]);
    update(
        &me,
        id,
        "<software><list><HostAssetSoftware><name>x</name></HostAssetSoftware></list><count>1</count></software>",
    );
    assert_eq!(software(), ["zsh 5.9"], "what is read-only changes nothing");
    update(&me, id, "<software><set/></software>");
    assert_eq!(me.get(&at("get", id)).record().get("software"), None, "an empty list is left out");
}

#[test]
fn each_list_has_its_own_keys() {
    let world = World::new();
    let me = world.manager();
    let id = at_address(&me, "a", "192.0.2.1");
    let add = |list: &str, element: &str, members: &str| {
        update(&me, id, &format!("<{list}><add>{}</add></{list}>", item(element, members)));
    };
    add("openPort", "HostAssetOpenPort", "<port>443</port><serviceName>https</serviceName>");
    add("openPort", "HostAssetOpenPort", "<port>443</port><protocol>udp</protocol><serviceId>5</serviceId>");
    add(
        "openPort",
        "HostAssetOpenPort",
        "<port>443</port><protocol>TCP</protocol><serviceName>nginx</serviceName>",
    );
    assert_eq!(
        shown(&me, id, "openPort", &["port", "protocol", "serviceName"]),
        ["443 TCP nginx", "443 UDP -"]
    );

    add("volume", "HostAssetVolume", "<name>/</name><size>1000</size><free>400</free>");
    add("volume", "HostAssetVolume", "<name>/</name><free>300</free>");
    assert_eq!(
        shown(&me, id, "volume", &["name", "size", "free"]),
        ["/ 1000 300"],
        "what is not given stays"
    );
    update(
        &me,
        id,
        "<volume><update><HostAssetVolume><name>/</name><free>0</free></HostAssetVolume></update></volume>",
    );
    assert_eq!(shown(&me, id, "volume", &["name", "size", "free"]), ["/ 1000 0"]);

    add("processor", "HostAssetProcessor", "<name>CPU</name><speed>2500</speed>");
    add("processor", "HostAssetProcessor", "<name>CPU</name>");
    assert_eq!(shown(&me, id, "processor", &["name", "speed"]), ["CPU 2500"]);

    add("account", "HostAssetAccount", "<username>kim</username>");
    add("account", "HostAssetAccount", "<username>Kim</username>");
    assert_eq!(shown(&me, id, "account", &["username"]), ["kim", "Kim"]);

    let interfaces =
        || shown(&me, id, "networkInterface", &["interfaceId", "interfaceName", "address", "macAddress"]);
    add(
        "networkInterface",
        "HostAssetInterface",
        "<interfaceName>eth0</interfaceName><address>192.0.2.1</address>",
    );
    add(
        "networkInterface",
        "HostAssetInterface",
        "<interfaceName>eth0</interfaceName><address>2001:db8::1</address>",
    );
    add(
        "networkInterface",
        "HostAssetInterface",
        "<address>192.0.2.1</address><macAddress>02:00:00:00:00:01</macAddress>",
    );
    add(
        "networkInterface",
        "HostAssetInterface",
        "<interfaceId>eni-1</interfaceId><gatewayAddress>192.0.2.254</gatewayAddress>",
    );
    assert_eq!(interfaces(), ["- eth0 192.0.2.1 02:00:00:00:00:01", "- eth0 2001:db8::1 -", "eni-1 - - -"]);
    update(
        &me,
        id,
        "<networkInterface><remove><HostAssetInterface><interfaceName>eth0</interfaceName></HostAssetInterface></remove></networkInterface>",
    );
    assert_eq!(interfaces(), ["eni-1 - - -"]);
}

#[test]
fn a_long_list_is_taken_at_once_and_a_longer_one_refused() {
    let world = World::new();
    let me = world.manager();
    let id = at_address(&me, "a", "192.0.2.1");
    let software = |count: usize| {
        let items: String = (0..count)
            .map(|n| item("HostAssetSoftware", &format!("<name>p{n}</name><version>1</version>")))
            .collect();
        data(&format!("<HostAsset><software><set>{items}</set></software></HostAsset>"))
    };
    me.post(&at("update", id), &software(10_000)).ok();
    assert_eq!(me.get(&at("get", id)).record().items("software").len(), 10_000);
    let before = world.fingerprint();
    me.post(&at("update", id), &software(10_001)).invalid("HostAsset.software");
    assert_eq!(world.fingerprint(), before);
    let found = me.post(
        "/qps/rest/2.0/search/am/hostasset?fields=id",
        &filters(&[("installedSoftware", "EQUALS", "p9999")]),
    );
    assert_eq!(found.ids(), [id]);
}
