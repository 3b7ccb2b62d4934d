//! One discovery: the sweep finds open ports, helpers look at them, and hosts are put together from what comes in.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};

use crate::assemble::Assembly;
use crate::cancel::Cancel;
use crate::model::{Host, NetBios, Port};
use crate::names::Resolver;
use crate::pace::Pace;
use crate::ports::Ports;
use crate::probe::{self, Knock};
use crate::sweep::{Found, Sweep};
use crate::targets::{BadTarget, MOST_ADDRESSES, Targets};

/// Time between two tellings of progress.
const TELL: Duration = Duration::from_millis(200);
/// Stack of a helper.
const STACK: usize = 512 * 1024;

/// How a discovery goes about its work.
#[derive(Debug, Clone)]
pub struct Options {
    /// The ports to ask on each host.
    pub ports: Ports,
    /// Connections a second at the most, to all hosts together; none for no limit.
    pub rate: Option<u32>,
    /// Attempts to connect at the same time, at the most.
    pub concurrency: u32,
    /// Attempts to connect to one host at the same time, at the most.
    pub per_host: u32,
    /// How often a port without an answer is asked again, at the least.
    pub retries: u8,
    /// Ports without an answer after which a host that never answered is left; none asks all of them.
    pub silent_after: Option<u32>,
    /// Whether to find out what answers on open ports.
    pub services: bool,
    /// Whether to ask name servers.
    pub dns: bool,
    /// Whether to ask for NetBIOS names.
    pub netbios: bool,
    /// Services looked at at the same time.
    pub helpers: usize,
    /// Addresses at the most.
    pub most_addresses: u128,
}

impl Options {
    /// The usual way to ask these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self {
            ports,
            rate: Some(50_000),
            concurrency: 2_000,
            per_host: 1_000,
            retries: 2,
            silent_after: None,
            services: true,
            dns: true,
            netbios: true,
            helpers: 48,
            most_addresses: MOST_ADDRESSES,
        }
    }
}

/// What a discovery tells while it goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something that people should know, such as a name without an address.
    Note(String),
    /// An open port, when it is known what answers there.
    Port(IpAddr, Box<Port>),
    /// A host, when all is known of it.
    Host(Box<Host>),
    /// How far things are.
    Progress(Progress),
}

/// How far a discovery is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Addresses in all.
    pub addresses: u64,
    /// Addresses of which all is known.
    pub done: u64,
    /// Open ports so far.
    pub open: u64,
    /// Connections made or tried so far.
    pub connections: u64,
}

/// What a discovery was, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// Addresses that were to be asked.
    pub addresses: u64,
    /// Hosts that answered.
    pub up: u64,
    /// Addresses that gave no answer.
    pub silent: u64,
    /// Addresses without a way to them.
    pub unreachable: u64,
    /// Open ports.
    pub open: u64,
    /// Connections made or tried.
    pub connections: u64,
    /// Whether it was stopped before its end.
    pub cancelled: bool,
}

/// Why a discovery can't be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The targets.
    #[error(transparent)]
    Target(#[from] BadTarget),
    /// None of the names has an address.
    #[error("no address to scan: {0}")]
    NoAddress(String),
    /// The machine.
    #[error("this machine can't scan: {0}")]
    Io(#[from] io::Error),
}

/// What all who work on a discovery share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) ports: Ports,
    pub(crate) pace: Pace,
    pub(crate) cancel: Cancel,
    /// Work for helpers that nobody took yet.
    pub(crate) waiting: AtomicUsize,
    jobs: Mutex<Jobs>,
    more: Condvar,
    resolver: Resolver,
}

#[derive(Default)]
struct Jobs {
    queue: VecDeque<Job>,
    is_closed: bool,
}

/// Work for a helper.
pub(crate) enum Job {
    /// Look at an open port.
    Port { address: IpAddr, port: u16, round_trip: Duration, name: Option<String> },
    /// Ask for the names of a host.
    Names { address: IpAddr, round_trip: Duration },
}

/// What comes in.
pub(crate) enum News {
    Sweep(Found),
    Port(IpAddr, Box<Port>),
    Names(IpAddr, Vec<String>, Option<NetBios>),
    SweepEnded(io::Result<()>),
}

impl Shared {
    pub(crate) fn give(&self, job: Job) {
        self.waiting.fetch_add(1, Relaxed);
        self.jobs.lock().queue.push_back(job);
        self.more.notify_one();
    }

