//! One host asset from its creation to its end.

use qps::Format;

use super::{at, at_address, host, update};
use crate::common::{World, data, filters};
use crate::tags::{dynamic, tag};

const CREATE: &str = "/qps/rest/2.0/create/am/hostasset";

#[test]
fn a_host_asset_is_created_read_changed_and_deleted() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    // The request of `contract/am.md 5.5`, in both formats.
    let xml = format!(
        "<HostAsset><name>lab-db-1</name><address>192.0.2.20</address><trackingMethod>IP</trackingMethod>\
         <tags><set><TagSimple><id>{lab}</id></TagSimple></set></tags></HostAsset>"
    );
    let json = format!(
        r#"{{"ServiceRequest":{{"data":{{"HostAsset":{{"name":"lab-db-1","address":"192.0.2.20","trackingMethod":"IP","tags":{{"set":{{"TagSimple":{{"id":"{lab}"}}}}}}}}}}}}}}"#
    );
    let created = me.one(0, "POST", CREATE, Format::Xml, None, &data(&xml));
    created.demand_equal(&me.one(1, "POST", CREATE, Format::Json, None, &json), CREATE);
    let id = created.id();
    assert_eq!(created.record().each("tags", "name"), ["Lab"]);
    assert_eq!(me.get(&at("get", id)).record(), created.record(), "the whole new object is answered");

    world.wait(60);
    update(&me, id, "<name>db-1</name><address>192.0.2.21</address><os>Example Linux 9</os>");
    let reply = me.get(&at("get", id));
    let shown = ["name", "address", "os", "modified"].map(|name| reply.record().text_at(name));
    assert_eq!(shown, ["db-1", "192.0.2.21", "Example Linux 9", "2024-03-01T10:01:00Z"]);
    assert_eq!(me.post(&at("delete", id), "").ids(), [id]);
    me.get(&at("get", id)).refused("NOT_FOUND");
}

#[test]
fn a_host_asset_keeps_what_is_not_given() {
    let world = World::new();
    let me = world.manager();
    let id = host(
        &me,
        "<name>lab-db-1</name><os>Example Linux 9</os><dnsHostName>db.example.test</dnsHostName>\
         <netbiosName>DB1</netbiosName><netbiosNetworkId>5</netbiosNetworkId><address>192.0.2.20</address>\
         <fqdn>db.example.test</fqdn><trackingMethod>IP</trackingMethod>",
    );
    world.wait(60);
    update(&me, id, "<name>db-1</name><os/>");
    let reply = me.get(&at("get", id));
    let read = reply.record();
    assert_eq!(
        read.names(),
        [
            "id",
            "name",
            "created",
            "modified",
            "type",
            "tags",
            "criticalityScore",
            "sourceInfo",
            "qwebHostId",
            "fqdn",
            "dnsHostName",
            "netbiosName",
            "netbiosNetworkId",
            "address",
            "trackingMethod",
            "isDockerHost"
        ]
    );
    assert_eq!(read.text_at("name"), "db-1");
    assert_eq!(read.text_at("modified"), "2024-03-01T10:01:00Z");
    assert_eq!((read.text_at("type"), read.text_at("trackingMethod")), ("HOST", "IP"));
    world.wait(60);
    let before = world.fingerprint();
    update(&me, id, "<name>db-1</name><dnsHostName> db.example.test </dnsHostName>");
    assert_eq!(world.fingerprint(), before, "nothing moves when nothing changes");
    assert_eq!(me.post(&at("delete", id), "").ids(), [id]);
    me.get(&at("get", id)).refused("NOT_FOUND");
    me.post(&at("delete", id), "").refused("NOT_FOUND");
    me.get(&format!("/qps/rest/2.0/get/am/asset/{id}")).refused("NOT_FOUND");
}

#[test]
fn the_tracking_method_follows_from_the_key_attributes() {
    let world = World::new();
    let me = world.manager();
    let method = |members: &str| {
        let body = data(&format!("<HostAsset><name>x</name>{members}</HostAsset>"));
        let reply = me.post(CREATE, &body);
        reply.record().text_at("trackingMethod").to_owned()
    };
    assert_eq!(method("<address>2001:db8::5</address>"), "IP");
    assert_eq!(method("<dnsHostName>x.example.test</dnsHostName>"), "DNSNAME");
    assert_eq!(method("<netbiosName>X</netbiosName>"), "NETBIOS");
    assert_eq!(method("<trackingMethod>NONE</trackingMethod>"), "NONE");
    assert_eq!(method("<trackingMethod>INSTANCE_ID</trackingMethod>"), "INSTANCE_ID");
    assert_eq!(
        method(
            "<address>192.0.2.5</address><dnsHostName>y</dnsHostName><trackingMethod>DNSNAME</trackingMethod>"
        ),
        "DNSNAME"
    );
}

