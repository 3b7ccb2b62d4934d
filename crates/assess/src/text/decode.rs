//! Bytes to characters: UTF-8, UTF-16 with or without a mark, and Latin-1 as the last resort.

use std::borrow::Cow;

use crate::error::InputError;

/// Bytes that are looked at to recognise UTF-16 without a byte order mark.
const PROBE: usize = 4096;

pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, InputError> {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8_or_latin1(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match zero_parity(bytes) {
            Some(Parity::Odd) => utf16(bytes, u16::from_le_bytes),
            Some(Parity::Even) => utf16(bytes, u16::from_be_bytes),
            None => utf8_or_latin1(bytes),
        },
    };
    check_printable(&text)?;
    Ok(text)
}

enum Parity {
    Even,
    Odd,
}

/// Tells UTF-16 of mostly ASCII text by its zero bytes: nearly every second byte, and none at the other places.
fn zero_parity(bytes: &[u8]) -> Option<Parity> {
    let probe = bytes.get(..PROBE.min(bytes.len())).unwrap_or(bytes);
    let zeros = |skip: usize| probe.iter().skip(skip).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), probe.len() / 2);
    match () {
        () if half >= 4 && odd * 10 >= half * 7 && even * 20 <= half => Some(Parity::Odd),
        () if half >= 4 && even * 10 >= half * 7 && odd * 20 <= half => Some(Parity::Even),
        () => None,
    }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Cow<'static, str> {
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [a, b] => read([*a, *b]),
        _ => 0xfffd,
    });
    let decoded = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    Cow::Owned(decoded.filter(|c| *c != '\u{feff}').collect())
}

fn utf8_or_latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        // The mark is a mark wherever it stands: a terminal shows nothing of it.
        Ok(text) if memchr::memmem::find(bytes, "\u{feff}".as_bytes()).is_some() => {
            Cow::Owned(text.replace('\u{feff}', ""))
        }
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()),
    }
}

/// Refuses NUL characters and text of which more than one in twenty characters cannot be shown.
fn check_printable(text: &str) -> Result<(), InputError> {
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err(InputError::NotText { reason: "it holds NUL bytes".to_owned() });
    }
    let odd = text.bytes().filter(|b| *b < 0x20 && !matches!(b, 3 | 7..=13 | 27)).count()
        + if text.is_ascii() {
            0
        } else {
            text.chars().filter(|c| ('\u{7f}'..='\u{9f}').contains(c)).count()
        };
    if odd * 20 > text.len() {
        let reason = format!("{odd} of {} characters are control characters", text.len());
        return Err(InputError::NotText { reason });
    }
    Ok(())
}
