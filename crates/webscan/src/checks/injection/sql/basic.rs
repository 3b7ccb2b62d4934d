//! SQL in the name of Basic authentication, where a page asks for one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checks::injection::choice::{CONDITIONS, Choice};
use crate::checks::injection::marks::Marks;
use crate::checks::{Bench, Entry};
use crate::http::Request;
use crate::point::Point;

/// Names that make a condition of the statement that looks for them.
const NAMES: [&str; 3] = ["zq' OR {c}-- ", "zq\" OR {c}-- ", "zq') OR {c}-- "];

/// Whether an entry is the first that asks for a name and a password.
pub(super) fn asks(bench: &Bench<'_>, entry: &Entry) -> bool {
    bench.entries.iter().find(|entry| is_closed(entry)).is_some_and(|first| std::ptr::eq(first, entry))
}

fn is_closed(entry: &Entry) -> bool {
    let scheme = entry.response.header("www-authenticate").unwrap_or_default();
    entry.response.status == 401 && scheme.to_ascii_lowercase().starts_with("basic")
}

/// Tries names: by the message of the database, and by what a condition lets in.
pub(super) async fn try_entry(bench: &Bench<'_>, entry: &Entry) {
    if !asks(bench, entry) {
        return;
    }
    let point = Point::header("Authorization");
    let token = Marks::of(entry, &point).token;
    let with = |name: &str| -> Request {
        let text = STANDARD.encode(format!("{name}:{token}"));
        entry.request.with(&point, &format!("Basic {text}"))
    };
    let name = format!("{token}'\"");
    let attack = with(&name);
    let Ok(answer) = bench.send_of(entry, &attack).await else { return };
    if let Some(expect) = super::message_in(&answer)
        && let Ok(proof) = bench.prove(entry.replay(attack, expect, with(&token))).await
    {
        return bench.report_at(150_047, entry, Some((&point, &name)), proof);
    }
    for template in NAMES {
        let choice = Choice::of(CONDITIONS, |condition| {
            let name = template.replace("{c}", condition);
            (with(&name), name)
        });
        if let Some((name, proof)) = choice.prove(bench, entry).await {
            return bench.report_at(150_012, entry, Some((&point, &name)), proof);
        }
    }
}
