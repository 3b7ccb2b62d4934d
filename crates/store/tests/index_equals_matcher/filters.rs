//! Filters: typed as Criteria and QQL build them, with a few that no language builds but the matcher defines.

use std::ops::Bound;
use std::sync::LazyLock;

use proptest::prelude::*;
use query::{
    Age, Field, FieldId, Filter, Kind, ListId, Member, Test, Unit, Value, Version, When, fold, words,
};
use regex::Regex;
use roaring::RoaringBitmap;

use crate::thing::TABLE;
use crate::values;

/// Matches of these are found with and without anchors, classes and case.
static REGEXES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let list = [
        "a",
        "^a",
        "a$",
        "^$",
        "(?i)web",
        "[0-9]+",
        r"\bssl",
        ".*",
        r"^1\.0*2$",
        "(?i)straße",
        r"\x00",
        "true",
    ];
    list.iter().map(|text| Regex::new(text).unwrap()).collect()
});

/// A filter over things.
pub(crate) fn filter() -> BoxedStrategy<Filter> {
    let list = (0..3u16).prop_map(|id| ListId(if id == 2 { 7 } else { id }));
    let leaf = prop_oneof![
        1 => Just(Filter::All),
        12 => (0..TABLE.fields.len() + 1).prop_flat_map(field_filter),
        6 => list.prop_flat_map(|list| inner(list).prop_map(move |inner| Filter::Any(list, Box::new(inner)))),
        1 => prop::collection::btree_set(id(), 0..20).prop_map(|ids| Filter::set(ids.into_iter().collect())),
        1 => Just(Filter::set(RoaringBitmap::full())),
    ];
    nested(leaf.boxed())
}

/// Ids as the test gives them to things.
pub(crate) fn id() -> BoxedStrategy<u32> {
    prop_oneof![12 => 1u32..24, 1 => 65_530u32..65_540, 1 => Just(131_072u32), 1 => 200u32..4_000].boxed()
}

fn nested(leaf: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
            3 => inner.clone().prop_map(|inner| !inner),
            1 => (inner.clone(), inner).prop_map(|(a, b)| a.and(b)),
        ]
    })
    .boxed()
}

fn field_filter(at: usize) -> BoxedStrategy<Filter> {
    let kind = TABLE.fields.get(at).map_or(Kind::Text, |field: &Field<_>| field.kind);
    let id = FieldId(at as u16);
    // As the languages ask, and as a tree built by hand may.
    prop_oneof![
        test(kind).prop_map(move |test| TABLE.ask(id, test)),
        test(kind).prop_map(move |test| Filter::Field(id, test)),
        prop::collection::vec(test(kind), 1..4).prop_map(move |tests| TABLE.ask_any(id, tests)),
    ]
    .boxed()
}

/// What may stand inside an `Any` of a list.
fn inner(list: ListId) -> BoxedStrategy<Filter> {
    let members: &'static [Member] = TABLE.list(list).map_or(&[], |list| list.members);
    let field = (0..members.len() + 1).prop_flat_map(move |at| {
        let kind = members.get(at).map_or(Kind::Text, |member| member.kind);
        test(kind).prop_map(move |test| Filter::Field(FieldId(at as u16), test))
    });
    let leaf = prop_oneof![
        1 => Just(Filter::All),
        14 => field,
        1 => Just(Filter::Any(list, Box::new(Filter::All))),
        1 => Just(Filter::set(RoaringBitmap::full())),
    ];
    nested(leaf.boxed())
}

/// A test with literals of this kind; now and then of another.
fn test(kind: Kind) -> BoxedStrategy<Test> {
    let literal = prop_oneof![12 => value(kind), 1 => any_value()].boxed();
    let bound = prop_oneof![
        3 => literal.clone().prop_map(Bound::Included),
        2 => literal.clone().prop_map(Bound::Excluded),
        1 => Just(Bound::Unbounded),
    ];
    let text = prop_oneof![4 => values::text(), 1 => value(kind).prop_map(|value| shown(&value))].boxed();
    prop_oneof![
        1 => Just(Test::Present),
        4 => literal.clone().prop_map(Test::Equals),
        2 => prop::collection::vec(literal, 0..4).prop_map(Test::In),
        4 => (bound.clone(), bound).prop_map(|(from, to)| Test::Range(from, to)),
        3 => part_of(text.clone()).prop_map(Test::Contains),
        2 => some_words(text.clone(), false).prop_map(Test::Words),
        2 => some_words(text.clone(), true).prop_map(Test::Phrase),
        2 => pattern(text),
        1 => prop::sample::select(REGEXES.as_slice()).prop_map(Test::Regex),
    ]
    .boxed()
}

