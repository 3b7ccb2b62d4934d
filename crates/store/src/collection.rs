//! All objects of one kind, as the store keeps them in memory: the index, and whoever follows its changes.

use std::any::Any;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use parking_lot::RwLock;
use roaring::RoaringBitmap;

use crate::backend::{Row, Session};
use crate::index::{Shift, SnapshotError};
use crate::{Error, Index, Kind, Object, Progress, Result, Touched};

/// How many rows are read at once while an index is built.
const CHUNK: usize = 500;

/// How many objects are read to see whether a snapshot is right.
const SAMPLE: u64 = 100;

/// What a write did to one object, as observers are told.
#[derive(Debug)]
pub struct Changed<T> {
    /// Its id.
    pub id: u32,
    /// Its state now; none when it was deleted.
    pub object: Option<T>,
    /// The fields and lists that answer differently now.
    pub touched: Touched,
}

/// Called after the index moved and before the writers are answered.
pub(crate) type Observer<T> = Box<dyn Fn(&[Changed<T>]) + Send + Sync>;

pub(crate) struct Collection<T: Object> {
    pub(crate) index: RwLock<Index<T>>,
    pub(crate) observers: RwLock<Vec<Observer<T>>>,
}

/// A change to the index that waits for its commit: the object's id and its [`Move`].
pub(crate) type Pending = (u32, Box<dyn Any + Send>);

/// What a write makes of an object.
pub(crate) enum Move<T> {
    /// Its state now; none when it was deleted.
    To(Option<T>),
    /// Its state before and now, and what is different.
    Between(Box<(T, Shift)>, T),
}

impl<T: Object> Move<T> {
    /// Its state now.
    pub(crate) fn object(&self) -> Option<&T> {
        match self {
            Move::To(object) => object.as_ref(),
            Move::Between(_, object) => Some(object),
        }
    }
}

/// A collection whose type of object is known to its caller only.
pub(crate) trait AnyCollection: Send + Sync {
    fn kind(&self) -> Kind;
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    /// Takes in committed changes, in their order.
    fn apply(&self, pending: Vec<Pending>);
    /// Takes in what another process committed: the present documents of these ids, which ascend.
    fn refresh(&self, ids: &[u32], session: &mut dyn Session) -> Result<()>;
    /// Builds the index anew.
    fn rebuild(
        &self,
        connect: &dyn Fn() -> Result<Box<dyn Session>>,
        progress: &dyn Fn(Progress),
    ) -> Result<()>;
    /// Whether the index says of some of the objects what they say themselves, in a state that both know.
    fn agrees(&self, session: &mut dyn Session) -> Result<bool>;
    fn write_snapshot(&self, out: &mut dyn Write) -> Result<(), SnapshotError>;
    fn read_snapshot(&self, input: &mut dyn Read) -> Result<(), SnapshotError>;
    /// Where the index differs from one built anew.
    fn verify(&self, connect: &dyn Fn() -> Result<Box<dyn Session>>) -> Result<Option<String>>;
}

impl<T: Object> Collection<T> {
    pub(crate) fn new() -> Self {
        Self { index: RwLock::new(Index::new(T::fields())), observers: RwLock::default() }
    }

    fn take(&self, changes: Vec<(u32, Move<T>)>) {
        let mut index = self.index.write();
        let put = |(id, change)| match change {
            Move::To(object) => {
                let touched = index.put(id, object.as_ref());
                Changed { id, object, touched }
            }
            Move::Between(old, object) => {
                let (before, shift) = *old;
                let touched = index.revise(id, &before, &object, &shift);
                Changed { id, object: Some(object), touched }
            }
        };
        let changed: Vec<_> = changes.into_iter().map(put).collect();
        drop(index);
        for observer in self.observers.read().iter() {
            // The write is durable already: what an observer makes of it is no concern of the writer.
            if catch_unwind(AssertUnwindSafe(|| observer(&changed))).is_err() {
                tracing::error!(kind = %T::KIND, "an observer of changes panicked");
            }
        }
    }
}

