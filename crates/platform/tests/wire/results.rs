//! What discoveries find, recorded (`contract/was.md 4.1`).

use discovery::{Host, HttpService, Name, NameSource, NetBios, OsGuess, Port, Ports, Status};
use platform::assets::{Asset, Interface, OpenPort};
use platform::results::{HostResult, Recorded, Recording, Source, record};
use platform::{Permission, Permissions};
use store::{Id, Object};

use crate::assets::{agent_host, at, at_address};
use crate::common::{As, World, data, filters};
use crate::tags::tag;

/// A host that is up, as it was seen at the present time of the installation.
pub(crate) fn host(world: &World, address: &str, ports: Vec<Port>) -> Host {
    Host {
        address: address.parse().unwrap(),
        status: Status::Up,
        reason: "test".to_owned(),
        names: Vec::new(),
        netbios: None,
        os: None,
        ports,
        closed: 0,
        filtered: 0,
        tarpit: None,
        round_trip_ms: None,
        started: world.now(),
        ended: world.now(),
    }
}

/// An open port with a web server.
pub(crate) fn web(port: u16) -> Port {
    let http = HttpService { server: Some("nginx".to_owned()), status: 200, ..HttpService::default() };
    Port { service: "http".to_owned(), http: Some(Box::new(http)), ..Port::open(port, "test") }
}

/// An open port with a web server behind TLS.
pub(crate) fn tls(port: u16) -> Port {
    Port { tls: Some(Box::default()), ..web(port) }
}

/// A host with all that a discovery finds.
pub(crate) fn shop(world: &World) -> Host {
    let name = |name: &str, source| Name { name: name.to_owned(), source };
    Host {
        names: vec![
            name("host17.lab.example", NameSource::Reverse),
            name("shop.lab.example", NameSource::Target),
        ],
        netbios: Some(NetBios { name: "SHOP17".to_owned(), group: None, mac: None }),
        os: Some(OsGuess { name: "Debian 12".to_owned(), reason: "ssh".to_owned(), port: Some(22) }),
        ..host(world, "192.0.2.17", vec![Port::open(22, "test"), web(80), tls(8443)])
    }
}

/// Records as a VM scan that asked all ports.
#[track_caller]
pub(crate) fn scanned(caller: &As<'_>, hosts: &[Host]) -> Recorded {
    let all = Ports::parse("all").unwrap();
    caller.directly(|call| record(call, &Recording::vm_scan(Some(&all)), hosts.to_vec()).unwrap())
}

/// Records as a network map.
#[track_caller]
pub(crate) fn mapped(caller: &As<'_>, hosts: &[Host]) -> Recorded {
    caller.directly(|call| record(call, &Recording::map(None), hosts.to_vec()).unwrap())
}

fn stored<T: Object>(world: &World) -> Vec<T> {
    let store = world.sides[0].store();
    let ids: Vec<u32> = store.index::<T, _>(|index| index.ids().iter().collect());
    store.read().unwrap().get_many::<T>(&ids).unwrap().into_iter().map(|one| one.object).collect()
}

fn ports(asset: &Asset) -> Vec<u16> {
    asset.open_ports.iter().map(|open| open.port).collect()
}

