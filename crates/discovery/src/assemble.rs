//! Hosts in the making.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Host, Name, NameSource, NetBios, Port, Status};
use crate::probe;
use crate::run::{Event, Job, Progress, Shared};
use crate::sweep::{Ended, Found};

/// Open ports of a host that are looked at before it is known how many of its ports are open.
const AT_ONCE: usize = 64;
/// Open ports from which a host may be a trap, and what part of all answers they are then.
const MANY: u32 = 128;
const PART: f64 = 0.9;

/// Numbers of hosts and ports.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) up: u64,
    pub(crate) silent: u64,
    pub(crate) unreachable: u64,
    pub(crate) open: u64,
}

/// A host of which not all is known yet.
struct Making {
    started: Timestamp,
    ports: Vec<Port>,
    /// Open ports that wait until it is known whether the host is a trap.
    held: Vec<(u16, Duration)>,
    open: u32,
    looking: u32,
    asked_names: bool,
    names: Vec<Name>,
    netbios: Option<NetBios>,
    tarpit: Option<String>,
    ended: Option<Ended>,
}

/// All hosts in the making.
pub(crate) struct Assembly<'a> {
    shared: &'a Shared,
    targets: HashMap<IpAddr, Vec<String>>,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    hosts: HashMap<IpAddr, Making>,
    counts: Counts,
}

impl<'a> Assembly<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        targets: HashMap<IpAddr, Vec<String>>,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
    ) -> Self {
        Self { shared, targets, clock, hosts: HashMap::new(), counts: Counts::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn progress(&self, addresses: u64) -> Progress {
        let Counts { up, silent, unreachable, open } = self.counts;
        let connections = self.shared.pace.total();
        Progress { addresses, done: up + silent + unreachable, open, connections }
    }

    /// Takes in what the sweep found.
    pub(crate) fn sweep(&mut self, found: Found, tell: &mut dyn FnMut(Event)) {
        match found {
            Found::Begun(address) => {
                let making = self.begin(address);
                self.hosts.insert(address, making);
            }
            Found::Open(address, port, took) => {
                self.counts.open += 1;
                self.open(address, port, took, tell);
            }
            Found::Ended(ended) => self.ended(ended, tell),
        }
    }

    fn begin(&self, address: IpAddr) -> Making {
        let names = self.targets.get(&address).into_iter().flatten();
        let names = names.map(|name| Name { name: name.clone(), source: NameSource::Target });
        Making {
            started: (self.clock)(),
            ports: Vec::new(),
            held: Vec::new(),
            open: 0,
            looking: 0,
            asked_names: false,
            names: names.collect(),
            netbios: None,
            tarpit: None,
            ended: None,
        }
    }

    fn open(&mut self, address: IpAddr, port: u16, took: Duration, tell: &mut dyn FnMut(Event)) {
        let (shared, name) = (self.shared, self.name(address));
        let Some(making) = self.hosts.get_mut(&address) else { return };
        making.open += 1;
        making.ask_names(address, took, shared);
        if !shared.options.services {
            let found = Port::open(port, "it accepts connections");
            tell(Event::Port(address, Box::new(found.clone())));
            making.ports.push(found);
        } else if making.open as usize <= AT_ONCE {
            making.looking += 1;
            shared.give(Job::Port { address, port, round_trip: took, name });
        } else {
            making.held.push((port, took));
        }
    }

    fn ended(&mut self, ended: Ended, tell: &mut dyn FnMut(Event)) {
        let (shared, address, name) = (self.shared, ended.address, self.name(ended.address));
        let Some(making) = self.hosts.get_mut(&address) else { return };
        if ended.status == Status::Up {
            making.ask_names(address, ended.round_trip.unwrap_or_default(), shared);
        }
        let asked = making.open + ended.closed + ended.filtered;
        let is_trap = making.open >= MANY && f64::from(making.open) >= f64::from(asked) * PART;
        if is_trap {
            let (open, seen) = (making.open, making.open as usize - making.held.len());
            let why = format!(
                "{open} of {asked} ports accept connections, more than any host serves: a tarpit, or something on the \
                 way that answers for it; {seen} of them were looked at"
            );
            making.tarpit = Some(why);
            let evidence = "it accepts connections, as nearly all ports of this host do; not looked at";
            for (port, _) in making.held.drain(..) {
                let found = Port::open(port, evidence);
                tell(Event::Port(address, Box::new(found.clone())));
                making.ports.push(found);
            }
        }
        for (port, round_trip) in std::mem::take(&mut making.held) {
            making.looking += 1;
            shared.give(Job::Port { address, port, round_trip, name: name.clone() });
        }
        making.ended = Some(ended);
        self.finish(address, tell);
    }

    /// Takes in what a helper found on a port.
    pub(crate) fn port(&mut self, address: IpAddr, port: Port, tell: &mut dyn FnMut(Event)) {
        let Some(making) = self.hosts.get_mut(&address) else { return };
        making.looking = making.looking.saturating_sub(1);
        tell(Event::Port(address, Box::new(port.clone())));
        making.ports.push(port);
        self.finish(address, tell);
    }

    /// Takes in the names of a host.
    pub(crate) fn names(
        &mut self,
        address: IpAddr,
        names: Vec<String>,
        netbios: Option<NetBios>,
        tell: &mut dyn FnMut(Event),
    ) {
        let Some(making) = self.hosts.get_mut(&address) else { return };
        making.looking = making.looking.saturating_sub(1);
        making.names.extend(names.into_iter().map(|name| Name { name, source: NameSource::Reverse }));
        making.netbios = netbios;
        self.finish(address, tell);
    }

    fn name(&self, address: IpAddr) -> Option<String> {
        self.targets.get(&address).and_then(|names| names.first()).cloned()
    }

    /// Tells of a host when nothing more is awaited.
    fn finish(&mut self, address: IpAddr, tell: &mut dyn FnMut(Event)) {
        let is_done =
            self.hosts.get(&address).is_some_and(|making| making.looking == 0 && making.ended.is_some());
        if !is_done {
            return;
        }
        let Some(making) = self.hosts.remove(&address) else { return };
        let Some(ended) = making.ended else { return };
        match ended.status {
            Status::Up => self.counts.up += 1,
            Status::Silent => self.counts.silent += 1,
            Status::Unreachable => self.counts.unreachable += 1,
        }
        let mut ports = making.ports;
        ports.sort_unstable_by_key(|port| port.port);
        let mut host = Host {
            address,
            status: ended.status,
            reason: ended.reason,
            names: making.names,
            netbios: making.netbios,
            os: None,
            ports,
            closed: ended.closed,
            filtered: ended.filtered,
            tarpit: making.tarpit,
            round_trip_ms: ended.round_trip.map(|time| (time.as_secs_f64() * 1e6).round() / 1e3),
            started: making.started,
            ended: (self.clock)(),
        };
        host.os = probe::guess(&host);
        tell(Event::Host(Box::new(host)));
    }
}

impl Making {
    fn ask_names(&mut self, address: IpAddr, round_trip: Duration, shared: &Shared) {
        if !std::mem::replace(&mut self.asked_names, true) {
            self.looking += 1;
            shared.give(Job::Names { address, round_trip });
        }
    }
}
