//! Headers of one visitor that a cache keeps in the answer for all others.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::alike::FOREIGN_HOST;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::crawl::shape;
use crate::http::{Method, Request, Response};
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct CachePoisoning;

static ABOUT: About = About {
    name: "cache-poisoning",
    qids: &[990_040],
    means: "A header of the request goes into an answer that a cache keeps, and the cache does not tell requests with another \
            header apart.",
    matters: "One request of the attacker's puts their address, script or redirect into the page that everybody gets.",
    remedy: "Leave headers that visitors can set out of answers that are kept, name them in Vary, or let the cache drop them \
             from requests.",
    technique: "A page that is kept is asked for under an address of its own, so that no visitor meets it, with a foreign name in \
                a header; then without the header. The second answer must show the name, and one under another address must not.",
    source: "CWE-349; RFC 9111, 4.1",
};

const HEADERS: &[&str] = &[
    "X-Forwarded-Host",
    "X-Host",
    "X-Forwarded-Server",
    "X-Forwarded-Scheme",
    "X-Forwarded-Prefix",
    "X-Original-URL",
    "X-Rewrite-URL",
    "Forwarded",
];

/// Most pages that are tried.
const MOST: usize = 200;

static KEPT: Pattern = Pattern::new(r"(?i)\b(?:public|s-maxage=[1-9])|\bmax-age=[1-9]");
static NOT_KEPT: Pattern = Pattern::new(r"(?i)\b(?:private|no-store|no-cache)\b");

/// Whether an answer came by way of a cache, or may be kept by one.
fn is_kept(response: &Response) -> bool {
    let signs =
        ["age", "x-cache", "x-cache-hits", "cf-cache-status", "x-varnish", "x-drupal-cache", "x-proxy-cache"];
    let control = response.header("cache-control").unwrap_or_default();
    !NOT_KEPT.is_match(control)
        && (KEPT.is_match(control) || signs.iter().any(|name| response.header(name).is_some()))
}

impl Check for CachePoisoning {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_all(bench).boxed())
    }
}

async fn try_all(bench: &Bench<'_>) {
    let mut shapes = BTreeSet::new();
    let kept = bench.entries.iter().filter(|entry| {
        entry.request.method == Method::Get && entry.response.status < 400 && is_kept(&entry.response)
    });
    for entry in kept.filter(|entry| shapes.insert(shape::shape(&entry.request))).take(MOST) {
        if bench.client.cancel().is_cancelled() {
            return;
        }
        try_one(bench, entry).await;
    }
}

/// The request under an address that nobody else asks for.
fn alone(request: &Request, token: &str) -> Request {
    let mut other = request.clone();
    let before = request.url.query.as_deref().map(|query| format!("{query}&")).unwrap_or_default();
    other.url.query = Some(format!("{before}rdbt={token}"));
    other
}

fn with(request: Request, header: &str) -> Request {
    let value = if header == "Forwarded" { format!("host={FOREIGN_HOST}") } else { FOREIGN_HOST.to_owned() };
    request.with_header(header, value)
}

fn shows(response: &Response) -> bool {
    response.text().contains(FOREIGN_HOST) || response.location().is_some_and(|to| to.contains(FOREIGN_HOST))
}

async fn try_one(bench: &Bench<'_>, entry: &Entry) {
    let plain = alone(&entry.request, &crate::listener::token());
    let all = HEADERS.iter().fold(plain.clone(), |request, header| with(request, header));
    if !bench.send(&all).await.is_ok_and(|answer| shows(&answer)) {
        return;
    }
    if !bench.send(&plain).await.is_ok_and(|answer| shows(&answer)) {
        return;
    }
    let plain = alone(&entry.request, "{{token}}");
    let expect = Expect::Any(vec![
        Expect::Body(FOREIGN_HOST.to_owned()),
        Expect::header("location", regex::escape(FOREIGN_HOST)),
    ]);
    for header in HEADERS {
        let replay = Replay {
            steps: vec![Step::new(with(plain.clone(), header)), Step::new(plain.clone())],
            expect: expect.clone(),
            control: Control::Requests(vec![Step::new(plain.clone())]),
            rounds: 1,
        };
        if let Ok(proof) = bench.prove(replay).await {
            bench.report_named(990_040, entry, header, proof);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use parking_lot::Mutex;

    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn headers_that_stay_in_kept_answers_are_told() {
        let kept: Mutex<BTreeMap<String, Answer>> = Mutex::default();
        let address = serve(move |asked: &Asked| {
            let host = asked.header("x-forwarded-host");
            let by = if asked.path == "/varied" { host.clone() } else { String::new() };
            let key = format!("{} {:?} {by}", asked.path, asked.query);
            if let Some(answer) = kept.lock().get(&key) {
                return answer.clone();
            }
            let name = if asked.path == "/fixed" || host.is_empty() { "cdn.test".to_owned() } else { host };
            let page = Answer::html(format!("<script src=\"//{name}/a.js\"></script>"));
            if asked.path == "/private" {
                return page.with("Cache-Control", "private, max-age=60");
            }
            let page = page.with("Cache-Control", "public, max-age=60");
            kept.lock().insert(key, page.clone());
            page
        })
        .await;
        let found = scan(&CachePoisoning, address, "/page").await;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].qid, found[0].parameter.as_deref()), (990_040, Some("X-Forwarded-Host")));
        for path in ["/varied", "/fixed", "/private"] {
            assert!(scan(&CachePoisoning, address, path).await.is_empty(), "{path}");
        }
    }
}
