//! Nested lists: every distinct element (a tuple of member values) is kept once, with the objects that hold it. A
//! question about one element is answered on the tuples and then united, so that "the same element meets both" is
//! right by construction.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use query::{FieldId, Filter, Member, ValueRef, matcher};
use roaring::RoaringBitmap;

use super::lookup::Lookup;
use super::posting::{Posting, Union, intersect, subtract};
use super::values::FieldIndex;

/// No value in a tuple's member.
const ABSENT: u32 = u32::MAX;
/// Below this many candidates, a costly test reads the candidates rather than every distinct value.
const FEW: u64 = 4_096;

/// The index of one list.
#[derive(Clone)]
pub(crate) struct ListIndex {
    pub(super) table: &'static [Member],
    pub(super) members: Vec<MemberIndex>,
    /// Tuple -> objects.
    pub(super) postings: Vec<Posting>,
    pub(super) live: RoaringBitmap,
    pub(super) free: Vec<u32>,
    /// Tuples by the hashes of their values.
    pub(super) lookup: Lookup,
}

/// One member: its values by tuple, and back.
#[derive(Clone)]
pub(crate) struct MemberIndex {
    pub(super) index: FieldIndex,
    /// The code of each tuple's value, for kinds with codes.
    pub(super) codes: Vec<u32>,
    /// Value code -> objects, for projected members.
    pub(super) projection: Option<Vec<Posting>>,
}

impl MemberIndex {
    fn new(member: &Member) -> Self {
        let index = FieldIndex::new(member.kind);
        let projection = (member.projected && index.is_coded()).then(Vec::new);
        Self { index, codes: Vec::new(), projection }
    }

