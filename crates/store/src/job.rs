//! What a write may do, inside its transaction.

use std::any::Any;
use std::collections::HashSet;

use jiff::Timestamp;
use query::{Filter, Matcher};
use roaring::RoaringBitmap;

use crate::backend::{Row, Session};
use crate::collection::{Move, Pending, parse};
use crate::revision::{Keys, Revision};
use crate::store::Collections;
use crate::{Change, ChangeKind, Error, Id, Kind, Object, Result, Stored, difference};

/// A transaction of one write. It sees what earlier writes did, and its own changes; nobody else sees these before
/// they are durable. If the write ends in an error, none of it happened.
pub struct Job<'a> {
    session: &'a mut dyn Session,
    collections: &'a Collections,
    author: &'a str,
    now: Timestamp,
    /// What earlier writes of the same transaction changed, which the indexes do not know yet.
    earlier: &'a [(Kind, Pending)],
    pending: Vec<(Kind, Pending)>,
    sequence: u64,
    /// Why the database failed it, if it did: then none of it may stay, whatever the write makes of that.
    failure: Option<Error>,
}

/// What a write leaves for its commit.
pub(crate) struct Outcome {
    pub(crate) pending: Vec<(Kind, Pending)>,
    /// The last sequence that it wrote.
    pub(crate) sequence: u64,
    pub(crate) failure: Option<Error>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(
        session: &'a mut dyn Session,
        collections: &'a Collections,
        author: &'a str,
        now: Timestamp,
        earlier: &'a [(Kind, Pending)],
    ) -> Self {
        Self { session, collections, author, now, earlier, pending: Vec::new(), sequence: 0, failure: None }
    }

    pub(crate) fn finish(self) -> Outcome {
        Outcome { pending: self.pending, sequence: self.sequence, failure: self.failure }
    }

    /// Asks the database, and remembers if it fails.
    fn ask<R>(&mut self, call: impl FnOnce(&mut dyn Session) -> Result<R>) -> Result<R> {
        call(self.session).inspect_err(|error| self.failure = Some(error.repeated()))
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
        self.ask(|session| session.get(T::KIND, id.get()))?.map(stored).transpose()
    }

