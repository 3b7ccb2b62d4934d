//! The tests of a scan: which there are, and running them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Run;
use crate::checks::injection::{is_value as is_value_of, says_more, worth_a_test};
use crate::checks::run::{On, Task, points_of, run};
use crate::checks::{Bench, Check, Entry, Sink, all};
use crate::crawl::Crawled;
use crate::crawl::shape::{Purposes, is_selector, shape};
use crate::engine::Event;
use crate::engine::result::Coverage;
use crate::http::{Body, Target};
use crate::point::{Place, Point};
use crate::session::Session;

/// How often the checkpoint is written: so often, and at most for one part in so many of the time.
const NOTED_EVERY: Duration = Duration::from_millis(200);
const NOTED_PART: u32 = 20;

/// Requests of one purpose on which it is tried whether something is read.
const LOOKS: usize = 3;
/// Segments before the last that are asked for.
const BEHIND: usize = 3;

impl Run<'_> {
    /// Runs the tests: what the answers show and the parameters first, then the requests, last the site.
    pub(super) async fn test(&mut self, sink: &Sink, crawled: &Crawled, coverage: &mut Coverage) {
        let entries = &crawled.entries[..];
        if self.help.listener.is_none() {
            self.skipped.push((
                "calls of the server to elsewhere".to_owned(),
                "there is no listener for them".to_owned(),
            ));
        }
        let session = self.session();
        let chosen = self.chosen();
        let checkpoint = std::mem::take(&mut self.checkpoint);
        let bench = self.bench(&session, crawled, sink);
        coverage.checks = chosen.iter().map(|check| check.about().name.to_owned()).collect();
        let done = checkpoint.done.clone();
        let (all, count) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let notebook = Mutex::new((checkpoint, Instant::now() + NOTED_EVERY));
        let tick = |task: &Task<'_>| {
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(20) {
                let all = all.load(Ordering::Relaxed);
                self.tell(Event::Progress { done, all, requests: self.requests() });
            }
            if self.plan.checkpoint.is_none() {
                return;
            }
            let (checkpoint, next) = &mut *notebook.lock();
            checkpoint.done.insert(task.key());
            let begun = Instant::now();
            if begun >= *next {
                self.note_progress(checkpoint, sink);
                *next = Instant::now() + NOTED_EVERY.max(begun.elapsed() * NOTED_PART);
            }
        };
        let at_once = self.plan.profile.performance.concurrency() * 2;
        let go_on = || self.ended().is_none();
        // What is seen without sending much comes first, whatever else there is time for.
        run(&bench, left(looks(&chosen, &bench), &done, (&all, &count)), at_once, &go_on, &tick).await;
        let points = self.points(entries, &bench).await;
        let testable: Vec<&Vec<Point>> = points.iter().filter(|points| !points.is_empty()).collect();
        (coverage.requests_tested, coverage.parameters_tested) =
            (testable.len(), testable.iter().map(|p| p.len()).sum());
        run(&bench, left(tasks(&chosen, &bench, &points), &done, (&all, &count)), at_once, &go_on, &tick)
            .await;
        self.checkpoint = notebook.into_inner().0;
        let spent = self.client.counters().by_sender.lock().clone();
        let spent: Vec<String> = spent
            .iter()
            .map(|(name, spent)| format!("{name} {} in {:.1} s", spent.requests, spent.time.as_secs_f64()))
            .collect();
        self.diagnostics.push(format!("Requests of checks: {}.", spent.join(", ")));
        let all = all.into_inner();
        let left = all.saturating_sub(count.into_inner());
        if left > 0 {
            self.note_checkpoint(sink);
            self.skipped.push((format!("{left} of {all} tests"), "the scan ended before them".to_owned()));
        }
    }

    fn bench<'b>(&'b self, session: &'b Session, crawled: &'b Crawled, sink: &'b Sink) -> Bench<'b> {
        Bench {
            client: &self.client,
            session,
            profile: &self.plan.profile,
            listener: self.help.listener.as_deref().map(|listener| listener as _),
            opener: self.help.renderer.as_deref().map(|renderer| renderer as _),
            transport: self.help.transport.as_deref().map(|transport| transport as _),
            entries: &crawled.entries,
            withheld: &crawled.withheld,
            sink,
        }
    }

    fn chosen(&self) -> Vec<&'static dyn Check> {
        let profile = &self.plan.profile;
        let wanted =
            |name: &str| profile.include.is_empty() || profile.include.iter().any(|have| have == name);
        let unwanted = |name: &str| profile.exclude.iter().any(|have| have == name);
        all().into_iter().filter(|c| wanted(c.about().name) && !unwanted(c.about().name)).collect()
    }

    /// The points of each entry that are tested: each parameter of a kind of request once, and of the path the segments
    /// that the application reads.
    async fn points(&self, entries: &[Entry], bench: &Bench<'_>) -> Vec<Vec<Point>> {
        let (mut seen, mut purposes) = (BTreeSet::new(), Purposes::default());
        let mut all = Vec::new();
        let is_page = |entry: &&Entry| entry.request.url.path.ends_with('/') && entry.page.is_some();
        let pages: BTreeSet<String> =
            entries.iter().filter(is_page).map(|entry| entry.request.url.path.clone()).collect();
        // Whether anybody reads what no request had so far is asked of a few requests of one purpose.
        let mut looks: BTreeMap<String, usize> = BTreeMap::new();
        let mut is_one_of_few = |key: &str| {
            let count = looks.entry(key.to_owned()).or_default();
            *count += 1;
            *count <= LOOKS
        };
        let purposes: Vec<(&Entry, String)> =
            entries.iter().map(|entry| (entry, purposes.of(&entry.request))).collect();
        let looked: Vec<(&Entry, bool)> =
            purposes.iter().map(|(entry, purpose)| (*entry, is_one_of_few(purpose))).collect();
        let of_entry = async |(at, (entry, guesses))| {
            let guesses = guesses && self.ended().is_none();
            (at, candidates(entry, bench, guesses).await)
        };
        let at_once = self.plan.profile.performance.concurrency();
        // All of them first: what waits in a stream that is not asked keeps its turn, and what is sent meanwhile would wait for
        // it. One that is slow must not keep the others.
        let mut candidates: Vec<(usize, Vec<Point>)> = stream::iter(looked.into_iter().enumerate())
            .map(of_entry)
            .buffer_unordered(at_once)
            .collect()
            .await;
        candidates.sort_by_key(|(at, _)| *at);
        let candidates = candidates.into_iter().map(|(_, points)| points);
        for ((entry, purpose), candidates) in purposes.iter().zip(candidates) {
            let is_static = is_static(entry);
            let shape = shape(&entry.request);
            let mut points = Vec::new();
            let names: Vec<(&str, String)> =
                candidates.iter().map(|point| (point.kind(), point.name.clone())).collect();
            for (at, point) in candidates.into_iter().enumerate() {
                let kind = point.kind();
                // Of fields with one name, applications read the first, the last, or all.
                let is_same = |have: &(&str, String)| have.0 == kind && have.1 == point.name;
                let is_repeated = names.iter().take(at).any(is_same);
                if is_repeated && names.iter().skip(at + 1).any(is_same) {
                    continue;
                }
                let is_token = point.value.starts_with("{{");
                let key = match point.place.outer() {
                    Place::Path(_) if point.value.contains('.') => {
                        format!("files of {}", entry.request.url.directory())
                    }
                    Place::Path(n) => format!("{purpose} {kind} {n}"),
                    // What selects is one parameter, whatever it selects here.
                    _ if is_selector(&point.name, &point.value) => format!("{shape} {kind} {}", point.name),
                    _ => format!("{purpose} {kind} {}", point.name),
                };
                let key = if is_repeated { format!("{key} again") } else { key };
                let is_tested = !(is_token || is_static || seen.contains(&key));
                let is_path = matches!(point.place.outer(), Place::Path(_));
                if is_tested
                    && (!is_path
                        || (self.ended().is_none()
                            && is_one_of_few(&key)
                            && self.reads(bench, entry, &point, &pages).await))
                {
                    seen.insert(key);
                    points.push(point);
                }
            }
            all.push(points);
        }
        all
    }

    /// Whether the application reads a segment of the path: another value there still brings a page, or is spoken of. Only
    /// segments behind the directory of a page are asked for, and few of them, and those that the page speaks of.
    async fn reads(&self, bench: &Bench<'_>, entry: &Entry, point: &Point, pages: &BTreeSet<String>) -> bool {
        let Place::Path(at) = *point.place.outer() else { return false };
        let path = &entry.request.url.path;
        let last = path.split('/').skip(1).count().saturating_sub(1 + usize::from(path.ends_with('/')));
        let before: String = path.split('/').skip(1).take(at).map(|segment| format!("/{segment}")).collect();
        let is_value = point.value.chars().any(|letter| letter.is_ascii_digit());
        let is_behind =
            pages.iter().any(|page| format!("{before}/").starts_with(page.as_str()) && page.len() > 1);
        let is_likely = is_value || at == last || (is_behind && last.saturating_sub(at) < BEHIND);
        if !(is_likely || speaks_of(entry.response.text(), &point.value)) {
            return false;
        }
        // What an answer leads to may have a part of the path in it.
        let leads = |response: &crate::http::Response, word: &str| {
            response.location().is_some_and(|to| to.contains(word))
        };
        let is_led = leads(&entry.response, &point.value);
        // The name of a file may be read from a disk by the application, whatever it says of other names.
        if at == last && point.value.contains('.') && entry.response.status < 400 && !is_led {
            return true;
        }
        let other = entry.request.with(point, "rdbt7391");
        let Ok(answer) = self.client.send(&self.session().dress(&other)).await else { return false };
        if entry.response.status >= 400 {
            return at == last || answer.text().contains("rdbt7391");
        }
        let in_head =
            |answer: &crate::http::Response| answer.headers.iter().any(|(_, have)| have.contains("rdbt7391"));
        let leads_elsewhere = answer.location() != entry.response.location();
        if in_head(&answer) || (answer.status == entry.response.status && is_likely && leads_elsewhere) {
            return true;
        }
        let speaks = answer.text().contains("rdbt7391");
        if answer.status == 404 && !speaks && is_value_of(bench, entry, point).await {
            return true;
        }
        // An object that is not there is told otherwise than an address that is not, which pages may also speak of.
        let may_be_object = is_value || answer.media_type().ends_with("json");
        if answer.status == 404 && (may_be_object || speaks) {
            let mut nowhere = entry.request.clone();
            nowhere.url.path = format!("{before}/rdbt7391/rdbt7391");
            let Ok(nowhere) = self.client.send(&self.session().dress(&nowhere)).await else { return false };
            let text = |response: &crate::http::Response| response.text().replace("/rdbt7391", "");
            let is_like = crate::proof::likeness(&text(&answer), &text(&nowhere)) >= 60;
            return match nowhere.status {
                404 if is_like => speaks && says_more(bench, entry, point).await,
                404 => true,
                _ => speaks,
            };
        }
        speaks
            || (is_led && leads(&answer, "rdbt7391"))
            || (is_likely && answer.status == entry.response.status && answer.location().is_none())
    }
}

