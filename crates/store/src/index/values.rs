//! The index of one field: whatever structure suits its kind, behind one face.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::{Bound, RangeInclusive};

use jiff::Timestamp;
use query::{Kind, Test, Value, ValueRef, matcher::Prepared};
use roaring::RoaringBitmap;

use super::column::Column;
use super::dates::Dates;
use super::dictionary::Dictionary;
use super::numbers::Numbers;
use super::posting::Union;

/// The values of one field, by row. Rows are objects, or the distinct tuples of a nested list.
#[derive(Clone)]
pub(crate) enum FieldIndex {
    Texts(Dictionary),
    Numbers(Kind, Numbers),
    Dates(Dates),
    Addresses {
        v4: Column<u32>,
        v6: Column<u128>,
    },
    /// Not kept: an id, a list member, a joined field.
    Absent,
}

impl FieldIndex {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Keyword | Kind::Enum(_) | Kind::Version => {
                FieldIndex::Texts(Dictionary::new(kind))
            }
            Kind::Integer | Kind::Boolean => FieldIndex::Numbers(kind, Numbers::default()),
            Kind::Date => FieldIndex::Dates(Dates::default()),
            Kind::Address => FieldIndex::Addresses { v4: Column::default(), v6: Column::default() },
        }
    }

    /// Whether values have codes (the others are kept by row).
    pub(crate) fn is_coded(&self) -> bool {
        matches!(self, FieldIndex::Texts(_) | FieldIndex::Numbers(..))
    }

    /// The code of a value, a new one if need be; `None` for a value of the wrong kind or an empty text.
    pub(crate) fn code(&mut self, value: ValueRef<'_>) -> Option<u32> {
        match (self, value) {
            (FieldIndex::Texts(texts), ValueRef::Text(text)) if !text.is_empty() => Some(texts.code(text)),
            (FieldIndex::Numbers(_, numbers), ValueRef::Integer(number)) => Some(numbers.code(number)),
            (FieldIndex::Numbers(_, numbers), ValueRef::Boolean(flag)) => Some(numbers.code(flag.into())),
            _ => None,
        }
    }

    /// The code of a value that some row has.
    pub(crate) fn find(&self, value: ValueRef<'_>) -> Option<u32> {
        match (self, value) {
            (FieldIndex::Texts(texts), ValueRef::Text(text)) => texts.find(text),
            (FieldIndex::Numbers(_, numbers), ValueRef::Integer(number)) => numbers.find(number),
            (FieldIndex::Numbers(_, numbers), ValueRef::Boolean(flag)) => numbers.find(flag.into()),
            _ => None,
        }
    }

    pub(crate) fn insert(&mut self, code: u32, row: u32) {
        match self {
            FieldIndex::Texts(texts) => texts.insert(code, row),
            FieldIndex::Numbers(_, numbers) => numbers.insert(code, row),
            _ => {}
        }
    }

    pub(crate) fn remove(&mut self, code: u32, row: u32) {
        match self {
            FieldIndex::Texts(texts) => texts.remove(code, row),
            FieldIndex::Numbers(_, numbers) => numbers.remove(code, row),
            _ => {}
        }
    }

    /// Sets the values of a row of a field without codes; says whether that changed anything.
    pub(crate) fn set(&mut self, row: u32, values: &[ValueRef<'_>]) -> bool {
        match self {
            FieldIndex::Dates(dates) => {
                dates.set(row, &values.iter().copied().filter_map(seconds).collect::<Vec<_>>())
            }
            FieldIndex::Addresses { v4, v6 } => {
                let (mut fours, mut sixes) = (Vec::new(), Vec::new());
                for value in values {
                    match value {
                        ValueRef::Address(IpAddr::V4(address)) => fours.push(address.to_bits()),
                        ValueRef::Address(IpAddr::V6(address)) => sixes.push(address.to_bits()),
                        _ => {}
                    }
                }
                v4.set(row, &fours) | v6.set(row, &sixes)
            }
            _ => false,
        }
    }

    /// The value behind a code.
    pub(crate) fn decode(&self, code: u32) -> Option<ValueRef<'_>> {
        match self {
            FieldIndex::Texts(texts) => texts.value(code).map(ValueRef::Text),
            FieldIndex::Numbers(kind, numbers) => numbers.value(code).map(|number| as_kind(*kind, number)),
            _ => None,
        }
    }

    /// The value of a row of a field without codes (the first, if it has several).
    pub(crate) fn of_row(&self, row: u32) -> Option<ValueRef<'_>> {
        match self {
            FieldIndex::Dates(dates) => dates.column.get(row).map(ValueRef::Date),
            FieldIndex::Addresses { v4, v6 } => {
                let four = v4.get(row).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
                four.or_else(|| v6.get(row).map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))))
                    .map(ValueRef::Address)
            }
            _ => None,
        }
    }

    /// Whether answering the test means reading every distinct value.
    pub(crate) fn is_costly(&self, test: &Test) -> bool {
        match self {
            FieldIndex::Texts(texts) => texts.is_costly(test),
            FieldIndex::Numbers(..) | FieldIndex::Dates(_) | FieldIndex::Addresses { .. } => {
                !matches!(test, Test::Present | Test::Equals(_) | Test::In(_) | Test::Range(..))
            }
            FieldIndex::Absent => false,
        }
    }

    /// The codes of the values that meet a test; for fields with codes only.
    pub(crate) fn matching(&self, test: &Test) -> Vec<u32> {
        match self {
            FieldIndex::Texts(texts) => texts.matching(test),
            FieldIndex::Numbers(kind, numbers) => match test {
                Test::Equals(value) => {
                    number(value, *kind).and_then(|number| numbers.find(number)).into_iter().collect()
                }
                _ => {
                    let prepared = Prepared::new(test, *kind);
                    numbers.matching(|number| prepared.holds(as_kind(*kind, number)))
                }
            },
            _ => Vec::new(),
        }
    }

    /// The rows with a value that meets a test.
    pub(crate) fn select(&self, test: &Test) -> Cow<'_, RoaringBitmap> {
        match self {
            FieldIndex::Texts(texts) if matches!(test, Test::Present) => texts.rows_of(texts.codes()),
            FieldIndex::Texts(texts) => texts.rows_of(texts.matching(test)),
            FieldIndex::Numbers(kind, numbers) => select_numbers(*kind, numbers, test),
            FieldIndex::Dates(dates) => Cow::Owned(select_dates(dates, test)),
            FieldIndex::Addresses { v4, v6 } => Cow::Owned(select_addresses(v4, v6, test)),
            FieldIndex::Absent => Cow::Owned(RoaringBitmap::new()),
        }
    }
}

