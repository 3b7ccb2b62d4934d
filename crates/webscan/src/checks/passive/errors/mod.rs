//! Errors that show where and how the code failed: as they were met, and asked for with values of the wrong kind.

mod kept;
mod patterns;

pub(crate) use self::kept::{Provoked, keep};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::kept::gather;
use self::patterns::{MESSAGES, ROUTES, TRACES};
use super::content::readable;
use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Body, Method, Request, Response};
use crate::point::{Place, Point, Put};
use crate::proof::{Control, Expect};

/// See [`About`].
pub(super) struct Errors;

static ABOUT: About = About {
    name: "verbose-errors",
    qids: &[150_022, 990_025],
    means: "When something fails, the answer shows the inner error: messages of the language, file names, the calls that led \
            there.",
    matters: "It tells strangers which software runs, where its files lie and where it breaks: the map for an attack.",
    remedy: "Turn off debug mode in production. Log the details and answer with a plain sentence and a number to ask for.",
    technique: "Answers are held against the forms that errors and traces have in common languages and frameworks. Each request \
                is also tried with values of the wrong kind and without any, and what other tests provoke is looked at; the usual \
                values must not show it.",
    source: "CWE-209; OWASP Improper Error Handling",
};

/// Elements in which pages explain errors rather than have them.
static EXPLAINED: Pattern = Pattern::new(
    r"(?is)<(code|textarea|blockquote|article|samp)\b[^>]*>.*?</(?:code|textarea|blockquote|article|samp)>",
);

/// What pages show of their inner life when they are asked to.
static INNER: Pattern = Pattern::new(
    r#"(?i)\bDOCUMENT_ROOT\b[^<\n]{0,40}(?:/|[a-z]:\\)|\bDB_(?:PASSWORD|HOST|USER)\b\W{1,12}\w|\bSECRET_KEY\b\W{1,12}\w|\bSELECT\s[\w*`"., ]{1,200}\sFROM\s[\w`".]{1,80}[\s\S]{0,300}?\d\s?ms\b|(?:class|id)=["']?[\w-]*(?:debug-?(?:bar|panel|toolbar|info|trace)|sf-toolbar|clockwork-)|"(?:stack_?trace|traceback|exception_class)"\s*:\s*["\[]"#,
);

/// What errors, files and commands of different systems show: no error of one application brings several.
const FOREIGN: &[&str] = &[
    "root:x:0:0:",
    "uid=",
    "Traceback (most recent call last)",
    "You have an error in your SQL syntax",
    "ORA-0",
    "sqlite3.OperationalError",
    "syntax error at or near",
    "Unclosed quotation mark",
    "java.lang.",
    "System.Web.",
    "Fatal error:",
    "TypeError: ",
];

/// Whether a page without an error speaks of errors: it shows those of several systems.
fn is_about_errors(response: &Response, text: &str) -> bool {
    response.status < 400 && FOREIGN.iter().filter(|sign| text.contains(**sign)).nth(2).is_some()
}

/// What an answer shows of errors: QID and expression.
fn shown(response: &Response, text: &str) -> Option<(u32, &'static str)> {
    if is_about_errors(response, text) {
        return None;
    }
    let explained = if response.status < 400 { EXPLAINED.all(text) } else { Vec::new() };
    let meets = |pattern: &Pattern| {
        let explains = |at: usize| explained.iter().any(|range| range.range().contains(&at));
        pattern.all(text).iter().any(|found| !explains(found.start()))
    };
    let find =
        |list: &'static [(&str, Pattern)]| list.iter().map(|(_, p)| p).find(|p| meets(p)).map(Pattern::text);
    // A page may list such things for everybody; where nothing is, nobody asked for them.
    let routes = || if response.status == 404 { find(ROUTES) } else { None };
    let trace = find(TRACES).or_else(routes).map(|text| (990_025, text));
    trace.or_else(|| find(MESSAGES).map(|text| (150_022, text)))
}

/// What an answer shows of errors or of inner life: QID, and what is looked for.
pub(in crate::checks) fn inner_in(response: &Response) -> Option<(u32, Expect)> {
    let text = response.text();
    let inner = || INNER.is_match(text).then(|| (990_025, INNER.text()));
    shown(response, text).or_else(inner).map(|(qid, pattern)| (qid, Expect::BodyMatches(pattern.to_owned())))
}

impl Check for Errors {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if entry.response.is_script() {
            return None;
        }
        let (qid, pattern) = shown(&entry.response, readable(entry)?)?;
        Some(
            async move {
                let control = Control::WithoutMatch(pattern.to_owned());
                let expect = Expect::BodyMatches(pattern.to_owned());
                if let Some(proof) = seen_again(bench, entry, expect, control).await {
                    bench.report(qid, entry, proof);
                }
            }
            .boxed(),
        )
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(gather(bench).boxed())
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let already = readable(entry).is_some_and(|text| shown(&entry.response, text).is_some());
        let mut points: Vec<Point> = entry.request.points().into_iter().filter(is_tried).collect();
        // Numbers in the path are values, too.
        points.extend(
            entry.request.path_points().into_iter().filter(|point| point.value.parse::<u64>().is_ok()),
        );
        let is_page = entry.request.method == Method::Get && entry.page.is_some();
        (!already && (!points.is_empty() || is_page)).then(|| {
            async move {
                if !provoke(bench, entry, points).await
                    && !malformed(bench, entry).await
                    && !without_values(bench, entry).await
                    && !undecodable(bench, entry).await
                    && !too_long(bench, entry).await
                    && is_page
                {
                    odd_head(bench, entry).await;
                }
            }
            .boxed()
        })
    }
}

