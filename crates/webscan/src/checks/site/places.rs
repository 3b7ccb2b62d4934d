//! Directories of a site, and files that may lie there.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

use super::technology::Technology;
pub(super) use crate::checks::NOWHERE;
use crate::checks::{Bench, Entry};
use crate::http::{Body, Method, Request, Target};
use crate::page::Via;
use crate::proof::{Control, Expect, Replay, Seen, Step};
use crate::scope::Ruling;

/// A directory of the site.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// Its URL, with a slash at the end.
    pub(super) url: Target,
    /// An entry that lies in it.
    pub(super) entry: &'a Entry,
    /// Whether it looks like the root of an application: the site's root, or a directory that is a page itself.
    pub(super) is_root: bool,
    /// Whether files with endings lie in it, as in a directory of a disk; what only routes has no files left over.
    pub(super) has_files: bool,
    /// Whether nothing below it takes a value: what lies there is all that can be tested of it.
    pub(super) is_plain: bool,
    /// What the files that lie in it are of.
    pub(super) files: BTreeSet<Technology>,
}

impl Place<'_> {
    /// Whether everything is asked for there: at the top, in applications of their own that are made of files, and in
    /// those of which nothing else can be tested.
    pub(super) fn is_worth_all(&self) -> bool {
        let depth = self.url.path.matches('/').count();
        self.is_root && (depth <= 2 || self.has_files || self.is_plain)
    }

    /// Whether the scan begins there, or it is the top.
    pub(super) fn is_start(&self, bench: &Bench<'_>) -> bool {
        let start = bench.client.scope().start();
        self.url.path == "/" || (self.url.path == start.directory() && self.url.origin == start.origin)
    }

    /// Whether rare names are asked for: at the top, and where the scan begins, unless there are values to test instead.
    pub(super) fn is_worth_rare(&self, bench: &Bench<'_>) -> bool {
        self.url.path == "/" || (self.is_start(bench) && (self.is_plain || self.has_files))
    }

    /// What the entries below say that they are made of.
    pub(super) fn made_of(&self, shown: &[(&Target, BTreeSet<Technology>)]) -> BTreeSet<Technology> {
        let is_below =
            |url: &Target| url.origin == self.url.origin && url.path.starts_with(self.url.path.as_str());
        let below = shown.iter().filter(|(url, _)| is_below(url));
        below.flat_map(|(_, technologies)| technologies.iter().copied()).collect()
    }

    /// Whether it shows that it is made of something: in what its answers say, or by a file of that kind which was crawled.
    pub(super) fn is_of(&self, technology: Technology, made_of: &BTreeSet<Technology>) -> bool {
        made_of.contains(&technology) || self.files.contains(&technology)
    }

    /// Whether a name can be there: below the top, not where the application shows that it is made of something else.
    pub(super) fn may_have(&self, name: &str, made_of: &BTreeSet<Technology>) -> bool {
        let technology = Technology::of_name(name);
        self.url.path == "/" || made_of.is_empty() || technology.is_none_or(|one| made_of.contains(&one))
    }

    /// Whether the names that are left over most often are asked for: in what is a page itself, and where files lie.
    pub(super) fn is_worth_some(&self) -> bool {
        self.is_root || self.has_files
    }
}

/// Most directories that are looked at.
const MOST: usize = 2_000;

/// The directories in which crawled files lie, and those above them.
pub(super) fn places<'a>(bench: &'a Bench<'_>) -> Vec<Place<'a>> {
    let mut all: BTreeMap<Target, Place<'a>> = BTreeMap::new();
    let with_files = with_files(bench.entries);
    let taking = taking(bench.entries);
    let scope = bench.client.scope();
    for entry in bench.entries {
        // What a page loads lies somewhere as well, though nobody fetched it.
        let links = entry.page.iter().flat_map(|page| &page.links);
        let loaded = links.filter(|(via, url)| *via == Via::Resource && scope.rule(url) == Ruling::Inside);
        for url in loaded.map(|(_, url)| url) {
            let at = url.at(url.directory());
            let has_files = with_files.contains(&at);
            all.entry(at.clone()).or_insert(Place {
                url: at,
                entry,
                is_root: false,
                has_files,
                is_plain: false,
                files: BTreeSet::new(),
            });
        }
    }
    for entry in bench.entries {
        let url = &entry.request.url;
        let mut directory = url.directory().to_owned();
        loop {
            let at = url.at(directory.clone());
            let is_page = *url == at && entry.request.method == Method::Get && entry.response.status == 200;
            let is_root = directory == "/" || is_page;
            let place = all.entry(at.clone()).or_insert_with(|| {
                let has_files = with_files.contains(&at);
                let is_plain = !taking.contains(&at);
                Place { url: at, entry, is_root, has_files, is_plain, files: BTreeSet::new() }
            });
            place.is_root |= is_root;
            place.is_plain = !taking.contains(&place.url);
            if is_page {
                place.entry = entry;
            }
            let Some(above) = directory.trim_end_matches('/').rfind('/') else { break };
            directory.truncate(above + 1);
        }
    }
    for entry in bench.entries {
        let links = entry.page.iter().flat_map(|page| page.links.iter().map(|(_, target)| target));
        for url in links.chain([&entry.request.url]) {
            if let Some(place) = all.get_mut(&url.at(url.directory())) {
                place.files.extend(Technology::of_name(url.file()));
            }
        }
    }
    let mut all: Vec<Place<'a>> = all.into_values().collect();
    all.truncate(MOST);
    all
}

/// The directories below which something takes a value.
fn taking(entries: &[Entry]) -> BTreeSet<Target> {
    let mut all = BTreeSet::new();
    for entry in entries {
        let request = &entry.request;
        if request.url.query.is_none() && matches!(request.body, Body::None) {
            continue;
        }
        let mut directory = request.url.directory();
        while all.insert(request.url.at(directory)) {
            let Some(above) = directory.trim_end_matches('/').rfind('/') else { break };
            directory = directory.get(..=above).unwrap_or("/");
        }
    }
    all
}

/// The directories in which files lie that have an ending, and those of pages that show or link to files below.
fn with_files(entries: &[Entry]) -> BTreeSet<Target> {
    let mut all = BTreeSet::new();
    for entry in entries {
        let own = &entry.request.url;
        let directory = own.at(own.directory());
        let links = entry.page.iter().flat_map(|page| page.links.iter().map(|(_, target)| target));
        for url in links.chain([own]) {
            let is_file =
                url.file().rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && end.len() <= 5);
            if !is_file {
                continue;
            }
            all.insert(url.at(url.directory()));
            if url.origin == own.origin && url.path.starts_with(&directory.path) && directory.path != "/" {
                all.insert(directory.clone());
            }
        }
    }
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
    let crawled: BTreeMap<&Target, &Entry> = bench
        .entries
        .iter()
        .rev()
        .filter(|entry| is_plain_get(entry))
        .map(|entry| (&entry.request.url, entry))
        .collect();
    let crawled = &crawled;
    stream::iter(suspects)
        .for_each_concurrent(at_once, |suspect| async move {
            if !bench.client.cancel().is_cancelled() {
                ask_one(bench, &suspect, crawled.get(&suspect.url).copied()).await;
            }
        })
        .await;
}

/// Whether a request is what asks for a file.
fn is_plain_get(entry: &Entry) -> bool {
    entry.request == Request::get(entry.request.url.clone())
}

async fn ask_one(bench: &Bench<'_>, suspect: &Suspect<'_>, known: Option<&Entry>) {
    let request = Request::get(suspect.url.clone());
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
