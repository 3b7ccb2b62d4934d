//! Entries become web applications (`contract/was.md 4.5`).

use super::{app, apps, entry, on, update_entries, web_app};
use crate::common::{As, World, data, filters};
use crate::results::{host, scanned, shop, tls, web};

fn catalog(world: &World) -> As<'_> {
    let me = world.manager();
    let bare = host(world, "192.0.2.18", vec![web(80), tls(444), web(443)]);
    let six = host(world, "2001:db8::5", vec![tls(443)]);
    scanned(&me, &[shop(world), bare, six]);
    update_entries(&me);
    me
}

#[test]
fn a_new_web_application_has_the_name_and_url_of_its_entry() {
    let world = World::new();
    let me = catalog(&world);
    world.wait(60);
    let reply = me.post(&on("addToSubscription"), &filters(&[("status", "EQUALS", "NEW")]));
    assert_eq!(reply.count(), 6);
    let apps = me.post(&apps("search"), "");
    let shown: Vec<_> = apps.records().iter().map(|app| (app.text_at("name"), app.text_at("url"))).collect();
    assert_eq!(
        shown,
        [
            ("Catalog Web Application: shop.lab.example, Port 80", "http://shop.lab.example"),
            ("Catalog Web Application: shop.lab.example, Port 8443", "https://shop.lab.example:8443"),
            ("Catalog Web Application: 192.0.2.18, Port 80", "http://192.0.2.18"),
            ("Catalog Web Application: 192.0.2.18, Port 443", "https://192.0.2.18"),
            ("Catalog Web Application: 192.0.2.18, Port 444", "https://192.0.2.18:444"),
            ("Catalog Web Application: 2001:db8::5, Port 443", "https://[2001:db8::5]"),
        ]
    );
    for id in 1..=6 {
        let shown = me.get(&entry("get", id));
        let record = shown.record();
        assert_eq!(
            (record.text_at("status"), record.text_at("updatedDate")),
            ("IN_SUBSCRIPTION", "2024-03-01T10:01:00Z")
        );
        let last = &record.items("comments")[1];
        assert!(
            last.text_at("contents").starts_with("Entry added to subscription as 'Catalog Web Application: ")
        );
        assert_eq!(last.text_at("author"), "-");
    }
    assert_eq!(me.post(&on("count"), &filters(&[("status", "EQUALS", "IN_SUBSCRIPTION")])).count(), 6);
    let made = me.get(&app("get", apps.ids()[0]));
    assert_eq!((made.record().text_at("scope"), made.record().text_at("createdBy.username")), ("ALL", "kim"));
}

#[test]
fn a_duplicate_is_one_whatever_made_it() {
    let world = World::new();
    let me = catalog(&world);
    web_app(&me, "<name>Mine</name><url>HTTP://Shop.lab.example:80/</url>");
    let before = world.fingerprint();
    let reply = me.post(&entry("addToSubscription", 1), "");
    assert_eq!(reply.count(), 0);
    assert!(reply.text.contains("<ids>1</ids>"), "{}", reply.text);
    assert_eq!(world.fingerprint(), before);
    // The same URL twice in one call: the second is a duplicate of the first.
    world.wait(60);
    let alias = discovery::Host { names: shop(&world).names, ..host(&world, "192.0.2.99", vec![tls(8443)]) };
    scanned(&me, &[alias]);
    update_entries(&me);
    let reply = me.post(&on("addToSubscription"), &filters(&[("port", "EQUALS", "8443")]));
    assert_eq!(reply.count(), 1);
    assert!(reply.text.contains("<ids>2</ids>") && reply.text.contains("<ids>7</ids>"), "{}", reply.text);
    // One that was added, and whose status was set back, is still there.
    me.post(&entry("update", 2), &data("<Catalog><status>NEW</status></Catalog>")).ok();
    assert_eq!(me.post(&entry("addToSubscription", 2), "").count(), 0);
}

#[test]
fn a_removed_web_application_comes_back_with_its_entry() {
    let world = World::new();
    let me = catalog(&world);
    me.post(&entry("addToSubscription", 1), "").ok();
    let id = me.post(&apps("search"), "").id();
    me.post(&app("delete", id), "").ok();
    assert_eq!(me.post(&entry("addToSubscription", 1), "").count(), 0, "the entry still says so");
    me.post(&entry("update", 1), &data("<Catalog><status>APPROVED</status></Catalog>")).ok();
    assert_eq!(me.post(&entry("addToSubscription", 1), "").count(), 1);
    assert_eq!(me.post(&apps("search"), "").ids(), [id]);
}

#[test]
fn nothing_is_added_without_a_choice() {
    let world = World::new();
    let me = catalog(&world);
    let before = world.fingerprint();
    for nothing in ["", "<ServiceRequest><filters/></ServiceRequest>"] {
        me.post(&on("addToSubscription"), nothing).invalid("at least one criterion");
    }
    me.post(&entry("addToSubscription", 4_000), "").refused("NOT_FOUND");
    let reply = me.post(&on("addToSubscription"), &filters(&[("port", "EQUALS", "1")]));
    assert_eq!(reply.count(), 0);
    assert_eq!(world.fingerprint(), before);
}
