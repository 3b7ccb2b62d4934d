//! DOM XSS: a script puts what the browser brings along where it becomes code.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use regex::Regex;

use self::payloads::{HTML, LOADED, SCRIPT, TEMPLATE, URL, payloads};
use self::source::sign;
pub(super) use self::source::{Source, bundles, sources, with_all};
use super::{scripts, seen_before};
use crate::checks::injection::facts::facts;
use crate::checks::injection::xss::context::{Context, InScript, Value, contexts};
use crate::checks::{About, Bench, Check, Entry};
use crate::http::encode;
use crate::point::{Place, Point};
use crate::proof::{Control, Expect, Replay, Step};

mod gleaned;
mod payloads;
mod source;

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
const MARKER: &str = "76150431";

impl Check for DomXss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        bench.opener?;
        let text = scripts(entry, bench.entries)?;
        let own = own(entry, bench.entries);
        let has_news = (text.contains("search") || has_templates(entry, &text))
            && has_new_names(entry, bench.entries, &own);
        if seen_before(entry, bench.entries, &text) && !has_news {
            return None;
        }
        let sources = sources(entry, &text, &own);
        let short = short_values(entry, &own);
        (!sources.is_empty() || !short.is_empty())
            .then(|| async { with_short(bench, entry, sources, short, text, own).await }.boxed())
    }
}

/// Fields of the query whose usual value is too short to be told in a script, where scripts make text to markup or code.
fn short_values(entry: &Entry, own: &str) -> Vec<Point> {
    let makes = [
        "eval(",
        "innerHTML",
        "outerHTML",
        ".write(",
        ".writeln(",
        "insertAdjacentHTML",
        "Function(",
        ".html(",
    ];
    if !makes.iter().any(|word| own.contains(word)) {
        return Vec::new();
    }
    let points = entry.request.points().into_iter();
    points.filter(|point| matches!(point.place, Place::Query(_)) && point.value.len() < 3).take(4).collect()
}

/// Tests sources, and short values that the server writes into strings of scripts.
async fn with_short(
    bench: &Bench<'_>,
    entry: &Entry,
    mut sources: Vec<Source>,
    short: Vec<Point>,
    text: String,
    own: String,
) {
    for point in short {
        let is_written =
            |place: &Context| matches!(place, Context::Script(InScript::Text(_) | InScript::Template));
        let known = facts(bench, entry, &point).await;
        let source = Source::of_query(point);
        if known.is_some_and(|known| known.contexts.iter().any(is_written)) && !sources.contains(&source) {
            sources.push(source);
        }
    }
    if !sources.is_empty() {
        test(bench, entry, sources, text, own).await;
    }
}

/// Whether the query has a name that no earlier query of the same path had, nor any script asks for by itself.
fn has_new_names(entry: &Entry, entries: &[Entry], own: &str) -> bool {
    let names = entry.request.query();
    if names.is_empty() {
        return false;
    }
    let asked = gleaned::Gleaned::of(own).asked;
    let url = &entry.request.url;
    let earlier = entries.iter().take_while(|other| other.request != entry.request);
    let earlier = earlier
        .filter(|other| other.request.url.path == url.path && other.request.url.origin == url.origin)
        .flat_map(|other| other.request.query());
    let known: BTreeSet<String> = earlier.map(|(name, _)| name).chain(asked).collect();
    names.iter().any(|(name, _)| !known.contains(name))
}

/// The scripts of a page without those of well-known libraries, whose names say nothing of what the page reads.
pub(super) fn own(entry: &Entry, entries: &[Entry]) -> String {
    let Some(page) = entry.page.as_deref() else { return String::new() };
    let mut text = page.inline_scripts.join("\n") + &super::handlers(entry.response.text());
    for script in &page.scripts {
        let loaded = entries.iter().find(|other| other.request.url == *script);
        let Some(loaded) = loaded.map(|other| other.response.text()) else { continue };
        if loaded.len() < 60_000 && !loaded.trim_start().starts_with("/*!") {
            text.push('\n');
            text += loaded;
        }
    }
    text
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
        "parseFromString",
        "$(",
        "jQuery(",
        ".src",
        ".action",
        ".href",
        "location",
    ];
    words.iter().any(|word| text.contains(word))
}

