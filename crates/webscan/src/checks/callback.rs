//! Payloads that make the target call our listener, each with a token of its own, so that a call that comes late is told
//! to the request that it was for.

use std::time::Duration;

use super::{Bench, Entry};
use crate::checks::injection::hash;
use crate::http::Request;
use crate::point::Point;
use crate::proof::{Control, Expect, Proof, Replay, TOKEN, with_callback};

/// How long calls are waited for that come after the answers.
const LATE: Duration = Duration::from_millis(500);

/// A token for one way of one check to try one place of a request: the same in every run.
pub(crate) fn token(entry: &Entry, place: &str, way: &str) -> String {
    let text = format!("{} {} {place} {way}", entry.request.method, entry.request.url);
    format!("rdbt{:016x}{:04x}", hash(&text), hash(&format!("{text} again")) & 0xffff)
}

/// A parameter as the place of a request.
pub(crate) fn place(point: &Point) -> String {
    format!("{} {}", point.kind(), point.name)
}

/// The token for one way of trying a parameter.
pub(crate) fn token_at(entry: &Entry, point: &Point, way: &str) -> String {
    token(entry, &place(point), way)
}

/// A payload with the listener's address and a token; none without a listener.
pub(crate) fn filled(bench: &Bench<'_>, payload: &str, token: &str) -> Option<String> {
    let address = bench.listener?.address()?;
    Some(with_callback(payload, Some(address), token))
}

/// Whether the listener was called with a token by now.
pub(crate) fn was_called(bench: &Bench<'_>, token: &str) -> bool {
    bench.listener.is_some_and(|listener| listener.was_called(token))
}

/// Waits for late calls.
pub(crate) async fn wait(bench: &Bench<'_>) {
    tokio::select! {
        () = tokio::time::sleep(LATE) => {}
        () = bench.client.cancel().cancelled() => {}
    }
}

/// Proves that a request makes the target call, with a new token, and that another request does not.
pub(crate) async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    attack: Request,
    control: Request,
) -> Option<Proof> {
    let replay = Replay {
        steps: entry.steps(attack),
        expect: Expect::Called(TOKEN.to_owned()),
        control: Control::Requests(entry.steps(control)),
        rounds: 1,
    };
    bench.prove(replay).await.ok()
}
