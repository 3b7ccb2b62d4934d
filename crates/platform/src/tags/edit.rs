//! Making, changing and deleting tags (`contract/am.md 4.3 to 4.6`).

use std::collections::BTreeSet;

use qps::{Element, ServiceError};
use store::{Id, Job, Stored};

use super::membership::Tags;
use super::model::{RuleType, SystemTag, Tag, name_key};
use super::rules::{self, Rule};
use super::unknown;
use crate::assets::Provider;
use crate::{Call, Error, Permission, Result};

/// The longest name, in characters.
const LONGEST_NAME: usize = 1_024;
/// How deep a tree may be created in one call.
const DEEPEST: usize = 20;

/// What a request wants of a tag. What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Edit {
    /// The tag that an item in a list of children names.
    id: Option<Id<Tag>>,
    name: Option<String>,
    parent: Option<Option<Id<Tag>>>,
    color: Option<String>,
    rule_type: Option<RuleType>,
    rule_text: Option<String>,
    provider: Option<String>,
    criticality_score: Option<u8>,
    description: Option<String>,
    /// Children to make, keep or move here.
    put: Vec<Edit>,
    /// Children to delete, by id or name.
    remove: Vec<Edit>,
}

impl Edit {
    /// Reads `data`.
    pub(super) fn read(data: &Element) -> Result<Self> {
        Self::read_level(data, 0)
    }

    fn read_level(data: &Element, depth: usize) -> Result<Self> {
        if depth > DEEPEST {
            let message = format!("Data: The tags are nested deeper than {DEEPEST} levels.");
            return Err(Error::invalid(message, "Create the tree in several calls."));
        }
        let wire_id = |name: &str| -> Result<Option<Option<Id<Tag>>>> {
            let Some(number) = data.long(name)? else { return Ok(None) };
            if number == 0 {
                return Ok(Some(None));
            }
            let wanted = "a positive number";
            Id::from_wire(number).map(|id| Some(Some(id))).ok_or_else(|| {
                ServiceError::invalid_value(&data.field(name), &number.to_string(), wanted).into()
            })
        };
        let mut edit = Self {
            id: wire_id("id")?.flatten(),
            name: data.child("name").map(|name| name.text.trim().to_owned()),
            parent: wire_id("parentTagId")?,
            color: data.text("color").map(|color| checked_color(data, color)).transpose()?,
            rule_type: data.text("ruleType").map(|kind| checked_rule_type(data, kind)).transpose()?,
            rule_text: data.child("ruleText").map(|text| text.text.trim().to_owned()),
            provider: data.text("provider").map(|name| checked_provider(data, name)).transpose()?,
            criticality_score: data
                .int("criticalityScore")?
                .map(|score| checked_score(data, score))
                .transpose()?,
            description: data.child("description").map(|text| text.text.trim().to_owned()),
            put: Vec::new(),
            remove: Vec::new(),
        };
        if let Some(name) = &edit.name {
            check_name(data, name)?;
        }
        if let Some(children) = data.list_edit_mixed("children", &["TagSimple", "Tag"])? {
            let given = children.set.into_iter().flatten().chain(children.add).chain(children.update);
            edit.put = given.map(|child| Self::read_level(child, depth + 1)).collect::<Result<_>>()?;
            edit.remove = children
                .remove
                .into_iter()
                .map(|child| Self::read_level(child, depth + 1))
                .collect::<Result<_>>()?;
        }
        Ok(edit)
    }

    /// Rules need a permission of their own, and so do children.
    pub(super) fn demand_rights(&self, call: &Call) -> Result<()> {
        if self.rule_type.is_some_and(|kind| kind != RuleType::Static)
            || self.rule_text.as_ref().is_some_and(|text| !text.is_empty())
        {
            call.demand(Permission::ModifyDynamicTagRules)?;
        }
        if !self.put.is_empty() {
            call.demand(Permission::CreateUserTag)?;
        }
        if !self.remove.is_empty() {
            call.demand(Permission::DeleteUserTag)?;
        }
        self.put.iter().try_for_each(|child| child.demand_rights(call))
    }

