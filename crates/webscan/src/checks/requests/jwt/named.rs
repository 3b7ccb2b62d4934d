//! Secrets that a site itself shows, in scripts, comments and data.

use std::collections::HashSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::checks::pattern::Pattern;
use crate::checks::requests::near::nearest;
use crate::checks::{Bench, Entry};

/// Words that stand before a secret, and what follows them.
static NAMED: Pattern =
    Pattern::new(r"(?i)(?:secret|key|jwt|sign|hmac|salt|passphrase|passwo?r?d|\bpw\b)([^\n\r]{4,160})");
/// What may be a secret there.
static WORD: Pattern = Pattern::new(r#"[^\s"'`<>,;(){}\[\]\\]{4,128}"#);
/// Most answers that are read, and most words that are taken from all.
const MOST: (usize, usize) = (60, 600);

/// Words that may be the secret of tokens of an entry, those that stand nearest first.
pub(super) fn named(bench: &Bench<'_>, entry: &Entry) -> Vec<String> {
    let near = nearest(bench.entries.iter().filter(is_text), &entry.request.url.path);
    let mut all = Vec::new();
    for other in near.into_iter().take(MOST.0) {
        words(other.response.text(), &mut all);
    }
    all
}

/// What stands between signs in answers and requests near an entry, whatever it is called, and what stands in quotes: a secret may
/// be any word that one sees.
pub(super) fn shown(bench: &Bench<'_>, entry: &Entry) -> Vec<String> {
    static QUOTED: Pattern = Pattern::new(r#"'([^'\n]{4,80})'|"([^"\n]{4,80})"|`([^`\n]{4,80})`"#);
    let mut all = Seen::default();
    let dressed = bench.session.dress(&entry.request);
    dressed.points().iter().for_each(|point| all.add(&point.value));
    dressed.cookies.iter().chain(&dressed.headers).for_each(|(_, value)| all.add(value));
    for other in
        nearest(bench.entries.iter().filter(is_text), &entry.request.url.path).into_iter().take(MOST.0)
    {
        let response = &other.response;
        response.headers.iter().for_each(|(_, value)| all.add(value));
        let text = response.text();
        let text = text.get(..text.floor_char_boundary(READ)).unwrap_or_default();
        for word in WORD.all(text) {
            all.add(word.as_str().trim_start_matches(['=', ':']).trim_end_matches(['.', ':', '-', '!', '?']));
        }
        for found in QUOTED.all_captures(text) {
            found.iter().skip(1).flatten().for_each(|quoted| all.add(quoted.as_str()));
        }
    }
    all.words
}

/// Words, each once.
#[derive(Default)]
struct Seen {
    words: Vec<String>,
    known: HashSet<String>,
}

impl Seen {
    fn add(&mut self, word: &str) {
        if word.len() >= 4
            && word.len() <= 128
            && self.words.len() < SHOWN
            && self.known.insert(word.to_owned())
        {
            self.words.push(word.to_owned());
        }
    }
}

/// Most words that are seen, and most bytes of an answer that are read for them.
const SHOWN: usize = 20_000;
const READ: usize = 64 << 10;

/// Whether an entry's answer is text.
fn is_text(entry: &&Entry) -> bool {
    let kind = entry.response.media_type();
    ["html", "script", "json", "plain", "yaml", "xml"].iter().any(|end| kind.ends_with(end))
}

/// The words of a text that stand behind what secrets are called.
fn words(text: &str, all: &mut Vec<String>) {
    for found in NAMED.all_captures(text) {
        let rest = found.get(1).map_or("", |rest| rest.as_str());
        for word in WORD.all(rest) {
            // What is assigned, and ends a sentence, stands without its signs.
            let word = word.as_str().trim_start_matches(['=', ':']).trim_end_matches(['.', ':', '-', '!']);
            if all.len() < MOST.1 && word.len() >= 4 && !all.iter().any(|have| have == word) {
                all.push(word.to_owned());
            }
        }
    }
}

/// The bytes that a word may stand for: itself, or what it is the base64 of.
pub(super) fn bytes(word: &str) -> impl Iterator<Item = Vec<u8>> {
    [Some(word.as_bytes().to_vec()), BASE64_STANDARD.decode(word).ok()].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        words(text, &mut all);
        all
    }

    #[test]
    fn secrets_are_found_where_they_are_named() {
        for (text, secret) in [
            ("const config={apiBase:'api/',jwtSecret:'q8Zr-gravel-77'};", "q8Zr-gravel-77"),
            ("<!-- TODO: move signing key tin-lantern-204 to env -->", "tin-lantern-204"),
            ("APP_SECRET=moss+ferry+19\nDEBUG=1", "moss+ferry+19"),
            ("{\"signing_key\": \"abc.def!x\"}", "abc.def!x"),
        ] {
            assert!(of(text).iter().any(|word| word == secret), "{text}: {:?}", of(text));
        }
        assert_eq!(of("<p>Welcome to the shop</p>"), Vec::<String>::new());
        assert_eq!(bytes("c2VjcmV0").nth(1).as_deref(), Some(b"secret".as_slice()));
    }
}
