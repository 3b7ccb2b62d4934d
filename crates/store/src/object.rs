//! What the store holds.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;

use query::Fields;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Kind;

/// An object that the store can hold. Its serde form is a promise to the files of all earlier versions: new members
/// need a default.
pub trait Object: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name of its kind.
    const KIND: Kind;

    /// What may be asked of it.
    fn fields() -> &'static Fields<Self>;

    /// Keys that no other object of this kind may have at the same time.
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The id of an object of one kind: the wire's 64-bit ids stay below 2^32 here, since bitmaps hold them.
pub struct Id<T>(u32, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// An id.
    pub const fn new(id: u32) -> Self {
        Self(id, PhantomData)
    }

    /// An id as a wire may carry it; `None` when no object can have it.
    pub fn from_wire(id: i64) -> Option<Self> {
        u32::try_from(id).ok().filter(|id| *id > 0).map(Self::new)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Self::new)
    }
}

/// An object as it was read: with its id and version. Reads as the object itself.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// Its id.
    pub id: Id<T>,
    /// Counts its writes; 1 for a new one.
    pub version: u64,
    /// The object.
    pub object: T,
    /// The document it was read from.
    pub(crate) document: String,
}

impl<T> Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.object
    }
}
