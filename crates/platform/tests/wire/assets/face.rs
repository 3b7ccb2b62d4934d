//! The face of assets that all kinds share (`contract/am.md 6`).

use super::{agent_host, at, at_address, everything};
use crate::common::{World, change, data, filters};
use crate::tags::tag;

const SEARCH: &str = "/qps/rest/2.0/search/am/asset";

/// Criteria, and the ids that they find.
type Case<'a> = (&'a [(&'a str, &'a str, &'a str)], &'a [u64]);

#[test]
fn assets_show_what_all_kinds_share() {
    let world = World::new();
    let me = world.manager();
    let id = at_address(&me, "lab-web-1", "192.0.2.10");
    world.asset(&everything());
    let reply = me.get(&format!("/qps/rest/2.0/get/am/asset/{id}"));
    let names = ["id", "name", "created", "modified", "type", "tags", "criticalityScore", "sourceInfo"];
    assert_eq!(reply.record().names(), names);
    let found = |criteria: &[(&str, &str, &str)]| {
        let reply = me.post(SEARCH, &filters(criteria));
        assert_eq!(me.post("/qps/rest/2.0/count/am/asset", &filters(criteria)).count(), reply.count());
        reply.ids()
    };
    let cases: &[Case<'_>] = &[
        (&[], &[1, 2]),
        (&[("id", "EQUALS", "1")], &[1]),
        (&[("name", "CONTAINS", "WEB")], &[1]),
        (&[("created", "GREATER", "2024-03-01")], &[2]),
        (&[("updated", "LESSER", "2025-01-01T00:00:00Z")], &[1]),
        (&[("update", "LESSER", "2025-01-01T00:00:00.000Z")], &[1]),
        (&[("type", "EQUALS", "HOST")], &[1, 2]),
        (&[("type", "EQUALS", "WEBAPP")], &[]),
        (&[("tagName", "EQUALS", "Cloud Agent")], &[2]),
        (&[("tagId", "IN", "3,4")], &[2]),
        (&[("agentUuid", "EQUALS", "5d9f6f1e-3b1f-4e55-8a0b-93f3a5d0c001")], &[2]),
        (&[("agentVersion", "GREATER", "7.3.0.9")], &[2]),
        (&[("lastCheckedIn", "LESSER", "2026-02-01")], &[2]),
        (&[("activationKey", "EQUALS", "c2b9d1a0-7c1e-4a3e-9f7c-0d8e1f2a3b4c")], &[2]),
    ];
    for (criteria, ids) in cases {
        assert_eq!(found(criteria), *ids, "{criteria:?}");
    }
    for field in ["address", "os", "port", "installedSoftware", "trackingMethod", "qwebHostId", "nosuch"] {
        me.post(SEARCH, &filters(&[(field, "EQUALS", "1")])).invalid(&format!("Invalid criteria '{field}'"));
    }
    assert_eq!(
        me.post("/qps/rest/2.0/delete/am/asset", &filters(&[("name", "EQUALS", "lab-web-1")])).ids(),
        [1]
    );
    assert_eq!(me.post("/qps/rest/2.0/delete/am/asset/2", "").ids(), [2]);
    assert_eq!(found(&[]), Vec::<u64>::new());
    me.get(&at("get", 2)).refused("NOT_FOUND");
}

#[test]
fn assets_are_renamed_and_tagged() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let id = at_address(&me, "a", "192.0.2.1");
    world.wait(60);
    let body = "<ServiceRequest><filters/><preferences/><data><Asset><name>b</name><tags><add><TagSimple><id>7</id>\
                </TagSimple></add></tags></Asset></data></ServiceRequest>";
    assert_eq!(lab, 7);
    assert_eq!(me.post(&format!("/qps/rest/2.0/update/am/asset/{id}"), body).ids(), [id]);
    let reply = me.get(&at("get", id));
    let read = reply.record();
    assert_eq!((read.text_at("name"), read.text_at("modified")), ("b", "2024-03-01T10:01:00Z"));
    assert_eq!(read.each("tags", "name"), ["Lab"]);
    let reply = me.post(
        "/qps/rest/2.0/update/am/asset",
        &change(&[("tagName", "EQUALS", "Lab")], "<Asset><name>c</name></Asset>"),
    );
    assert_eq!(reply.ids(), [id]);
    let wrong = |members: &str| {
        me.post(&format!("/qps/rest/2.0/update/am/asset/{id}"), &data(&format!("<Asset>{members}</Asset>")))
    };
    let before = world.fingerprint();
    wrong("<name/>").refused("CANNOT_BE_NULL");
    wrong("<os>x</os>").refused("INVALID_XML");
    wrong("<tags><add><TagSimple><id>4000</id></TagSimple></add></tags>").invalid("'4000'");
    me.post(&format!("/qps/rest/2.0/update/am/asset/{id}"), &data("<HostAsset><name>x</name></HostAsset>"))
        .invalid("is not expected here");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn criteria_that_no_other_face_has_are_refused_in_changes_too() {
    let world = World::new();
    let me = world.manager();
    world.asset(&agent_host());
    let before = world.fingerprint();
    me.post("/qps/rest/2.0/delete/am/asset", &filters(&[("address", "EQUALS", "192.0.2.7")]))
        .invalid("Invalid criteria 'address'");
    me.post("/qps/rest/2.0/delete/am/asset/1", &filters(&[("address", "EQUALS", "192.0.2.7")]))
        .invalid("Invalid criteria 'address'");
    me.post("/qps/rest/2.0/delete/am/asset/1", &filters(&[("name", "NOT EQUALS", "x")]))
        .invalid("NOT EQUALS");
    assert_eq!(world.fingerprint(), before);
}
