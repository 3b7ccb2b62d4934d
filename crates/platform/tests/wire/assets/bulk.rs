//! Changes of many assets at once (`contract/am.md 3`).

use super::{agent_host, at_address};
use crate::common::{World, change, data, filters};
use crate::tags::tag;

const CALLS: [(&str, &str); 8] = [
    ("update/am/hostasset", "<HostAsset><os>x</os></HostAsset>"),
    ("delete/am/hostasset", ""),
    ("activate/am/hostasset?module=QWEB_VM", ""),
    ("update/am/asset", "<Asset><name>x</name></Asset>"),
    ("delete/am/asset", ""),
    ("activate/am/asset?module=AGENT_VM", ""),
    ("deactivate/am/asset?module=AGENT_VM", ""),
    ("uninstall/am/asset", ""),
];

/// A call with criteria, with what it needs beside them.
fn with(criteria: &[(&str, &str, &str)], object: &str) -> String {
    if object.is_empty() { filters(criteria) } else { change(criteria, object) }
}

#[test]
fn not_equals_is_refused_whatever_else_is_there() {
    let world = World::new();
    let me = world.manager();
    at_address(&me, "a", "192.0.2.1");
    world.asset(&agent_host());
    let before = world.fingerprint();
    for (call, object) in CALLS {
        for criteria in [
            vec![("name", "NOT EQUALS", "a")],
            vec![("id", "EQUALS", "2"), ("name", "NOT EQUALS", "a")],
            vec![("tagName", "NOT EQUALS", "Cloud Agent")],
            vec![("id", "NOT EQUALS", "1")],
            // Refused as such, even beside a criterion that is wrong in itself.
            vec![("nosuch", "EQUALS", "2"), ("name", "NOT EQUALS", "a")],
        ] {
            let url = format!("/qps/rest/2.0/{call}");
            me.post(&url, &with(&criteria, object)).invalid("Operator NOT EQUALS is not supported");
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            me.post(&format!("{path}/2?{query}"), &with(&criteria, object))
                .invalid("Operator NOT EQUALS is not supported");
        }
        for operator in ["NOT_EQUALS", "!=", "<>", "not equals", "NOT  EQUALS"] {
            me.post(&format!("/qps/rest/2.0/{call}"), &with(&[("name", operator, "a")], object))
                .invalid("Invalid operator");
        }
    }
    assert_eq!(world.fingerprint(), before);
    let search = |object: &str| {
        me.post(&format!("/qps/rest/2.0/search/am/{object}"), &filters(&[("name", "NOT EQUALS", "a")])).ids()
    };
    assert_eq!((search("asset"), search("hostasset")), (vec![2], vec![2]));
}

#[test]
fn a_change_of_everything_is_refused() {
    let world = World::new();
    let me = world.manager();
    at_address(&me, "a", "192.0.2.1");
    world.asset(&agent_host());
    let before = world.fingerprint();
    for (call, object) in CALLS {
        let url = format!("/qps/rest/2.0/{call}");
        let bodies = if object.is_empty() {
            vec![
                String::new(),
                "<ServiceRequest/>".into(),
                "<ServiceRequest><filters/></ServiceRequest>".into(),
            ]
        } else {
            vec![data(object), with(&[], object)]
        };
        for body in bodies {
            me.post(&url, &body).invalid("at least one criterion");
        }
    }
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn nothing_found_is_a_success_without_data() {
    let world = World::new();
    let me = world.manager();
    at_address(&me, "a", "192.0.2.1");
    let before = world.fingerprint();
    for (call, object) in CALLS {
        let reply = me.post(&format!("/qps/rest/2.0/{call}"), &with(&[("name", "EQUALS", "nobody")], object));
        assert_eq!((reply.count(), reply.has_data(), reply.more()), (0, false, None), "{call}");
    }
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn host_assets_are_deleted_by_filter() {
    let world = World::new();
    let me = world.manager();
    let retired = tag(&me, "<name>retired</name>");
    for n in 1..=6 {
        let tags = if n % 2 == 0 {
            format!("<tags><set><TagSimple><id>{retired}</id></TagSimple></set></tags>")
        } else {
            String::new()
        };
        super::host(&me, &format!("<name>h{n}</name><address>192.0.2.{n}</address>{tags}"));
    }
    let delete =
        |criteria: &[(&str, &str, &str)]| me.post("/qps/rest/2.0/delete/am/hostasset/", &filters(criteria));
    let reply = delete(&[("id", "IN", "1,\n  3 , 77")]);
    assert_eq!((reply.ids(), reply.records()[0].names()), (vec![1, 3], vec!["id"]));
    assert_eq!(delete(&[("tagName", "EQUALS", "retired"), ("id", "GREATER", "2")]).ids(), [4, 6]);
    assert_eq!(delete(&[("tagName", "EQUALS", "retired")]).ids(), [2]);
    assert_eq!(me.get("/qps/rest/2.0/search/am/hostasset").ids(), [5]);
    // What a tag held is gone with its assets.
    let sizes = |side: usize| world.sides[side].tags().size(store::Id::new(u32::try_from(retired).unwrap()));
    assert_eq!((sizes(0), sizes(1)), (0, 0));
}

#[test]
fn one_that_can_not_be_changed_keeps_all_from_being_changed() {
    let world = World::new();
    let me = world.manager();
    at_address(&me, "a", "192.0.2.1");
    at_address(&me, "b", "192.0.2.2");
    let before = world.fingerprint();
    let body = change(&[("id", "IN", "1,2")], "<HostAsset><address>192.0.2.9</address></HostAsset>");
    me.post("/qps/rest/2.0/update/am/hostasset", &body).invalid("this address already");
    super::host(&me, "<name>c</name><dnsHostName>c</dnsHostName>");
    let before_two = world.fingerprint();
    assert_ne!(before, before_two);
    let body = change(&[("id", "GREATER", "0")], "<HostAsset><dnsHostName/></HostAsset>");
    me.post("/qps/rest/2.0/update/am/hostasset", &body).refused("CANNOT_BE_NULL");
    assert_eq!(world.fingerprint(), before_two);
}