#[test]
fn a_vm_scan_makes_assets_and_is_merged_into_them() {
    let world = World::new();
    let me = world.manager();
    let silent = Host { status: Status::Silent, ..host(&world, "192.0.2.18", vec![]) };
    let done = scanned(&me, &[shop(&world), silent]);
    let expected =
        Recorded { hosts: 1, silent: 1, assets_created: 1, web_services: 2, ..Recorded::default() };
    assert_eq!(done, expected);
    let reply = me.post("/qps/rest/2.0/search/am/hostasset", "");
    for part in [
        "<name>shop.lab.example</name>",
        "<fqdn>shop.lab.example</fqdn>",
        "<os>Debian 12</os>",
        "<netbiosName>SHOP17</netbiosName>",
        "<address>192.0.2.17</address>",
        "<trackingMethod>IP</trackingMethod>",
        "<lastVulnScan>2024-03-01T10:00:00Z</lastVulnScan>",
        "<port>8443</port>",
    ] {
        assert!(reply.text.contains(part), "{part} in {}", reply.text);
    }
    // A scan of two ports, one of which is closed by now: the others stay as they are.
    world.wait(60);
    let few = Ports::parse("80,443").unwrap();
    let again = host(&world, "192.0.2.17", vec![tls(443)]);
    me.directly(|call| record(call, &Recording::vm_scan(Some(&few)), vec![again.clone()]).unwrap());
    let assets = stored::<Asset>(&world);
    assert_eq!((assets.len(), ports(&assets[0])), (1, vec![22, 443, 8443]));
    assert_eq!(assets[0].os.as_deref(), Some("Debian 12"), "what a scan does not tell stays");
    let results = stored::<HostResult>(&world);
    assert_eq!(results[0].web_services(), [(443, true), (8443, true)]);
    assert_eq!((results.len(), results[0].source, results[0].asset), (1, Source::VmScan, Some(Id::new(1))));
    // Nmap's files do not say what was asked: ports only come.
    let import = host(&world, "192.0.2.17", vec![web(9000)]);
    me.directly(|call| record(call, &Recording::vm_scan(None), vec![import.clone()]).unwrap());
    assert_eq!(ports(&stored::<Asset>(&world)[0]), [22, 443, 8443, 9000]);
}

#[test]
fn an_older_scan_and_a_trap_change_nothing() {
    let world = World::new();
    let me = world.manager();
    let old = host(&world, "192.0.2.17", vec![web(81)]);
    world.wait(60);
    scanned(&me, &[shop(&world)]);
    let before = world.fingerprint();
    assert_eq!(scanned(&me, &[old]), Recorded { outdated: 1, ..Recorded::default() });
    assert_eq!(world.fingerprint(), before);
    world.wait(60);
    let all_ports = (1..2_000).map(|port| Port::open(port, "test")).collect();
    let trap =
        Host { tarpit: Some("it accepts everything".to_owned()), ..host(&world, "192.0.2.17", all_ports) };
    scanned(&me, &[trap]);
    assert_eq!(ports(&stored::<Asset>(&world)[0]), [22, 80, 8443]);
}

#[test]
fn a_host_is_the_asset_that_has_its_address() {
    let world = World::new();
    let me = world.manager();
    let by_hand = at_address(&me, "mine", "192.0.2.17");
    let interface = |address: &str| Interface { address: address.parse().ok(), ..Interface::default() };
    let mut reporting = agent_host();
    reporting.interfaces = vec![interface("127.0.0.1"), interface("198.51.100.9")];
    reporting.open_ports = vec![OpenPort { port: 5, protocol: "TCP".to_owned(), service_name: None }];
    let agent = world.asset(&reporting);
    let hosts = [
        shop(&world),
        host(&world, "198.51.100.9", vec![web(80)]),
        host(&world, "127.0.0.1", vec![web(80)]),
        host(&world, "127.0.0.1", vec![web(80)]),
    ];
    let done = scanned(&me, &hosts);
    assert_eq!((done.hosts, done.assets_created, done.assets_merged), (4, 1, 3));
    let results = stored::<HostResult>(&world);
    let assets: Vec<_> = results.iter().map(|result| result.asset.unwrap().get()).collect();
    assert_eq!(assets, [u32::try_from(by_hand).unwrap(), agent, agent + 1]);
    let after = &stored::<Asset>(&world)[1];
    assert_eq!((&after.os, ports(after)), (&reporting.os, vec![5]), "an agent knows better");
    assert_eq!(after.scans.last_vuln_scan, Some(world.now()));
    assert!(me.get(&at("get", by_hand)).text.contains("<name>mine</name>"), "its name is its owner's");
}

