//! Which parameters, parts of paths, headers and cookies of the crawled requests are tested.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::Run;
use crate::checks::injection::{ALIKE, is_value as is_value_of, says_more, worth_a_test};
use crate::checks::run::points_of;
use crate::checks::{Bench, Entry};
use crate::crawl::shape::{Purposes, is_selector, key as request_key, shape};
use crate::engine::checkpoint::Spot;
use crate::http::{Body, Target};
use crate::point::{Place, Point};

/// Requests of one purpose on which it is tried whether something is read.
const LOOKS: usize = 3;
/// Segments before the last that are asked for.
const BEHIND: usize = 3;

impl Run<'_> {
    /// The points of each entry that are tested: each parameter of a kind of request once, and of the path the segments
    /// that the application reads.
    /// `noted` has those of a scan that goes on: they are not looked for again.
    pub(super) async fn points(
        &self,
        entries: &[Entry],
        bench: &Bench<'_>,
        noted: &BTreeMap<String, BTreeSet<Spot>>,
    ) -> Vec<Vec<Point>> {
        let (mut seen, mut purposes) = (BTreeSet::new(), Purposes::default());
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
        let of_entry = async |(at, (entry, guesses)): (usize, (&Entry, bool))| {
            if let Some(spots) = noted.get(&request_key(&entry.request)) {
                let mut points = points_of(entry, bench);
                points.retain(|point| spots.contains(&spot(point)));
                return (at, points);
            }
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
        // Of requests of one purpose, one that has values says more than one that scripts put together of names alone.
        let mut all = vec![Vec::new(); entries.len()];
        let is_blank = |entry: &Entry| entry.request.points().iter().any(|point| point.value.is_empty());
        candidates.sort_by_key(|(at, _)| entries.get(*at).is_some_and(is_blank));
        for (place, candidates) in candidates {
            let Some((entry, purpose)) = purposes.get(place) else { continue };
            let is_noted = noted.contains_key(&request_key(&entry.request));
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
                let is_tested = is_noted || !(is_token || is_static || seen.contains(&key));
                let is_path = matches!(point.place.outer(), Place::Path(_));
                if is_tested
                    && (is_noted
                        || !is_path
                        || (self.ended().is_none()
                            && is_one_of_few(&key)
                            && self.reads(bench, entry, &point, &pages).await))
                {
                    seen.insert(key);
                    points.push(point);
                }
            }
            if let Some(slot) = all.get_mut(place) {
                *slot = points;
            }
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
            let is_like = crate::proof::likeness(&text(&answer), &text(&nowhere)) >= ALIKE;
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

/// What a checkpoint notes of a point.
pub(super) fn spot(point: &Point) -> Spot {
    (point.place.clone(), point.name.clone())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use std::time::Duration;

    use parking_lot::Mutex;

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

    #[tokio::test]
    async fn guesses_are_tried_on_few_requests_of_one_purpose() {
        let paths = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = paths.clone();
        let server = serve(move |asked: &Asked| {
            if !asked.header("cf-connecting-ip").is_empty() {
                seen.lock().insert(asked.path.clone());
            }
            let links: Vec<String> = (1..30).map(|n| format!("<a href=/poll/{n}/>Poll</a>")).collect();
            // Each has words of its own, so that none counts as another one's twin.
            let letter = |sign: char| if sign.is_ascii_digit() { char::from(sign as u8 + 49) } else { ' ' };
            let words: String = asked.path.chars().map(letter).collect();
            Answer::html(if asked.path == "/" {
                links.concat()
            } else {
                format!("<p>About xx{}yy</p>", words.trim())
            })
        })
        .await;
        let mut plan = Plan::new(Target::parse(&format!("http://{server}/")).unwrap());
        plan.profile.browser = BrowserUse::Never;
        plan.profile.include = vec!["ldap-injection".into()];
        let result = scan(&plan, &Help::default(), &Cancel::default(), Arc::new(|_| {})).await.unwrap();
        assert!(result.coverage.links_crawled > 15, "{:?}", result.coverage.links);
        let asked = paths.lock().iter().filter(|path| path.starts_with("/poll/")).count();
        assert_eq!(asked, LOOKS);
    }
}
