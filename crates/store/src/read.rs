//! Reading objects from one consistent state of the database.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::backend::Session;
use crate::job::stored;
use crate::store::Shared;
use crate::{Id, Object, Result, Stored};

/// Connections that wait for the next reader.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Connections>);

#[derive(Default)]
struct Connections {
    idle: Vec<Box<dyn Session>>,
    /// Those that a reader left: still in its transaction.
    left: Vec<Box<dyn Session>>,
    closed: bool,
}

/// More idle connections than this are closed.
const IDLE: usize = 8;

impl Pool {
    /// A connection that begins to read now.
    fn begin(&self, shared: &Shared) -> Result<Box<dyn Session>> {
        while let Some(mut session) = self.take() {
            // One that broke while it waited is dropped.
            if session.end().is_ok() && session.begin_read().is_ok() {
                return Ok(session);
            }
        }
        let mut session = shared.connect()?;
        session.begin_read()?;
        Ok(session)
    }

    fn take(&self) -> Option<Box<dyn Session>> {
        let mut connections = self.0.lock();
        connections.left.pop().or_else(|| connections.idle.pop())
    }

    /// Takes a connection as its reader leaves it; gives it back if this is closed.
    fn leave(&self, session: Box<dyn Session>) -> Option<Box<dyn Session>> {
        let mut connections = self.0.lock();
        if connections.closed {
            return Some(session);
        }
        connections.left.push(session);
        None
    }

    /// Ends the transactions that readers left. Old states that nobody reads must not be kept for long.
    pub(crate) fn tidy(&self) {
        let left = std::mem::take(&mut self.0.lock().left);
        for mut session in left {
            if session.end().is_ok() {
                self.put_back(session);
            }
        }
    }

    /// Takes a connection that is in no transaction.
    fn put_back(&self, session: Box<dyn Session>) {
        let mut connections = self.0.lock();
        if !connections.closed && connections.idle.len() < IDLE {
            connections.idle.push(session);
        }
    }

    /// Closes all connections, and those that come back later.
    pub(crate) fn close(&self) {
        let closed = Connections { closed: true, ..Connections::default() };
        let open = std::mem::replace(&mut *self.0.lock(), closed);
        drop(open);
    }
}

/// One consistent state of the database. Writes go on beside it and are not seen by it.
pub struct Reading {
    pool: Arc<Pool>,
    /// None only while it is being dropped.
    session: Option<Box<dyn Session>>,
}

impl Reading {
    pub(crate) fn begin(shared: &Shared) -> Result<Self> {
        let session = shared.pool.begin(shared)?;
        Ok(Self { pool: shared.pool.clone(), session: Some(session) })
    }

    fn session(&mut self) -> Result<&mut dyn Session> {
        match &mut self.session {
            Some(session) => Ok(session.as_mut()),
            None => Err(crate::Error::Closed),
        }
    }

    /// Reads an object.
    ///
    /// # Errors
    /// When the database fails.
    pub fn get<T: Object>(&mut self, id: Id<T>) -> Result<Option<Stored<T>>> {
        self.session()?.get(T::KIND, id.get())?.map(stored).transpose()
    }

    /// Reads those of these objects that exist, in the order of the ids.
    ///
    /// # Errors
    /// When the database fails.
    pub fn get_many<T: Object>(&mut self, ids: &[u32]) -> Result<Vec<Stored<T>>> {
        self.session()?.get_many(T::KIND, ids)?.into_iter().map(stored).collect()
    }

    /// Those of these ids that exist in this state. An index may be a moment ahead of it or behind it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn existing<T: Object>(&mut self, ids: &[u32]) -> Result<Vec<u32>> {
        self.session()?.existing(T::KIND, ids)
    }

    /// Finds the object that holds a unique key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find<T: Object>(&mut self, key: &str) -> Result<Option<Id<T>>> {
        Ok(self.session()?.find_key(T::KIND, key)?.map(Id::new))
    }

    /// Ends the reading at once, where its end may wait for the database: an old state that is kept keeps SQLite's log
    /// from beginning anew.
    pub(crate) fn close(mut self) {
        let Some(mut session) = self.session.take() else { return };
        if session.end().is_ok() {
            self.pool.put_back(session);
        }
    }

    /// The change log after a sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes(&mut self, after: u64, limit: usize) -> Result<Vec<crate::Change>> {
        self.session()?.changes(after, limit)
    }
}

impl Drop for Reading {
    /// Only leaves the connection to others: whoever drops an answer that it streamed may be on a thread that must not
    /// wait for a database.
    fn drop(&mut self) {
        if let Some(session) = self.session.take()
            && let Some(session) = self.pool.leave(session)
        {
            let closing = std::thread::Builder::new().spawn(move || drop(session));
            drop(closing);
        }
    }
}
