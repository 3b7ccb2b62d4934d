//! The one thread that writes: it gathers writes that wait into one transaction, so that many share one sync of the
//! disk, and answers them when that is durable.

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

/// What a write does, given its transaction or the reason why there is none.
pub(crate) type Work = Box<dyn FnOnce(Result<&mut Job<'_>>) -> Done + Send>;

/// A write that waits.
pub(crate) struct Task {
    pub(crate) author: String,
    pub(crate) work: Work,
}

/// A write that was done, but is not durable yet.
pub(crate) struct Done {
    /// Whether its changes stay.
    pub(crate) keep: bool,
    /// Answers whoever waits, with whether the commit succeeded.
    pub(crate) answer: Box<dyn FnOnce(Result<()>) + Send>,
}

impl Task {
    fn refuse(self, error: &Error) {
        let done = (self.work)(Err(error.repeated()));
        (done.answer)(Ok(()));
    }
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    tasks: Receiver<Task>,
    session: Box<dyn Session>,
}

/// What one transaction does.
#[derive(Default)]
struct Batch {
    /// The write whose turn it is.
    next: Option<Task>,
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
            let mut batch = Batch { next: Some(first), ..Batch::default() };
            match self.transact(&mut batch) {
                Ok(()) => self.publish(batch),
                Err(error) => self.give_up(batch, &error),
            }
        }
    }

    fn transact(&mut self, batch: &mut Batch) -> Result<()> {
        self.begin()?;
        follow::catch_up(&self.shared, self.session.as_mut())?;
        let started = Instant::now();
        while batch.next.is_some() {
            self.work(batch)?;
            let room = batch.answers.len() < BATCH && started.elapsed() < GATHER;
            batch.next = if room { self.tasks.try_recv().ok() } else { None };
        }
        // Writes that changed nothing have nothing to make durable.
        if batch.pending.is_empty() { self.session.end() } else { self.session.commit() }
    }

    /// A connection may have been cut, also while nobody wrote; then a new one serves as well.
    fn begin(&mut self) -> Result<()> {
        if self.session.begin_write().is_ok() {
            return Ok(());
        }
        self.session = self.shared.connect()?;
        self.session.begin_write()
    }

    fn work(&mut self, batch: &mut Batch) -> Result<()> {
        self.session.savepoint()?;
        let Some(task) = batch.next.take() else { return Ok(()) };
        let now = self.shared.options.clock.now();
        let collections = &self.shared.collections;
        let mut job = Job::new(self.session.as_mut(), collections, &task.author, now, &batch.pending);
        let done = (task.work)(Ok(&mut job));
        let outcome = job.finish();
        if let Some(error) = outcome.failure {
            (done.answer)(Err(error));
        } else if done.keep {
            batch.answers.push(done.answer);
            batch.pending.extend(outcome.pending);
            batch.sequence = batch.sequence.max(outcome.sequence);
            return self.session.release();
        } else {
            batch.answers.push(done.answer);
        }
        self.session.undo()?;
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

    /// The transaction failed as a whole: everybody is told. If its commit was made all the same, the indexes learn of
    /// it from the change log before the next write.
    fn give_up(&mut self, batch: Batch, error: &Error) {
        tracing::error!(%error, writes = batch.answers.len(), "a transaction failed");
        batch.answers.into_iter().for_each(|answer| answer(Err(error.repeated())));
        if let Some(task) = batch.next {
            task.refuse(error);
        }
        // If even that fails, the next transaction makes a new connection.
        let _ = self.session.end();
    }
}