/// Whether a text has a word that is no part of an address.
fn speaks_of(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '-' | '_' | '.' | '=');
    word.len() >= 3
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
}

/// Whether an entry is a file that no parameter changes; what a program puts together of files that it is told is none.
fn is_static(entry: &Entry) -> bool {
    let is_named = |(name, value): &(String, String)| {
        let has_letters = value.chars().filter(char::is_ascii_alphabetic).count() > 1;
        let is_mark = value.chars().all(|letter| letter.is_ascii_hexdigit() || "._-".contains(letter));
        !VERSIONS.contains(&name.to_ascii_lowercase().as_str()) && has_letters && !is_mark
    };
    let is_file = entry.response.is_script() || entry.response.media_type() == "text/css";
    let is_asked = matches!(entry.request.body, Body::None) && !entry.request.query().iter().any(is_named);
    is_file && is_asked
}

/// Names of values that only keep caches from giving out what is old.
const VERSIONS: &[&str] = &["v", "ver", "version", "t", "ts", "_", "cb", "rev", "hash", "build", "h", "id"];

/// The points of an entry; of the headers and cookies that it does not have by itself, those that show some effect.
async fn candidates(entry: &Entry, bench: &Bench<'_>, guesses: bool) -> Vec<Point> {
    let is_own = |point: &Point| match point.place {
        Place::Header => entry.request.header(&point.name).is_some(),
        Place::QueryName | Place::FormName | Place::JsonName(_) => false,
        Place::Cookie => entry.request.cookies.iter().any(|(name, _)| *name == point.name),
        Place::Within(..) => *point.place.outer() != Place::Cookie || !entry.request.cookies.is_empty(),
        _ => true,
    };
    if is_static(entry) || !bench.profile.tests {
        return Vec::new();
    }
    let (mut points, others): (Vec<Point>, Vec<Point>) =
        points_of(entry, bench).into_iter().partition(is_own);
    if guesses {
        points.extend(worth_a_test(bench, entry, others).await);
    }
    if leads_to_itself(entry) {
        points.retain(|point| matches!(point.place.outer(), Place::Path(_)));
    }
    points
}

