//! Values that parameters of the posture calls have in common.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A date as clients send it: a day, or a second.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let day: Date = (text.len() == 10).then(|| text.parse().ok())??;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// `1` or `0`, or the words for them.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Ranges with commas between them, such as `7,10-12`.
pub(super) fn numbers(text: &str) -> Option<Vec<RangeInclusive<u32>>> {
    ranges(text, |one| one.parse().ok())
}

/// Ranges of addresses, such as `192.0.2.1-192.0.2.9,192.0.2.14`.
pub(super) fn addresses(text: &str) -> Option<Vec<RangeInclusive<IpAddr>>> {
    ranges(text, |one| one.parse().ok())
}

fn ranges<T: Copy + PartialOrd>(
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<Vec<RangeInclusive<T>>> {
    let range = |item: &str| {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last) = (read(first.trim())?, read(last.trim())?);
        (first <= last).then_some(first..=last)
    };
    text.split(',').map(|item| range(item.trim())).collect()
}

/// Whether one of the ranges holds a value; no ranges hold all.
pub(super) fn holds<T: PartialOrd>(ranges: &Option<Vec<RangeInclusive<T>>>, value: &T) -> bool {
    ranges.as_ref().is_none_or(|ranges| ranges.iter().any(|range| range.contains(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_dates_are_read_whole_or_not_at_all() {
        assert_eq!(numbers("7,10-12"), Some(vec![7..=7, 10..=12]));
        for bad in ["", "7,", "12-10", "a", "1-2-3", "-1", "99999999999"] {
            assert_eq!(numbers(bad), None, "{bad}");
        }
        let found = addresses("192.0.2.1 - 192.0.2.9,2001:db8::1");
        assert!(holds(&found, &"192.0.2.5".parse().unwrap()));
        assert!(!holds(&found, &"192.0.2.10".parse().unwrap()));
        assert!(holds(&None::<Vec<RangeInclusive<u32>>>, &1));
        assert_eq!(date("2024-03-01"), date("2024-03-01T00:00:00Z"));
        for bad in ["", "yesterday", "2024-13-01", "2024-03-01 10", "1709287200"] {
            assert_eq!(date(bad), None, "{bad}");
        }
        assert_eq!((flag("1"), flag("False"), flag("maybe")), (Some(true), Some(false), None));
    }
}
