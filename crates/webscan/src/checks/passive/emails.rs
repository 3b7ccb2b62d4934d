//! E-mail addresses in the content.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::readable;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check};

/// See [`About`].
pub(super) struct Emails;

static ABOUT: About = About {
    name: "email-addresses",
    qids: &[150_054],
    means: "E-mail addresses that stand in the content.",
    matters: "They are collected for spam, and often are login names as well.",
    remedy: "Show only addresses that are meant for everybody.",
    technique: "Addresses with a well-formed domain in texts; names of picture files are not taken for addresses.",
    source: "RFC 5321; CWE-200",
};

static ADDRESS: Pattern = Pattern::new(
    r"\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,5}[A-Za-z]{2,18}\b",
);
/// Endings of files that look like addresses: `logo@2x.png`.
const FILES: &[&str] =
    &["png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "mjs", "map", "woff", "html"];

impl Check for Emails {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(
            async move {
                let mut seen = BTreeSet::new();
                for entry in bench.entries {
                    for address in readable(entry).map(addresses).unwrap_or_default() {
                        if seen.insert(address.clone()) {
                            let url = &entry.request.url;
                            bench.sink.note(150_054, format!("{address} first seen at {url}"));
                        }
                    }
                }
            }
            .boxed(),
        )
    }
}

fn addresses(text: &str) -> Vec<String> {
    let is_file = |address: &str| FILES.iter().any(|end| address.rsplit('.').next() == Some(end));
    // Browsers and mail programs read these as well.
    const AT: &[&str] = &["&#64;", "&#064;", "&#x40;", "&commat;", "%40", "\\u0040"];
    let mut text = std::borrow::Cow::Borrowed(text);
    for at in AT {
        if text.contains(at) {
            text = text.replace(at, "@").into();
        }
    }
    let mut all: Vec<String> = ADDRESS
        .all(&text)
        .iter()
        .map(|found| found.as_str().to_ascii_lowercase())
        .filter(|a| !is_file(a))
        .collect();
    all.sort();
    all.dedup();
    all.truncate(200);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_file_names() {
        let text = "Write to Anna.Smith@Example.test or <a href='mailto:info@shop.example.test'>, logo@2x.png, a@b, @me.test, jo&#64;example.test";
        assert_eq!(addresses(text), ["anna.smith@example.test", "info@shop.example.test", "jo@example.test"]);
    }
}
