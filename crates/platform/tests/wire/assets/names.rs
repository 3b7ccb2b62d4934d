//! Names that follow the key attributes (`contract/am.md 5.8`).

use platform::Settings;
use store::Id;

use super::{at, host, update};
use crate::common::{As, World};
use crate::tags::dynamic;

#[track_caller]
fn name(me: &As<'_>, id: u64) -> String {
    me.get(&at("get", id)).record().text_at("name").to_owned()
}

const HOST: &str = "<name>given</name><address>192.0.2.1</address>";

#[test]
fn names_stay_unless_they_are_told_to_follow() {
    let world = World::new();
    let me = world.manager();
    let id = host(&me, HOST);
    update(&me, id, "<dnsHostName>web.example.test</dnsHostName><netbiosName>WEB</netbiosName>");
    update(&me, id, "<address>192.0.2.2</address>");
    assert_eq!(name(&me, id), "given");
}

#[test]
fn names_follow_where_that_is_switched_on() {
    let world = World::with(Settings { automatic_names: true, ..Settings::default() });
    let me = world.manager();
    let id = host(&me, HOST);
    assert_eq!(name(&me, id), "given", "the creator's own name comes first");
    world.wait(60);
    update(&me, id, "<address>192.0.2.2</address>");
    assert_eq!(name(&me, id), "192.0.2.2");
    assert_eq!(me.get(&at("get", id)).record().text_at("modified"), "2024-03-01T10:01:00Z");
    update(&me, id, "<netbiosName>WEB</netbiosName>");
    assert_eq!(name(&me, id), "WEB");
    update(&me, id, "<dnsHostName>web.example.test</dnsHostName>");
    assert_eq!(name(&me, id), "web.example.test");
    update(&me, id, "<os>Example Linux</os>");
    assert_eq!(name(&me, id), "web.example.test");
    update(&me, id, "<dnsHostName/>");
    assert_eq!(name(&me, id), "WEB");
}

#[test]
fn a_rename_holds_until_the_next_key_attribute_changes() {
    let world = World::with(Settings { automatic_names: true, ..Settings::default() });
    let me = world.manager();
    let id = host(
        &me,
        "<name>given</name><dnsHostName>web.example.test</dnsHostName><address>192.0.2.1</address>",
    );
    update(&me, id, "<name>mine</name><dnsHostName>www.example.test</dnsHostName>");
    assert_eq!(name(&me, id), "mine", "a name in the same request is what was wanted");
    update(&me, id, "<os>Example Linux</os>");
    assert_eq!(name(&me, id), "mine");
    update(&me, id, "<address>192.0.2.2</address>");
    assert_eq!(name(&me, id), "www.example.test");
}

#[test]
fn a_locked_name_never_follows_and_can_be_changed_by_hand() {
    let world = World::with(Settings { automatic_names: true, ..Settings::default() });
    let me = world.manager();
    let id = host(&me, HOST);
    world.change(u32::try_from(id).unwrap(), |asset| asset.prevent_auto_name = true);
    update(&me, id, "<dnsHostName>web.example.test</dnsHostName>");
    assert_eq!(name(&me, id), "given");
    update(&me, id, "<name>mine</name>");
    assert_eq!(name(&me, id), "mine");
    update(&me, id, "<address>192.0.2.2</address>");
    assert_eq!(name(&me, id), "mine");
}

#[test]
fn tags_by_name_follow_the_name() {
    let world = World::with(Settings { automatic_names: true, ..Settings::default() });
    let me = world.manager();
    let web = dynamic(&me, "Web", "NAME_CONTAINS", "web");
    let id = host(&me, HOST);
    let size = || world.sides[0].tags().size(Id::new(u32::try_from(web).unwrap()));
    assert_eq!(size(), 0);
    update(&me, id, "<dnsHostName>WEB.example.test</dnsHostName>");
    assert_eq!((size(), me.get(&at("get", id)).record().each("tags", "name")), (1, vec!["Web"]));
    update(&me, id, "<name>db</name>");
    assert_eq!(size(), 0);
}
