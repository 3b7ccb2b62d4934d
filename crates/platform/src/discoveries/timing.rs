//! When a schedule is due.

use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// How often a schedule comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Occurrence {
    /// At its start only.
    Once,
    /// Every so many hours.
    Hourly,
    /// Every so many days.
    Daily,
    /// Every so many weeks.
    Weekly,
    /// Every so many months, on the day of its start or the last one that the month has.
    Monthly,
}

impl Occurrence {
    /// All, with their names on the wire.
    pub(super) const NAMED: [(&'static str, Self); 5] = [
        ("ONCE", Self::Once),
        ("HOURLY", Self::Hourly),
        ("DAILY", Self::Daily),
        ("WEEKLY", Self::Weekly),
        ("MONTHLY", Self::Monthly),
    ];

    /// The wire's name.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }

    fn seconds(self) -> Option<i64> {
        match self {
            Self::Hourly => Some(3_600),
            Self::Daily => Some(24 * 3_600),
            Self::Weekly => Some(7 * 24 * 3_600),
            Self::Once | Self::Monthly => None,
        }
    }
}

/// When a schedule is due, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    /// The unit of repetition.
    pub occurrence: Occurrence,
    /// How many units are between two times; at least 1.
    pub every: u16,
    /// The first time.
    pub start: Timestamp,
}

impl Timing {
    /// The first time after a moment; none if there is no more.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        if self.start > moment {
            return Some(self.start);
        }
        let every = i64::from(self.every.max(1));
        match (self.occurrence, self.occurrence.seconds()) {
            (_, Some(unit)) => {
                let (step, start) = (unit * every, self.start.as_second());
                let times = (moment.as_second() - start) / step + 1;
                Timestamp::from_second(start + times * step).ok()
            }
            (Occurrence::Monthly, None) => self.month_after(moment, every),
            (_, None) => None,
        }
    }

    fn month_after(&self, moment: Timestamp, every: i64) -> Option<Timestamp> {
        let (start, now) = (Offset::UTC.to_datetime(self.start), Offset::UTC.to_datetime(moment));
        let months = i64::from(now.year() - start.year()) * 12 + i64::from(now.month() - start.month());
        // Steps count from the start, so that the 31st comes again after a shorter month.
        (months / every..).take(3).find_map(|times| {
            let at = start.checked_add(Span::new().try_months(times * every).ok()?).ok()?;
            Offset::UTC.to_timestamp(at).ok().filter(|at| *at > moment)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(occurrence: Occurrence, every: u16, start: &str, moment: &str) -> Option<String> {
        Timing { occurrence, every, start: at(start) }.after(at(moment)).map(|next| next.to_string())
    }

    #[test]
    fn times_are_counted_from_the_start() {
        let start = "2024-01-31T22:30:00Z";
        for (occurrence, every, moment, expected) in [
            (Occurrence::Once, 1, "2024-01-31T22:29:59Z", Some(start)),
            (Occurrence::Once, 1, start, None),
            (Occurrence::Hourly, 6, start, Some("2024-02-01T04:30:00Z")),
            (Occurrence::Daily, 1, "2024-02-10T00:00:00Z", Some("2024-02-10T22:30:00Z")),
            (Occurrence::Daily, 3, "2024-02-10T00:00:00Z", Some("2024-02-12T22:30:00Z")),
            (Occurrence::Weekly, 1, start, Some("2024-02-07T22:30:00Z")),
            (Occurrence::Monthly, 1, start, Some("2024-02-29T22:30:00Z")),
            (Occurrence::Monthly, 1, "2024-02-29T22:30:00Z", Some("2024-03-31T22:30:00Z")),
            (Occurrence::Monthly, 12, "2031-01-31T22:30:00Z", Some("2032-01-31T22:30:00Z")),
        ] {
            let found = next(occurrence, every, start, moment);
            assert_eq!(found.as_deref(), expected, "{occurrence:?} {every} after {moment}");
        }
    }

    proptest! {
        #[test]
        fn the_next_time_is_later_and_the_one_before_it_was_not(
            kind in 1usize..5, every in 1u16..50, start in 0i64..4_000_000_000, later in 0i64..2_000_000_000,
        ) {
            let (occurrence, start) = (Occurrence::NAMED[kind].1, Timestamp::from_second(start).unwrap());
            let timing = Timing { occurrence, every, start };
            let moment = Timestamp::from_second(start.as_second() + later).unwrap();
            let next = timing.after(moment).unwrap();
            prop_assert!(next > moment);
            // Nothing is left out: from just before it, it is the next one as well.
            let before = Timestamp::from_second(next.as_second() - 1).unwrap();
            prop_assert_eq!(timing.after(before), Some(next));
            prop_assert!(timing.after(next).unwrap() > next);
        }
    }
}
