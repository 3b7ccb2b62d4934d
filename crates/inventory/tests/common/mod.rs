//! Inventories by chance.

use inventory::{
    Account, AwsInstance, Cidr, Cloud, Docker, GcpInstance, Hardware, HostNames, Identity, Interface,
    InterfaceKind, Inventory, Label, List, Omission, OperatingSystem, Package, PackageSource, Port,
    Processor, Text, Transport, Volume,
};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Few distinct texts, so that two inventories have something in common; some are odd.
fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        8 => "[ab]{0,2}".prop_map(Text::from),
        1 => any::<String>().prop_map(Text::from),
    ]
}

fn list<T: Ord + std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = List<T>> {
    vec(item, 0..6).prop_map(|items| items.into_iter().collect())
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn cidr() -> impl Strategy<Value = Cidr> {
    (0_u8..3, 0_u8..=32).prop_map(|(last, prefix)| Cidr::new([192, 0, 2, last].into(), prefix).unwrap())
}

fn interface() -> impl Strategy<Value = Interface> {
    (text(), option::of(text()), list(cidr())).prop_map(|(name, mac, addresses)| Interface {
        name,
        mac,
        kind: InterfaceKind::Private,
        addresses,
        gateway: None,
    })
}

fn package() -> impl Strategy<Value = Package> {
    (text(), text(), option::of(time()), option::of(text())).prop_map(
        |(name, version, installed_at, publisher)| Package {
            name,
            version,
            architecture: "all".into(),
            installed_at,
            source: PackageSource::Dpkg,
            publisher,
        },
    )
}

fn port() -> impl Strategy<Value = Port> {
    (0_u16..4, any::<bool>(), option::of(text())).prop_map(|(port, is_tcp, process)| Port {
        port,
        protocol: if is_tcp { Transport::Tcp } else { Transport::Udp },
        address: [0, 0, 0, 0].into(),
        process,
        service: None,
    })
}

fn account() -> impl Strategy<Value = Account> {
    (text(), 0_u32..3).prop_map(|(username, uid)| Account {
        username,
        uid,
        gid: uid,
        full_name: None,
        home: None,
        shell: None,
    })
}

fn volume() -> impl Strategy<Value = Volume> {
    (text(), 0_u64..1000, 0_u64..1000).prop_map(|(name, size, free)| Volume {
        name,
        device: None,
        file_system: None,
        size,
        free,
    })
}

fn processor() -> impl Strategy<Value = Processor> {
    (0_u32..2, text(), option::of(0_u32..4000)).prop_map(|(socket, name, speed_mhz)| Processor {
        socket,
        name,
        speed_mhz,
        cores: 1,
        threads: 2,
    })
}

fn cloud() -> impl Strategy<Value = Cloud> {
    let label = (text(), text()).prop_map(|(key, value)| Label { key, value });
    (text(), list(label), any::<bool>()).prop_map(|(instance_id, tags, is_aws)| match is_aws {
        true => Cloud::Aws(AwsInstance { instance_id, tags, ..AwsInstance::default() }),
        false => Cloud::Gcp(GcpInstance { instance_id, tags, ..GcpInstance::default() }),
    })
}

fn omission() -> impl Strategy<Value = Omission> {
    (text(), text()).prop_map(|(what, why)| Omission { what, why })
}

/// Any inventory.
pub(crate) fn any_inventory() -> impl Strategy<Value = Inventory> {
    let lists = (
        list(interface()),
        list(package()),
        list(port()),
        list(account()),
        list(volume()),
        list(processor()),
        list(omission()),
    );
    let members = (
        option::of(0_u64..9),
        option::of(time()),
        option::of(text()),
        option::of(text()),
        option::of(cloud()),
    );
    let objects = (option::of(text()), text(), text(), option::of(text()), option::of(text()));
    (lists, members, objects).prop_map(|(lists, members, objects)| {
        let (interfaces, packages, ports, accounts, volumes, processors, omissions) = lists;
        let (memory_mb, last_boot, last_logged_on_user, timezone, cloud) = members;
        let (machine_id, os, hostname, model, docker) = objects;
        Inventory {
            identity: Identity { machine_id, ..Identity::default() },
            os: OperatingSystem { name: os, ..OperatingSystem::default() },
            host: HostNames { hostname, ..HostNames::default() },
            interfaces,
            packages,
            ports,
            accounts,
            volumes,
            processors,
            memory_mb,
            hardware: Hardware { model, ..Hardware::default() },
            last_boot,
            last_logged_on_user,
            timezone,
            cloud,
            docker: docker.map(|version| Docker { version: Some(version), ..Docker::default() }),
            omissions,
        }
    })
}
