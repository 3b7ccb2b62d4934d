//! Requests that the server makes because a parameter names an address.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::pattern::Pattern;
use crate::checks::run::points_of;
use crate::checks::{About, Bench, Check, Entry, callback};
use crate::http::Request;
use crate::listener::MARK;
use crate::point::{Place, Point, Put};
use crate::proof::{Control, Expect, Replay, TOKEN};

/// See [`About`].
pub(super) struct Ssrf;

static ABOUT: About = About {
    name: "server-side-request-forgery",
    qids: &[150_258, 990_006],
    means: "The server requests an address that the visitor names; with QID 990006 it also shows what came.",
    matters: "The server reaches what the visitor does not: inner services, the metadata of a cloud with its keys, files. It \
              also lends its address to attacks on others.",
    remedy: "Take addresses from a fixed list, compared after parsing. Resolve the name, refuse inner addresses, connect to the \
             address that was checked, and follow no redirects.",
    technique: "The address of a listener of the scanner is put into each parameter, plainly and in the forms that filters let \
                pass. What counts is a call with the token of that request, or the listener's text in the answer.",
    source: "CWE-918; OWASP Server-Side Request Forgery Prevention",
};

/// For every parameter, and for those that look like addresses or hosts.
const PLAIN: &[&str] = &["http://{{callback}}/{{token}}"];
const FORMS: &[&str] = &[
    "{{callback}}/{{token}}#",
    "{{callback}}/{{token}}?",
    "//{{callback}}/{{token}}",
    "http://{{callback}}/{{token}}#{value}",
    "http://{{callback}}/{{token}}?{value}",
    "http://{host}@{{callback}}/{{token}}",
    "http://{{callback_decimal}}/{{token}}",
    "http://{{callback_short}}/{{token}}",
    "http://{{callback_hex}}/{{token}}",
    "http://{{callback_octal}}/{{token}}",
    "http://{{callback_mapped}}/{{token}}",
    "HTTP://{{callback}}/{{token}}",
    "http:/{{callback}}/{{token}}",
    "http://{{callback}}/{{token}}.svg",
    "http://{{callback}}/{{token}}/{host}",
];

static NAME: Pattern = Pattern::new(
    r"(?i)url|uri|link|href|src|host|domain|site|server|address|addr|feed|callback|hook|webhook|proxy|fetch|load|image|img|avatar|picture|target|dest|endpoint|remote|import|source|ping|page|next|return|redirect|ref|preview|api|to$|from$|file|path|template|xml|pdf|download",
);
/// Names that hardly mean anything else.
static STRONG: Pattern =
    Pattern::new(r"(?i)url|uri|link|href|host|domain|server|callback|hook|proxy|fetch|endpoint|remote|feed");
static VALUE: Pattern = Pattern::new(
    r"(?i)^(?:https?|ftp|file)?:?//|^(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/|$)|^localhost\b|^\d{1,3}(?:\.\d{1,3}){3}",
);

/// For what is put behind a host: the host becomes a user's name.
const BEHIND: &[&str] = &["@{{callback}}/{{token}}"];

/// For markup that something on the server reads, such as what makes documents for printing of it.
const MARKUP: &[&str] = &["<img src=\"http://{{callback}}/{{token}}\">"];
static MARKED: Pattern = Pattern::new(r"(?i)html|markup|svg|invoice|content|document");

/// Headers whose addresses applications like to look at.
const FOLLOWED: &[&str] = &["Referer", "X-Forwarded-Host"];

fn is_likely(point: &Point) -> bool {
    VALUE.is_match(&point.value) || (NAME.is_match(&point.name) && point.place != Place::Header)
}

