//! The operations on tags (`contract/am.md 4`).

use qps::{Element, ObjectWriter};
use query::Filter;
use store::{Job, Stored};

use super::edit::Editor;
use super::model::Tag;
use super::request::Edit;
use super::wire;
use crate::engine::{self, Creatable, Editable, Resource, Surface, ids_answer};
use crate::operation::State::Done;
use crate::{Answer, Call, Input, Operation, Permission, Result};

const SCHEMA: &str = "2.0/am/tag.xsd";
const TAG: Surface = Surface { version: "2.0", module: "am", object: "tag", schema: SCHEMA };

/// The entries of the operation table.
pub(crate) const OPERATIONS: &[Operation] = &[
    TAG.get(Permission::ReadTag, engine::get::<Tags>, Done("a_tag_is_created_read_changed_and_deleted")),
    TAG.search(Permission::ReadTag, engine::search::<Tags>, Done("tags_are_found_by_every_documented_field")),
    TAG.count(Permission::ReadTag, engine::count::<Tags>, Done("tags_are_found_by_every_documented_field")),
    TAG.create(Permission::CreateUserTag, engine::create::<Tags>, Done("a_tag_tree_is_created_in_one_call")),
    TAG.update(Permission::EditUserTag, update, Done("a_tag_is_created_read_changed_and_deleted")),
    TAG.delete(Permission::DeleteUserTag, engine::delete::<Tags>, Done("a_tag_goes_with_its_children")),
    TAG.act("evaluate", Permission::ReadTag, evaluate, Done("evaluate_counts_the_tags_it_looked_at")),
];

/// The resource `Tag`.
pub(super) struct Tags;

impl Resource for Tags {
    type Object = Tag;
    const NAME: &'static str = "Tag";
    const SCHEMA: &'static str = SCHEMA;

    /// Every user of the subscription sees all tags (`contract/am.md 2`).
    fn scope(_: &Call) -> Filter {
        Filter::All
    }

    fn write(call: &Call, id: u32, tag: &Tag, out: &mut ObjectWriter<'_>) {
        wire::write(id, tag, &call.platform.tags().children(id), out);
    }
}

impl Editable for Tags {
    type Edit = Edit;

    fn read_edit(call: &Call, data: &Element) -> Result<Edit> {
        let edit = Edit::read(data)?;
        edit.demand_rights(call)?;
        Ok(edit)
    }

    fn edit(call: &Call, job: &mut Job<'_>, old: &Stored<Tag>, edit: &Edit) -> Result<()> {
        Editor::new(call, job).change(old, edit)
    }

    fn delete(call: &Call, job: &mut Job<'_>, old: &Stored<Tag>) -> Result<()> {
        Editor::new(call, job).delete(old)
    }
}

impl Creatable for Tags {
    fn create(call: &Call, job: &mut Job<'_>, edit: &Edit) -> Result<u32> {
        Ok(Editor::new(call, job).create(edit, None)?.get())
    }
}

/// `update/am/tag[/{id}]`; a client names the tag inside `data` instead of the URL (`contract/am.md 4.4`).
fn update(call: &Call, mut input: Input) -> Result<Answer> {
    if input.id.is_none() && input.request.criteria().is_empty() {
        input.id = match &input.request.data {
            Some(data) => data.id("id")?,
            None => None,
        };
    }
    engine::update::<Tags>(call, input)
}

/// `evaluate/am/tag[/{id}]`: looks again at the rules of the tags that meet the filter, or that `data` describes
/// (`contract/am.md 4.6`). Rules are always up to date here, so this changes nothing but proves it.
fn evaluate(call: &Call, mut input: Input) -> Result<Answer> {
    if let Some(data) = &input.request.data {
        engine::expect::<Tags>(data)?;
        let described = ["name", "ruleType"].iter().filter_map(|field| Some((*field, data.text(field)?)));
        let more: Vec<_> =
            described.map(|(field, value)| qps::Criterion::new(field, "EQUALS", value)).collect();
        input.request.filters.get_or_insert_default().extend(more);
    }
    let filter = engine::selection::<Tags>(call, &input.request)?;
    let mut ids: Vec<u32> = call.store().index::<Tag, _>(|index| index.select(&filter).iter().collect());
    if let Some(id) = input.id {
        let exists =
            u32::try_from(id).is_ok_and(|id| call.store().index::<Tag, _>(|index| index.ids().contains(id)));
        if !exists {
            return Err(qps::ServiceError::not_found("Tag", id).into());
        }
        ids.retain(|one| u64::from(*one) == id);
    }
    call.platform.tags().evaluate_again(&ids, call.now);
    Ok(ids_answer(SCHEMA, "Tag", ids))
}
