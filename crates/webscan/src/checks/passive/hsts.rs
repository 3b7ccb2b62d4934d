//! Strict-Transport-Security on https origins.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::site_wide::{listing, places, seen_again};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Scheme;
use crate::proof::{Control, Expect};

/// See [`About`].
pub(super) struct Hsts;

static ABOUT: About = About {
    name: "strict-transport-security",
    qids: &[150_135],
    means: "The site is served over https, but does not tell browsers to use nothing else, or only for a short time.",
    matters: "A visitor who types the name without https, or follows an old link, can be kept on plain http by whoever \
              stands between, who then reads and changes everything.",
    remedy: "Send Strict-Transport-Security with a max-age of at least a year on all https answers.",
    technique: "The heads of answers over https are looked at; a max-age below 120 days counts as missing.",
    source: "RFC 6797; contract/was.md 15",
};

/// 120 days in seconds.
const LEAST: u64 = 120 * 24 * 3600;
static MAX_AGE: Pattern = Pattern::new(r#"(?i)max-age\s*=\s*"?(\d{1,12})"#);
/// A max-age of at least 120 days, 10368000 seconds, as an expression: what replays can ask for.
const LONG: &str = r#"(?i)max-age\s*=\s*"?0*(?:[1-9]\d{8,}|[2-9]\d{7}|1[1-9]\d{6}|10[4-9]\d{5}|103[7-9]\d{4}|1036[89]\d{3})"#;

impl Check for Hsts {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

/// Whether a header's value protects for long enough.
fn protects(value: &str) -> bool {
    let age = MAX_AGE.captures(value).and_then(|found| found.get(1)?.as_str().parse::<u64>().ok());
    age.is_some_and(|age| age >= LEAST)
}

async fn look(bench: &Bench<'_>) {
    let over_tls = bench.entries.iter().filter(|entry| entry.request.url.origin.scheme == Scheme::Https);
    let over_tls: Vec<&Entry> = over_tls.collect();
    let mut origins = Vec::new();
    for entry in &over_tls {
        let origin = &entry.request.url.origin;
        if origins.contains(&origin) {
            continue;
        }
        origins.push(origin);
        let of_origin: Vec<&Entry> =
            over_tls.iter().copied().filter(|entry| entry.request.url.origin == *origin).collect();
        // What is missing and what is too short are two things to mend.
        for is_set in [false, true] {
            let value = |entry: &Entry| entry.response.header("strict-transport-security").map(str::to_owned);
            let lacks = |entry: &&Entry| match value(entry) {
                Some(value) => is_set && !protects(&value),
                None => !is_set,
            };
            let lacking: Vec<&Entry> = of_origin.iter().copied().filter(lacks).collect();
            for entry in places(bench, &lacking, of_origin.len()) {
                let expect =
                    Expect::NoHeader { name: "strict-transport-security".into(), regex: LONG.into() };
                let right = vec![("strict-transport-security".into(), "max-age=31536000".into())];
                if let Some(proof) = seen_again(bench, entry, expect, Control::Headers(right)).await {
                    let value = value(entry).unwrap_or_else(|| "Header missing".to_owned());
                    let text = listing(&format!("Strict-Transport-Security: {value}"), entry, &lacking);
                    bench.report(150_135, entry, proof.saying(text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_months_are_enough() {
        let long = Pattern::new(LONG);
        for (value, enough) in [
            ("max-age=31536000; includeSubDomains", true),
            ("max-age=10368000", true),
            ("max-age=10367999", false),
            ("max-age=\"63072000\"", true),
            ("max-age=0", false),
            ("includeSubDomains", false),
            ("max-age=000300", false),
        ] {
            assert_eq!((protects(value), long.is_match(value)), (enough, enough), "{value}");
        }
    }
}
