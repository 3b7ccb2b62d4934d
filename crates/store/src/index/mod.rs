//! The index: for one kind of object, value -> the ids that hold it. In memory, derived from the store, never the
//! truth. It agrees with [`query::matches`] on every filter.
//!
//! - Values that objects share have a code and a bitmap; values of which nearly every object has its own (dates,
//!   addresses) stand in a column; nested lists keep each distinct element once.
//! - The index remembers by id what it keeps of an object, so an update needs the new object only, and can never
//!   leave a stale entry behind.

mod arena;
mod column;
mod dates;
mod dictionary;
mod list;
mod lookup;
mod numbers;
mod posting;
mod shift;
mod snapshot;
mod values;
mod verify;

use std::borrow::Cow;

use query::{Dependency, FieldId, Fields, Filter, Kind, ListId, Source, Test, Value, ValueRef};
use roaring::{MultiOps, RoaringBitmap};

use self::list::{ListIndex, difference};
use self::posting::{intersect, subtract};
use self::values::FieldIndex;

pub use self::shift::Shift;
pub use self::snapshot::SnapshotError;

/// The index of one kind of object.
#[derive(Clone)]
pub struct Index<T: 'static> {
    table: &'static Fields<T>,
    ids: RoaringBitmap,
    fields: Vec<FieldIndex>,
    lists: Vec<ListIndex>,
    /// By id, what the index keeps of the object under codes: for each slot (fields with codes, then lists) where
    /// its codes end, then the codes, ascending in each slot.
    forward: Vec<Box<[u32]>>,
}

/// Which fields and lists of an object a write changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// The object is new or gone: every filter may answer differently, also one that asks what an object lacks.
    whole: bool,
    parts: Vec<Dependency>,
}

impl Touched {
    /// Whether a filter that depends on this may answer differently now.
    pub fn has(&self, dependency: Dependency) -> bool {
        self.whole || self.parts.contains(&dependency)
    }

    /// Whether the object is new or gone.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether a filter may answer differently now.
    pub fn concerns(&self, filter: &Filter) -> bool {
        let mut found = self.whole;
        filter.visit(&mut |dependency| found = found || self.has(dependency));
        found
    }

    /// Whether nothing changed that can be asked for.
    pub fn is_empty(&self) -> bool {
        !self.whole && self.parts.is_empty()
    }
}

/// One page of ids, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The ids.
    pub ids: Vec<u32>,
    /// Whether the result goes on after them. Exact.
    pub more: bool,
}

/// Where a page begins and how long it may be.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// How many results come before it.
    pub skip: u64,
    /// The smallest id on it.
    pub from_id: u32,
    /// How many ids it holds at the most.
    pub limit: usize,
}

impl<T> Index<T> {
    /// An empty index.
    pub fn new(table: &'static Fields<T>) -> Self {
        let fields = table.fields.iter().map(|field| match field.source {
            Source::Read(_) => FieldIndex::new(field.kind),
            Source::Id | Source::Member(..) | Source::Joined => FieldIndex::Absent,
        });
        let lists = table.lists.iter().map(|list| ListIndex::new(list.members));
        Self {
            table,
            ids: RoaringBitmap::new(),
            fields: fields.collect(),
            lists: lists.collect(),
            forward: Vec::new(),
        }
    }

    /// The ids of all objects.
    pub fn ids(&self) -> &RoaringBitmap {
        &self.ids
    }

    /// Takes in the present state of an object, or that there is none any more.
    pub fn put(&mut self, id: u32, object: Option<&T>) -> Touched {
        let whole = if object.is_some() { self.ids.insert(id) } else { self.ids.remove(id) };
        let mut touched = Touched { whole, parts: Vec::new() };
        if object.is_none() && !whole {
            return touched;
        }
        let new = self.encode(object);
        self.settle(id, object, new, &mut touched);
        touched
    }

