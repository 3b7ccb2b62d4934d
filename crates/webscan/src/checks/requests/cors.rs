//! Other sites that may read answers with the visitor's cookies.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

use super::alike::{FOREIGN, FOREIGN_HOST};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::crawl::shape;
use crate::http::{Method, Request, Response, Scheme};
use crate::proof::Expect;

/// See [`About`].
pub(super) struct Cors;

static ABOUT: About = About {
    name: "cross-origin-sharing",
    qids: &[990_008],
    means: "An answer lets a site that anybody can make read it, with the cookies of whoever visits that site.",
    matters: "A page of the attacker's, opened by somebody who is signed in here, reads their data and the tokens that \
              protect forms.",
    remedy: "Compare the Origin header as a whole with a list of origins that are trusted. Never allow null, never compare by \
             beginning or end, and allow credentials only where another site needs them.",
    technique: "Answers are asked for again with an Origin header: a foreign site, null, and names that begin or end like the \
                site's own name or those that its pages name. The answer must allow that origin with credentials, and must not \
                without an Origin header (or for a name that a rule for sub-domains would let in).",
    source: "Fetch standard, CORS protocol; CWE-942",
};

/// An origin that is tried, and one that must not be allowed in the same way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Trial {
    origin: String,
    control: Option<String>,
}

/// Names of other origins that are tried.
const NAMES: usize = 3;
/// Most answers that are tried.
const MOST: usize = 1_000;

static ORIGIN: Pattern =
    Pattern::new(r#"(?i)\b(https?)://([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,})(?:[:/"'?#<\s]|$)"#);
/// Names that stand in pages of every site.
static COMMON: Pattern = Pattern::new(
    r"(?i)(?:^|\.)(?:w3\.org|schema\.org|purl\.org|xmlns\.com|ogp\.me|(?:google|googleapis|gstatic|googletagmanager|google-analytics|facebook|twitter|x|youtube|linkedin|instagram|github|jquery|cloudflare|jsdelivr|unpkg|bootstrapcdn|fontawesome|apache|mozilla)\.(?:com|org|net)|redoubt-probe\.example)$",
);

impl Check for Cors {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_all(bench).boxed())
    }
}

async fn try_all(bench: &Bench<'_>) {
    let every = trials(bench);
    let (mut shapes, mut directories) = (BTreeSet::new(), BTreeSet::new());
    let mut work = Vec::new();
    for entry in bench.entries {
        let response = &entry.response;
        let is_text = entry.request.method == Method::Get
            && response.status < 400
            && !response.is_script()
            && !["text/css", "image/", "font/"].iter().any(|kind| response.media_type().starts_with(kind));
        if !is_text || !shapes.insert(shape::shape(&entry.request)) {
            continue;
        }
        if !response.is_html() || is_hinted(response) {
            work.push((entry, every.clone()));
        } else if directories.insert(entry.request.url.directory()) {
            work.push((entry, every.iter().take(1).cloned().collect()));
        }
    }
    work.truncate(MOST);
    let at_once = bench.profile.performance.concurrency();
    stream::iter(work)
        .for_each_concurrent(at_once, |(entry, trials)| async move {
            for trial in trials {
                if bench.client.cancel().is_cancelled() || try_one(bench, entry, &trial).await {
                    return;
                }
            }
        })
        .await;
}

/// Whether an answer shows that it minds the Origin header.
fn is_hinted(response: &Response) -> bool {
    response.headers.iter().any(|(name, value)| {
        name.starts_with("access-control-allow-")
            || (name == "vary" && value.to_ascii_lowercase().contains("origin"))
    })
}

/// The origins that are tried, the plainest first.
fn trials(bench: &Bench<'_>) -> Vec<Trial> {
    let plain = |origin: String| Trial { origin, control: None };
    let mut all = vec![plain(FOREIGN.to_owned()), plain("null".to_owned())];
    all.push(plain(format!("http://{FOREIGN_HOST}")));
    let own = &bench.client.scope().start().origin;
    let mut names = named(bench.entries);
    names.retain(|(_, name)| *name != own.host);
    names.truncate(NAMES);
    if own.host.parse::<IpAddr>().is_ok() {
        all.push(plain(format!("{own}.{FOREIGN_HOST}")));
    } else {
        names.insert(0, (own.scheme, own.host.clone()));
    }
    for (scheme, name) in names {
        // The rule may name either scheme, whatever the pages say.
        for scheme in [Scheme::Https, Scheme::Http] {
            all.push(plain(format!("{}://{name}.{FOREIGN_HOST}", scheme.name())));
        }
        let scheme = scheme.name();
        // Where a rule lets in each sub-domain of the domain above, that is no mistake in comparing.
        let above = name.split_once('.').map(|(_, above)| above).filter(|above| above.contains('.'));
        all.push(Trial {
            origin: format!("{scheme}://redoubt-probe-{name}"),
            control: above.map(|above| format!("{scheme}://redoubt-control.{above}")),
        });
        if let Some(above) = above {
            // The end of the domain above, without the dot before it.
            all.push(plain(format!("{scheme}://redoubt-probe{above}")));
        }
        if name.matches('.').count() > 1 {
            all.push(Trial {
                origin: format!("{scheme}://{}", name.replacen('.', "x", 1)),
                control: above.map(|above| format!("{scheme}://redoubt-control.{above}")),
            });
        } else {
            all.push(plain(format!("{scheme}://redoubt-probe{name}")));
        }
        if own.scheme == Scheme::Http || scheme == "https" {
            // Whoever sits on the way can be any site in the clear.
            all.push(plain(format!("http://redoubt-probe.{name}")));
        }
    }
    all
}

