//! Agents that report deltas over HTTP: how many a second the server takes in at the most, and how long one takes at a
//! steady rate.
//!
//! Every answer comes after its write is durable. At a steady rate, time counts from the moment at which a message was
//! due, so that a server that stalls is charged for what it kept waiting.

mod fleet;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use platform::assets::Asset;
use serde::Serialize;
use uuid::Uuid;

use self::fleet::{Agent, accepted};
use crate::error::{Error, Result};
use crate::http::Connection;
use crate::server::Server;
use crate::stats::Times;
use crate::synthetic::Synthesizer;
use crate::tell::Teller;

/// How to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Agents.
    pub agents: u32,
    /// Connections, each kept open by some of the agents.
    pub connections: usize,
    /// How long to send as fast as the server answers, besides a moment to warm up.
    pub flat_out: Duration,
    /// How long to send at the steady rate.
    pub steady: Duration,
    /// Messages a second at the steady rate.
    pub rate: u32,
}

/// More messages a second than any server takes in; so many are prepared.
const MOST: u64 = 7_000;
const WARM: Duration = Duration::from_secs(2);
/// Threads that prepare.
const PREPARING: usize = 8;

/// The figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CheckIns {
    /// Agents.
    pub agents: u32,
    /// Connections.
    pub connections: usize,
    /// Messages a second, at the most.
    pub per_second: f64,
    /// How long each took then.
    pub flat_out: Times,
    /// The steady rate that was wanted, a second.
    pub rate: u32,
    /// And the one that came about.
    pub achieved: f64,
    /// How long each took then, from the moment when it was due.
    pub steady: Times,
}

/// Enrols agents and lets them report. The agents stay in the data.
///
/// # Errors
/// When the server refuses a message.
pub fn measure(
    server: &Server,
    activation_key: Uuid,
    synthesizer: &Synthesizer,
    manner: Manner,
    teller: &Teller,
) -> Result<CheckIns> {
    let closed = (WARM + manner.flat_out).as_secs() * MOST;
    let steady = manner.steady.as_secs() * u64::from(manner.rate);
    let deltas = (closed + steady) / u64::from(manner.agents.max(1)) + 2;
    teller.now(format!("enrolling {} agents and signing {deltas} messages of each", manner.agents));
    let agents = prepare(server.address(), activation_key, synthesizer, manner.agents, deltas as usize)?;
    let mut lines = lines(agents, manner.connections, server.address())?;
    teller.now("check-ins, as fast as they are answered");
    run(&mut lines, |line| line.flat_out(Instant::now() + WARM))?;
    let begun = Instant::now();
    let fast = run(&mut lines, |line| line.flat_out(begun + manner.flat_out))?;
    let per_second = fast.len() as f64 / begun.elapsed().as_secs_f64();
    teller.now(format!("check-ins, {} a second", manner.rate));
    let begun = Instant::now() + Duration::from_millis(100);
    let gap = Duration::from_secs(1) / manner.rate.max(1);
    let count = lines.len();
    let even = run(&mut lines, |line| line.steady(begun, gap, count, manner.steady))?;
    let achieved = even.len() as f64 / begun.elapsed().as_secs_f64();
    Ok(CheckIns {
        agents: manner.agents,
        connections: manner.connections,
        per_second,
        flat_out: Times::of(fast),
        rate: manner.rate,
        achieved,
        steady: Times::of(even),
    })
}

/// A connection with the agents that use it.
struct Line {
    number: usize,
    connection: Connection,
    agents: Vec<Agent>,
    /// How many messages went out.
    sent: usize,
}

impl Line {
    /// Sends the next message; the agents take turns.
    fn send(&mut self) -> Result<()> {
        let agent = self.agents.get(self.sent % self.agents.len().max(1));
        let message = agent.and_then(|agent| agent.messages.get(self.sent / self.agents.len().max(1)));
        let message = message.ok_or_else(|| Error::Answer("all prepared messages went out".to_owned()))?;
        self.sent += 1;
        accepted(self.connection.succeed(message)?)
    }

    fn flat_out(&mut self, until: Instant) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        let mut now = Instant::now();
        while now < until {
            self.send()?;
            let after = Instant::now();
            times.push(after - now);
            now = after;
        }
        Ok(times)
    }

    /// Sends every message of `lines` whose turn it is on this line, at its time.
    fn steady(
        &mut self,
        begun: Instant,
        gap: Duration,
        lines: usize,
        length: Duration,
    ) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        for turn in (self.number as u32..).step_by(lines.max(1)) {
            let due = gap * turn;
            if due >= length {
                return Ok(times);
            }
            let due = begun + due;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.send()?;
            times.push(due.elapsed());
        }
        Ok(times)
    }
}

fn lines(agents: Vec<Agent>, connections: usize, address: SocketAddr) -> Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(connections);
    for number in 0..connections.clamp(1, agents.len().max(1)) {
        lines.push(Line { number, connection: Connection::open(address)?, agents: Vec::new(), sent: 0 });
    }
    let count = lines.len();
    for (at, agent) in agents.into_iter().enumerate() {
        if let Some(line) = lines.get_mut(at % count) {
            line.agents.push(agent);
        }
    }
    Ok(lines)
}

/// Lets every line work at once; gives the times of all.
fn run(
    lines: &mut [Line],
    work: impl Fn(&mut Line) -> Result<Vec<Duration>> + Sync,
) -> Result<Vec<Duration>> {
    thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = lines.iter_mut().map(|line| scope.spawn(move || work(line))).collect();
        let mut all = Vec::new();
        for line in running {
            all.extend(
                line.join().map_err(|_| Error::Answer("a connection's thread ended early".to_owned()))??,
            );
        }
        Ok(all)
    })
}

fn prepare(
    address: SocketAddr,
    activation_key: Uuid,
    synthesizer: &Synthesizer,
    count: u32,
    deltas: usize,
) -> Result<Vec<Agent>> {
    let hosts = Arc::new(templates(synthesizer));
    let part = |first: u32| -> Result<Vec<Agent>> {
        let mut connection = Connection::open(address)?;
        let mut agents = Vec::new();
        for number in (first..count).step_by(PREPARING) {
            let Some(host) = hosts.get(number as usize % hosts.len().max(1)) else { break };
            agents.push(Agent::enrol(number, host, activation_key, deltas, &mut connection)?);
        }
        Ok(agents)
    };
    thread::scope(|scope| {
        let part = &part;
        let working: Vec<_> = (0..PREPARING as u32).map(|first| scope.spawn(move || part(first))).collect();
        let mut all = Vec::new();
        for thread in working {
            all.extend(
                thread.join().map_err(|_| Error::Answer("a preparing thread ended early".to_owned()))??,
            );
        }
        Ok(all)
    })
}

/// Hosts that agents of ours can run on: with packages that they can read.
fn templates(synthesizer: &Synthesizer) -> Vec<Asset> {
    let all = (0..synthesizer.assets()).filter_map(|number| synthesizer.asset(number, &[]));
    let fitting = all.filter(|asset| asset.software.iter().any(|software| software.source.is_some()));
    fitting.take(500).collect()
}
