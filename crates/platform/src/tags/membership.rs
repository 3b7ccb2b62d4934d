//! Which assets have which tags: those put by hand stand in the asset and its index, those by rule are kept here as
//! sets of ids. Derived, never stored: made at start, and kept true with every write, before its writer is answered.
//!
//! Only the store's writer thread and [`Tags::tick`] change this; `turn` lets one of them at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use query::matcher::{Matcher, Prepared};
use query::{Dependency, FieldId, Filter, Kind, Test, Value, ValueRef};
use roaring::{MultiOps, RoaringBitmap};
use store::{Changed, Clock, Id, Object, Store};

use super::model::Tag;
use super::rules::{self, Rule};
use crate::Result;
use crate::assets::{Asset, fields};

/// The criticality of an asset without any scored tag (`contract/am.md 4.1`).
const DEFAULT_CRITICALITY: u8 = 2;

/// A tag's id and name, as assets show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagName {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: Arc<str>,
}

/// All tags, and who has them.
pub struct Tags {
    store: Store,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    turn: Mutex<()>,
}

#[derive(Default)]
struct State {
    tags: BTreeMap<u32, Entry>,
    /// Tags with rules, each after the tags that its rule speaks of.
    order: Vec<u32>,
}

#[derive(Clone)]
struct Entry {
    name: Arc<str>,
    parent: Option<u32>,
    criticality: Option<u8>,
    rule: Option<Arc<Selection>>,
    /// The assets that the rule selects.
    members: RoaringBitmap,
}

/// A rule made ready.
struct Selection {
    filter: Filter,
    depends: Vec<Dependency>,
    /// Whether it speaks of tags, so that it must be looked at after them.
    on_tags: bool,
    /// Whether it speaks of the present time.
    relative: bool,
}

impl Selection {
    fn new(filter: Filter) -> Self {
        let mut depends = Vec::new();
        filter.visit(&mut |dependency| depends.push(dependency));
        let joined =
            |dependency: &Dependency| matches!(dependency, Dependency::Field(field) if is_joined(*field));
        let (on_tags, relative) = (depends.iter().any(joined), filter.is_relative());
        Self { filter, depends, on_tags, relative }
    }
}

fn is_joined(field: FieldId) -> bool {
    [fields::TAG_NAME, fields::TAG_ID, fields::CRITICALITY].contains(&field)
}