fn any_value() -> BoxedStrategy<Value> {
    let kinds = [Kind::Text, Kind::Boolean, Kind::Integer, Kind::Date, Kind::Address, Kind::Version];
    prop::sample::select(kinds.to_vec()).prop_flat_map(value).boxed()
}

fn value(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text | Kind::Keyword => values::text().prop_map(Value::Text).boxed(),
        Kind::Enum(_) => values::level().prop_map(Value::Text).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Integer => prop_oneof![
            values::number().prop_map(Value::Integer),
            id().prop_map(|id| Value::Integer(id.into())),
        ]
        .boxed(),
        Kind::Date => prop_oneof![
            6 => values::date().prop_map(|at| Value::Date(When::At(at))),
            1 => (0u32..3).prop_map(|count| Value::Date(When::Ago(Age { count, unit: Unit::Second }))),
            1 => Just(Value::Date(When::Ago(Age { count: u32::MAX, unit: Unit::Year }))),
        ]
        .boxed(),
        Kind::Address => values::address().prop_map(Value::Address).boxed(),
        Kind::Version => values::version().prop_map(|text| Value::Version(Version::new(text))).boxed(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Date(when) => when.at(jiff::Timestamp::UNIX_EPOCH).to_string(),
        Value::Address(address) => address.to_string(),
        Value::Version(version) => version.as_str().to_owned(),
    }
}

/// A folded part of a text, empty now and then.
fn part_of(text: BoxedStrategy<String>) -> BoxedStrategy<String> {
    (text, any::<prop::sample::Index>(), any::<prop::sample::Index>())
        .prop_map(|(text, a, b)| {
            let letters: Vec<char> = fold(&text).chars().collect();
            let (a, b) = (a.index(letters.len() + 1), b.index(letters.len() + 1));
            letters[a.min(b)..a.max(b)].iter().collect()
        })
        .boxed()
}

/// Words of a text: all of them or some, the last perhaps only begun.
fn some_words(text: BoxedStrategy<String>, in_order: bool) -> BoxedStrategy<Vec<String>> {
    let of_text = (text.clone(), any::<[prop::sample::Index; 3]>()).prop_map(move |(text, [a, b, cut])| {
        let folded = fold(&text).into_owned();
        let list: Vec<String> = words(&folded).map(str::to_owned).collect();
        let (a, b) = (a.index(list.len() + 1), b.index(list.len() + 1));
        let mut picked = list[a.min(b)..a.max(b)].to_vec();
        if !in_order {
            picked.reverse();
        }
        if let Some(last) = picked.last_mut() {
            let keep = cut.index(last.chars().count() + 1);
            *last = last.chars().take(keep).collect();
        }
        picked
    });
    prop_oneof![3 => of_text, 1 => prop::collection::vec(part_of(text), 0..3)].boxed()
}

/// Parts of a text with gaps between, anchored or not.
fn pattern(text: BoxedStrategy<String>) -> BoxedStrategy<Test> {
    let of_text = (text.clone(), prop::collection::vec(any::<bool>(), 0..12)).prop_map(|(text, gaps)| {
        let mut parts = vec![String::new()];
        for (letter, gap) in fold(&text).chars().zip(gaps.into_iter().chain(std::iter::repeat(false))) {
            match parts.last_mut() {
                Some(_) if gap => parts.push(String::new()),
                Some(last) => last.push(letter),
                None => {}
            }
        }
        Test::Pattern(parts)
    });
    prop_oneof![3 => of_text, 1 => prop::collection::vec(part_of(text), 0..4).prop_map(Test::Pattern)].boxed()
}
