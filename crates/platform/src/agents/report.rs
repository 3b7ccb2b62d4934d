//! From a reported inventory to the asset.
//!
//! Packages become software, and deltas change it in place; everything else is kept as reported and worked out anew
//! when it changes. What the inventory does not speak of (tags, detections, scans) stays as it is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use inventory::protocol::{CheckIn, Content, ResyncReason};
use inventory::{
    Cloud, ContentHash, Delta, InterfaceKind, Inventory, ListDelta, Package, Text, Transport, apply,
};
use jiff::Timestamp;

use crate::assets::{
    Account, Asset, CloudSource, CloudTag, Docker, Interface, OpenPort, Processor, Provider, Report,
    Software, Volume,
};

/// Takes a message into the asset, or says why its content is not one that builds on what is held.
pub(super) fn take(asset: &mut Asset, message: CheckIn, now: Timestamp) -> Result<(), ResyncReason> {
    match message.content {
        Content::Unchanged => check_base(asset, message.base)?,
        Content::Full(inventory) => {
            if inventory.hash() != message.state {
                return Err(ResyncReason::StateDiffers);
            }
            take_full(asset, *inventory, now);
        }
        Content::Delta(delta) => {
            check_base(asset, message.base)?;
            take_delta(asset, *delta, now)?;
        }
    }
    if let Some(agent) = &mut asset.agent {
        agent.state = Some(message.state);
        agent.version = message.agent_version.to_string();
        agent.chirp_status = "Inventory Scan Complete".into();
    }
    Ok(())
}

fn check_base(asset: &Asset, base: Option<ContentHash>) -> Result<(), ResyncReason> {
    let held = asset.agent.as_ref().and_then(|agent| agent.state).ok_or(ResyncReason::NothingHeld)?;
    if base == Some(held) { Ok(()) } else { Err(ResyncReason::BaseDiffers) }
}

fn take_full(asset: &mut Asset, mut inventory: Inventory, now: Timestamp) {
    asset.software = std::mem::take(&mut inventory.packages).iter().map(software).collect();
    describe(asset, &inventory, now);
    asset.modified = now;
}

fn take_delta(asset: &mut Asset, mut delta: Delta, now: Timestamp) -> Result<(), ResyncReason> {
    let packages = std::mem::take(&mut delta.packages);
    if !packages.is_empty() {
        change_software(&mut asset.software, &packages)?;
        asset.modified = now;
    }
    if !delta.is_empty() {
        let report = asset.agent.as_ref().and_then(|agent| agent.report.as_ref()).and_then(Report::read);
        let mut inventory = report.ok_or(ResyncReason::NothingHeld)?;
        apply(&mut inventory, &delta);
        describe(asset, &inventory, now);
        asset.modified = now;
    }
    Ok(())
}

/// Everything removed must have been there, and nothing added: otherwise what is held is not what the agent believes.
fn change_software(held: &mut Vec<Software>, packages: &ListDelta<Package>) -> Result<(), ResyncReason> {
    for package in packages.removed.iter() {
        let gone = software(package);
        let at = held.iter().position(|one| *one == gone).ok_or(ResyncReason::StateDiffers)?;
        held.remove(at);
    }
    for package in packages.added.iter() {
        let new = software(package);
        let place = held.partition_point(|one| (&one.name, &one.version) < (&new.name, &new.version));
        let alike = held.iter().skip(place).take_while(|one| one.name == new.name);
        if alike.into_iter().any(|one| *one == new) {
            return Err(ResyncReason::StateDiffers);
        }
        held.insert(place, new);
    }
    Ok(())
}

fn software(package: &Package) -> Software {
    Software {
        name: package.name.to_string(),
        version: filled(&package.version),
        architecture: filled(&package.architecture),
        publisher: package.publisher.as_ref().and_then(filled),
        installed: package.installed_at,
        source: Some(package.source),
    }
}

fn filled(text: &Text) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

fn maybe(text: Option<&Text>) -> Option<String> {
    text.and_then(filled)
}

