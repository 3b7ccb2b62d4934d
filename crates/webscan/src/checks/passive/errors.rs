//! Errors that show where and how the code failed: as they were met, and asked for with values of the wrong kind.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::content::readable;
use super::error_patterns::{MESSAGES, TRACES};
use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry, Sink};
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

/// What an answer shows of errors: QID and expression.
fn shown(response: &Response, text: &str) -> Option<(u32, &'static str)> {
    let explained = if response.status < 400 { EXPLAINED.all(text) } else { Vec::new() };
    let meets = |pattern: &Pattern| {
        let explains = |at: usize| explained.iter().any(|range| range.range().contains(&at));
        pattern.all(text).iter().any(|found| !explains(found.start()))
    };
    let find =
        |list: &'static [(&str, Pattern)]| list.iter().map(|(_, p)| p).find(|p| meets(p)).map(Pattern::text);
    find(TRACES).map(|text| (990_025, text)).or_else(|| find(MESSAGES).map(|text| (150_022, text)))
}

/// Requests whose answers show errors: one for each method, path and QID.
pub(crate) type Provoked = Mutex<BTreeMap<(String, String, u32), (Request, &'static str)>>;
/// Most of them that are kept.
const KEPT: usize = 200;
/// Words one of which stands in an error that is answered as if it were none.
static WORDS: &[&str] =
    &["Traceback (", " on line ", "tack trace", "tack_trace", "Exception", "goroutine ", "panicked at "];

/// Keeps a request of any check whose answer shows an error, for the end, where it is proven.
pub(crate) fn keep(sink: &Sink, request: &Request, response: &Response) {
    if matches!(response.status, 301..=399 | 403 | 404) || response.is_script() {
        return;
    }
    let text = response.text();
    if response.status < 400 && !WORDS.iter().any(|word| text.contains(word)) {
        return;
    }
    let Some((qid, pattern)) = shown(response, text) else { return };
    let key = (request.method.to_string(), request.url.path.clone(), qid);
    let mut provoked = sink.provoked.lock();
    let rank = |request: &Request| (request.url.query.clone(), request.body.bytes());
    let best = provoked.entry(key).or_insert_with(|| (request.clone(), pattern));
    if rank(request) < rank(&best.0) {
        *best = (request.clone(), pattern);
    }
    // Which are kept must not depend on which came first.
    if provoked.len() > KEPT {
        provoked.pop_last();
    }
}

/// Requests that no route of an application takes, or not like this: what frameworks show then.
fn stray(entry: &Entry) -> Vec<Request> {
    let url = &entry.request.url;
    let text = "{\"redoubt\": [}".to_owned();
    let body = Body::Text { content_type: "application/json".to_owned(), text };
    let get = |name: &str| Request::get(url.at(format!("{}{name}", url.directory())));
    vec![
        get("redoubt-4d1f7e.nowhere"),
        get("redoubt-4d1f7e/%ff%27"),
        Request { method: Method::Post, body, ..Request::get(url.clone()) },
    ]
}

/// Proves what other tests provoked, and what requests provoke that lead nowhere.
async fn gather(bench: &Bench<'_>) {
    let provoked: Vec<_> = bench.sink.provoked.lock().clone().into_iter().collect();
    let mut told: Vec<(u32, String)> = Vec::new();
    for ((method, path, qid), (request, pattern)) in provoked {
        let at =
            |entry: &&Entry| entry.request.url.path == path && entry.request.method.to_string() == method;
        let Some(entry) = bench.entries.iter().find(at) else { continue };
        if bench.sink.has(&[150_022, 990_025], &path) || told.contains(&(qid, path.clone())) {
            continue;
        }
        let replay = entry.replay(request, Expect::BodyMatches(pattern.to_owned()), entry.request.clone());
        if let Ok(proof) = bench.prove(replay).await {
            bench.report(qid, entry, proof);
            told.push((qid, path));
        }
    }
    let first = bench.entries.iter().find(|entry| entry.request.method == Method::Get);
    let Some(entry) = first.filter(|entry| !bench.sink.has(&[150_022, 990_025], &entry.request.url.path))
    else {
        return;
    };
    for request in stray(entry) {
        if tell(bench, entry, request).await {
            return;
        }
    }
    // Pages that take values are often made by other code than the first.
    let is_other = |other: &&Entry| {
        other.request.method == Method::Get
            && other.request.url.query.is_some()
            && other.request.url.path != entry.request.url.path
            && !bench.sink.has(&[150_022, 990_025], &other.request.url.path)
    };
    let mut paths = BTreeSet::new();
    let others = bench.entries.iter().filter(is_other).filter(|other| paths.insert(&other.request.url.path));
    for other in others.take(STRAYS) {
        if let Some(request) = stray(other).pop() {
            tell(bench, other, request).await;
        }
    }
}

/// Pages with values that are sent what they don't take.
const STRAYS: usize = 3;

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
                    && is_page
                {
                    switched_on(bench, entry).await;
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

/// A body that is not of its own language any more.
async fn malformed(bench: &Bench<'_>, entry: &Entry) -> bool {
    let (kind, text) = match &entry.request.body {
        Body::Json(_) => ("application/json", "{\"redoubt\": [}"),
        Body::Xml(_) => ("text/xml", "<redoubt><a></redoubt>"),
        _ => return false,
    };
    let body = Body::Text { content_type: kind.to_owned(), text: text.to_owned() };
    tell(bench, entry, Request { body, ..entry.request.clone() }).await
}

/// Names by which applications are asked to say more, and what they are asked with.
const SWITCHES: &[&str] = &["debug", "_debug", "DEBUG", "trace", "verbose"];

/// The page with everything that commonly switches diagnostics on.
async fn switched_on(bench: &Bench<'_>, entry: &Entry) -> bool {
    let mut request = entry.request.clone();
    let mut fields = request.query();
    fields.retain(|(name, _)| !SWITCHES.contains(&name.as_str()));
    fields.extend(SWITCHES.iter().map(|name| ((*name).to_owned(), "1".to_owned())));
    request.set_query(&fields);
    request.set_header("X-Debug", "1");
    request.cookies.push(("debug".to_owned(), "1".to_owned()));
    tell(bench, entry, request).await
}

/// Tells what a request of another kind shows of errors and settings, where the usual request does not.
async fn tell(bench: &Bench<'_>, entry: &Entry, attack: Request) -> bool {
    let Ok(answer) = bench.send_of(entry, &attack).await else { return false };
    let inner = || INNER.is_match(answer.text()).then(|| (990_025, INNER.text()));
    let Some((qid, pattern)) = shown(&answer, answer.text()).or_else(inner) else { return false };
    let replay = entry.replay(attack, Expect::BodyMatches(pattern.to_owned()), entry.request.clone());
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
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[test]
    fn every_expression_is_valid() {
        for (name, pattern) in TRACES.iter().chain(MESSAGES) {
            assert!(pattern.is_valid(), "{name}");
        }
    }

    #[test]
    fn errors_of_many_languages_are_known() {
        let answer = Response::new(500, &[], "");
        for (qid, text) in [
            (
                990_025,
                "Traceback (most recent call last):\n  File \"/app/x.py\", line 3, in f\nKeyError: 'a'",
            ),
            (990_025, "at com.shop.Cart.add(Cart.java:12)"),
            (990_025, "   at System.Data.SqlClient.SqlConnection.OnError(SqlException e)"),
            (990_025, "#0 /var/www/html/index.php(12): run()"),
            (
                990_025,
                "    at Layer.handle [as handle_request] (/srv/node_modules/express/lib/router/layer.js:95:5)",
            ),
            (990_025, "/app/models/user.rb:12:in `find'"),
            (990_025, "goroutine 12 [running]:\nmain.main()"),
            (990_025, "thread 'main' panicked at src/main.rs:3:5"),
            (990_025, "stack traceback:\n\t[C]: in function 'error'\n\tapp.lua:3: in main chunk"),
            (990_025, "<h4>A PHP Error was encountered</h4><p>Severity: Notice</p><p>Line Number: 12</p>"),
            (
                990_025,
                "<h1>An unhandled exception occurred</h1><pre class=\"rawExceptionStackTrace\">x</pre>",
            ),
            (150_022, "<b>Warning</b>:  Undefined variable $x in <b>/var/www/a.php</b> on line <b>3</b>"),
            (150_022, "Server Error in '/shop' Application."),
            (150_022, "java.lang.NullPointerException: null"),
            (150_022, "TypeError: Cannot read properties of undefined (reading 'id')"),
            (150_022, "strconv.Atoi: parsing \"x\": invalid syntax"),
        ] {
            assert_eq!(shown(&answer, text).map(|(qid, _)| qid), Some(qid), "{text}");
        }
        for text in [
            "An error occurred. Reference 1234.",
            "Warning: this cannot be undone",
            "Look at the Cart (page 12)",
            "at 10:30 in Room.java",
            "Fatal error in the matrix",
            "We met at com.shop headquarters",
            "The stack traceback: how to read it",
            "We are sorry, an unhandled exception occurred",
        ] {
            assert_eq!(shown(&answer, text), None, "{text}");
        }
        let page = Response::new(200, &[], "");
        assert_eq!(shown(&page, "<code>at com.shop.Cart.add(Cart.java:12)</code>"), None);
    }

    #[tokio::test]
    async fn bodies_paths_and_switches_provoke_errors_too() {
        let trace = "SyntaxError: x<br> at parse (/srv/node_modules/body-parser/lib/types/json.js:92:19)";
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/json" if serde_json::from_str::<serde_json::Value>(&asked.body).is_err() => {
                Answer(400, vec![], trace.into())
            }
            "/item/x" | "/item/redoubt" => Answer(500, vec![], "at com.shop.Item.find(Item.java:12)".into()),
            "/page" if asked.field("debug") == "1" => Answer::html("<div class='debug-panel'>...</div>"),
            "/cookie" if asked.cookie("debug") == "1" => Answer::html("DB_PASSWORD => hunter22"),
            "/echo" => Answer::html(format!("debug is {}", asked.field("debug"))),
            _ => Answer::html("fine"),
        })
        .await;
        for (path, wanted) in
            [("/item/7", 1), ("/page", 1), ("/cookie", 1), ("/echo", 0), ("/other/7", 0), ("/plain", 0)]
        {
            assert_eq!(scan(&Errors, address, path).await.len(), wanted, "{path}");
        }
        let url = crate::http::Target::parse(&format!("http://{address}/json")).unwrap();
        let body = Body::Json(serde_json::json!({"a": "b"}));
        let request = Request { method: Method::Post, body, ..Request::get(url) };
        let (found, _) =
            crate::testing::scan_with(&Errors, vec![request], crate::testing::Extras::default()).await;
        assert_eq!(found.len(), 1);
    }

    #[tokio::test]
    async fn what_others_provoke_and_what_leads_nowhere_is_looked_at() {
        let trace = "Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in f\n";
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/long" if asked.field("q").len() > 100 => Answer(500, vec![], trace.into()),
            "/none" if asked.query.is_empty() => Answer(500, vec![], trace.into()),
            "/quiet/redoubt-4d1f7e.nowhere" => Answer::status(404),
            path if path.ends_with(".nowhere") => Answer(
                404,
                vec![],
                format!("<p>You're seeing this error because you have <code>DEBUG = True</code></p>{path}"),
            ),
            _ => Answer::html("fine"),
        })
        .await;
        // A test of another kind sends something long.
        let told = crate::testing::bench_on(address, "/quiet/long", async |bench, entry| {
            let long = format!("?q={}", "x".repeat(200));
            let request = Request::get(entry.request.url.join(&format!("/long{long}")).unwrap());
            let _ = bench.send(&request).await;
            bench.sink.provoked.lock().len()
        })
        .await;
        assert_eq!(told, 1);
        for (path, wanted) in [("/quiet/long?q=shoes", 0), ("/none?q=shoes", 1), ("/page", 1)] {
            assert_eq!(scan(&Errors, address, path).await.len(), wanted, "{path}");
        }
    }

    #[tokio::test]
    async fn errors_are_provoked_and_quiet_ones_are_not_told() {
        let address = serve(|asked: &Asked| match (asked.path.as_str(), asked.field("n").parse::<u32>()) {
            ("/loud", Err(_)) => Answer(500, vec![], "ValueError: invalid literal for int()".into()),
            ("/quiet", Err(_)) => Answer::status(400),
            _ => Answer::html("fine"),
        })
        .await;
        let found = scan(&Errors, address, "/loud?n=1").await;
        assert_eq!((found.len(), found[0].qid, found[0].parameter.as_deref()), (1, 150_022, Some("n")));
        assert!(scan(&Errors, address, "/quiet?n=1").await.is_empty());
    }
}
