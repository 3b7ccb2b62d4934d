//! When a schedule is due.

use jiff::tz::TimeZone;
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

    /// So many units, where they are counted by the calendar.
    fn span(self, units: i64) -> Option<Span> {
        match self {
            Self::Daily => Span::new().try_days(units).ok(),
            Self::Weekly => Span::new().try_weeks(units).ok(),
            Self::Monthly => Span::new().try_months(units).ok(),
            Self::Once | Self::Hourly => None,
        }
    }
}

/// When a schedule is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    /// The unit of repetition.
    pub occurrence: Occurrence,
    /// How many units are between two times; at least 1.
    pub every: u16,
    /// The first time.
    pub start: Timestamp,
    /// The time zone whose days, weeks and months are counted; UTC where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// The time zone of an IANA name, such as `Europe/London`. What the system knows of time zones goes before what this
/// program was built with.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

impl Timing {
    /// The time zone.
    pub(super) fn zone(&self) -> TimeZone {
        self.zone.as_deref().and_then(zone).unwrap_or(TimeZone::UTC)
    }

    /// The first time after a moment; none if there is no more.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        if self.start > moment {
            return Some(self.start);
        }
        let every = i64::from(self.every.max(1));
        match self.occurrence {
            Occurrence::Once => None,
            Occurrence::Hourly => {
                let (step, start) = (3_600 * every, self.start.as_second());
                let times = (moment.as_second() - start) / step + 1;
                Timestamp::from_second(start + times * step).ok()
            }
            Occurrence::Daily | Occurrence::Weekly | Occurrence::Monthly => self.by_calendar(moment, every),
        }
    }

    /// The clock shows the same whatever it was set forward or back in between. Where it leaves out that time of a day, it
    /// comes as much later as the clock was set forward; where it shows it twice, the first time counts.
    fn by_calendar(&self, moment: Timestamp, every: i64) -> Option<Timestamp> {
        let zone = self.zone();
        let (start, now) = (zone.to_datetime(self.start), zone.to_datetime(moment));
        let days = now.date().duration_since(start.date()).as_hours() / 24;
        let months = i64::from(now.year() - start.year()) * 12 + i64::from(now.month() - start.month());
        let passed = match self.occurrence {
            Occurrence::Monthly => months,
            Occurrence::Weekly => days / 7,
            _ => days,
        };
        // Steps count from the start, so that the 31st comes again after a shorter month.
        let first = (passed / every - 1).max(1);
        (first..).take(4).find_map(|times| {
            let at = start.checked_add(self.occurrence.span(times * every)?).ok()?;
            zone.to_timestamp(at).ok().filter(|at| *at > moment)
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
        let timing = Timing { occurrence, every, start: at(start), zone: None };
        timing.after(at(moment)).map(|next| next.to_string())
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

    #[test]
    fn a_time_zone_keeps_what_its_clocks_show() {
        let next = |occurrence, zone: &str, start: &str, moment: &str| {
            let timing = Timing { occurrence, every: 1, start: at(start), zone: Some(zone.to_owned()) };
            timing.after(at(moment)).unwrap().to_string()
        };
        // Clocks go forward on 2024-03-31 and back on 2024-10-27, at 01:00 UTC.
        let (daily, zone) = (Occurrence::Daily, "Europe/Berlin");
        for (moment, expected) in [
            ("2024-03-30T07:00:00Z", "2024-03-31T06:00:00Z"),
            ("2024-10-26T07:00:00Z", "2024-10-27T07:00:00Z"),
            ("2024-07-01T00:00:00Z", "2024-07-01T06:00:00Z"),
        ] {
            assert_eq!(next(daily, zone, "2024-03-01T07:00:00Z", moment), expected, "08:00 after {moment}");
        }
        // 02:30 is left out once, and is there twice once.
        let early = "2024-03-01T01:30:00Z";
        assert_eq!(next(daily, zone, early, "2024-03-30T02:00:00Z"), "2024-03-31T01:30:00Z");
        assert_eq!(next(daily, zone, early, "2024-10-26T01:00:00Z"), "2024-10-27T00:30:00Z");
        assert_eq!(next(daily, zone, early, "2024-10-27T00:30:00Z"), "2024-10-28T01:30:00Z");
        // It is Monday there, and still Sunday in UTC.
        let weekly = next(Occurrence::Weekly, "Asia/Tokyo", "2024-03-03T15:30:00Z", "2024-03-05T00:00:00Z");
        assert_eq!(weekly, "2024-03-10T15:30:00Z");
        // The 31st there is the 30th in UTC.
        let monthly = next(Occurrence::Monthly, "Asia/Tokyo", "2024-01-30T20:00:00Z", "2024-02-01T00:00:00Z");
        assert_eq!(monthly, "2024-02-28T20:00:00Z");
        assert!(zone_is_unknown("Europe/Nowhere") && zone_is_unknown("") && !zone_is_unknown("UTC"));
    }

    fn zone_is_unknown(name: &str) -> bool {
        zone(name).is_none()
    }

    /// Zones of all kinds: without daylight saving time, with it in both halves of the year, and with half an hour of it.
    const ZONES: [&str; 6] = [
        "UTC",
        "Asia/Kolkata",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Sydney",
        "Australia/Lord_Howe",
    ];

    proptest! {
        #[test]
        fn the_next_time_is_later_and_the_one_before_it_was_not(
            kind in 1usize..5, every in 1u16..50, start in 0i64..4_000_000_000, later in 0i64..2_000_000_000,
            zone in 0usize..ZONES.len(),
        ) {
            let (occurrence, start) = (Occurrence::NAMED[kind].1, Timestamp::from_second(start).unwrap());
            let timing = Timing { occurrence, every, start, zone: Some(ZONES[zone].to_owned()) };
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
