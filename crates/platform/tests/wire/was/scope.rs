//! What callers with a scope see and change of the catalog and of web applications.

use super::{app, apps, entry, on, update_entries, web_app};
use crate::assets::{at, at_address};
use crate::common::{As, World, data, filters};
use crate::results::{host, mapped, scanned, web};
use crate::tags::tag;

/// Hosts east (asset 1) and west (asset 2), each with a web server; a host that only a map knows.
fn sites(world: &World) -> (As<'_>, u64, u64) {
    let me = world.manager();
    let (east, west) = (tag(&me, "<name>East</name>"), tag(&me, "<name>West</name>"));
    for (n, site) in [(1, east), (2, west)] {
        let id = at_address(&me, &format!("host-{n}"), &format!("192.0.2.{n}"));
        let tags =
            format!("<HostAsset><tags><add><TagSimple><id>{site}</id></TagSimple></add></tags></HostAsset>");
        me.post(&at("update", id), &data(&tags)).ok();
    }
    scanned(&me, &[host(world, "192.0.2.1", vec![web(80)]), host(world, "192.0.2.2", vec![web(80)])]);
    mapped(&me, &[host(world, "192.0.2.3", vec![web(80)])]);
    (me, east, west)
}

#[test]
fn entries_are_seen_with_the_asset_of_their_host() {
    let world = World::new();
    let (me, east, west) = sites(&world);
    let (eastern, nobody) = (world.manager().scoped(&[east]), world.manager().scoped(&[4_000]));
    update_entries(&nobody);
    assert_eq!(me.get(&on("count")).count(), 0, "results beyond the scope are not read");
    update_entries(&eastern);
    assert_eq!(me.post(&on("search"), "").ids(), [1]);
    update_entries(&me);
    assert_eq!(me.post(&on("search"), "").ids(), [1, 2, 3]);
    assert_eq!(eastern.post(&on("search"), "").ids(), [1]);
    assert_eq!(world.manager().scoped(&[east, west]).post(&on("search"), "").ids(), [1, 2]);
    assert_eq!(nobody.get(&on("count")).count(), 0);
    let before = world.fingerprint();
    for id in [2, 3] {
        eastern.get(&entry("get", id)).refused("NOT_FOUND");
        eastern
            .post(&entry("update", id), &data("<Catalog><status>ROGUE</status></Catalog>"))
            .refused("NOT_FOUND");
        eastern.post(&entry("delete", id), "").refused("INVALID_REQUEST");
        eastern.post(&entry("addToSubscription", id), "").refused("NOT_FOUND");
    }
    let others = filters(&[("id", "GREATER", "1")]);
    assert_eq!(eastern.post(&on("delete"), &others).count(), 0);
    assert_eq!(eastern.post(&on("addToSubscription"), &others).count(), 0);
    assert_eq!(world.fingerprint(), before);
    // A scope follows the tags of the assets at once.
    let tags =
        format!("<HostAsset><tags><add><TagSimple><id>{east}</id></TagSimple></add></tags></HostAsset>");
    me.post(&at("update", 2), &data(&tags)).ok();
    assert_eq!(eastern.post(&on("search"), "").ids(), [1, 2]);
}

#[test]
fn web_applications_are_seen_by_their_tags() {
    let world = World::new();
    let (me, east, west) = sites(&world);
    let tagged = |name: &str, tag: u64| {
        let tags = format!("<tags><set><Tag><id>{tag}</id></Tag></set></tags>");
        web_app(&me, &format!("<name>{name}</name><url>http://{name}.example</url>{tags}"))
    };
    let (one, other) = (tagged("one", east), tagged("other", west));
    let eastern = world.manager().scoped(&[east]);
    assert_eq!(eastern.post(&apps("search"), "").ids(), [one]);
    assert_eq!(eastern.get(&apps("count")).count(), 1);
    let before = world.fingerprint();
    eastern.get(&app("get", other)).refused("NOT_FOUND");
    eastern.post(&app("update", other), &data("<WebApp><name>x</name></WebApp>")).refused("NOT_FOUND");
    eastern.post(&app("delete", other), "").refused("INVALID_REQUEST");
    assert_eq!(eastern.post(&apps("delete"), &filters(&[("name", "EQUALS", "other")])).count(), 0);
    assert_eq!(world.fingerprint(), before);
    let by_rule = "<Tag><name>Rule</name><ruleType>NAME_CONTAINS</ruleType><ruleText>other</ruleText></Tag>";
    let rule = me.post("/qps/rest/2.0/create/am/tag", &data(by_rule)).id();
    assert_eq!(world.manager().scoped(&[rule]).post(&apps("search"), "").ids(), [other]);
}
