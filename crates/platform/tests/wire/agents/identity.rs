//! One host is one asset, whatever happens to its agent.

use inventory::protocol::RefusalCode;
use inventory::{AwsInstance, Cloud, List};

use super::machine::{interface, package, rich};
use super::{Machine, hosts, only, tags};
use crate::assets::{at_address, host};
use crate::common::{World, data};
use crate::tags::tag;

type Change<'a> = &'a dyn Fn(&mut inventory::Inventory);

/// A new installation of the agent on the same host finds the asset; the old one is let in no more.
#[test]
fn a_reinstalled_agent_finds_its_asset() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let mut machine = Machine::new(&world, "web", 1);
    machine.inventory.packages = List::from([package("bash", "5")]);
    let mut machine = machine.join();
    let put = format!("<HostAsset><tags><add><TagSimple><id>{lab}</id></TagSimple></add></tags></HostAsset>");
    me.post("/qps/rest/2.0/update/am/hostasset/1", &data(&put)).ok();
    let again = machine.reinstalled().join();
    assert_eq!(only(&world).text_at("id"), "1");
    assert_eq!(only(&world).text_at("agentInfo.agentId"), again.ids[0].unwrap().to_string());
    assert_ne!(again.ids, machine.ids);
    assert_eq!(tags(&me, 1), ["Cloud Agent", "Lab"]);
    let old = machine.full();
    assert_eq!(
        machine.send(&old).unwrap_err().code,
        RefusalCode::UnknownAgent,
        "the old identity is retired"
    );
}

