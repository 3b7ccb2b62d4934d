//! SQL on another page: what a form keeps becomes part of a statement of the page that it leads to.

use crate::checks::injection::facts::breaking;
use crate::checks::injection::marks::Marks;
use crate::checks::injection::messages::{self, Family};
use crate::checks::{Bench, Entry};
use crate::http::{Method, Request};
use crate::point::{Place, Point};
use crate::proof::{Control, Expect, Replay, Step};

/// Most pages of one form that are fetched again.
const PAGES: usize = 2;
/// Most fields of a form that are looked at.
const FIELDS: usize = 8;

/// Tries each form once, with all its fields broken at the same time.
pub(super) async fn try_site(bench: &Bench<'_>) {
    for entry in bench.entries.iter().filter(|entry| entry.request.method == Method::Post) {
        if !bench.sink.has(super::ABOUT.qids, &entry.request.url.path) {
            try_form(bench, entry).await;
        }
    }
}

async fn try_form(bench: &Bench<'_>, entry: &Entry) {
    let is_field = |point: &Point| {
        matches!(point.place, Place::Form(_) | Place::Multipart(_) | Place::Json(_))
            && !point.value.starts_with("{{")
    };
    let fields: Vec<Point> = entry.request.points().into_iter().filter(is_field).take(FIELDS).collect();
    let views = pages(bench, entry);
    if fields.is_empty() || views.is_empty() {
        return;
    }
    let broken = |point: &Point| breaking(point, &point.value, &Marks::of(entry, point).token);
    let all = fields.iter().fold(entry.request.clone(), |request, point| request.with(point, &broken(point)));
    for view in views {
        // What is kept may be kept in a cookie.
        let steps = |request: Request| {
            let mut steps = entry.steps(request);
            steps.push(Step::new(view.request.clone()));
            steps
        };
        let Ok((page, _)) = bench.prover().walk(&steps(all.clone())).await else { continue };
        let tells = |text: &str| messages::families(text).contains(&Family::Sql);
        if !tells(page.text()) || tells(view.response.text()) {
            continue;
        }
        for point in &fields {
            let payload = format!("{}'", point.value);
            let word = Marks::of(entry, point).token;
            let replay = Replay {
                steps: steps(entry.request.with(point, &payload)),
                expect: Expect::BodyMatches(messages::pattern(Family::Sql)),
                control: Control::Requests(steps(entry.request.with(point, &word))),
                rounds: 1,
            };
            if let Ok(proof) = bench.prove(replay).await {
                return bench.report_at(super::qid(point), entry, Some((point, &payload)), proof);
            }
        }
    }
}

/// Pages to which the answer of a form leads, and the page with the form.
fn pages<'a>(bench: &Bench<'a>, entry: &Entry) -> Vec<&'a Entry> {
    let url = &entry.request.url;
    let links = entry.page.iter().flat_map(|page| page.links.iter().map(|(_, target)| target.clone()));
    let led = entry.response.location().and_then(|place| url.join(place));
    let mut places: Vec<_> = led.into_iter().chain(links).chain(entry.form_at.clone()).collect();
    let mut seen = std::collections::BTreeSet::new();
    places.retain(|place| place.path != url.path && seen.insert(place.to_string()));
    let of = |place: &crate::http::Target| {
        bench.entries.iter().find(|have| have.request.method == Method::Get && have.request.url == *place)
    };
    places.iter().filter_map(of).take(PAGES).collect()
}
