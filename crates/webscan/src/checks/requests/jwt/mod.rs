//! Tokens that the server takes though it did not issue them.

mod forged;
mod published;
mod secrets;
mod token;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::forged::{Forged, forgeries};
use self::token::Token;
use super::alike::{ALIKE, alike};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, Response};
use crate::point::Point;
use crate::proof::{Evidence, Expect};

/// See [`About`].
pub(super) struct Jwt;

static ABOUT: About = About {
    name: "web-tokens",
    qids: &[990_009],
    means: "The server accepts a JSON Web Token that it did not issue, or that has ended.",
    matters: "The token says who one is. Whoever can make one is anybody they like, administrators included.",
    remedy: "Let a library check each token with one fixed algorithm and the key for it, never the one that the token names. Use \
             a random secret of at least 256 bits, refuse tokens whose exp is over, and look up kid in a list.",
    technique: "Where an answer depends on a token, the same claims are sent with a signature that nobody made, with the \
                algorithm none, signed with words that stand in examples, with the published key as shared secret, with a key \
                that the token brings along or says where to fetch, or with a known key that kid names; and the token itself when it has ended. The \
                answer must be the user's, and must not be with a token that nothing speaks for.",
    source: "RFC 7519; RFC 8725; CWE-347",
};

/// What is no token at all.
const GARBAGE: &str = "rdbt.rdbt.rdbt";

impl Check for Jwt {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        let token = Token::read(&point.value)?;
        let put = move |value: &str| entry.request.with(point, value);
        Some(async move { attack(bench, entry, &token, &put, &point.name).await }.boxed())
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if let Some((point, value, token)) = in_form(bench, entry) {
            let entry = Entry { request: entry.request.with(&point, &*value), ..entry.clone() };
            return Some(
                async move {
                    let put = |value: &str| entry.request.with(&point, value);
                    attack(bench, &entry, &token, &put, &point.name).await;
                }
                .boxed(),
            );
        }
        let own = entry.request.headers.iter().chain(&bench.session.headers);
        let (name, prefix, token) = own.filter(|(_, value)| value.len() > 20).find_map(|(name, value)| {
            let token = Token::read(value)?;
            Some((name.clone(), if value.starts_with("Bearer ") { "Bearer " } else { "" }, token))
        })?;
        Some(
            async move {
                let put = |value: &str| entry.request.clone().with_header(&name, format!("{prefix}{value}"));
                attack(bench, entry, &token, &put, &name).await;
            }
            .boxed(),
        )
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let tokens = issued(bench);
        (!tokens.is_empty()).then(|| carry(bench, tokens).boxed())
    }
}

/// A field of a form that has a token, which is taken anew from the form's page before each request: where it is, and the
/// token that stood there.
fn in_form(bench: &Bench<'_>, entry: &Entry) -> Option<(Point, String, Token)> {
    let at = entry.form_at.as_ref()?;
    let points = entry.request.points();
    let mut points = points.into_iter().filter(|point| point.value.starts_with("{{")).peekable();
    points.peek()?;
    let page = bench.entries.iter().find(|other| other.request == Request::get(at.clone()))?.page.as_ref()?;
    points.find_map(|point| {
        let mut controls = page.forms.iter().flat_map(|form| &form.controls);
        let value = controls.find(|control| control.name == point.name)?.value.clone();
        let token = Token::read(&value)?;
        Some((point, value, token))
    })
}

static ISSUED: Pattern = Pattern::new(r"\beyJ[\w-]{8,4000}\.eyJ[\w-]{2,8000}\.[\w-]{16,1000}");
/// Most tokens of answers that are tried, and most closed places that they are tried at.
const MOST: (usize, usize) = (3, 12);

/// Tokens that answers issue, as sign-ins for programs do: nothing but scripts would send them back.
fn issued(bench: &Bench<'_>) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for entry in bench.entries.iter().filter(|entry| entry.response.status < 400) {
        let text = entry.response.text();
        for found in ISSUED.all(text) {
            let token = text.get(found.start()..found.end()).unwrap_or_default();
            if tokens.len() < MOST.0
                && Token::read(token).is_some()
                && !tokens.iter().any(|have| have == token)
            {
                tokens.push(token.to_owned());
            }
        }
    }
    tokens
}

