//! Recording what a discovery found.

use std::net::IpAddr;

use discovery::information::{self, Information};
use discovery::{Host, NameSource, Ports, Protocol, Status};
use serde::{Deserialize, Serialize};
use store::{Id, Job};

use super::model::{HostResult, Source, host_key};
use crate::assets::scanned::{self, Merged, Scanned};
use crate::assets::{self, Asset, OpenPort};
use crate::{Call, Error, Permission, Result};

/// How many hosts share a transaction, so that other writes come between.
const BATCH: usize = 200;
/// The longest text that is kept of a name or a system, in characters.
const LONGEST: usize = 255;
/// The longest finding that is kept, in characters.
const LONGEST_FINDING: usize = 4_096;

/// How a discovery is recorded.
#[derive(Debug, Clone)]
pub struct Recording {
    source: Source,
    /// The ports that were asked, ascending; none if nobody knows.
    asked: Option<Vec<u16>>,
}

impl Recording {
    /// As results of a VM scan, with host assets. `asked` are the ports that were asked: those of them that were not
    /// found open are closed. Without it (an import), ports only come.
    pub fn vm_scan(asked: Option<&Ports>) -> Self {
        Self::new(Source::VmScan, asked)
    }

    /// As a network map, without host assets.
    pub fn map(asked: Option<&Ports>) -> Self {
        Self::new(Source::VmMap, asked)
    }

    fn new(source: Source, asked: Option<&Ports>) -> Self {
        let asked = asked.map(|ports| {
            let mut list = ports.list().to_vec();
            list.sort_unstable();
            list
        });
        Self { source, asked }
    }

    fn was_asked(&self, port: u16) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.binary_search(&port).is_ok())
    }
}

/// What recording did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Hosts whose result was recorded.
    pub hosts: u64,
    /// Hosts that did not answer, of which nothing is recorded.
    pub silent: u64,
    /// Hosts of which something newer was recorded before.
    pub outdated: u64,
    /// Assets that were made.
    pub assets_created: u64,
    /// Assets that hosts were merged into.
    pub assets_merged: u64,
    /// Web servers on the recorded hosts, by this discovery.
    pub web_services: u64,
}

impl Recorded {
    /// Counts another part of the same discovery with this one.
    pub fn add(&mut self, other: Self) {
        self.hosts += other.hosts;
        self.silent += other.silent;
        self.outdated += other.outdated;
        self.assets_created += other.assets_created;
        self.assets_merged += other.assets_merged;
        self.web_services += other.web_services;
    }
}

/// Records hosts that a discovery found, all of them or as they come. A VM scan makes host assets or is merged into
/// them, and needs Create Asset and Edit Asset for it; what a map needs, its caller has asked for.
///
/// # Errors
/// `UNAUTHORIZED`; `INVALID_REQUEST` when a host is an asset that the caller may not see: then nothing is recorded;
/// else when the database fails, perhaps after a part was recorded: recording the same again is safe.
pub fn record(call: &Call, recording: &Recording, hosts: Vec<Host>) -> Result<Recorded> {
    if recording.source == Source::VmScan {
        call.demand(Permission::CreateAsset)?;
        call.demand(Permission::EditAsset)?;
    }
    let count = hosts.len();
    let mut hosts: Vec<Host> = hosts.into_iter().filter(|host| host.status == Status::Up).collect();
    let mut done = Recorded { silent: (count - hosts.len()) as u64, ..Recorded::default() };
    if call.caller.scope.is_some() {
        for part in hosts.chunks(BATCH) {
            let (work, addresses) = (call.clone(), part.iter().map(|host| host.address).collect::<Vec<_>>());
            call.write(move |job| demand_sight(&work, job, &addresses))?;
        }
    }
    while !hosts.is_empty() {
        let rest = hosts.split_off(BATCH.min(hosts.len()));
        let (work, recording) = (call.clone(), recording.clone());
        let part = std::mem::replace(&mut hosts, rest);
        done.add(call.write(move |job| take(&work, job, &recording, &part))?);
    }
    Ok(done)
}

/// Refuses hosts that are assets outside of the caller's scope. Which asset it is, is not said.
fn demand_sight(call: &Call, job: &mut Job<'_>, addresses: &[IpAddr]) -> Result<()> {
    for (address, id) in scanned::at(job, addresses)? {
        if job.get(id)?.is_some_and(|asset| !assets::sees(call, asset.id, &asset)) {
            return Err(Error::invalid(
                format!("Data: The host {address} can't be recorded by a user with this scope."),
                "Leave the host out, or let somebody record it whose scope holds it.",
            ));
        }
    }
    Ok(())
}

fn take(call: &Call, job: &mut Job<'_>, recording: &Recording, hosts: &[Host]) -> Result<Recorded> {
    let addresses: Vec<IpAddr> = hosts.iter().map(|host| host.address).collect();
    if call.caller.scope.is_some() {
        demand_sight(call, job, &addresses)?;
    }
    let known = scanned::at(job, &addresses)?;
    let mut done = Recorded::default();
    for host in hosts {
        take_host(call, job, recording, host, known.get(&host.address).copied(), &mut done)?;
    }
    Ok(done)
}