impl Tags {
    /// No tags yet; [`Tags::load`] reads them.
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, state: RwLock::default(), turn: Mutex::default() }
    }

    /// Reads all tags and works out who has them.
    pub(crate) fn load(&self) -> Result<()> {
        let ids: Vec<u32> = self.store.index::<Tag, _>(|index| index.ids().iter().collect());
        let tags = self.store.read()?.get_many::<Tag>(&ids)?;
        let _turn = self.turn.lock();
        let entries = tags.iter().map(|tag| (tag.id.get(), self.entry(tag))).collect();
        *self.state.write() = State { tags: entries, order: Vec::new() };
        self.reorder();
        self.evaluate(&self.rules(|_, _| true), self.clock.now());
        Ok(())
    }

    fn entry(&self, tag: &Tag) -> Entry {
        let rule = match rules::compile(tag) {
            Ok(Rule::Filter(filter)) => Some(Arc::new(Selection::new(filter))),
            Ok(Rule::None) => None,
            Ok(Rule::NotEvaluable(why)) => {
                tracing::warn!(tag = tag.name, why, "a tag's rule is not evaluated");
                Some(Arc::new(Selection::new(Filter::none())))
            }
            Err(error) => {
                tracing::warn!(tag = tag.name, %error, "a tag's rule is not understood any more; it selects nothing");
                Some(Arc::new(Selection::new(Filter::none())))
            }
        };
        Entry {
            name: tag.name.as_str().into(),
            parent: tag.parent.map(Id::get),
            criticality: tag.criticality_score,
            rule,
            members: RoaringBitmap::new(),
        }
    }

    /// Follows changes of tags.
    pub(crate) fn tags_changed(&self, changes: &[Changed<Tag>]) {
        let _turn = self.turn.lock();
        let mut fresh = BTreeSet::new();
        for change in changes {
            let entry = change.object.as_ref().map(|tag| self.entry(tag));
            let mut state = self.state.write();
            match entry {
                Some(entry) => {
                    fresh.insert(change.id);
                    state.tags.insert(change.id, entry);
                }
                None => {
                    state.tags.remove(&change.id);
                }
            }
        }
        self.reorder();
        self.evaluate(&self.rules(|id, rule| fresh.contains(&id) || rule.on_tags), self.clock.now());
    }

    /// Follows changes of assets.
    pub(crate) fn assets_changed(&self, changes: &[Changed<Asset>]) {
        let _turn = self.turn.lock();
        let now = self.clock.now();
        let rules = self.rules(|_, _| true);
        let retagged = |change: &Changed<Asset>| change.touched.has(Dependency::Field(fields::STATIC_TAGS));
        for (id, rule) in rules {
            let concerned: Vec<_> = changes
                .iter()
                .filter(|change| {
                    change.object.is_none()
                        || rule.depends.iter().any(|dependency| change.touched.has(*dependency))
                        || rule.depends.is_empty()
                        || rule.on_tags && (retagged(change) || !change.touched.is_empty())
                })
                .collect();
            if concerned.is_empty() {
                continue;
            }
            let fixed = rule.relative.then(|| rule.filter.clone().at(now));
            let filter = fixed.as_ref().unwrap_or(&rule.filter);
            let plain = (!rule.on_tags).then(|| Matcher::new(Asset::fields(), filter));
            let verdicts = concerned.into_iter().map(|change| {
                let has = change.object.as_ref().is_some_and(|asset| match &plain {
                    Some(matcher) => matcher.matches(change.id, asset),
                    None => {
                        let of_asset = self.for_one(filter.clone(), change.id, asset);
                        Matcher::new(Asset::fields(), &of_asset).matches(change.id, asset)
                    }
                });
                (change.id, has)
            });
            let verdicts: Vec<_> = verdicts.collect();
            let mut state = self.state.write();
            let Some(entry) = state.tags.get_mut(&id) else { continue };
            for (asset, has) in verdicts {
                if has {
                    entry.members.insert(asset);
                } else {
                    entry.members.remove(asset);
                }
            }
        }
    }

    /// Looks again at rules that speak of the present time.
    pub(crate) fn tick(&self, now: Timestamp) {
        let _turn = self.turn.lock();
        let relative = self.rules(|_, rule| rule.relative);
        if !relative.is_empty() {
            self.evaluate(&relative, now);
            self.evaluate(&self.rules(|_, rule| rule.on_tags), now);
        }
    }

    /// Looks again at the rules of these tags, whatever changed.
    pub(crate) fn evaluate_again(&self, tags: &[u32], now: Timestamp) {
        let _turn = self.turn.lock();
        self.evaluate(&self.rules(|id, rule| tags.contains(&id) || rule.on_tags), now);
    }

    fn rules(&self, wanted: impl Fn(u32, &Selection) -> bool) -> Vec<(u32, Arc<Selection>)> {
        let state = self.state.read();
        let rule = |id: &u32| Some((*id, state.tags.get(id)?.rule.clone()?));
        state.order.iter().filter_map(rule).filter(|(id, rule)| wanted(*id, rule)).collect()
    }

    /// Asks the index for the members of these tags, in their order.
    fn evaluate(&self, rules: &[(u32, Arc<Selection>)], now: Timestamp) {
        for (id, rule) in rules {
            let filter = self.resolve(rule.filter.clone().at(now));
            let members = self.store.index::<Asset, _>(|index| index.select(&filter).into_owned());
            if let Some(entry) = self.state.write().tags.get_mut(id) {
                entry.members = members;
            }
        }
    }

    /// Sorts the tags with rules so that each stands after those that its rule speaks of. Tags in a circle, which
    /// renaming can make, stand in the order of their ids.
    fn reorder(&self) {
        let mut state = self.state.write();
        let with_rule: Vec<u32> =
            state.tags.iter().filter(|(_, entry)| entry.rule.is_some()).map(|(id, _)| *id).collect();
        let mut order = Vec::with_capacity(with_rule.len());
        let mut waiting: Vec<(u32, BTreeSet<u32>)> = with_rule
            .iter()
            .map(|id| {
                let mut needs = state
                    .tags
                    .get(id)
                    .and_then(|entry| entry.rule.as_ref())
                    .map(|rule| state.mentioned(&rule.filter))
                    .unwrap_or_default();
                needs.retain(|other| with_rule.contains(other));
                (*id, needs)
            })
            .collect();
        while !waiting.is_empty() {
            let ready =
                waiting.iter().position(|(_, needs)| needs.iter().all(|id| order.contains(id))).unwrap_or(0);
            order.push(waiting.remove(ready).0);
        }
        state.order = order;
    }

    /// Whether a rule would select by the tag that has it, directly or through the rules of other tags.
    pub(crate) fn is_circular(&self, own: Option<u32>, name: &str, filter: &Filter) -> bool {
        let state = self.state.read();
        let names_itself = |filter: &Filter| {
            let mut found = false;
            state.each_mention(filter, &mut |field, prepared| {
                found |= match field {
                    fields::TAG_NAME => prepared.holds(ValueRef::Text(name)),
                    fields::TAG_ID => own.is_some_and(|id| prepared.holds(ValueRef::Integer(id.into()))),
                    _ => false,
                };
            });
            found
        };
        if names_itself(filter) {
            return true;
        }
        let (mut seen, mut next) = (BTreeSet::new(), state.mentioned(filter));
        while let Some(id) = next.pop_first() {
            let Some(rule) = state.tags.get(&id).and_then(|entry| entry.rule.as_ref()) else { continue };
            if Some(id) == own || names_itself(&rule.filter) {
                return true;
            }
            if seen.insert(id) {
                next.extend(state.mentioned(&rule.filter).difference(&seen));
            }
        }
        false
    }

    /// Answers the fields of assets that tags know, as sets of assets.
    pub(crate) fn resolve(&self, filter: Filter) -> Filter {
        filter.resolve(&mut |field, test| is_joined(field).then(|| self.assets_with(field, test)))
    }

    fn assets_with(&self, field: FieldId, test: &Test) -> RoaringBitmap {
        let state = self.state.read();
        if field == fields::CRITICALITY {
            let prepared = Prepared::new(test, Kind::Integer);
            return (1..=5u8)
                .filter(|score| prepared.holds(ValueRef::Integer((*score).into())))
                .map(|score| self.with_criticality(&state, score))
                .union();
        }
        state.meeting(field, test).iter().map(|id| self.members(&state, *id)).union()
    }

    fn with_criticality(&self, state: &State, score: u8) -> RoaringBitmap {
        let of = |wanted: &dyn Fn(u8) -> bool| {
            let tags = state.tags.iter().filter(|(_, entry)| entry.criticality.is_some_and(wanted));
            tags.map(|(id, _)| self.members(state, *id)).union()
        };
        let scored = of(&|own| own == score) - of(&|own| own > score);
        if score != DEFAULT_CRITICALITY {
            return scored;
        }
        let all = self.store.index::<Asset, _>(|index| index.ids().clone());
        scored | (all - of(&|_| true))
    }

    /// The assets that have a tag.
    fn members(&self, state: &State, id: u32) -> RoaringBitmap {
        match state.tags.get(&id) {
            Some(entry) if entry.rule.is_some() => entry.members.clone(),
            Some(_) => {
                let by_hand = Filter::Field(fields::STATIC_TAGS, Test::Equals(Value::Integer(id.into())));
                self.store.index::<Asset, _>(|index| index.select(&by_hand).into_owned())
            }
            None => RoaringBitmap::new(),
        }
    }

    /// How many assets have a tag.
    pub fn size(&self, id: Id<Tag>) -> u64 {
        self.members(&self.state.read(), id.get()).len()
    }

    /// The assets that have one of these tags, or a tag below one of them.
    pub(crate) fn assets_below(&self, tags: &[Id<Tag>]) -> RoaringBitmap {
        let state = self.state.read();
        let roots = tags.iter().map(|tag| tag.get()).collect();
        state.below(roots).iter().map(|id| self.members(&state, *id)).union()
    }

    /// A tag and all tags below it.
    pub(crate) fn family(&self, id: u32) -> BTreeSet<u32> {
        self.state.read().below(BTreeSet::from([id]))
    }

    /// The tags of an asset, by hand and by rule, and its criticality.
    pub(crate) fn of_asset(&self, id: u32, by_hand: &[Id<Tag>]) -> (Vec<TagName>, u8) {
        let state = self.state.read();
        let mut names = Vec::new();
        let mut criticality = None;
        let mut add = |id: u32, entry: &Entry| {
            names.push(TagName { id, name: entry.name.clone() });
            criticality = criticality.max(entry.criticality);
        };
        for tag in by_hand {
            if let Some(entry) = state.tags.get(&tag.get()).filter(|entry| entry.rule.is_none()) {
                add(tag.get(), entry);
            }
        }
        for tag in &state.order {
            if let Some(entry) = state.tags.get(tag).filter(|entry| entry.members.contains(id)) {
                add(*tag, entry);
            }
        }
        names.sort_by_key(|tag| tag.id);
        names.dedup_by_key(|tag| tag.id);
        (names, criticality.unwrap_or(DEFAULT_CRITICALITY))
    }

    /// Those of these tags that exist, with their names.
    pub(crate) fn names(&self, tags: &[Id<Tag>]) -> Vec<TagName> {
        let state = self.state.read();
        let name =
            |tag: &Id<Tag>| Some(TagName { id: tag.get(), name: state.tags.get(&tag.get())?.name.clone() });
        tags.iter().filter_map(name).collect()
    }

    /// The children of a tag, by id.
    pub(crate) fn children(&self, id: u32) -> Vec<TagName> {
        let state = self.state.read();
        let children = state.tags.iter().filter(|(_, entry)| entry.parent == Some(id));
        children.map(|(id, entry)| TagName { id: *id, name: entry.name.clone() }).collect()
    }

    /// Answers what a filter asks of tags for one asset alone, whose tags may be newer than the sets.
    fn for_one(&self, filter: Filter, id: u32, asset: &Asset) -> Filter {
        let (tags, criticality) = self.of_asset(id, &asset.tags);
        filter.resolve(&mut |field, test| {
            let has = match field {
                fields::TAG_NAME => {
                    let prepared = Prepared::new(test, Kind::Text);
                    tags.iter().any(|tag| prepared.holds(ValueRef::Text(&tag.name)))
                }
                fields::TAG_ID => {
                    let prepared = Prepared::new(test, Kind::Integer);
                    tags.iter().any(|tag| prepared.holds(ValueRef::Integer(tag.id.into())))
                }
                fields::CRITICALITY => {
                    Prepared::new(test, Kind::Integer).holds(ValueRef::Integer(criticality.into()))
                }
                _ => return None,
            };
            Some(if has { RoaringBitmap::from_iter([id]) } else { RoaringBitmap::new() })
        })
    }
}

