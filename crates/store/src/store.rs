//! The store: opening it, writing to it, reading from it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use jiff::Timestamp;
use parking_lot::{Mutex, RwLockReadGuard};
use query::Filter;
use tokio::sync::oneshot;

use crate::backend::{Backend, Session};
use crate::collection::{AnyCollection, Collection};
use crate::read::Pool;
use crate::revision::Revision;
use crate::writer::{Done, Task, Writer};
use crate::{
    Changed, Error, Id, Index, Job, Kind, Object, Options, Page, Progress, Reading, Result, Stored, Window,
    upkeep,
};

/// Every collection, by the type of its objects.
#[derive(Default)]
pub(crate) struct Collections {
    typed: HashMap<TypeId, Arc<dyn AnyCollection>>,
}

impl Collections {
    /// The collection of a type that was given to [`StoreBuilder::hold`].
    #[expect(
        clippy::panic,
        reason = "a type that was never held is a mistake in the program, found by its first test"
    )]
    pub(crate) fn get<T: Object>(&self) -> Arc<Collection<T>> {
        let found = self.typed.get(&TypeId::of::<T>()).cloned();
        match found.and_then(|collection| collection.as_any().downcast().ok()) {
            Some(collection) => collection,
            None => panic!("the store was opened without {}", T::KIND),
        }
    }

    /// All, in the order of their kinds.
    pub(crate) fn all(&self) -> Vec<Arc<dyn AnyCollection>> {
        let mut all: Vec<_> = self.typed.values().cloned().collect();
        all.sort_by_key(|collection| collection.kind());
        all
    }

    pub(crate) fn named(&self, kind: &str) -> Option<Arc<dyn AnyCollection>> {
        self.typed.values().find(|collection| collection.kind().name() == kind).cloned()
    }
}

/// What the store's threads share.
pub(crate) struct Shared {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) collections: Collections,
    pub(crate) options: Options,
    pub(crate) pool: Arc<Pool>,
    /// The last change that the indexes know.
    pub(crate) applied: AtomicU64,
    pub(crate) closing: AtomicBool,
}

impl Shared {
    pub(crate) fn connect(&self) -> Result<Box<dyn Session>> {
        self.backend.connect()
    }
}

/// Names the kinds of objects that a store will hold.
pub struct StoreBuilder {
    backend: Arc<dyn Backend>,
    options: Options,
    collections: Collections,
}

impl StoreBuilder {
    /// A store in this database.
    pub fn new(backend: impl Backend + 'static, options: Options) -> Self {
        Self { backend: Arc::new(backend), options, collections: Collections::default() }
    }

    /// Holds objects of this type.
    #[must_use]
    pub fn hold<T: Object>(mut self) -> Self {
        self.collections.typed.insert(TypeId::of::<T>(), Arc::new(Collection::<T>::new()));
        self
    }

    /// Opens the store: makes its tables, brings its indexes up to date, and starts its threads.
    ///
    /// # Errors
    /// When the database fails or is newer than this program.
    pub fn open(self, progress: &dyn Fn(Progress)) -> Result<Store> {
        let kinds: Vec<Kind> = self.collections.all().iter().map(|collection| collection.kind()).collect();
        self.backend.prepare(&kinds)?;
        let shared = Arc::new(Shared {
            backend: self.backend,
            collections: self.collections,
            options: self.options,
            pool: Arc::default(),
            applied: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        });
        crate::snapshots::start(&shared, progress)?;
        let (queue, tasks) = channel();
        let writer = Writer::new(shared.clone(), tasks)?;
        let threads = vec![
            upkeep::spawn("store-writer", move || writer.run())?,
            upkeep::spawn_follower(shared.clone(), queue.clone())?,
            upkeep::spawn_tidier(shared.clone())?,
        ];
        Ok(Store {
            inner: Arc::new(Inner { shared, queue: Mutex::new(Some(queue)), threads: Mutex::new(threads) }),
        })
    }
}

struct Inner {
    shared: Arc<Shared>,
    queue: Mutex<Option<Sender<Task>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Inner {
    /// Lets the threads of a store that nobody closed end by themselves.
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
    }
}

