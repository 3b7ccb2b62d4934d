//! The filter tree: every question, whatever language it was asked in.

use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use regex::Regex;
use roaring::RoaringBitmap;

use crate::{FieldId, ListId, Value, When};

/// A question about objects of one kind. Field and list ids are places in that kind's [`crate::Fields`] table; below
/// [`Filter::Any`], field ids are places in the list's members.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every object.
    All,
    /// Objects that meet all of these; of an empty list, every object.
    And(Vec<Filter>),
    /// Objects that meet one of these; of an empty list, none.
    Or(Vec<Filter>),
    /// Objects that do not meet this, those that lack the field included (`contract/qql.md 3`).
    Not(Box<Filter>),
    /// Objects with a value that meets the test.
    Field(FieldId, Test),
    /// Objects with one element of the list that meets the whole inner filter (`contract/qql.md 4`).
    Any(ListId, Box<Filter>),
    /// Objects of a set known already: a scope, a tag, what a joined field was resolved to.
    Set(Arc<RoaringBitmap>),
}

/// A test of one value. A missing value meets none. [`crate::Prepared`] says exactly when a test holds.
#[derive(Debug, Clone)]
pub enum Test {
    /// There is a value (an empty text is none).
    Present,
    /// Equal: text exactly, versions by their order.
    Equals(Value),
    /// Equal to one of these.
    In(Vec<Value>),
    /// Between the bounds: numbers, dates, addresses (IPv4 and IPv6 never mix), versions, and text byte by byte.
    Range(Bound<Value>, Bound<Value>),
    /// The text has this somewhere, ignoring case. Held folded ([`crate::fold`]).
    Contains(String),
    /// Each of these (folded) is the beginning of some word of the text, in any order.
    Words(Vec<String>),
    /// These (folded) words stand next to each other in the text; the last may be the beginning of a word.
    Phrase(Vec<String>),
    /// The whole text fits the pattern, ignoring case: literal (folded) parts with anything between them.
    /// `["a", "b"]` is `a*b`; an empty first or last part stands for a leading or trailing `*`.
    Pattern(Vec<String>),
    /// The text has a match. Linear in the text.
    Regex(Regex),
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Test::Present, Test::Present) => true,
            (Test::Equals(a), Test::Equals(b)) => a == b,
            (Test::In(a), Test::In(b)) => a == b,
            (Test::Range(a, b), Test::Range(c, d)) => a == c && b == d,
            (Test::Contains(a), Test::Contains(b)) => a == b,
            (Test::Words(a), Test::Words(b))
            | (Test::Phrase(a), Test::Phrase(b))
            | (Test::Pattern(a), Test::Pattern(b)) => a == b,
            (Test::Regex(a), Test::Regex(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

impl std::ops::Not for Filter {
    type Output = Filter;

    fn not(self) -> Filter {
        Filter::Not(Box::new(self))
    }
}

impl Filter {
    /// No object.
    pub fn none() -> Self {
        Filter::Or(Vec::new())
    }

    /// A set of ids.
    pub fn set(ids: RoaringBitmap) -> Self {
        Filter::Set(Arc::new(ids))
    }

    /// Both, without nesting one conjunction in another.
    #[must_use]
    pub fn and(self, other: Filter) -> Self {
        match (self, other) {
            (Filter::All, only) | (only, Filter::All) => only,
            (Filter::And(mut all), Filter::And(more)) => {
                all.extend(more);
                Filter::And(all)
            }
            (Filter::And(mut all), one) => {
                all.push(one);
                Filter::And(all)
            }
            (one, Filter::And(mut all)) => {
                all.insert(0, one);
                Filter::And(all)
            }
            (one, other) => Filter::And(vec![one, other]),
        }
    }

    /// Rebuilds the tree with every field test of the objects themselves (not of list elements) replaced by what
    /// `answer` says; `None` keeps it.
    fn map_fields(self, answer: &mut dyn FnMut(FieldId, &Test) -> Option<Filter>) -> Self {
        match self {
            Filter::And(all) => Filter::And(all.into_iter().map(|part| part.map_fields(answer)).collect()),
            Filter::Or(any) => Filter::Or(any.into_iter().map(|part| part.map_fields(answer)).collect()),
            Filter::Not(inner) => !inner.map_fields(answer),
            Filter::Field(id, test) => answer(id, &test).unwrap_or(Filter::Field(id, test)),
            other @ (Filter::All | Filter::Any(..) | Filter::Set(_)) => other,
        }
    }

    /// Replaces joined fields by the sets that `answer` gives for them; `None` leaves a field as it is.
    #[must_use]
    pub fn resolve(self, answer: &mut dyn FnMut(FieldId, &Test) -> Option<RoaringBitmap>) -> Self {
        self.map_fields(&mut |id, test| answer(id, test).map(Filter::set))
    }

    /// Fixes relative dates at this moment. The index and the matcher take fixed dates only; they read what was
    /// left relative as counted from the epoch.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Filter::And(all) => Filter::And(all.into_iter().map(|part| part.at(now)).collect()),
            Filter::Or(any) => Filter::Or(any.into_iter().map(|part| part.at(now)).collect()),
            Filter::Not(inner) => !inner.at(now),
            Filter::Field(id, test) => Filter::Field(id, test.at(now)),
            Filter::Any(list, inner) => Filter::Any(list, Box::new(inner.at(now))),
            other @ (Filter::All | Filter::Set(_)) => other,
        }
    }

    /// Whether some date in it is counted from now, so that the answer changes as time goes by.
    pub fn is_relative(&self) -> bool {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().any(Filter::is_relative),
            Filter::Not(inner) | Filter::Any(_, inner) => inner.is_relative(),
            Filter::Field(_, test) => test.is_relative(),
            Filter::All | Filter::Set(_) => false,
        }
    }

    /// Calls `visit` for every field and list that the answer depends on.
    pub fn visit(&self, visit: &mut dyn FnMut(Dependency)) {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Filter::Not(inner) => inner.visit(visit),
            Filter::Field(id, _) => visit(Dependency::Field(*id)),
            Filter::Any(list, _) => visit(Dependency::List(*list)),
            Filter::All | Filter::Set(_) => {}
        }
    }
}