fn seconds(value: ValueRef<'_>) -> Option<i64> {
    if let ValueRef::Date(seconds) = value { Some(seconds) } else { None }
}

fn as_kind(kind: Kind, number: i64) -> ValueRef<'static> {
    if kind == Kind::Boolean { ValueRef::Boolean(number != 0) } else { ValueRef::Integer(number) }
}

/// A literal of a number-like kind as the number it is kept as; `None` for a literal of another kind. A date that
/// was left relative counts from the epoch, as the matcher says.
fn number(value: &Value, kind: Kind) -> Option<i64> {
    match (value, kind) {
        (Value::Integer(number), Kind::Integer) => Some(*number),
        (Value::Boolean(flag), Kind::Boolean) => Some((*flag).into()),
        (Value::Date(when), Kind::Date) => Some(when.at(Timestamp::UNIX_EPOCH)),
        _ => None,
    }
}

/// The closed range of numbers between two bounds; `None` when it is empty or a bound is of another kind.
pub(super) fn number_range(
    from: &Bound<Value>,
    to: &Bound<Value>,
    kind: Kind,
) -> Option<RangeInclusive<i64>> {
    let low = match from {
        Bound::Included(value) => number(value, kind)?,
        Bound::Excluded(value) => number(value, kind)?.checked_add(1)?,
        Bound::Unbounded => i64::MIN,
    };
    let high = match to {
        Bound::Included(value) => number(value, kind)?,
        Bound::Excluded(value) => number(value, kind)?.checked_sub(1)?,
        Bound::Unbounded => i64::MAX,
    };
    (low <= high).then_some(low..=high)
}

fn select_numbers<'a>(kind: Kind, numbers: &'a Numbers, test: &Test) -> Cow<'a, RoaringBitmap> {
    match test {
        Test::Present => numbers.within(i64::MIN..=i64::MAX).finish(),
        Test::Range(from, to) => {
            number_range(from, to, kind).map_or_else(Union::default, |range| numbers.within(range)).finish()
        }
        Test::Equals(value) => {
            number(value, kind).map_or_else(Union::default, |number| numbers.within(number..=number)).finish()
        }
        _ => {
            let prepared = Prepared::new(test, kind);
            let mut union = Union::default();
            let codes = numbers.matching(|number| prepared.holds(as_kind(kind, number)));
            codes
                .into_iter()
                .filter_map(|code| numbers.postings.get(code as usize))
                .for_each(|p| union.add(p));
            union.finish()
        }
    }
}

fn select_dates(dates: &Dates, test: &Test) -> RoaringBitmap {
    match test {
        Test::Present => dates.column.present.clone(),
        Test::Equals(value) => {
            number(value, Kind::Date).map(|at| dates.within(&(at..=at))).unwrap_or_default()
        }
        Test::Range(from, to) => {
            number_range(from, to, Kind::Date).map(|range| dates.within(&range)).unwrap_or_default()
        }
        _ => {
            let prepared = Prepared::new(test, Kind::Date);
            dates.column.matching(|seconds| prepared.holds(ValueRef::Date(seconds)))
        }
    }
}

fn select_addresses(v4: &Column<u32>, v6: &Column<u128>, test: &Test) -> RoaringBitmap {
    let range = match test {
        Test::Present => return &v4.present | &v6.present,
        Test::Equals(Value::Address(only)) => Some((Bound::Included(*only), Bound::Included(*only))),
        Test::Range(from, to) => address(from).zip(address(to)),
        _ => None,
    };
    match range {
        Some((Bound::Included(IpAddr::V4(from)), Bound::Included(IpAddr::V4(to)))) => {
            v4.within(&(from.to_bits()..=to.to_bits()))
        }
        Some((Bound::Included(IpAddr::V6(from)), Bound::Included(IpAddr::V6(to)))) => {
            v6.within(&(from.to_bits()..=to.to_bits()))
        }
        _ => {
            let prepared = Prepared::new(test, Kind::Address);
            let holds = |address| prepared.holds(ValueRef::Address(address));
            v4.matching(|bits| holds(IpAddr::V4(Ipv4Addr::from_bits(bits))))
                | v6.matching(|bits| holds(IpAddr::V6(Ipv6Addr::from_bits(bits))))
        }
    }
}

fn address(bound: &Bound<Value>) -> Option<Bound<IpAddr>> {
    match bound {
        Bound::Included(Value::Address(address)) => Some(Bound::Included(*address)),
        Bound::Excluded(Value::Address(address)) => Some(Bound::Excluded(*address)),
        Bound::Unbounded => Some(Bound::Unbounded),
        _ => None,
    }
}