    /// Finds the object that holds a unique key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find<T: Object>(&mut self, key: &str) -> Result<Option<Id<T>>> {
        Ok(self.ask(|session| session.find_key(T::KIND, key))?.map(Id::new))
    }

    /// The ids of the objects that meet a filter with fixed dates, as this write and those before it left them.
    pub fn select<T: Object>(&self, filter: &Filter) -> RoaringBitmap {
        let mut found = self.collections.get::<T>().index.read().select(filter).into_owned();
        let matcher = Matcher::new(T::fields(), filter);
        for (id, change) in self.unpublished::<T>() {
            if change.object().is_some_and(|object| matcher.matches(id, object)) {
                found.insert(id);
            } else {
                found.remove(id);
            }
        }
        found
    }

    /// Changes that the index does not know yet, oldest first.
    fn unpublished<T: Object>(&self) -> impl Iterator<Item = (u32, &Move<T>)> {
        let own = self.earlier.iter().chain(&self.pending).filter(|(kind, _)| *kind == T::KIND);
        own.filter_map(|(_, (id, change))| Some((*id, change.downcast_ref::<Move<T>>()?)))
    }

    /// Stores a new object.
    ///
    /// # Errors
    /// [`Error::Taken`] when one of its keys is; else when the database fails.
    pub fn insert<T: Object>(&mut self, object: T) -> Result<Id<T>> {
        self.insert_new(None, object)
    }

    /// Stores a new object under the id that an object of another kind was given: for kinds whose ids mean the same,
    /// so that a set of the one is a set of the other. A kind has either such ids or its own.
    ///
    /// # Errors
    /// As [`Job::insert`]; [`Error::Conflict`] when there is an object with this id.
    pub fn insert_as<T: Object>(&mut self, id: Id<T>, object: T) -> Result<()> {
        if self.ask(|session| session.get(T::KIND, id.get()))?.is_some() {
            return Err(Error::Conflict { kind: T::KIND.name(), id: id.get() });
        }
        self.insert_new(Some(id.get()), object).map(drop)
    }

    /// Stores new objects, many at once: those whose keys are free. Gives back the others.
    ///
    /// # Errors
    /// When the database fails.
    pub fn insert_free<T: Object>(&mut self, objects: Vec<T>) -> Result<Vec<T>> {
        let (mut free, mut others, mut claimed) = (Vec::new(), Vec::new(), HashSet::new());
        for object in objects {
            let keys = keys_of(&object);
            if keys.iter().any(|key| claimed.contains(key)) || self.holder::<T>(&keys)?.is_some() {
                others.push(object);
                continue;
            }
            claimed.extend(keys.iter().cloned());
            free.push((keys, object));
        }
        let spent = || Error::Corrupt(format!("the ids of the kind {} are spent", T::KIND));
        let count = u32::try_from(free.len()).map_err(|_| spent())?;
        if count > 0 {
            let mut id = self.ask(|session| session.next_ids(T::KIND, count))?;
            for (keys, object) in free {
                self.put_new(id, &keys, object)?;
                id = id.checked_add(1).ok_or_else(spent)?;
            }
        }
        Ok(others)
    }

    fn insert_new<T: Object>(&mut self, id: Option<u32>, object: T) -> Result<Id<T>> {
        let keys = keys_of(&object);
        self.require_free::<T>(&keys)?;
        let id = match id {
            Some(id) => id,
            None => self.ask(|session| session.next_id(T::KIND))?,
        };
        self.put_new(id, &keys, object)?;
        Ok(Id::new(id))
    }

    fn put_new<T: Object>(&mut self, id: u32, keys: &[String], object: T) -> Result<()> {
        let row = Row { id, version: 1, document: document(&object)? };
        self.ask(|session| session.insert(T::KIND, &row))?;
        self.claim::<T>(id, keys)?;
        self.log::<T>(id, ChangeKind::Created, String::from("{}"), row.document)?;
        self.note(id, Move::To(Some(object)));
        Ok(())
    }

    /// Replaces an object by a new state. Nothing is written when nothing changed.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody changed it since it was read; [`Error::Taken`] when a new key is; else when
    /// the database fails.
    pub fn update<T: Object>(&mut self, old: &Stored<T>, object: T) -> Result<()> {
        let id = old.id.get();
        let row = Row { id, version: old.version + 1, document: document(&object)? };
        let conflict = Error::Conflict { kind: T::KIND.name(), id };
        if row.document == old.document {
            let now = self.ask(|session| session.get(T::KIND, id))?.map(|row| row.version);
            return if now == Some(old.version) { Ok(()) } else { Err(conflict) };
        }
        let (gone, come) = difference(&old.document, &row.document);
        let keys = Keys::between(&old.object, &object);
        self.replace::<T>(&row, old.version, &keys, gone, come)?;
        self.note(id, Move::To(Some(object)));
        Ok(())
    }

    /// Writes a revision; says whether it could. If not, somebody changed this object meanwhile or holds its new key:
    /// its caller finds out by looking again.
    pub(crate) fn revise<T: Object>(&mut self, revision: Revision<T>) -> Result<bool> {
        let Revision { old, object, document, gone, come, keys, shift } = revision;
        let row = Row { id: old.id.get(), version: old.version + 1, document };
        match self.replace::<T>(&row, old.version, &keys, gone, come) {
            Err(Error::Conflict { .. } | Error::Taken { .. }) => return Ok(false),
            other => other?,
        }
        self.note(row.id, Move::Between(Box::new((old.object, shift)), object));
        Ok(true)
    }

    fn replace<T: Object>(
        &mut self,
        row: &Row,
        expected: u64,
        keys: &Keys,
        gone: String,
        come: String,
    ) -> Result<()> {
        self.require_free::<T>(&keys.claimed)?;
        if !self.ask(|session| session.update(T::KIND, row, expected))? {
            return Err(Error::Conflict { kind: T::KIND.name(), id: row.id });
        }
        self.release::<T>(&keys.released)?;
        self.claim::<T>(row.id, &keys.claimed)?;
        self.log::<T>(row.id, ChangeKind::Updated, gone, come)
    }

    /// Remembers what the index has to learn after the commit.
    fn note<T: Object>(&mut self, id: u32, change: Move<T>) {
        self.pending.push((T::KIND, (id, Box::new(change) as Box<dyn Any + Send>)));
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody changed it since it was read; else when the database fails.
    pub fn delete<T: Object>(&mut self, old: &Stored<T>) -> Result<()> {
        let id = old.id.get();
        if !self.ask(|session| session.delete(T::KIND, id, old.version))? {
            return Err(Error::Conflict { kind: T::KIND.name(), id });
        }
        self.release::<T>(&keys_of(&old.object))?;
        self.log::<T>(id, ChangeKind::Deleted, old.document.clone(), String::from("{}"))?;
        self.note(id, Move::<T>::To(None));
        Ok(())
    }

    /// Looks before anything is written, so that a write may go on after a refusal and leaves nothing half done.
    fn require_free<T: Object>(&mut self, keys: &[String]) -> Result<()> {
        match self.holder::<T>(keys)? {
            Some((key, holder)) => Err(Error::Taken { kind: T::KIND.name(), key, holder }),
            None => Ok(()),
        }
    }

    /// The first of these keys that somebody holds, and who.
    fn holder<T: Object>(&mut self, keys: &[String]) -> Result<Option<(String, u32)>> {
        for key in keys {
            if let Some(holder) = self.ask(|session| session.find_key(T::KIND, key))? {
                return Ok(Some((key.clone(), holder)));
            }
        }
        Ok(None)
    }

    fn claim<T: Object>(&mut self, id: u32, keys: &[String]) -> Result<()> {
        keys.iter().try_for_each(|key| self.ask(|session| session.put_key(T::KIND, key, id)))
    }

    fn release<T: Object>(&mut self, keys: &[String]) -> Result<()> {
        keys.iter().try_for_each(|key| self.ask(|session| session.delete_key(T::KIND, key)))
    }

    fn log<T: Object>(&mut self, id: u32, change: ChangeKind, before: String, after: String) -> Result<()> {
        let (author, kind) = (self.author.to_owned(), T::KIND.name().to_owned());
        let entry = Change { sequence: 0, at: self.now, author, kind, id, change, before, after };
        self.sequence = self.ask(|session| session.append(&entry))?;
        Ok(())
    }
}

/// The keys of an object, each once.
pub(crate) fn keys_of<T: Object>(object: &T) -> Vec<String> {
    let mut keys = object.keys();
    keys.sort_unstable();
    keys.dedup();
    keys
}

pub(crate) fn document<T: Object>(object: &T) -> Result<String> {
    serde_json::to_string(object)
        .map_err(|error| Error::Corrupt(format!("a {} can't be written: {error}", T::KIND)))
}

pub(crate) fn stored<T: Object>(row: Row) -> Result<Stored<T>> {
    let object = parse(&row)?;
    Ok(Stored { id: Id::new(row.id), version: row.version, object, document: row.document })
}
