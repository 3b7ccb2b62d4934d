//! Tells answers apart by what they say, with what was put in left out.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::http::Response;
use crate::proof::Expect;

/// Words that encodings of punctuation leave behind.
const ENCODED: &[&str] = &[
    "amp", "lt", "gt", "quot", "apos", "39", "34", "60", "62", "27", "22", "x27", "x22", "x3c", "x3e", "3c",
    "3e", "2c", "20", "28", "29", "26", "25", "3d", "u0027", "u0022", "u003c", "u003e", "u0026", "x26",
    "zqescape", "lpar", "rpar", "40", "41", "037", "n", "2b", "7c", "2f", "x2f", "47", "24", "7b", "7d",
];

/// What an answer says: its status, where it leads, its words. `None` stands where a word of what was put in stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gist {
    status: u16,
    location: Option<String>,
    /// Cookies that are set, and headers of the application's own with a word in them, each as the header and its pattern.
    heads: BTreeSet<(String, String)>,
    words: Vec<Option<String>>,
}

/// Headers whose values say something of the server or of the moment.
const VARIES: &[&str] =
    &["id", "trace", "time", "nonce", "cache", "served", "server", "backend", "node", "powered"];

/// Most words of an answer that are compared.
const MOST: usize = 60_000;

/// A text with one word of ours for the escapes of letters, so that what was put in is known again however it is written.
fn without_escapes(text: &str) -> Cow<'_, str> {
    static ESCAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&(?:#x?[0-9A-Fa-f]{1,6}|[a-z]{2,6});",
        )
        .ok()
    });
    match ESCAPE.as_ref() {
        Some(escape) if text.contains(['%', '\\', '&']) => escape.replace_all(text, " zqescape "),
        _ => Cow::Borrowed(text),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

impl Gist {
    /// What an answer says, without the words of these texts.
    pub(super) fn of(response: &Response, put: &[&str]) -> Self {
        let own: HashSet<String> = put
            .iter()
            .flat_map(|text| words(text).map(str::to_lowercase).collect::<Vec<_>>())
            .chain(ENCODED.iter().map(|word| (*word).to_owned()))
            .collect();
        let mut kept: Vec<Option<String>> = Vec::new();
        for word in words(&without_escapes(response.text())).take(MOST) {
            if own.contains(&word.to_lowercase()) {
                if kept.last() != Some(&None) {
                    kept.push(None);
                }
            } else {
                kept.push(Some(word.to_owned()));
            }
        }
        // An echo in the address is no place of its own.
        let echoes =
            |text: &str| words(text).any(|word| word.len() > 3 && own.contains(&word.to_lowercase()));
        let location = response.location().filter(|location| !echoes(location)).map(str::to_owned);
        let is_word = |value: &str| {
            (1..=20).contains(&value.len())
                && value.bytes().all(|letter| letter.is_ascii_alphabetic())
                && !own.contains(&value.to_lowercase())
        };
        let head = |(name, value): &(String, String)| {
            let name = name.to_ascii_lowercase();
            let pattern = if name == "set-cookie" {
                let cookie = value.split('=').next().filter(|cookie| !echoes(cookie))?;
                format!("^{}=", regex::escape(cookie))
            } else {
                (name.starts_with("x-") && !VARIES.iter().any(|word| name.contains(word)) && is_word(value))
                    .then(|| format!("^{value}$"))?
            };
            Some((name, pattern))
        };
        let heads = response.headers.iter().filter_map(head).collect();
        Self { status: response.status, location, heads, words: kept }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        let plain = |gist: &Self| gist.words.iter().flatten().cloned().collect::<Vec<_>>();
        self.status == other.status
            && self.location == other.location
            && self.heads == other.heads
            && plain(self) == plain(other)
    }

    fn runs(&self, length: usize) -> HashSet<Vec<&str>> {
        self.words
            .windows(length)
            .filter_map(|run| run.iter().map(Option::as_deref).collect::<Option<Vec<&str>>>())
            .collect()
    }
}

/// What all of some answers show and none of the others: a status, a redirect, or some words in a row.
pub(super) fn sign(these: &[&Gist], those: &[&Gist]) -> Option<Expect> {
    let (first, rest) = these.split_first()?;
    let all = |test: &dyn Fn(&Gist) -> bool| rest.iter().all(|gist| test(gist));
    let none = |test: &dyn Fn(&Gist) -> bool| !those.iter().any(|gist| test(gist));
    let status = |gist: &Gist| gist.status == first.status;
    if all(&status) && none(&status) {
        return Some(Expect::Status(vec![first.status]));
    }
    if let Some(location) = &first.location {
        let leads = |gist: &Gist| gist.location.as_ref() == Some(location);
        if all(&leads) && none(&leads) {
            let regex = format!("^{}$", regex::escape(location));
            return Some(Expect::Header { name: "location".to_owned(), regex });
        }
    }
    let is_sign = |head: &&(String, String)| {
        let has = |gist: &Gist| gist.heads.contains(*head);
        all(&has) && none(&has)
    };
    if let Some((name, regex)) = first.heads.iter().find(is_sign) {
        return Some(Expect::Header { name: name.clone(), regex: regex.clone() });
    }
    for length in [3, 2, 1, 5] {
        let mut runs = first.runs(length);
        for gist in rest {
            let have = gist.runs(length);
            runs.retain(|run| have.contains(run));
        }
        for gist in those {
            let have = gist.runs(length);
            runs.retain(|run| !have.contains(run));
        }
        // Long words say more; the alphabet decides between equals.
        let best = runs.into_iter().max_by_key(|run| {
            (run.iter().map(|word| word.len()).sum::<usize>(), std::cmp::Reverse(run.join(" ")))
        });
        if let Some(run) = best {
            let words: Vec<String> = run.iter().map(|word| regex::escape(word)).collect();
            return Some(Expect::BodyMatches(format!(r"(?:^|[\W_]){}(?:[\W_]|$)", words.join(r"[\W_]+"))));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gist(body: &str, put: &str) -> Gist {
        Gist::of(&Response::new(200, &[("Content-Type", "text/html")], body.to_owned()), &[put])
    }

    #[test]
    fn what_was_put_in_makes_no_difference() {
        let yes = gist("<p>You asked for a' AND 37&lt;73</p><b>none</b>", "a' AND 37<73");
        let no = gist("<p>You asked for a' AND 73&lt;37</p><b>none</b>", "a' AND 73<37");
        assert!(yes.same_as(&no) && sign(&[&yes], &[&no]).is_none());
        let more = gist("<p>You asked for a' AND 37&lt;73</p><b>a red chair</b>", "a' AND 37<73");
        let found = sign(&[&more, &more], &[&no]);
        assert!(matches!(&found, Some(Expect::BodyMatches(regex)) if regex.contains("chair")), "{found:?}");
        assert!(sign(&[&more, &no], &[&no]).is_none());
    }

    #[test]
    fn escapes_make_no_difference_either() {
        let yes = gist("<a href=\"files/%2A%28objectClass%3D%2A\">red &amp; blue</a>", "*(objectClass=*");
        let no = gist("<a href=\"files/%2A%28objectClass%3Dzq\">red &amp; blue</a>", "*(objectClass=zq");
        assert!(yes.same_as(&no) && sign(&[&yes], &[&no]).is_none());
    }

    #[test]
    fn cookies_and_words_in_headers_are_a_difference() {
        let with = |name: &str, value: &str| Gist::of(&Response::new(200, &[(name, value)], "same"), &["x"]);
        let none = with("Content-Type", "text/html");
        for (name, value) in [("Set-Cookie", "seat=7af3; Path=/"), ("X-Stock", "available")] {
            let some = with(name, value);
            assert!(!some.same_as(&none));
            assert!(matches!(sign(&[&some], &[&none]), Some(Expect::Header { .. })), "{name}");
        }
        assert!(with("Set-Cookie", "seat=1").same_as(&with("Set-Cookie", "seat=2")));
        for (name, value) in [("X-Request-Id", "abc"), ("X-Count", "7"), ("X-Echo", "x")] {
            assert!(with(name, value).same_as(&none), "{name}");
        }
    }

    #[test]
    fn order_is_a_difference() {
        let one = gist("<li>alpha<li>beta<li>gamma", "x");
        let other = gist("<li>gamma<li>beta<li>alpha", "x");
        assert!(sign(&[&one], &[&other]).is_some());
    }
}
