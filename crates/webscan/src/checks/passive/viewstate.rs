//! The state that ASP.NET pages carry along.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct Viewstate;

static ABOUT: About = About {
    name: "viewstate",
    qids: &[150_064, 150_065, 150_066],
    means: "ASP.NET pages keep their state in a hidden field: how large it is, and whether it is protected against changes.",
    matters: "A state without HMAC can be changed by the visitor; where the server builds objects from it, that can run code.",
    remedy: "Turn on enableViewStateMac (on by default) and viewStateEncryptionMode; keep machine keys secret.",
    technique: "The field is decoded: the structure is walked to its end, and what is left over is the HMAC.",
    source: "MS-NRBF relatives; CWE-642; contract/was.md 15",
};

static FIELD: Pattern = Pattern::new(
    r#"(?i)<input[^>]+name\s*=\s*["']?(__VIEWSTATE\d*|__EVENTVALIDATION)["'\s][^>]*?value\s*=\s*["']?([A-Za-z0-9+/=]{4,})"#,
);
/// A state of more than so many bytes is large.
const LARGE: usize = 10_000;

impl Check for Viewstate {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        entry.page.as_ref()?;
        let fields = fields(entry.response.text());
        (!fields.is_empty()).then(|| async move { list(bench, entry, &fields) }.boxed())
    }
}

fn fields(html: &str) -> Vec<(String, Vec<u8>)> {
    let all = FIELD.all_captures(html).into_iter();
    let read = |found: regex::Captures<'_>| {
        let state = STANDARD.decode(found.get(2)?.as_str()).ok()?;
        Some((found.get(1)?.as_str().to_owned(), state))
    };
    all.filter_map(read).collect()
}

fn list(bench: &Bench<'_>, entry: &Entry, fields: &[(String, Vec<u8>)]) {
    let url = &entry.request.url;
    for (name, state) in fields {
        bench.sink.note(150_066, format!("{url} {name}: {} bytes", state.len()));
        if name.starts_with("__VIEWSTATE") && state.len() > LARGE {
            bench.sink.note(150_065, format!("{url} {name}: {} bytes", state.len()));
        }
        if name == "__VIEWSTATE" && left_over(state) == Some(0) {
            bench.sink.note(150_064, url.to_string());
        }
    }
}

/// Bytes behind the structure of an `ObjectStateFormatter` state; none when it is encrypted or has parts that are not
/// known here.
fn left_over(state: &[u8]) -> Option<usize> {
    let rest = state.strip_prefix(b"\xff\x01")?;
    let mut walker = Walker { rest, strings: 0 };
    walker.value(0)?;
    Some(walker.rest.len())
}

struct Walker<'a> {
    rest: &'a [u8],
    strings: usize,
}

impl Walker<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    /// A number of seven bits in each byte.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<()> {
        let length = self.number()?;
        self.skip(length)
    }

    fn known_text(&mut self) -> Option<()> {
        match self.byte()? {
            0x1e => {
                self.strings += 1;
                self.text()
            }
            0x1f => self.skip(1),
            _ => None,
        }
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > 100 {
            return None;
        }
        match self.byte()? {
            0x64..=0x68 | 0x09 => Some(()),
            0x01 => self.skip(2),
            0x02 | 0x0b => self.number().map(drop),
            0x03 | 0x04 => self.skip(1),
            0x05 => self.text(),
            0x06 | 0x07 => self.skip(8),
            0x08 | 0x0a => self.skip(4),
            0x0f => {
                self.value(depth + 1)?;
                self.value(depth + 1)
            }
            0x10 => (0..3).try_for_each(|_| self.value(depth + 1)),
            0x15 => {
                let count = self.number()?;
                (0..count).try_for_each(|_| self.text())
            }
            0x16 => {
                let count = self.number()?;
                (0..count).try_for_each(|_| self.value(depth + 1))
            }
            0x17 | 0x18 => {
                let count = self.number()?;
                (0..count).try_for_each(|_| {
                    self.value(depth + 1)?;
                    self.value(depth + 1)
                })
            }
            0x1e => self.text(),
            0x1f => self.skip(1),
            _ => self.known_text().and(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_walked_to_its_end() {
        // A pair of a text and nothing, as a page without HMAC has it, then the same with 20 bytes behind.
        let bare = [&b"\xff\x01\x0f\x05\x0a"[..], b"-123456789", b"\x64"].concat();
        let guarded = [&bare[..], &[7; 20]].concat();
        assert_eq!((left_over(&bare), left_over(&guarded)), (Some(0), Some(20)));
        assert_eq!(left_over(b"\x12\x34encrypted"), None);
        let html = format!(
            "<input type=\"hidden\" name=\"__VIEWSTATE\" id=\"x\" value=\"{}\" />",
            STANDARD.encode(&bare)
        );
        assert_eq!(fields(&html), [("__VIEWSTATE".to_owned(), bare)]);
    }
}
