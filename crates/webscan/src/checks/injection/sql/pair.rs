//! SQL in two fields at once: where quotes are refused, a backslash at the end of one string escapes the quote that ends it, so
//! that the string goes on to the beginning of the next one, and the next value stands outside of strings.

use crate::checks::injection::choice::{CONDITIONS, Choice};
use crate::checks::injection::facts::facts;
use crate::checks::{Bench, Entry};
use crate::point::{Place, Point};

use super::blind::changes;

/// Most pairs of one request.
const MOST: usize = 2;

/// What the second value is.
const SECOND: &str = " OR {c} -- ";

/// Fields beside each other that may be strings of one statement.
fn pairs(entry: &Entry) -> Vec<(Point, Point)> {
    let is_field = |point: &Point| {
        matches!(point.place, Place::Form(_) | Place::Query(_) | Place::Json(_))
            && !point.value.starts_with("{{")
            && point.value.parse::<f64>().is_err()
    };
    let fields: Vec<Point> = entry.request.points().into_iter().filter(is_field).collect();
    let beside = fields.iter().zip(fields.iter().skip(1));
    beside.map(|(first, second)| (first.clone(), second.clone())).take(MOST).collect()
}

/// Whether a request has such fields, and changes nothing.
pub(super) fn has_pairs(entry: &Entry) -> bool {
    !changes(entry) && !pairs(entry).is_empty()
}

/// Tries the pairs of a request. One request tells whether the second value has an effect at all.
pub(super) async fn try_entry(bench: &Bench<'_>, entry: &Entry) {
    if !has_pairs(entry) {
        return;
    }
    let path = &entry.request.url.path;
    for (first, second) in pairs(entry) {
        let is_known = |point: &Point| bench.sink.has_at(super::ABOUT.qids, path, &point.name);
        if is_known(&first) || is_known(&second) {
            continue;
        }
        let Some(known) = facts(bench, entry, &second).await else { return };
        let choice = Choice::of(CONDITIONS, |condition| {
            let value = SECOND.replace("{c}", condition);
            let escaping = entry.request.with(&first, &format!("{}\\", first.value));
            (escaping.with(&second, &value), value)
        });
        if let Some((payload, proof)) = choice.prove_beside(bench, entry, (&second, &known)).await {
            known.settle();
            return bench.report_at(150_012, entry, Some((&second, &payload)), proof);
        }
    }
}
