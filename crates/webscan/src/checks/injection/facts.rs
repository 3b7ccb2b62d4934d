//! What two cheap requests tell about a point, asked once and shared by all checks: whether its value comes back and
//! where, whether it matters at all, and which errors a value provokes that breaks out of quotes and brackets.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::difference::Gist;
use super::marks::{Marks, hash};
use super::messages::{self, Family};
use super::xss::context::{Context, contexts};
use crate::checks::{Bench, Entry};
use crate::http::Response;
use crate::point::{Place, Point};
use crate::proof::executes::{Document, document};

/// What is known of a point.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The status for an unknown plain word.
    pub(super) status: u16,
    /// Whether a plain word comes back in the body.
    pub(super) echoes: bool,
    /// What must stand before a word so that it comes back: nothing, or the usual value.
    pub(super) prefix: String,
    /// Whether it comes back in the value of a header.
    pub(super) in_header: bool,
    /// Where in the page it comes back.
    pub(super) contexts: Vec<Context>,
    /// What a browser takes the answer for.
    pub(super) document: Option<Document>,
    /// Whether a plain word is answered otherwise than the usual value, its echo aside.
    pub(super) matters: bool,
    /// Whether a value that breaks out is answered otherwise than a plain word, its echo aside.
    pub(super) breaks: bool,
    /// Error messages that the value that breaks out provokes, and the plain word does not.
    pub(super) errors: Vec<Family>,
}

impl Facts {
    /// Whether the point is a part of the path that only chooses where a request goes.
    pub(super) fn is_route(&self, point: &Point) -> bool {
        matches!(point.place, Place::Path(_)) && self.status == 404 && !self.echoes && self.errors.is_empty()
    }
}

type Cell = Arc<OnceCell<Option<Arc<Facts>>>>;

/// What is known so far. Kept with the sink of a scan.
#[derive(Default)]
pub(crate) struct Memo(Mutex<HashMap<u64, Cell>>);

/// What breaks out of quotes and brackets of most languages.
pub(super) const BREAKER: &str = "'\")(";

/// What is known of a point; none when the target does not answer.
pub(super) async fn facts(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<Arc<Facts>> {
    let request = serde_json::to_string(&(&entry.request, point)).unwrap_or_default();
    let cell = bench.sink.memo.0.lock().entry(hash(&request)).or_default().clone();
    cell.get_or_init(|| async { ask(bench, entry, point).await.map(Arc::new) }).await.clone()
}

async fn ask(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<Facts> {
    let token = Marks::of(entry, point).token;
    let plain = bench.send_of(entry, &entry.request.with(point, &token)).await.ok()?;
    let breaker = format!("{}{BREAKER}{token}", point.value);
    let broken = bench.send_of(entry, &entry.request.with(point, &breaker)).await.ok()?;
    let usual = Gist::of(&entry.response, &[&point.value, &token]);
    let of_plain = Gist::of(&plain, &[&point.value, &token]);
    let of_broken = Gist::of(&broken, &[&point.value, &breaker]);
    let known = messages::families(plain.text());
    let errors =
        messages::families(broken.text()).into_iter().filter(|family| !known.contains(family)).collect();
    let plain_echo = has(plain.text(), &token);
    let late_echo = !plain_echo && has(broken.text(), &token);
    let shown = if late_echo { &broken } else { &plain };
    Some(Facts {
        status: plain.status,
        echoes: plain_echo || late_echo,
        prefix: if late_echo { point.value.clone() } else { String::new() },
        in_header: in_header(&plain, &token) || in_header(&broken, &token),
        contexts: if document(shown) == Some(Document::Html) {
            contexts(shown.text(), &token)
        } else {
            Vec::new()
        },
        document: document(shown),
        matters: usual != of_plain,
        breaks: of_plain != of_broken,
        errors,
    })
}

fn in_header(response: &Response, token: &str) -> bool {
    response.headers.iter().any(|(_, value)| has(value, token))
}

/// Whether a text has a token, in whatever case.
pub(super) fn has(text: &str, token: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), token.as_bytes()).is_some()
        || memchr::memmem::find(text.as_bytes(), token.to_ascii_uppercase().as_bytes()).is_some()
}
