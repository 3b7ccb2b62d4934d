//! Tokens that the server takes though it did not issue them.

mod carried;
mod ended;
mod forged;
mod named;
mod published;
mod secrets;
mod token;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::forged::{Forged, forgeries};
use self::token::Token;
use super::alike::{ALIKE, alike};
use crate::checks::injection::Marks;
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
    technique: "Where an answer depends on a token, the same claims are sent with a signature that nobody made, that belongs to others or is \
                cut, with the algorithm none or without any, signed with words that stand in examples or on the site, with the \
                published key as shared secret, with a key that the token brings along or says where to fetch, or with a known \
                key that kid names; and the token itself when it has ended. The answer must be the user's, and must not be with a \
                token that nothing speaks for.",
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
        let before = prefix(&point.value);
        let put = move |value: &str| entry.request.with(point, &*format!("{before}{value}"));
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
        if let Some((point, token)) = in_cookie(bench, entry) {
            return Some(
                async move {
                    let put = |value: &str| entry.request.with(&point, value);
                    attack(bench, entry, &token, &put, &point.name).await;
                }
                .boxed(),
            );
        }
        let own = entry.request.headers.iter().chain(&bench.session.headers);
        let (name, prefix, token) = own.filter(|(_, value)| value.len() > 20).find_map(|(name, value)| {
            let token = Token::read(value)?;
            Some((name.clone(), prefix(value), token))
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
        let tokens = carried::issued(bench);
        Some(
            async move {
                carried::carry(bench, tokens).await;
                ended::look(bench).await;
            }
            .boxed(),
        )
    }
}

/// A token in a cookie of the session, where a place is closed: it may have been seen before there was the cookie, so that
/// no change of the cookie shows any effect.
fn in_cookie(bench: &Bench<'_>, entry: &Entry) -> Option<(Point, Token)> {
    if entry.response.status < 400 && !carried::is_closed(entry) {
        return None;
    }
    let cookies = bench.session.dress(&entry.request).cookies;
    cookies.iter().find_map(|(name, value)| Some((Point::cookie(name, value), Token::read(value)?)))
}

/// What stands before the token in a value.
fn prefix(value: &str) -> &'static str {
    if value.trim_start().starts_with("Bearer ") { "Bearer " } else { "" }
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

async fn attack(
    bench: &Bench<'_>,
    entry: &Entry,
    token: &Token,
    put: &(dyn Fn(&str) -> Request + Sync),
    name: &str,
) {
    if bench.sink.has_at(&[990_009], &entry.request.url.path, name) {
        return;
    }
    // Whether the answer depends on the token at all.
    let Ok(refused) = bench.send_of(entry, &put(GARBAGE)).await else { return };
    let mut entry = std::borrow::Cow::Borrowed(entry);
    if entry.response.status >= 400 || alike(&refused, &entry.response) {
        // What was crawled before the token was there was answered without it.
        let Ok(usual) = bench.send_of(&entry, &put(&token.whole())).await else { return };
        // What it opens may not be there; closed, and broken, it is told otherwise.
        if matches!(usual.status, 401 | 403 | 500..) {
            return;
        }
        if alike(&refused, &usual) {
            return believed(bench, &entry, token, put, name).await;
        }
        entry.to_mut().response = Arc::new(usual);
    }
    let entry = &*entry;
    for forged in forgeries(bench, entry, token).await {
        let Ok(answer) = bench.send_of(entry, &put(&forged.token)).await else { return };
        if accepts(&answer, entry, &refused) && prove(bench, entry, &forged, put, name).await {
            return;
        }
    }
}

/// Where a token that says what is usual is answered as none is: whether what it says is shown, whoever signed it.
async fn believed(
    bench: &Bench<'_>,
    entry: &Entry,
    token: &Token,
    put: &(dyn Fn(&str) -> Request + Sync),
    name: &str,
) {
    let word = Marks::from(&format!("{} {} {name}", entry.request.method, entry.request.url.path)).token;
    for of_all in [false, true] {
        let Some(saying) = token.saying(&word, of_all) else { continue };
        let expect = Expect::Body(word.clone());
        let replay = entry.replay(put(&saying), expect, put(&token.whole()));
        if let Ok(proof) = bench.prove(replay).await {
            let what =
                "A claim of a token is shown though nobody made its signature: the signature is not checked.";
            return bench.report_named(990_009, entry, name, proof.saying(Evidence::sentence(what)));
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