/// Everything but the software.
fn describe(asset: &mut Asset, inventory: &Inventory, now: Timestamp) {
    let (os, host, hardware) = (&inventory.os, &inventory.host, &inventory.hardware);
    asset.os = filled(&os.name);
    asset.system.id = filled(&os.id);
    asset.system.version = filled(&os.version);
    asset.system.kernel = filled(&os.kernel);
    asset.system.architecture = filled(&os.architecture);
    asset.system.family = filled(&os.family);
    asset.system.timezone = maybe(inventory.timezone.as_ref());
    asset.system.last_boot = inventory.last_boot;
    asset.system.last_logged_on_user = maybe(inventory.last_logged_on_user.as_ref());
    asset.hardware.manufacturer = maybe(hardware.manufacturer.as_ref());
    asset.hardware.model = maybe(hardware.model.as_ref());
    asset.hardware.bios_description = maybe(hardware.bios_description.as_ref());
    asset.hardware.bios_uuid = maybe(inventory.identity.bios_uuid.as_ref());
    asset.hardware.bios_serial = maybe(inventory.identity.bios_serial.as_ref());
    asset.hardware.total_memory = inventory.memory_mb;
    asset.network.fqdn = maybe(host.fqdn.as_ref());
    asset.network.domain = maybe(host.domain.as_ref());
    asset.network.dns_host_name = maybe(host.fqdn.as_ref()).or_else(|| filled(&host.hostname));
    asset.network.address = primary_address(inventory).or(asset.network.address);
    asset.interfaces = interfaces(inventory);
    asset.open_ports = open_ports(inventory);
    asset.accounts =
        inventory.accounts.iter().map(|account| Account { username: account.username.to_string() }).collect();
    asset.volumes = inventory
        .volumes
        .iter()
        .map(|volume| Volume { name: volume.name.to_string(), size: volume.size, free: volume.free })
        .collect();
    asset.processors = inventory
        .processors
        .iter()
        .map(|processor| Processor { name: processor.name.to_string(), speed: processor.speed_mhz })
        .collect();
    asset.docker = inventory.docker.as_ref().map(|docker| Docker {
        docker_version: maybe(docker.version.as_ref()),
        no_of_containers: docker.containers,
        no_of_images: docker.images,
    });
    if let Some(cloud) = &inventory.cloud {
        take_cloud(&mut asset.sources, cloud, now);
    }
    if let Some(agent) = &mut asset.agent {
        agent.machine_id = maybe(inventory.identity.machine_id.as_ref());
        agent.report = Report::of(inventory);
    }
}

/// The address with which the host most likely talks to others: of the interface with the default gateway, IPv4 first.
fn primary_address(inventory: &Inventory) -> Option<IpAddr> {
    let outward = inventory.interfaces.iter().filter(|interface| interface.kind != InterfaceKind::Loopback);
    let all = outward.flat_map(|interface| {
        let rank = interface.gateway.is_none();
        interface.addresses.iter().map(move |address| (rank, address.ip().is_ipv6(), address.ip()))
    });
    all.min().map(|(_, _, address)| address)
}

/// One entry for each address, since the wire has one address in each; an interface without address has one entry.
fn interfaces(inventory: &Inventory) -> Vec<Interface> {
    let mut all = Vec::new();
    for interface in inventory.interfaces.iter() {
        let entry = |address: Option<IpAddr>| Interface {
            hostname: filled(&inventory.host.hostname),
            interface_id: None,
            interface_name: filled(&interface.name),
            mac_address: maybe(interface.mac.as_ref()),
            kind: match interface.kind {
                InterfaceKind::Loopback => Some("LOOPBACK".into()),
                InterfaceKind::Private => Some("PRIVATE".into()),
                InterfaceKind::Public => Some("PUBLIC".into()),
                InterfaceKind::Unaddressed => None,
            },
            address,
            gateway_address: interface
                .gateway
                .filter(|gateway| address.is_none_or(|own| own.is_ipv4() == gateway.is_ipv4())),
        };
        if interface.addresses.is_empty() {
            all.push(entry(None));
        }
        all.extend(interface.addresses.iter().map(|address| entry(Some(address.ip()))));
    }
    all
}

/// One entry for each port and protocol: what listens on several addresses is one open port.
fn open_ports(inventory: &Inventory) -> Vec<OpenPort> {
    let mut ports: BTreeMap<(u16, &str), Option<String>> = BTreeMap::new();
    for port in inventory.ports.iter() {
        let protocol = match port.protocol {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
        };
        let name = maybe(port.process.as_ref()).or_else(|| maybe(port.service.as_ref()));
        let known = ports.entry((port.port, protocol)).or_default();
        *known = known.take().or(name);
    }
    let open = ports.into_iter().map(|((port, protocol), service_name)| OpenPort {
        port,
        protocol: protocol.into(),
        service_name,
    });
    open.collect()
}

/// What the cloud says comes under the wire's names, which are the members' own names in JSON.
fn take_cloud(sources: &mut Vec<CloudSource>, cloud: &Cloud, now: Timestamp) {
    let (provider, value) = match cloud {
        Cloud::Aws(instance) => (Provider::Ec2, serde_json::to_value(instance)),
        Cloud::Azure(instance) => (Provider::Azure, serde_json::to_value(instance)),
        Cloud::Gcp(instance) => (Provider::Gcp, serde_json::to_value(instance)),
    };
    let Ok(serde_json::Value::Object(value)) = value else { return };
    let members: BTreeMap<String, String> =
        value.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect();
    let labels = match cloud {
        Cloud::Aws(instance) => &instance.tags,
        Cloud::Azure(instance) => &instance.tags,
        Cloud::Gcp(instance) => &instance.tags,
    };
    let tags = labels
        .iter()
        .map(|label| CloudTag { key: label.key.to_string(), value: label.value.to_string() })
        .collect();
    let first_discovered = sources
        .iter()
        .find(|source| source.provider == provider)
        .map_or(now, |source| source.first_discovered);
    sources.retain(|source| source.provider != provider);
    sources.push(CloudSource { provider, first_discovered, last_updated: now, members, tags });
}