    /// Writes what is given into a tag.
    fn merge(&self, tag: &mut Tag) {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        if let Some(name) = &self.name {
            tag.name.clone_from(name);
        }
        if let Some(parent) = self.parent {
            tag.parent = parent;
        }
        tag.color = self.color.clone().or_else(|| tag.color.take());
        tag.rule_type = self.rule_type.or(tag.rule_type);
        if let Some(rule) = &self.rule_text {
            tag.rule_text = text(rule);
        }
        tag.provider = self.provider.clone().or_else(|| tag.provider.take());
        tag.criticality_score = self.criticality_score.or(tag.criticality_score);
        if let Some(description) = &self.description {
            tag.description = text(description);
        }
    }
}

fn check_name(data: &Element, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(ServiceError::cannot_be_null(&data.field("name")).into());
    }
    if name.chars().count() > LONGEST_NAME {
        let wanted = format!("at most {LONGEST_NAME} characters");
        return Err(ServiceError::invalid_value(
            &data.field("name"),
            &name.chars().take(40).collect::<String>(),
            wanted,
        )
        .into());
    }
    Ok(())
}

fn checked_color(data: &Element, color: &str) -> Result<String> {
    let digits = color.strip_prefix('#').unwrap_or_default();
    if matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(color.to_owned());
    }
    Err(ServiceError::invalid_value(&data.field("color"), color, "#RGB or #RRGGBB").into())
}

fn checked_rule_type(data: &Element, name: &str) -> Result<RuleType> {
    RuleType::named(name).ok_or_else(|| {
        ServiceError::invalid_value(&data.field("ruleType"), name, RuleType::NAMES.join(", ")).into()
    })
}

fn checked_provider(data: &Element, name: &str) -> Result<String> {
    if Provider::named(name).is_some() || name == "Alibaba" {
        return Ok(name.to_owned());
    }
    let wanted = "EC2, AZURE, GCP, IBM, OCI, Alibaba";
    Err(ServiceError::invalid_value(&data.field("provider"), name, wanted).into())
}

fn checked_score(data: &Element, score: i32) -> Result<u8> {
    u8::try_from(score).ok().filter(|score| (1..=5).contains(score)).ok_or_else(|| {
        ServiceError::invalid_value(&data.field("criticalityScore"), &score.to_string(), "1 to 5").into()
    })
}

/// Creates a tag and the tree below it.
pub(super) fn create(call: &Call, job: &mut Job<'_>, edit: &Edit, below: Option<Id<Tag>>) -> Result<Id<Tag>> {
    if edit.name.is_none() {
        return Err(ServiceError::cannot_be_null("Tag.name").into());
    }
    let mut tag = Tag::new(String::new(), None, job.now());
    edit.merge(&mut tag);
    tag.parent = below.or(tag.parent);
    if tag.rule_type == Some(RuleType::AssetSearch) && tag.parent.is_none() {
        tag.parent = job.find::<Tag>(&format!("system:{}", SystemTag::AssetSearchTags.name()))?;
    }
    check_parent(job, None, tag.parent)?;
    check_name_is_free(job, None, &tag)?;
    check_rule(call.platform.tags(), None, &tag)?;
    let id = job.insert(tag)?;
    put_children(call, job, id, edit)?;
    Ok(id)
}

/// The tag after a change; children are made, moved and deleted in the same job.
pub(super) fn apply(call: &Call, job: &mut Job<'_>, old: &Stored<Tag>, edit: &Edit) -> Result<Tag> {
    let mut tag = old.object.clone();
    edit.merge(&mut tag);
    if let Some(system) = old.system
        && (tag.name != old.name
            || tag.parent != old.parent
            || tag.rule_type != old.rule_type
            || tag.rule_text != old.rule_text)
    {
        return Err(Error::invalid(
            format!(
                "Data: The tag '{}' belongs to the system; its name, parent and rule can't be changed.",
                system.name()
            ),
            "Change other members only, or create a tag of your own.",
        ));
    }
    if tag.parent != old.parent {
        check_parent(job, Some(old.id), tag.parent)?;
    }
    check_name_is_free(job, Some(old.id), &tag)?;
    check_rule(call.platform.tags(), Some(old.id), &tag)?;
    remove_children(call, job, old.id, edit)?;
    put_children(call, job, old.id, edit)?;
    if tag != old.object {
        tag.modified = job.now();
    }
    Ok(tag)
}

