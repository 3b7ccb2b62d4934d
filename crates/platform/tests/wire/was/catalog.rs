//! Changing entries of the catalog (`contract/was.md 4.2 and 4.4`).

use super::{entry, furnish, on};
use crate::common::{World, change, data, filters};

#[test]
fn a_status_is_set_to_all_but_in_subscription() {
    let world = World::new();
    furnish(&world);
    let me = world.manager();
    let set = |status: &str| {
        me.post(&entry("update", 1), &data(&format!("<Catalog><status>{status}</status></Catalog>")))
    };
    for status in ["ROGUE", "APPROVED", "IGNORED", "NEW", "rogue"] {
        set(status).ok();
        assert_eq!(me.get(&entry("get", 1)).record().text_at("status"), status.to_uppercase());
    }
    let before = world.fingerprint();
    for status in ["IN_SUBSCRIPTION", "in_subscription", "REJECTED", "5"] {
        let reply = set(status);
        reply.invalid("'Catalog.status'");
        assert!(reply.resolution().contains("NEW, ROGUE, APPROVED, IGNORED"), "{}", reply.resolution());
    }
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn comments_come_and_never_change_or_go() {
    let world = World::new();
    furnish(&world);
    let me = world.manager();
    let comments = |part: &str| data(&format!("<Catalog><comments>{part}</comments></Catalog>"));
    let comment = |text: &str| format!("<Comment><contents>{text}</contents></Comment>");
    let two = format!("<add>{}{}</add>", comment("one"), comment("two ]]&gt; &amp; three"));
    me.post(&entry("update", 1), &comments(&two)).ok();
    let reply = me.get(&entry("get", 1));
    assert_eq!(reply.record().each("comments", "contents")[1..], ["one", "two ]]> & three"]);
    assert_eq!(reply.record().text_at("updatedBy.username"), "kim");
    let before = world.fingerprint();
    for verb in ["remove", "update", "set"] {
        me.post(&entry("update", 1), &comments(&format!("<{verb}>{}</{verb}>", comment("one"))))
            .invalid("can't be changed or removed");
    }
    me.post(&entry("update", 1), &comments("<set/>")).invalid("can't be changed or removed");
    me.post(&entry("update", 1), &comments("<add><Comment/></add>")).refused("CANNOT_BE_NULL");
    me.post(&entry("update", 1), &comments(&format!("<add>{}</add>", comment(" "))))
        .refused("CANNOT_BE_NULL");
    let long = comment(&"x".repeat(4_097));
    me.post(&entry("update", 1), &comments(&format!("<add>{long}</add>"))).invalid("'Comment.contents'");
    let many = comment("x").repeat(1_000);
    me.post(&entry("update", 1), &comments(&format!("<add>{many}</add>"))).invalid("1000 comments");
    me.post(&entry("update", 1), &comments("<add><Remark/></add>")).refused("INVALID_XML");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn what_can_not_be_set_is_ignored_but_a_change_of_nothing_is_refused() {
    let world = World::new();
    furnish(&world);
    let me = world.manager();
    let read_only =
        "<id>2</id><ipAddress>192.0.2.1</ipAddress><port>1</port><source>WAS_SCAN</source><fqdn>x</fqdn>";
    me.post(&entry("update", 1), &data(&format!("<Catalog>{read_only}</Catalog>")))
        .invalid("changes nothing");
    me.post(&entry("update", 1), &data("<Catalog/>")).invalid("changes nothing");
    me.post(&entry("update", 1), "").refused("CANNOT_BE_NULL");
    me.post(&entry("update", 1), &data(&format!("<Catalog>{read_only}<status>IGNORED</status></Catalog>")))
        .ok();
    let reply = me.get(&entry("get", 1));
    assert_eq!(
        (reply.record().text_at("ipAddress"), reply.record().text_at("status")),
        ("192.0.2.77", "IGNORED")
    );
}

#[test]
fn entries_are_changed_by_filter_too() {
    let world = World::new();
    furnish(&world);
    let me = world.manager();
    let body = change(&[("ipAddress", "EQUALS", "192.0.2.*")], "<Catalog><status>IGNORED</status></Catalog>");
    assert_eq!(me.post(&on("update"), &body).ids(), [1, 2]);
    assert_eq!(me.post(&on("count"), &filters(&[("status", "EQUALS", "IGNORED")])).count(), 2);
    me.post(&on("update"), &data("<Catalog><status>NEW</status></Catalog>"))
        .invalid("at least one criterion");
}
