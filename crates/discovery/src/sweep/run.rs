//! The loop around the attempts.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::attempt::{Attempt, Begun, begin, look};
use super::errors::Outcome;
use super::host::{Ask, Ended, Next, Scanned};
use super::neighbours::Neighbours;
use crate::pace::Leave;
use crate::run::Shared;

/// Hosts that are asked at the same time.
const HOSTS: usize = 256;
/// Attempts that are begun before answers are looked at.
const BATCH: usize = 128;
/// The longest sleep, so that a cancel is seen.
const NAP: Duration = Duration::from_millis(100);
/// Time between two looks at a neighbour whose hardware address is not known.
const LOOK: Duration = Duration::from_millis(20);
/// Ports that wait to be looked at; more, and no new host is begun.
const BACKLOG: usize = 20_000;

/// What the sweep finds.
#[derive(Debug)]
pub(crate) enum Found {
    /// A host is asked from now on.
    Begun(IpAddr),
    /// A port accepts connections.
    Open(IpAddr, u16, Duration),
    /// A host is done.
    Ended(Ended),
}

/// The sweep.
pub(crate) struct Sweep<'a> {
    shared: &'a Shared,
    addresses: &'a mut dyn Iterator<Item = IpAddr>,
    found: &'a mut dyn FnMut(Found),
    poll: Poll,
    hosts: Vec<Option<Scanned>>,
    turns: VecDeque<usize>,
    attempts: Vec<Option<Attempt>>,
    free: Vec<usize>,
    in_flight: usize,
    most_in_flight: usize,
    deadlines: BinaryHeap<Reverse<(Instant, usize, u32)>>,
    generation: u32,
    neighbours: Neighbours,
}

impl<'a> Sweep<'a> {
    /// Prepares a sweep.
    ///
    /// # Errors
    /// When the kernel gives nothing to wait with.
    pub(crate) fn new(
        shared: &'a Shared,
        addresses: &'a mut dyn Iterator<Item = IpAddr>,
        found: &'a mut dyn FnMut(Found),
    ) -> io::Result<Self> {
        Ok(Self {
            shared,
            addresses,
            found,
            poll: Poll::new()?,
            hosts: Vec::new(),
            turns: VecDeque::new(),
            attempts: Vec::new(),
            free: Vec::new(),
            in_flight: 0,
            most_in_flight: shared.options.concurrency.max(1) as usize,
            deadlines: BinaryHeap::new(),
            generation: 0,
            neighbours: Neighbours::default(),
        })
    }