/// Whether an answer only leads to the same place, written otherwise: with a slash at the end, or without.
fn leads_to_itself(entry: &Entry) -> bool {
    let url = &entry.request.url;
    let is_same = |to: &Target| {
        let plain = |path: &str| path.trim_end_matches('/').to_owned();
        to.origin == url.origin && to.path != url.path && plain(&to.path) == plain(&url.path)
    };
    !entry.follows
        && entry.response.location().and_then(|place| url.join(place)).is_some_and(|to| is_same(&to))
}

/// What is tested first: what requests have by themselves, then what a path has, last what was only guessed.
fn rank(point: &Point) -> u8 {
    match point.place.outer() {
        Place::QueryName | Place::FormName | Place::JsonName(_) | Place::Header => 2,
        Place::Path(_) | Place::Cookie => 1,
        _ => 0,
    }
}

/// Tasks without those that are done; counts all, and these.
fn left<'t>(
    mut tasks: Vec<Task<'t>>,
    done: &BTreeSet<String>,
    (all, count): (&AtomicUsize, &AtomicUsize),
) -> Vec<Task<'t>> {
    let planned = tasks.len();
    if !done.is_empty() {
        tasks.retain(|task| !done.contains(&task.key()));
    }
    all.fetch_add(planned, Ordering::Relaxed);
    count.fetch_add(planned - tasks.len(), Ordering::Relaxed);
    tasks
}

