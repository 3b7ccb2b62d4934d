//! What a write may do, inside its transaction.

use std::any::Any;

use jiff::Timestamp;
use query::Filter;
use roaring::RoaringBitmap;

use crate::backend::{Row, Session};
use crate::collection::{Pending, parse};
use crate::store::Collections;
use crate::{Change, ChangeKind, Error, Id, Kind, Object, Result, Stored, difference};

/// A transaction of one write. It sees what earlier writes did, and its own changes; nobody else sees these before
/// they are durable. If the write ends in an error, none of it happened.
pub struct Job<'a> {
    session: &'a mut dyn Session,
    collections: &'a Collections,
    author: &'a str,
    now: Timestamp,
    pub(crate) pending: Vec<(Kind, Pending)>,
    pub(crate) sequence: u64,
}

impl<'a> Job<'a> {
    pub(crate) fn new(
        session: &'a mut dyn Session,
        collections: &'a Collections,
        author: &'a str,
        now: Timestamp,
    ) -> Self {
        Self { session, collections, author, now, pending: Vec::new(), sequence: 0 }
    }

    /// The time of this write.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Reads an object.
    ///
    /// # Errors
    /// When the database fails.
    pub fn get<T: Object>(&mut self, id: Id<T>) -> Result<Option<Stored<T>>> {
        self.session.get(T::KIND, id.get())?.map(stored).transpose()
    }

    /// Finds the object that holds a unique key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find<T: Object>(&mut self, key: &str) -> Result<Option<Id<T>>> {
        Ok(self.session.find_key(T::KIND, key)?.map(Id::new))
    }

    /// The ids of the objects that met a filter before this transaction began. Whoever changes them reads them first
    /// ([`Job::get`]) and looks whether they still do.
    pub fn select<T: Object>(&self, filter: &Filter) -> RoaringBitmap {
        self.collections.get::<T>().index.read().select(filter).into_owned()
    }

    /// Stores a new object.
    ///
    /// # Errors
    /// [`Error::Taken`] when one of its keys is; else when the database fails.
    pub fn insert<T: Object>(&mut self, object: T) -> Result<Id<T>> {
        let id = self.session.next_id(T::KIND)?;
        self.claim::<T>(id, object.keys())?;
        let row = Row { id, version: 1, document: document(&object)? };
        self.session.insert(T::KIND, &row)?;
        self.log::<T>(id, ChangeKind::Created, "", &row.document)?;
        self.pending.push((T::KIND, (id, Box::new(Some(object)) as Box<dyn Any + Send>)));
        Ok(Id::new(id))
    }

    /// Replaces an object by a new state. Nothing is written when nothing changed.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody changed it since it was read; [`Error::Taken`] when a new key is; else when
    /// the database fails.
    pub fn update<T: Object>(&mut self, old: &Stored<T>, object: T) -> Result<()> {
        let id = old.id.get();
        let row = Row { id, version: old.version + 1, document: document(&object)? };
        if row.document == old.document {
            return Ok(());
        }
        let (before, after) = (old.object.keys(), object.keys());
        for key in before.iter().filter(|key| !after.contains(key)) {
            self.session.delete_key(T::KIND, key)?;
        }
        self.claim::<T>(id, after.into_iter().filter(|key| !before.contains(key)).collect())?;
        if !self.session.update(T::KIND, &row, old.version)? {
            return Err(Error::Conflict { kind: T::KIND.name(), id });
        }
        self.log::<T>(id, ChangeKind::Updated, &old.document, &row.document)?;
        self.pending.push((T::KIND, (id, Box::new(Some(object)) as Box<dyn Any + Send>)));
        Ok(())
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody changed it since it was read; else when the database fails.
    pub fn delete<T: Object>(&mut self, old: &Stored<T>) -> Result<()> {
        let id = old.id.get();
        if !self.session.delete(T::KIND, id, old.version)? {
            return Err(Error::Conflict { kind: T::KIND.name(), id });
        }
        for key in old.object.keys() {
            self.session.delete_key(T::KIND, &key)?;
        }
        self.log::<T>(id, ChangeKind::Deleted, &old.document, "")?;
        self.pending.push((T::KIND, (id, Box::new(None::<T>) as Box<dyn Any + Send>)));
        Ok(())
    }

    fn claim<T: Object>(&mut self, id: u32, keys: Vec<String>) -> Result<()> {
        for key in keys {
            if let Some(holder) = self.session.find_key(T::KIND, &key)? {
                return Err(Error::Taken { kind: T::KIND.name(), key, holder });
            }
            self.session.put_key(T::KIND, &key, id)?;
        }
        Ok(())
    }

    fn log<T: Object>(&mut self, id: u32, change: ChangeKind, before: &str, after: &str) -> Result<()> {
        let (before, after) = difference(before, after);
        let (author, kind) = (self.author.to_owned(), T::KIND.name().to_owned());
        let entry = Change { sequence: 0, at: self.now, author, kind, id, change, before, after };
        self.sequence = self.session.append(&entry)?;
        Ok(())
    }
}

fn document<T: Object>(object: &T) -> Result<String> {
    serde_json::to_string(object)
        .map_err(|error| Error::Corrupt(format!("a {} can't be written: {error}", T::KIND)))
}

pub(crate) fn stored<T: Object>(row: Row) -> Result<Stored<T>> {
    let object = parse(&row)?;
    Ok(Stored { id: Id::new(row.id), version: row.version, object, document: row.document })
}
