//! What may be asked of the catalog, addresses with stars above all (`contract/was.md 4.2 and 4.3`).

use super::{entry, on, update_entries};
use crate::common::{As, World, data, filters};
use crate::results::{host, mapped, scanned, shop, tls, web};

/// Entries 1 to 6: two ports of a named host, four others.
fn catalog(world: &World) -> As<'_> {
    let me = world.manager();
    scanned(&me, &[shop(world)]);
    for (address, port) in [("10.11.196.5", 80), ("10.11.7.5", 81), ("10.12.196.5", 82), ("2001:db8::5", 83)]
    {
        scanned(&me, &[host(world, address, vec![if port == 81 { tls(port) } else { web(port) }])]);
    }
    update_entries(&me);
    me
}

#[track_caller]
fn found(me: &As<'_>, field: &str, operator: &str, value: &str) -> Vec<u64> {
    let criteria = filters(&[(field, operator, value)]);
    let ids = me.post(&on("search"), &criteria).ids();
    assert_eq!(me.post(&on("count"), &criteria).count(), ids.len() as u64);
    ids
}

#[test]
fn stars_in_addresses_stand_for_whole_octets() {
    let world = World::new();
    let me = catalog(&world);
    let at = |operator: &str, value: &str| found(&me, "ipAddress", operator, value);
    for (pattern, ids) in [
        ("10.11.196.*", vec![3]),
        ("10.11.*.*", vec![3, 4]),
        ("10.*.*.*", vec![3, 4, 5]),
        ("10.*.196.5", vec![3, 5]),
        ("10.*.*.5", vec![3, 4, 5]),
        ("10.11.196.5", vec![3]),
        ("2001:DB8:0::5", vec![6]),
        ("10.99.*.*", vec![]),
    ] {
        assert_eq!(at("EQUALS", pattern), ids, "{pattern}");
        let others: Vec<u64> = (1..=6).filter(|id| !ids.contains(id)).collect();
        assert_eq!(at("NOT EQUALS", pattern), others, "{pattern}");
    }
    assert_eq!(at("IN", "10.11.7.*, 10.12.196.5,192.0.2.17"), [1, 2, 4, 5]);
    assert_eq!(at("CONTAINS", "196.5"), [3, 5]);
    for wrong in [
        "*1.123.123.123",
        "1*1.123.123.123",
        "1*.123.123.123",
        "*.1.1.1",
        "1*.1.1.1",
        "10.1*.1.1",
        "10.11.*",
        "10.11.*.*.*",
        "10.11.*.256",
        "*",
        "10.11.196",
        "shop",
    ] {
        for operator in ["EQUALS", "NOT EQUALS", "IN"] {
            let reply = me.post(&on("search"), &filters(&[("ipAddress", operator, wrong)]));
            reply.invalid(&format!("Invalid value format for criteria 'ipAddress' ({wrong})."));
        }
        me.post(&on("delete"), &filters(&[("ipAddress", "EQUALS", wrong)])).refused("INVALID_REQUEST");
    }
    let reply = me.post(&on("search"), &filters(&[("ipAddress", "EQUALS", "1*.1.1.1")]));
    assert!(reply.resolution().contains("10.11.*.*"), "{}", reply.resolution());
    for operator in ["GREATER", "LESSER"] {
        me.post(&on("search"), &filters(&[("ipAddress", operator, "10.0.0.1")])).invalid("Invalid operator");
    }
}

#[test]
fn entries_are_found_by_every_documented_field() {
    let world = World::new();
    let me = catalog(&world);
    world.wait(60);
    me.post(&entry("update", 2), &data("<Catalog><status>APPROVED</status></Catalog>")).ok();
    let by = |field: &str, operator: &str, value: &str| found(&me, field, operator, value);
    assert_eq!(by("id", "IN", "1, 3"), [1, 3]);
    assert_eq!(by("port", "GREATER", "81"), [2, 5, 6]);
    assert_eq!(by("source", "EQUALS", "VM_SCAN").len(), 6);
    assert_eq!(by("source", "IN", "VM_MAP,WAS_SCAN"), Vec::<u64>::new());
    assert_eq!(by("status", "EQUALS", "APPROVED"), [2]);
    assert_eq!(by("status", "NOT EQUALS", "NEW"), [2]);
    assert_eq!(by("operatingSystem", "CONTAINS", "debian"), [1, 2]);
    assert_eq!(by("netbiosName", "EQUALS", "SHOP17"), [1, 2]);
    assert_eq!(by("fqdn", "CONTAINS", "lab.example"), [1, 2]);
    assert_eq!(by("createdDate", "EQUALS", "2024-03-01T10:00:00Z").len(), 6);
    assert_eq!(by("updatedDate", "GREATER", "2024-03-01T10:00:00Z"), [2]);
    // The descriptions write some names and values in other letters.
    assert_eq!(by("Status", "EQUALS", "approved"), [2]);
    assert_eq!(by("UpdatedDate", "LESSER", "2024-03-02").len(), 6);
    assert_eq!(by("IPADDRESS", "EQUALS", "10.12.*.*"), [5]);
    me.post(&on("search"), &filters(&[("status", "EQUALS", "DONE")])).invalid("'status' (DONE)");
    me.post(&on("search"), &filters(&[("source", "CONTAINS", "VM")])).invalid("Invalid operator 'CONTAINS'");
    me.post(&on("search"), &filters(&[("comments", "EQUALS", "x")])).invalid("Invalid criteria 'comments'");
    let page = "<ServiceRequest><preferences><limitResults>4</limitResults></preferences></ServiceRequest>";
    let reply = me.post(&on("search"), page);
    assert_eq!((reply.ids(), reply.more(), reply.last_id()), (vec![1, 2, 3, 4], Some(true), Some(4)));
    let reply = me.post(&on("search"), &filters(&[("id", "GREATER", "4")]));
    assert_eq!((reply.ids(), reply.more(), reply.last_id()), (vec![5, 6], Some(false), None));
}

#[test]
fn a_map_is_told_from_a_scan() {
    let world = World::new();
    let me = catalog(&world);
    mapped(&me, &[host(&world, "10.20.0.1", vec![web(80)])]);
    update_entries(&me);
    assert_eq!(found(&me, "source", "EQUALS", "VM_MAP"), [7]);
    assert_eq!(found(&me, "source", "NOT EQUALS", "VM_SCAN"), [7]);
}
