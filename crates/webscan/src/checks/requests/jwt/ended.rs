//! Tokens that are still taken when their time is over.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;

use super::forged::Forged;
use super::token::Token;
use super::{GARBAGE, prove};
use crate::checks::requests::alike::alike;
use crate::checks::requests::near::shared;
use crate::checks::{Bench, Entry};
use crate::http::Method;
use crate::point::Point;

/// Seconds for which a server may take a token longer than it says, for clocks that differ (RFC 7519, 4.1.4, has a few
/// minutes at most; a minute is usual), and some more.
const LEEWAY: i64 = 65;
/// Longest that is waited for a token to end, in seconds: what lives longer is not tried.
const LONGEST: i64 = 100;
/// Most tokens that are tried, and most places for each.
const MOST: (usize, usize) = (24, 8);

/// A token of a cookie, and the path of the answer that set it.
struct Set {
    name: String,
    token: Token,
    path: String,
}

/// Seconds until a token must not be taken any more; none when it has no end.
fn left(token: &Token) -> Option<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let now = i64::try_from(now.as_secs()).ok()?;
    Some(token.expires()?.saturating_add(LEEWAY).saturating_sub(now))
}

/// The token itself, where its time is over.
pub(super) fn over(token: &Token) -> Option<Forged> {
    left(token).filter(|left| *left < 0).map(|_| Forged {
        what: "The token is accepted though the time that its exp names is over, by more than a minute.",
        token: token.whole(),
        control: token.unsigned(),
    })
}

/// Tokens of cookies whose time is over soon, each once for a name and a path.
fn ending(bench: &Bench<'_>) -> Vec<Set> {
    let mut all: Vec<Set> = Vec::new();
    let held = |entry: &Entry| {
        let of_header = entry.response.all("set-cookie").filter_map(|header| {
            let (name, value) = header.split(';').next()?.split_once('=')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        });
        of_header.chain(bench.session.dress(&entry.request).cookies).collect::<Vec<_>>()
    };
    for entry in bench.entries {
        let path = entry.request.url.directory();
        for (name, value) in held(entry) {
            let is_known =
                |have: &Set| have.name == name && (have.path == path || have.token.whole() == value);
            if all.len() >= MOST.0 || all.iter().any(is_known) {
                continue;
            }
            let Some(token) = Token::read(&value) else { continue };
            if left(&token).is_some_and(|left| left <= LONGEST) {
                all.push(Set { name, token, path: path.to_owned() });
            }
        }
    }
    all
}

/// Waits until the tokens that end soon are over, then sends them where they are wanted.
pub(super) async fn look(bench: &Bench<'_>) {
    let all = ending(bench);
    let Some(longest) = all.iter().filter_map(|set| left(&set.token)).max() else { return };
    // A second begun counts.
    for _ in 0..=longest.max(-1) {
        if bench.client.cancel().is_cancelled() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
    for set in &all {
        let mut places: Vec<&Entry> = Vec::new();
        let is_near = |entry: &&Entry| {
            entry.request.method == Method::Get && entry.request.url.path.starts_with(set.path.as_str())
        };
        for entry in bench.entries.iter().filter(is_near) {
            if !places.iter().any(|have| have.request.url.path == entry.request.url.path) {
                places.push(entry);
            }
        }
        places.sort_by_key(|entry| std::cmp::Reverse(shared(&entry.request.url.path, &set.path)));
        for entry in places.into_iter().take(MOST.1) {
            if is_taken(bench, entry, set).await {
                break;
            }
        }
    }
}

/// Whether a place takes a token that is over, and only a whole one; reports it.
async fn is_taken(bench: &Bench<'_>, entry: &Entry, set: &Set) -> bool {
    if bench.sink.has_at(&[990_009], &entry.request.url.path, &set.name) {
        return true;
    }
    let Some(over) = over(&set.token) else { return false };
    let point = Point::cookie(&set.name, &over.token);
    let put = |value: &str| entry.request.with(&point, value);
    let Ok(refused) = bench.send_of(entry, &put(GARBAGE)).await else { return false };
    let Ok(usual) = bench.send_of(entry, &put(&over.token)).await else { return false };
    if usual.status >= 400 || alike(&refused, &usual) {
        return false;
    }
    let entry = Entry { request: put(&over.token), response: std::sync::Arc::new(usual), ..entry.clone() };
    let put = |value: &str| entry.request.with(&point, value);
    prove(bench, &entry, &over, &put, &set.name).await
}
