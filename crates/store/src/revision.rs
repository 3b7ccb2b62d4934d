//! A change of one object, worked out before its transaction: on its caller's thread, many at once, so that the one
//! thread that writes only has to write it.

use crate::index::Shift;
use crate::job::{document, keys_of};
use crate::{Object, Result, Stored, difference};

/// The new state of an object, ready to be written if its version is still the one that it was made from.
pub(crate) struct Revision<T> {
    pub(crate) old: Stored<T>,
    pub(crate) object: T,
    pub(crate) document: String,
    /// What the change log keeps: what went, and what came.
    pub(crate) gone: String,
    pub(crate) come: String,
    pub(crate) keys: Keys,
    pub(crate) shift: Shift,
}

/// The unique keys that a change gives back, and those that it claims.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) released: Vec<String>,
    pub(crate) claimed: Vec<String>,
}

impl Keys {
    pub(crate) fn between<T: Object>(before: &T, after: &T) -> Self {
        let (mut released, mut claimed) = (keys_of(before), keys_of(after));
        let kept: Vec<String> = released.iter().filter(|key| claimed.contains(key)).cloned().collect();
        released.retain(|key| !kept.contains(key));
        claimed.retain(|key| !kept.contains(key));
        Self { released, claimed }
    }
}

impl<T: Object> Revision<T> {
    /// `None` when nothing changes.
    pub(crate) fn new(old: Stored<T>, object: T) -> Result<Option<Self>> {
        let document = document(&object)?;
        if document == old.document {
            return Ok(None);
        }
        let (gone, come) = difference(&old.document, &document);
        let keys = Keys::between(&old.object, &object);
        let shift = Shift::between(T::fields(), &old.object, &object);
        Ok(Some(Self { old, object, document, gone, come, keys, shift }))
    }
}
