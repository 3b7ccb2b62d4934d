//! Values within values: what is put into one is found there again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use webscan::http::Request;
use webscan::point::Point;

/// What is put in: it has letters for what wants words, and ends as a number for what wants one.
const NEW: &str = "redoubt7";
/// As many values within one are tested at the most; what is put in may make more of them.
const MOST: usize = 12;

fuzz_target!(|text: &str| {
    // Longer addresses are none that can be scanned.
    if text.len() > 1_000 {
        return;
    }
    let mut request = Request::get(redoubt_fuzz::base());
    request.set_query(&[("q".to_owned(), text.to_owned())]);
    request.cookies.push(("c".to_owned(), text.to_owned()));
    request.url.path = format!("/x/{}", text.replace(['/', '?', '#'], ""));
    redoubt_fuzz::usable(&request);
    for outer in [request.points(), request.path_points()].concat() {
        for inner in outer.inner() {
            let changed = request.with(&inner, NEW);
            let points = [changed.points(), changed.path_points()].concat();
            let is_there = |point: &Point| {
                let all = point.inner();
                point.place == outer.place
                    && (all.len() == MOST || all.iter().any(|inner| inner.value == NEW))
            };
            assert!(points.iter().any(is_there), "{inner:?} in {changed:?}");
        }
    }
});
