//! The catalog is filled by what discoveries found (`contract/was.md 4.1 and 4.6`).

use discovery::{Host, Port, Ports};
use platform::results::{Recording, record};

use super::{entry, on, update_entries};
use crate::common::{World, data, filters};
use crate::results::{host, mapped, scanned, shop, tls, web};

#[test]
fn the_catalog_is_made_of_the_latest_results() {
    let world = World::new();
    let me = world.manager();
    update_entries(&me);
    assert_eq!(me.get(&on("count")).count(), 0);
    scanned(&me, &[shop(&world), host(&world, "192.0.2.18", vec![Port::open(22, "test")])]);
    assert_eq!(me.get(&on("count")).count(), 0, "nothing comes by itself");
    update_entries(&me);
    let reply = me.post(&on("search"), "");
    let shown: Vec<_> =
        reply.records().iter().map(|entry| (entry.text_at("port"), entry.text_at("status"))).collect();
    assert_eq!(shown, [("80", "NEW"), ("8443", "NEW")]);
    let first = reply.records()[0];
    assert_eq!(first.text_at("operatingSystem"), "Debian 12");
    assert_eq!((first.text_at("fqdn"), first.text_at("netbiosName")), ("shop.lab.example", "SHOP17"));
    assert_eq!(first.text_at("updatedBy"), "-", "nobody touched it");
    let before = world.fingerprint();
    world.wait(60);
    update_entries(&me);
    assert_eq!(world.fingerprint(), before, "the same results are no news");
}

#[test]
fn newer_results_refresh_what_is_known_and_keep_what_people_said() {
    let world = World::new();
    let me = world.manager();
    scanned(&me, &[shop(&world)]);
    update_entries(&me);
    let said = "<Catalog><status>ROGUE</status><comments><add><Comment><contents>ours?</contents></Comment></add></comments></Catalog>";
    me.post(&entry("update", 1), &data(said)).ok();
    me.post(&entry("delete", 2), "").ok();
    world.wait(3_600);
    let renamed = Host { names: Vec::new(), os: None, ..shop(&world) };
    let mut moved = renamed.clone();
    moved.os = Some(discovery::OsGuess { name: "Debian 13".to_owned(), reason: "x".to_owned(), port: None });
    scanned(&me, &[moved]);
    update_entries(&me);
    let reply = me.get(&entry("get", 1));
    let record = reply.record();
    assert_eq!(
        (record.text_at("operatingSystem"), record.text_at("fqdn")),
        ("Debian 13", "shop.lab.example")
    );
    assert_eq!((record.text_at("status"), record.text_at("comments.count")), ("ROGUE", "2"));
    assert_eq!(
        (record.text_at("createdDate"), record.text_at("updatedDate")),
        ("2024-03-01T10:00:00Z", "2024-03-01T11:00:00Z")
    );
    let back = me.post(&on("search"), &filters(&[("port", "EQUALS", "8443")]));
    assert_eq!(
        (back.ids(), back.record().text_at("status")),
        (vec![3], "NEW"),
        "what was deleted comes back"
    );
}

#[test]
fn a_service_that_is_gone_keeps_its_entry() {
    let world = World::new();
    let me = world.manager();
    scanned(&me, &[shop(&world)]);
    update_entries(&me);
    world.wait(60);
    let only = Ports::parse("80,8443").unwrap();
    let closed = host(&world, "192.0.2.17", vec![]);
    me.directly(|call| record(call, &Recording::vm_scan(Some(&only)), vec![closed.clone()]).unwrap());
    update_entries(&me);
    assert_eq!(me.get(&on("count")).count(), 2);
}

#[test]
fn a_scan_goes_before_a_map_and_a_map_adds_what_it_alone_saw() {
    let world = World::new();
    let me = world.manager();
    mapped(&me, &[shop(&world), host(&world, "192.0.2.18", vec![Port::open(443, "test")])]);
    world.wait(60);
    scanned(&me, &[shop(&world)]);
    update_entries(&me);
    let by = |source: &str| me.post(&on("search"), &filters(&[("source", "EQUALS", source)]));
    assert_eq!(by("VM_SCAN").count(), 2);
    let map = by("VM_MAP");
    assert_eq!((map.record().text_at("ipAddress"), map.record().text_at("port")), ("192.0.2.18", "443"));
    let noted = me.get(&entry("get", map.id()));
    assert_eq!(noted.record().each("comments", "contents"), ["Web Application added from map results"]);
}

#[test]
fn more_services_than_one_part_are_taken_in() {
    let world = World::new();
    let me = world.manager();
    let ports = || vec![web(80), tls(443), web(8080)];
    let hosts: Vec<Host> =
        (0..600u32).map(|n| host(&world, &format!("10.1.{}.{}", n / 250, n % 250), ports())).collect();
    scanned(&me, &hosts);
    update_entries(&me);
    assert_eq!(me.get(&on("count")).count(), 1_800);
    assert_eq!(me.post(&on("count"), &filters(&[("ipAddress", "EQUALS", "10.1.2.*")])).count(), 300);
    let before = world.fingerprint();
    update_entries(&me);
    assert_eq!(world.fingerprint(), before);
    assert_eq!(me.post(&on("delete"), &filters(&[("port", "EQUALS", "443")])).count(), 600);
    for side in &world.sides {
        assert_eq!(side.store().verify().unwrap(), None);
    }
}
