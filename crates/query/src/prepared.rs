//! One test of one value. What a test means is defined here alone; the matcher and the index both ask this.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::Bound;

use jiff::Timestamp;
use memchr::memmem::Finder;
use regex::Regex;

use crate::words::with_folded;
use crate::{Kind, Test, Value, ValueRef, Version, words};

/// A [`Test`] made ready to be asked of many values: needles indexed, lists sorted, bounds read.
///
/// - An empty text is no value: no test holds for it, not even `Present`.
/// - A literal of another kind than the field's, and a value of another kind, never meet a comparison.
/// - `Equals`, `In` and `Range` compare text, keyword and enum values byte by byte, exactly; versions by their
///   order; addresses within IPv4 or within IPv6, never across; `false` before `true`.
/// - `Contains`, `Words`, `Phrase`, `Pattern` and `Regex` see the value as text ([`ValueRef::as_text`]), all but
///   `Regex` folded ([`crate::fold`]). Their literals must be folded already.
/// - `Words` and `Phrase` are about the words of the folded text ([`crate::words`]), whatever is between them.
/// - Of an empty list `In` and `Pattern` hold for nothing, `Words` and `Phrase` for every value.
/// - A date that was left relative counts from the epoch.
pub struct Prepared<'t> {
    check: Check<'t>,
    kind: Kind,
}

enum Check<'t> {
    Present,
    In(Vec<Key<'t>>),
    Range(Bound<Key<'t>>, Bound<Key<'t>>),
    Contains(Needle<'t>),
    /// No needle is the beginning of another, so that the first one missing answers soon.
    Words(Vec<Needle<'t>>),
    Phrase(Vec<Needle<'t>>),
    Pattern(Pattern<'t>),
    Regex(&'t Regex),
    Never,
}

impl<'t> Prepared<'t> {
    /// Makes a test of a field of this kind ready.
    pub fn new(test: &'t Test, kind: Kind) -> Self {
        let check = match test {
            Test::Present => Check::Present,
            Test::Equals(value) => Check::list(std::slice::from_ref(value), kind),
            Test::In(values) => Check::list(values, kind),
            Test::Range(from, to) => Check::range(from, to, kind),
            Test::Contains(text) => Check::Contains(Needle::new(text)),
            Test::Words(list) => Check::Words(longest(list).into_iter().map(Needle::new).collect()),
            Test::Phrase(list) => Check::Phrase(list.iter().map(|word| Needle::new(word)).collect()),
            Test::Pattern(parts) => Pattern::new(parts).map_or(Check::Never, Check::Pattern),
            Test::Regex(regex) => Check::Regex(regex),
        };
        Self { check, kind }
    }

    /// Whether the test holds for a value.
    pub fn holds(&self, value: ValueRef<'_>) -> bool {
        if value == ValueRef::Text("") {
            return false;
        }
        match &self.check {
            Check::Never => false,
            Check::Present => true,
            Check::In(keys) => Key::of_value(value, self.kind)
                .is_some_and(|value| keys.binary_search_by(|key| key.order(&value)).is_ok()),
            Check::Range(from, to) => {
                Key::of_value(value, self.kind).is_some_and(|value| value.is_between(from, to))
            }
            Check::Regex(regex) => regex.is_match(&value.as_text()),
            Check::Contains(needle) => with_folded(&value.as_text(), |text| needle.is_in(text)),
            Check::Words(needles) => with_folded(&value.as_text(), |text| have_words(needles, text)),
            Check::Phrase(needles) => with_folded(&value.as_text(), |text| have_phrase(needles, text)),
            Check::Pattern(pattern) => with_folded(&value.as_text(), |text| pattern.fits(text)),
        }
    }
}

impl<'t> Check<'t> {
    fn list(values: &'t [Value], kind: Kind) -> Self {
        let mut keys: Vec<_> = values.iter().filter_map(|value| Key::of_literal(value, kind)).collect();
        keys.sort_by(Key::order);
        Check::In(keys)
    }

    fn range(from: &'t Bound<Value>, to: &'t Bound<Value>, kind: Kind) -> Self {
        let key = |bound: &'t Bound<Value>| match bound {
            Bound::Included(value) => Key::of_literal(value, kind).map(Bound::Included),
            Bound::Excluded(value) => Key::of_literal(value, kind).map(Bound::Excluded),
            Bound::Unbounded => Some(Bound::Unbounded),
        };
        match (key(from), key(to)) {
            (Some(from), Some(to)) => Check::Range(from, to),
            _ => Check::Never,
        }
    }
}

/// What comparisons see of a value or a literal. All keys of one field are of one variant.
#[derive(Debug, PartialEq)]
enum Key<'a> {
    Text(&'a str),
    Version(&'a str),
    Number(i64),
    Address(IpAddr),
}

impl<'a> Key<'a> {
    fn of_literal(value: &'a Value, kind: Kind) -> Option<Self> {
        match (value, kind) {
            (Value::Text(text), Kind::Text | Kind::Keyword | Kind::Enum(_)) => Some(Key::Text(text)),
            (Value::Version(version), Kind::Version) => Some(Key::Version(version.as_str())),
            (Value::Boolean(flag), Kind::Boolean) => Some(Key::Number(i64::from(*flag))),
            (Value::Integer(number), Kind::Integer) => Some(Key::Number(*number)),
            (Value::Date(when), Kind::Date) => Some(Key::Number(when.at(Timestamp::UNIX_EPOCH))),
            (Value::Address(address), Kind::Address) => Some(Key::Address(*address)),
            _ => None,
        }
    }

    fn of_value(value: ValueRef<'a>, kind: Kind) -> Option<Self> {
        match (value, kind) {
            (ValueRef::Text(text), Kind::Text | Kind::Keyword | Kind::Enum(_)) => Some(Key::Text(text)),
            (ValueRef::Text(text), Kind::Version) => Some(Key::Version(text)),
            (ValueRef::Boolean(flag), Kind::Boolean) => Some(Key::Number(i64::from(flag))),
            (ValueRef::Integer(number), Kind::Integer) | (ValueRef::Date(number), Kind::Date) => {
                Some(Key::Number(number))
            }
            (ValueRef::Address(address), Kind::Address) => Some(Key::Address(address)),
            _ => None,
        }
    }

    /// The order of a list: total, IPv4 before IPv6.
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Version(a), Key::Version(b)) => Version::compare(a, b),
            (Key::Number(a), Key::Number(b)) => a.cmp(b),
            (Key::Address(a), Key::Address(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Key::Text(_) => 0,
            Key::Version(_) => 1,
            Key::Number(_) => 2,
            Key::Address(_) => 3,
        }
    }

    fn is_between(&self, from: &Bound<Key<'_>>, to: &Bound<Key<'_>>) -> bool {
        let after = match from {
            Bound::Included(key) => self.within(key).is_some_and(Ordering::is_ge),
            Bound::Excluded(key) => self.within(key).is_some_and(Ordering::is_gt),
            Bound::Unbounded => true,
        };
        after
            && match to {
                Bound::Included(key) => self.within(key).is_some_and(Ordering::is_le),
                Bound::Excluded(key) => self.within(key).is_some_and(Ordering::is_lt),
                Bound::Unbounded => true,
            }
    }

    /// The order of a range: none across address families.
    fn within(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Key::Address(a), Key::Address(b)) if a.is_ipv4() != b.is_ipv4() => None,
            _ => Some(self.order(other)),
        }
    }
}

/// A folded text to find in folded texts, in time linear in both.
struct Needle<'t> {
    text: &'t str,
    /// Boxed: it is large, and tests of other kinds should not be.
    finder: Box<Finder<'t>>,
}

impl<'t> Needle<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, finder: Box::new(Finder::new(text)) }
    }

    fn is_in(&self, folded: &str) -> bool {
        self.finder.find(folded.as_bytes()).is_some()
    }
}

