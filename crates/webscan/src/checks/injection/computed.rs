//! Payloads that compute something: the result must be shown, and does not stand in what was put in.

use super::marks::Marks;
use crate::checks::{Bench, Entry};
use crate::point::Point;
use crate::proof::{Expect, Proof, Seen};

/// A payload whose result is known, and one that computes something else.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) payload: String,
    pub(super) control: String,
    pub(super) expect: Expect,
}

/// Payloads from templates: `{a}` and `{b}` stand for the factors, `{v}` for the usual value. The control has another sign
/// between the factors, or where there is none, no punctuation.
pub(super) fn attempts(templates: &[&str], entry: &Entry, point: &Point) -> Vec<Attempt> {
    let marks = Marks::of(entry, point);
    templates.iter().map(|template| products(template, &marks, &point.value)).collect()
}

pub(super) fn products(template: &str, marks: &Marks, value: &str) -> Attempt {
    let (a, b) = marks.factors;
    let fill = |template: &str| {
        template.replace("{a}", &a.to_string()).replace("{b}", &b.to_string()).replace("{v}", value)
    };
    let other = template
        .replace("*{b}", "-{b}")
        .replace("\\* {b}", "- {b}")
        .replace(" * {b}", " - {b}")
        .replace("\\*\t{b}", "-\t{b}")
        .replace("times:{b}", "minus:{b}");
    Attempt { payload: fill(template), control: fill(&other), expect: shows(&marks.product().to_string()) }
}

/// A number as a page shows it: alone, with or without signs between its thousands.
pub(super) fn shows(number: &str) -> Expect {
    let mut grouped = String::new();
    for (at, digit) in number.chars().enumerate() {
        if at > 0 && (number.len() - at).is_multiple_of(3) {
            grouped.push_str("(?:[,.'\u{a0}\u{202f} ]|&nbsp;)?");
        }
        grouped.push(digit);
    }
    Expect::BodyMatches(format!("(?:^|[^0-9]){grouped}(?:[^0-9]|$)"))
}

/// Tries payloads until one is proven.
pub(super) async fn prove_first(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    attempts: &[Attempt],
) -> Option<(String, Proof)> {
    for attempt in attempts {
        let attack = entry.request.with(point, &attempt.payload);
        let Ok(answer) = bench.send_of(entry, &attack).await else { continue };
        if attempt.expect.find(&Seen { response: answer, ..Seen::default() }).is_none() {
            continue;
        }
        let control = entry.request.with(point, &attempt.control);
        if let Ok(proof) = bench.prove(entry.replay(attack, attempt.expect.clone(), control)).await {
            return Some((attempt.payload.clone(), proof));
        }
    }
    None
}