/// Origins that pages name, the most frequent first.
fn named(entries: &[Entry]) -> Vec<(Scheme, String)> {
    let mut counts: BTreeMap<(bool, String), usize> = BTreeMap::new();
    for entry in entries {
        let mut here = BTreeSet::new();
        for found in ORIGIN.all_captures(entry.response.text()) {
            let (Some(scheme), Some(name)) = (found.get(1), found.get(2)) else { continue };
            let name = name.as_str().to_ascii_lowercase();
            if !COMMON.is_match(&name) && here.len() < 50 {
                here.insert((scheme.as_str().eq_ignore_ascii_case("https"), name));
            }
        }
        here.into_iter().for_each(|origin| *counts.entry(origin).or_default() += 1);
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let scheme = |is_tls| if is_tls { Scheme::Https } else { Scheme::Http };
    counts.into_iter().map(|((is_tls, name), _)| (scheme(is_tls), name)).collect()
}

async fn try_one(bench: &Bench<'_>, entry: &Entry, trial: &Trial) -> bool {
    let with = |origin: &str| entry.request.clone().with_header("Origin", origin);
    let expect = Expect::All(vec![
        Expect::header("access-control-allow-origin", format!("^{}$", regex::escape(&trial.origin))),
        Expect::header("access-control-allow-credentials", "^true$"),
    ]);
    let attack: Request = with(&trial.origin);
    let Ok(answer) = bench.send_of(entry, &attack).await else { return true };
    let seen = crate::proof::Seen { response: answer, ..Default::default() };
    if expect.find(&seen).is_none() {
        return false;
    }
    let control = match &trial.control {
        // What a rule for sub-domains would let in as well.
        Some(control) => {
            let Ok(answer) = bench.send_of(entry, &with(control)).await else { return true };
            if answer.header("access-control-allow-origin") == Some(control) {
                return false;
            }
            with(control)
        }
        None => entry.request.clone(),
    };
    let Ok(proof) = bench.prove(entry.replay(attack, expect, control)).await else { return false };
    bench.report(990_008, entry, proof);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    fn answer(asked: &Asked) -> Answer {
        let origin = asked.header("origin");
        let page =
            Answer(200, vec![("content-type".into(), "application/json".into())], "{\"key\":1}".into());
        let ours = "https://app.shop.test";
        let allowed = match asked.path.as_str() {
            "/any" => !origin.is_empty(),
            "/null" => origin == "null",
            "/begins" => origin.starts_with(ours),
            "/ends" => origin.ends_with("app.shop.test"),
            "/clear" => origin.ends_with(".app.shop.test") || origin == ours,
            "/exact" | "/page" => origin == ours,
            "/sub-domains" => {
                origin.strip_prefix("https://").is_some_and(|host| host.ends_with(".shop.test"))
            }
            _ => false,
        };
        match (asked.path.as_str(), allowed) {
            ("/page", _) => Answer::html("<a href=\"https://app.shop.test/\">Shop</a>"),
            ("/public", _) => page.with("Access-Control-Allow-Origin", "*"),
            ("/no-cookies", _) => page.with("Access-Control-Allow-Origin", &origin),
            (_, true) => page
                .with("Access-Control-Allow-Origin", &origin)
                .with("Access-Control-Allow-Credentials", "true"),
            _ => page,
        }
    }

    #[tokio::test]
    async fn origins_that_anybody_can_have_are_told() {
        let address = serve(answer).await;
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        for (path, count) in [
            ("/any", 1),
            ("/null", 1),
            ("/begins", 1),
            ("/ends", 1),
            ("/clear", 1),
            ("/exact", 0),
            ("/sub-domains", 0),
            ("/public", 0),
            ("/no-cookies", 0),
            ("/none", 0),
        ] {
            let (found, _) = scan_with(&Cors, vec![get(path), get("/page")], Extras::default()).await;
            assert_eq!(found.len(), count, "{path}: {found:?}");
            assert!(found.iter().all(|finding| finding.qid == 990_008));
        }
    }
}
