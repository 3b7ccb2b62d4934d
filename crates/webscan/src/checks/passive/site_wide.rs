//! Findings that are the site's rather than a page's: told once when most pages have them, else for each page.

use crate::checks::{Bench, Entry};
use crate::http::{Method, Request};
use crate::proof::{Control, Evidence, Expect, Proof, Replay};

/// Most links of a list (`contract/was.md 13.3`).
pub(super) const LISTED: usize = 50;

/// The pages of a scan: what a GET of them brought with 200, in the order of the crawl.
pub(super) fn pages<'a>(bench: &'a Bench<'_>) -> impl Iterator<Item = &'a Entry> {
    bench.entries.iter().filter(|entry| is_page(entry))
}

/// Whether an entry is a page that a browser shows.
pub(super) fn is_page(entry: &Entry) -> bool {
    entry.request.method == Method::Get && entry.response.status == 200 && entry.response.is_html()
}

/// The same request again: as the user of the scan, and as nobody when that does not show it.
pub(super) async fn seen_again(
    bench: &Bench<'_>,
    entry: &Entry,
    expect: Expect,
    control: Control,
) -> Option<Proof> {
    let mut replay = Replay { steps: entry.steps(entry.request.clone()), expect, control, rounds: 1 };
    if let Ok(proof) = bench.prove(replay.clone()).await {
        return Some(proof);
    }
    if bench.session.cookies.is_empty()
        && bench.session.headers.is_empty()
        && entry.request.cookies.is_empty()
    {
        return None;
    }
    for step in &mut replay.steps {
        step.session = false;
        step.request.cookies.clear();
    }
    bench.prove(replay).await.ok()
}

/// The head of an answer as lists show it, without what differs from answer to answer.
pub(super) fn head_of(entry: &Entry) -> String {
    let volatile = [
        "date",
        "set-cookie",
        "age",
        "expires",
        "etag",
        "last-modified",
        "x-request-id",
        "x-runtime",
        "cf-ray",
        "x-trace-id",
        "x-correlation-id",
        "x-amzn-trace-id",
        "x-amz-request-id",
        "content-length",
        "x-amz-cf-id",
        "x-served-by",
        "x-timer",
        "report-to",
        "nel",
        "server-timing",
    ];
    let headers = entry.response.headers.iter().filter(|(name, _)| !volatile.contains(&name.as_str()));
    headers
        .filter(|(_, value)| !value.contains("nonce-"))
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect()
}

/// One line of a list of links.
pub(super) fn line_of(entry: &Entry) -> String {
    format!("{} {} response code: {}", entry.request.method, shown(&entry.request), entry.response.status)
}

fn shown(request: &Request) -> String {
    request.url.to_string()
}

/// Where a finding of many pages is told: once, at the scan's start or else at the first page that has it, when more than
/// half of the pages have it; else at each page, at most so many.
pub(super) fn places<'a>(bench: &Bench<'_>, having: &[&'a Entry], of: usize) -> Vec<&'a Entry> {
    if having.len() * 2 <= of {
        return having.iter().take(LISTED).copied().collect();
    }
    let start = bench.client.scope().start();
    let first = having.iter().find(|entry| entry.request.url == *start).or_else(|| having.first());
    first.copied().into_iter().collect()
}

/// A list in the layout of `contract/was.md 13.3`: what is missing, the head of a sample, the links.
pub(super) fn listing(what: &str, sample: &Entry, having: &[&Entry]) -> Evidence {
    let mut links: Vec<String> = having.iter().map(|entry| line_of(entry)).collect();
    links.sort();
    links.dedup();
    let more = if links.len() > LISTED {
        format!(" (the first {LISTED} of {})", links.len())
    } else {
        String::new()
    };
    links.truncate(LISTED);
    Evidence::sentence(format!(
        "{what}\nResponse headers on link: {}\n{}\nLinks with this answer{more}:\n{}",
        line_of(sample),
        head_of(sample),
        links.join("\n"),
    ))
}