#[test]
fn a_map_makes_no_assets() {
    let world = World::new();
    let me = world.manager();
    let known = at_address(&me, "mine", "192.0.2.17");
    let before = me.get(&at("get", known)).text;
    let other = host(&world, "192.0.2.18", vec![Port::open(443, "test"), Port::open(22, "test"), web(9000)]);
    let done = mapped(&me, &[shop(&world), other]);
    assert_eq!(done, Recorded { hosts: 2, web_services: 3, ..Recorded::default() });
    assert_eq!(me.get(&at("get", known)).text, before);
    let results = stored::<HostResult>(&world);
    assert_eq!((results[0].asset, results[1].asset), (Some(Id::new(1)), None));
    assert_eq!(results[1].web_services(), [(443, true), (9000, false)]);
    // A scan is kept beside the map.
    scanned(&me, &[shop(&world)]);
    assert_eq!(stored::<HostResult>(&world).len(), 3);
}

#[test]
fn recording_needs_its_permissions_and_sight_of_the_assets() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    at_address(&me, "hidden", "192.0.2.17");
    let mine = at_address(&me, "mine", "192.0.2.18");
    let tags =
        format!("<HostAsset><tags><add><TagSimple><id>{lab}</id></TagSimple></add></tags></HostAsset>");
    me.post(&at("update", mine), &data(&tags)).ok();
    let before = world.fingerprint();
    let refused = |caller: &As<'_>, hosts: &[Host]| {
        caller.directly(|call| {
            let error = record(call, &Recording::vm_scan(None), hosts.to_vec()).unwrap_err();
            error.into_service().to_string()
        })
    };
    for missing in [Permission::CreateAsset, Permission::EditAsset] {
        let rest: Vec<_> = Permission::ALL.into_iter().filter(|one| *one != missing).collect();
        let error = refused(&world.with_permissions(Permissions::of(&rest)), &[shop(&world)]);
        assert!(error.starts_with("UNAUTHORIZED"), "{error}");
    }
    let scoped = world.manager().scoped(&[lab]);
    let error = refused(&scoped, &[host(&world, "192.0.2.18", vec![]), shop(&world)]);
    assert!(error.contains("The host 192.0.2.17 can't be recorded"), "{error}");
    assert_eq!(world.fingerprint(), before, "nothing is recorded of the others either");
    assert_eq!(scanned(&scoped, &[host(&world, "192.0.2.18", vec![web(80)])]).assets_merged, 1);
}

#[test]
fn what_hosts_say_of_themselves_is_cleaned() {
    let world = World::new();
    let me = world.manager();
    let long = "x".repeat(100_000);
    let nasty = Host {
        names: vec![Name { name: format!("a\u{1}b.{long}"), source: NameSource::Reverse }],
        netbios: Some(NetBios { name: " \u{0} ".to_owned(), group: None, mac: None }),
        os: Some(OsGuess { name: format!("]]>&<\u{7f}{long}"), reason: String::new(), port: None }),
        ..host(&world, "192.0.2.17", vec![web(80)])
    };
    scanned(&me, &[nasty]);
    let found = me.post("/qps/rest/2.0/search/am/hostasset", &filters(&[("os", "CONTAINS", "]]>&<")]));
    assert_eq!(found.count(), 1);
    let asset = &stored::<Asset>(&world)[0];
    assert_eq!(asset.network.netbios_name, None);
    assert!(asset.name.starts_with("a b.x") && asset.name.len() == 255);
    let result = &stored::<HostResult>(&world)[0];
    assert!(result.information.iter().all(|one| one.result.len() <= 4_096));
}

#[test]
fn many_hosts_are_recorded_in_parts() {
    let world = World::new();
    let hosts: Vec<Host> =
        (0..450u32).map(|n| host(&world, &format!("10.1.{}.{}", n / 250, n % 250), vec![web(80)])).collect();
    let done = scanned(&world.manager(), &hosts);
    assert_eq!((done.hosts, done.assets_created, done.web_services), (450, 450, 450));
    assert_eq!(scanned(&world.manager(), &hosts).assets_merged, 450);
    assert_eq!(stored::<Asset>(&world).len(), 450);
}
