//! Which assets have which tags: those put by hand stand in the asset and its index, those by rule are kept here as
//! sets of ids. Derived, never stored: made at start, and kept true with every write, before its writer is answered.
//!
//! Only the store's writer thread and [`Tags::tick`] change this; `turn` lets one of them at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use query::matcher::{Matcher, Prepared};
use query::{FieldId, Filter, Kind, Test, Value, ValueRef};
use roaring::{MultiOps, RoaringBitmap};
use store::{Changed, Clock, Id, Object, Store};

use super::forest::{Entry, Forest, Selection, is_joined, speaks_of_tags};
use super::model::Tag;
use crate::Result;
use crate::assets::{Asset, fields};
use crate::engine::Judge;

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
    forest: Forest,
    /// The assets that rules select, for each tag with a rule.
    selected: BTreeMap<u32, RoaringBitmap>,
    /// Tags with rules, each after the tags that its rule speaks of.
    order: Vec<u32>,
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
        let mut forest = Forest::default();
        tags.iter().for_each(|tag| forest.put(tag.id.get(), Entry::of(tag)));
        let order = forest.order();
        *self.state.write() = State { forest, order, selected: BTreeMap::new() };
        self.evaluate(&self.rules(|_, _| true), self.clock.now());
        Ok(())
    }

    /// Follows changes of tags. Until a rule is evaluated, its tag keeps the assets that it had.
    pub(crate) fn tags_changed(&self, changes: &[Changed<Tag>]) {
        let _turn = self.turn.lock();
        let mut fresh = BTreeSet::new();
        let entries: Vec<_> =
            changes.iter().map(|change| (change.id, change.object.as_ref().map(Entry::of))).collect();
        let mut state = self.state.write();
        for (id, entry) in entries {
            let Some(entry) = entry else {
                state.forest.remove(id);
                state.selected.remove(&id);
                continue;
            };
            fresh.insert(id);
            if entry.rule.is_some() {
                let before = self.members(&state, id);
                state.selected.insert(id, before);
            } else {
                state.selected.remove(&id);
            }
            state.forest.put(id, entry);
        }
        state.order = state.forest.order();
        drop(state);
        self.evaluate(&self.rules(|id, rule| fresh.contains(&id) || rule.on_tags), self.clock.now());
    }

    /// Follows changes of assets.
    pub(crate) fn assets_changed(&self, changes: &[Changed<Asset>]) {
        let _turn = self.turn.lock();
        let now = self.clock.now();
        let rules = self.rules(|_, _| true);
        for (id, rule) in rules {
            let concerned: Vec<_> = changes
                .iter()
                .filter(|change| {
                    change.object.is_none()
                        || rule.depends.iter().any(|dependency| change.touched.has(*dependency))
                        || rule.depends.is_empty()
                        || rule.on_tags && !change.touched.is_empty()
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
                        let (tags, criticality) = self.of_asset(change.id, &asset.tags);
                        let of_asset = answered(filter.clone(), change.id, &tags, criticality);
                        Matcher::new(Asset::fields(), &of_asset).matches(change.id, asset)
                    }
                });
                (change.id, has)
            });
            let verdicts: Vec<_> = verdicts.collect();
            let mut state = self.state.write();
            let Some(selected) = state.selected.get_mut(&id) else { continue };
            for (asset, has) in verdicts {
                if has {
                    selected.insert(asset);
                } else {
                    selected.remove(asset);
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
        let rule = |id: &u32| Some((*id, state.forest.get(*id)?.rule.clone()?));
        state.order.iter().filter_map(rule).filter(|(id, rule)| wanted(*id, rule)).collect()
    }

    /// Asks the index for the members of these tags, in their order.
    fn evaluate(&self, rules: &[(u32, Arc<Selection>)], now: Timestamp) {
        for (id, rule) in rules {
            let filter = self.resolve(rule.filter.clone().at(now));
            let members = self.store.index::<Asset, _>(|index| index.select(&filter).into_owned());
            self.state.write().selected.insert(*id, members);
        }
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
        state.forest.meeting(field, test).iter().map(|id| self.members(&state, *id)).union()
    }

    fn with_criticality(&self, state: &State, score: u8) -> RoaringBitmap {
        let of = |wanted: &dyn Fn(u8) -> bool| {
            let tags = state.forest.iter().filter(|(_, entry)| entry.criticality.is_some_and(wanted));
            tags.map(|(id, _)| self.members(state, id)).union()
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
        match state.forest.get(id) {
            Some(entry) if entry.rule.is_some() => state.selected.get(&id).cloned().unwrap_or_default(),
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

    /// These tags and all tags below them.
    pub(crate) fn family(&self, tags: &[Id<Tag>]) -> BTreeSet<u32> {
        self.state.read().forest.below(tags.iter().map(|tag| tag.get()).collect())
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
            if let Some(entry) = state.forest.get(tag.get()).filter(|entry| entry.rule.is_none()) {
                add(tag.get(), entry);
            }
        }
        for (tag, selected) in &state.selected {
            if let Some(entry) = state.forest.get(*tag).filter(|_| selected.contains(id)) {
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
            |tag: &Id<Tag>| Some(TagName { id: tag.get(), name: state.forest.get(tag.get())?.name.clone() });
        tags.iter().filter_map(name).collect()
    }

    /// The children of a tag, by id.
    pub(crate) fn children(&self, id: u32) -> Vec<TagName> {
        let state = self.state.read();
        let children = state.forest.iter().filter(|(_, entry)| entry.parent == Some(id));
        children.map(|(id, entry)| TagName { id, name: entry.name.clone() }).collect()
    }

    /// Answers a filter for assets one by one, as a write finds them: their tags may be newer than the sets, so the
    /// rules that matter are asked again.
    pub(crate) fn judge<'f>(&self, filter: &'f Filter, now: Timestamp) -> Judge<'f, Asset> {
        if !speaks_of_tags(filter) {
            let matcher = Matcher::new(Asset::fields(), filter);
            return Box::new(move |id, asset| matcher.matches(id, asset));
        }
        let tags = self.that_matter(filter);
        Box::new(move |id, asset| {
            let (mut has, mut criticality) = (Vec::new(), None);
            for (tag, entry) in &tags {
                let carried = match &entry.rule {
                    None => asset.tags.contains(&Id::new(*tag)),
                    Some(rule) => {
                        let score = criticality.unwrap_or(DEFAULT_CRITICALITY);
                        let rule = answered(rule.filter.clone().at(now), id, &has, score);
                        Matcher::new(Asset::fields(), &rule).matches(id, asset)
                    }
                };
                if carried {
                    has.push(TagName { id: *tag, name: entry.name.clone() });
                    criticality = criticality.max(entry.criticality);
                }
            }
            let score = criticality.unwrap_or(DEFAULT_CRITICALITY);
            let filter = answered(filter.clone(), id, &has, score);
            Matcher::new(Asset::fields(), &filter).matches(id, asset)
        })
    }

    /// The tags on which a filter's answer depends: first those put by hand, then those by rule in their order.
    fn that_matter(&self, filter: &Filter) -> Vec<(u32, Entry)> {
        let state = self.state.read();
        let all = state.forest.closure(state.forest.mentioned(filter));
        let by_hand = all.iter().filter(|id| !state.order.contains(id));
        let by_rule = state.order.iter().filter(|id| all.contains(id));
        by_hand.chain(by_rule).filter_map(|id| Some((*id, state.forest.get(*id)?.clone()))).collect()
    }
}

/// Answers what a filter asks of tags for one asset, which has these.
fn answered(filter: Filter, asset: u32, tags: &[TagName], criticality: u8) -> Filter {
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
        Some(if has { RoaringBitmap::from_iter([asset]) } else { RoaringBitmap::new() })
    })
}
