//! Looking at what is there: shared by the checks of this folder.

use crate::checks::{Bench, Entry};
use crate::proof::{Control, Evidence, Expect, Proof, Seen};

/// Whether an entry's usual answer meets an expectation that asks about head and body alone.
pub(super) fn shows(entry: &Entry, expect: &Expect) -> bool {
    expect.find(&Seen { response: (*entry.response).clone(), ..Seen::default() }).is_some()
}

/// The text of an answer that people or programs read; none for pictures, archives and the like.
pub(super) fn readable(entry: &Entry) -> Option<&str> {
    let kind = entry.response.media_type();
    let is_text = kind.is_empty()
        || kind.starts_with("text/")
        || ["json", "xml", "javascript", "ecmascript", "yaml", "x-www-form-urlencoded", "graphql", "csv"]
            .iter()
            .any(|part| kind.contains(part));
    // What is given out to be saved is of any type: tables, settings, dumps.
    let is_text = is_text || (SAVED.contains(&kind.as_str()) && is_plain(&entry.response.body));
    (is_text && !entry.response.body.is_empty()).then(|| entry.response.text())
}

/// Types of files that a browser saves.
const SAVED: &[&str] = &[
    "application/octet-stream",
    "application/force-download",
    "application/x-download",
    "application/download",
    "application/vnd.ms-excel",
    "application/sql",
    "application/x-sql",
    "application/x-sh",
    "application/x-pem-file",
    "application/pgp-keys",
];

/// Whether bytes are letters, as far as their beginning tells.
fn is_plain(bytes: &[u8]) -> bool {
    let begin = bytes.get(..2048).unwrap_or(bytes);
    !begin.iter().any(|byte| *byte < 32 && !b"\t\r\n".contains(byte))
        && match std::str::from_utf8(begin) {
            Ok(_) => true,
            // The last letter may be cut in two.
            Err(error) => error.error_len().is_none(),
        }
}

/// Shows again that a text stands in the answer of an entry. The text itself is the control: without it nothing is found.
pub(super) async fn text_again(bench: &Bench<'_>, entry: &Entry, text: &str) -> Option<Proof> {
    let expect = Expect::Body(text.to_owned());
    super::site_wide::seen_again(bench, entry, expect, Control::Without(text.to_owned())).await
}

/// The same for a text that must not be shown: the replay has an expression for it, and the evidence what `masked` is.
pub(super) async fn hidden_again(
    bench: &Bench<'_>,
    entry: &Entry,
    text: &str,
    masked: &str,
) -> Option<Proof> {
    let shape = shape_of(text);
    let expect = Expect::BodyMatches(shape.clone());
    let proof = super::site_wide::seen_again(bench, entry, expect, Control::WithoutMatch(shape)).await?;
    let around = proof.evidence().clone();
    let shown = around.text.get(around.offset..around.offset + around.length).unwrap_or_default();
    let text = around.text.replace(shown, masked);
    Some(proof.saying(if shown.is_empty() {
        Evidence::sentence(masked)
    } else {
        Evidence { offset: text.find(masked).unwrap_or(0), length: masked.len(), text }
    }))
}

/// An expression for texts of the same shape: the first letters as they are, then letters for letters, digits for digits.
pub(super) fn shape_of(text: &str) -> String {
    let kept = (text.chars().count() / 3).min(8);
    let class = |letter: char| match letter {
        '0'..='9' => r"\d".to_owned(),
        'a'..='z' | 'A'..='Z' => "[A-Za-z]".to_owned(),
        other => regex::escape(&other.to_string()),
    };
    let mut shape = String::new();
    let (mut last, mut times) = (String::new(), 0_usize);
    for (n, letter) in text.chars().enumerate() {
        let piece = if n < kept { regex::escape(&letter.to_string()) } else { class(letter) };
        if n >= kept && piece == last {
            times += 1;
            continue;
        }
        flush(&mut shape, &last, times);
        (last, times) = (piece, 1);
    }
    flush(&mut shape, &last, times);
    shape
}

fn flush(shape: &mut String, piece: &str, times: usize) {
    *shape += piece;
    if times > 1 {
        *shape += &format!("{{{times}}}");
    }
}

/// A secret as it may be shown: beginning and end, and how much is between.
pub(super) fn mask(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (front, back) = if letters.len() >= 16 { (4, 4) } else { (2, 0) };
    let first: String = letters.iter().take(front).collect();
    let last: String = letters.iter().skip(letters.len().saturating_sub(back)).collect();
    format!("{first}[{} more]{last}", letters.len().saturating_sub(front + back))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_to_save_are_read_when_they_are_text() {
        use crate::http::{Request, Response, Target};
        let entry = |kind: &str, body: &'static [u8]| {
            let response = Response::new(200, &[("content-type", kind)], body);
            Entry::new(Request::get(Target::parse("http://a.test/x").unwrap()), response, None)
        };
        assert!(readable(&entry("application/octet-stream", b"name,card\nAnn,1\n")).is_some());
        assert!(readable(&entry("application/octet-stream", b"PK\x03\x04\x00\x00")).is_none());
        assert!(readable(&entry("image/png", b"name,card")).is_none());
        assert!(is_plain(format!("a{}", "é".repeat(1_500)).as_bytes()) && !is_plain(b"\xff\xfe\xfd"));
    }

    #[test]
    fn shapes_match_their_texts_and_hide_them() {
        for text in ["4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE", "123-45-6789", "aa", "$x.y"] {
            let shape = shape_of(text);
            assert!(regex::Regex::new(&format!("^{shape}$")).unwrap().is_match(text), "{shape}");
        }
        assert_eq!(shape_of("123-45-6789"), r"123\-\d{2}\-\d{4}");
        assert_eq!(mask("AKIAIOSFODNN7EXAMPLE"), "AKIA[12 more]MPLE");
        assert_eq!(mask("123-45-6789"), "12[9 more]");
    }
}
