//! A database for a test, of either sort, that can be made to fail.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::backend::{Backend, Listener, Postgres, Row, Session, Sqlite};
use store::{Change, Clock, Error, FixedClock, Id, Job, Kind, Object, Options, Result, Store, StoreBuilder};
use testkit::postgres::Database;

use crate::objects::{Host, Note};

/// Runs one test on each database.
macro_rules! both_databases {
    ($name:ident, |$base:ident| $body:block) => {
        mod $name {
            use super::*;

            fn holds($base: &crate::support::Base) $body

            #[test]
            fn on_sqlite() {
                holds(&crate::support::Base::sqlite());
            }

            #[test]
            fn on_postgres() {
                holds(&crate::support::Base::postgres());
            }
        }
    };
}
pub(crate) use both_databases;

/// A database, and a directory for what belongs to it.
pub(crate) struct Base {
    pub(crate) database: Option<Database>,
    directory: tempfile::TempDir,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Arc<FixedClock>,
}

impl Base {
    fn new(database: Option<Database>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new("2026-03-09T10:00:00Z".parse().unwrap()));
        Self { database, directory, faults: Arc::default(), clock }
    }

    pub(crate) fn sqlite() -> Self {
        Self::new(None)
    }

    pub(crate) fn postgres() -> Self {
        Self::new(Some(Database::create()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn backend(&self) -> Faulty {
        let inner: Arc<dyn Backend> = match &self.database {
            Some(database) => Arc::new(Postgres::new(database.url()).unwrap()),
            None => Arc::new(Sqlite::new(self.path("store"))),
        };
        Faulty { inner, faults: self.faults.clone() }
    }

    pub(crate) fn options(&self) -> Options {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Options { clock, snapshot: Some(self.path("index")), ..Options::default() }
    }

    pub(crate) fn builder(&self, options: Options) -> StoreBuilder {
        StoreBuilder::new(self.backend(), options).hold::<Host>().hold::<Note>()
    }

    pub(crate) fn open(&self) -> Store {
        self.builder(self.options()).open(&|_| {}).unwrap()
    }

    /// Another process on the same database, as far as the store can tell.
    pub(crate) fn open_node(&self, name: &str) -> Store {
        let options = Options { snapshot: Some(self.path(name)), ..self.options() };
        self.builder(options).open(&|_| {}).unwrap()
    }

    /// Opens the store; says too whether its indexes were built anew.
    pub(crate) fn open_watched(&self) -> (Store, bool) {
        let rebuilt = AtomicU64::new(0);
        let store = self.builder(self.options()).open(&|_| {
            rebuilt.fetch_add(1, Ordering::Relaxed);
        });
        (store.unwrap(), rebuilt.into_inner() > 0)
    }
}

/// Writes one host.
pub(crate) fn insert(store: &Store, host: Host) -> Id<Host> {
    store.write_blocking("ann", move |job| job.insert(host)).unwrap()
}

/// Changes one object; `Ok(false)` when there is none.
pub(crate) fn change<T: Object>(
    store: &Store,
    id: Id<T>,
    change: impl FnOnce(&mut T) + Send + 'static,
) -> Result<bool> {
    store.write_blocking("ann", move |job| {
        let Some(old) = job.get(id)? else { return Ok(false) };
        let mut new = old.object.clone();
        change(&mut new);
        job.update(&old, new)?;
        Ok(true)
    })
}

pub(crate) fn delete<T: Object>(job: &mut Job<'_>, id: Id<T>) -> Result<()> {
    let old = job.get(id)?.expect("the object exists");
    job.delete(&old)
}

/// All hosts, by name, as the database has them.
pub(crate) fn hosts(store: &Store) -> Vec<(String, i64)> {
    let ids: Vec<u32> = store.index::<Host, _>(|index| index.ids().iter().collect());
    let mut reading = store.read().unwrap();
    let mut found: Vec<_> = reading
        .get_many::<Host>(&ids)
        .unwrap()
        .into_iter()
        .map(|host| (host.object.name, host.object.hits))
        .collect();
    found.sort();
    found
}

/// The indexes are those that the objects make.
pub(crate) fn assert_sound(store: &Store) {
    assert_eq!(store.verify().unwrap(), None);
}

/// When a call to the database shall fail.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    calls: AtomicU64,
    commits: AtomicU64,
    /// The number of the call that fails; 0 for none.
    fail_at: AtomicU64,
    /// Whether the call that fails is made all the same, so that only its answer is lost.
    after: std::sync::atomic::AtomicBool,
}

impl Faults {
    /// Lets the call that comes so many calls from now fail (1 for the next).
    pub(crate) fn fail(&self, from_now: u64, after: bool) {
        self.after.store(after, Ordering::SeqCst);
        self.fail_at.store(self.calls.load(Ordering::SeqCst) + from_now, Ordering::SeqCst);
    }

    /// Lets no call fail any more; says whether one was still to.
    pub(crate) fn relent(&self) -> bool {
        self.fail_at.swap(0, Ordering::SeqCst) > self.calls.load(Ordering::SeqCst)
    }

    /// How many commits were made.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    fn call<R>(&self, call: impl FnOnce() -> Result<R>) -> Result<R> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if number != self.fail_at.load(Ordering::SeqCst) {
            return call();
        }
        if self.after.load(Ordering::SeqCst) {
            call()?;
        }
        Err(Error::Database("made to fail by the test".into()))
    }
}