/// What a filter's answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dependency {
    /// A field of the object.
    Field(FieldId),
    /// A nested list of the object.
    List(ListId),
}

impl Test {
    /// Alternatives in their shortest form: several equalities and nothing else are one list.
    pub(crate) fn merge(tests: Vec<Test>) -> Vec<Test> {
        if tests.len() < 2 || !tests.iter().all(|test| matches!(test, Test::Equals(_))) {
            return tests;
        }
        let value = |test| if let Test::Equals(value) = test { Some(value) } else { None };
        vec![Test::In(tests.into_iter().filter_map(value).collect())]
    }

    fn at(self, now: Timestamp) -> Self {
        let fix = |value| match value {
            Value::Date(when) => Value::Date(When::At(when.at(now))),
            other => other,
        };
        match self {
            Test::Equals(value) => Test::Equals(fix(value)),
            Test::In(values) => Test::In(values.into_iter().map(fix).collect()),
            Test::Range(from, to) => Test::Range(from.map(fix), to.map(fix)),
            other => other,
        }
    }

    fn is_relative(&self) -> bool {
        let relative = |value: &Value| matches!(value, Value::Date(When::Ago(_)));
        match self {
            Test::Equals(value) => relative(value),
            Test::In(values) => values.iter().any(relative),
            Test::Range(from, to) => [from, to].into_iter().any(|bound| match bound {
                Bound::Included(value) | Bound::Excluded(value) => relative(value),
                Bound::Unbounded => false,
            }),
            _ => false,
        }
    }
}