    /// Takes in the new state of an object that it knows in its old state, with what changed between them. The same
    /// as [`Index::put`] of the new state, but quicker.
    pub fn revise(&mut self, id: u32, before: &T, after: &T, shift: &Shift) -> Touched {
        let record = self.forward.get_mut(id as usize).map(std::mem::take).unwrap_or_default();
        let new = if self.ids.contains(id) { self.shifted(&record, before, after, shift) } else { None };
        if let Some(slot) = self.forward.get_mut(id as usize) {
            *slot = record;
        }
        // Never so while the old state is the one that the index knows.
        let Some(new) = new else { return self.put(id, Some(after)) };
        let mut touched = Touched::default();
        self.settle(id, Some(after), new, &mut touched);
        touched
    }

    /// Moves an object from its old record to a new one.
    fn settle(&mut self, id: u32, object: Option<&T>, new: Box<[u32]>, touched: &mut Touched) {
        let at = id as usize;
        if self.forward.len() <= at {
            self.forward.resize_with(at + 1, Box::default);
        }
        let old = self.forward.get_mut(at).map(std::mem::take).unwrap_or_default();
        self.apply_codes(id, &old, &new, touched);
        self.apply_columns(id, object, touched);
        if object.is_some()
            && let Some(slot) = self.forward.get_mut(at)
        {
            *slot = new;
        }
    }

    /// The record of the new state, made from the old one's; `None` if that lacks what the old state has.
    fn shifted(&mut self, old: &[u32], before: &T, after: &T, shift: &Shift) -> Option<Box<[u32]>> {
        let slots = self.slots();
        let mut record = Vec::with_capacity(old.len() + 8);
        record.resize(slots, 0);
        let mut slot = 0;
        for ((field, index), moves) in self.table.fields.iter().zip(&mut self.fields).zip(&shift.fields) {
            if matches!(field.source, Source::Read(_)) && index.is_coded() {
                let moved = moves.in_field(field, index, before, after)?;
                let from = record.len();
                moved.apply(slot_of(old, slots, slot), &mut record);
                close_slot(&mut record, &mut slot, from);
            }
        }
        for ((list, index), moves) in self.table.lists.iter().zip(&mut self.lists).zip(&shift.lists) {
            let moved = moves.in_list(list, index, before, after)?;
            let from = record.len();
            moved.apply(slot_of(old, slots, slot), &mut record);
            close_slot(&mut record, &mut slot, from);
        }
        Some(record.into_boxed_slice())
    }

    fn slots(&self) -> usize {
        self.fields.iter().filter(|field| field.is_coded()).count() + self.lists.len()
    }

    /// The record of an object; an empty one for none.
    fn encode(&mut self, object: Option<&T>) -> Box<[u32]> {
        let Some(object) = object else { return Box::default() };
        let slots = self.slots();
        let mut record = vec![0; slots];
        let mut slot = 0;
        for (field, index) in self.table.fields.iter().zip(&mut self.fields) {
            let Source::Read(read) = field.source else { continue };
            if !index.is_coded() {
                continue;
            }
            let from = record.len();
            read(object, &mut |value| record.extend(index.code(value)));
            close_slot(&mut record, &mut slot, from);
        }
        for (list, index) in self.table.lists.iter().zip(&mut self.lists) {
            let from = record.len();
            (list.read)(object, &mut |values| record.push(index.code(values)));
            close_slot(&mut record, &mut slot, from);
        }
        record.into_boxed_slice()
    }

