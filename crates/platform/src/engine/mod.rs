//! What all areas of the QPS API share: finding, counting, reading and changing the objects of a collection, written
//! once. An area says what its objects are ([`Resource`]) and how they change ([`Editable`], [`Creatable`]).

mod dialect;
mod read;
mod surface;
mod write;

pub(crate) use dialect::Dialect;
pub(crate) use read::{borrowed, check, count, get, is_in, search, selection, show, show_many};
pub(crate) use surface::Surface;
pub(crate) use write::{
    Targets, check_members, create, delete, delete_with, every, expect, ids_answer, targets, update,
};

use qps::{Element, ObjectWriter};
use query::{Filter, Matcher};
use store::{Job, Object, Stored};

use crate::{Call, Result};

/// Tells whether an object with this id meets a filter.
pub(crate) type Judge<'f, T> = Box<dyn Fn(u32, &T) -> bool + 'f>;

/// A kind of object as the wire shows it. Several may show the same stored objects (`HostAsset` and `Asset`).
pub(crate) trait Resource: 'static {
    /// The stored object.
    type Object: Object;
    /// The element of the wire.
    const NAME: &'static str;
    /// The schema of its answers, below `/qps/xsd/`.
    const SCHEMA: &'static str;
    /// The Criteria fields it takes, where it does not take all of the object's table.
    const CRITERIA: Option<&'static [&'static str]> = None;
    /// How its API reads criteria.
    const DIALECT: Dialect = Dialect::Strict;

    /// What the caller may see: a filter that [`Resource::resolve`] and [`Resource::judge`] understand.
    fn scope(call: &Call) -> Filter;

    /// Makes a filter ready to be answered: fixes its dates, and answers fields that other areas know.
    fn resolve(call: &Call, filter: Filter) -> Filter {
        filter.at(call.now)
    }

    /// The same question for objects one by one, as a write finds them, which may be newer than any index.
    fn judge<'f>(_: &'f Call, filter: &'f Filter) -> Judge<'f, Self::Object> {
        let matcher = Matcher::new(Self::Object::fields(), filter);
        Box::new(move |id, object| matcher.matches(id, object))
    }

    /// Writes an object's members.
    fn write(call: &Call, id: u32, object: &Self::Object, out: &mut ObjectWriter<'_>);

    /// Writes an object's members as a search shows them, where that is less. `verbose` as the caller prefers.
    fn write_found(call: &Call, id: u32, object: &Self::Object, verbose: bool, out: &mut ObjectWriter<'_>) {
        let _ = verbose;
        Self::write(call, id, object, out);
    }
}

/// A resource whose objects callers change and delete.
pub(crate) trait Editable: Resource {
    /// A change, read from a request and checked as far as it can be without the store.
    type Edit: Send + 'static;

    /// Reads a change from `data`.
    fn read_edit(call: &Call, data: &Element) -> Result<Self::Edit>;

    /// Looks up once what the change names, however many objects it then changes.
    fn prepare(_: &mut Job<'_>, _: &mut Self::Edit) -> Result<()> {
        Ok(())
    }

    /// Changes an object, and what goes with it.
    fn edit(call: &Call, job: &mut Job<'_>, old: &Stored<Self::Object>, edit: &Self::Edit) -> Result<()>;

    /// Deletes an object, and what goes with it.
    fn delete(_: &Call, job: &mut Job<'_>, old: &Stored<Self::Object>) -> Result<()> {
        Ok(job.delete(old)?)
    }
}

/// A resource whose objects callers create.
pub(crate) trait Creatable: Editable {
    /// Creates an object; gives its id.
    fn create(call: &Call, job: &mut Job<'_>, edit: &Self::Edit) -> Result<u32>;
}
