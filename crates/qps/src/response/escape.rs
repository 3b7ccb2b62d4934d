//! Text into XML and JSON. Runs that need no escaping are copied whole.

/// What stands for a character that XML 1.0 does not have. Dropping it could join what was kept apart.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Element content.
pub(super) fn xml_text(out: &mut Vec<u8>, text: &str) {
    let special = |b: u8| matches!(b, b'&' | b'<' | b'>' | b'\'' | b'"' | 0..=8 | 0x0B..=0x1F | 0xEF);
    escaped(out, text, special, xml_entity);
}

/// An attribute's value; line breaks and tabs would be read back as blanks.
pub(super) fn xml_attribute(out: &mut Vec<u8>, text: &str) {
    let special = |b: u8| matches!(b, b'&' | b'<' | b'>' | b'\'' | b'"' | 0..=0x1F | 0xEF);
    escaped(out, text, special, |rest| match rest.first() {
        Some(b'\t') => (b"&#x9;", 1),
        Some(b'\n') => (b"&#xa;", 1),
        _ => xml_entity(rest),
    });
}

/// A CDATA section, or several where the text contains what one can't.
pub(super) fn xml_cdata(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"<![CDATA[");
    let special = |b: u8| matches!(b, b']' | 0..=8 | 0x0B..=0x1F | 0xEF);
    escaped(out, text, special, |rest| match rest {
        [b']', b']', b'>', ..] => (b"]]]]><![CDATA[>", 3),
        [b']', ..] => (b"]", 1),
        [b'\r', ..] => (b"]]>&#xd;<![CDATA[", 1),
        _ => unprintable(rest),
    });
    out.extend_from_slice(b"]]>");
}

/// A JSON string with its quotes.
pub(super) fn json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let special = |b: u8| matches!(b, b'"' | b'\\' | 0..=0x1F | 0xEF);
    escaped(out, text, special, |rest| match rest.first() {
        Some(b'"') => (b"\\\"", 1),
        Some(b'\\') => (b"\\\\", 1),
        Some(b'\n') => (b"\\n", 1),
        Some(b'\r') => (b"\\r", 1),
        Some(b'\t') => (b"\\t", 1),
        _ => unprintable(rest),
    });
    out.push(b'"');
}

fn xml_entity(rest: &[u8]) -> (&'static [u8], usize) {
    match rest.first() {
        Some(b'&') => (b"&amp;", 1),
        Some(b'<') => (b"&lt;", 1),
        Some(b'>') => (b"&gt;", 1),
        Some(b'\'') => (b"&apos;", 1),
        Some(b'"') => (b"&quot;", 1),
        Some(b'\r') => (b"&#xd;", 1),
        _ => unprintable(rest),
    }
}

/// The rest begins with a control character, or with the first byte of U+F000 to U+FFFF, of which only U+FFFE and
/// U+FFFF are not characters.
fn unprintable(rest: &[u8]) -> (&'static [u8], usize) {
    match rest {
        [0xEF, 0xBF, 0xBE | 0xBF, ..] => (REPLACEMENT, 3),
        [0xEF, ..] => (b"\xEF", 1),
        _ => (REPLACEMENT, 1),
    }
}

/// Copies the text; where a byte is special, `replace` says what to write instead of how many bytes.
fn escaped(
    out: &mut Vec<u8>,
    text: &str,
    special: impl Fn(u8) -> bool,
    replace: impl Fn(&[u8]) -> (&'static [u8], usize),
) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&b| special(b)) {
        let (plain, from_special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (replacement, replaced) = replace(from_special);
        out.extend_from_slice(replacement);
        rest = from_special.get(replaced..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>, &str), text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn markup_is_escaped_as_recorded() {
        assert_eq!(
            written(xml_text, "'a' <&> \"b\"\r\n\t"),
            "&apos;a&apos; &lt;&amp;&gt; &quot;b&quot;&#xd;\n\t"
        );
        assert_eq!(written(xml_attribute, "a\n\t\"<"), "a&#xa;&#x9;&quot;&lt;");
    }

    #[test]
    fn a_cdata_end_is_split() {
        assert_eq!(written(xml_cdata, "a]]>b]]c]"), "<![CDATA[a]]]]><![CDATA[>b]]c]]]>");
        assert_eq!(written(xml_cdata, "a\r\nb"), "<![CDATA[a]]>&#xd;<![CDATA[\nb]]>");
    }

    #[test]
    fn what_xml_lacks_is_replaced_in_both_formats() {
        let hostile = "\0a\u{1F}\u{FFFE}\u{FFFF}\u{F8FF}\u{FEFF}\u{7F}";
        let safe = "\u{FFFD}a\u{FFFD}\u{FFFD}\u{FFFD}\u{F8FF}\u{FEFF}\u{7F}";
        assert_eq!(written(xml_text, hostile), safe);
        assert_eq!(written(xml_cdata, hostile), format!("<![CDATA[{safe}]]>"));
        assert_eq!(written(json_string, hostile), format!("\"{safe}\""));
    }

    #[test]
    fn json_strings_are_escaped() {
        assert_eq!(written(json_string, "\"\\\n\r\té"), r#""\"\\\n\r\té""#);
    }
}