/// Ways in which programs send tokens: a header, and what stands before the token.
const WAYS: &[(&str, &str)] = &[
    ("Authorization", "Bearer "),
    ("Authorization", ""),
    ("x-access-token", ""),
    ("X-Auth-Token", ""),
    ("Authorization", "JWT "),
    ("Authorization", "Token "),
    ("Cookie", "token="),
];

/// At how many closed places all ways are tried.
const WHERE_ALL: usize = 4;

/// What answers say that want a token, though their status does not.
static WANTS: Pattern = Pattern::new(
    r"(?i)\b(?:token|jwt|authorization)\b|unauthori[sz]ed|not authenticated|unauthenticated|not logged in|log ?in (?:first|required)",
);

/// Whether a place is closed without a token.
fn is_closed(entry: &Entry) -> bool {
    let response = &entry.response;
    let says = || {
        response.media_type().ends_with("json")
            && response.text().len() < 300
            && WANTS.is_match(response.text())
    };
    matches!(response.status, 401 | 403) || (says() && !ISSUED.is_match(response.text()))
}

/// Takes issued tokens to places that are closed without; where one opens, forged ones are tried.
async fn carry(bench: &Bench<'_>, tokens: Vec<String>) {
    let mut usual: Option<(&str, &str)> = None;
    for (n, entry) in bench.entries.iter().filter(|entry| is_closed(entry)).take(MOST.1).enumerate() {
        // The first places show which way the application takes them.
        let others = WAYS.iter().take(if n < WHERE_ALL { WAYS.len() } else { 1 });
        let mut ways: Vec<(&str, &str)> = usual.into_iter().collect();
        ways.extend(others.filter(|way| Some(**way) != usual));
        let mut tried = Vec::new();
        for way in ways {
            tried.extend(tokens.iter().map(|value| (way.0, way.1, value)));
        }
        for (header, before, value) in tried {
            let Some(token) = Token::read(value) else { continue };
            let put = |value: &str| {
                let mut request = entry.request.clone();
                match before.strip_suffix('=') {
                    Some(name) => request.cookies.push((name.to_owned(), value.to_owned())),
                    None => request.set_header(header, format!("{before}{value}")),
                }
                request
            };
            let request = put(value);
            let Ok(response) = bench.send_of(entry, &request).await else { continue };
            if response.status >= 400 || alike(&response, &entry.response) {
                continue;
            }
            usual = Some((header, before));
            let opened = Entry { request, response: Arc::new(response), page: None, ..entry.clone() };
            attack(bench, &opened, &token, &put, header).await;
            break;
        }
    }
}

async fn attack(
    bench: &Bench<'_>,
    entry: &Entry,
    token: &Token,
    put: &(dyn Fn(&str) -> Request + Sync),
    name: &str,
) {
    if entry.response.status >= 400 || bench.sink.has_at(&[990_009], &entry.request.url.path, name) {
        return;
    }
    // Whether the answer depends on the token at all.
    let Ok(refused) = bench.send_of(entry, &put(GARBAGE)).await else { return };
    if alike(&refused, &entry.response) {
        return;
    }
    for forged in forgeries(bench, entry, token).await {
        let Ok(answer) = bench.send_of(entry, &put(&forged.token)).await else { return };
        if accepts(&answer, entry, &refused) && prove(bench, entry, &forged, put, name).await {
            return;
        }
    }
}

fn accepts(answer: &Response, entry: &Entry, refused: &Response) -> bool {
    alike(answer, &entry.response) && !alike(answer, refused)
}

async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    forged: &Forged,
    put: &(dyn Fn(&str) -> Request + Sync),
    name: &str,
) -> bool {
    let expect = Expect::All(vec![
        Expect::Status(vec![entry.response.status]),
        Expect::Like { other: Box::new(entry.request.clone()), percent: ALIKE },
    ]);
    let replay = entry.replay(put(&forged.token), expect, put(&forged.control));
    let Ok(proof) = bench.prove(replay).await else { return false };
    bench.report_named(990_009, entry, name, proof.saying(Evidence::sentence(forged.what)));
    true
}

#[cfg(test)]
mod tests;
