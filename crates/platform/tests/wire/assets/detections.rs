//! Detections one by one (`contract/am.md 7`).

use platform::assets::{Asset, Detection};
use store::Id;

use super::{bare, lab_web};
use crate::common::{As, World, filters, filters_only};
use crate::tags::tag;

const SEARCH: &str = "/qps/rest/2.0/search/am/hostinstancevuln";

/// The id of a detection, as `hostInstanceVulnId` shows it.
fn id(host: u64, number: u64) -> u64 {
    host << 20 | number
}

/// Asset 1 has a current detection and one that is gone; asset 2 has none; asset 3 has three, stored out of order.
fn world() -> World {
    let world = World::new();
    world.asset(&lab_web());
    world.asset(&bare("healthy"));
    let at = "2024-02-20T00:00:00Z".parse().unwrap();
    let plain = |number, qid| Detection::new(number, qid, 5, at);
    let udp = Detection { port: Some(53), protocol: Some("UDP".into()), ..plain(3, 38_000) };
    let ignored =
        Detection { ignored: true, updated: "2024-02-25T00:00:00Z".parse().ok(), ..plain(1, 90_000) };
    let disabled = Detection { disabled: true, ..plain(2, 38_000) };
    world.asset(&Asset { detections: vec![udp, ignored, disabled], ..bare("ill") });
    world
}

#[test]
fn a_detection_is_read_by_its_id() {
    let world = world();
    let me = world.manager();
    let get = |id: u64| me.get(&format!("/qps/rest/2.0/get/am/hostinstancevuln/{id}"));
    assert_eq!(
        get(id(1, 1)).text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/2.0/am/hostinstancevuln.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <HostInstanceVuln>
      <id>1048577</id>
      <hostAssetId>1</hostAssetId>
      <qid>38000</qid>
      <port>443</port>
      <ssl>true</ssl>
      <found>true</found>
      <ignored>false</ignored>
      <disabled>false</disabled>
      <updated>2024-02-02T07:55:00Z</updated>
      <protocol>TCP</protocol>
      <source>HOST</source>
    </HostInstanceVuln>
  </data>
</ServiceResponse>"#
    );
    let shown = me.get("/qps/rest/2.0/get/am/hostasset/1");
    assert_eq!(shown.record().each("vuln", "hostInstanceVulnId"), ["1048577"], "the host names it alike");
    let bare = get(id(3, 1));
    let names = ["id", "hostAssetId", "qid", "ssl", "found", "ignored", "disabled", "updated", "source"];
    assert_eq!(bare.record().names(), names, "what has no value is left out");
    for missing in [id(1, 3), id(2, 1), id(4, 1), 1, id(1, 0)] {
        get(missing).refused("NOT_FOUND");
    }
}

#[track_caller]
fn found(me: &As<'_>, criteria: &[(&str, &str, &str)]) -> Vec<u64> {
    let reply = me.post(SEARCH, &filters(criteria));
    let count = me.post("/qps/rest/2.0/count/am/hostinstancevuln", &filters(criteria));
    assert_eq!((count.count(), count.has_data(), count.more()), (reply.count(), false, None));
    reply.ids()
}

