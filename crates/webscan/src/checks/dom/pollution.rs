//! Prototype pollution in the browser: a script builds objects from the address, and takes `__proto__` for a name.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::scripts;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, Visit};
use crate::point::{Place, Point};
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct PrototypePollution;

static ABOUT: About = About {
    name: "prototype-pollution",
    qids: &[990_012],
    means: "A script of this page makes objects of what stands in the address, and lets the address write into the \
            prototype that all objects share.",
    matters: "A property that was put there appears in every object. Scripts that read optional settings then read the \
              attacker's, which often ends in scripts of the attacker's that run.",
    remedy: "Refuse the names __proto__, constructor and prototype when objects are built from input; use Map or \
             Object.create(null) for such objects, and keep parsing libraries up to date.",
    technique: "The address names a property of the prototype in the usual notations; afterwards an empty object must have \
                it, and must not for an ordinary name.",
    source: "CWE-1321",
};

/// The property that is put in.
const NAME: &str = "rdbtpoll";

/// Notations; `{P}` is the name of the prototype.
const NOTATIONS: &[&str] = &[
    "__proto__[rdbtpoll]=1",
    "__proto__.rdbtpoll=1",
    "constructor[prototype][rdbtpoll]=1",
    "constructor.prototype.rdbtpoll=1",
    "x[__proto__][rdbtpoll]=1",
    "{\"__proto__\":{\"rdbtpoll\":1}}",
];

impl Check for PrototypePollution {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        bench.opener?;
        let text = scripts(entry, bench.entries)?;
        let reads =
            text.contains("location") || text.contains("URLSearchParams") || text.contains("document.URL");
        let builds = text.contains('[')
            && (text.contains("split") || text.contains("JSON.parse") || text.contains("URLSearchParams"));
        (reads && builds).then(|| test(bench, entry, text).boxed())
    }
}

fn with(request: &Request, notation: &str, in_fragment: bool) -> Request {
    let mut request = request.clone();
    if in_fragment {
        request.visit = Some(Box::new(Visit { fragment: Some(notation.to_owned()), ..Visit::default() }));
    } else {
        let notation = notation.replace('{', "%7B").replace('}', "%7D").replace('"', "%22");
        request.url.query = Some(match &request.url.query {
            Some(query) if !query.is_empty() => format!("{query}&{notation}"),
            _ => notation,
        });
    }
    request
}

/// The notations, and JSON in the parameters that the script asks for.
fn notations(text: &str) -> Vec<String> {
    let mut all: Vec<String> = NOTATIONS.iter().map(|notation| (*notation).to_owned()).collect();
    let named = regex::Regex::new(r#"\.get\(\s*['"]([\w-]{1,30})['"]"#).ok();
    for found in named.iter().flat_map(|regex| regex.captures_iter(text)).take(4) {
        if let Some(name) = found.get(1) {
            all.push(format!("{}={{\"__proto__\":{{\"rdbtpoll\":1}}}}", name.as_str()));
        }
    }
    all
}

async fn test(bench: &Bench<'_>, entry: &Entry, text: String) {
    let reads_fragment = text.contains("hash");
    let Some(opener) = bench.opener else { return };
    let marker = format!("proto:{NAME}");
    let places: &[bool] = if reads_fragment { &[true, false] } else { &[false] };
    for in_fragment in places {
        for notation in &notations(&text) {
            let attack = with(&entry.request, notation, *in_fragment);
            let ran = opener.open(&bench.session.dress(&attack), &[&marker]).await;
            if !ran.contains(&marker) {
                continue;
            }
            let harmless = notation
                .replace("__proto__", "plain")
                .replace("constructor", "plain")
                .replace("prototype", "plain");
            let control = with(&entry.request, &harmless, *in_fragment);
            let replay = Replay {
                steps: vec![Step::new(attack)],
                expect: Expect::Ran(marker.clone()),
                control: Control::Requests(vec![Step::new(control)]),
                rounds: 1,
            };
            if let Ok(proof) = bench.prove(replay).await {
                let name = if *in_fragment { "#" } else { "?" };
                let point = Point { place: Place::Query(0), name: name.to_owned(), value: String::new() };
                bench.report_at(990_012, entry, Some((&point, notation)), proof);
                return;
            }
        }
    }
}
