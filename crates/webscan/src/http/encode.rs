//! Percent-encoding, the way browsers and servers do it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'*');

/// Encodes all that is not plain, for a query, a form or a path segment.
#[must_use]
pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// Decodes; what is no valid encoding stays, bytes that are no UTF-8 become U+FFFD.
#[must_use]
pub fn unpercent(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Names and values as a form or query is sent. A value that begins with [`RAW`] is sent as it is.
#[must_use]
pub fn form(fields: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in fields {
        if !out.is_empty() {
            out.push('&');
        }
        out += &percent(name).replace("%5B", "[").replace("%5D", "]");
        out.push('=');
        match value.strip_prefix(RAW) {
            Some(raw) => out += raw,
            None => out += &percent(value),
        }
    }
    out
}

/// Before a value that is encoded already. A private-use letter: no page has it in a form.
pub const RAW: char = '\u{f8ff}';

/// The first of 256 private-use letters that stand for one byte each in a file's content.
const BYTES: u32 = 0xf700;

/// Bytes as the content of a file, which is a text: what is no ASCII becomes a letter that is sent as that byte.
#[must_use]
pub fn bytes(bytes: &[u8]) -> String {
    let letter = |byte: &u8| {
        if byte.is_ascii() { Some(char::from(*byte)) } else { char::from_u32(BYTES + u32::from(*byte)) }
    };
    bytes.iter().filter_map(letter).collect()
}

/// A file's content as it is sent.
#[must_use]
pub fn content(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match u32::from(letter).checked_sub(BYTES).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => out.push(byte),
            None => out.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    out
}

/// Reads a form or query.
#[must_use]
pub fn read_form(text: &str) -> Vec<(String, String)> {
    let read = |part: &str| unpercent(&part.replace('+', " "));
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(MAX_FIELDS);
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (read(n), read(v))).collect()
}

/// Most fields of a form or query that are looked at.
pub const MAX_FIELDS: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_sent_as_they_are() {
        let png = b"\x89PNG\r\n\x1a\n\0\xff";
        assert_eq!(content(&bytes(png)), png);
        assert_eq!(content("\u{e4}\u{f8ff}"), "\u{e4}\u{f8ff}".as_bytes());
    }

    #[test]
    fn a_form_is_read_as_it_was_written() {
        let fields = vec![("a b".to_owned(), "1&2=3 ä\u{0}".to_owned()), ("x[]".to_owned(), String::new())];
        assert_eq!(form(&fields), "a%20b=1%262%3D3%20%C3%A4%00&x[]=");
        assert_eq!(read_form(&form(&fields)), fields);
        assert_eq!(
            read_form("a=b+c&&d"),
            [("a".to_owned(), "b c".to_owned()), ("d".to_owned(), String::new())]
        );
        assert_eq!(form(&[("a".to_owned(), format!("{RAW}%0d%0a"))]), "a=%0d%0a");
    }
}
