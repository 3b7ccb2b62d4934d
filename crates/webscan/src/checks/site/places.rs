//! Directories of a site, and files that may lie there.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream;

use crate::checks::{Bench, Entry};
use crate::http::{Method, Request, Target};
use crate::proof::{Control, Expect, Replay, Seen, Step};

/// A directory of the site.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// Its URL, with a slash at the end.
    pub(super) url: Target,
    /// An entry that lies in it.
    pub(super) entry: &'a Entry,
    /// Whether it looks like the root of an application: the site's root, or a directory that is a page itself.
    pub(super) is_root: bool,
}

/// Most directories that are looked at.
const MOST: usize = 500;
/// A name that is nowhere.
pub(super) const NOWHERE: &str = "redoubt-4d1f7e.nowhere";

/// The directories in which crawled files lie, and those above them.
pub(super) fn places<'a>(bench: &'a Bench<'_>) -> Vec<Place<'a>> {
    let mut all: BTreeMap<Target, Place<'a>> = BTreeMap::new();
    for entry in bench.entries {
        let url = &entry.request.url;
        let mut directory = url.directory().to_owned();
        loop {
            let at = url.at(directory.clone());
            let is_page = *url == at && entry.request.method == Method::Get && entry.response.status == 200;
            let is_root = directory == "/" || is_page;
            let place = all.entry(at.clone()).or_insert_with(|| Place { url: at, entry, is_root });
            place.is_root |= is_root;
            if is_page {
                place.entry = entry;
            }
            let Some(above) = directory.trim_end_matches('/').rfind('/') else { break };
            directory.truncate(above + 1);
        }
    }
    let mut all: Vec<Place<'a>> = all.into_values().collect();
    all.truncate(MOST);
    all
}

/// A file that may be there, and how its content is known.
#[derive(Debug, Clone)]
pub(super) struct Suspect<'a> {
    pub(super) qid: u32,
    pub(super) url: Target,
    pub(super) expect: Expect,
    pub(super) entry: &'a Entry,
    /// A request that must not show the same; a name that is nowhere in the same directory unless told otherwise.
    pub(super) control: Option<Target>,
}

/// Asks for suspects, so many at once; reports those that are there.
pub(super) async fn ask(bench: &Bench<'_>, suspects: Vec<Suspect<'_>>) {
    let at_once = bench.profile.performance.concurrency();
    stream::iter(suspects)
        .for_each_concurrent(at_once, |suspect| async move {
            if !bench.client.cancel().is_cancelled() {
                ask_one(bench, &suspect).await;
            }
        })
        .await;
}

async fn ask_one(bench: &Bench<'_>, suspect: &Suspect<'_>) {
    let request = Request::get(suspect.url.clone());
    let known = bench.entries.iter().find(|entry| entry.request == request);
    let response = match known {
        Some(entry) => (*entry.response).clone(),
        None => match bench.send(&request).await {
            Ok(response) => response,
            Err(_) => return,
        },
    };
    let expect = Expect::All(vec![Expect::Status(vec![200]), suspect.expect.clone()]);
    let is_there = response.status == 200;
    if !is_there || (!compares(&expect) && expect.find(&Seen { response, ..Seen::default() }).is_none()) {
        return;
    }
    let nowhere = suspect.url.at(format!("{}{NOWHERE}", suspect.url.directory()));
    let control = Request::get(suspect.control.clone().unwrap_or(nowhere));
    let expect = Expect::All(vec![suspect.expect.clone(), Expect::Status(vec![200])]);
    let replay = Replay {
        steps: vec![Step::new(request.clone())],
        expect,
        control: Control::Requests(vec![Step::new(control)]),
        rounds: 1,
    };
    if let Ok(proof) = bench.prove(replay).await {
        bench.report_place(suspect.qid, suspect.entry, &request, proof);
    }
}

/// Whether an expectation can be judged beside another answer only.
fn compares(expect: &Expect) -> bool {
    match expect {
        Expect::Like { .. } => true,
        Expect::All(parts) | Expect::Any(parts) => parts.iter().any(compares),
        _ => false,
    }
}

/// The content that a body has by an expression.
pub(super) fn content(pattern: &str) -> Expect {
    Expect::BodyMatches(pattern.to_owned())
}