/// Whether scripts go to addresses that they make.
fn navigates(text: &str) -> bool {
    static GOES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"location\s*=[^=]|\.href\s*=[^=]|location\.(?:assign|replace)\s*\(|\bopen\s*\(|\.submit\s*\(",
        )
        .ok()
    });
    GOES.as_ref().is_some_and(|goes| goes.is_match(text))
}

/// Whether scripts import modules from addresses that they make.
fn imports(text: &str) -> bool {
    static IMPORTS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\bimport\s*\(\s*(?:[A-Za-z_$]|`\$)").ok());
    IMPORTS.as_ref().is_some_and(|imports| imports.is_match(text))
}

/// What a visit told of the sinks that a text reached: the sink, and what arrived.
fn reached<'t>(told: &'t [String], what: &str) -> Vec<(&'t str, &'t str)> {
    let lines = told.iter().filter_map(|line| line.strip_prefix("sink:")?.split_once('\u{1}'));
    lines.filter(|(sink, value)| *sink != "text" && value.to_ascii_lowercase().contains(what)).collect()
}

async fn test(bench: &Bench<'_>, entry: &Entry, sources: Vec<Source>, text: String, own: String) {
    let bundles = bundles(&sources);
    let mut proven: Vec<&Source> = Vec::new();
    let mut going: Vec<Vec<&Source>> = Vec::new();
    // What reads all of an address, or of a fragment, reads each name and shape in it: that is said once.
    let is_told = |proven: &[&Source], Arrival { source, is_whole, .. }: &Arrival<'_>| {
        (source.is_guess() && proven.iter().any(|have| have.is_guess() && have.slot() != source.slot()))
            || (*is_whole && proven.iter().any(|have| have.is_whole_fragment()))
    };
    for bundle in &bundles {
        if !proven.is_empty() && bundle.iter().all(|source| source.is_dressed()) {
            continue;
        }
        let mut arrived = arrivals(bench, entry, bundle).await;
        if navigates(&own) && (goes(&arrived) || goes_elsewhere(bench, entry, bundle).await) {
            going.push(bundle.clone());
        }
        arrived.retain(|arrival| arrival.sinks.iter().any(|sink| sink != "goes"));
        if arrived.is_empty() && bundle.len() > 1 && has_sinks(&text) {
            // One of them may have kept the others from being read.
            for source in bundle.iter().filter(|source| !source.is_guess()).take(ALONE) {
                arrived.extend(arrivals(bench, entry, &[source]).await);
            }
        }
        for arrival in arrived {
            if proven.contains(&arrival.source) || is_told(&proven, &arrival) {
                continue;
            }
            let source = arrival.source;
            if arrival.sinks.contains("stored") && !source.is_kept() {
                by_storing(bench, entry, source).await;
            }
            for payload in payloads_for(bench, entry, &arrival).await {
                if attack(bench, entry, source, payload).await {
                    proven.push(source);
                    break;
                }
            }
        }
    }
    by_running(bench, entry, (going.as_slice(), proven.as_slice()), URL).await;
    if imports(&own) {
        by_running(bench, entry, (bundles.as_slice(), proven.as_slice()), LOADED).await;
    }
    if has_templates(entry, &text) {
        by_running(bench, entry, (bundles.as_slice(), proven.as_slice()), TEMPLATE).await;
    }
}

/// Whether the page goes to an address that a source has a part in.
fn goes(arrived: &[Arrival<'_>]) -> bool {
    arrived.iter().any(|arrival| arrival.sinks.contains("goes"))
}

/// The same of whole addresses, where the page does not go to what is none.
async fn goes_elsewhere(bench: &Bench<'_>, entry: &Entry, bundle: &[&Source]) -> bool {
    let Some(opener) = bench.opener else { return false };
    let visit =
        with_all(&entry.request, bundle, |n| format!("https://{CANARY}{}.redoubt-probe.example/", sign(n)));
    let told = opener.open(&bench.session.dress(&visit), &["sinks"]).await;
    reached(&told, CANARY).iter().any(|(sink, _)| *sink == "goes")
}

/// Most sources of a bundle that are tried alone.
const ALONE: usize = 8;
/// Most bundles that are tried without having been seen to arrive.
const BLIND: usize = 4;
/// Most pages that are asked whether they show what another one stored.
const READERS: usize = 4;

/// Whether the page's elements are read as templates in the browser.
fn has_templates(entry: &Entry, text: &str) -> bool {
    let page = entry.response.text();
    let has = |words: &[&str]| words.iter().any(|word| page.contains(word));
    (has(&["ng-app", "ng-bind", "data-ng-"]) && text.contains("angular"))
        || text.contains("new Vue")
        || text.contains("createApp(")
        || text.contains("angular.bootstrap")
}

/// What a page keeps in the browser's storage may be shown by another: a payload is kept, then that one is opened.
async fn by_storing(bench: &Bench<'_>, entry: &Entry, source: &Source) {
    let reads = |other: &&Entry| {
        let text = scripts(other, bench.entries).unwrap_or_default();
        ["localStorage", "sessionStorage", "document.cookie"].iter().any(|word| text.contains(word))
            && has_sinks(&text)
    };
    let others = bench.entries.iter().filter(|other| other.request.url != entry.request.url).filter(reads);
    for other in others.take(READERS) {
        let source = source.shown_by(&other.request.url);
        for arrival in arrivals(bench, entry, &[&source]).await {
            for payload in payloads_for(bench, entry, &arrival).await {
                if attack(bench, entry, arrival.source, payload).await {
                    return;
                }
            }
        }
    }
}

/// A source whose text reaches sinks.
struct Arrival<'s> {
    source: &'s Source,
    sinks: BTreeSet<String>,
    /// Whether what stands around it in the fragment always came along.
    is_whole: bool,
    /// Whether it began an address that a script set.
    begins: bool,
}

/// The sources of a bundle whose text reaches a sink, and the sinks.
async fn arrivals<'s>(bench: &Bench<'_>, entry: &Entry, bundle: &[&'s Source]) -> Vec<Arrival<'s>> {
    let Some(opener) = bench.opener else { return Vec::new() };
    let value = |n| format!("{CANARY}{}", sign(n));
    let visit = with_all(&entry.request, bundle, value);
    let told = opener.open(&bench.session.dress(&visit), &["sinks"]).await;
    let sinks = |n| {
        let kind = |(sink, arrived): (&str, &str)| match sink {
            "loaded" if !is_at_host(arrived) => "called".to_owned(),
            _ => sink.to_owned(),
        };
        reached(&told, &value(n)).into_iter().map(kind).collect()
    };
    let is_whole = |n, source: &Source| {
        let is_in = |shape: &str| {
            let whole = shape.replace("{}", &value(n)).to_ascii_lowercase();
            reached(&told, &value(n)).iter().all(|(_, arrived)| arrived.to_ascii_lowercase().contains(&whole))
        };
        source.shape_of_fragment().is_some_and(is_in)
    };
    let begins = |n| begins_address(&told, &value(n), &value(n));
    let arrival =
        |(n, source)| Arrival { source, sinks: sinks(n), is_whole: is_whole(n, source), begins: begins(n) };
    let all = bundle.iter().copied().enumerate().map(arrival);
    all.filter(|arrival| !arrival.sinks.is_empty()).collect()
}

/// Whether the canary begins an address, or stands where its host does.
fn is_at_host(address: &str) -> bool {
    let address = address.trim_start().to_ascii_lowercase();
    let rest = ["https://", "http://", "//"].iter().find_map(|start| address.strip_prefix(start));
    let before = rest.unwrap_or(&address).split(CANARY).next().unwrap_or_default();
    !before.contains(['/', '?', '#'])
}

/// The payloads that are worth a try: where signs of markup arrive as something else, those that need them are not.
async fn payloads_for(bench: &Bench<'_>, entry: &Entry, arrival: &Arrival<'_>) -> Vec<&'static str> {
    let Arrival { source, sinks, .. } = arrival;
    let mut all = payloads(sinks);
    let Some(opener) = bench.opener else { return Vec::new() };
    if sinks.contains("url")
        && !sinks.contains("attribute")
        && !(arrival.begins || begins_addresses(bench, entry, source).await)
    {
        all.retain(|payload| !URL.contains(payload));
    }
    if sinks.contains("html") {
        let visit = with_all(&entry.request, &[source], |_| format!("{CANARY}<z<z"));
        let told = opener.open(&bench.session.dress(&visit), &["sinks"]).await;
        let stays = reached(&told, CANARY)
            .iter()
            .any(|(sink, value)| *sink == "html" && value.to_ascii_lowercase().contains("<z"));
        all.retain(|payload| stays || !payload.contains('<') || !HTML.contains(payload));
        if !stays {
            let values = reached(&told, CANARY).into_iter().filter(|(sink, _)| *sink == "html");
            let places =
                values.flat_map(|(_, value)| contexts(value, CANARY)).flat_map(|place| within(&place));
            let more: BTreeSet<&str> = places.filter(|payload| !all.contains(payload)).collect();
            all.splice(0..0, more);
        }
    }
    all
}

/// Whether what was put in begins an address that a script set.
fn begins_address(told: &[String], canary: &str, value: &str) -> bool {
    reached(told, canary).iter().any(|(sink, arrived)| {
        let arrived = arrived.trim_start().to_ascii_lowercase();
        *sink == "url" && (arrived.starts_with(value) || arrived.starts_with("javascript:"))
    })
}

/// Whether a source begins an address that scripts set once it is one: they put something before what is none.
async fn begins_addresses(bench: &Bench<'_>, entry: &Entry, source: &Source) -> bool {
    let Some(opener) = bench.opener else { return false };
    for start in ["https://", "z:"] {
        let value = format!("{start}{CANARY}");
        let visit = with_all(&entry.request, &[source], |_| value.clone());
        let told = opener.open(&bench.session.dress(&visit), &["sinks"]).await;
        if begins_address(&told, CANARY, &value) {
            return true;
        }
    }
    false
}

/// What runs at a place of markup without any markup of its own.
fn within(place: &Context) -> Vec<&'static str> {
    let Context::Attribute { quote, kind } = place else { return Vec::new() };
    let out = match quote {
        Some('"') => "\" onmouseover=alert({M}) x=\"",
        Some(_) => "' onmouseover=alert({M}) x='",
        None => "x onmouseover=alert({M}) x=",
    };
    let mut list = match kind {
        Value::Script(_) => SCRIPT.to_vec(),
        Value::Url => URL.to_vec(),
        _ => Vec::new(),
    };
    list.push(out);
    list
}

/// Where a script goes to an address that a source gives, or has the page read as a template, no hook sees what becomes of it:
/// payloads in all sources of a bundle at once.
async fn by_running(
    bench: &Bench<'_>,
    entry: &Entry,
    (bundles, proven): (&[Vec<&Source>], &[&Source]),
    payloads: &[&str],
) {
    let Some(opener) = bench.opener else { return };
    for bundle in bundles.iter().take(BLIND) {
        let bundle: Vec<&Source> = bundle.iter().copied().filter(|source| !proven.contains(source)).collect();
        for payload in payloads.iter().copied().filter(|_| !bundle.is_empty()) {
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