/// The words that are not the beginning of another: whoever has those has all.
fn longest(list: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> = list.iter().map(String::as_str).collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted.dedup_by(|shorter, longer| longer.starts_with(*shorter));
    sorted
}

/// Looks for the needles as they are before it looks for words: most texts fail there, and that is quick.
fn have_words(needles: &[Needle<'_>], folded: &str) -> bool {
    needles.iter().all(|needle| needle.is_in(folded))
        && needles.iter().all(|needle| words(folded).any(|word| word.starts_with(needle.text)))
}

fn have_phrase(needles: &[Needle<'_>], folded: &str) -> bool {
    let Some((last, leading)) = needles.split_last() else { return true };
    if !needles.iter().all(|needle| needle.is_in(folded)) {
        return false;
    }
    if leading.is_empty() {
        return words(folded).any(|word| word.starts_with(last.text));
    }
    let list: Vec<&str> = words(folded).collect();
    list.windows(needles.len()).any(|window| {
        let Some((end, start)) = window.split_last() else { return false };
        start.iter().zip(leading).all(|(word, needle)| *word == needle.text) && end.starts_with(last.text)
    })
}

/// Literal parts with anything between them.
struct Pattern<'t> {
    first: &'t str,
    /// What follows the first part; a pattern of one part is the whole text.
    rest: Option<(Vec<Needle<'t>>, &'t str)>,
}

impl<'t> Pattern<'t> {
    fn new(parts: &'t [String]) -> Option<Self> {
        let (first, rest) = parts.split_first()?;
        let rest = rest
            .split_last()
            .map(|(last, middle)| (middle.iter().map(|part| Needle::new(part)).collect(), last.as_str()));
        Some(Self { first, rest })
    }

    fn fits(&self, folded: &str) -> bool {
        let Some((middle, last)) = &self.rest else { return folded == self.first };
        let inner = folded.strip_prefix(self.first).and_then(|rest| rest.strip_suffix(last));
        let Some(mut inner) = inner.map(str::as_bytes) else { return false };
        for part in middle {
            let Some(at) = part.finder.find(inner) else { return false };
            inner = inner.get(at + part.text.len()..).unwrap_or_default();
        }
        true
    }
}