    fn apply_codes(&mut self, id: u32, old: &[u32], new: &[u32], touched: &mut Touched) {
        let slots = self.slots();
        let mut slot = 0;
        for (field, index) in (0..).map(FieldId).zip(&mut self.fields) {
            if !index.is_coded() {
                continue;
            }
            let (before, after) = (slot_of(old, slots, slot), slot_of(new, slots, slot));
            slot += 1;
            if before != after {
                difference(after, before, |code| index.insert(code, id));
                difference(before, after, |code| index.remove(code, id));
                touched.parts.push(Dependency::Field(field));
            }
        }
        for (list, index) in (0..).map(ListId).zip(&mut self.lists) {
            let (before, after) = (slot_of(old, slots, slot), slot_of(new, slots, slot));
            slot += 1;
            if before != after {
                index.change(id, before, after);
                touched.parts.push(Dependency::List(list));
                touched.parts.extend(fields_of(self.table, list));
            }
        }
    }

    fn apply_columns(&mut self, id: u32, object: Option<&T>, touched: &mut Touched) {
        for ((field_id, field), index) in self.table.iter().zip(&mut self.fields) {
            let Source::Read(read) = field.source else { continue };
            if index.is_coded() {
                continue;
            }
            let mut changed = false;
            match (object, field.kind) {
                (Some(object), Kind::Date | Kind::Address) => {
                    let mut values = Vec::new();
                    read(object, &mut |value| match value {
                        ValueRef::Date(at) => values.push(ValueRef::Date(at)),
                        ValueRef::Address(address) => values.push(ValueRef::Address(address)),
                        _ => {}
                    });
                    changed |= index.set(id, &values);
                }
                _ => changed |= index.set(id, &[]),
            }
            if changed {
                touched.parts.push(Dependency::Field(field_id));
            }
        }
    }

    /// The ids of the objects that meet a filter with fixed dates ([`Filter::at`]) and resolved joined fields.
    pub fn select(&self, filter: &Filter) -> Cow<'_, RoaringBitmap> {
        match filter {
            Filter::All => Cow::Borrowed(&self.ids),
            Filter::And(parts) => self.all_of(parts),
            Filter::Or(parts) => {
                let sets: Vec<_> = parts.iter().map(|part| self.select(part)).collect();
                match sets.as_slice() {
                    [Cow::Borrowed(only)] => Cow::Borrowed(only),
                    _ => Cow::Owned(sets.iter().map(AsRef::as_ref).union()),
                }
            }
            Filter::Not(inner) => subtract(Cow::Borrowed(&self.ids), &self.select(inner)),
            Filter::Field(id, test) => self.field(*id, test),
            Filter::Any(list, inner) => self
                .lists
                .get(usize::from(list.0))
                .map_or_else(|| Cow::Owned(RoaringBitmap::new()), |list| list.select(inner)),
            Filter::Set(ids) => Cow::Owned(ids.as_ref() & &self.ids),
        }
    }

    /// How many objects meet a filter.
    pub fn count(&self, filter: &Filter) -> u64 {
        match filter {
            Filter::And(parts) => match parts.as_slice() {
                [first @ .., Filter::Not(last)] if !first.is_empty() => {
                    self.all_of(first).difference_len(&self.select(last))
                }
                [first @ .., last] if !first.is_empty() => {
                    self.all_of(first).intersection_len(&self.select(last))
                }
                _ => self.select(filter).len(),
            },
            Filter::Not(inner) => self.ids.len() - self.count(inner),
            _ => self.select(filter).len(),
        }
    }

    /// One page of the objects that meet a filter. A page deep in the result costs what the first one costs.
    pub fn page(&self, filter: &Filter, window: Window) -> Page {
        let ids = self.select(filter);
        let skip =
            window.skip.saturating_add(window.from_id.checked_sub(1).map_or(0, |below| ids.rank(below)));
        let first = u32::try_from(skip).ok().and_then(|skip| ids.select(skip));
        let Some(first) = first else { return Page { ids: Vec::new(), more: false } };
        let mut rest = ids.range(first..);
        let page = rest.by_ref().take(window.limit).collect();
        Page { ids: page, more: rest.next().is_some() }
    }

    fn all_of<'a>(&'a self, parts: &[Filter]) -> Cow<'a, RoaringBitmap> {
        let (negative, positive): (Vec<&Filter>, Vec<&Filter>) =
            parts.iter().partition(|part| matches!(part, Filter::Not(_)));
        let mut sets: Vec<_> = positive.into_iter().map(|part| self.select(part)).collect();
        sets.sort_by_key(|set| set.len());
        let left = sets.into_iter().reduce(intersect).unwrap_or(Cow::Borrowed(&self.ids));
        negative.into_iter().fold(left, |left, part| match part {
            Filter::Not(inner) if !left.is_empty() => subtract(left, &self.select(inner)),
            _ => left,
        })
    }

    fn field<'a>(&'a self, id: FieldId, test: &Test) -> Cow<'a, RoaringBitmap> {
        match self.table.field(id).map(|field| field.source) {
            Some(Source::Read(_)) => self
                .fields
                .get(usize::from(id.0))
                .map_or_else(|| Cow::Owned(RoaringBitmap::new()), |index| index.select(test)),
            Some(Source::Member(list, member)) => {
                let inner = Filter::Field(member, test.clone());
                self.lists
                    .get(usize::from(list.0))
                    .map_or_else(|| Cow::Owned(RoaringBitmap::new()), |list| list.select(&inner))
            }
            Some(Source::Id) => Cow::Owned(self.by_id(test)),
            Some(Source::Joined) | None => Cow::Owned(RoaringBitmap::new()),
        }
    }

    fn by_id(&self, test: &Test) -> RoaringBitmap {
        let one = |value: &Value| match value {
            Value::Integer(number) => u32::try_from(*number).ok().filter(|id| self.ids.contains(*id)),
            _ => None,
        };
        match test {
            Test::Present => self.ids.clone(),
            Test::Equals(value) => one(value).into_iter().collect(),
            Test::In(values) => values.iter().filter_map(one).collect(),
            Test::Range(from, to) => {
                let Some(range) = values::number_range(from, to, Kind::Integer) else {
                    return RoaringBitmap::new();
                };
                let (low, high) = (*range.start(), *range.end());
                let (Ok(low), Ok(high)) =
                    (u32::try_from(low.max(0)), u32::try_from(high.clamp(-1, i64::from(u32::MAX))))
                else {
                    return RoaringBitmap::new();
                };
                self.ids.range(low..=high).collect()
            }
            _ => {
                let prepared = query::matcher::Prepared::new(test, Kind::Integer);
                self.ids.iter().filter(|id| prepared.holds(ValueRef::Integer((*id).into()))).collect()
            }
        }
    }
}

