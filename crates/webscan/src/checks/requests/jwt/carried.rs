//! Tokens that answers issue, taken to where nothing but a program would send them.

use std::sync::Arc;

use super::attack;
use super::token::Token;
use crate::checks::pattern::Pattern;
use crate::checks::requests::alike::alike;
use crate::checks::requests::near::shared;
use crate::checks::{Bench, Entry};

static ISSUED: Pattern = Pattern::new(r"\beyJ[\w-]{8,4000}\.eyJ[\w-]{2,8000}\.[\w-]{16,1000}");
/// Most tokens that are tried at a closed place, and most closed places.
const MOST: (usize, usize) = (3, 24);
/// Most tokens that are known.
const KNOWN: usize = 60;

/// A token, and the path of the answer that issued it.
pub(super) struct Issued {
    token: String,
    path: String,
}

/// Tokens of answers, as sign-ins for programs issue them: nothing but scripts would send them back.
pub(super) fn issued(bench: &Bench<'_>) -> Vec<Issued> {
    let mut tokens: Vec<Issued> = Vec::new();
    for entry in bench.entries.iter().filter(|entry| entry.response.status < 400) {
        let text = entry.response.text();
        for found in ISSUED.all(text) {
            let token = text.get(found.start()..found.end()).unwrap_or_default();
            if tokens.len() < KNOWN
                && Token::read(token).is_some()
                && !tokens.iter().any(|have| have.token == token)
            {
                tokens.push(Issued { token: token.to_owned(), path: entry.request.url.path.clone() });
            }
        }
    }
    tokens
}

/// The tokens that were issued nearest to a place: an application of its own below a path has its own.
fn nearest<'t>(tokens: &'t [Issued], path: &str) -> Vec<&'t str> {
    let mut near: Vec<&Issued> = tokens.iter().collect();
    near.sort_by_key(|issued| std::cmp::Reverse(shared(&issued.path, path)));
    near.into_iter().take(MOST.0).map(|issued| issued.token.as_str()).collect()
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
    r"(?i)\b(?:token|jwt|authorization)\b|unauthori[sz]ed|not authenticated|unauthenticated|not logged in|(?:log|sign) ?in (?:first|required)|please (?:log|sign) ?in",
);
/// Where strangers are sent.
static SIGN_IN: Pattern = Pattern::new(r"(?i)(?:^|/)(?:log[-_]?in|sign[-_]?in|auth)\b");

/// Whether a place is closed without a token.
pub(super) fn is_closed(entry: &Entry) -> bool {
    let response = &entry.response;
    let says = || {
        let is_short = response.media_type().ends_with("json") && response.text().len() < 300
            || response.is_html() && response.text().len() < 1_000;
        is_short && WANTS.is_match(response.text())
    };
    let is_sent_off = || response.location().is_some_and(|location| SIGN_IN.is_match(location));
    matches!(response.status, 401 | 403) || ((says() || is_sent_off()) && !ISSUED.is_match(response.text()))
}

/// Takes issued tokens to places that are closed without; where one opens, forged ones are tried.
pub(super) async fn carry(bench: &Bench<'_>, tokens: Vec<Issued>) {
    let mut usual: Option<(&str, &str)> = None;
    for (n, entry) in bench.entries.iter().filter(|entry| is_closed(entry)).take(MOST.1).enumerate() {
        // The first places show which way the application takes them.
        let others = WAYS.iter().take(if n < WHERE_ALL { WAYS.len() } else { 1 });
        let mut ways: Vec<(&str, &str)> = usual.into_iter().collect();
        ways.extend(others.filter(|way| Some(**way) != usual));
        let near = nearest(&tokens, &entry.request.url.path);
        let mut tried = Vec::new();
        for way in ways {
            tried.extend(near.iter().map(|value| (way.0, way.1, *value)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_the_same_place_come_first() {
        let issued = |token: &str, path: &str| Issued { token: token.to_owned(), path: path.to_owned() };
        let all = [
            issued("a", "/one/token"),
            issued("b", "/two/token"),
            issued("c", "/"),
            issued("d", "/two/api/token"),
        ];
        assert_eq!(nearest(&all, "/two/api/me"), ["d", "b", "a"]);
    }
}
