//! The store's other threads: one looks for changes by other processes, one tidies the database and writes
//! snapshots.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::backend::Session;
use crate::store::Shared;
use crate::writer::{Done, Task};
use crate::{Error, Result, snapshots};

/// How often to look for changes when nobody tells of them, and whether the store is closing.
const LOOK: Duration = Duration::from_millis(500);
/// How often to tidy.
const TIDY: Duration = Duration::from_millis(100);

pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let spawned = Builder::new().name(name.to_owned()).spawn(work);
    spawned.map_err(|source| Error::File { what: format!("the thread {name} can't be started"), source })
}

/// Wakes the writer when the log has grown by others: it catches up before every transaction.
pub(crate) fn spawn_follower(shared: Arc<Shared>, queue: Sender<Task>) -> Result<JoinHandle<()>> {
    spawn("store-follower", move || {
        let mut session = None;
        while !shared.closing.load(Ordering::Acquire) {
            match shared.backend.wait(LOOK).and_then(|()| is_behind(&shared, &mut session)) {
                Ok(true) if queue.send(nothing()).is_err() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the change log can't be followed just now");
                    session = None;
                    std::thread::sleep(LOOK);
                }
            }
        }
    })
}

fn is_behind(shared: &Shared, session: &mut Option<Box<dyn Session>>) -> Result<bool> {
    let session = match session {
        Some(session) => session,
        none => none.insert(shared.connect()?),
    };
    Ok(session.last_sequence()? > shared.applied.load(Ordering::Acquire))
}

fn nothing() -> Task {
    let work = |_: &mut crate::Job<'_>| Done { keep: true, answer: Box::new(|_| {}) };
    Task { author: String::new(), work: Box::new(work) }
}

/// Tidies the database and writes a snapshot now and then.
pub(crate) fn spawn_tidier(shared: Arc<Shared>) -> Result<JoinHandle<()>> {
    let mut session = shared.connect()?;
    spawn("store-upkeep", move || {
        let mut last_snapshot = shared.applied.load(Ordering::Acquire);
        while !shared.closing.load(Ordering::Acquire) {
            std::thread::sleep(TIDY);
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
    })
}
