//! Trees of tags.

use super::{dynamic, tag, world};
use crate::common::{As, change, data, filters};

const CREATE: &str = "/qps/rest/2.0/create/am/tag";
const SEARCH: &str = "/qps/rest/2.0/search/am/tag";

fn at(verb: &str, id: u64) -> String {
    format!("/qps/rest/2.0/{verb}/am/tag/{id}")
}

#[track_caller]
fn children(me: &As<'_>, id: u64) -> Vec<String> {
    let reply = me.get(&at("get", id));
    reply.record().each("children", "name").into_iter().map(str::to_owned).collect()
}

#[track_caller]
fn update(me: &As<'_>, id: u64, children: &str) {
    let body = data(&format!("<Tag><children>{children}</children></Tag>"));
    assert_eq!(me.post(&at("update", id), &body).ids(), [id]);
}

/// Migration tools send whole tags inside each other, and empty lists on the leaves (`contract/am.md 4.3`).
#[test]
fn a_tag_tree_is_created_in_one_call() {
    let world = world();
    let me = world.manager();
    let reply = me.post(
        CREATE,
        &data(
            "<Tag><name>Sites</name><children><set>
               <Tag><name>Berlin</name><color>#123</color><children><set>
                 <Tag><name>Lab</name><ruleType>NAME_CONTAINS</ruleType><ruleText>lab-</ruleText>
                   <criticalityScore>4</criticalityScore><children><set/></children></Tag>
                 <TagSimple><name>Office</name></TagSimple></set></children></Tag>
               <Tag><name>Paris</name><children><set></set></children></Tag>
             </set></children></Tag>",
        ),
    );
    let root = reply.id();
    assert_eq!(reply.record().each("children", "name"), ["Berlin", "Paris"]);
    let found = me.post(SEARCH, &filters(&[("parent", "EQUALS", &root.to_string())]));
    let berlin = &found.records()[0];
    assert_eq!((berlin.text_at("name"), berlin.text_at("color")), ("Berlin", "#123"));
    assert_eq!(berlin.text_at("parentTagId"), root.to_string());
    assert_eq!(berlin.each("children", "name"), ["Lab", "Office"]);
    let lab = me.post(SEARCH, &filters(&[("name", "EQUALS", "Lab")]));
    assert_eq!(lab.record().text_at("ruleType"), "NAME_CONTAINS");
    assert_eq!(lab.record().text_at("criticalityScore"), "4");
    assert_eq!(
        me.post("/qps/rest/2.0/count/am/tag", &filters(&[("parent", "EQUALS", &root.to_string())])).count(),
        2
    );
}

#[test]
fn a_tag_goes_with_its_children() {
    let world = world();
    let me = world.manager();
    let tree = "<name>Sites</name><children><set><Tag><name>Berlin</name><children><set><TagSimple><name>Lab</name>\
                </TagSimple></set></children></Tag></set></children>";
    let root = tag(&me, tree);
    assert_eq!(me.post(&at("delete", root), "").ids(), [root], "only what was named is counted");
    assert_eq!(me.get(SEARCH).count(), 6);
    // A client deletes the root and makes the tree again.
    let again = tag(&me, tree);
    assert!(again > root + 2, "ids are never given twice");
    // All three are named: all three are counted.
    let reply = me.post("/qps/rest/2.0/delete/am/tag", &filters(&[("id", "GREATER", "6")]));
    assert_eq!(reply.ids(), [again, again + 1, again + 2]);
    assert_eq!(me.get(SEARCH).count(), 6);
}

#[test]
fn children_are_added_kept_and_moved_but_never_dropped() {
    let world = world();
    let me = world.manager();
    let root =
        tag(&me, "<name>Root</name><children><set><TagSimple><name>a</name></TagSimple></set></children>");
    let other = tag(&me, "<name>other</name>");
    let item = |name: &str| format!("<TagSimple><name>{name}</name></TagSimple>");
    update(&me, root, &format!("<set>{}{}</set>", item("b"), item("a")));
    assert_eq!(children(&me, root), ["a", "b"], "set adds, and keeps the child of that name");
    update(&me, root, &format!("<add>{}</add>", item("c")));
    update(&me, root, "<set/>");
    assert_eq!(children(&me, root), ["a", "b", "c"], "an empty set deletes nobody");
    update(&me, root, &format!("<add><TagSimple><id>{other}</id></TagSimple></add>"));
    assert_eq!(children(&me, root), ["a", "other", "b", "c"], "an id moves that tag here");
    assert_eq!(me.get(&at("get", other)).record().text_at("parentTagId"), root.to_string());
    update(
        &me,
        root,
        &format!(
            "<remove><TagSimple><id>{other}</id></TagSimple>{}</remove><set>{}</set>",
            item("a"),
            item("a")
        ),
    );
    me.get(&at("get", other)).refused("NOT_FOUND");
    let left = me.post(SEARCH, &filters(&[("parent", "EQUALS", &root.to_string())]));
    let names: Vec<_> = left.records().iter().map(|tag| tag.text_at("name").to_owned()).collect();
    assert_eq!(names, ["b", "c", "a"], "first removed, then made anew");
}

