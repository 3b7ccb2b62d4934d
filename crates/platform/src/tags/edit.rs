//! Making, changing and deleting tags (`contract/am.md 4.3 to 4.6`).

use std::collections::BTreeSet;

use qps::ServiceError;
use query::{Filter, Test, Value};
use store::{Id, Job, Stored};

use super::forest::{Forest, speaks_of_tags};
use super::model::{PARENT, RuleType, SystemTag, Tag, name_key};
use super::request::Edit;
use super::rules::{self, Rule};
use super::unknown;
use crate::{Call, Error, Permission, Result};

/// One write to tags. Each step is in the store before the next one looks.
pub(super) struct Editor<'c, 'w, 's> {
    call: &'c Call,
    job: &'w mut Job<'s>,
    /// The tags as they are by now; read when first asked for.
    forest: Option<Forest>,
}

impl<'c, 'w, 's> Editor<'c, 'w, 's> {
    pub(super) fn new(call: &'c Call, job: &'w mut Job<'s>) -> Self {
        Self { call, job, forest: None }
    }

    /// Creates a tag and the tree below it.
    pub(super) fn create(&mut self, edit: &Edit, below: Option<Id<Tag>>) -> Result<Id<Tag>> {
        if edit.name.is_none() {
            return Err(ServiceError::cannot_be_null("Tag.name").into());
        }
        let mut tag = Tag::new(String::new(), None, self.job.now());
        edit.merge(&mut tag);
        tag.parent = below.or(tag.parent);
        if tag.rule_type == Some(RuleType::AssetSearch) && tag.parent.is_none() {
            tag.parent = self.job.find::<Tag>(&format!("system:{}", SystemTag::AssetSearchTags.name()))?;
        }
        self.check(None, &tag)?;
        let id = self.job.insert(tag.clone())?;
        self.note(id, Some(&tag));
        self.put_children(id, edit)?;
        Ok(id)
    }

    /// Changes a tag; its children are made, moved and deleted with it.
    pub(super) fn change(&mut self, old: &Stored<Tag>, edit: &Edit) -> Result<()> {
        let mut tag = old.object.clone();
        edit.merge(&mut tag);
        if let Some(system) = old.system
            && (tag.name != old.name || tag.parent != old.parent || tag.rule() != old.rule())
        {
            return Err(Error::invalid(
                format!(
                    "Data: The tag '{}' belongs to the system; its name, parent and rule can't be changed.",
                    system.name()
                ),
                "Change other members only, or create a tag of your own.",
            ));
        }
        if tag != old.object {
            self.check(Some(old), &tag)?;
            tag.modified = self.job.now();
            self.job.update(old, tag.clone())?;
            self.note(old.id, Some(&tag));
        }
        self.remove_children(old.id, edit)?;
        self.put_children(old.id, edit)
    }

    /// Deletes a tag with everything below it. Assets and users may go on naming it: an id is never given twice, and
    /// one that names no tag means nothing on an asset and selects nothing in a scope.
    pub(super) fn delete(&mut self, tag: &Stored<Tag>) -> Result<()> {
        let mut next = vec![tag.id.get()];
        while let Some(id) = next.pop() {
            let below = Test::Equals(Value::Integer(id.into()));
            next.extend(self.job.select::<Tag>(&Filter::Field(PARENT, below)));
            let Some(member) = self.job.get(Id::<Tag>::new(id))? else { continue };
            if let Some(system) = member.system {
                return Err(Error::invalid(
                    format!("The tag '{}' belongs to the system and can't be deleted.", system.name()),
                    "Delete other tags only.",
                ));
            }
            if member.is_dynamic() {
                self.call.demand(Permission::ModifyDynamicTagRules)?;
            }
            self.refuse_if_deciding(id, &member)?;
            self.job.delete(&member)?;
            self.note(member.id, None);
        }
        Ok(())
    }

    /// Everything that must be true of a tag before it is written.
    fn check(&mut self, old: Option<&Stored<Tag>>, tag: &Tag) -> Result<()> {
        if old.is_none_or(|old| old.parent != tag.parent) {
            self.check_parent(old.map(|old| old.id), tag.parent)?;
        }
        self.check_name_is_free(old.map(|old| old.id), tag)?;
        self.check_rule(old, tag)?;
        self.check_scope(old, tag)
    }

    fn check_parent(&mut self, own: Option<Id<Tag>>, parent: Option<Id<Tag>>) -> Result<()> {
        let mut seen = BTreeSet::new();
        let mut next = parent;
        while let Some(id) = next {
            if Some(id) == own || !seen.insert(id) {
                let shown = parent.map(|parent| parent.to_string()).unwrap_or_default();
                return Err(Error::invalid(
                    format!(
                        "Data: Invalid value for field 'Tag.parentTagId' ({shown}): a tag can't stand below itself."
                    ),
                    "Specify a tag that is not below this one.",
                ));
            }
            next = self.job.get(id)?.ok_or_else(|| unknown(&id.to_string()))?.parent;
        }
        Ok(())
    }