fn take_host(
    call: &Call,
    job: &mut Job<'_>,
    recording: &Recording,
    host: &Host,
    known: Option<Id<Asset>>,
    done: &mut Recorded,
) -> Result<()> {
    let key = host_key(recording.source, host.address);
    let old = match job.find::<HostResult>(&key)? {
        Some(id) => job.get(id)?,
        None => None,
    };
    if old.as_ref().is_some_and(|old| old.ended > host.ended) {
        done.outdated += 1;
        return Ok(());
    }
    let mut result = merged(recording, host, old.as_ref().map(|old| &old.object), job.now());
    done.hosts += 1;
    done.web_services += host.ports.iter().filter(|port| port.web().is_some()).count() as u64;
    result.asset = known;
    if recording.source == Source::VmScan {
        // The same address may have come twice in one part.
        let known = match known {
            None => scanned::at(job, &[host.address])?.remove(&host.address),
            known => known,
        };
        let before = match known {
            Some(id) => job.get(id)?.map(|asset| asset.object.open_ports).unwrap_or_default(),
            None => Vec::new(),
        };
        let scanned = Scanned {
            address: host.address,
            ended: host.ended,
            os: result.os.clone(),
            dns_name: name(host, |_| true),
            fqdn: result.fqdn.clone(),
            netbios_name: result.netbios_name.clone(),
            open_ports: host.tarpit.is_none().then(|| open_ports(recording, host, before)),
        };
        let (asset, merged) = scanned::merge(call.platform.settings(), job, known, scanned)?;
        result.asset = Some(asset);
        match merged {
            Merged::Created => done.assets_created += 1,
            Merged::Changed => done.assets_merged += 1,
        }
    }
    match old {
        Some(old) => job.update(&old, result)?,
        None => drop(job.insert(result)?),
    }
    Ok(())
}

/// What is known of a host after a discovery.
fn merged(recording: &Recording, host: &Host, old: Option<&HostResult>, now: jiff::Timestamp) -> HostResult {
    let kept = |part: fn(&HostResult) -> &Option<String>| old.and_then(|old| part(old).clone());
    let before = old.map(|old| old.open_ports.clone()).unwrap_or_default();
    let mut information: Vec<Information> = information::of(host).into_iter().map(cut).collect();
    let found: Vec<u16> = host.ports.iter().map(|port| port.port).collect();
    let stays = |one: &&Information| {
        one.port.is_some_and(|port| !recording.was_asked(port) && !found.contains(&port))
    };
    information.extend(old.iter().flat_map(|old| &old.information).filter(stays).cloned());
    HostResult {
        source: recording.source,
        address: host.address,
        asset: None,
        ended: host.ended,
        recorded: now,
        os: host.os.as_ref().and_then(|os| clean(&os.name)).or_else(|| kept(|old| &old.os)),
        fqdn: name(host, |name| name.contains('.')).or_else(|| kept(|old| &old.fqdn)),
        netbios_name: host
            .netbios
            .as_ref()
            .and_then(|netbios| clean(&netbios.name))
            .or_else(|| kept(|old| &old.netbios_name)),
        open_ports: if host.tarpit.is_none() { open_ports(recording, host, before) } else { before },
        information,
    }
}

/// A name of the host: one that it was asked by before one that its address has.
fn name(host: &Host, fits: fn(&str) -> bool) -> Option<String> {
    let of = |source: NameSource| {
        let mut names = host.names.iter().filter(move |name| name.source == source && fits(&name.name));
        names.find_map(|name| clean(&name.name))
    };
    of(NameSource::Target).or_else(|| of(NameSource::Reverse))
}

/// The open ports after a discovery: those that it found, and those that it did not ask.
fn open_ports(recording: &Recording, host: &Host, mut before: Vec<OpenPort>) -> Vec<OpenPort> {
    let found = host.ports.iter().map(|port| OpenPort {
        port: port.port,
        protocol: match port.protocol {
            Protocol::Tcp => "TCP".to_owned(),
            Protocol::Udp => "UDP".to_owned(),
        },
        service_name: clean(&port.service).filter(|service| service != discovery::UNKNOWN),
    });
    let mut all: Vec<OpenPort> = found.collect();
    before.retain(|old| {
        let is_closed = old.protocol == "TCP" && recording.was_asked(old.port);
        let is_found = all.iter().any(|new| new.port == old.port && new.protocol == old.protocol);
        !is_closed && !is_found
    });
    all.extend(before);
    all.sort_by(|one, other| (one.port, &one.protocol).cmp(&(other.port, &other.protocol)));
    all.dedup_by(|one, other| one.port == other.port && one.protocol == other.protocol);
    all
}

/// A text as it may be kept: what hosts say of themselves may be anything.
fn clean(text: &str) -> Option<String> {
    let shown: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

fn cut(mut information: Information) -> Information {
    if let Some((end, _)) = information.result.char_indices().nth(LONGEST_FINDING) {
        information.result.truncate(end);
    }
    information
}
