//! Values that are cut to a length after their quotes were made harmless: of two signs that belong together the cut leaves one.

use super::{message_in, messages};
use crate::checks::{Bench, Entry};
use crate::point::Point;
use crate::proof::Proof;

/// Longer than what is kept of names, addresses and titles.
const LENGTH: usize = 300;

/// Proves that a row of quotes is answered with the message of a database, and the same one letter on is not: wherever it is cut,
/// one of both ends within a pair.
pub(super) async fn prove(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<(String, Proof)> {
    let rows = ["", "z"].map(|before| format!("{before}{}", "'".repeat(LENGTH)));
    let mut expected = Vec::new();
    for row in &rows {
        let answer = bench.send_of(entry, &entry.request.with(point, row)).await.ok()?;
        expected.push(message_in(&answer));
    }
    let (attack, control, expect) = match (&expected[..], &rows) {
        ([Some(expect), None], [attack, control]) | ([None, Some(expect)], [control, attack]) => {
            (attack, control, expect.clone())
        }
        _ => return None,
    };
    let replay = entry.replay(entry.request.with(point, attack), expect, entry.request.with(point, control));
    let proof = bench.prove(replay.rounds(messages::rounds(point))).await.ok()?;
    Some((attack.clone(), proof))
}
