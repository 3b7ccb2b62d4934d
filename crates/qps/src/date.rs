//! Dates of the wire (contract/qps.md 6.2 and 14).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// Reads `YYYY-MM-DDTHH:MM:SSZ`, with or without fraction, with `Z`, another offset or none (taken as UTC), and
/// `YYYY-MM-DD` (its first instant).
pub fn parse_date(text: &str) -> Option<Timestamp> {
    if !starts_with_a_day(text) {
        return None;
    }
    if text.len() == 10 {
        return Offset::UTC.to_timestamp(text.parse::<Date>().ok()?.into()).ok();
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()
}

/// Whether the text starts like `2024-01-31`; the library would also read shorter ISO forms, which are not of the wire.
fn starts_with_a_day(text: &str) -> bool {
    let shape = b"0000-00-00";
    text.len() >= shape.len()
        && text.bytes().zip(shape).all(|(byte, &wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            dash => byte == dash,
        })
}

/// Writes `YYYY-MM-DDTHH:MM:SSZ`; fractions are dropped.
pub(crate) fn write_date(out: &mut Vec<u8>, instant: Timestamp) {
    let at = Offset::UTC.to_datetime(instant);
    let year = at.year();
    if year < 0 {
        out.push(b'-');
    }
    let century = (year.unsigned_abs() / 100) as u8;
    let of_century = (year.unsigned_abs() % 100) as u8;
    two_digits(out, century);
    two_digits(out, of_century);
    for (mark, number) in
        [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute()), (b':', at.second())]
    {
        out.push(mark);
        two_digits(out, number.unsigned_abs());
    }
    out.push(b'Z');
}

fn two_digits(out: &mut Vec<u8>, number: u8) {
    out.extend_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(instant: Timestamp) -> String {
        let mut out = Vec::new();
        write_date(&mut out, instant);
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn reads(text: &str, wanted: &str) {
        assert_eq!(parse_date(text).map(written).as_deref(), Some(wanted), "{text}");
    }

    #[test]
    fn the_forms_of_the_contract_are_read() {
        reads("2024-03-01T10:00:00Z", "2024-03-01T10:00:00Z");
        reads("2024-03-01T10:00:00.123456Z", "2024-03-01T10:00:00Z");
        reads("2024-03-01", "2024-03-01T00:00:00Z");
        reads("2024-03-01T10:00:00+02:00", "2024-03-01T08:00:00Z");
        reads("2024-03-01T10:00:00", "2024-03-01T10:00:00Z");
    }

    #[test]
    fn other_texts_are_not_dates() {
        for text in [
            "",
            "now",
            "20240301",
            "2024-3-1",
            "2024-13-01",
            "2024-02-30",
            "01/02/2024",
            "2024-03-01Tx",
            "1709287200",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_date_is_the_librarys_own_text(seconds in -62_135_596_800_i64..253_402_300_799, nanos in 0..1_000_000_000) {
            let instant = Timestamp::new(seconds, nanos).unwrap();
            let whole = Timestamp::from_second(seconds).unwrap();
            prop_assert_eq!(written(instant), whole.to_string());
            prop_assert_eq!(parse_date(&written(instant)), Some(whole));
        }
    }
}
