//! Finding tags.

use super::{dynamic, tag, world};
use crate::common::{As, filters, filters_only};

const SEARCH: &str = "/qps/rest/2.0/search/am/tag";

#[track_caller]
fn found(me: &As<'_>, criteria: &[(&str, &str, &str)]) -> Vec<u64> {
    let reply = me.post(SEARCH, &filters(criteria));
    let count = me.post("/qps/rest/2.0/count/am/tag", &filters(criteria));
    assert_eq!((count.count(), count.has_data(), count.more()), (reply.count(), false, None));
    reply.ids()
}

/// Criteria, and the ids that they find.
type Case<'a> = (&'a [(&'a str, &'a str, &'a str)], &'a [u64]);

#[test]
fn tags_are_found_by_every_documented_field() {
    let world = world();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name><color>#22AA66</color>");
    let east = tag(
        &me,
        &format!("<name>Lab East</name><parentTagId>{lab}</parentTagId><ruleType>STATIC</ruleType>"),
    );
    let net = dynamic(&me, "Net", "NETWORK_RANGE", "10.0.0.0/8");
    let cloud = tag(
        &me,
        "<name>Ohio</name><ruleType>CLOUD_ASSET</ruleType><provider>EC2</provider>\
         <ruleText>aws.ec2.region.code: us-east-2</ruleText>",
    );
    let set = tag(&me, "<name>Both</name><ruleType>TAGSET</ruleType><ruleText>x</ruleText>");
    let (lab_id, both) = (lab.to_string(), format!(" {lab},\n   {east} ,"));
    let cases: &[Case<'_>] = &[
        (&[("id", "EQUALS", &lab_id)], &[lab]),
        (&[("id", "IN", &both)], &[lab, east]),
        (&[("id", "GREATER", &lab_id)], &[east, net, cloud, set]),
        (&[("id", "LESSER", &lab_id)], &[1, 2, 3, 4, 5, 6]),
        (&[("id", "NOT EQUALS", &lab_id), ("id", "GREATER", "6")], &[east, net, cloud, set]),
        (&[("name", "EQUALS", "Lab")], &[lab]),
        (&[("name", "EQUALS", "lab")], &[]),
        (&[("name", "CONTAINS", "lab")], &[lab, east]),
        (&[("name", "NOT EQUALS", "Lab"), ("name", "CONTAINS", "LAB")], &[east]),
        (&[("name", "", "Lab")], &[]),
        (&[("parent", "EQUALS", &lab_id)], &[east]),
        (&[("parentTagId", "EQUALS", &lab_id)], &[east]),
        (&[("parent", "IN", "1,7")], &[2, east]),
        (&[("parent", "NOT EQUALS", "1"), ("id", "LESSER", "4")], &[1, 3]),
        (&[("ruleType", "EQUALS", "NETWORK_RANGE")], &[net]),
        (&[("ruleType", "IN", "NETWORK_RANGE, CLOUD_ASSET")], &[net, cloud]),
        (&[("ruleType", "EQUALS", "STATIC"), ("name", "CONTAINS", "Lab")], &[lab, east]),
        (&[("ruleType", "NOT EQUALS", "STATIC")], &[net, cloud, set]),
        (&[("ruleType", "EQUALS", "TAG_SET")], &[set]),
        (&[("ruleType", "EQUALS", "TAGSET")], &[set]),
        (&[("provider", "EQUALS", "EC2")], &[cloud]),
        (&[("provider", "IN", "EC2,AZURE")], &[cloud]),
        (&[("provider", "NOT EQUALS", "EC2"), ("ruleType", "IN", "NETWORK_RANGE,CLOUD_ASSET")], &[net]),
        (&[("color", "EQUALS", "#22AA66")], &[lab]),
        (&[("color", "CONTAINS", "aa6")], &[lab]),
        (&[("color", "NOT EQUALS", "#22AA66"), ("name", "CONTAINS", "Lab")], &[east]),
    ];
    for (criteria, ids) in cases {
        if criteria.iter().any(|(_, operator, _)| operator.is_empty()) {
            continue;
        }
        assert_eq!(found(&me, criteria), *ids, "{criteria:?}");
    }
    let reply = me.get(&format!("/qps/rest/2.0/get/am/tag/{set}"));
    assert_eq!(reply.record().text_at("ruleType"), "TAG_SET");
}

#[test]
fn without_an_operator_equals_is_meant() {
    let world = world();
    let body =
        "<ServiceRequest><filters><Criteria field=\"name\">Cloud Agent</Criteria></filters></ServiceRequest>";
    assert_eq!(world.manager().post(SEARCH, body).ids(), [4]);
}

#[test]
fn operators_that_a_field_does_not_take_are_refused() {
    let world = world();
    let me = world.manager();
    for (field, operator, value) in [
        ("name", "GREATER", "a"),
        ("name", "IN", "a,b"),
        ("id", "CONTAINS", "1"),
        ("ruleType", "CONTAINS", "NET"),
        ("ruleType", "GREATER", "NETWORK_RANGE"),
        ("provider", "CONTAINS", "EC"),
        ("color", "IN", "#fff"),
        ("name", "NONE", ""),
        ("name", "", "x"),
    ] {
        me.post(SEARCH, &filters(&[(field, operator, value)])).invalid("Invalid operator");
    }
    me.post(SEARCH, &filters(&[("ruleType", "EQUALS", "MAGIC")])).invalid("(MAGIC)");
    me.post(SEARCH, &filters(&[("id", "IN", "1,two,3")])).invalid("(two)");
    me.post(SEARCH, &filters(&[("id", "IN", " , ")])).invalid("Missing value");
}

#[test]
fn pages_are_exact_however_they_are_asked_for() {
    let world = world();
    let me = world.manager();
    let ids: Vec<u64> = (0..25).map(|n| tag(&me, &format!("<name>page-{n:02}</name>"))).collect();
    let page = |preferences: &str, more: &[(&str, &str, &str)]| {
        let criteria = [&[("name", "CONTAINS", "page-")], more].concat();
        let body = format!(
            "<ServiceRequest><preferences>{preferences}</preferences>{}</ServiceRequest>",
            filters_only(&criteria)
        );
        me.post(SEARCH, &body)
    };
    for size in [1, 5, 7, 24, 25, 26] {
        let (mut by_offset, mut by_cursor, mut by_id) = (Vec::new(), Vec::new(), Vec::new());
        let mut offset = 1;
        loop {
            let reply = page(
                &format!("<startFromOffset>{offset}</startFromOffset><limitResults>{size}</limitResults>"),
                &[],
            );
            by_offset.extend(reply.ids());
            assert_eq!(reply.more(), Some(by_offset.len() < 25), "offset {offset} of {size}");
            assert_eq!(reply.last_id(), (by_offset.len() < 25).then(|| *by_offset.last().unwrap()));
            if reply.more() == Some(false) {
                break;
            }
            offset += size;
        }
        let mut cursors = vec!["0".to_owned()];
        loop {
            // A client leaves the old cursors in place.
            let criteria: Vec<_> = cursors.iter().map(|id| ("id", "GREATER", id.as_str())).collect();
            let reply = page(&format!("<limitResults>{size}</limitResults>"), &criteria);
            by_cursor.extend(reply.ids());
            let Some(last) = reply.last_id() else { break };
            cursors.push(last.to_string());
        }
        let mut from = 1;
        loop {
            let reply =
                page(&format!("<limitResults>{size}</limitResults><startFromId>{from}</startFromId>"), &[]);
            by_id.extend(reply.ids());
            let Some(last) = reply.last_id() else { break };
            from = last + 1;
        }
        assert_eq!((&by_offset, &by_cursor, &by_id), (&ids, &ids, &ids), "pages of {size}");
    }
    let beyond = page("<startFromOffset>26</startFromOffset>", &[]);
    assert_eq!((beyond.count(), beyond.more(), beyond.last_id(), beyond.has_data()), (0, None, None, false));
    assert_eq!(page(&format!("<startFromId>{}</startFromId>", ids[3]), &[]).ids(), ids[3..]);
    assert_eq!(page(&format!("<startFromID>{}</startFromID>", ids[3]), &[]).ids(), ids[3..]);
    assert_eq!(page("<startFromId>99999999999999</startFromId>", &[]).count(), 0);
    assert_eq!(page("<limitResults>0</limitResults>", &[]).ids(), ids[..1]);
    assert_eq!(page("<limitResults>-5</limitResults>", &[]).ids(), ids[..1]);
    assert_eq!(page("<limitResults>99999999999</limitResults>", &[]).ids(), ids);
    assert_eq!(page("<startFromOffset>0</startFromOffset>", &[]).ids(), ids);
    assert_eq!(page("<startFromOffset>-3</startFromOffset>", &[]).ids(), ids);
    page("<limitResults>ten</limitResults>", &[]).invalid("'limitResults' (ten)");
    page("<startFromId>ten</startFromId>", &[]).invalid("'startFromId' (ten)");
    let body = "<ServiceRequest><preferences><limit>1</limit></preferences></ServiceRequest>";
    me.post(SEARCH, body).refused("INVALID_XML");
}

#[test]
fn a_page_has_a_hundred_records_unless_asked_and_a_thousand_at_the_most() {
    let world = world();
    let me = world.manager();
    for start in (0..1_100).step_by(100) {
        let children: String =
            (start..start + 100).map(|n| format!("<TagSimple><name>n{n}</name></TagSimple>")).collect();
        tag(&me, &format!("<name>p{start}</name><children><set>{children}</set></children>"));
    }
    let page = |preferences: &str| {
        let body = format!(
            "<ServiceRequest><preferences>{preferences}</preferences>{}</ServiceRequest>",
            filters_only(&[("name", "CONTAINS", "n"), ("id", "GREATER", "6")])
        );
        me.post(SEARCH, &body)
    };
    assert_eq!((page("").count(), page("").more()), (100, Some(true)));
    let full = page("<limitResults>5000</limitResults>");
    assert_eq!((full.count(), full.more(), full.last_id()), (1_000, Some(true), full.ids().last().copied()));
    let rest = page("<limitResults>1000</limitResults><startFromOffset>1001</startFromOffset>");
    assert_eq!((rest.count(), rest.more(), rest.last_id()), (100, Some(false), None));
}

#[test]
fn fields_choose_what_is_shown() {
    let world = world();
    let me = world.manager();
    let id = tag(
        &me,
        "<name>Lab</name><color>#fff</color><children><set><TagSimple><name>a</name></TagSimple></set></children>",
    );
    let names = |fields: &str| {
        let reply = me.get(&format!("/qps/rest/2.0/get/am/tag/{id}?fields={fields}"));
        reply.record().names().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("id,name"), ["id", "name"]);
    assert_eq!(names("color"), ["color"]);
    assert_eq!(names("name%2Cid&x=y"), ["id", "name"]);
    assert_eq!(names("children"), ["children"]);
    assert_eq!(names("nosuch"), Vec::<String>::new());
    assert_eq!(names("nosuch,parentTagId,children.list.TagSimple.nosuch"), Vec::<String>::new());
    assert_eq!(names(""), ["id", "name", "created", "modified", "color", "children"]);
    let reply = me.get(&format!("/qps/rest/2.0/get/am/tag/{id}?fields=children.*.*.name"));
    assert_eq!(reply.record().each("children", "name"), ["a"]);
    assert_eq!(reply.record().each("children", "id"), ["-"]);
    let reply = me.post(&format!("{SEARCH}/?fields=name"), &filters(&[("id", "IN", "1,2")]));
    assert_eq!(reply.records().iter().map(|tag| tag.names()).collect::<Vec<_>>(), [["name"], ["name"]]);
}

#[test]
fn urls_are_read_as_clients_write_them() {
    let world = world();
    let me = world.manager();
    for url in
        ["/qps/rest/2.0/search/am/tag/", "/qps/rest/2.0/search/am/tag?=", "//qps/rest/2.0/search/am//tag"]
    {
        assert_eq!(me.post(url, "").count(), 6, "{url}");
    }
    me.post("/qps/rest/2.0/search/am/Tag", "").refused("UNKNOWN_OBJECT");
    me.post("/qps/rest/2.0/search/am/tags", "").refused("UNKNOWN_OBJECT");
    me.post("/qps/rest/9.9/search/am/tag", "").refused("INVALID_API_VERSION");
    me.post("/qps/rest/2.0/launch/am/tag", "").refused("OPERATION_NOT_SUPPORTED");
    for (path, wanted) in [
        ("search/am/tags", "Objects expected: asset, hostasset, hostinstancevuln, tag, user."),
        ("search/xy/tag", "There is no module &apos;xy&apos;"),
        ("launch/am/tag", "Operations expected: get, search, count, create, update, delete, evaluate."),
        ("get/am/tag", "Specify the id of an object: get/am/tag/&lt;id&gt;."),
        ("search/am/tag/1", "Leave the id out: search/am/tag."),
    ] {
        let refused = me.post(&format!("/qps/rest/2.0/{path}"), "");
        assert!(refused.text.contains(wanted), "{}", refused.text);
    }
    me.post("/qps/rest/2.0/create/am/asset", "").refused("OPERATION_NOT_SUPPORTED");
    me.get("/qps/rest/2.0/get/am/tag").refused("INVALID_URL");
    me.post("/qps/rest/2.0/search/am/tag/5", "").refused("INVALID_URL");
    me.get("/qps/rest/2.0/get/am/tag/5/6").refused("INVALID_URL");
    let reply = me.get("/qps/rest/2.0/get/am/tag/five");
    assert_eq!((reply.refused("INVALID_URL").status, reply.message().contains("'five'")), (200, true));
    for id in ["0", "4294967295", "4294967296", "18446744073709551615"] {
        me.get(&format!("/qps/rest/2.0/get/am/tag/{id}")).refused("NOT_FOUND");
        me.post(&format!("/qps/rest/2.0/delete/am/tag/{id}"), "").refused("NOT_FOUND");
    }
}
