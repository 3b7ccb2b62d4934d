use parking_lot::Mutex;

use super::*;
use crate::http::{Request, Response, Target};
use crate::proof::Opener;
use crate::testing::{Answer, Asked, Extras, scan_with, serve};

/// What a browser tells of a visit: the address, the fragment, and what is then seen.
type Browse = dyn Fn(&str, &str) -> Vec<String> + Send + Sync;

/// A browser of which only its words are there; counts visits.
struct Told<'b> {
    browse: &'b Browse,
    visits: Mutex<usize>,
}

impl Opener for Told<'_> {
    fn open<'a>(&'a self, request: &'a Request, markers: &'a [&'a str]) -> BoxFuture<'a, Vec<String>> {
        *self.visits.lock() += 1;
        let fragment = request.visit.as_ref().and_then(|visit| visit.fragment.clone()).unwrap_or_default();
        let query = request.query().into_iter().map(|(_, value)| value).collect::<Vec<_>>().join("\n");
        let seen = (self.browse)(&query, &fragment);
        let wanted = move |line: &String| {
            line.starts_with("sink:") && markers.contains(&"sinks") || markers.contains(&line.as_str())
        };
        async move { seen.into_iter().filter(wanted).collect() }.boxed()
    }
}

/// The parameters of the findings on a page with a script, and how often a browser was asked.
async fn found(script: &'static str, browse: &Browse) -> (Vec<String>, usize) {
    let page = format!("<div id=out></div><script>{script}</script>");
    let address = serve(move |_: &Asked| Answer::html(page.clone())).await;
    let url = Target::parse(&format!("http://{address}/page")).unwrap();
    let opener = Told { browse, visits: Mutex::default() };
    let extras = Extras { opener: Some(&opener), ..Extras::default() };
    let (findings, _) = scan_with(&DomXss, vec![Request::get(url)], extras).await;
    let visits = *opener.visits.lock();
    assert!(findings.iter().all(|finding| finding.qid == 150_076));
    (findings.into_iter().filter_map(|finding| finding.parameter).collect(), visits)
}

/// What the hooks in a page note of a text at a sink.
fn sink(kind: &str, text: &str) -> Vec<String> {
    if text.contains(CANARY) { vec![format!("sink:{kind}\u{1}{text}")] } else { Vec::new() }
}

/// The dialog of markup that runs.
fn ran(text: &str) -> Vec<String> {
    if text.contains("<img") && text.contains(MARKER) { vec![MARKER.to_owned()] } else { Vec::new() }
}

const FRAGMENT: &str = "out.innerHTML = decodeURIComponent(location.hash.slice(1));";

#[tokio::test]
async fn a_fragment_that_becomes_markup_is_found() {
    let browse = |_: &str, fragment: &str| [sink("html", fragment), ran(fragment)].concat();
    let (found, _) = found(FRAGMENT, &browse).await;
    assert_eq!(found, ["#"]);
}

