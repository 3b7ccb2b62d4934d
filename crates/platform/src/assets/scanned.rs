//! Hosts as scans find them: which asset one is, and what a scan says of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use query::{Filter, Test, Value};
use store::{Id, Job};

use super::fields;
use super::model::{Asset, OpenPort, TrackingMethod, address_key};
use super::names::{derived_name, follow_names};
use super::system::name_system;
use crate::{Result, Settings};

/// What a scan says of a host.
#[derive(Debug, Clone)]
pub(crate) struct Scanned {
    pub(crate) address: IpAddr,
    pub(crate) ended: Timestamp,
    pub(crate) os: Option<String>,
    pub(crate) dns_name: Option<String>,
    pub(crate) fqdn: Option<String>,
    pub(crate) netbios_name: Option<String>,
    /// The open ports of the host after this scan, where it can be believed.
    pub(crate) open_ports: Option<Vec<OpenPort>>,
}

/// The assets that have these addresses: those tracked by one, else those whose agent or owner says it.
pub(crate) fn at(job: &mut Job<'_>, addresses: &[IpAddr]) -> Result<BTreeMap<IpAddr, Id<Asset>>> {
    let mut found = BTreeMap::new();
    let mut others = Vec::new();
    for address in addresses {
        match job.find::<Asset>(&address_key(*address))? {
            Some(id) => drop(found.insert(*address, id)),
            None => others.push(*address),
        }
    }
    let candidates = job.select::<Asset>(&anywhere(&others));
    let mut ranked: BTreeMap<IpAddr, (u8, Id<Asset>)> = BTreeMap::new();
    for id in candidates {
        let Some(asset) = job.get(Id::<Asset>::new(id))? else { continue };
        for address in &others {
            let Some(rank) = rank(&asset, *address) else { continue };
            let new = (rank, asset.id);
            ranked.entry(*address).and_modify(|known| *known = (*known).min(new)).or_insert(new);
        }
    }
    found.extend(ranked.into_iter().map(|(address, (_, id))| (address, id)));
    Ok(found)
}

/// Assets with one of these addresses as their own, or on an interface. Every host has its own loopback, so that says
/// nothing.
fn anywhere(addresses: &[IpAddr]) -> Filter {
    let values = |addresses: &mut dyn Iterator<Item = &IpAddr>| {
        Test::In(addresses.map(|address| Value::Address(*address)).collect())
    };
    let own = Filter::Field(fields::ADDRESS, values(&mut addresses.iter()));
    let outward = values(&mut addresses.iter().filter(|address| !address.is_loopback()));
    let on_interface =
        Filter::Any(fields::INTERFACES, Box::new(Filter::Field(fields::INTERFACE_ADDRESS, outward)));
    Filter::Or(vec![own, on_interface])
}

/// How surely an asset is the host at an address, the surest first; none if it is not.
fn rank(asset: &Asset, address: IpAddr) -> Option<u8> {
    let reports = asset.agent.is_some();
    if asset.network.address == Some(address) {
        return Some(if reports { 0 } else { 1 });
    }
    let on_interface = || asset.interfaces.iter().any(|interface| interface.address == Some(address));
    (!address.is_loopback() && on_interface()).then_some(if reports { 2 } else { 3 })
}

/// What became of a host's asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merged {
    Created,
    Changed,
}

/// Makes the asset of a host, or takes into it what the scan says. What an agent reports of its host stands: it looks
/// from inside.
pub(crate) fn merge(
    settings: Settings,
    job: &mut Job<'_>,
    known: Option<Id<Asset>>,
    scanned: Scanned,
) -> Result<(Id<Asset>, Merged)> {
    let now = job.now();
    let old = match known {
        Some(id) => job.get(id)?,
        None => None,
    };
    let Some(old) = old else {
        let mut asset = Asset::new(String::new(), TrackingMethod::Ip, now);
        asset.network.address = Some(scanned.address);
        describe(&mut asset, scanned);
        asset.name = derived_name(&asset).unwrap_or_default();
        return Ok((job.insert(asset)?, Merged::Created));
    };
    let mut asset = old.object.clone();
    describe(&mut asset, scanned);
    asset.modified = now;
    follow_names(settings, &old, &mut asset);
    job.update(&old, asset)?;
    Ok((old.id, Merged::Changed))
}

fn describe(asset: &mut Asset, scanned: Scanned) {
    let scans = &mut asset.scans;
    scans.last_vuln_scan = scans.last_vuln_scan.max(Some(scanned.ended));
    scans.information_gathered_updated = scans.information_gathered_updated.max(Some(scanned.ended));
    if asset.agent.is_some() {
        return;
    }
    if scanned.os.is_some() {
        name_system(asset, scanned.os);
    }
    let network = &mut asset.network;
    for (member, found) in [
        (&mut network.dns_host_name, scanned.dns_name),
        (&mut network.fqdn, scanned.fqdn),
        (&mut network.netbios_name, scanned.netbios_name),
    ] {
        *member = found.or(member.take());
    }
    if let Some(open_ports) = scanned.open_ports {
        asset.open_ports = open_ports;
    }
}
