//! Scripts of a page that lead the browser wherever its address says.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::xss::{Source, bundles, own, sources, with_all};
use super::{scripts, seen_before};
use crate::checks::pattern::Pattern;
use crate::checks::requests::FOREIGN;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::encode;
use crate::point::{Place, Point};
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct ScriptRedirect;

static ABOUT: About = About {
    name: "script-redirect",
    qids: &[QID],
    means: "A script of this page sends the visitor on to any other site that the page's address names.",
    matters: "People trust the name of the site in a link. Someone who sends such a link can lead them to a copy of the \
              login page; the server never sees where they go.",
    remedy: "Go on only to paths of the own site: parse the address with URL and compare its origin with the page's own.",
    technique: "A foreign address is put where the scripts read from, in the forms that filters let pass; a browser must then \
                be led there, and must not for an address of the own site.",
    source: "CWE-601; OWASP: Testing for Client-side URL Redirect",
};

const QID: u32 = 150_051;

/// How the foreign address is written: `{foreign}` stands for its host, `{own}` for the site's.
const FORMS: &[&str] = &["https://{foreign}/", "//{foreign}/", "https://{foreign}/?{own}", "/\\{foreign}/"];

/// Most visits of one form.
const BUNDLES: usize = 4;

static GOES: Pattern = Pattern::new(
    r"location\s*=[^=]|\blocation\s*\[|\.href\s*=[^=]|location\.(?:assign|replace)\s*\(|window\.open\s*\(|(?:^|[^.\w])open\s*\(|navigat\w*\s*\(|\.click\s*\(",
);

impl Check for ScriptRedirect {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        bench.opener?;
        let text = scripts(entry, bench.entries)?;
        let own = own(entry, bench.entries);
        // Well-known libraries have all of it, and lead nobody away.
        let told = if own.trim().is_empty() { &text } else { &own };
        if !GOES.is_match(told) || seen_before(entry, bench.entries, &text) {
            return None;
        }
        let mut sources = sources(entry, &text, &own);
        sources.retain(Source::is_of_a_link);
        (!sources.is_empty()).then(|| test(bench, entry, sources).boxed())
    }
}

/// The host that stands for the nth source.
fn host(n: usize) -> String {
    format!("s{n}.{FOREIGN}")
}

async fn test(bench: &Bench<'_>, entry: &Entry, sources: Vec<Source>) {
    let Some(opener) = bench.opener else { return };
    let own = entry.request.url.origin.authority();
    let fill = |form: &str, host: &str| form.replace("{foreign}", host).replace("{own}", &own);
    for bundle in bundles(&sources).into_iter().take(BUNDLES) {
        for form in FORMS {
            let visit = with_all(&entry.request, &bundle, |n| fill(form, &host(n)));
            let markers: Vec<String> = (0..bundle.len()).map(|n| format!("left:{}", host(n))).collect();
            let wanted: Vec<&str> = markers.iter().map(String::as_str).collect();
            let ran = opener.open(&bench.session.dress(&visit), &wanted).await;
            let Some(n) = markers.iter().position(|marker| ran.contains(marker)) else { continue };
            let Some(source) = bundle.get(n) else { continue };
            let of = |host: &str| with_all(&entry.request, &[source], |_| fill(form, host));
            let replay = Replay {
                steps: vec![Step::new(of(FOREIGN))],
                expect: Expect::Ran(format!("left:{FOREIGN}")),
                control: Control::Requests(vec![Step::new(of(&own))]),
                rounds: 1,
            };
            if bench.sink.has_at(&[QID], &entry.request.url.path, &source.name()) {
                return;
            }
            if let Ok(proof) = bench.prove(replay).await {
                let point = Point { place: Place::Query(0), name: source.name(), value: String::new() };
                let shown = format!("{}={}", source.name(), encode::percent(&fill(form, FOREIGN)));
                return bench.report_at(QID, entry, Some((&point, &shown)), proof);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::proof::Opener;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    /// A browser that is led to what `to` names, unless the page looks at it.
    struct Led;

    impl Opener for Led {
        fn open<'a>(&'a self, request: &'a Request, markers: &'a [&'a str]) -> BoxFuture<'a, Vec<String>> {
            let to = request.query().into_iter().find(|(name, _)| name == "to").map(|(_, to)| to);
            let is_guarded = request.url.path == "/guarded";
            let base = url::Url::parse("http://shop.test/").unwrap();
            let host = to.and_then(|to| base.join(&to).ok()?.host_str().map(str::to_owned));
            let went = |marker: &&&str| !is_guarded && marker.strip_prefix("left:") == host.as_deref();
            let told = markers.iter().filter(went).map(|marker| (*marker).to_owned()).collect();
            async move { told }.boxed()
        }
    }

    #[tokio::test]
    async fn scripts_that_lead_away_are_told_once() {
        let script = "var to = new URLSearchParams(location.search).get('to'); if (to) location.href = to;";
        let address = serve(move |_: &Asked| Answer::html(format!("<script>{script}</script>"))).await;
        for (path, wanted) in [("/open", 1), ("/guarded", 0)] {
            let url = Target::parse(&format!("http://{address}{path}")).unwrap();
            let extras = Extras { opener: Some(&Led), ..Extras::default() };
            let (found, _) = scan_with(&ScriptRedirect, vec![Request::get(url)], extras).await;
            assert_eq!(found.len(), wanted, "{path}: {found:?}");
        }
    }
}
