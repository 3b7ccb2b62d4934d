//! Errors that tests of other kinds provoke, and those of requests that lead nowhere.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use super::{shown, tell};
use crate::checks::{Bench, Entry, NOWHERE, Sink};
use crate::http::{Body, Method, Request, Response, Target};
use crate::proof::Expect;

/// Requests whose answers show errors: one for each method, path and QID.
pub(crate) type Provoked = Mutex<BTreeMap<(String, String, u32), (Request, &'static str)>>;
/// Most of them that are kept.
const KEPT: usize = 200;
/// Words one of which stands in an error that is answered as if it were none.
static WORDS: &[&str] =
    &["Traceback (", " on line ", "tack trace", "tack_trace", "Exception", "goroutine ", "panicked at "];

/// Keeps a request of any check whose answer shows an error, for the end, where it is proven.
pub(crate) fn keep(sink: &Sink, request: &Request, response: &Response) {
    if matches!(response.status, 301..=399 | 403 | 404) || response.is_script() {
        return;
    }
    let text = response.text();
    if response.status < 400 && !WORDS.iter().any(|word| text.contains(word)) {
        return;
    }
    let Some((qid, pattern)) = shown(response, text) else { return };
    let key = (request.method.to_string(), request.url.path.clone(), qid);
    let mut provoked = sink.provoked.lock();
    let rank = |request: &Request| (request.url.query.clone(), request.body.bytes());
    let best = provoked.entry(key).or_insert_with(|| (request.clone(), pattern));
    if rank(request) < rank(&best.0) {
        *best = (request.clone(), pattern);
    }
    // Which are kept must not depend on which came first.
    if provoked.len() > KEPT {
        provoked.pop_last();
    }
}

/// Requests that no route of an application can read: what frameworks show then.
fn stray(entry: &Entry) -> Vec<Request> {
    let url = &entry.request.url;
    let text = "{\"redoubt\": [}".to_owned();
    let body = Body::Text { content_type: "application/json".to_owned(), text };
    vec![
        Request::get(url.at(format!("{}redoubt-4d1f7e/%ff%27", url.directory()))),
        Request { method: Method::Post, body, ..Request::get(url.clone()) },
    ]
}

/// Proves what other tests provoked, and what requests provoke that lead nowhere.
pub(super) async fn gather(bench: &Bench<'_>) {
    let provoked: Vec<_> = bench.sink.provoked.lock().clone().into_iter().collect();
    let mut told: Vec<(u32, String)> = Vec::new();
    for ((method, path, qid), (request, pattern)) in provoked {
        let at =
            |entry: &&Entry| entry.request.url.path == path && entry.request.method.to_string() == method;
        let Some(entry) = bench.entries.iter().find(at) else { continue };
        if bench.sink.has(&[150_022, 990_025], &path) || told.contains(&(qid, path.clone())) {
            continue;
        }
        let replay = entry.replay(request, Expect::BodyMatches(pattern.to_owned()), entry.request.clone());
        if let Ok(proof) = bench.prove(replay).await {
            bench.report(qid, entry, proof);
            told.push((qid, path));
        }
    }
    let Some(entry) = bench.entries.iter().find(|entry| entry.request.method == Method::Get) else { return };
    nowhere(bench, entry).await;
    if bench.sink.has(&[150_022, 990_025], &entry.request.url.path) {
        return;
    }
    for request in stray(entry) {
        if tell(bench, entry, request).await {
            return;
        }
    }
    // Pages that take values are often made by other code than the first.
    let is_other = |other: &&Entry| {
        other.request.method == Method::Get
            && other.request.url.query.is_some()
            && other.request.url.path != entry.request.url.path
            && !bench.sink.has(&[150_022, 990_025], &other.request.url.path)
    };
    let mut paths = BTreeSet::new();
    let others = bench.entries.iter().filter(is_other).filter(|other| paths.insert(&other.request.url.path));
    for other in others.take(STRAYS) {
        if let Some(request) = stray(other).pop() {
            tell(bench, other, request).await;
        }
    }
}

/// Asks the directories of the first answer and of each page for what is nowhere: what is mounted below a path answers for
/// itself there.
async fn nowhere(bench: &Bench<'_>, first: &Entry) {
    let is_page = |entry: &&Entry| {
        entry.request.method == Method::Get && entry.response.status == 200 && entry.page.is_some()
    };
    let mut directories: BTreeMap<Target, &Entry> = BTreeMap::new();
    for entry in std::iter::once(first).chain(bench.entries.iter().filter(is_page)) {
        directories.entry(entry.request.url.at(entry.request.url.directory())).or_insert(entry);
    }
    let mut told: Vec<Target> = Vec::new();
    for (at, entry) in directories.into_iter().take(DIRECTORIES) {
        let is_told = |have: &Target| have.origin == at.origin && at.path.starts_with(&have.path);
        if bench.client.cancel().is_cancelled() {
            return;
        }
        if !told.iter().any(is_told)
            && !bench.sink.has(&[150_022, 990_025], &entry.request.url.path)
            && tell(bench, entry, Request::get(at.at(format!("{}{NOWHERE}", at.path)))).await
        {
            told.push(at);
        }
    }
}

/// Most directories that are asked.
const DIRECTORIES: usize = 2_000;

/// Pages with values that are sent what they don't take.
const STRAYS: usize = 3;
