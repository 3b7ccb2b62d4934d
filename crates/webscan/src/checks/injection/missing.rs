//! Pages that are not there, and whose answers say which: what is asked for in each directory, and each answerer once.

use std::sync::Arc;

use super::facts::{Facts, facts, has};
use crate::checks::{Bench, Entry};
use crate::http::{Request, Target};
use crate::point::Point;

/// Requests for what is not there, each with the part of its path that the answer shows.
pub(super) type Missing = Arc<Vec<(Entry, Point)>>;

/// Most directories in which a missing page is asked for.
const DIRECTORIES: usize = 1_000;
/// Most pages below which one is asked for.
const BELOW: usize = 400;
/// The name of what is missing.
const NAME: &str = "zqmissing";

/// The missing pages that answers speak of; asked for once in a scan.
pub(super) async fn missing(bench: &Bench<'_>) -> Missing {
    bench.sink.memo.missing().get_or_init(|| async { Arc::new(ask(bench).await) }).await.clone()
}

/// A page that is not there, in each directory that is linked; the upper ones first.
fn urls(entries: &[Entry]) -> Vec<Target> {
    let mut links: Vec<&Target> = Vec::new();
    for entry in entries {
        links.push(&entry.request.url);
        if let Some(page) = &entry.page {
            links.extend(page.links.iter().map(|(_, target)| target));
        }
    }
    let mut urls: Vec<Target> = Vec::new();
    let mut add = |link: &Target, folder: &str, most: usize| {
        let url = Target { path: format!("{folder}/{NAME}"), query: None, ..link.clone() };
        if urls.len() < most && !urls.contains(&url) {
            urls.push(url);
        }
    };
    for link in links {
        add(link, link.path.rsplit_once('/').map_or("", |(folder, _)| folder), DIRECTORIES);
    }
    // What answers for a page may take whatever lies below it, too.
    for entry in entries.iter().filter(|entry| entry.page.is_some()) {
        let url = &entry.request.url;
        if !url.path.ends_with('/') {
            add(url, &url.path, DIRECTORIES + BELOW);
        }
    }
    urls.sort_by_key(|url| url.path.matches('/').count());
    urls
}

async fn ask(bench: &Bench<'_>) -> Vec<(Entry, Point)> {
    let (mut found, mut answerers): (Vec<(Entry, Point)>, Vec<Arc<Facts>>) = (Vec::new(), Vec::new());
    for url in urls(bench.entries) {
        let request = Request::get(url);
        // Out of scope, nothing is sent.
        let Ok(response) = bench.send(&request).await else { continue };
        let folder = request.url.path.strip_suffix(NAME).unwrap_or_default().to_owned();
        let is_below = || bench.entries.iter().any(|entry| format!("{}/", entry.request.url.path) == folder);
        if !has(response.text(), NAME) || (response.status < 400 && !is_below()) {
            continue;
        }
        let points = request.path_points();
        let Some(point) = points.last().filter(|point| point.name == NAME).cloned() else { continue };
        let entry = Entry::new(request, response, None);
        let Some(known) = facts(bench, &entry, &point).await else { continue };
        // What answers above answers for what is below, too.
        let is_above = |other: &Entry| {
            let above = other.request.url.path.strip_suffix(NAME).unwrap_or_default();
            other.request.url.origin == entry.request.url.origin && folder.starts_with(above)
        };
        let is_seen =
            found.iter().zip(&answerers).any(|((other, _), facts)| is_above(other) && facts.is_like(&known));
        if !is_seen {
            found.push((entry, point));
            answerers.push(known);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::cancel::Cancel;
    use crate::engine::{Help, Plan, scan};
    use crate::http::{Target, encode};
    use crate::profile::BrowserUse;
    use crate::testing::{Answer, Asked, serve};

    /// Pages, some of which take values only; what is nowhere is named, below `/shop` by an answerer of its own.
    fn answer(asked: &Asked) -> Answer {
        let path = encode::unpercent(&asked.path);
        match (asked.method.as_str(), path.as_str()) {
            ("GET", "/") => {
                let links = ["/login", "/search", "/news/today", "/shop/", "/shop/cart"];
                Answer::html(links.map(|link| format!("<a href={link}>x</a>")).concat())
            }
            ("GET", "/login" | "/search") => Answer::html(format!(
                "<form method=post action={path}><input name=q><button>Go</button></form>"
            )),
            ("POST", "/login" | "/search") => Answer::html("<p>No.</p>"),
            ("GET", "/news/today" | "/shop/" | "/shop/cart") => Answer::html("<p>Words.</p>"),
            (_, path) if path.starts_with("/shop/") => {
                Answer(404, Answer::html("").1, format!("<h2>Our shop has nothing called {path}, sorry</h2>"))
            }
            (_, path) => {
                let product = regex::Regex::new(r"\{\{(\d+)\*(\d+)\}\}").unwrap();
                let shown = product.replace_all(path, |found: &regex::Captures<'_>| {
                    (found[1].parse::<u64>().unwrap() * found[2].parse::<u64>().unwrap()).to_string()
                });
                Answer(404, Answer::html("").1, format!("<p>Cannot find {shown}</p>"))
            }
        }
    }

    #[tokio::test]
    async fn each_answerer_is_told_once() {
        let address = serve(answer).await;
        let mut plan = Plan::new(Target::parse(&format!("http://{address}/")).unwrap());
        plan.profile.browser = BrowserUse::Never;
        plan.profile.include = vec!["xss-reflected".into(), "template-injection".into()];
        let result = scan(&plan, &Help::default(), &Cancel::default(), Arc::new(|_| {})).await.unwrap();
        let mut told: Vec<_> =
            result.findings.iter().map(|finding| (finding.qid, finding.url.path.as_str())).collect();
        told.sort();
        assert_eq!(told, [(150_117, "/shop/zqmissing"), (150_117, "/zqmissing"), (990_005, "/zqmissing")]);
    }
}
