//! Random writes, random filters, and what must hold after each.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use query::{Filter, matches};
use roaring::RoaringBitmap;
use store::{Index, Shift, Window};

use crate::thing::{TABLE, Thing};
use crate::{filters, values};

/// What happens to a collection.
#[derive(Debug, Clone)]
enum Step {
    /// A new object, or a wholly new state of an old one.
    Put(u32, Box<Thing>),
    /// One member of an object (by number) takes the value that it has in another state.
    Change(prop::sample::Index, u8, Box<Thing>),
    Delete(prop::sample::Index),
    /// Writes the same states again.
    Again,
    /// Writes the index and goes on with what is read back.
    Snapshot,
}

fn step() -> BoxedStrategy<Step> {
    let thing = || values::thing().prop_map(Box::new);
    prop_oneof![
        6 => (filters::id(), thing()).prop_map(|(id, thing)| Step::Put(id, thing)),
        6 => (any::<prop::sample::Index>(), 0u8..10, thing()).prop_map(|(at, n, t)| Step::Change(at, n, t)),
        3 => any::<prop::sample::Index>().prop_map(Step::Delete),
        1 => Just(Step::Again),
        1 => Just(Step::Snapshot),
    ]
    .boxed()
}

/// The index beside the plain truth.
struct World {
    index: Index<Thing>,
    things: BTreeMap<u32, Thing>,
    writes: std::ops::RangeFrom<u32>,
}

impl World {
    fn new() -> Self {
        Self { index: Index::new(&TABLE), things: BTreeMap::new(), writes: 0.. }
    }

    fn take(&mut self, step: &Step, filters: &[Filter]) -> Result<(), TestCaseError> {
        match step {
            Step::Put(id, thing) => self.put(*id, Some(thing), filters),
            Step::Change(at, member, other) => {
                let Some((id, mut thing)) = self.one(at) else { return Ok(()) };
                change(&mut thing, *member, other);
                self.put(id, Some(&thing), filters)
            }
            Step::Delete(at) => self.one(at).map_or(Ok(()), |(id, _)| self.put(id, None, filters)),
            Step::Again => self.check_records(),
            Step::Snapshot => self.reload(),
        }
    }

    fn one(&self, at: &prop::sample::Index) -> Option<(u32, Thing)> {
        let ids: Vec<u32> = self.things.keys().copied().collect();
        let id = *ids.get(at.index(ids.len().max(1)))?;
        Some((id, self.things[&id].clone()))
    }

    /// Writes, and checks that no filter changes its answer without being touched. Every other object is written with
    /// what changed between its states, where there are two.
    fn put(&mut self, id: u32, thing: Option<&Thing>, filters: &[Filter]) -> Result<(), TestCaseError> {
        let before = self.things.get(&id).filter(|_| self.writes.next().is_some_and(|n| n % 2 == 0));
        let touched = match before.zip(thing) {
            Some((before, after)) => {
                let shift = Shift::between(&TABLE, before, after);
                self.index.revise(id, before, after, &shift)
            }
            None => self.index.put(id, thing),
        };
        let before = match thing {
            Some(thing) => self.things.insert(id, thing.clone()),
            None => self.things.remove(&id),
        };
        let answer = |filter: &Filter, thing: Option<&Thing>| {
            thing.is_some_and(|thing| matches(&TABLE, filter, id, thing))
        };
        for filter in filters {
            let changed = answer(filter, before.as_ref()) != answer(filter, thing);
            prop_assert!(
                !changed || touched.concerns(filter),
                "{id} changed for {filter:?}, yet only {touched:?} was touched"
            );
        }
        prop_assert!(before.as_ref() != thing || touched.is_empty());
        Ok(())
    }

    fn reload(&mut self) -> Result<(), TestCaseError> {
        let mut bytes = Vec::new();
        self.index.write(&mut bytes).unwrap();
        let read = Index::read(&TABLE, &mut bytes.as_slice()).unwrap();
        prop_assert_eq!(self.index.difference(&read), None);
        prop_assert_eq!(read.difference(&self.index), None);
        let mut again = Vec::new();
        read.write(&mut again).unwrap();
        prop_assert!(bytes == again, "a snapshot that was read is written otherwise");
        self.index = read;
        Ok(())
    }

    fn check(&self, filter: &Filter) -> Result<(), TestCaseError> {
        let meets = |(id, thing): (&u32, &Thing)| matches(&TABLE, filter, *id, thing).then_some(*id);
        let expected: RoaringBitmap = self.things.iter().filter_map(meets).collect();
        let found = self.index.select(filter);
        if found.as_ref() != &expected {
            let id = (found.as_ref() ^ &expected).min().unwrap();
            let whose = if found.contains(id) { "only the index" } else { "only the matcher" };
            let thing = self.things.get(&id);
            return Err(TestCaseError::fail(format!("{whose} finds {id} by {filter:?}: {thing:?}")));
        }
        prop_assert_eq!(self.index.count(filter), expected.len(), "count of {:?}", filter);
        Ok(())
    }

