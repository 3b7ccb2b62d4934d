//! The process that stays: it waits, starts a child for each visit, and reads the one line that the child prints.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::getppid;

use crate::cycle::Outcome;
use crate::log;
use crate::schedule::{self, Chance};

/// How long a child may take: a slow package manager, a thin line, and more.
const VISIT_PATIENCE: Duration = Duration::from_secs(10 * 60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The most that is read of what a child prints.
const MAX_LINE: u64 = 4096;

/// How to visit.
#[derive(Debug)]
pub struct Visits {
    /// The program to start, which is this one.
    pub program: PathBuf,
    /// Its arguments for one visit.
    pub arguments: Vec<std::ffi::OsString>,
    /// Time between visits, unless the server wishes otherwise.
    pub interval: Duration,
}

/// Ends this process cleanly (status 0) on SIGTERM and SIGINT, at any moment: every file is whole at any moment.
///
/// # Errors
/// The system refuses to hand the signals over.
pub fn stop_on_signals() -> io::Result<()> {
    let signals = stop_signals();
    signals.thread_block()?;
    thread::Builder::new().name("signals".into()).stack_size(64 << 10).spawn(move || {
        if let Ok(signal) = signals.wait() {
            log::info("stopped", &[("signal", &signal)]);
            std::process::exit(0);
        }
    })?;
    Ok(())
}

/// Makes a child end with its supervisor, and take signals as a program does.
///
/// # Errors
/// The supervisor is gone already, or the system refuses.
pub fn follow_parent() -> io::Result<()> {
    let parent = getppid();
    prctl::set_pdeathsig(Signal::SIGTERM)?;
    stop_signals().thread_unblock()?;
    if getppid() != parent {
        return Err(io::Error::other("the supervisor is gone"));
    }
    Ok(())
}

fn stop_signals() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    signals
}

/// Visits again and again; comes back when the server uninstalled this agent.
pub fn run(visits: &Visits) {
    let mut failures = 0;
    loop {
        let outcome = visits.one().unwrap_or_else(|error| {
            log::error("the visit did not come to its end", &[("why", &error)]);
            Outcome::Failed { retry_after_seconds: None }
        });
        let wait = match outcome {
            Outcome::Uninstalled => return,
            Outcome::Reported { next_in_seconds } => {
                failures = 0;
                schedule::after_success(visits.interval, next_in_seconds, Chance::throw())
            }
            Outcome::Failed { retry_after_seconds } => {
                failures += 1;
                let retry_after = retry_after_seconds.map(Duration::from_secs);
                let wait = schedule::after_failure(visits.interval, failures, retry_after, Chance::throw());
                log::warn("trying again", &[("failures", &failures), ("seconds", &wait.as_secs_f32())]);
                wait
            }
        };
        // The system's monotonic clock: setting the time of day changes nothing.
        thread::sleep(wait);
    }
}

impl Visits {
    fn one(&self) -> io::Result<Outcome> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let begun = Instant::now();
        while child.try_wait()?.is_none() {
            if begun.elapsed() > VISIT_PATIENCE {
                child.kill()?;
                child.wait()?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(LOOK_AGAIN);
        }
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MAX_LINE).read_to_string(&mut line)?;
        }
        serde_json::from_str(&line)
            .map_err(|_| io::Error::other("the child did not say what came of its visit"))
    }
}
