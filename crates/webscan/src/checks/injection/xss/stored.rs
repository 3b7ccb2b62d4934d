//! Script in the page, out of what was stored.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::context::contexts;
use super::payloads::{self, Survivors, payloads};
use super::{TRIED, harmless, surviving};
use crate::checks::injection::facts::has;
use crate::checks::injection::marks::Marks;
use crate::checks::injection::template;
use crate::checks::run::points_of;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Request, Response, Target};
use crate::point::{Place, Point};
use crate::proof::executes::{Document, document, executes};
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(in crate::checks::injection) struct StoredXss;

static ABOUT: About = About {
    name: "xss-stored",
    qids: &[150_000, 150_002],
    means: "What one request stores comes back in a page later on in such a way that a browser takes it for script.",
    matters: "Everybody who opens that page runs the script as themselves, without having followed any prepared link; often \
              it is an administrator who looks at what others have entered.",
    remedy: "Encode values where they are written into a page, not where they are stored. Where markup is wanted, let a \
             well-kept sanitizer keep a list of allowed elements and attributes.",
    technique: "Each parameter gets a word of its own. All pages are then fetched again; where one shows such a word, \
                payloads for that place are stored and the page is fetched once more. The marker must be code of the parsed \
                document, which it was not after the same text without the breaking letters had been stored.",
    source: "CWE-79",
};

/// Most payloads that are stored through one point.
const MOST: usize = 25;
/// Most pages that are fetched again.
const PAGES: usize = 2_000;

impl Check for StoredXss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look_again(bench).boxed())
    }

    fn wants_quiet(&self) -> bool {
        true
    }
}

async fn look_again(bench: &Bench<'_>) {
    let mut by_token: BTreeMap<String, (&Entry, Point)> = BTreeMap::new();
    for entry in bench.entries {
        for point in points_of(entry, bench) {
            by_token.entry(Marks::of(entry, &point).token).or_insert((entry, point));
        }
    }
    let mut views: Vec<Request> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |request: Request| {
        if seen.insert(request.url.to_string()) {
            views.push(request);
        }
    };
    let pages = bench.entries.iter().filter(|entry| entry.request.method == Method::Get);
    pages.for_each(|entry| add(entry.request.clone()));
    for entry in bench.entries {
        entry.form_at.iter().cloned().for_each(|url| add(Request::get(url)));
        leave_words(bench, entry).await.into_iter().for_each(|url| add(Request::get(url)));
    }
    let mut done = BTreeSet::new();
    for view in views.iter().take(PAGES) {
        let Ok(page) = bench.send(view).await else { continue };
        if document(&page).is_none() {
            continue;
        }
        for token in tokens(page.text()) {
            let Some((entry, point)) = by_token.get(&token) else { continue };
            if done.contains(&token) || !has(page.text(), &token) {
                continue;
            }
            let is_template = template::by_view(bench, entry, point, view).await;
            if store(bench, entry, point, view, &page).await || is_template {
                done.insert(token);
            }
        }
    }
}

/// Puts a word into each parameter: into all at once, and where a request tells something also one by one, since a form may
/// refuse words in some fields. Gives the pages that the answers lead to.
async fn leave_words(bench: &Bench<'_>, entry: &Entry) -> Vec<Target> {
    let points = points_of(entry, bench);
    // A member too many may be refused, with all the others.
    // What is filled in anew for each request, such as a token, must stay what it is.
    let is_tried = |point: &&Point| {
        !matches!(point.place, Place::Path(_) | Place::FormName | Place::JsonName(_))
            && !point.value.starts_with("{{")
    };
    let points: Vec<&Point> = points.iter().filter(is_tried).collect();
    let with = |request: &Request, point: &Point| request.with(point, &Marks::of(entry, point).token);
    let mut requests =
        vec![points.iter().fold(entry.request.clone(), |request, point| with(&request, point))];
    if entry.request.method != Method::Get {
        let own = points.iter().filter(|point| !matches!(point.place, Place::Header | Place::Cookie));
        requests.extend(own.map(|point| with(&entry.request, point)));
    }
    let mut led = Vec::new();
    for request in requests {
        let Ok(answer) = bench.send_of(entry, &request).await else { continue };
        led.extend(answer.location().and_then(|location| request.url.join(location)));
    }
    led
}

/// Our words in a text, each once.
fn tokens(text: &str) -> BTreeSet<String> {
    let Ok(regex) = crate::proof::regex(r"(?i)zq[0-9a-z]{7}") else { return BTreeSet::new() };
    regex.find_iter(text).map(|found| found.as_str().to_ascii_lowercase()).collect()
}

async fn store(bench: &Bench<'_>, entry: &Entry, point: &Point, view: &Request, page: &Response) -> bool {
    let Marks { token, number, .. } = Marks::of(entry, point);
    let put = async |value: &str| {
        bench.send_of(entry, &entry.request.with(point, value)).await.ok()?;
        bench.send(view).await.ok()
    };
    let list = if document(page) == Some(Document::Xml) {
        payloads::xml()
    } else {
        // A word of its own: where a quote keeps it from being stored, the page still shows the first one.
        let fresh = format!("{token}y");
        let Some(answer) = put(&format!("{fresh}{TRIED}{fresh}")).await else { return false };
        let alive = if has(answer.text(), &fresh) { surviving(&answer, &fresh) } else { Survivors::all() };
        payloads(&contexts(page.text(), &token), &alive)
    };
    let base: u32 = number.parse().unwrap_or_default();
    for (nth, payload) in (0..).zip(list.iter().take(MOST)) {
        let number = (base + nth).to_string();
        let payload = payload.replace('@', &number);
        let Some(answer) = put(&payload).await else { return false };
        if !executes(&answer, &number) {
            continue;
        }
        // The number of the proof is another one, and its harmless twin is stored first.
        let fresh = (base + nth + 500).to_string();
        let payload = payload.replace(&number, &fresh);
        let Some(twin) = put(&harmless(&payload)).await else { return false };
        if executes(&twin, &fresh) {
            return true;
        }
        let mut steps = entry.steps(entry.request.with(point, &payload));
        steps.push(Step::new(view.clone()));
        let expect = Expect::Executes(fresh.clone());
        let replay = Replay { steps, expect, control: Control::Without(fresh), rounds: 1 };
        if let Ok(proof) = bench.prove(replay).await {
            let qid = if matches!(point.place, Place::Header | Place::Cookie) { 150_002 } else { 150_000 };
            bench.report_at(qid, entry, Some((point, &payload)), proof);
            return true;
        }
    }
    false
}