#[tokio::test]
async fn a_fragment_that_is_encoded_or_becomes_text_is_not() {
    let encoded = |_: &str, fragment: &str| sink("html", &fragment.replace('<', "&lt;"));
    let (none, visits) = found(FRAGMENT, &encoded).await;
    assert_eq!(none, Vec::<String>::new());
    assert!(
        visits <= 6,
        "{visits} visits: payloads of markup were put in where signs of markup do not arrive"
    );
    let text = |_: &str, fragment: &str| sink("text", fragment);
    assert_eq!(found(FRAGMENT, &text).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn markup_that_runs_for_the_control_as_well_is_not_reported() {
    let always = |_: &str, fragment: &str| [sink("html", fragment), vec![MARKER.to_owned()]].concat();
    assert_eq!(found(FRAGMENT, &always).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn each_of_several_fields_is_told_apart() {
    let script = "var p = new URLSearchParams(location.search); a.textContent = p.get('a'); out.innerHTML = p.get('b');";
    let browse = |query: &str, _: &str| match query.split_once('\n') {
        // Both fields in one visit: the second goes to the sink.
        Some((_, b)) => [sink("html", b), ran(b)].concat(),
        None => [sink("html", query), ran(query)].concat(),
    };
    let (found, _) = found(script, &browse).await;
    assert_eq!(found, ["b"]);
}

#[tokio::test]
async fn a_script_that_goes_where_it_is_told_is_found_by_the_dialog() {
    let goes = |_: &str, fragment: &str| {
        let marker = fragment.strip_prefix("javascript:alert('").and_then(|rest| rest.strip_suffix("')"));
        [sink("goes", fragment), marker.map(str::to_owned).into_iter().collect()].concat()
    };
    let script = "if (location.hash) location.href = decodeURIComponent(location.hash.slice(1));";
    assert_eq!(found(script, &goes).await.0, ["#"]);
    let wants_all = move |query: &str, fragment: &str| match fragment.contains("//") {
        true => goes(query, fragment),
        false => goes(query, fragment).into_iter().filter(|line| !line.starts_with("sink:")).collect(),
    };
    assert_eq!(found(script, &wants_all).await.0, ["#"]);
    let stays = |_: &str, _: &str| Vec::new();
    let (none, visits) = found(script, &stays).await;
    assert_eq!(none, Vec::<String>::new());
    assert!(visits <= 4, "{visits} visits to a page that goes nowhere");
}

#[tokio::test]
async fn one_page_at_several_addresses_is_tested_once() {
    let script = "out.innerHTML = new URLSearchParams(location.search).get('name');";
    let page = format!("<a href='?name=Ann'>Ann</a><div id=out></div><script>{script}</script>");
    let address = serve(move |_: &Asked| Answer::html(page.clone())).await;
    let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
    let browse = |query: &str, _: &str| [sink("html", query), ran(query)].concat();
    let opener = Told { browse: &browse, visits: Mutex::default() };
    let extras = Extras { opener: Some(&opener), ..Extras::default() };
    let pages = vec![get("/a"), get("/a?name=Ann"), get("/b")];
    let (findings, _) = scan_with(&DomXss, pages, extras).await;
    let told: Vec<_> = findings.iter().map(|finding| finding.url.path.as_str()).collect();
    assert_eq!(told, ["/a"], "{findings:?}");
}

#[tokio::test]
async fn a_fragment_that_is_read_whole_is_told_once() {
    let browse = |_: &str, fragment: &str| [sink("html", fragment), ran(fragment)].concat();
    let whole =
        "find.querySelector('a'); out.innerHTML = decodeURIComponent(location.hash.slice(1)); p.get('q');";
    assert_eq!(found(whole, &browse).await.0, ["#"]);
    let part = |_: &str, fragment: &str| {
        let value = fragment.split('&').find_map(|field| field.strip_prefix("q=")).unwrap_or_default();
        let value = value.replace("%3D", "=");
        [sink("html", &value), ran(&value)].concat()
    };
    assert_eq!(found(whole, &part).await.0, ["#q="]);
}

#[tokio::test]
async fn addresses_that_run_are_tried_where_a_value_begins_one() {
    let script = "find.href = location.hash.slice(1);";
    let at = |fragment: &str, address: String| {
        let marker = fragment.strip_prefix("javascript:alert('").and_then(|rest| rest.strip_suffix("')"));
        let ran = marker.filter(|_| address.starts_with("javascript:"));
        [sink("url", &address), ran.map(str::to_owned).into_iter().collect()].concat()
    };
    let below = move |_: &str, fragment: &str| at(fragment, format!("/go/{fragment}"));
    let (none, visits) = found(script, &below).await;
    assert_eq!(none, Vec::<String>::new());
    assert!(visits <= 12, "{visits} visits for a value within a path");
    let unless_absolute = move |_: &str, fragment: &str| match fragment.contains(':') {
        true => at(fragment, fragment.to_owned()),
        false => at(fragment, format!("/{fragment}")),
    };
    assert_eq!(found(script, &unless_absolute).await.0, ["#"]);
}

#[test]
fn what_one_visit_can_bring_goes_together() {
    let text = "location.hash location.search p.get('a') p.get('b') window.name addEventListener('message'";
    let request = Request::get(Target::parse("http://a/").unwrap());
    let entry = Entry::new(request.clone(), Response::default(), None);
    let sources = source::sources(&entry, text, text);
    let bundles = bundles(&sources);
    assert_eq!(bundles.iter().map(Vec::len).sum::<usize>(), sources.len());
    assert!(bundles.len() < sources.len() && bundles.len() <= 4, "{bundles:?}");
    let all = with_all(&request, &bundles[0], sign);
    assert_eq!(all.query(), [("a".to_owned(), sign(0)), ("b".to_owned(), sign(1))]);
    assert!(all.visit.is_some_and(|visit| visit.window_name.is_some() && visit.message.is_some()));
}

#[test]
fn what_comes_in_base64_and_json_is_put_in_so() {
    let text = "var c = JSON.parse(atob(location.hash.slice(1))); o.innerHTML = c.title;";
    let url = Target::parse("http://a/").unwrap();
    let entry = Entry::new(Request::get(url), Response::default(), None);
    let fragments: Vec<String> = source::sources(&entry, text, text)
        .iter()
        .filter_map(|source| with_all(&entry.request, &[source], |_| "a\"b".to_owned()).visit?.fragment)
        .collect();
    let json = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, r#"{"title":"a\"b"}"#);
    assert!(fragments.contains(&json), "{fragments:?}");
    assert!(fragments.contains(&"YSJi".to_owned()), "{fragments:?}");
}

#[test]
fn the_place_in_markup_and_in_addresses_tells_what_fits() {
    let at = |html: &str| contexts(html, CANARY).iter().flat_map(within).collect::<Vec<_>>();
    assert!(at(&format!("<img src=\"/i/{CANARY}.png\">")).contains(&"\" onmouseover=alert({M}) x=\""));
    assert!(at(&format!("<div onclick='{CANARY}'>x</div>")).contains(&"alert({M})"));
    assert!(at(&format!("<a href='{CANARY}'>x</a>")).contains(&"javascript:alert('{M}')"));
    assert!(at(&format!("<p>{CANARY}</p>")).is_empty());
    assert!(is_at_host(&format!("{CANARY}.js")) && is_at_host(&format!("https://shop.test{CANARY}/a.js")));
    assert!(!is_at_host(&format!("/jsonp?callback={CANARY}")) && !is_at_host(&format!("/js/{CANARY}.js")));
}

#[test]
fn all_of_the_query_and_fields_of_a_fragment_are_put_in_as_they_are_read() {
    let of = |text: &str| {
        let entry = Entry::new(Request::get(Target::parse("http://a/").unwrap()), Response::default(), None);
        let put = |source: &Source| with_all(&entry.request, &[source], |_| "<a b=c>".to_owned());
        source::sources(&entry, text, text).iter().map(put).collect::<Vec<_>>()
    };
    let whole = of("o.href = location.search.substr(1);");
    assert!(whole.iter().any(|request| request.url.query.as_deref() == Some("%3Ca%20b=c%3E")), "{whole:?}");
    let split = of("location.search.substr(1).split('&')");
    assert!(split.iter().all(|request| request.url.query.as_deref() != Some("%3Ca%20b=c%3E")));
    let named = of("var p = new URLSearchParams(location.hash.slice(1)); o.innerHTML = p.get('title');");
    let fragments: Vec<_> = named.into_iter().filter_map(|request| request.visit?.fragment).collect();
    assert!(fragments.contains(&"title=<a b%3Dc>".to_owned()), "{fragments:?}");
}