/// The signs by which a host is known, each alone and in the protocol's order.
#[test]
fn each_sign_of_being_the_same_host_is_enough() {
    let signs: &[(&str, Change<'_>)] = &[
        ("the machine id", &|new| {
            (new.identity.bios_uuid, new.identity.bios_serial, new.cloud) = (None, None, None);
            new.host.hostname = "renamed".into();
        }),
        ("the machine id, with other addresses of the same interface", &|new| {
            (new.identity.bios_uuid, new.cloud) = (None, None);
            let mut moved = interface(7);
            moved.addresses = List::from(["10.9.9.9/8".parse().unwrap()]);
            new.interfaces = List::from([moved]);
        }),
        ("firmware and serial number", &|new| {
            (new.identity.machine_id, new.cloud) = (Some("newly-installed".into()), None);
            new.interfaces = List::from([interface(99)]);
        }),
        ("firmware and a hardware address", &|new| {
            (new.identity.machine_id, new.identity.bios_serial, new.cloud) =
                (Some("newly-installed".into()), None, None);
        }),
        ("a hardware address and the name", &|new| {
            (new.identity.machine_id, new.identity.bios_uuid, new.identity.bios_serial, new.cloud) =
                (None, None, None, None);
            new.host.hostname = "WEB-7.EXAMPLE.NET".into();
        }),
        ("the instance in the cloud", &|new| {
            (new.identity.machine_id, new.identity.bios_uuid, new.identity.bios_serial) =
                (Some("other".into()), None, None);
            new.interfaces = List::from([interface(99)]);
            new.host.hostname = "other".into();
            new.host.fqdn = None;
        }),
    ];
    for (sign, change) in signs {
        let world = World::new();
        Machine::with(&world, rich()).join();
        let mut new = rich();
        change(&mut new);
        Machine::with(&world, new).join();
        assert_eq!(hosts(&world).ids(), [1], "{sign}");
    }
}

#[test]
fn too_weak_signs_are_not_enough() {
    let signs: &[(&str, Change<'_>)] = &[
        ("the name alone", &|new| new.interfaces = List::from([interface(99)])),
        ("a hardware address alone", &|new| {
            new.host.hostname = "other".into();
            new.host.fqdn = None;
        }),
        ("the address alone", &|new| {
            let mut other = interface(7);
            other.mac = Some("02:00:00:00:00:99".into());
            new.interfaces = List::from([other]);
            new.host.hostname = "other".into();
            new.host.fqdn = None;
        }),
        ("firmware alone, as virtual machines share it", &|new| {
            new.identity.bios_uuid = rich().identity.bios_uuid;
            new.interfaces = List::from([interface(99)]);
            new.host.hostname = "other".into();
            new.host.fqdn = None;
        }),
        ("an instance of another cloud", &|new| {
            let instance =
                inventory::AzureInstance { vm_id: "i-0abc".into(), ..inventory::AzureInstance::default() };
            new.cloud = Some(Cloud::Azure(instance));
            new.interfaces = List::from([interface(99)]);
            new.host.fqdn = None;
        }),
        ("another instance", &|new| {
            new.cloud = Some(Cloud::Aws(AwsInstance { instance_id: "i-1".into(), ..AwsInstance::default() }));
            new.interfaces = List::from([interface(99)]);
        }),
    ];
    for (sign, change) in signs {
        let world = World::new();
        Machine::with(&world, rich()).join();
        let mut new = rich();
        new.identity.machine_id = Some("other".into());
        (new.identity.bios_uuid, new.identity.bios_serial, new.cloud) = (None, None, None);
        change(&mut new);
        Machine::with(&world, new).join();
        assert_eq!(hosts(&world).ids(), [1, 2], "{sign}");
    }
}

#[test]
fn an_agent_says_who_it_was_before() {
    let world = World::new();
    let machine = Machine::with(&world, rich()).join();
    let mut again = machine.reinstalled();
    again.previous = machine.ids;
    again.inventory.identity.machine_id = None;
    again.inventory.cloud = None;
    again.inventory.host.hostname = "renamed".into();
    again.inventory.host.fqdn = None;
    (again.inventory.identity.bios_uuid, again.inventory.identity.bios_serial) = (None, None);
    let again = again.join();
    assert_eq!(hosts(&world).ids(), [1], "it shares a hardware address");
    // Somebody else's word is not enough.
    let mut thief = Machine::new(&world, "thief", 200);
    thief.previous = again.ids;
    thief.join();
    assert_eq!(hosts(&world).ids(), [1, 2]);
}

/// Two machines of one image have one machine id. While both report they are two; a machine whose network card was
/// changed while it was off is one.
#[test]
fn a_clone_is_a_second_asset() {
    let world = World::new();
    let machine = Machine::new(&world, "golden", 1).join();
    let mut clone = machine.inventory.clone();
    clone.interfaces = List::from([interface(2)]);
    clone.host.hostname = "clone".into();
    let clone = Machine::with(&world, clone).join();
    assert_eq!(hosts(&world).ids(), [1, 2]);
    assert_ne!(machine.ids, clone.ids);
    world.wait(31 * 60);
    let mut repaired = clone.inventory.clone();
    repaired.interfaces = List::from([interface(3)]);
    Machine::with(&world, repaired).join();
    assert_eq!(hosts(&world).ids(), [1, 2]);
}

/// A host that was entered by its address or name before it had an agent.
#[test]
fn an_agent_takes_over_the_asset_that_its_host_was_entered_as() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let put = format!("<tags><set><TagSimple><id>{lab}</id></TagSimple></set></tags>");
    let by_address = host(&me, &format!("<name>my web server</name><address>192.0.2.1</address>{put}"));
    let by_name = host(&me, "<name>my database</name><dnsHostName>DB</dnsHostName>");
    let untracked =
        host(&me, "<name>m3</name><dnsHostName>m3</dnsHostName><trackingMethod>NONE</trackingMethod>");
    Machine::new(&world, "web", 1).join();
    Machine::new(&world, "db", 2).join();
    Machine::new(&world, "m3", 3).join();
    let reply = hosts(&world);
    assert_eq!(reply.ids(), [by_address, by_name, untracked, 4]);
    let web = reply.records()[0];
    let shown = ["name", "trackingMethod", "dnsHostName", "address"].map(|name| web.text_at(name));
    assert_eq!(shown, ["my web server", "QAGENT", "web", "192.0.2.1"], "the name that was given stays");
    assert_eq!(tags(&me, by_address), ["Cloud Agent", "Lab"]);
    assert_eq!(reply.records()[1].text_at("trackingMethod"), "QAGENT");
    // The address is no key any more, so another host may be tracked by it.
    at_address(&me, "other", "192.0.2.1");
    // And that one is not taken over by the agent that has an asset.
    let again = Machine::new(&world, "web", 1).join();
    assert!(again.ids[0].is_some());
    assert_eq!(hosts(&world).count(), 5);
}
