//! The port: what the store asks of a database. Two adapters stand behind it, and one conformance suite
//! (`tests/conformance.rs`) runs on both.
//!
//! A [`Session`] is one connection. Reading sessions see one consistent state between [`Session::begin_read`] and
//! [`Session::end`]; at most one writing session of all processes is between [`Session::begin_write`] and its end,
//! so sequences of the change log become visible in their order.

mod postgres;
mod sqlite;

use std::time::Duration;

use crate::{Change, Error, Kind, Result};

pub use self::postgres::Postgres;
pub use self::sqlite::Sqlite;

/// One stored object: its id, its version (1 for a new one) and its document (JSON).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The object's id in its kind.
    pub id: u32,
    /// Counts the writes of this object.
    pub version: u64,
    /// The object as JSON.
    pub document: String,
}

/// A database that can hold the store.
pub trait Backend: Send + Sync {
    /// Makes the tables of these kinds where they are missing.
    ///
    /// # Errors
    /// When the database can't be reached or was made by a newer version.
    fn prepare(&self, kinds: &[Kind]) -> Result<()>;

    /// A new connection.
    ///
    /// # Errors
    /// When the database can't be reached.
    fn connect(&self) -> Result<Box<dyn Session>>;

    /// Listens for writes by other processes from now on.
    ///
    /// # Errors
    /// When the database can't be reached.
    fn listen(&self) -> Result<Box<dyn Listener>>;
}

/// Hears when others write.
pub trait Listener: Send {
    /// Returns when another process may have written, or after the given time with `false`: then none has, as far as
    /// this could hear.
    ///
    /// # Errors
    /// When the database can't be reached; then this is of no use any more.
    fn wait(&mut self, at_most: Duration) -> Result<bool>;
}

/// One connection. Every call fails when the database does.
#[expect(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "the names say it; all fail only when the database does"
)]
pub trait Session: Send {
    fn begin_read(&mut self) -> Result<()>;
    fn begin_write(&mut self) -> Result<()>;
    fn savepoint(&mut self) -> Result<()>;
    /// Undoes everything since the savepoint, and keeps the transaction.
    fn undo(&mut self) -> Result<()>;
    fn release(&mut self) -> Result<()>;
    /// Makes everything durable: after this returns, no crash loses it.
    fn commit(&mut self) -> Result<()>;
    /// Ends a transaction without writing anything.
    fn end(&mut self) -> Result<()>;

    fn get(&mut self, kind: Kind, id: u32) -> Result<Option<Row>>;
    /// Those of these objects that exist, in the order of the ids.
    fn get_many(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<Row>>;
    /// Those of these ids that exist, ascending as they are given.
    fn existing(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<u32>>;
    /// Objects with ids above `after`, ascending.
    fn scan(&mut self, kind: Kind, after: u32, limit: usize) -> Result<Vec<Row>>;
    fn insert(&mut self, kind: Kind, row: &Row) -> Result<()>;
    /// Replaces the object if its version is `expected`; says whether it was.
    fn update(&mut self, kind: Kind, row: &Row, expected: u64) -> Result<bool>;
    /// Deletes the object if its version is `expected`; says whether it was.
    fn delete(&mut self, kind: Kind, id: u32, expected: u64) -> Result<bool>;
    /// The next free id of a kind; ids are never given twice.
    fn next_id(&mut self, kind: Kind) -> Result<u32> {
        self.next_ids(kind, 1)
    }
    /// The first of so many next free ids of a kind.
    fn next_ids(&mut self, kind: Kind, count: u32) -> Result<u32>;

    /// The object that holds a unique key.
    fn find_key(&mut self, kind: Kind, key: &str) -> Result<Option<u32>>;
    /// Claims a key. The caller looked before: in one transaction nobody comes between.
    fn put_key(&mut self, kind: Kind, key: &str, id: u32) -> Result<()>;
    fn delete_key(&mut self, kind: Kind, key: &str) -> Result<()>;

    /// Appends to the change log; gives the sequence.
    fn append(&mut self, change: &Change) -> Result<u64>;
    /// Changes with sequences above `after`, ascending.
    fn changes(&mut self, after: u64, limit: usize) -> Result<Vec<Change>>;
    /// The last sequence, 0 before the first change.
    fn last_sequence(&mut self) -> Result<u64>;

    /// Upkeep between writes that must not make a commit slow: for SQLite, moving the write-ahead log into the file.
    fn tidy(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Wraps a database's own error.
fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Database(Box::new(error))
}

/// A count or sequence as databases keep it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count or sequence as a database gave it.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// An id as a database gave it.
fn id(number: i64) -> Result<u32> {
    u32::try_from(number)
        .map_err(|_| Error::Corrupt(format!("the database holds an id out of range: {number}")))
}
