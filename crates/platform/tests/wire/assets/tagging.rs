//! Tags on assets, put by hand.

use qps::Format;

use super::{at, at_address, update};
use crate::common::{As, World, change, data, filters};
use crate::tags::{dynamic, tag};

fn items(tags: &[u64]) -> String {
    tags.iter().map(|id| format!("<TagSimple><id>{id}</id></TagSimple>")).collect()
}

#[track_caller]
fn tags_of(me: &As<'_>, id: u64) -> Vec<String> {
    let reply = me.get(&at("get", id));
    reply.record().each("tags", "name").into_iter().map(str::to_owned).collect()
}

#[test]
fn tags_are_set_added_and_removed_and_twice_is_once() {
    let world = World::new();
    let me = world.manager();
    let [a, b, c] = ["a", "b", "c"].map(|name| tag(&me, &format!("<name>{name}</name>")));
    let id = at_address(&me, "host", "192.0.2.1");
    let put =
        |verb: &str, tags: &[u64]| update(&me, id, &format!("<tags><{verb}>{}</{verb}></tags>", items(tags)));
    put("set", &[b, a, b]);
    assert_eq!(tags_of(&me, id), ["a", "b"]);
    let before = world.fingerprint();
    put("add", &[a, b]);
    put("remove", &[c, 4_000, 99_999_999_999]);
    update(&me, id, "<tags><remove><TagSimple><name>nobody</name></TagSimple></remove></tags>");
    update(&me, id, "<tags/>");
    update(&me, id, "<tags><add/><remove/></tags>");
    assert_eq!(world.fingerprint(), before);
    update(&me, id, &format!("<tags><add>{}</add><remove>{}</remove></tags>", items(&[c]), items(&[a])));
    assert_eq!(tags_of(&me, id), ["b", "c"]);
    update(&me, id, "<tags><add><TagSimple><name>a</name></TagSimple></add></tags>");
    assert_eq!(tags_of(&me, id), ["a", "b", "c"]);
    put("set", &[]);
    assert_eq!(tags_of(&me, id), Vec::<String>::new());
}

#[test]
fn a_tag_with_a_rule_is_neither_put_nor_taken_by_hand() {
    let world = World::new();
    let me = world.manager();
    let web = dynamic(&me, "Web", "NAME_CONTAINS", "web");
    let plain = tag(&me, "<name>Plain</name>");
    let id = at_address(&me, "web-1", "192.0.2.1");
    assert_eq!(tags_of(&me, id), ["Web"]);
    let before = world.fingerprint();
    for object in ["hostasset", "asset"] {
        let element = if object == "asset" { "Asset" } else { "HostAsset" };
        for verb in ["set", "add", "remove"] {
            let body =
                format!("<{element}><tags><{verb}>{}</{verb}></tags></{element}>", items(&[plain, web]));
            me.post(&format!("/qps/rest/2.0/update/am/{object}/{id}"), &data(&body)).invalid("has a rule");
            let filter = [("name", "EQUALS", "nobody")];
            me.post(&format!("/qps/rest/2.0/update/am/{object}"), &change(&filter, &body))
                .invalid("has a rule");
        }
    }
    assert_eq!(world.fingerprint(), before);
    update(&me, id, "<tags><set/></tags>");
    assert_eq!(tags_of(&me, id), ["Web"], "the rule goes on");
}

#[test]
fn tags_of_many_assets_are_changed_by_filter() {
    let world = World::new();
    let me = world.manager();
    let (old, new) = (tag(&me, "<name>old</name>"), tag(&me, "<name>new</name>"));
    let ids: Vec<u64> = (1..4).map(|n| at_address(&me, &format!("h{n}"), &format!("192.0.2.{n}"))).collect();
    update(&me, ids[0], &format!("<tags><add>{}</add></tags>", items(&[old])));
    // The request of `contract/am.md 5.5`.
    let body = change(
        &[("id", "IN", &format!("{},{}", ids[0], ids[1]))],
        &format!(
            "<HostAsset><tags><add>{}</add><remove>{}</remove></tags></HostAsset>",
            items(&[new]),
            items(&[old])
        ),
    );
    let reply = me.post("/qps/rest/2.0/update/am/hostasset", &body);
    assert_eq!(reply.ids(), ids[..2]);
    assert!(reply.records().iter().all(|record| record.names() == ["id"]));
    let with = |name: &str| {
        me.post("/qps/rest/2.0/search/am/hostasset", &filters(&[("tagName", "EQUALS", name)])).ids()
    };
    assert_eq!((with("new"), with("old")), (ids[..2].to_vec(), vec![]));
    let body = change(
        &[("tagId", "EQUALS", &new.to_string())],
        "<Asset><tags><remove><TagSimple><name>new</name></TagSimple></remove></tags></Asset>",
    );
    assert_eq!(me.call("PUT", "/qps/rest/2.0/update/am/asset", &body).ids(), ids[..2]);
    assert_eq!(with("new"), Vec::<u64>::new());
}