    /// Asks all ports of all addresses, until done or cancelled.
    ///
    /// # Errors
    /// When the kernel fails to wait.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1_024);
        while !self.shared.cancel.is_cancelled() {
            let more = self.admit();
            let now = Instant::now();
            let wait = self.ask(now);
            if self.turns.is_empty() && !more {
                break;
            }
            let due = self.deadlines.peek().map(|Reverse((due, ..))| due.saturating_duration_since(now));
            let wait = due.map_or(wait, |due| due.min(wait)).min(NAP);
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            let now = Instant::now();
            for event in &events {
                self.answer(event.token().0, now);
            }
            self.expire(now);
        }
        for host in self.hosts.drain(..).flatten() {
            (self.found)(Found::Ended(host.ended()));
        }
        Ok(())
    }

    /// Begins hosts while there is room; tells whether more are to come.
    fn admit(&mut self) -> bool {
        let options = &self.shared.options;
        while self.turns.len() < HOSTS {
            if self.shared.waiting.load(Relaxed) > BACKLOG {
                return true;
            }
            let Some(address) = self.addresses.next() else { return false };
            let tries = options.retries.saturating_add(1);
            let host = Scanned::new(address, tries, options.per_host, options.silent_after, Instant::now());
            (self.found)(Found::Begun(address));
            let place = self.hosts.iter().position(Option::is_none).unwrap_or(self.hosts.len());
            match self.hosts.get_mut(place) {
                Some(slot) => *slot = Some(host),
                None => self.hosts.push(Some(host)),
            }
            self.turns.push_back(place);
        }
        true
    }

    /// Hosts ask in turn, as many as may; gives the time until more may.
    fn ask(&mut self, mut now: Instant) -> Duration {
        let (mut begun, mut idle, mut wait) = (0, 0, NAP);
        let ports = self.shared.ports.list();
        while idle < self.turns.len() {
            if self.in_flight >= self.most_in_flight {
                return wait;
            }
            if begun >= BATCH {
                return Duration::ZERO;
            }
            let Some(place) = self.turns.pop_front() else { return wait };
            let Some(host) = self.hosts.get_mut(place).and_then(Option::as_mut) else { continue };
            // The kernel would keep what is sent to such a neighbour, and let all of it go at once.
            if host.is_unmet()
                && let IpAddr::V4(address) = host.address
                && self.neighbours.is_unresolved(address, now)
            {
                wait = wait.min(LOOK);
                idle += 1;
                self.turns.push_back(place);
                continue;
            }
            match host.next(ports, now) {
                Next::Ask(ask) => {
                    let leave = match self.shared.pace.take_for(now, host.patience(&ask)) {
                        Ok(leave) => leave,
                        Err(time) => {
                            host.postponed(ask, now);
                            self.turns.push_front(place);
                            return wait.min(time);
                        }
                    };
                    self.begin(place, ask, leave, now);
                    self.turns.push_back(place);
                    (begun, idle) = (begun + 1, 0);
                    now = Instant::now();
                }
                Next::At(moment) => {
                    wait = wait.min(moment.saturating_duration_since(now));
                    idle += 1;
                    self.turns.push_back(place);
                }
                Next::Idle => {
                    idle += 1;
                    self.turns.push_back(place);
                }
                Next::Done => {
                    let ended = host.ended();
                    if let Some(slot) = self.hosts.get_mut(place) {
                        *slot = None;
                    }
                    (self.found)(Found::Ended(ended));
                    return Duration::ZERO;
                }
            }
        }
        wait
    }

    fn begin(&mut self, place: usize, ask: Ask, leave: Leave, now: Instant) {
        let Some(host) = self.hosts.get_mut(place).and_then(Option::as_mut) else { return };
        let address = host.address;
        host.sent(now);
        let mut stream = match begin(address, ask.port) {
            Begun::Known(outcome) => return self.settle(place, ask, &leave, outcome, now.elapsed()),
            Begun::Pending(stream) => stream,
        };
        let index = self.free.pop().unwrap_or(self.attempts.len());
        let registry = self.poll.registry();
        if registry.register(&mut stream, Token(index), Interest::WRITABLE).is_err() {
            self.free.push(index);
            return self.settle(place, ask, &leave, Outcome::Shortage, Duration::ZERO);
        }
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let attempt = Attempt { host: place, ask, stream, begun: now, leave, generation };
        match self.attempts.get_mut(index) {
            Some(slot) => *slot = Some(attempt),
            None => self.attempts.push(Some(attempt)),
        }
        self.in_flight += 1;
        self.deadlines.push(Reverse((now + leave.patience, index, generation)));
    }

    fn answer(&mut self, index: usize, now: Instant) {
        let attempt = self.attempts.get(index).and_then(Option::as_ref);
        let Some(outcome) = attempt.and_then(|attempt| look(&attempt.stream)) else { return };
        self.ended(index, outcome, now);
    }

    /// Gives up what had its time.
    fn expire(&mut self, now: Instant) {
        while let Some(Reverse((due, index, generation))) = self.deadlines.peek().copied()
            && due <= now
        {
            self.deadlines.pop();
            let Some(attempt) = self.attempts.get(index).and_then(Option::as_ref) else { continue };
            if attempt.generation == generation {
                // An answer that came while we were busy counts.
                let outcome = look(&attempt.stream).unwrap_or(Outcome::TimedOut);
                self.ended(index, outcome, now);
            }
        }
    }

    fn ended(&mut self, index: usize, outcome: Outcome, now: Instant) {
        if let Some(attempt) = self.end(index) {
            let took = now.saturating_duration_since(attempt.begun);
            self.settle(attempt.host, attempt.ask, &attempt.leave, outcome, took);
        }
    }

    fn end(&mut self, index: usize) -> Option<Attempt> {
        let attempt = self.attempts.get_mut(index).and_then(Option::take)?;
        self.free.push(index);
        self.in_flight -= 1;
        Some(attempt)
    }

    fn settle(&mut self, place: usize, ask: Ask, leave: &Leave, outcome: Outcome, took: Duration) {
        let now = Instant::now();
        let repeats = self.shared.pace.end(leave, now);
        let Some(host) = self.hosts.get_mut(place).and_then(Option::as_mut) else { return };
        match outcome {
            Outcome::Open => {
                host.answered(true, &ask, took, now);
                (self.found)(Found::Open(host.address, ask.port, took));
            }
            Outcome::Closed => host.answered(false, &ask, took, now),
            Outcome::Prohibited => host.prohibited(),
            Outcome::NoRoute => host.no_route(&ask, now + Duration::from_millis(200)),
            Outcome::TimedOut => host.timed_out(&ask, took, repeats, now),
            Outcome::Shortage => {
                host.not_sent();
                host.postponed(ask, now + Duration::from_millis(20));
                self.most_in_flight = (self.in_flight * 3 / 4).max(16);
            }
        }
        let is_silent = matches!(outcome, Outcome::TimedOut | Outcome::Prohibited);
        if is_silent
            && host.is_doubtful(now)
            && let IpAddr::V4(address) = host.address
            && self.neighbours.is_unresolved(address, now)
        {
            host.missing("it does not answer ARP");
        }
    }
}