fn is_tried(point: &Point) -> bool {
    !matches!(point.place, Place::Header | Place::Path(_))
}

/// Requests with a value of the wrong kind at a point.
fn wrong(request: &Request, point: &Point) -> Vec<(Request, String)> {
    let odd = if point.value.parse::<f64>().is_ok() { "redoubt" } else { "'\"]}>\\%\u{fffd}" };
    let mut all = vec![(request.with(point, Put::Text(odd)), odd.to_owned())];
    if odd == "redoubt" {
        // Nothing, more than a number holds, and what counts and divisors can't be.
        let others = ["", "99999999999999999999", "0", "-1"].into_iter().filter(|odd| *odd != point.value);
        all.extend(others.map(|odd| (request.with(point, Put::Text(odd)), odd.to_owned())));
    } else if !point.value.is_empty() {
        all.push((request.with(point, Put::Text("")), String::new()));
    }
    let list = format!("{}[]", point.name);
    all.extend(request.renamed(point, &list).map(|request| (request, list)));
    if matches!(point.place, Place::Json(_)) {
        all.push((request.with(point, Put::Raw("[[]]")), "[[]]".to_owned()));
    }
    all
}

/// The same request without any of its values.
async fn without_values(bench: &Bench<'_>, entry: &Entry) -> bool {
    let mut request = entry.request.clone();
    request.url.query = None;
    match &mut request.body {
        Body::Form(fields) => fields.clear(),
        Body::Json(value) => *value = serde_json::json!({}),
        _ => {}
    }
    request != entry.request && tell(bench, entry, request).await
}

/// The same request with values that are no text.
async fn undecodable(bench: &Bench<'_>, entry: &Entry) -> bool {
    let is_form = |point: &Point| matches!(point.place, Place::Query(_) | Place::Form(_));
    let points = entry.request.points().into_iter().filter(is_form);
    let request = points.fold(entry.request.clone(), |all, point| all.with(&point, Put::Raw("%ff%fe%c3")));
    request != entry.request && tell(bench, entry, request).await
}

/// The same request with headers that can't be read.
async fn odd_head(bench: &Bench<'_>, entry: &Entry) -> bool {
    let mut request = entry.request.clone();
    for (name, value) in [
        ("Accept", "rdbt/;q=x"),
        ("Accept-Language", "rdbt;q=x,;"),
        ("Range", "bytes=rdbt-"),
        ("If-Modified-Since", "rdbt"),
        ("X-Forwarded-For", "rdbt,"),
    ] {
        request.set_header(name, value);
    }
    tell(bench, entry, request).await
}

/// A body that is not of its own language any more, or that is of it and no object.
async fn malformed(bench: &Bench<'_>, entry: &Entry) -> bool {
    let all: &[(&str, &str)] = match &entry.request.body {
        Body::Json(_) => &[
            ("application/json", "{\"redoubt\": [}"),
            ("application/json", "[]"),
            ("application/json", "null"),
            ("text/xml", "<redoubt/>"),
        ],
        Body::Xml(_) => &[("text/xml", "<redoubt><a></redoubt>")],
        // Parts that nothing separates.
        Body::Form(_) => &[("multipart/form-data", "--redoubt\r\n\r\n")],
        _ => return false,
    };
    for (kind, text) in all {
        let body = Body::Text { content_type: (*kind).to_owned(), text: (*text).to_owned() };
        if tell(bench, entry, Request { body, ..entry.request.clone() }).await {
            return true;
        }
    }
    false
}

/// The same request with values that are longer than what they are kept in.
async fn too_long(bench: &Bench<'_>, entry: &Entry) -> bool {
    let is_form = |point: &Point| matches!(point.place, Place::Query(_) | Place::Form(_) | Place::Json(_));
    let points: Vec<Point> = entry.request.points().into_iter().filter(is_form).take(4).collect();
    let has_room = points.len() < 2 || !matches!(entry.request.body, Body::None);
    let long = "7".repeat(if has_room { 5_000 } else { 1_500 });
    let put = |all: Request, point: &Point| all.with(point, Put::Text(&long));
    let request = points.iter().fold(entry.request.clone(), put);
    request != entry.request && tell(bench, entry, request).await
}

/// Tells what a request of another kind shows of errors and settings, where the usual request does not.
async fn tell(bench: &Bench<'_>, entry: &Entry, attack: Request) -> bool {
    let Ok(answer) = bench.send_of(entry, &attack).await else { return false };
    let Some((qid, expect)) = inner_in(&answer) else { return false };
    let replay = entry.replay(attack, expect, entry.request.clone());
    let Ok(proof) = bench.prove(replay).await else { return false };
    bench.report(qid, entry, proof);
    true
}

async fn provoke(bench: &Bench<'_>, entry: &Entry, points: Vec<Point>) -> bool {
    for point in points.iter().take(30) {
        for (attack, payload) in wrong(&entry.request, point) {
            let Ok(answer) = bench.send_of(entry, &attack).await else { return true };
            let Some((qid, pattern)) = shown(&answer, answer.text()) else { continue };
            let replay = entry.replay(attack, Expect::BodyMatches(pattern.to_owned()), entry.request.clone());
            if let Ok(proof) = bench.prove(replay).await {
                bench.report_at(qid, entry, Some((point, &payload)), proof);
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests;