/// The forms that are tried at a point.
fn forms(point: &Point) -> Vec<&'static str> {
    match point.place {
        // Headers that a request does not have by itself are tried together.
        Place::Header if point.is_guess() && !FOLLOWED.contains(&point.name.as_str()) => Vec::new(),
        Place::QueryName | Place::FormName | Place::JsonName(_) => Vec::new(),
        Place::FileName(_) | Place::Path(_) if !VALUE.is_match(&point.value) => Vec::new(),
        _ if VALUE.is_match(&point.value) || STRONG.is_match(&point.name) => [PLAIN, FORMS].concat(),
        _ if point.value.contains('<') || MARKED.is_match(&point.name) => [PLAIN, MARKUP].concat(),
        _ if point.value.starts_with(['/', ':']) => [PLAIN, BEHIND].concat(),
        // A name alone says less.
        _ if is_likely(point) => [PLAIN, FORMS.get(..3).unwrap_or_default()].concat(),
        _ => PLAIN.to_vec(),
    }
}

/// A form with what it needs of the point, but with the listener's address still to come.
fn payload(form: &str, entry: &Entry, point: &Point) -> String {
    let rest = point.value.split_once("://").map_or(point.value.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty());
    let host = host.map_or_else(|| entry.request.url.origin.host.clone(), str::to_owned);
    form.replace("{value}", &point.value).replace("{host}", &host)
}