#[test]
fn what_is_not_a_child_is_not_removed() {
    let world = world();
    let me = world.manager();
    let (root, other) = (tag(&me, "<name>Root</name>"), tag(&me, "<name>other</name>"));
    let before = world.fingerprint();
    update(
        &me,
        root,
        &format!(
            "<remove><TagSimple><id>{other}</id></TagSimple><TagSimple><name>nobody</name></TagSimple></remove>"
        ),
    );
    update(&me, root, "<remove><TagSimple><id>4000</id></TagSimple></remove>");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn a_child_is_changed_by_what_is_given_of_it() {
    let world = world();
    let me = world.manager();
    let root =
        tag(&me, "<name>Root</name><children><set><TagSimple><name>a</name></TagSimple></set></children>");
    update(&me, root, "<set><Tag><name>a</name><color>#777</color></Tag></set>");
    assert_eq!(me.post(SEARCH, &filters(&[("color", "EQUALS", "#777")])).record().text_at("name"), "a");
}

#[test]
fn no_tag_stands_below_itself() {
    let world = world();
    let me = world.manager();
    let a = tag(&me, "<name>a</name>");
    let b = tag(&me, &format!("<name>b</name><parentTagId>{a}</parentTagId>"));
    let c = tag(&me, &format!("<name>c</name><parentTagId>{b}</parentTagId>"));
    let free = tag(&me, "<name>free</name>");
    let before = world.fingerprint();
    let under = |id: u64, parent: u64| {
        me.post(&at("update", id), &data(&format!("<Tag><parentTagId>{parent}</parentTagId></Tag>")))
    };
    for (id, parent) in [(a, a), (a, b), (a, c), (b, c)] {
        under(id, parent).invalid("below itself");
    }
    let take = |id: u64, child: u64| {
        let item =
            format!("<Tag><children><set><TagSimple><id>{child}</id></TagSimple></set></children></Tag>");
        me.post(&at("update", id), &data(&item))
    };
    take(c, a).invalid("below itself");
    take(a, a).invalid("below itself");
    // Both at once: each half would be allowed alone.
    let both = format!(
        "<Tag><parentTagId>{free}</parentTagId><children><set><TagSimple><id>{free}</id></TagSimple></set></children></Tag>"
    );
    me.post(&at("update", a), &data(&both)).invalid("below itself");
    let filter = [("name", "EQUALS", "a")];
    me.post("/qps/rest/2.0/update/am/tag", &change(&filter, &both)).invalid("below itself");
    assert_eq!(world.fingerprint(), before);
    under(c, free).ok();
    under(a, c).ok();
}

#[test]
fn a_tree_may_be_deep_and_wide_within_bounds() {
    let world = world();
    let me = world.manager();
    let nested = |depth: usize| {
        let open: String = (0..depth).map(|n| format!("<children><set><Tag><name>{n}</name>")).collect();
        format!("<name>deep{depth}</name>{open}{}", "</Tag></set></children>".repeat(depth))
    };
    // Elements inside each other are limited before tags are.
    me.post(CREATE, &data(&format!("<Tag>{}</Tag>", nested(9)))).ok();
    me.post(CREATE, &data(&format!("<Tag>{}</Tag>", nested(12)))).refused("INVALID_XML");
    let before = world.fingerprint();
    let many: String = (0..5_000).map(|n| format!("<TagSimple><name>{n}</name></TagSimple>")).collect();
    let body = data(&format!("<Tag><name>wide</name><children><set>{many}</set></children></Tag>"));
    me.post(CREATE, &body).invalid("more than 5000 tags");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn an_asset_search_tag_stands_below_the_system_tag_for_them() {
    let world = world();
    let me = world.manager();
    let rule = "<TAG_CRITERIA><OPEN_PORTS><PORT>443</PORT></OPEN_PORTS></TAG_CRITERIA>";
    let id = dynamic(&me, "Web servers", "ASSET_SEARCH", rule);
    let reply = me.get(&at("get", id));
    assert_eq!(reply.record().text_at("parentTagId"), "6");
    assert_eq!(reply.record().text_at("ruleText"), rule);
}
