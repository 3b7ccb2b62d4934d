//! The operations on the catalog (`contract/was.md 4.4`).

use qps::{Element, ObjectWriter, ServiceError};
use query::{Filter, Test, Value};
use store::{Job, Stored};

use super::fields::ASSET;
use super::model::{Entry, Status};
use super::{subscribe, update, wire};
use crate::comments::{Author, NewComments};
use crate::engine::{self, Dialect, Editable, Resource, Surface, check_members};
use crate::operation::State::Done;
use crate::{Call, Error, Operation, Permission, Result, assets};

pub(super) const SCHEMA: &str = "3.0/was/catalog.xsd";
const CATALOG: Surface = Surface { version: "3.0", module: "was", object: "catalog", schema: SCHEMA };

/// The entries of the operation table.
pub(crate) const OPERATIONS: &[Operation] = &[
    CATALOG.get(
        Permission::CatalogAccess,
        engine::get::<Entries>,
        Done("an_entry_is_shown_with_its_comments_as_in_the_sample"),
    ),
    CATALOG.search(
        Permission::CatalogAccess,
        engine::search::<Entries>,
        Done("entries_are_found_by_address_as_in_the_sample"),
    ),
    CATALOG.count(
        Permission::CatalogAccess,
        engine::count::<Entries>,
        Done("entries_are_counted_with_and_without_a_filter"),
    ),
    CATALOG.update(
        Permission::CatalogEntryUpdate,
        engine::update::<Entries>,
        Done("an_entry_is_changed_as_in_the_sample"),
    ),
    CATALOG.delete(
        Permission::CatalogEntryDelete,
        engine::delete::<Entries>,
        Done("entries_are_deleted_as_in_the_sample_and_by_filter"),
    ),
    CATALOG.act_on_all(
        "updateEntries",
        Permission::CatalogUpdate,
        update::update_entries,
        Done("the_catalog_is_made_of_the_latest_results"),
    ),
    Operation {
        schema: crate::VERSION_SCHEMA,
        ..CATALOG.act(
            "addToSubscription",
            Permission::CatalogEntryAdd,
            subscribe::add_to_subscription,
            Done("entries_become_web_applications_as_in_the_sample"),
        )
    },
];

/// The resource `Catalog`.
pub(super) struct Entries;

impl Resource for Entries {
    type Object = Entry;
    const NAME: &'static str = "Catalog";
    const SCHEMA: &'static str = SCHEMA;
    const DIALECT: Dialect = Dialect::Lenient;

    fn scope(call: &Call) -> Filter {
        match assets::visible(call) {
            None => Filter::All,
            Some(visible) => {
                Filter::Field(ASSET, Test::In(visible.iter().map(|id| Value::Integer(id.into())).collect()))
            }
        }
    }

    fn write(_: &Call, id: u32, entry: &Entry, out: &mut ObjectWriter<'_>) {
        wire::write(id, entry, true, out);
    }

    fn write_found(_: &Call, id: u32, entry: &Entry, _: bool, out: &mut ObjectWriter<'_>) {
        wire::write(id, entry, false, out);
    }
}

/// What a request wants of an entry.
pub(super) struct Edit {
    status: Option<Status>,
    comments: NewComments,
}

/// The members of `Catalog`, those that only answers have included.
const MEMBERS: &[&str] = &[
    "id",
    "ipAddress",
    "port",
    "operatingSystem",
    "source",
    "fqdn",
    "netbiosName",
    "status",
    "comments",
    "createdDate",
    "updatedDate",
    "updatedBy",
];

impl Editable for Entries {
    type Edit = Edit;

    fn read_edit(_: &Call, data: &Element) -> Result<Edit> {
        check_members(data, MEMBERS)?;
        let wanted = "Values expected: NEW, ROGUE, APPROVED, IGNORED.";
        let status = data.typed("status", wanted, Status::named)?;
        if status == Some(Status::InSubscription) {
            let wanted = format!("{wanted} A web application is made by addToSubscription.");
            return Err(ServiceError::invalid_value("Catalog.status", "IN_SUBSCRIPTION", wanted).into());
        }
        let comments = NewComments::read(data)?;
        if status.is_none() && comments.is_empty() {
            return Err(Error::invalid(
                "Data: The request changes nothing of the catalog entry.",
                "Specify a status, or comments to add; other members can't be changed.",
            ));
        }
        Ok(Edit { status, comments })
    }

    fn edit(call: &Call, job: &mut Job<'_>, old: &Stored<Entry>, edit: &Edit) -> Result<()> {
        let (author, now) = (Author::of(call, job)?, job.now());
        let mut new = old.object.clone();
        new.status = edit.status.unwrap_or(new.status);
        edit.comments.add_to(&mut new.comments, &author, now)?;
        new.updated = now;
        new.updated_by = Some(author);
        Ok(job.update(old, new)?)
    }
}
