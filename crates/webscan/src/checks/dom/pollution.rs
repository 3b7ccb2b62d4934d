//! Prototype pollution in the browser: a script builds objects from the address, and takes `__proto__` for a name.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{scripts, seen_before};
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

/// The property that is put in, before the number of its notation.
const NAME: &str = "rdbtpoll";

/// Notations that fit beside each other; `{}` is the name of the property.
const NOTATIONS: &[&str] = &[
    "__proto__[{}]=1",
    "__proto__.{}=1",
    "constructor[prototype][{}]=1",
    "constructor.prototype.{}=1",
    "x[__proto__][{}]=1",
];

/// JSON: the whole of what a script reads, or a field that it asks for.
const JSON: &str = "{\"__proto__\":{\"{}\":1}}";

impl Check for PrototypePollution {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        bench.opener?;
        let text = scripts(entry, bench.entries).filter(|text| !seen_before(entry, bench.entries, text))?;
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

/// The notations, by visit: those of forms go together, as does JSON in the fields that the script asks for; JSON as a whole
/// stands alone. Each has a property of its own.
fn visits(text: &str) -> Vec<Vec<(String, String)>> {
    let named = regex::Regex::new(r#"\.get\(\s*['"]([\w-]{1,30})['"]"#).ok();
    let fields = named.iter().flat_map(|regex| regex.captures_iter(text)).filter_map(|found| found.get(1));
    let fields = fields.take(4).map(|name| format!("{}={JSON}", name.as_str())).collect();
    let forms = NOTATIONS.iter().map(|notation| (*notation).to_owned()).collect();
    let kinds: [Vec<String>; 3] = [forms, fields, vec![JSON.to_owned()]];
    let mut number = 0;
    let mut filled = |notation: &String| {
        number += 1;
        let name = format!("{NAME}{number}z");
        (notation.replace("{}", &name), name)
    };
    let all = kinds.iter().map(|kind| kind.iter().map(&mut filled).collect::<Vec<_>>());
    all.filter(|visit| !visit.is_empty()).collect()
}

async fn test(bench: &Bench<'_>, entry: &Entry, text: String) {
    let reads_fragment = text.contains("hash");
    let Some(opener) = bench.opener else { return };
    let places: &[bool] = if reads_fragment { &[true, false] } else { &[false] };
    for in_fragment in places {
        for visit in visits(&text) {
            let together: Vec<&str> = visit.iter().map(|(notation, _)| notation.as_str()).collect();
            let all = with(&entry.request, &together.join("&"), *in_fragment);
            let markers: Vec<String> = visit.iter().map(|(_, name)| format!("proto:{name}")).collect();
            let wanted: Vec<&str> = markers.iter().map(String::as_str).collect();
            let ran = opener.open(&bench.session.dress(&all), &wanted).await;
            let polluting = visit.iter().zip(&markers).filter(|(_, marker)| ran.contains(marker));
            for ((notation, _), marker) in polluting {
                if prove(bench, entry, (notation, *in_fragment), marker).await {
                    return;
                }
            }
        }
    }
}

/// Proves that a notation alone pollutes, and an ordinary name does not.
async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    (notation, in_fragment): (&str, bool),
    marker: &str,
) -> bool {
    let harmless =
        notation.replace("__proto__", "plain").replace("constructor", "plain").replace("prototype", "plain");
    let replay = Replay {
        steps: vec![Step::new(with(&entry.request, notation, in_fragment))],
        expect: Expect::Ran(marker.to_owned()),
        control: Control::Requests(vec![Step::new(with(&entry.request, &harmless, in_fragment))]),
        rounds: 1,
    };
    let Ok(proof) = bench.prove(replay).await else { return false };
    let name = if in_fragment { "#" } else { "?" };
    let point = Point { place: Place::Query(0), name: name.to_owned(), value: String::new() };
    bench.report_at(990_012, entry, Some((&point, notation)), proof);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;
    use crate::proof::Opener;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    /// A browser in which objects have the property after some visits.
    struct Told(fn(&str) -> bool);

    impl Opener for Told {
        fn open<'a>(&'a self, request: &'a Request, markers: &'a [&'a str]) -> BoxFuture<'a, Vec<String>> {
            let has = (self.0)(request.url.query.as_deref().unwrap_or_default());
            async move { markers.iter().filter(|_| has).map(|marker| (*marker).to_owned()).collect() }.boxed()
        }
    }

    async fn found(polluted: fn(&str) -> bool) -> Vec<String> {
        let script = "var o = {}; for (var pair of location.search.slice(1).split('&')) { var at = pair.split('='); set(o, at[0].split('['), at[1]); }";
        let address = serve(move |_: &Asked| Answer::html(format!("<script>{script}</script>"))).await;
        let url = Target::parse(&format!("http://{address}/page")).unwrap();
        let extras = Extras { opener: Some(&Told(polluted)), ..Extras::default() };
        let (findings, _) = scan_with(&PrototypePollution, vec![Request::get(url)], extras).await;
        findings.into_iter().filter_map(|finding| finding.payload).collect()
    }

    #[tokio::test]
    async fn a_property_of_every_object_is_found() {
        let all = found(|query| query.contains("__proto__[rdbtpoll1z]")).await;
        assert_eq!(all, ["__proto__[rdbtpoll1z]=1"]);
    }

    #[tokio::test]
    async fn a_property_that_is_always_or_never_there_is_not() {
        assert_eq!(found(|_| false).await, Vec::<String>::new());
        // Also for an ordinary name: the page has it by itself.
        assert_eq!(found(|query| query.contains("rdbtpoll")).await, Vec::<String>::new());
    }
}
