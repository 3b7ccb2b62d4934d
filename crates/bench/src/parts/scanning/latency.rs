//! How quickly the range answers a visitor, alone and while it is scanned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use super::ground::{Ground, get};
use crate::stats::Times;

/// Between two visits.
const PAUSE: Duration = Duration::from_millis(50);
/// Visits on an idle range.
const IDLE: usize = 60;

/// What visitors waited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Latency {
    pub(super) times: Times,
    /// Visits.
    pub(super) asked: u64,
}

fn of(times: Vec<Duration>) -> Latency {
    Latency { asked: times.len() as u64, times: Times::of(times) }
}

fn visit(base: &str) -> Option<Duration> {
    let begun = Instant::now();
    get(base, "/").ok()?;
    Some(begun.elapsed())
}

/// Visits to an idle range.
pub(super) fn idle(ground: &Ground) -> Latency {
    let one = |_| {
        sleep(PAUSE / 5);
        visit(&ground.base)
    };
    of((0..IDLE).filter_map(one).collect())
}

/// Visits until it is ended.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Watch {
    pub(super) fn begin(ground: &Ground) -> Self {
        let (stop, base) = (Arc::new(AtomicBool::new(false)), ground.base.clone());
        let stopped = Arc::clone(&stop);
        let thread = spawn(move || {
            let mut times = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                times.extend(visit(&base));
                sleep(PAUSE);
            }
            times
        });
        Self { stop, thread }
    }

    pub(super) fn end(self) -> Latency {
        self.stop.store(true, Ordering::Relaxed);
        of(self.thread.join().unwrap_or_default())
    }
}