/// A database that fails when it is told to.
pub(crate) struct Faulty {
    inner: Arc<dyn Backend>,
    faults: Arc<Faults>,
}

impl Backend for Faulty {
    fn prepare(&self, kinds: &[Kind]) -> Result<()> {
        self.inner.prepare(kinds)
    }

    fn connect(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(FaultySession {
            inner: self.inner.connect()?,
            faults: self.faults.clone(),
            writes: false,
        }))
    }

    fn listen(&self) -> Result<Box<dyn Listener>> {
        self.inner.listen()
    }
}

/// Only writing transactions are made to fail: their calls come in an order that a test can count.
struct FaultySession {
    inner: Box<dyn Session>,
    faults: Arc<Faults>,
    writes: bool,
}

impl FaultySession {
    fn call<R>(&mut self, call: impl FnOnce(&mut dyn Session) -> Result<R>) -> Result<R> {
        let inner = self.inner.as_mut();
        if self.writes { self.faults.call(|| call(inner)) } else { call(inner) }
    }
}

impl Session for FaultySession {
    fn begin_read(&mut self) -> Result<()> {
        self.writes = false;
        self.inner.begin_read()
    }

    fn begin_write(&mut self) -> Result<()> {
        self.writes = true;
        self.call(|inner| inner.begin_write())
    }

    fn savepoint(&mut self) -> Result<()> {
        self.call(|inner| inner.savepoint())
    }

    fn undo(&mut self) -> Result<()> {
        self.call(|inner| inner.undo())
    }

    fn release(&mut self) -> Result<()> {
        self.call(|inner| inner.release())
    }

    fn commit(&mut self) -> Result<()> {
        self.faults.commits.fetch_add(1, Ordering::SeqCst);
        self.call(|inner| inner.commit())
    }

    fn end(&mut self) -> Result<()> {
        self.call(|inner| inner.end())
    }

    fn get(&mut self, kind: Kind, id: u32) -> Result<Option<Row>> {
        self.call(|inner| inner.get(kind, id))
    }

    fn get_many(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<Row>> {
        self.call(|inner| inner.get_many(kind, ids))
    }

    fn existing(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<u32>> {
        self.call(|inner| inner.existing(kind, ids))
    }

    fn scan(&mut self, kind: Kind, after: u32, limit: usize) -> Result<Vec<Row>> {
        self.call(|inner| inner.scan(kind, after, limit))
    }

    fn insert(&mut self, kind: Kind, row: &Row) -> Result<()> {
        self.call(|inner| inner.insert(kind, row))
    }

    fn update(&mut self, kind: Kind, row: &Row, expected: u64) -> Result<bool> {
        self.call(|inner| inner.update(kind, row, expected))
    }

    fn delete(&mut self, kind: Kind, id: u32, expected: u64) -> Result<bool> {
        self.call(|inner| inner.delete(kind, id, expected))
    }

    fn next_ids(&mut self, kind: Kind, count: u32) -> Result<u32> {
        self.call(|inner| inner.next_ids(kind, count))
    }

    fn find_key(&mut self, kind: Kind, key: &str) -> Result<Option<u32>> {
        self.call(|inner| inner.find_key(kind, key))
    }

    fn put_key(&mut self, kind: Kind, key: &str, id: u32) -> Result<()> {
        self.call(|inner| inner.put_key(kind, key, id))
    }

    fn delete_key(&mut self, kind: Kind, key: &str) -> Result<()> {
        self.call(|inner| inner.delete_key(kind, key))
    }

    fn append(&mut self, change: &Change) -> Result<u64> {
        self.call(|inner| inner.append(change))
    }

    fn changes(&mut self, after: u64, limit: usize) -> Result<Vec<Change>> {
        self.call(|inner| inner.changes(after, limit))
    }

    fn last_sequence(&mut self) -> Result<u64> {
        self.call(|inner| inner.last_sequence())
    }

    fn tidy(&mut self) -> Result<()> {
        self.inner.tidy()
    }
}
