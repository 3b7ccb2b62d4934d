//! A page of one user that a cache keeps and gives to others.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::alike::{ALIKE, alike};
use crate::checks::{About, Bench, Check, Entry};
use crate::crawl::shape;
use crate::http::{Method, Request};
use crate::proof::{Control, Expect, Replay, Step, TOKEN};

/// See [`About`].
pub(super) struct CacheDeception;

static ABOUT: About = About {
    name: "cache-deception",
    qids: &[990_011],
    means: "A page that belongs to one user is kept by a cache under an address that anybody can ask for.",
    matters: "A link to that address makes a signed-in user fill the cache with their own page; the attacker then reads it, with \
              the tokens and data on it.",
    remedy: "Send Cache-Control: no-store with every page of a session, and let the cache keep by what the answer says, not by \
             the ending of the path. Answer with 404 for paths that go on behind a page.",
    technique: "A page that strangers don't see is fetched as the user under an address of its own (with an ending that caches \
                keep, or a new query), then as nobody. Nobody must get the user's page there, and must not under an address that \
                the user never fetched.",
    source: "CWE-525; CWE-524; RFC 9111",
};

/// What is put behind the path; the token is new each time, so that nobody's cache is filled with anything of use.
const ENDS: &[&str] = &[
    "?rdbt={{token}}",
    "/{{token}}.css",
    "/{{token}}.js",
    "/{{token}}.png",
    "/{{token}}.ico",
    ";{{token}}.css",
    "%2f{{token}}.css",
    "%0a{{token}}.css",
    "%23{{token}}.css",
    "%3f{{token}}.css",
];

/// Most pages that are tried.
const MOST: usize = 100;

impl Check for CacheDeception {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_all(bench).boxed())
    }
}

async fn try_all(bench: &Bench<'_>) {
    let (mut shapes, mut directories) = (BTreeSet::new(), BTreeSet::new());
    let mut tried = 0;
    for entry in bench.entries {
        let (request, response) = (&entry.request, &entry.response);
        let is_page = request.method == Method::Get
            && response.status == 200
            && entry.before.is_empty()
            && (response.is_html() || response.media_type().ends_with("json"));
        let has_user = !bench.session.headers.is_empty()
            || bench.session.cookies_for(&request.url).next().is_some()
            || !request.cookies.is_empty();
        if !is_page || !has_user || !shapes.insert(shape::shape(request)) {
            continue;
        }
        if tried >= MOST || bench.client.cancel().is_cancelled() {
            return;
        }
        // One page of a directory says what the cache does with the others.
        if directories.contains(request.url.directory()) || !is_private(bench, entry).await {
            continue;
        }
        directories.insert(request.url.directory());
        tried += 1;
        for end in ENDS {
            if try_one(bench, entry, end).await {
                break;
            }
        }
    }
}

/// The same page under another address.
fn under(request: &Request, end: &str) -> Request {
    let mut other = request.clone();
    match end.strip_prefix('?') {
        Some(query) => {
            let before = request.url.query.as_deref().map(|query| format!("{query}&")).unwrap_or_default();
            other.url.query = Some(format!("{before}{query}"));
        }
        None => other.url.path = format!("{}{end}", request.url.path.trim_end_matches('/')),
    }
    other
}

fn filled(request: &Request, token: &str) -> Request {
    let mut filled = request.clone();
    filled.url.path = filled.url.path.replace(TOKEN, token);
    filled.url.query = filled.url.query.map(|query| query.replace(TOKEN, token));
    filled
}

/// What a stranger sends: without cookies and logins.
fn of_nobody(request: &Request) -> Request {
    let mut nobodys = request.clone();
    nobodys.cookies.clear();
    nobodys.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    nobodys
}

/// Whether strangers get something else, under an address that no cache has.
async fn is_private(bench: &Bench<'_>, entry: &Entry) -> bool {
    let request = filled(&under(&entry.request, "?rdbt={{token}}"), &crate::listener::token());
    let answer = bench.client.send(&of_nobody(&request)).await;
    answer.is_ok_and(|answer| !alike(&answer, &entry.response))
}

async fn try_one(bench: &Bench<'_>, entry: &Entry, end: &str) -> bool {
    let template = under(&entry.request, end);
    let request = filled(&template, &crate::listener::token());
    let Ok(users) = bench.send(&request).await else { return false };
    if !alike(&users, &entry.response) {
        return false;
    }
    let Ok(nobodys) = bench.client.send(&of_nobody(&request)).await else { return false };
    if !alike(&nobodys, &users) {
        return false;
    }
    let nobody = Step::anonymous(of_nobody(&template));
    let replay = Replay {
        steps: vec![Step::new(template), nobody.clone()],
        expect: Expect::Like { other: Box::new(entry.request.clone()), percent: ALIKE },
        control: Control::Requests(vec![nobody]),
        rounds: 2,
    };
    let Ok(proof) = bench.prove(replay).await else { return false };
    bench.report(990_011, entry, proof);
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use parking_lot::Mutex;

    use super::*;
    use crate::http::Target;
    use crate::session::{Cookie, Session};
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    fn application(asked: &Asked) -> Answer {
        let (first, rest) = asked.path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let is_page = rest == "account" || (first != "exact" && rest.starts_with("account/"));
        match (is_page, asked.cookie("sid").is_empty()) {
            (false, _) => Answer::status(404),
            (true, true) => Answer::status(302).with("Location", "/login"),
            (true, false) => Answer::html("<p>Account of alice, key 4410</p>"),
        }
    }

    #[tokio::test]
    async fn kept_pages_of_users_are_told() {
        let kept: Mutex<BTreeMap<String, Answer>> = Mutex::default();
        let address = serve(move |asked: &Asked| {
            let key = format!("{} {:?}", asked.path, asked.query);
            if let Some(answer) = kept.lock().get(&key) {
                return answer.clone();
            }
            let answer = application(asked);
            let keeps = match asked.path.split('/').nth(1) {
                Some("path" | "exact") => asked.path.ends_with(".css"),
                Some("all") => answer.0 == 200,
                _ => false,
            };
            if keeps {
                kept.lock().insert(key, answer.clone());
            }
            answer
        })
        .await;
        let url = |path: &str| Target::parse(&format!("http://{address}{path}")).unwrap();
        let (cookie, _) = Cookie::read("sid=1; Path=/", &url("/")).unwrap();
        for (path, count) in
            [("/path/account", 1), ("/all/account", 1), ("/exact/account", 0), ("/never/account", 0)]
        {
            let session = Session { cookies: vec![cookie.clone()], ..Session::default() };
            let extras = Extras { session, ..Extras::default() };
            let (found, _) = scan_with(&CacheDeception, vec![Request::get(url(path))], extras).await;
            assert_eq!(found.len(), count, "{path}");
        }
    }
}
