//! The store's other threads: one looks for changes by other processes, one tidies the database and writes
//! snapshots.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::store::Shared;
use crate::writer::{Done, Task};
use crate::{Error, Result, snapshots};

/// How often to look whether the store is closing, and for what is left to tidy.
const STEP: Duration = Duration::from_millis(100);
/// After so many steps without news the follower looks for itself: a message may get lost with a connection.
const QUIET: u32 = 10;

pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let spawned = Builder::new().name(name.to_owned()).spawn(work);
    spawned.map_err(|source| Error::File { what: format!("the thread {name} can't be started"), source })
}

/// Wakes the writer when the log has grown by others: it catches up before every transaction.
pub(crate) fn spawn_follower(shared: Arc<Shared>, queue: Sender<Task>) -> Result<JoinHandle<()>> {
    spawn("store-follower", move || {
        while !shared.closing.load(Ordering::Acquire) {
            if let Err(error) = follow(&shared, &queue) {
                tracing::warn!(%error, "the change log can't be followed just now");
                std::thread::sleep(STEP);
            }
        }
    })
}

/// Follows the log until the store closes or the database fails.
fn follow(shared: &Shared, queue: &Sender<Task>) -> Result<()> {
    let (mut listener, mut session) = (shared.backend.listen()?, shared.connect()?);
    let mut quiet = QUIET;
    while !shared.closing.load(Ordering::Acquire) {
        if quiet >= QUIET && session.last_sequence()? > shared.applied.load(Ordering::Acquire) {
            queue.send(nothing()).map_err(|_| Error::Closed)?;
        }
        quiet = if quiet >= QUIET { 0 } else { quiet + 1 };
        if listener.wait(STEP)? {
            quiet = QUIET;
        }
    }
    Ok(())
}

fn nothing() -> Task {
    let work = |_: Result<&mut crate::Job<'_>>| Done { keep: true, answer: Box::new(|_| {}) };
    Task { author: String::new(), work: Box::new(work) }
}

/// Tidies the database and writes a snapshot now and then.
pub(crate) fn spawn_tidier(shared: Arc<Shared>) -> Result<JoinHandle<()>> {
    let mut session = shared.connect()?;
    spawn("store-upkeep", move || {
        let mut last_snapshot = shared.applied.load(Ordering::Acquire);
        while !shared.closing.load(Ordering::Acquire) {
            std::thread::sleep(STEP);
            shared.pool.tidy();
            if let Err(error) = session.tidy() {
                tracing::warn!(%error, "the database can't be tidied just now");
            }
            let now = shared.applied.load(Ordering::Acquire);
            if now.saturating_sub(last_snapshot) >= shared.options.snapshot_every {
                last_snapshot = now;
                if let Err(error) = snapshots::write(&shared) {
                    tracing::warn!(%error, "no snapshot of the indexes could be written");
                }
            }
        }
        shared.pool.close();
    })
}