/// Looking at what the answers show, in a fixed order.
fn looks<'a>(checks: &[&'static dyn Check], bench: &'a Bench<'a>) -> Vec<Task<'a>> {
    let of_entry = |entry| checks.iter().map(move |check| Task { check: *check, on: On::Look(entry) });
    bench.entries.iter().flat_map(of_entry).filter(|task| task.has_work(bench)).collect()
}

/// All other work, in a fixed order: first parameters, then requests, last the site.
fn tasks<'a>(checks: &[&'static dyn Check], bench: &'a Bench<'a>, points: &'a [Vec<Point>]) -> Vec<Task<'a>> {
    let mut tasks = Vec::new();
    let mut add = |on: On<'a>| tasks.extend(checks.iter().map(|check| Task { check: *check, on }));
    if bench.profile.tests {
        for turn in 0..=2 {
            for (entry, points) in bench.entries.iter().zip(points) {
                points
                    .iter()
                    .filter(|point| rank(point) == turn)
                    .for_each(|point| add(On::Point(entry, point)));
            }
        }
        bench.entries.iter().for_each(|entry| add(On::Entry(entry)));
        add(On::Site);
    }
    // Most checks have nothing to do on most things: what is left out now need not be remembered.
    tasks.retain(|task| matches!(task.on, On::Entry(_) | On::Site) || task.has_work(bench));
    tasks
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cancel::Cancel;
    use crate::engine::{Help, Plan, ResultsStatus, scan};
    use crate::http::{Request, Response, Target};
    use crate::profile::BrowserUse;
    use crate::testing::{Answer, Asked, serve};

    /// Goods that are saved in a place that the path names; where it leads says what came of it.
    fn saves(asked: &Asked) -> Answer {
        let goods = ["lamp", "chair", "table", "shelf", "mirror", "carpet", "clock", "vase"];
        match asked.path.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
            [""] => {
                let fields = "<input name=note value=a><button>Save</button>";
                let form = |name| format!("<form method=post action='/item/{name}/save'>{fields}</form>");
                Answer::html(goods.map(form).concat())
            }
            ["item", name, "save"] if goods.contains(&name) => Answer::status(302).with("location", "/done"),
            ["done"] => Answer::html("<p>Saved.</p>"),
            _ => Answer::status(404),
        }
    }

    #[tokio::test]
    async fn what_is_shown_behind_a_redirect_holds_up_no_part_of_a_path() {
        let server = serve(saves).await;
        let mut plan = Plan::new(Target::parse(&format!("http://{server}/")).unwrap());
        plan.profile.browser = BrowserUse::Never;
        plan.profile.include = vec!["xss-reflected".into()];
        let (help, cancel) = (Help::default(), Cancel::default());
        let ended =
            tokio::time::timeout(Duration::from_secs(60), scan(&plan, &help, &cancel, Arc::new(|_| {})));
        let result = ended.await.expect("nothing waits for ever").unwrap();
        assert_eq!(result.results_status, ResultsStatus::Finished, "{:?}", result.coverage);
        assert!(result.coverage.parameters_tested > 1, "{:?}", result.coverage);
    }

    #[test]
    fn scripts_made_of_values_are_told_from_files() {
        let is_static = |url: &str| {
            let response = Response::new(200, &[("content-type", "application/javascript")], "var a;");
            let entry = Entry::new(Request::get(Target::parse(url).unwrap()), response, None);
            super::is_static(&entry)
        };
        for url in [
            "http://a.test/a.js",
            "http://a.test/a.js?v=1.2-abc",
            "http://a.test/a.js?ver=beta",
            "http://a.test/a.js?x=3fa9c",
        ] {
            assert!(is_static(url), "{url}");
        }
        for url in ["http://a.test/load?files=menu.js", "http://a.test/load?lang=en-us"] {
            assert!(!is_static(url), "{url}");
        }
    }

    #[test]
    fn words_of_a_text_are_told_from_parts_of_addresses() {
        assert!(speaks_of("<p>User ann</p>", "ann") && speaks_of("<b>ann's page</b>", "ann"));
        for text in
            ["<a href='/user/ann/edit'>x</a>", "<p class=ann-x>", "<a href=ann.html>", "<p>joann</p>", ""]
        {
            assert!(!speaks_of(text, "ann"), "{text}");
        }
        assert!(!speaks_of("<p>to</p>", "to"));
    }
}