impl Check for Ssrf {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        bench.listener?;
        let forms = forms(point);
        (!forms.is_empty()).then(|| probe(bench, entry, point, forms).boxed())
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        bench.listener?;
        let is_static = entry.response.is_script() || entry.response.media_type() == "text/css";
        (!is_static).then(|| followed(bench, entry).boxed())
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        bench.listener?;
        Some(late(bench).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point, forms: Vec<&'static str>) {
    for form in forms {
        let payload = payload(form, entry, point);
        let token = callback::token_at(entry, point, form);
        let Some(text) = callback::filled(bench, &payload, &token) else { return };
        let sent = entry.request.with(point, Put::Text(&text));
        let Ok(answer) = bench.send_of(entry, &sent).await else { return };
        let is_called = callback::was_called(bench, &token);
        let is_shown = answer.text().contains(MARK);
        if (is_called || is_shown) && prove(bench, entry, point, &payload, is_shown).await {
            return;
        }
    }
}

/// Puts addresses into all headers that are followed at once.
async fn followed(bench: &Bench<'_>, entry: &Entry) {
    let points: Vec<Point> = points_of(entry, bench)
        .into_iter()
        .filter(|p| p.is_guess() && FOLLOWED.contains(&p.name.as_str()))
        .collect();
    let Some(form) = PLAIN.first() else { return };
    let put = |request: Request, point: &Point| {
        let token = callback::token_at(entry, point, form);
        match callback::filled(bench, &payload(form, entry, point), &token) {
            Some(text) => request.with(point, Put::Text(&text)),
            None => request,
        }
    };
    let all = points.iter().fold(entry.request.clone(), put);
    let Ok(answer) = bench.send_of(entry, &all).await else { return };
    let is_shown = answer.text().contains(MARK);
    for point in &points {
        if callback::was_called(bench, &callback::token_at(entry, point, form)) {
            prove(bench, entry, point, &payload(form, entry, point), is_shown).await;
        }
    }
}

async fn prove(bench: &Bench<'_>, entry: &Entry, point: &Point, payload: &str, is_shown: bool) -> bool {
    let (qid, expect) = match is_shown {
        true => (990_006, Expect::Body(MARK.to_owned())),
        false => (150_258, Expect::Called(TOKEN.to_owned())),
    };
    let replay = match point.place {
        // In an encoded text no name can be filled in when it is sent: the token is a fixed one.
        Place::Within(..) => {
            let token = crate::listener::token();
            let Some(text) = callback::filled(bench, payload, &token) else { return false };
            let expect = if is_shown { expect } else { Expect::Called(token) };
            entry.replay(entry.request.with(point, Put::Text(&text)), expect, entry.request.clone())
        }
        _ => entry.replay(entry.request.with(point, Put::Text(payload)), expect, entry.request.clone()),
    };
    let Ok(proof) = bench.prove(replay).await else { return false };
    bench.report_at(qid, entry, Some((point, payload)), proof);
    true
}

/// Most requests that may have made the server call an address that it was given before.
const MOST: usize = 6;

/// The address was kept, and called by a later request: one of a place beside it, or of a form on a page that the first led to.
async fn prove_later(bench: &Bench<'_>, entry: &Entry, point: &Point, payload: &str) {
    let directory = entry.request.url.directory();
    let beside = |other: &&Entry| {
        let url = &other.request.url;
        url.origin == entry.request.url.origin
            && url.path.starts_with(directory)
            && other.request != entry.request
    };
    let attack = entry.request.with(point, Put::Text(payload));
    for other in bench.entries.iter().filter(beside).take(MOST) {
        let steps =
            |first: &Request| [entry.steps(first.clone()), other.steps(other.request.clone())].concat();
        let replay = Replay {
            steps: steps(&attack),
            expect: Expect::Called(TOKEN.to_owned()),
            control: Control::Requests(steps(&entry.request)),
            rounds: 1,
        };
        if let Ok(proof) = bench.prove(replay).await {
            return bench.report_at(150_258, entry, Some((point, payload)), proof);
        }
    }
}

/// Calls that came when the answer was long given.
async fn late(bench: &Bench<'_>) {
    let mut told = BTreeSet::new();
    callback::wait(bench).await;
    for entry in bench.entries {
        for point in points_of(entry, bench) {
            let called = |form: &&&str| callback::was_called(bench, &callback::token_at(entry, &point, form));
            let forms = forms(&point);
            let Some(form) = forms.iter().find(called) else { continue };
            let place = (entry.request.url.path.clone(), point.kind(), point.name.clone());
            let is_told = bench.sink.has_at(&[150_258, 990_006], &entry.request.url.path, &point.name);
            if !is_told && told.insert(place) {
                let payload = payload(form, entry, &point);
                if !prove(bench, entry, &point, &payload, false).await {
                    prove_later(bench, entry, &point, &payload).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{IpAddr, TcpStream};
    use std::time::Duration;

    use super::*;
    use crate::http::Target;
    use crate::listener::CallbackListener;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    /// What a server does that fetches an address; only loopback is reached here.
    fn fetch(url: &str) -> String {
        let Ok(url) = url::Url::parse(url) else { return String::new() };
        let (Some(host), port) = (url.host_str(), url.port().unwrap_or(80)) else { return String::new() };
        let Ok(mut stream) = TcpStream::connect((host, port)) else { return String::new() };
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        write!(stream, "GET {} HTTP/1.0\r\nHost: {host}\r\n\r\n", url.path()).unwrap();
        let mut text = String::new();
        // Calls that come when the test is over meet nobody.
        let _ = stream.read_to_string(&mut text);
        text
    }

    fn answer(asked: &Asked) -> Answer {
        let url = asked.field("url");
        match asked.path.as_str() {
            "/shown" => Answer::html(fetch(&url)),
            "/blind" => {
                fetch(&url);
                Answer::html("ok")
            }
            "/late" => {
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(100));
                    fetch(&url)
                });
                Answer::html("ok")
            }
            "/no-loopback" if url.contains("127.0.0.1") || url.contains("localhost") => Answer::status(400),
            "/no-loopback" => Answer::html(fetch(&url)),
            "/host" => Answer::html(fetch(&format!("http://{url}/status"))),
            "/only" if !url.starts_with("http://images.example/") => Answer::status(400),
            _ => Answer::html(format!("stored {url}")),
        }
    }

    #[tokio::test]
    async fn fetched_addresses_are_told_and_stored_ones_are_not() {
        let server = serve(answer).await;
        let listener = CallbackListener::start(IpAddr::from([127, 0, 0, 1])).await.unwrap();
        for (path, wanted) in [
            ("/shown", Some(990_006)),
            ("/blind", Some(150_258)),
            ("/late", Some(150_258)),
            ("/no-loopback", Some(990_006)),
            ("/host", Some(990_006)),
            ("/only", None),
            ("/stored", None),
        ] {
            let url = Target::parse(&format!("http://{server}{path}?url=x")).unwrap();
            let extras = Extras { listener: Some(&listener), ..Extras::default() };
            let (found, _) = scan_with(&Ssrf, vec![Request::get(url)], extras).await;
            assert_eq!(found.first().map(|f| f.qid), wanted, "{path}");
            assert!(found.len() < 2, "{path}");
        }
    }
}