#[test]
fn one_address_is_tracked_once() {
    let world = World::new();
    let me = world.manager();
    let a = at_address(&me, "a", "192.0.2.1");
    let b = at_address(&me, "b", "192.0.2.2");
    let before = world.fingerprint();
    let again = data("<HostAsset><name>c</name><address>192.0.2.1</address></HostAsset>");
    me.post(CREATE, &again).invalid("this address already");
    me.post(&at("update", b), &data("<HostAsset><address>192.0.2.1</address></HostAsset>"))
        .invalid("this address already");
    assert_eq!(world.fingerprint(), before);
    // Tracked by something else, it may be anybody's.
    host(
        &me,
        "<name>c</name><address>192.0.2.1</address><dnsHostName>c</dnsHostName><trackingMethod>DNSNAME</trackingMethod>",
    );
    update(&me, a, "<address>192.0.2.3</address>");
    update(&me, b, "<address>192.0.2.1</address>");
    assert_eq!(me.get(&at("get", b)).record().text_at("address"), "192.0.2.1");
}

#[test]
fn wrong_members_are_refused_by_name() {
    let world = World::new();
    let me = world.manager();
    dynamic(&me, "Rule", "NAME_CONTAINS", "x");
    at_address(&me, "taken", "192.0.2.1");
    let before = world.fingerprint();
    let long = "x".repeat(1_025);
    let good = "<name>a</name><address>192.0.2.9</address>";
    let cases: &[(&str, &str, &str)] = &[
        ("", "CANNOT_BE_NULL", "HostAsset.name"),
        ("<address>192.0.2.9</address>", "CANNOT_BE_NULL", "HostAsset.name"),
        ("<name/><address>192.0.2.9</address>", "CANNOT_BE_NULL", "HostAsset.name"),
        ("<name>a</name>", "CANNOT_BE_NULL", "HostAsset.address"),
        ("<name>a</name><trackingMethod>IP</trackingMethod>", "CANNOT_BE_NULL", "HostAsset.address"),
        ("<name>a</name><trackingMethod>DNSNAME</trackingMethod>", "CANNOT_BE_NULL", "HostAsset.dnsHostName"),
        ("<name>a</name><trackingMethod>NETBIOS</trackingMethod>", "CANNOT_BE_NULL", "HostAsset.netbiosName"),
        (
            "<name>a</name><address>192.0.2.300</address>",
            "INVALID_REQUEST",
            "'HostAsset.address' (192.0.2.300)",
        ),
        ("<name>a</name><address>192.0.2.0/24</address>", "INVALID_REQUEST", "HostAsset.address"),
        ("<name>a</name><address><ip>192.0.2.9</ip></address>", "INVALID_REQUEST", "HostAsset.address"),
        (&format!("{good}<trackingMethod>MAGIC</trackingMethod>"), "INVALID_REQUEST", "(MAGIC)"),
        (&format!("{good}<trackingMethod>ip</trackingMethod>"), "INVALID_REQUEST", "(ip)"),
        (&format!("{good}<trackingMethod>QAGENT</trackingMethod>"), "INVALID_REQUEST", "(QAGENT)"),
        (&format!("<name>{long}</name><address>192.0.2.9</address>"), "INVALID_REQUEST", "HostAsset.name"),
        (&format!("{good}<os>{long}</os>"), "INVALID_REQUEST", "HostAsset.os"),
        (&format!("{good}<os><name>Linux</name></os>"), "INVALID_REQUEST", "HostAsset.os"),
        (&format!("{good}<oss>Linux</oss>"), "INVALID_XML", "'oss'"),
        (&format!("{good}<os>a</os><os>b</os>"), "INVALID_XML", "'os'"),
        ("<name>a</name><address>192.0.2.1</address>", "INVALID_REQUEST", "this address already"),
        (
            &format!("{good}<tags><set><TagSimple><id>4000</id></TagSimple></set></tags>"),
            "INVALID_REQUEST",
            "'4000'",
        ),
        (
            &format!("{good}<tags><set><TagSimple><id>99999999999</id></TagSimple></set></tags>"),
            "INVALID_REQUEST",
            "'99999999999'",
        ),
        (
            &format!("{good}<tags><set><TagSimple><name>nobody</name></TagSimple></set></tags>"),
            "INVALID_REQUEST",
            "'nobody'",
        ),
        (&format!("{good}<tags><set><TagSimple/></set></tags>"), "CANNOT_BE_NULL", "TagSimple.id"),
        (
            &format!("{good}<tags><set><TagSimple><id>x</id></TagSimple></set></tags>"),
            "INVALID_REQUEST",
            "TagSimple.id",
        ),
        (
            &format!("{good}<tags><add><TagSimple><name>Rule</name></TagSimple></add></tags>"),
            "INVALID_REQUEST",
            "has a rule",
        ),
        (
            &format!("{good}<tags><add><TagSimple><name>Cloud Agent</name></TagSimple></add></tags>"),
            "INVALID_REQUEST",
            "has a rule",
        ),
        (
            &format!("{good}<tags><set/><add><TagSimple><id>1</id></TagSimple></add></tags>"),
            "INVALID_REQUEST",
            "'set'",
        ),
        (&format!("{good}<tags><Tag/></tags>"), "INVALID_XML", "'Tag'"),
        (
            &format!(
                "{good}<openPort><set><HostAssetOpenPort><port>0</port></HostAssetOpenPort></set></openPort>"
            ),
            "INVALID_REQUEST",
            "HostAssetOpenPort.port",
        ),
        (
            &format!(
                "{good}<openPort><set><HostAssetOpenPort><port>70000</port></HostAssetOpenPort></set></openPort>"
            ),
            "INVALID_REQUEST",
            "(70000)",
        ),
        (
            &format!(
                "{good}<openPort><set><HostAssetOpenPort><protocol>TCP</protocol></HostAssetOpenPort></set></openPort>"
            ),
            "CANNOT_BE_NULL",
            "HostAssetOpenPort.port",
        ),
        (
            &format!(
                "{good}<openPort><set><HostAssetOpenPort><port>1</port><protocol>ICMP</protocol></HostAssetOpenPort></set></openPort>"
            ),
            "INVALID_REQUEST",
            "(ICMP)",
        ),
        (
            &format!(
                "{good}<openPort><set><HostAssetOpenPort><prot>1</prot></HostAssetOpenPort></set></openPort>"
            ),
            "INVALID_XML",
            "'prot'",
        ),
        (&format!("{good}<openPort><set><OpenPort/></set></openPort>"), "INVALID_XML", "'OpenPort'"),
        (
            &format!(
                "{good}<software><set><HostAssetSoftware><version>1</version></HostAssetSoftware></set></software>"
            ),
            "CANNOT_BE_NULL",
            "HostAssetSoftware.name",
        ),
        (
            &format!(
                "{good}<software><set><HostAssetSoftware><name>{long}</name></HostAssetSoftware></set></software>"
            ),
            "INVALID_REQUEST",
            "HostAssetSoftware.name",
        ),
        (
            &format!(
                "{good}<processor><set><HostAssetProcessor><name>c</name><speed>fast</speed></HostAssetProcessor></set></processor>"
            ),
            "INVALID_REQUEST",
            "(fast)",
        ),
        (
            &format!(
                "{good}<volume><set><HostAssetVolume><name>/</name><size>-1</size></HostAssetVolume></set></volume>"
            ),
            "INVALID_REQUEST",
            "HostAssetVolume.size",
        ),
        (
            &format!(
                "{good}<volume><set><HostAssetVolume><name>/</name><size>99999999999999999999</size></HostAssetVolume></set></volume>"
            ),
            "INVALID_REQUEST",
            "HostAssetVolume.size",
        ),
        (
            &format!("{good}<account><set><HostAssetAccount/></set></account>"),
            "CANNOT_BE_NULL",
            "HostAssetAccount.username",
        ),
        (
            &format!(
                "{good}<networkInterface><set><HostAssetInterface><macAddress>x</macAddress></HostAssetInterface></set></networkInterface>"
            ),
            "CANNOT_BE_NULL",
            "HostAssetInterface.address",
        ),
        (
            &format!(
                "{good}<networkInterface><set><HostAssetInterface><address>here</address></HostAssetInterface></set></networkInterface>"
            ),
            "INVALID_REQUEST",
            "HostAssetInterface.address",
        ),
    ];
    for (members, code, words) in cases {
        let body = data(&format!("<HostAsset>{members}</HostAsset>"));
        let reply = me.one(0, "POST", CREATE, Format::Xml, None, &body);
        reply.refused(code);
        assert!(reply.message().contains(words), "{members}: {}", reply.message());
        let body = crate::common::json_of(&body);
        me.one(1, "POST", CREATE, Format::Json, None, &body).refused(code);
    }
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn an_update_can_not_take_away_what_an_asset_is_known_by() {
    let world = World::new();
    let me = world.manager();
    let ip = at_address(&me, "a", "192.0.2.1");
    let dns = host(&me, "<name>b</name><dnsHostName>b.example.test</dnsHostName>");
    let before = world.fingerprint();
    let change = |id: u64, members: &str| {
        me.post(&at("update", id), &data(&format!("<HostAsset>{members}</HostAsset>")))
    };
    change(ip, "<trackingMethod>DNSNAME</trackingMethod>").invalid("HostAsset.trackingMethod");
    change(ip, "<name> </name>").refused("CANNOT_BE_NULL");
    change(dns, "<dnsHostName/>").refused("CANNOT_BE_NULL");
    change(ip, "").ok();
    change(ip, "<trackingMethod>IP</trackingMethod><address></address><comments>why</comments>").ok();
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn read_only_members_are_ignored() {
    let world = World::new();
    let me = world.manager();
    let id = host(
        &me,
        "<id>55</id><name>a</name><created>x</created><modified>x</modified><type>WEBAPP</type><criticalityScore>x</criticalityScore>\
         <sourceInfo><list><AssetSource/></list></sourceInfo><qwebHostId>5</qwebHostId><lastVulnScan>x</lastVulnScan>\
         <domain>x</domain><agentInfo><agentId>x</agentId></agentInfo><networkGuid>x</networkGuid><address>192.0.2.1</address>\
         <vuln><list><HostAssetVuln><qid>1</qid></HostAssetVuln></list></vuln><isDockerHost>true</isDockerHost>\
         <dockerInfo/><cloudProvider>AWS</cloudProvider><totalMemory>x</totalMemory><comments>x</comments>\
         <tags><list><TagSimple><id>3</id></TagSimple></list></tags>",
    );
    let reply = me.get(&at("get", id));
    assert_eq!(id, 1);
    let shown =
        ["type", "criticalityScore", "isDockerHost", "qwebHostId"].map(|name| reply.record().text_at(name));
    assert_eq!(shown, ["HOST", "2", "false", "1"]);
    assert_eq!(reply.record().get("domain"), None);
    assert_eq!(reply.record().items("tags").len(), 0);
}

#[test]
fn criticality_is_the_highest_of_the_tags() {
    let world = World::new();
    let me = world.manager();
    let low = tag(&me, "<name>low</name><criticalityScore>1</criticalityScore>");
    let high = tag(&me, "<name>high</name><criticalityScore>4</criticalityScore>");
    let none = tag(&me, "<name>none</name>");
    let id = at_address(&me, "a", "192.0.2.1");
    let put = |tags: &[u64]| {
        let items: String = tags.iter().map(|id| format!("<TagSimple><id>{id}</id></TagSimple>")).collect();
        update(&me, id, &format!("<tags><set>{items}</set></tags>"));
        let host = me.get(&at("get", id)).record().text_at("criticalityScore").to_owned();
        let asset = me
            .get(&format!("/qps/rest/2.0/get/am/asset/{id}"))
            .record()
            .text_at("criticalityScore")
            .to_owned();
        assert_eq!(host, asset);
        host
    };
    assert_eq!(put(&[]), "2");
    assert_eq!(put(&[none]), "2");
    assert_eq!(put(&[low]), "1");
    assert_eq!(put(&[low, high, none]), "4");
    me.post(
        &format!("/qps/rest/2.0/update/am/tag/{high}"),
        &data("<Tag><criticalityScore>5</criticalityScore></Tag>"),
    );
    assert_eq!(me.get(&at("get", id)).record().text_at("criticalityScore"), "5");
    me.post(&format!("/qps/rest/2.0/delete/am/tag/{high}"), "").ok();
    assert_eq!(me.get(&at("get", id)).record().text_at("criticalityScore"), "1");
    let found = me.post("/qps/rest/2.0/search/am/hostasset", &filters(&[("tagName", "EQUALS", "high")]));
    assert_eq!(found.count(), 0);
}