    fn take(&self) -> Option<Job> {
        let mut jobs = self.jobs.lock();
        loop {
            if let Some(job) = jobs.queue.pop_front() {
                self.waiting.fetch_sub(1, Relaxed);
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            self.more.wait(&mut jobs);
        }
    }

    fn close(&self) {
        self.jobs.lock().is_closed = true;
        self.more.notify_all();
    }
}

/// Discovers: asks all ports of all targets but the excluded ones, tells what it finds, and ends when all is told or a
/// moment after it was cancelled. `clock` gives the times that are noted.
///
/// # Errors
/// When the targets can't be used or this machine can't scan.
pub fn discover(
    targets: &Targets,
    excluded: &Targets,
    options: &Options,
    cancel: &Cancel,
    clock: &(dyn Fn() -> Timestamp + Sync),
    tell: &mut dyn FnMut(Event),
) -> Result<Summary, Error> {
    let (started, begun) = (clock(), Instant::now());
    let shared = Shared {
        options: options.clone(),
        ports: options.ports.clone(),
        pace: Pace::new(options.rate, begun),
        cancel: cancel.clone(),
        waiting: AtomicUsize::new(0),
        jobs: Mutex::default(),
        more: Condvar::new(),
        resolver: Resolver::of_this_machine(options.dns),
    };
    if targets.is_empty() {
        return Err(BadTarget::Empty.into());
    }
    let mut names = HashMap::new();
    let wanted = resolved(targets, &shared, &mut names, tell);
    // What is excluded by name is excluded by all of its addresses.
    let not_wanted = resolved(excluded, &shared, &mut HashMap::new(), tell);
    let mut addresses = wanted.addresses(&not_wanted, options.most_addresses)?;
    let total = u64::try_from(addresses.total()).unwrap_or(u64::MAX);
    if total == 0 {
        let why = if wanted.is_empty() || wanted == *targets && !targets.names().is_empty() {
            format!("no name server or file of hosts knows {}", targets.names().join(", "))
        } else {
            "everything is excluded".to_owned()
        };
        return Err(Error::NoAddress(why));
    }
    let mut assembly = Assembly::new(&shared, names, clock);
    let (send, news) = channel();
    let ended = std::thread::scope(|scope| -> io::Result<io::Result<()>> {
        let (shared, addresses) = (&shared, &mut addresses);
        let result = (|| {
            for _ in 0..options.helpers.max(1) {
                let send = send.clone();
                let helper = std::thread::Builder::new().stack_size(STACK);
                helper.spawn_scoped(scope, move || help(shared, &send))?;
            }
            let sweeper = send.clone();
            std::thread::Builder::new().spawn_scoped(scope, move || {
                let mut found = |found| drop(sweeper.send(News::Sweep(found)));
                let ended = Sweep::new(shared, addresses, &mut found).and_then(Sweep::run);
                drop(sweeper.send(News::SweepEnded(ended)));
            })?;
            Ok(gather(&mut assembly, &news, total, tell))
        })();
        if result.is_err() {
            shared.cancel.cancel();
        }
        shared.close();
        result
    })?;
    ended?;
    if shared.resolver.is_unreachable() {
        tell(Event::Note("no name server answers; names are missing".to_owned()));
    }
    let counts = assembly.counts();
    Ok(Summary {
        started,
        ended: clock(),
        seconds: begun.elapsed().as_secs_f64(),
        addresses: total,
        up: counts.up,
        silent: counts.silent,
        unreachable: counts.unreachable,
        open: counts.open,
        connections: shared.pace.total(),
        cancelled: cancel.is_cancelled(),
    })
}

/// The targets with the addresses of their names; notes which name an address came from.
fn resolved(
    targets: &Targets,
    shared: &Shared,
    names: &mut HashMap<IpAddr, Vec<String>>,
    tell: &mut dyn FnMut(Event),
) -> Targets {
    let mut all = targets.clone();
    for name in targets.names() {
        let addresses = shared.resolver.forward(name, &shared.cancel);
        if addresses.is_empty() {
            tell(Event::Note(format!("{name} has no address that is known here")));
        }
        for address in &addresses {
            names.entry(*address).or_default().push(name.clone());
        }
        all.add(addresses);
    }
    all
}

fn help(shared: &Shared, send: &Sender<News>) {
    while let Some(job) = shared.take() {
        let news = match job {
            Job::Port { address, port, round_trip, name } => {
                let found = if shared.cancel.is_cancelled() {
                    Port::open(port, "it accepts; not looked at, since the discovery was cancelled")
                } else {
                    let address = SocketAddr::new(address, port);
                    let knock = Knock { address, pace: &shared.pace, cancel: &shared.cancel, round_trip };
                    probe::detect(&knock, name.as_deref())
                };
                News::Port(address, Box::new(found))
            }
            Job::Names { address, round_trip } => {
                let names = shared.resolver.reverse(address, &shared.cancel);
                let is_asked = shared.options.netbios && !shared.cancel.is_cancelled();
                let netbios = is_asked.then(|| netbios(shared, address, round_trip)).flatten();
                News::Names(address, names, netbios)
            }
        };
        if send.send(news).is_err() {
            return;
        }
    }
}

fn netbios(shared: &Shared, address: IpAddr, round_trip: Duration) -> Option<NetBios> {
    let (pace, cancel) = (&shared.pace, &shared.cancel);
    let knock = Knock { address: SocketAddr::new(address, 137), pace, cancel, round_trip };
    knock.leave().ok()?;
    probe::ask_netbios(address, knock.time(400), cancel)
}

/// Puts hosts together until the sweep has ended and nothing is open any more.
fn gather(
    assembly: &mut Assembly<'_>,
    news: &Receiver<News>,
    total: u64,
    tell: &mut dyn FnMut(Event),
) -> io::Result<()> {
    let mut ended = None;
    let mut told = Instant::now();
    while ended.is_none() || !assembly.is_empty() {
        match news.recv_timeout(TELL) {
            Ok(News::SweepEnded(result)) => ended = Some(result),
            Ok(News::Sweep(found)) => assembly.sweep(found, tell),
            Ok(News::Port(address, port)) => assembly.port(address, *port, tell),
            Ok(News::Names(address, names, netbios)) => assembly.names(address, names, netbios, tell),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            tell(Event::Progress(assembly.progress(total)));
        }
    }
    tell(Event::Progress(assembly.progress(total)));
    ended.unwrap_or(Ok(()))
}