    fn check_pages(&self, filter: &Filter) -> Result<(), TestCaseError> {
        let all: Vec<u32> = self.index.select(filter).iter().collect();
        let middle = all.get(all.len() / 2).copied().unwrap_or(7);
        for (skip, from_id, limit) in [
            (0, 0, 1_000_000),
            (0, 0, 3),
            (1, 0, 1),
            (0, middle, 2),
            (2, middle.saturating_add(1), 1_000),
            (all.len() as u64, 1, 1),
            (0, 1, 0),
            (u64::MAX, u32::MAX, usize::MAX),
        ] {
            let page = self.index.page(filter, Window { skip, from_id, limit });
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            let rest: Vec<u32> = all.iter().copied().filter(|id| *id >= from_id).skip(skip).collect();
            let at = format!("{filter:?} skip {skip} from {from_id} limit {limit}");
            prop_assert_eq!(page.ids.as_slice(), &rest[..limit.min(rest.len())], "{}", at);
            prop_assert_eq!(page.more, rest.len() > limit, "{}", at);
        }
        Ok(())
    }

    /// The index knows of every object just what it keeps of it: writing it again changes nothing.
    fn check_records(&mut self) -> Result<(), TestCaseError> {
        for (id, thing) in &self.things {
            let touched = self.index.put(*id, Some(thing));
            prop_assert!(touched.is_empty(), "writing {} again touched {:?}", id, touched);
        }
        Ok(())
    }

    fn check_against_rebuilt(&self) -> Result<(), TestCaseError> {
        let mut anew = Index::new(&TABLE);
        for (id, thing) in self.things.iter().rev() {
            anew.put(*id, Some(thing));
        }
        prop_assert_eq!(self.index.difference(&anew), None);
        prop_assert_eq!(anew.difference(&self.index), None);
        Ok(())
    }
}

fn change(thing: &mut Thing, member: u8, other: &Thing) {
    match member {
        0 => thing.names = other.names.clone(),
        1 => thing.codes = other.codes.clone(),
        2 => thing.levels = other.levels.clone(),
        3 => thing.flags = other.flags.clone(),
        4 => thing.counts = other.counts.clone(),
        5 => thing.dates = other.dates.clone(),
        6 => thing.addresses = other.addresses.clone(),
        7 => thing.versions = other.versions.clone(),
        8 => thing.parts = other.parts.clone(),
        _ => thing.ports = other.ports.clone(),
    }
}

/// How many cases to try; a longer run asks for more.
fn cases(usual: u32) -> u32 {
    std::env::var("REDOUBT_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(200)) })]

    #[test]
    fn index_and_matcher_agree_on_every_filter(
        steps in prop::collection::vec(step(), 1..30),
        filters in prop::collection::vec(filters::filter(), 1..20),
    ) {
        let mut world = World::new();
        for (at, step) in steps.iter().enumerate() {
            world.take(step, &filters)?;
            if at % 8 == 7 {
                filters.iter().try_for_each(|filter| world.check(filter))?;
            }
        }
        for filter in &filters {
            world.check(filter)?;
            world.check_pages(filter)?;
        }
        world.check_against_rebuilt()?;
        world.reload()?;
        filters.iter().try_for_each(|filter| world.check(filter))?;
        world.check_records()?;
    }
}

/// Thousands of objects and elements, most with texts of their own, written over until texts are compacted: what
/// small collections never reach.
#[test]
fn index_and_matcher_agree_on_a_large_collection() {
    let mut runner = TestRunner::deterministic();
    let mut draw = Draw(&mut runner);
    let mut world = World::new();
    for round in 0..3 {
        for id in 1..=2_500u32 {
            if round > 0 && id % 5 == 0 {
                continue;
            }
            let mut thing = draw.one(&values::thing());
            thing.names.push(format!("Host {round}-{id} {}", "of a rack in a hall ".repeat(10)));
            thing.versions.push(format!("{round}.{id}"));
            thing
                .parts
                .iter_mut()
                .zip(0i64..)
                .for_each(|(part, at)| part.size = Some(i64::from(id) * 10 + at));
            world.put(id, Some(&thing), &[]).unwrap();
            if id % 7 == 0 {
                world.put(id - 1, None, &[]).unwrap();
            }
        }
        for _ in 0..cases(300) {
            world.check(&draw.one(&filters::filter())).unwrap();
        }
        world.check_against_rebuilt().unwrap();
        world.reload().unwrap();
        world.check_records().unwrap();
    }
}

struct Draw<'a>(&'a mut TestRunner);

impl Draw<'_> {
    fn one<T: std::fmt::Debug>(&mut self, of: &BoxedStrategy<T>) -> T {
        of.new_tree(self.0).unwrap().current()
    }
}

/// A snapshot that ends too early is refused, wherever it ends.
#[test]
fn a_cut_snapshot_is_refused() {
    let mut runner = TestRunner::deterministic();
    let mut index = Index::new(&TABLE);
    for id in 1..6 {
        index.put(id, Some(&Draw(&mut runner).one(&values::thing())));
    }
    let mut bytes = Vec::new();
    index.write(&mut bytes).unwrap();
    for end in 0..bytes.len() {
        assert!(Index::read(&TABLE, &mut &bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
}
