//! Kinds of values, literals in filters, and values read from objects.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;

use jiff::Timestamp;

/// What a field holds, and with it which questions make sense (`contract/qps.md 6.1`, `contract/qql.md 3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Readable text: substring, words and phrases, case-insensitive; equality is exact.
    Text,
    /// An identifier: equality and wildcard patterns, never split into words.
    Keyword,
    /// One of a closed list of names; comparison ignores case, values are stored in the listed spelling.
    Enum(&'static [&'static str]),
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A point in time, UTC, to the second.
    Date,
    /// An IPv4 or IPv6 address.
    Address,
    /// A version text, ordered by its dotted numbers (`contract/qql.md 3`).
    Version,
}

/// A literal in a filter, of the kind of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// For text, keyword and enum fields (an enum's in its listed spelling; one that is not listed equals no value).
    Text(String),
    /// For boolean fields.
    Boolean(bool),
    /// For integer fields.
    Integer(i64),
    /// For date fields.
    Date(When),
    /// For address fields.
    Address(IpAddr),
    /// For version fields.
    Version(Version),
}

/// A point in time as a caller may write it: fixed, or counted from the moment the filter is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Seconds since 1970-01-01T00:00:00Z.
    At(i64),
    /// `now`, or `now-3d` (`contract/qql.md 3`, `datemath`).
    Ago(Age),
}

/// How long before now: `now-3d` is `Age { count: 3, unit: Unit::Day }`; `now` has count 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// How many units before now. Zero is now itself.
    pub count: u32,
    /// The unit counted.
    pub unit: Unit,
}

/// Units of date arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl When {
    /// Seconds since the epoch, counted from `now`. Months and years follow the calendar; an instant before the
    /// calendar's first is its first.
    pub fn at(self, now: Timestamp) -> i64 {
        match self {
            When::At(seconds) => seconds,
            When::Ago(age) => age.before(now).as_second(),
        }
    }
}

impl Age {
    fn before(self, now: Timestamp) -> Timestamp {
        use jiff::{Span, tz::TimeZone};
        let count = i64::from(self.count);
        let span = match self.unit {
            Unit::Second => Span::new().try_seconds(count),
            Unit::Minute => Span::new().try_minutes(count),
            Unit::Hour => Span::new().try_hours(count),
            Unit::Day => Span::new().try_days(count),
            Unit::Week => Span::new().try_weeks(count),
            Unit::Month => Span::new().try_months(count),
            Unit::Year => Span::new().try_years(count),
        };
        span.and_then(|span| now.to_zoned(TimeZone::UTC).checked_sub(span))
            .map_or(Timestamp::MIN, |then| then.timestamp())
    }
}

/// A version text with its order: runs of digits compare as numbers, everything else as text, so that
/// `1.10 > 1.9` and `1.0~rc1 < 1.0` (`contract/qql.md 3`).
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
}

impl Version {
    /// Any text is a version.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Compares two version texts without building a [`Version`].
    pub fn compare(a: &str, b: &str) -> Ordering {
        let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
        loop {
            let (text_a, rest_a) = split(a, |byte| !byte.is_ascii_digit());
            let (text_b, rest_b) = split(b, |byte| !byte.is_ascii_digit());
            let (number_a, next_a) = split(rest_a, |byte| byte.is_ascii_digit());
            let (number_b, next_b) = split(rest_b, |byte| byte.is_ascii_digit());
            let order = compare_text(text_a, text_b).then_with(|| compare_number(number_a, number_b));
            if order != Ordering::Equal || (next_a.is_empty() && next_b.is_empty()) {
                return order;
            }
            (a, b) = (next_a, next_b);
        }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        Self::compare(&self.text, &other.text)
    }
}

fn split(bytes: &[u8], of: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !of(byte)).unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// `~` sorts before everything, even the end (as packagers use it for pre-releases); letters before other signs.
fn compare_text(a: &[u8], b: &[u8]) -> Ordering {
    fn weight(byte: Option<&u8>) -> u16 {
        match byte {
            Some(b'~') => 0,
            None => 1,
            Some(letter) if letter.is_ascii_alphabetic() => 2 + u16::from(*letter),
            Some(other) => 300 + u16::from(*other),
        }
    }
    let length = a.len().max(b.len());
    (0..length)
        .map(|at| weight(a.get(at)).cmp(&weight(b.get(at))))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_number(a: &[u8], b: &[u8]) -> Ordering {
    let (_, a) = split(a, |byte| *byte == b'0');
    let (_, b) = split(b, |byte| *byte == b'0');
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// A value read from an object. Borrowed, because a filter is answered without building anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// Text, keyword, enum and version fields.
    Text(&'a str),
    /// Boolean fields.
    Boolean(bool),
    /// Integer fields.
    Integer(i64),
    /// Date fields: seconds since the epoch.
    Date(i64),
    /// Address fields.
    Address(IpAddr),
}

impl<'a> ValueRef<'a> {
    /// A date value; fractions of a second are dropped, as on the wire (`contract/qps.md 14`).
    pub fn date(at: Timestamp) -> Self {
        ValueRef::Date(at.as_second())
    }

    /// The value as text, as substring and pattern questions see it.
    pub fn as_text(self) -> Cow<'a, str> {
        match self {
            ValueRef::Text(text) => Cow::Borrowed(text),
            ValueRef::Boolean(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
            ValueRef::Integer(number) => Cow::Owned(number.to_string()),
            ValueRef::Date(seconds) => Cow::Owned(
                Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string()),
            ),
            ValueRef::Address(address) => Cow::Owned(address.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_by_their_numbers() {
        let rising = ["", "0.9", "1.0~rc1", "1.0", "1.0a", "1.0-1", "1.0.1", "1.9", "1.10", "2"];
        for pair in rising.windows(2) {
            assert_eq!(Version::compare(pair[0], pair[1]), Ordering::Less, "{} < {}", pair[0], pair[1]);
            assert_eq!(Version::compare(pair[1], pair[0]), Ordering::Greater, "{} > {}", pair[1], pair[0]);
        }
        assert_eq!(Version::compare("1.02", "1.2"), Ordering::Equal);
    }

    #[test]
    fn ages_count_back_from_now() {
        let now: Timestamp = "2026-03-31T12:00:00Z".parse().unwrap();
        let ago = |count, unit| When::Ago(Age { count, unit }).at(now);
        assert_eq!(ago(0, Unit::Day), now.as_second());
        assert_eq!(ago(1, Unit::Day), now.as_second() - 86_400);
        assert_eq!(Timestamp::from_second(ago(1, Unit::Month)).unwrap().to_string(), "2026-02-28T12:00:00Z");
        assert_eq!(ago(u32::MAX, Unit::Year), Timestamp::MIN.as_second());
    }
}
