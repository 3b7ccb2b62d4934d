//! Addresses of inner networks in what outsiders get.

use std::net::IpAddr;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::{readable, text_again};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct PrivateAddress;

static ABOUT: About = About {
    name: "private-address",
    qids: &[150_089, 990_027],
    means: "The content names an address of a network that is not on the Internet, as a link or as text.",
    matters: "It tells strangers how the inner network is built; a link to it works only inside, and there leads to whatever has \
              that address.",
    remedy: "Take the address out, or put the public name in its place.",
    technique: "Addresses of 10/8, 172.16/12, 192.168/16 and the like in bodies and headers, with care for version numbers and \
                for pages of sites that are on such addresses themselves.",
    source: "CWE-200; RFC 1918, RFC 4193",
};

static LINK: Pattern = Pattern::new(
    r#"(?i)\b(?:href|src|action|data|content)\s*=\s*["']?\s*(?:https?|ftp|wss?):?//(10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?:[:/"'\s>?#]|$)"#,
);
static TEXT: Pattern = Pattern::new(
    r"(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?:[^\d.\w]|\.\s|$)",
);

impl Check for PrivateAddress {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let text = readable(entry)?;
        if let Some(link) = linked(text).filter(|link| *link != entry.request.url.origin.host) {
            return Some(look(bench, entry, 150_089, link.to_owned()).boxed());
        }
        let address = named(text).filter(|address| *address != entry.request.url.origin.host)?;
        Some(look(bench, entry, 990_027, address.to_owned()).boxed())
    }
}

fn linked(text: &str) -> Option<&str> {
    let found = LINK.captures(text)?.get(1)?.as_str();
    found.parse::<IpAddr>().is_ok().then_some(found)
}

/// The first private address of a text that is no part of a longer number, version or path.
fn named(text: &str) -> Option<&str> {
    TEXT.all(text).into_iter().find_map(|found| {
        let before = text.get(..found.start())?;
        let last = before.chars().next_back();
        let stands_alone = last.is_none_or(|letter| !letter.is_alphanumeric() && !".-_/\\@".contains(letter))
            || before.ends_with("//")
            || before.ends_with("\\/");
        let word =
            before.trim_end().rsplit(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
        let is_version = ["version", "ver", "v", "release", "build"]
            .iter()
            .any(|name| word.trim_end_matches([':', '=', '"']).eq_ignore_ascii_case(name));
        let address = found.as_str().trim_end_matches(|c: char| !c.is_ascii_digit());
        (stands_alone && !is_version && address.parse::<IpAddr>().is_ok()).then_some(address)
    })
}

async fn look(bench: &Bench<'_>, entry: &Entry, qid: u32, address: String) {
    if let Some(proof) = text_again(bench, entry, &address).await {
        bench.report_named(qid, entry, &address, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_numbers() {
        for text in ["server 10.1.2.3, rack 4", "at http://192.168.0.10:8080/x", "(172.16.5.9)", "x=10.0.0.1"]
        {
            assert!(named(text).is_some(), "{text}");
        }
        for text in [
            "version 10.0.0.1",
            "1.10.0.0.1",
            "10.0.0.1.5",
            "172.32.0.1",
            "10.300.1.1",
            "lib-10.1.2.3.js",
            "v10.1.2.3",
            "8.8.8.8",
            "Chrome/10.0.0.0",
        ] {
            assert!(named(text).is_none(), "{text}");
        }
        assert_eq!(linked("<a href='http://10.0.0.5/x'>"), Some("10.0.0.5"));
        assert_eq!(linked("<a href='/go?u=http://10.0.0.5/x'>"), None);
    }
}