/// The fields that read members of a list.
fn fields_of<T>(table: &'static Fields<T>, list: ListId) -> impl Iterator<Item = Dependency> {
    let fields =
        table.iter().filter(move |(_, field)| matches!(field.source, Source::Member(of, _) if of == list));
    fields.map(|(id, _)| Dependency::Field(id))
}

/// Ends a slot of a record: its codes ascend, each once.
fn close_slot(record: &mut Vec<u32>, slot: &mut usize, from: usize) {
    if let Some(codes) = record.get_mut(from..) {
        codes.sort_unstable();
    }
    let mut kept = from;
    for at in from..record.len() {
        let code = record.get(at).copied();
        if at == from || code != kept.checked_sub(1).and_then(|last| record.get(last)).copied() {
            if let (Some(code), Some(place)) = (code, record.get_mut(kept)) {
                *place = code;
            }
            kept += 1;
        }
    }
    record.truncate(kept);
    if let Some(end) = record.get_mut(*slot) {
        *end = kept as u32;
    }
    *slot += 1;
}

/// The codes of a slot; none in an empty record.
fn slot_of(record: &[u32], slots: usize, slot: usize) -> &[u32] {
    let from = match slot.checked_sub(1) {
        Some(previous) => record.get(previous).map_or(slots, |end| *end as usize),
        None => slots,
    };
    record.get(slot).and_then(|end| record.get(from..*end as usize)).unwrap_or_default()
}
