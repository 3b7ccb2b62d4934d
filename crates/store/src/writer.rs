//! The one thread that writes: it gathers writes that wait into one transaction, so that many share one sync of the
//! disk, and answers them when that is durable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use crate::backend::Session;
use crate::collection::Pending;
use crate::store::Shared;
use crate::{Error, Job, Kind, Result, follow};

/// The most writes that share a commit.
const BATCH: usize = 256;
/// How long writes are gathered at the most.
const GATHER: Duration = Duration::from_millis(8);

/// A write that waits.
pub(crate) struct Task {
    pub(crate) author: String,
    pub(crate) work: Box<dyn FnOnce(&mut Job<'_>) -> Done + Send>,
}

/// A write that was done, but is not durable yet.
pub(crate) struct Done {
    /// Whether its changes stay.
    pub(crate) keep: bool,
    /// Answers whoever waits, with whether the commit succeeded.
    pub(crate) answer: Box<dyn FnOnce(Result<()>) + Send>,
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    tasks: Receiver<Task>,
    session: Box<dyn Session>,
}

/// What one transaction did.
#[derive(Default)]
struct Batch {
    answers: Vec<Box<dyn FnOnce(Result<()>) + Send>>,
    pending: Vec<(Kind, Pending)>,
    sequence: u64,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, tasks: Receiver<Task>) -> Result<Self> {
        let session = shared.connect()?;
        Ok(Self { shared, tasks, session })
    }

    /// Works until every sender of tasks is gone.
    pub(crate) fn run(mut self) {
        while let Ok(first) = self.tasks.recv() {
            let mut batch = Batch::default();
            let outcome = self.fill(first, &mut batch).and_then(|()| self.session.commit());
            match outcome {
                Ok(()) => self.publish(batch),
                Err(error) => self.give_up(batch, error),
            }
        }
    }

    fn fill(&mut self, first: Task, batch: &mut Batch) -> Result<()> {
        self.session.begin_write()?;
        follow::catch_up(&self.shared, self.session.as_mut())?;
        let started = Instant::now();
        let mut next = Some(first);
        while let Some(task) = next {
            self.work(task, batch)?;
            let room = batch.answers.len() < BATCH && started.elapsed() < GATHER;
            next = if room { self.tasks.try_recv().ok() } else { None };
        }
        Ok(())
    }

    fn work(&mut self, task: Task, batch: &mut Batch) -> Result<()> {
        self.session.savepoint()?;
        let now = self.shared.options.clock.now();
        let mut job = Job::new(self.session.as_mut(), &self.shared.collections, &task.author, now);
        // A job that panics is a fault of its own; it must not take the other writes with it. Its caller, whose
        // answer is dropped, is told that the store did not do it.
        let done = catch_unwind(AssertUnwindSafe(|| (task.work)(&mut job)));
        let (pending, sequence) = (std::mem::take(&mut job.pending), job.sequence);
        let keep = done.as_ref().is_ok_and(|done| done.keep);
        if keep {
            batch.pending.extend(pending);
            batch.sequence = batch.sequence.max(sequence);
        } else {
            self.session.undo()?;
        }
        batch.answers.extend(done.map(|done| done.answer));
        self.session.release()
    }

    fn publish(&self, batch: Batch) {
        let mut by_kind: Vec<(Kind, Vec<Pending>)> = Vec::new();
        for (kind, pending) in batch.pending {
            match by_kind.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, list)) => list.push(pending),
                None => by_kind.push((kind, vec![pending])),
            }
        }
        for (kind, pending) in by_kind {
            if let Some(collection) = self.shared.collections.named(kind.name()) {
                collection.apply(pending);
            }
        }
        self.shared.applied.fetch_max(batch.sequence, Ordering::AcqRel);
        batch.answers.into_iter().for_each(|answer| answer(Ok(())));
    }

    /// The transaction failed as a whole: everybody is told, and the connection is made anew if need be.
    fn give_up(&mut self, batch: Batch, error: Error) {
        tracing::error!(%error, writes = batch.answers.len(), "a transaction failed");
        let text = error.to_string();
        for answer in batch.answers {
            answer(Err(Error::Database(text.clone().into())));
        }
        if self.session.end().is_err()
            && let Ok(session) = self.shared.connect()
        {
            self.session = session;
        }
    }
}