    fn check_name_is_free(&mut self, own: Option<Id<Tag>>, tag: &Tag) -> Result<()> {
        match self.job.find::<Tag>(&name_key(tag.parent, &tag.name))? {
            Some(other) if Some(other) != own => Err(Error::invalid(
                format!("Data: A tag with that name already exists ('{}', id {other}).", tag.name),
                "Choose another name, or another parent tag.",
            )),
            _ => Ok(()),
        }
    }

    /// A rule must be one of its type, whoever changes it must be allowed to, and it must not select by the tag that
    /// has it.
    fn check_rule(&mut self, old: Option<&Stored<Tag>>, tag: &Tag) -> Result<()> {
        let was_dynamic = old.is_some_and(|old| old.is_dynamic());
        if (was_dynamic || tag.is_dynamic()) && old.is_none_or(|old| old.rule() != tag.rule()) {
            self.call.demand(Permission::ModifyDynamicTagRules)?;
        }
        let Rule::Filter(filter) = rules::compile(tag)? else { return Ok(()) };
        if !speaks_of_tags(&filter) {
            return Ok(());
        }
        let own = old.map_or(NEW, |old| old.id.get());
        let mut after = self.forest()?.clone();
        after.put_links(own, tag);
        if after.is_circular(own) {
            return Err(Error::invalid(
                format!("Data: The rule of the tag '{}' selects by the tag itself.", tag.name),
                "Specify a rule that does not depend on the tag that has it.",
            ));
        }
        Ok(())
    }

    /// A caller who sees a part of the assets must not change which part that is. A new tag without a rule marks
    /// nothing yet, so it may stand anywhere.
    fn check_scope(&mut self, old: Option<&Stored<Tag>>, tag: &Tag) -> Result<()> {
        let Some(scope) = self.call.caller.scope.clone() else { return Ok(()) };
        let (own, decides) = match old {
            Some(old) if old.decides_as(tag) => return Ok(()),
            None if !tag.is_dynamic() => return Ok(()),
            Some(old) => (old.id.get(), self.deciding(&scope)?.contains(&old.id.get())),
            None => (NEW, false),
        };
        let mut after = self.forest()?.clone();
        after.put_links(own, tag);
        if decides || after.closure(after.below(ids(&scope))).contains(&own) {
            return Err(decides_scope(&tag.name));
        }
        Ok(())
    }

    fn refuse_if_deciding(&mut self, id: u32, tag: &Tag) -> Result<()> {
        match self.call.caller.scope.clone() {
            Some(scope) if self.deciding(&scope)?.contains(&id) => Err(decides_scope(&tag.name)),
            _ => Ok(()),
        }
    }

    /// The tags on which it depends what a scope holds.
    fn deciding(&mut self, scope: &[Id<Tag>]) -> Result<BTreeSet<u32>> {
        let forest = self.forest()?;
        Ok(forest.closure(forest.below(ids(scope))))
    }

    fn forest(&mut self) -> Result<&Forest> {
        let forest = match self.forest.take() {
            Some(forest) => forest,
            None => Forest::read(self.job)?,
        };
        Ok(self.forest.insert(forest))
    }

    /// Keeps the forest, if it was read, true.
    fn note(&mut self, id: Id<Tag>, tag: Option<&Tag>) {
        match (&mut self.forest, tag) {
            (Some(forest), Some(tag)) => forest.put_links(id.get(), tag),
            (Some(forest), None) => forest.remove(id.get()),
            (None, _) => {}
        }
    }

    /// `set` and `add` alike: an item with an id moves that tag here, one with a name makes it or keeps the child of
    /// that name (`contract/am.md 4.5`).
    fn put_children(&mut self, parent: Id<Tag>, edit: &Edit) -> Result<()> {
        for child in &edit.put {
            let existing = match (&child.id, &child.name) {
                (Some(id), _) => Some(*id),
                (None, Some(name)) => self.job.find::<Tag>(&name_key(Some(parent), name))?,
                (None, None) => return Err(ServiceError::cannot_be_null("Tag.children.name").into()),
            };
            let Some(id) = existing else {
                self.create(child, Some(parent))?;
                continue;
            };
            self.call.demand(Permission::EditUserTag)?;
            let old = self.job.get(id)?.ok_or_else(|| unknown(&id.to_string()))?;
            self.change(&old, &child.below(parent))?;
        }
        Ok(())
    }

    fn remove_children(&mut self, parent: Id<Tag>, edit: &Edit) -> Result<()> {
        for child in &edit.remove {
            let found = match (&child.id, &child.name) {
                (Some(id), _) => Some(*id),
                (None, Some(name)) => self.job.find::<Tag>(&name_key(Some(parent), name))?,
                (None, None) => None,
            };
            let Some(id) = found else { continue };
            if let Some(tag) = self.job.get(id)?.filter(|tag| tag.parent == Some(parent)) {
                self.delete(&tag)?;
            }
        }
        Ok(())
    }
}

/// Stands for a tag that has no id yet.
const NEW: u32 = 0;

fn ids(tags: &[Id<Tag>]) -> BTreeSet<u32> {
    tags.iter().map(|tag| tag.get()).collect()
}

fn decides_scope(name: &str) -> Error {
    ServiceError::new(
        qps::ResponseCode::Unauthorized,
        format!("The tag '{name}' decides which assets are in your scope, so you can't change it."),
        "Ask a user with full scope to make this change.",
    )
    .into()
}