#[test]
fn detections_are_found_by_every_documented_field() {
    let world = world();
    let me = world.manager();
    let [a, gone, ignored, disabled, udp] = [id(1, 1), id(1, 2), id(3, 1), id(3, 2), id(3, 3)];
    let (all, of_3) = ([a, gone, ignored, disabled, udp], [ignored, disabled, udp]);
    assert_eq!(found(&me, &[]), all, "by id");
    let text = |id: u64| id.to_string();
    let cases: &[(&str, &str, &str, &[u64])] = &[
        ("id", "EQUALS", &text(gone), &[gone]),
        ("id", "NOT EQUALS", &text(gone), &[a, ignored, disabled, udp]),
        ("id", "GREATER", &text(gone), &of_3),
        ("id", "GREATER", &text(ignored), &[disabled, udp]),
        ("id", "LESSER", &text(disabled), &[a, gone, ignored]),
        ("id", "IN", &format!("{a}, {udp},7"), &[a, udp]),
        ("hostAssetId", "EQUALS", "3", &of_3),
        ("hostAssetId", "NOT EQUALS", "3", &[a, gone]),
        ("hostAssetId", "IN", "1,2", &[a, gone]),
        ("hostAssetId", "GREATER", "1", &of_3),
        ("qid", "EQUALS", "38000", &[a, disabled, udp]),
        ("qid", "NOT EQUALS", "38000", &[gone, ignored]),
        ("qid", "IN", "38001,90000", &[gone, ignored]),
        ("qid", "GREATER", "38001", &[ignored]),
        ("port", "EQUALS", "53", &[udp]),
        ("port", "NOT EQUALS", "53", &[a, gone, ignored, disabled]),
        ("port", "GREATER", "100", &[a]),
        ("protocol", "EQUALS", "TCP", &[a]),
        ("protocol", "IN", "TCP,UDP", &[a, udp]),
        ("ssl", "EQUALS", "true", &[a]),
        ("ssl", "NOT EQUALS", "true", &[gone, ignored, disabled, udp]),
        ("found", "EQUALS", "false", &[gone]),
        ("found", "NOT EQUALS", "false", &[a, ignored, disabled, udp]),
        ("ignored", "EQUALS", "true", &[ignored]),
        ("disabled", "EQUALS", "true", &[disabled]),
        ("updated", "GREATER", "2024-02-20T00:00:00Z", &[ignored]),
        ("updated", "LESSER", "2024-02-02", &[gone]),
        ("updated", "EQUALS", "2024-02-20", &[disabled, udp]),
        ("source", "EQUALS", "HOST", &all),
        ("source", "EQUALS", "OTHER", &[]),
        ("severity", "EQUALS", "5", &of_3),
        ("severity", "LESSER", "3", &[gone]),
        ("status", "EQUALS", "Active", &[a, ignored, disabled, udp]),
        ("status", "EQUALS", "FIXED", &[gone]),
        ("status", "NOT EQUALS", "Fixed", &[a, ignored, disabled, udp]),
    ];
    for (field, operator, value, ids) in cases {
        assert_eq!(found(&me, &[(field, operator, value)]), *ids, "{field} {operator} {value}");
    }
    let both = [("qid", "EQUALS", "38000"), ("port", "EQUALS", "443")];
    assert_eq!(found(&me, &both), [a], "one detection meets all criteria");
    let apart = [("hostAssetId", "EQUALS", "1"), ("qid", "EQUALS", "38000"), ("found", "EQUALS", "false")];
    assert!(found(&me, &apart).is_empty());
    for (field, operator, value) in [
        ("firstFound", "GREATER", "2024-01-01"),
        ("qid", "EQUALS", "QID-1"),
        ("protocol", "EQUALS", "ICMP"),
        ("port", "CONTAINS", "4"),
    ] {
        me.post(SEARCH, &filters(&[(field, operator, value)])).refused("INVALID_REQUEST");
    }
}

#[test]
fn pages_of_detections_are_exact() {
    let world = world();
    let me = world.manager();
    let page = |criteria: &[(&str, &str, &str)], preferences: &str| {
        let (filters, open) = (filters_only(criteria), "<ServiceRequest>");
        let body = format!("{open}{filters}<preferences>{preferences}</preferences></ServiceRequest>");
        let reply = me.post(&format!("{SEARCH}?fields=id"), &body);
        (reply.ids(), reply.more(), reply.last_id())
    };
    let all = [id(1, 1), id(1, 2), id(3, 1), id(3, 2), id(3, 3)];
    let two = "<limitResults>2</limitResults>";
    assert_eq!(page(&[], two), (all[..2].to_vec(), Some(true), Some(all[1])));
    let last = all[1].to_string();
    assert_eq!(page(&[("id", "GREATER", &last)], two), (all[2..4].to_vec(), Some(true), Some(all[3])));
    let at = |offset| format!("{two}<startFromOffset>{offset}</startFromOffset>");
    assert_eq!(page(&[], &at(4)), (all[3..].to_vec(), Some(false), None));
    assert_eq!(page(&[], &at(6)), (vec![], None, None));
    let from = format!("<startFromId>{}</startFromId>", all[3]);
    assert_eq!(page(&[], &from), (all[3..].to_vec(), Some(false), None));
}

#[test]
fn detections_of_hosts_out_of_scope_are_not_there() {
    let world = world();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let lab_id = Id::new(u32::try_from(lab).unwrap());
    world.change(3, move |asset| asset.tags = vec![lab_id]);
    let kim = world.manager().scoped(&[lab]);
    assert_eq!(found(&kim, &[("qid", "EQUALS", "38000")]), [id(3, 2), id(3, 3)]);
    let get = |id: u64| kim.get(&format!("/qps/rest/2.0/get/am/hostinstancevuln/{id}"));
    get(id(3, 1)).ok();
    get(id(1, 1)).refused("NOT_FOUND");
    assert!(found(&kim, &[("hostAssetId", "EQUALS", "1")]).is_empty());
}