fn check_parent(job: &mut Job<'_>, own: Option<Id<Tag>>, parent: Option<Id<Tag>>) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut next = parent;
    while let Some(id) = next {
        if Some(id) == own || !seen.insert(id) {
            return Err(Error::invalid(
                format!("Data: Invalid value for 'Tag.parentTagId' ({id}): a tag can't stand below itself."),
                "Specify a tag that is not below this one.",
            ));
        }
        next = job.get(id)?.ok_or_else(|| unknown(&id.to_string()))?.parent;
    }
    Ok(())
}

fn check_name_is_free(job: &mut Job<'_>, own: Option<Id<Tag>>, tag: &Tag) -> Result<()> {
    match job.find::<Tag>(&name_key(tag.parent, &tag.name))? {
        Some(other) if Some(other) != own => Err(Error::invalid(
            format!("Data: A tag with that name already exists ('{}', id {other}).", tag.name),
            "Choose another name, or another parent tag.",
        )),
        _ => Ok(()),
    }
}

fn check_rule(tags: &Tags, own: Option<Id<Tag>>, tag: &Tag) -> Result<()> {
    let Rule::Filter(filter) = rules::compile(tag)? else { return Ok(()) };
    if tags.is_circular(own.map(Id::get), &tag.name, &filter) {
        return Err(Error::invalid(
            format!("Data: The rule of the tag '{}' selects by the tag itself.", tag.name),
            "Specify a rule that does not depend on the tag that has it.",
        ));
    }
    Ok(())
}

/// `set` and `add` alike: an item with an id moves that tag here, one with a name makes it or keeps the child of that
/// name (`contract/am.md 4.5`).
fn put_children(call: &Call, job: &mut Job<'_>, parent: Id<Tag>, edit: &Edit) -> Result<()> {
    for child in &edit.put {
        let existing = match (&child.id, &child.name) {
            (Some(id), _) => Some(*id),
            (None, Some(name)) => job.find::<Tag>(&name_key(Some(parent), name))?,
            (None, None) => return Err(ServiceError::cannot_be_null("Tag.children.name").into()),
        };
        let Some(id) = existing else {
            create(call, job, child, Some(parent))?;
            continue;
        };
        let old = job.get(id)?.ok_or_else(|| unknown(&id.to_string()))?;
        let moved = Edit { parent: Some(Some(parent)), ..child.clone() };
        let new = apply(call, job, &old, &moved)?;
        job.update(&old, new)?;
    }
    Ok(())
}

fn remove_children(call: &Call, job: &mut Job<'_>, parent: Id<Tag>, edit: &Edit) -> Result<()> {
    for child in &edit.remove {
        let found = match (&child.id, &child.name) {
            (Some(id), _) => Some(*id),
            (None, Some(name)) => job.find::<Tag>(&name_key(Some(parent), name))?,
            (None, None) => None,
        };
        let Some(id) = found else { continue };
        if let Some(tag) = job.get(id)?.filter(|tag| tag.parent == Some(parent)) {
            delete(call, job, &tag)?;
        }
    }
    Ok(())
}

/// Deletes a tag with everything below it. Assets and users may go on naming it: an id is never given twice, and one
/// that names no tag means nothing on an asset and selects nothing in a scope.
pub(super) fn delete(call: &Call, job: &mut Job<'_>, tag: &Stored<Tag>) -> Result<()> {
    let family = call.platform.tags().family(tag.id.get());
    for id in family.into_iter().chain([tag.id.get()]).collect::<BTreeSet<_>>() {
        let Some(member) = job.get(Id::<Tag>::new(id))? else { continue };
        if let Some(system) = member.system {
            return Err(Error::invalid(
                format!("The tag '{}' belongs to the system and can't be deleted.", system.name()),
                "Delete other tags only.",
            ));
        }
        job.delete(&member)?;
    }
    Ok(())
}