    fn value(&self, tuple: u32) -> Option<ValueRef<'_>> {
        if !self.index.is_coded() {
            return self.index.of_row(tuple);
        }
        let code = *self.codes.get(tuple as usize)?;
        if code == ABSENT { None } else { self.index.decode(code) }
    }

    /// Whether this is a tuple's value.
    fn is(&self, tuple: u32, value: Option<ValueRef<'_>>) -> bool {
        match (&self.index, value) {
            (FieldIndex::Texts(texts), Some(ValueRef::Text(text))) => {
                self.codes.get(tuple as usize).is_some_and(|code| texts.texts.is(*code, text))
            }
            _ => self.value(tuple) == value,
        }
    }

    fn set(&mut self, tuple: u32, value: Option<ValueRef<'_>>) {
        if !self.index.is_coded() {
            self.index.set(tuple, value.as_slice());
            return;
        }
        let code = value.and_then(|value| self.index.code(value));
        if let Some(code) = code {
            self.index.insert(code, tuple);
        }
        if self.codes.len() <= tuple as usize {
            self.codes.resize(tuple as usize + 1, ABSENT);
        }
        if let Some(slot) = self.codes.get_mut(tuple as usize) {
            *slot = code.unwrap_or(ABSENT);
        }
    }

    fn clear(&mut self, tuple: u32) {
        if !self.index.is_coded() {
            self.index.set(tuple, &[]);
        } else if let Some(code) =
            self.codes.get_mut(tuple as usize).map(|slot| std::mem::replace(slot, ABSENT))
            && code != ABSENT
        {
            self.index.remove(code, tuple);
        }
    }

    /// The codes of these tuples, each once.
    fn codes_of(&self, tuples: &[u32]) -> Vec<u32> {
        let codes = tuples.iter().filter_map(|tuple| self.codes.get(*tuple as usize).copied());
        let mut codes: Vec<u32> = codes.filter(|code| *code != ABSENT).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

impl ListIndex {
    pub(crate) fn new(table: &'static [Member]) -> Self {
        Self {
            table,
            members: table.iter().map(MemberIndex::new).collect(),
            postings: Vec::new(),
            live: RoaringBitmap::new(),
            free: Vec::new(),
            lookup: Lookup::default(),
        }
    }

    fn hash_of(&self, tuple: u32) -> u32 {
        self.lookup.hash(Values(self.members.iter().map(|member| member.value(tuple))))
    }

    /// The code of a tuple that some object has.
    pub(crate) fn find(&self, values: &[Option<ValueRef<'_>>]) -> Option<u32> {
        self.known(self.lookup.hash(Values(elements(self.table, values))), values)
    }

    fn known(&self, hash: u32, values: &[Option<ValueRef<'_>>]) -> Option<u32> {
        self.lookup.find(hash, |tuple| {
            let mut members = self.members.iter().zip(elements(self.table, values));
            members.all(|(member, value)| member.is(tuple, value))
        })
    }

    /// The code of a tuple, a new one if need be. A new tuple is nobody's until [`ListIndex::change`] gives it away.
    pub(crate) fn code(&mut self, values: &[Option<ValueRef<'_>>]) -> u32 {
        let hash = self.lookup.hash(Values(elements(self.table, values)));
        if let Some(tuple) = self.known(hash, values) {
            return tuple;
        }
        let tuple = self.free.pop().unwrap_or_else(|| {
            self.postings.push(Posting::Empty);
            (self.postings.len() - 1) as u32
        });
        for (index, value) in self.members.iter_mut().zip(elements(self.table, values)) {
            index.set(tuple, value);
        }
        self.live.insert(tuple);
        self.lookup.insert(hash, tuple);
        tuple
    }

    /// Moves an object from one set of tuples to another, both ascending.
    pub(crate) fn change(&mut self, object: u32, old: &[u32], new: &[u32]) {
        for member in &mut self.members {
            if member.projection.is_none() {
                continue;
            }
            let (before, after) = (member.codes_of(old), member.codes_of(new));
            let Some(projection) = &mut member.projection else { continue };
            difference(&before, &after, |code| {
                if let Some(posting) = projection.get_mut(code as usize) {
                    posting.remove(object);
                }
            });
            difference(&after, &before, |code| {
                if projection.len() <= code as usize {
                    projection.resize(code as usize + 1, Posting::Empty);
                }
                if let Some(posting) = projection.get_mut(code as usize) {
                    posting.insert(object);
                }
            });
        }
        difference(new, old, |tuple| {
            if let Some(posting) = self.postings.get_mut(tuple as usize) {
                posting.insert(object);
            }
        });
        let mut orphans = Vec::new();
        difference(old, new, |tuple| {
            if let Some(posting) = self.postings.get_mut(tuple as usize) {
                posting.remove(object);
                if posting.is_empty() {
                    orphans.push(tuple);
                }
            }
        });
        orphans.into_iter().for_each(|tuple| self.forget(tuple));
    }

    fn forget(&mut self, tuple: u32) {
        self.lookup.remove(self.hash_of(tuple), tuple);
        for member in &mut self.members {
            member.clear(tuple);
        }
        self.live.remove(tuple);
        self.free.push(tuple);
    }

    /// The objects with an element that meets the filter.
    pub(crate) fn select(&self, filter: &Filter) -> Cow<'_, RoaringBitmap> {
        if let Filter::Field(id, test) = filter
            && let Some(member) = self.member(*id)
            && let Some(projection) = &member.projection
        {
            let mut union = Union::default();
            let codes = member.index.matching(test);
            codes.into_iter().filter_map(|code| projection.get(code as usize)).for_each(|p| union.add(p));
            return union.finish();
        }
        let tuples = self.tuples(filter);
        let mut union = Union::default();
        tuples
            .iter()
            .filter_map(|tuple| self.postings.get(tuple as usize))
            .for_each(|posting| union.add(posting));
        union.finish()
    }

    fn member(&self, id: FieldId) -> Option<&MemberIndex> {
        self.members.get(usize::from(id.0))
    }

    /// The tuples that meet a filter over members.
    fn tuples(&self, filter: &Filter) -> Cow<'_, RoaringBitmap> {
        match filter {
            Filter::All => Cow::Borrowed(&self.live),
            Filter::And(parts) => self.all_of(parts),
            Filter::Or(parts) => {
                let sets: Vec<_> = parts.iter().map(|part| self.tuples(part)).collect();
                Cow::Owned(roaring::MultiOps::union(sets.iter().map(AsRef::as_ref)))
            }
            Filter::Not(inner) => subtract(Cow::Borrowed(&self.live), &self.tuples(inner)),
            Filter::Field(id, test) => self
                .member(*id)
                .map_or_else(|| Cow::Owned(RoaringBitmap::new()), |member| member.index.select(test)),
            Filter::Any(..) | Filter::Set(_) => Cow::Owned(RoaringBitmap::new()),
        }
    }

    /// Cheap parts first; what is costly then reads only the tuples that are left, if these are few.
    fn all_of<'a>(&'a self, parts: &[Filter]) -> Cow<'a, RoaringBitmap> {
        let (costly, cheap): (Vec<&Filter>, Vec<&Filter>) =
            parts.iter().partition(|part| self.is_costly(part));
        let start: Cow<'a, RoaringBitmap> = Cow::Borrowed(&self.live);
        let left = cheap.into_iter().fold(start, |left, part| match part {
            _ if left.is_empty() => left,
            Filter::Not(inner) => subtract(left, &self.tuples(inner)),
            part => intersect(left, self.tuples(part)),
        });
        costly.into_iter().fold(left, |left, part| {
            if left.len() <= FEW {
                Cow::Owned(left.iter().filter(|tuple| self.meets(*tuple, part)).collect())
            } else {
                intersect(left, self.tuples(part))
            }
        })
    }

    fn is_costly(&self, filter: &Filter) -> bool {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().any(|part| self.is_costly(part)),
            Filter::Not(inner) => self.is_costly(inner),
            Filter::Field(id, test) => self.member(*id).is_some_and(|member| member.index.is_costly(test)),
            Filter::All | Filter::Any(..) | Filter::Set(_) => false,
        }
    }

    fn meets(&self, tuple: u32, filter: &Filter) -> bool {
        let values: Vec<_> = self.members.iter().map(|member| member.value(tuple)).collect();
        matcher::element_matches(filter, self.table, &values)
    }

    /// Every tuple in use with its values and objects, for comparing two indexes.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Vec<Option<ValueRef<'_>>>, &Posting)> {
        self.live.iter().filter_map(|tuple| {
            let values = self.members.iter().map(|member| member.value(tuple)).collect();
            Some((values, self.postings.get(tuple as usize)?))
        })
    }
}

