//! Dates as callers write them: a year, a month, a day or an instant, each the span of seconds that it covers.
//!
//! Seconds are the unit of time of the whole engine, so both ends of a span are seconds that belong to it.

use std::ops::Bound;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use crate::{Test, Value, When};

const EPOCH: Date = Date::constant(1970, 1, 1);
const DAY: i64 = 86_400;

/// What a written date covers, in seconds since the epoch, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Period {
    /// Reads `2026`, `2026-03`, `2026-03-09` or an instant.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.len() {
            4 => Self::year(text),
            7 => Self::month(text),
            _ => Self::parse_day_or_instant(text),
        }
    }

    /// Reads `2026-03-09`, `2026-03-09T10:00:00Z`, with or without seconds, a fraction (dropped, as in every
    /// stored date), and a zone; without a zone it is UTC. A blank may stand for the `T`.
    pub(crate) fn parse_day_or_instant(text: &str) -> Option<Self> {
        let mut cursor = Cursor(text.as_bytes());
        let (year, month) = (cursor.number(4)?, cursor.after(b"-")?.number(2)?);
        let day = cursor.after(b"-")?.number(2)?;
        let midnight = seconds(year, month, day)?;
        if cursor.0.is_empty() {
            return Some(Self::of(midnight, DAY));
        }
        let (hour, minute) = (cursor.after(b"Tt ")?.number(2)?, cursor.after(b":")?.number(2)?);
        let second = if cursor.after(b":").is_some() { cursor.number(2)? } else { 0 };
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        if cursor.after(b".").is_some() {
            cursor.fraction()?;
        }
        let at = midnight + hour * 3600 + minute * 60 + second - cursor.zone()?;
        (cursor.0.is_empty() && format(at).is_some()).then_some(Self::of(at, 1))
    }

    fn year(text: &str) -> Option<Self> {
        let year = Cursor(text.as_bytes()).number(4)?;
        Some(Self { first: seconds(year, 1, 1)?, last: seconds(year, 12, 31)? + DAY - 1 })
    }

    fn month(text: &str) -> Option<Self> {
        let mut cursor = Cursor(text.as_bytes());
        let (year, month) = (cursor.number(4)?, cursor.after(b"-")?.number(2)?);
        let days = date(year, month, 1)?.days_in_month();
        Some(Self::of(seconds(year, month, 1)?, i64::from(days) * DAY))
    }

    fn of(first: i64, length: i64) -> Self {
        Self { first, last: first + length - 1 }
    }

    /// Within the period.
    pub(crate) fn during(self) -> Test {
        if self.first == self.last {
            return Test::Equals(value(self.first));
        }
        Test::Range(Bound::Included(value(self.first)), Bound::Included(value(self.last)))
    }

    /// The seconds of the period as values: the first and the last.
    pub(crate) fn ends(self) -> (Value, Value) {
        (value(self.first), value(self.last))
    }
}

/// Seconds since the epoch as `2026-03-09T10:00:00Z`; none outside the years 0 to 9999.
pub(crate) fn format(seconds: i64) -> Option<String> {
    let at: DateTime = EPOCH.at(0, 0, 0, 0).checked_add(SignedDuration::from_secs(seconds)).ok()?;
    (at.year() >= 0).then(|| {
        let (year, month, day) = (at.year(), at.month(), at.day());
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
    })
}

/// The day as `2026-03-09` if this is its first second.
pub(crate) fn day_begun(seconds: i64) -> Option<String> {
    (seconds.rem_euclid(DAY) == 0).then(|| format(seconds)?.get(..10).map(str::to_owned))?
}

/// The day as `2026-03-09` if this is its last second.
pub(crate) fn day_ended(seconds: i64) -> Option<String> {
    (seconds.rem_euclid(DAY) == DAY - 1).then(|| format(seconds)?.get(..10).map(str::to_owned))?
}

fn value(seconds: i64) -> Value {
    Value::Date(When::At(seconds))
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// Midnight of a day.
fn seconds(year: i64, month: i64, day: i64) -> Option<i64> {
    Some(date(year, month, day)?.duration_since(EPOCH).as_secs())
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// Exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number
            .iter()
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    }

    /// Goes on behind one of the signs.
    fn after(&mut self, signs: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first()?;
        signs.contains(first).then(|| {
            self.0 = rest;
            self
        })
    }

    fn fraction(&mut self) -> Option<()> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.0 = self.0.get(digits..)?;
        (digits > 0).then_some(())
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.after(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if self.after(b"+").is_some() { 1 } else { self.after(b"-").map(|_| -1)? };
        let hours = self.number(2)?;
        self.after(b":");
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> Option<String> {
        let period = Period::parse(text)?;
        Some(format!("{} {}", format(period.first)?, format(period.last)?))
    }

    #[test]
    fn each_form_covers_its_seconds() {
        let cases = [
            ("2026", "2026-01-01T00:00:00Z 2026-12-31T23:59:59Z"),
            ("2024-02", "2024-02-01T00:00:00Z 2024-02-29T23:59:59Z"),
            ("2026-03-09", "2026-03-09T00:00:00Z 2026-03-09T23:59:59Z"),
            ("9999-12-31", "9999-12-31T00:00:00Z 9999-12-31T23:59:59Z"),
            ("2026-03-09T10:00:00Z", "2026-03-09T10:00:00Z 2026-03-09T10:00:00Z"),
            ("2026-03-09T10:00:00.999Z", "2026-03-09T10:00:00Z 2026-03-09T10:00:00Z"),
            ("2026-03-09 10:00", "2026-03-09T10:00:00Z 2026-03-09T10:00:00Z"),
            ("2026-03-09T10:00:00+02:00", "2026-03-09T08:00:00Z 2026-03-09T08:00:00Z"),
            ("2026-03-09T10:00:00-0030", "2026-03-09T10:30:00Z 2026-03-09T10:30:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(written(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let bad = [
            "",
            "abc",
            "20260309",
            "2026-13",
            "2026-02-30",
            "2026-3-9",
            "2026-03-09T",
            "2026-03-09T24:00:00Z",
            "2026-03-09T10:00:60Z",
            "2026-03-09T10:00:00.Z",
            "2026-03-09T10:00:00Zx",
            "+026",
            "2026-03-09T10",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
            "2026-03-09T10:00:00+2",
            "２０２６",
        ];
        for text in bad {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_formatted_instant_reads_back(seconds in -62_167_219_200_i64..=253_402_300_799) {
            let text = format(seconds).unwrap();
            prop_assert_eq!(Period::parse(&text), Some(Period { first: seconds, last: seconds }));
            let library: jiff::civil::DateTime = text.trim_end_matches('Z').parse().unwrap();
            prop_assert_eq!(library.duration_since(EPOCH.at(0, 0, 0, 0)).as_secs(), seconds);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:. +-]{0,30}|\\PC{0,20}") {
            Period::parse(&text);
        }
    }
}
