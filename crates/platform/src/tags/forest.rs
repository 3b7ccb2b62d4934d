//! The trees of tags, and which rule speaks of which tag.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use query::matcher::Prepared;
use query::{Dependency, FieldId, Filter, Kind, Test, ValueRef};
use store::{Id, Job};

use super::model::{RuleType, Tag};
use super::rules::{self, Rule};
use crate::Result;
use crate::assets::fields;

/// All tags, as far as trees and rules go.
#[derive(Clone, Default)]
pub(super) struct Forest {
    tags: BTreeMap<u32, Entry>,
}

/// What is kept of a tag.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) parent: Option<u32>,
    pub(super) criticality: Option<u8>,
    pub(super) rule: Option<Arc<Selection>>,
}

/// A rule made ready.
pub(super) struct Selection {
    pub(super) filter: Filter,
    pub(super) depends: Vec<Dependency>,
    /// Whether it speaks of tags, so that it must be looked at after them.
    pub(super) on_tags: bool,
    /// Whether it speaks of the present time.
    pub(super) relative: bool,
}

impl Selection {
    fn new(filter: Filter) -> Self {
        let mut depends = Vec::new();
        filter.visit(&mut |dependency| depends.push(dependency));
        let (on_tags, relative) = (speaks_of_tags(&filter), filter.is_relative());
        Self { filter, depends, on_tags, relative }
    }
}

/// Whether tags answer this field of assets.
pub(super) fn is_joined(field: FieldId) -> bool {
    [fields::TAG_NAME, fields::TAG_ID, fields::CRITICALITY].contains(&field)
}

/// Whether a filter over assets asks for their tags.
pub(super) fn speaks_of_tags(filter: &Filter) -> bool {
    let mut found = false;
    filter.visit(&mut |dependency| {
        found |= matches!(dependency, Dependency::Field(field) if is_joined(field));
    });
    found
}

impl Entry {
    /// A tag with its rule. One that can't be evaluated selects nothing.
    pub(super) fn of(tag: &Tag) -> Self {
        let rule = match rules::compile(tag) {
            Ok(Rule::Filter(filter)) => Some(filter),
            Ok(Rule::None) => None,
            Ok(Rule::NotEvaluable(why)) => {
                tracing::warn!(tag = tag.name, why, "a tag's rule is not evaluated");
                Some(Filter::none())
            }
            Err(error) => {
                tracing::warn!(tag = tag.name, %error, "a tag's rule is not understood any more; it selects nothing");
                Some(Filter::none())
            }
        };
        Self { rule: rule.map(|filter| Arc::new(Selection::new(filter))), ..Self::without_rule(tag) }
    }

    fn without_rule(tag: &Tag) -> Self {
        Self {
            name: tag.name.as_str().into(),
            parent: tag.parent.map(Id::get),
            criticality: tag.criticality_score,
            rule: None,
        }
    }

    fn meets(&self, field: FieldId, prepared: &Prepared<'_>, id: u32) -> bool {
        match field {
            fields::TAG_NAME => prepared.holds(ValueRef::Text(&self.name)),
            fields::TAG_ID => prepared.holds(ValueRef::Integer(id.into())),
            fields::CRITICALITY => self.criticality.is_some(),
            _ => false,
        }
    }
}

impl Forest {
    /// The tags as a write finds them. Rules that can't speak of tags are left out, since nobody asks for them here.
    pub(super) fn read(job: &mut Job<'_>) -> Result<Self> {
        let mut forest = Self::default();
        for id in job.select::<Tag>(&Filter::All) {
            if let Some(tag) = job.get(Id::<Tag>::new(id))? {
                forest.put_links(id, &tag);
            }
        }
        Ok(forest)
    }

    /// Puts a tag in, with its rule only if that may speak of tags.
    pub(super) fn put_links(&mut self, id: u32, tag: &Tag) {
        let links = matches!(tag.rule_type, Some(RuleType::GlobalAssetView | RuleType::CloudAsset));
        self.put(id, if links { Entry::of(tag) } else { Entry::without_rule(tag) });
    }

    pub(super) fn put(&mut self, id: u32, entry: Entry) {
        self.tags.insert(id, entry);
    }

    pub(super) fn remove(&mut self, id: u32) {
        self.tags.remove(&id);
    }

    pub(super) fn get(&self, id: u32) -> Option<&Entry> {
        self.tags.get(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Entry)> {
        self.tags.iter().map(|(id, entry)| (*id, entry))
    }

    /// These tags and all below them.
    pub(super) fn below(&self, roots: BTreeSet<u32>) -> BTreeSet<u32> {
        let mut family = roots;
        loop {
            let is_child = |entry: &Entry| entry.parent.is_some_and(|parent| family.contains(&parent));
            let children = self.iter().filter(|(id, entry)| !family.contains(id) && is_child(entry));
            let more: Vec<u32> = children.map(|(id, _)| id).collect();
            if more.is_empty() {
                return family;
            }
            family.extend(more);
        }
    }

    /// The tags that a test of one of the fields that tags answer means.
    pub(super) fn meeting(&self, field: FieldId, test: &Test) -> BTreeSet<u32> {
        let prepared =
            Prepared::new(test, if field == fields::TAG_NAME { Kind::Text } else { Kind::Integer });
        self.iter().filter(|(id, entry)| entry.meets(field, &prepared, *id)).map(|(id, _)| id).collect()
    }

    /// The tags that a filter speaks of.
    pub(super) fn mentioned(&self, filter: &Filter) -> BTreeSet<u32> {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().flat_map(|part| self.mentioned(part)).collect()
            }
            Filter::Not(inner) => self.mentioned(inner),
            Filter::Field(field, test) if is_joined(*field) => self.meeting(*field, test),
            _ => BTreeSet::new(),
        }
    }

    /// The tags of which a tag's rule speaks.
    fn needs(&self, id: u32) -> BTreeSet<u32> {
        let rule = self.get(id).and_then(|entry| entry.rule.as_ref());
        rule.map(|rule| self.mentioned(&rule.filter)).unwrap_or_default()
    }

    /// These tags, those that their rules speak of, those that the rules of these speak of, and so on.
    pub(super) fn closure(&self, tags: BTreeSet<u32>) -> BTreeSet<u32> {
        let (mut seen, mut next) = (BTreeSet::new(), tags);
        while let Some(id) = next.pop_first() {
            if seen.insert(id) {
                next.extend(self.needs(id).difference(&seen));
            }
        }
        seen
    }

    /// Whether a tag's rule selects by the tag itself, directly or through the rules of other tags.
    pub(super) fn is_circular(&self, id: u32) -> bool {
        self.closure(self.needs(id)).contains(&id)
    }

    /// The tags with rules, each after those that its rule speaks of. Tags in a circle, which no tag may be in, stand
    /// in the order of their ids.
    pub(super) fn order(&self) -> Vec<u32> {
        let ruled: BTreeSet<u32> =
            self.iter().filter(|(_, entry)| entry.rule.is_some()).map(|(id, _)| id).collect();
        let (mut order, mut placed) = (Vec::with_capacity(ruled.len()), BTreeSet::new());
        let mut waiting: Vec<(u32, BTreeSet<u32>)> =
            ruled.iter().map(|id| (*id, &self.needs(*id) & &ruled)).collect();
        while !waiting.is_empty() {
            let ready = waiting.iter().position(|(_, needs)| needs.is_subset(&placed)).unwrap_or(0);
            let (id, _) = waiting.remove(ready);
            placed.insert(id);
            order.push(id);
        }
        order
    }
}