/// What the index keeps of an element: one value for each member. Members that the element ends before have none.
pub(super) fn elements<'a>(
    table: &'static [Member],
    values: &'a [Option<ValueRef<'a>>],
) -> impl Iterator<Item = Option<ValueRef<'a>>> + Clone {
    let values = values.iter().copied().chain(std::iter::repeat(None));
    table.iter().zip(values).map(|(member, value)| usable(member, value))
}

/// A value that the index keeps: of the member's kind, and no empty text.
fn usable<'a>(member: &Member, value: Option<ValueRef<'a>>) -> Option<ValueRef<'a>> {
    use query::Kind;
    value.filter(|value| match (member.kind, value) {
        (Kind::Text | Kind::Keyword | Kind::Enum(_) | Kind::Version, ValueRef::Text(text)) => {
            !text.is_empty()
        }
        (Kind::Integer, ValueRef::Integer(_))
        | (Kind::Boolean, ValueRef::Boolean(_))
        | (Kind::Date, ValueRef::Date(_))
        | (Kind::Address, ValueRef::Address(_)) => true,
        _ => false,
    })
}

/// Values as they are hashed.
struct Values<I>(I);

impl<'a, I: Iterator<Item = Option<ValueRef<'a>>> + Clone> Hash for Values<I> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for value in self.0.clone() {
            match value {
                None => hasher.write_u8(0),
                Some(ValueRef::Text(text)) => text.hash(hasher),
                Some(ValueRef::Boolean(flag)) => hasher.write_u8(1 + u8::from(flag)),
                Some(ValueRef::Integer(number) | ValueRef::Date(number)) => hasher.write_i64(number),
                Some(ValueRef::Address(address)) => address.hash(hasher),
            }
        }
    }
}

/// What is in `a` and not in `b`, both ascending.
pub(super) fn difference(a: &[u32], b: &[u32], mut each: impl FnMut(u32)) {
    let mut b = b.iter().peekable();
    for value in a {
        while b.next_if(|other| *other < value).is_some() {}
        if b.peek() != Some(&value) {
            each(*value);
        }
    }
}