#[test]
fn a_deleted_tag_is_on_no_asset() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let id = at_address(&me, "a", "192.0.2.1");
    update(&me, id, &format!("<tags><add>{}</add></tags>", items(&[lab])));
    me.post(&format!("/qps/rest/2.0/delete/am/tag/{lab}"), "").ok();
    assert_eq!(tags_of(&me, id), Vec::<String>::new());
    let again = tag(&me, "<name>Lab</name>");
    let (found, old) = (
        |criteria| me.post("/qps/rest/2.0/search/am/hostasset", &filters(&[criteria])).ids(),
        lab.to_string(),
    );
    assert_eq!(found(("tagName", "EQUALS", "Lab")), Vec::<u64>::new());
    assert_eq!(found(("tagId", "EQUALS", &old)), Vec::<u64>::new());
    assert_eq!(found(("tagName", "NOT EQUALS", "Lab")), [id]);
    assert!(again > lab);
    me.post(
        &at("update", id),
        &data(&format!("<HostAsset><tags><add>{}</add></tags></HostAsset>", items(&[lab]))),
    )
    .invalid(&format!("'{lab}'"));
}

#[test]
fn a_renamed_tag_is_found_by_its_new_name() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let id = at_address(&me, "a", "192.0.2.1");
    update(&me, id, &format!("<tags><add>{}</add></tags>", items(&[lab])));
    me.post(&format!("/qps/rest/2.0/update/am/tag/{lab}"), &data("<Tag><name>Laboratory</name></Tag>")).ok();
    assert_eq!(tags_of(&me, id), ["Laboratory"]);
    let found =
        |name| me.post("/qps/rest/2.0/search/am/hostasset", &filters(&[("tagName", "EQUALS", name)])).ids();
    assert_eq!((found("Lab"), found("Laboratory")), (vec![], vec![id]));
}

#[test]
fn a_tag_that_gets_a_rule_leaves_the_assets_that_it_was_put_on() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let (a, b) = (at_address(&me, "a", "192.0.2.1"), at_address(&me, "lab-b", "192.0.2.2"));
    update(&me, a, &format!("<tags><add>{}</add></tags>", items(&[lab])));
    let rule = data("<Tag><ruleType>NAME_CONTAINS</ruleType><ruleText>lab-</ruleText></Tag>");
    me.post(&format!("/qps/rest/2.0/update/am/tag/{lab}"), &rule).ok();
    assert_eq!((tags_of(&me, a), tags_of(&me, b)), (vec![], vec!["Lab".to_owned()]));
}

#[test]
fn conflicting_changes_come_one_after_the_other() {
    let world = World::new();
    let me = world.manager();
    let tags: Vec<u64> = (0..16).map(|n| tag(&me, &format!("<name>t{n}</name>"))).collect();
    let id = at_address(&me, "a", "192.0.2.1");
    std::thread::scope(|scope| {
        for tag in &tags {
            let me = me.clone();
            scope.spawn(move || {
                let body =
                    data(&format!("<HostAsset><tags><add>{}</add></tags></HostAsset>", items(&[*tag])));
                me.one(0, "POST", &at("update", id), Format::Xml, None, &body).ok();
            });
        }
    });
    let reply = me.one(0, "GET", &at("get", id), Format::Xml, None, "");
    assert_eq!(reply.record().items("tags").len(), 16, "no change is lost");
    // An update and a delete at the same time: either there was something to change, or not.
    let codes: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let me = me.clone();
                scope.spawn(move || {
                    let (verb, body) = if n % 2 == 0 {
                        ("delete", String::new())
                    } else {
                        ("update", data("<HostAsset><os>x</os></HostAsset>"))
                    };
                    me.one(0, "POST", &at(verb, id), Format::Xml, None, &body).code().to_owned()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let deleted = codes.iter().step_by(2).filter(|code| *code == "SUCCESS").count();
    assert_eq!(deleted, 1, "{codes:?}");
    assert!(codes.iter().all(|code| code == "SUCCESS" || code == "NOT_FOUND"), "{codes:?}");
}
