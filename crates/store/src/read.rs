//! Reading objects from one consistent state of the database.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::backend::Session;
use crate::job::stored;
use crate::store::Shared;
use crate::{Id, Object, Result, Stored};

/// Connections that wait for the next reader.
pub(crate) struct Pool {
    idle: Mutex<Vec<Box<dyn Session>>>,
}

/// More idle connections than this are closed.
const IDLE: usize = 8;

impl Pool {
    pub(crate) fn new() -> Self {
        Self { idle: Mutex::default() }
    }
}

/// One consistent state of the database. Writes go on beside it and are not seen by it.
pub struct Reading {
    shared: Arc<Shared>,
    /// None only while it is being dropped.
    session: Option<Box<dyn Session>>,
}

impl Reading {
    /// Begins to read. A connection that broke while it waited is replaced.
    pub(crate) fn begin(shared: &Arc<Shared>) -> Result<Self> {
        let idle = shared.pool.idle.lock().pop();
        if let Some(mut session) = idle
            && session.begin_read().is_ok()
        {
            return Ok(Self { shared: shared.clone(), session: Some(session) });
        }
        let mut session = shared.connect()?;
        session.begin_read()?;
        Ok(Self { shared: shared.clone(), session: Some(session) })
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

    /// The change log after a sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes(&mut self, after: u64, limit: usize) -> Result<Vec<crate::Change>> {
        self.session()?.changes(after, limit)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        if session.end().is_ok() {
            let mut idle = self.shared.pool.idle.lock();
            if idle.len() < IDLE {
                idle.push(session);
            }
        }
    }
}