/// Runs a write. One that panics is a fault of its own; it must not take the others with it.
fn guarded<R, E: From<Error>>(job: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
    catch_unwind(AssertUnwindSafe(job))
        .unwrap_or_else(|panic| Err(Error::Panicked(panic_text(panic.as_ref())).into()))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// An open store. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl Store {
    /// Runs a write and answers when it is durable and the indexes know it. An error undoes all of it.
    ///
    /// # Errors
    /// The job's own, or the store's when the database failed. If the connection broke during the commit, nobody
    /// knows whether the write happened; a reader does, afterwards.
    pub async fn write<R, E>(
        &self,
        author: &str,
        job: impl FnOnce(&mut Job<'_>) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.submit(author, job)?.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// As [`Store::write`], for threads that may wait.
    ///
    /// # Errors
    /// The job's own, or the store's when the database failed.
    pub fn write_blocking<R, E>(
        &self,
        author: &str,
        job: impl FnOnce(&mut Job<'_>) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.submit(author, job)?.blocking_recv().unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Changes one object. `change` is given its state (none when there is no such object) and the time, and says what
    /// becomes of it (none: it stays as it is) and the answer. It runs on this thread, beside other writes; if one of
    /// them changed the object meanwhile it runs again inside the transaction, so it must depend on nothing but what it
    /// is given.
    ///
    /// Blocks for a read of the database before it waits.
    ///
    /// # Errors
    /// The change's own, or the store's when the database failed.
    pub async fn revise<T: Object, R, E>(
        &self,
        author: &str,
        id: Id<T>,
        change: impl Fn(Option<&Stored<T>>, Timestamp) -> Result<(Option<T>, R), E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let mut reading = self.read()?;
        let old = reading.get(id)?;
        reading.close();
        let (new, answer) = change(old.as_ref(), self.inner.shared.options.clock.now())?;
        let revision = match old.zip(new) {
            Some((old, new)) => Revision::new(old, new)?,
            None => None,
        };
        let Some(revision) = revision else { return Ok(answer) };
        self.write(author, move |job| {
            if job.revise(revision)? {
                return Ok(answer);
            }
            let old = job.get(id)?;
            let (new, answer) = change(old.as_ref(), job.now())?;
            if let Some((old, new)) = old.zip(new) {
                job.update(&old, new)?;
            }
            Ok(answer)
        })
        .await
    }

    fn submit<R, E>(
        &self,
        author: &str,
        job: impl FnOnce(&mut Job<'_>) -> Result<R, E> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<R, E>>>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, receive) = oneshot::channel();
        let work = move |given: Result<&mut Job<'_>>| {
            let result = given.map_err(E::from).and_then(|work| guarded(|| job(work)));
            let keep = result.is_ok();
            let answer = move |committed: Result<()>| {
                // Nobody may be waiting any more; the write stands all the same.
                let _ = answer.send(committed.map_err(E::from).and(result));
            };
            Done { keep, answer: Box::new(answer) }
        };
        let task = Task { author: author.to_owned(), work: Box::new(work) };
        let queue = self.inner.queue.lock().clone().ok_or(Error::Closed)?;
        queue.send(task).map_err(|_| Error::Closed)?;
        Ok(receive)
    }

    /// Begins to read one consistent state of the database.
    ///
    /// # Errors
    /// When the database fails.
    pub fn read(&self) -> Result<Reading> {
        Reading::begin(&self.inner.shared)
    }

    /// Looks at an index. Writers wait meanwhile.
    pub fn index<T: Object, R>(&self, look: impl FnOnce(&Index<T>) -> R) -> R {
        let collection = self.inner.shared.collections.get::<T>();
        let index: RwLockReadGuard<'_, Index<T>> = collection.index.read();
        look(&index)
    }

    /// How many objects meet a filter.
    pub fn count<T: Object>(&self, filter: &Filter) -> u64 {
        self.index::<T, _>(|index| index.count(filter))
    }

    /// One page of the objects that meet a filter.
    pub fn page<T: Object>(&self, filter: &Filter, window: Window) -> Page {
        self.index::<T, _>(|index| index.page(filter, window))
    }

    /// Tells `observer` of every change to objects of a type, after the index moved and before its writer is
    /// answered. It must be quick, and must not write.
    pub fn observe<T: Object>(&self, observer: impl Fn(&[Changed<T>]) + Send + Sync + 'static) {
        self.inner.shared.collections.get::<T>().observers.write().push(Box::new(observer));
    }

    /// The last change that the indexes know.
    pub fn sequence(&self) -> u64 {
        self.inner.shared.applied.load(Ordering::Acquire)
    }

    /// Where an index differs from one built anew from the database, in words. Only meaningful while nobody writes.
    ///
    /// # Errors
    /// When the database fails.
    pub fn verify(&self) -> Result<Option<String>> {
        let shared = &self.inner.shared;
        for collection in shared.collections.all() {
            if let Some(difference) = collection.verify(&|| shared.connect())? {
                return Ok(Some(format!("{}: {difference}", collection.kind())));
            }
        }
        Ok(None)
    }

    /// Ends the store: writes that wait are done, its threads end, and a snapshot of the indexes is written.
    ///
    /// # Errors
    /// When the snapshot can't be written; nothing is lost then but time at the next start.
    pub fn close(&self) -> Result<()> {
        self.inner.shared.closing.store(true, Ordering::Release);
        drop(self.inner.queue.lock().take());
        let threads = std::mem::take(&mut *self.inner.threads.lock());
        if threads.is_empty() {
            return Ok(());
        }
        for thread in threads {
            let _ = thread.join();
        }
        crate::snapshots::write(&self.inner.shared)
    }
}
