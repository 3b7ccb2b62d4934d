//! What a change of an object changes in its record, worked out from its two states alone: before the write and
//! without the index. The index then looks up only the values that came or went.

use std::collections::HashSet;

use query::{Field, Fields, Kind, List, Source, ValueRef};

use super::list::{ListIndex, elements};
use super::values::FieldIndex;

/// Up to so many values that may have moved are looked for one by one.
const FEW: usize = 8;

/// Which values of an object came and which went, by field and list in the table's order.
#[derive(Debug, Clone, Default)]
pub struct Shift {
    pub(super) fields: Vec<Moves>,
    pub(super) lists: Vec<Moves>,
}

/// The values of one field or list that went and came: their places among those that the index keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Moves {
    /// Places in the old state.
    pub(super) gone: Vec<usize>,
    /// Places in the new state.
    pub(super) come: Vec<usize>,
}

/// What moves, in codes.
#[derive(Default)]
pub(super) struct Codes {
    gone: Vec<u32>,
    come: Vec<u32>,
}

impl Codes {
    /// Adds to a record the codes of its new state.
    pub(super) fn apply(mut self, old: &[u32], record: &mut Vec<u32>) {
        self.gone.sort_unstable();
        record.extend(old.iter().copied().filter(|code| self.gone.binary_search(code).is_err()));
        record.extend(self.come);
    }
}

impl Moves {
    /// The codes of a field's values that move, new ones if need be; `None` if the index lacks one of the old state.
    pub(super) fn in_field<T>(
        &self,
        field: &Field<T>,
        index: &mut FieldIndex,
        before: &T,
        after: &T,
    ) -> Option<Codes> {
        let (mut codes, mut known) = (Codes::default(), true);
        let Source::Read(read) = field.source else { return Some(codes) };
        if !self.gone.is_empty() {
            let mut places = 0..;
            read(before, &mut |value| {
                if kept(field.kind, value)
                    && places.next().is_some_and(|at| self.gone.binary_search(&at).is_ok())
                {
                    let code = index.find(value);
                    known &= code.is_some();
                    codes.gone.extend(code);
                }
            });
        }
        if known && !self.come.is_empty() {
            let mut places = 0..;
            read(after, &mut |value| {
                if kept(field.kind, value)
                    && places.next().is_some_and(|at| self.come.binary_search(&at).is_ok())
                {
                    codes.come.extend(index.code(value));
                }
            });
        }
        known.then_some(codes)
    }

    /// As [`Moves::in_field`], for the elements of a list.
    pub(super) fn in_list<T>(
        &self,
        list: &List<T>,
        index: &mut ListIndex,
        before: &T,
        after: &T,
    ) -> Option<Codes> {
        let (mut codes, mut known) = (Codes::default(), true);
        if !self.gone.is_empty() {
            let mut places = 0..;
            (list.read)(before, &mut |values| {
                if places.next().is_some_and(|at| self.gone.binary_search(&at).is_ok()) {
                    let code = index.find(values);
                    known &= code.is_some();
                    codes.gone.extend(code);
                }
            });
        }
        if known && !self.come.is_empty() {
            let mut places = 0..;
            (list.read)(after, &mut |values| {
                if places.next().is_some_and(|at| self.come.binary_search(&at).is_ok()) {
                    codes.come.push(index.code(values));
                }
            });
        }
        known.then_some(codes)
    }
}

impl Shift {
    /// What changes between two states of an object.
    pub fn between<T>(table: &'static Fields<T>, before: &T, after: &T) -> Self {
        let (mut old, mut new) = (Trace::default(), Trace::default());
        let fields = table.fields.iter().map(|field| {
            let Source::Read(read) = field.source else { return Moves::default() };
            for (trace, state) in [(&mut old, before), (&mut new, after)] {
                trace.clear();
                read(state, &mut |value| {
                    if kept(field.kind, value) {
                        trace.value(Some(value));
                        trace.close();
                    }
                });
            }
            moves(&old, &new)
        });
        let fields = fields.collect();
        let lists = table.lists.iter().map(|list| {
            for (trace, state) in [(&mut old, before), (&mut new, after)] {
                trace.clear();
                (list.read)(state, &mut |values| {
                    elements(list.members, values).for_each(|value| trace.value(value));
                    trace.close();
                });
            }
            moves(&old, &new)
        });
        Self { lists: lists.collect(), fields }
    }
}

/// Whether a value of a field has a code: those of other kinds stand in columns, which are compared as they are set.
fn kept(kind: Kind, value: ValueRef<'_>) -> bool {
    match kind {
        Kind::Text | Kind::Keyword | Kind::Enum(_) | Kind::Version => {
            matches!(value, ValueRef::Text(text) if !text.is_empty())
        }
        Kind::Integer | Kind::Boolean => matches!(value, ValueRef::Integer(_) | ValueRef::Boolean(_)),
        Kind::Date | Kind::Address => false,
    }
}

/// Values end to end, as bytes that are equal only when the values are.
#[derive(Default)]
struct Trace {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Trace {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn value(&mut self, value: Option<ValueRef<'_>>) {
        match value {
            None => self.bytes.push(0),
            Some(ValueRef::Text(text)) => self.add(1, text.as_bytes()),
            // A field of numbers keeps a truth value as a number.
            Some(ValueRef::Boolean(flag)) => self.add(2, &i64::from(flag).to_le_bytes()),
            Some(ValueRef::Integer(number)) => self.add(2, &number.to_le_bytes()),
            Some(ValueRef::Date(seconds)) => self.add(3, &seconds.to_le_bytes()),
            Some(ValueRef::Address(std::net::IpAddr::V4(four))) => self.add(4, &four.octets()),
            Some(ValueRef::Address(std::net::IpAddr::V6(six))) => self.add(5, &six.octets()),
        }
    }

    fn add(&mut self, kind: u8, bytes: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    fn close(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, place: usize) -> &[u8] {
        let from = place.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        self.ends.get(place).and_then(|end| self.bytes.get(from..*end)).unwrap_or_default()
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        (0..self.len()).map(|place| self.get(place))
    }

    /// Those of these places whose value the other has nowhere.
    fn missing(&self, places: std::ops::Range<usize>, other: &Trace) -> Vec<usize> {
        if places.len() <= FEW {
            return places.filter(|place| !other.iter().any(|value| value == self.get(*place))).collect();
        }
        let others: HashSet<&[u8]> = other.iter().collect();
        places.filter(|place| !others.contains(self.get(*place))).collect()
    }
}

fn moves(old: &Trace, new: &Trace) -> Moves {
    if old.bytes == new.bytes && old.ends == new.ends {
        return Moves::default();
    }
    let start = old.iter().zip(new.iter()).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    Moves { gone: old.missing(start..old.len() - end, new), come: new.missing(start..new.len() - end, old) }
}