impl<T: Object> AnyCollection for Collection<T> {
    fn kind(&self) -> Kind {
        T::KIND
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn apply(&self, pending: Vec<Pending>) {
        let typed =
            pending.into_iter().filter_map(|(id, change)| Some((id, *change.downcast::<Move<T>>().ok()?)));
        self.take(typed.collect());
    }

    fn refresh(&self, ids: &[u32], session: &mut dyn Session) -> Result<()> {
        for chunk in ids.chunks(CHUNK) {
            let rows = session.get_many(T::KIND, chunk)?;
            let present = rows.iter().map(|row| Ok((row.id, Move::To(Some(parse(row)?)))));
            let mut changes: Vec<(u32, Move<T>)> = present.collect::<Result<_>>()?;
            let gone = chunk.iter().filter(|id| rows.binary_search_by_key(*id, |row| row.id).is_err());
            changes.extend(gone.map(|id| (*id, Move::To(None))));
            self.take(changes);
        }
        Ok(())
    }

    fn rebuild(
        &self,
        connect: &dyn Fn() -> Result<Box<dyn Session>>,
        progress: &dyn Fn(Progress),
    ) -> Result<()> {
        *self.index.write() = build::<T>(connect, progress)?;
        Ok(())
    }

    fn agrees(&self, session: &mut dyn Session) -> Result<bool> {
        let mut index = self.index.write();
        let ids = sample(index.ids());
        let rows = session.get_many(T::KIND, &ids)?;
        if rows.len() < ids.len() {
            return Ok(false);
        }
        for row in rows {
            if !index.put(row.id, Some(&parse(&row)?)).is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write_snapshot(&self, mut out: &mut dyn Write) -> Result<(), SnapshotError> {
        self.index.read().write(&mut out)
    }

    fn read_snapshot(&self, mut input: &mut dyn Read) -> Result<(), SnapshotError> {
        *self.index.write() = Index::read(T::fields(), &mut input)?;
        Ok(())
    }

    fn verify(&self, connect: &dyn Fn() -> Result<Box<dyn Session>>) -> Result<Option<String>> {
        let anew = build::<T>(connect, &|_| {})?;
        Ok(self.index.read().difference(&anew))
    }
}

/// The first and the last id, and some between.
fn sample(ids: &RoaringBitmap) -> Vec<u32> {
    let last = ids.len().saturating_sub(1);
    let places = SAMPLE.min(ids.len());
    let place = |at: u64| u32::try_from(last * at / (places - 1).max(1)).ok();
    (0..places).filter_map(|at| ids.select(place(at)?)).collect()
}

/// Builds an index from the store: one thread reads and parses, this one indexes.
fn build<T: Object>(
    connect: &dyn Fn() -> Result<Box<dyn Session>>,
    progress: &dyn Fn(Progress),
) -> Result<Index<T>> {
    let mut session = connect()?;
    let mut index = Index::new(T::fields());
    let mut done = 0;
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Result<Vec<(u32, T)>>>(4);
        scope.spawn(move || {
            let mut after = 0;
            loop {
                let rows = session.scan(T::KIND, after, CHUNK);
                let last = rows.as_ref().ok().and_then(|rows| rows.last()).map(|row| row.id);
                let parsed = rows.and_then(|rows| rows.iter().map(|row| Ok((row.id, parse(row)?))).collect());
                let over = last.is_none() || parsed.is_err();
                if send.send(parsed).is_err() || over {
                    return;
                }
                after = last.unwrap_or(after);
            }
        });
        for chunk in receive {
            let chunk = chunk?;
            done += chunk.len() as u64;
            for (id, object) in chunk {
                index.put(id, Some(&object));
            }
            progress(Progress { kind: T::KIND, done });
        }
        Ok(index)
    })
}

/// Reads a document.
pub(crate) fn parse<T: Object>(row: &Row) -> Result<T> {
    serde_json::from_str(&row.document)
        .map_err(|error| Error::Corrupt(format!("{} {} can't be read: {error}", T::KIND, row.id)))
}