impl State {
    /// The tags that a test of tag names or ids means.
    fn meeting(&self, field: FieldId, test: &Test) -> BTreeSet<u32> {
        let prepared =
            Prepared::new(test, if field == fields::TAG_NAME { Kind::Text } else { Kind::Integer });
        self.tags
            .iter()
            .filter(|(id, entry)| entry.meets(field, &prepared, **id))
            .map(|(id, _)| *id)
            .collect()
    }

    /// The tags that a filter speaks of.
    fn mentioned(&self, filter: &Filter) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        self.each_mention(filter, &mut |field, prepared| {
            found.extend(
                self.tags.iter().filter(|(id, entry)| entry.meets(field, prepared, **id)).map(|(id, _)| *id),
            );
        });
        found
    }

    fn each_mention(&self, filter: &Filter, each: &mut dyn FnMut(FieldId, &Prepared<'_>)) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().for_each(|part| self.each_mention(part, each))
            }
            Filter::Not(inner) => self.each_mention(inner, each),
            Filter::Field(field, test) if is_joined(*field) => {
                let kind = if *field == fields::TAG_NAME { Kind::Text } else { Kind::Integer };
                each(*field, &Prepared::new(test, kind));
            }
            _ => {}
        }
    }

    fn below(&self, roots: BTreeSet<u32>) -> BTreeSet<u32> {
        let mut family = roots;
        loop {
            let children = self
                .tags
                .iter()
                .filter(|(_, entry)| entry.parent.is_some_and(|parent| family.contains(&parent)));
            let more: Vec<u32> = children.map(|(id, _)| *id).filter(|id| !family.contains(id)).collect();
            if more.is_empty() {
                return family;
            }
            family.extend(more);
        }
    }
}

impl Entry {
    fn meets(&self, field: FieldId, prepared: &Prepared<'_>, id: u32) -> bool {
        match field {
            fields::TAG_NAME => prepared.holds(ValueRef::Text(&self.name)),
            fields::TAG_ID => prepared.holds(ValueRef::Integer(id.into())),
            fields::CRITICALITY => self.criticality.is_some(),
            _ => false,
        }
    }
}
