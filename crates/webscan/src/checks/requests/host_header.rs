//! Links and redirects that are made from the Host header, or from one that speaks for it.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::alike::FOREIGN_HOST;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::crawl::shape;
use crate::http::Request;
use crate::proof::{Expect, Seen};

/// See [`About`].
pub(super) struct HostHeader;

static ABOUT: About = About {
    name: "host-header",
    qids: &[990_010],
    means: "The site builds addresses of its own (links, scripts, redirects) from the Host header of the request, or from a \
            header such as X-Forwarded-Host, and takes any name there.",
    matters: "Mails with a link to reset a password then lead to the attacker's site, and hand over the token. Where a cache \
              keeps the answer, everybody gets the attacker's links and scripts.",
    remedy: "Build addresses from a name that is configured, or leave the host out of them. Let the web server refuse names \
             that are not its own, and take X-Forwarded-Host from the own proxy only.",
    technique: "Answers that hold whole addresses are asked for again with a foreign name in one header. An address in the \
                answer, or the redirect, must then have that name, and must not without the header.",
    source: "CWE-644; RFC 9110, 7.2",
};

/// Headers that proxies set and applications believe; `{host}` is the name.
const FORWARDED: &[(&str, &str)] = &[
    ("X-Forwarded-Host", "{host}"),
    ("Forwarded", "host={host}"),
    ("X-Host", "{host}"),
    ("X-Forwarded-Server", "{host}"),
    ("X-HTTP-Host-Override", "{host}"),
    ("X-Original-Host", "{host}"),
];

/// Most requests that are tried.
const MOST: usize = 300;

/// A whole address in a page or a script.
static ADDRESS: Pattern = Pattern::new(r"(?i)(?:https?:|[\x22'=(])(?:\\?/){2}[a-z0-9\[]");

impl Check for HostHeader {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_all(bench).boxed())
    }
}

/// What shows it: a redirect to the name, or an address with it.
fn expectation() -> Expect {
    let host = regex::escape(FOREIGN_HOST);
    Expect::Any(vec![
        Expect::All(vec![
            Expect::Status(vec![301, 302, 303, 307, 308]),
            Expect::header("location", format!("(?i)^(?:https?:)?//{host}(?:[:/?#]|$)")),
        ]),
        Expect::All(vec![
            Expect::Not(Box::new(Expect::Status((400..600).collect()))),
            Expect::BodyMatches(format!(r#"(?i)(?:\\?/){{2}}{host}(?:[:/"'\s<?#\\&]|$)"#)),
        ]),
    ])
}

/// The request with a foreign name in a header, or in all that speak for Host.
fn forged(request: &Request, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(request.clone(), |request, (name, value)| {
        request.with_header(name, value.replace("{host}", FOREIGN_HOST))
    })
}

async fn try_all(bench: &Bench<'_>) {
    let expect = expectation();
    let mut shapes = BTreeSet::new();
    let mut told = BTreeSet::new();
    let own = bench.client.scope().start().origin.authority();
    let candidates = bench.entries.iter().filter(|entry| {
        let response = &entry.response;
        let leads = response.location().is_some_and(|place| place.contains("//"));
        response.status < 400 && (leads || ADDRESS.is_match(response.text()))
    });
    for entry in candidates.filter(|entry| shapes.insert(shape::shape(&entry.request))).take(MOST) {
        if bench.client.cancel().is_cancelled() {
            return;
        }
        let directory = entry.request.url.directory();
        let has_own = entry.response.text().contains(&own)
            || entry.response.location().is_some_and(|place| place.contains(&own));
        let shows = async |headers: &[(&str, &str)]| {
            let answer = bench.send_of(entry, &forged(&entry.request, headers)).await;
            answer.is_ok_and(|response| expect.find(&Seen { response, ..Seen::default() }).is_some())
        };
        let host: &[(&str, &str)] = &[("Host", "{host}")];
        if has_own && !told.contains(&("Host", directory)) && shows(host).await {
            if prove(bench, entry, host, &expect).await {
                told.insert(("Host", directory));
            }
            continue;
        }
        if told.iter().any(|(name, place)| *name != "Host" && *place == directory) || !shows(FORWARDED).await
        {
            continue;
        }
        for header in FORWARDED {
            if prove(bench, entry, std::slice::from_ref(header), &expect).await {
                told.insert((header.0, directory));
                break;
            }
        }
    }
}

async fn prove(bench: &Bench<'_>, entry: &Entry, header: &[(&str, &str)], expect: &Expect) -> bool {
    let attack = forged(&entry.request, header);
    let replay = entry.replay(attack, expect.clone(), entry.request.clone());
    let Ok(proof) = bench.prove(replay).await else { return false };
    let name = header.first().map(|(name, _)| *name).unwrap_or_default();
    bench.report_named(990_010, entry, name, proof);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let (host, forwarded) = (asked.header("host"), asked.header("x-forwarded-host"));
        let name = if forwarded.is_empty() { host.clone() } else { forwarded.clone() };
        match asked.path.as_str() {
            "/link" => Answer::html(format!("<a href=\"http://{host}/reset?t=1\">Reset</a>")),
            "/go" => Answer::status(302).with("Location", &format!("https://{host}/welcome")),
            "/forwarded" => Answer::html(format!("<script src=\"//{name}/app.js\"></script>")),
            "/json" => Answer::html(format!("{{\"next\":\"http:\\/\\/{host}\\/2\"}}")),
            "/refused" if !host.starts_with("127.0.0.1") => {
                Answer::html(format!("http://{host}/ is unknown")).with("x", "y")
            }
            "/fixed" => Answer::html("<a href=\"https://shop.example.test/reset\">Reset</a>"),
            "/shown" => Answer::html(format!("<a href=\"http://127.0.0.1/\">x</a> You are at {name}.")),
            _ => Answer::html("<a href=\"/x\">x</a>"),
        }
    }

    #[tokio::test]
    async fn addresses_made_from_the_request_are_told() {
        let address = serve(|asked: &Asked| {
            let mut answered = answer(asked);
            if asked.path == "/refused" && !asked.header("host").starts_with("127.0.0.1") {
                answered.0 = 421;
            }
            answered
        })
        .await;
        for (path, wanted) in [
            ("/link", Some("Host")),
            ("/go", Some("Host")),
            ("/forwarded", Some("X-Forwarded-Host")),
            ("/json", Some("Host")),
            ("/refused", None),
            ("/fixed", None),
            ("/shown", None),
            ("/relative", None),
        ] {
            let found = scan(&HostHeader, address, path).await;
            let names: Vec<_> = found.iter().filter_map(|finding| finding.parameter.as_deref()).collect();
            match wanted {
                Some("X-Forwarded-Host") => assert_eq!(names.len(), 1, "{path}: {names:?}"),
                wanted => assert_eq!(names.first().copied(), wanted, "{path}"),
            }
        }
    }
}
