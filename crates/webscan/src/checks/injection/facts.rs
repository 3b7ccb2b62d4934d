//! What two cheap requests tell about a point, asked once and shared by all checks: whether its value comes back and
//! where, whether it matters at all, and which errors a value provokes that breaks out of quotes and brackets.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::difference::Gist;
use super::marks::{Marks, hash};
use super::messages::{self, Family};
use super::missing::Missing;
use super::routes;
use super::xss::context::{Context, contexts};
use crate::checks::{Bench, Entry};
use crate::http::{Request, Response};
use crate::point::{Place, Point};
use crate::proof::executes::{Document, document};
use crate::proof::likeness;

/// What is known of a point.
#[derive(Debug, Default)]
pub(in crate::checks) struct Facts {
    /// The status for an unknown plain word.
    pub(super) status: u16,
    /// Whether a plain word comes back in the body.
    pub(super) echoes: bool,
    /// What must stand before a word so that it comes back: nothing, or the usual value.
    pub(super) prefix: String,
    /// What must stand behind a word so that it comes back: nothing, or the usual value.
    pub(super) suffix: String,
    /// Whether it comes back in a header, in its value or its name.
    pub(super) in_header: bool,
    /// Where in the page it comes back.
    pub(in crate::checks) contexts: Vec<Context>,
    /// What a browser takes the answer for.
    pub(super) document: Option<Document>,
    /// Whether a plain word is answered otherwise than the usual value, its echo aside.
    pub(super) matters: bool,
    /// Whether a value that breaks out is answered otherwise than a plain word, its echo aside.
    pub(super) breaks: bool,
    /// Error messages that the value that breaks out provokes, and the plain word does not.
    pub(super) errors: Vec<Family>,
    /// See [`Facts::fails`].
    fails: bool,
    /// See [`Facts::is_route`].
    is_route: bool,
    /// The answer to a plain word, unless it is long.
    plain: Option<Response>,
    token: String,
    /// Whether a check has proven that the value is taken for code: what else would take it for code needs no look.
    settled: AtomicBool,
}

/// Most values within cookies that are tried one by one.
const MOST_INNER: usize = 6;

/// Percent of words that answers of the same code share.
pub(crate) const ALIKE: u8 = 60;
/// Longest answer that is kept.
const KEPT: usize = 64 << 10;

impl Facts {
    /// Whether an answer to something that was put in says the same as that to a plain word: then it had no effect.
    pub(super) fn says_nothing(&self, point: &Point, answer: &Response, put: &str) -> bool {
        let Some(plain) = &self.plain else { return false };
        let own = [put, &point.value, &self.token];
        Gist::of(plain, &own).same_as(&Gist::of(answer, &own))
    }

    /// Whether an answer to something that was put in is known to say something else than that to a plain word.
    pub(super) fn says_else(&self, point: &Point, answer: &Response, put: &str) -> bool {
        self.plain.is_some() && !self.says_nothing(point, answer, put)
    }

    /// Whether neither a plain word nor one that breaks out is answered otherwise than the usual value.
    pub(super) fn is_quiet(&self) -> bool {
        !self.matters && !self.breaks
    }

    /// Whether an answer refuses what a plain word is not refused for, as filters and walls do.
    pub(super) fn refuses(&self, answer: &Response) -> bool {
        answer.status != self.status && (400..500).contains(&answer.status)
    }

    /// Whether the answer to a plain word speaks of it as of a name that is not known.
    pub(super) fn is_unknown_name(&self) -> bool {
        let text = self.plain.as_ref().map_or("", Response::text);
        has(text, &self.token)
            && [
                "column",
                "identifier",
                "field",
                "no such table",
                "relation \"",
                "object name",
                "' doesn't exist",
            ]
            .iter()
            .any(|word| text.to_ascii_lowercase().contains(word))
    }

    /// Notes that the value was proven to be taken for code.
    pub(super) fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }

    /// Whether that was noted.
    pub(super) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// Whether a value that breaks out makes the application fail, with a message or without.
    pub(super) fn fails(&self) -> bool {
        self.fails || !self.errors.is_empty()
    }

    /// Whether the same code seems to answer for two points: alike, and showing the value at the same places.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let without = |facts: &Self| {
            facts.plain.as_ref().map(|plain| plain.text().replace(&facts.token, "")).unwrap_or_default()
        };
        (self.status, self.echoes, &self.contexts) == (other.status, other.echoes, &other.contexts)
            && likeness(&without(self), &without(other)) >= ALIKE
    }

    /// Whether the point is a part of the path that only chooses where a request goes.
    pub(super) fn is_route(&self) -> bool {
        self.is_route
    }
}

type Cell = Arc<OnceCell<Option<Arc<Facts>>>>;

/// What is known so far. Kept with the sink of a scan.
#[derive(Default)]
pub(crate) struct Memo {
    facts: Mutex<HashMap<u64, Cell>>,
    missing: OnceCell<Missing>,
}

impl Memo {
    /// Where it is kept what is missing.
    pub(super) fn missing(&self) -> &OnceCell<Missing> {
        &self.missing
    }
}

/// What breaks out of quotes and brackets of most languages, in front of a word.
const BREAKER: &str = "'\"`)(";
/// What ends a comment of SQL.
const COMMENT: &str = "*/";
/// In GBK the last byte of this letter and the backslash that is put before a quote are one letter, so that the quote is free. Two
/// quotes leave the number of all of them odd, so that none of them ends what another one began.
const DOUBLE: &str = "縗''";

/// A value that breaks out of quotes and brackets; where a filter leaves nothing of these, the backslash escapes what follows.
/// Servers do not read cookies with double quotes or backslashes in them, and some no paths with slashes.
pub(super) fn breaking(point: &Point, before: &str, token: &str) -> String {
    if point.place == Place::Cookie {
        return format!("{before}'`)({token}");
    }
    match point.place.outer() {
        Place::Query(_) | Place::Form(_) | Place::Multipart(_) | Place::Json(_) | Place::Xml(_) => {
            format!("{before}{COMMENT}{BREAKER}{token}\\\"{DOUBLE}")
        }
        _ => format!("{before}{BREAKER}{token}\\\""),
    }
}

/// What is known of a point; none when the target does not answer.
pub(in crate::checks) async fn facts(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<Arc<Facts>> {
    let request = serde_json::to_string(&(&entry.request, point)).unwrap_or_default();
    let cell = bench.sink.memo.facts.lock().entry(hash(&request)).or_default().clone();
    cell.get_or_init(|| async { ask(bench, entry, point).await.map(Arc::new) }).await.clone()
}

async fn ask(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<Facts> {
    let token = Marks::of(entry, point).token;
    let plain = bench.send_of(entry, &entry.request.with(point, &token)).await.ok()?;
    let mut breaker = breaking(point, &point.value, &token);
    let mut answer = bench.send_of(entry, &entry.request.with(point, &breaker)).await;
    if answer.is_err() && !breaker.is_ascii() {
        // What can't write a letter may end the connection: that says nothing of quotes.
        breaker = breaker.replace(DOUBLE, "");
        answer = bench.send_of(entry, &entry.request.with(point, &breaker)).await;
    }
    let is_cut = answer.is_err();
    let broken = answer.unwrap_or_else(|_| plain.clone());
    let usual = Gist::of(&entry.response, &[&point.value, &token]);
    let of_plain = Gist::of(&plain, &[&point.value, &token]);
    let of_broken = Gist::of(&broken, &[&point.value, &breaker]);
    let known = messages::families(plain.text());
    let mut errors: Vec<Family> =
        messages::families(broken.text()).into_iter().filter(|family| !known.contains(family)).collect();
    let in_head = |response| messages::header_with(Family::Sql, response).is_some();
    if errors.is_empty() && in_head(&broken) && !in_head(&plain) {
        errors.push(Family::Sql);
    }
    let plain_echo = has(plain.text(), &token);
    let late_echo = !plain_echo && has(broken.text(), &token);
    // What is only shown with the usual value before or behind it: where it stands, nothing that breaks out may say.
    let (mut prefix, mut suffix, mut with_value) = (String::new(), String::new(), None);
    let is_shown = || entry.response.text().contains(&point.value) && !plain.text().contains(&point.value);
    if late_echo || (!plain_echo && point.value.len() >= 3 && is_shown()) {
        let (first, last) = ((point.value.as_str(), ""), ("", point.value.as_str()));
        for (before, behind) in if late_echo { [first, last] } else { [last, first] } {
            let value = format!("{before}{token}{behind}");
            let answer = bench.send_of(entry, &entry.request.with(point, &value)).await.ok()?;
            if has(answer.text(), &token) {
                (prefix, suffix, with_value) = (before.to_owned(), behind.to_owned(), Some(answer));
                break;
            }
        }
    }
    if late_echo && with_value.is_none() {
        prefix.clone_from(&point.value);
    }
    let shown = with_value.as_ref().unwrap_or(if late_echo { &broken } else { &plain });
    let echoes = plain_echo || late_echo || with_value.is_some();
    let breaks = is_cut || of_plain != of_broken;
    let may_be_route = matches!(point.place, Place::Path(_)) && plain.status == 404;
    let has_effect = echoes || breaks || !errors.is_empty();
    Some(Facts {
        status: plain.status,
        is_route: may_be_route && !has_effect && !routes::is_read(bench, entry, point).await,
        echoes,
        fails: is_cut || (broken.status >= 500 && plain.status < 500),
        in_header: in_header(&plain, &token) || in_header(&broken, &token),
        contexts: if document(shown) == Some(Document::Html) {
            contexts(shown.text(), &token)
        } else {
            Vec::new()
        },
        document: document(shown),
        prefix,
        suffix,
        matters: usual != of_plain,
        breaks,
        errors,
        settled: AtomicBool::new(false),
        plain: (plain.body.len() <= KEPT).then_some(plain),
        token,
    })
}

/// Of points that most applications don't read, such as headers, those that may be worth a test: a request with all of them
/// changed shows their words, or is answered otherwise; then halves of them are asked, until it is known which do it.
pub(crate) async fn worth_a_test(bench: &Bench<'_>, entry: &Entry, points: Vec<Point>) -> Vec<Point> {
    let mut usual = Usual::default();
    let mut kept = vec![false; points.len()];
    // Values within the same cookie can't be changed together: what is read of it would be that of one of them.
    let is_inner = |at: &usize| points.get(*at).is_some_and(|point| matches!(point.place, Place::Within(..)));
    let (inner, all): (Vec<usize>, Vec<usize>) = (0..points.len()).partition(is_inner);
    let mut groups = vec![all];
    if inner.len() <= MOST_INNER {
        groups.extend(inner.into_iter().map(|at| vec![at]));
    } else {
        groups.push(inner);
    }
    groups.retain(|group| !group.is_empty());
    while let Some(mut group) = groups.pop() {
        let those: Vec<&Point> = group.iter().filter_map(|at| points.get(*at)).collect();
        let Some((shown, is_other)) = changed_at_once(bench, entry, &those, &mut usual).await else { break };
        let is_alone = group.len() == 1;
        for (at, shown) in group.iter().zip(&shown) {
            if let Some(keep) = kept.get_mut(*at) {
                *keep = *shown || (is_alone && is_other);
            }
        }
        if is_other && !is_alone {
            group.retain(|at| kept.get(*at) == Some(&false));
            let second = group.split_off(group.len() / 2);
            groups.extend([second, group].into_iter().filter(|half| !half.is_empty()));
        }
    }
    points.into_iter().zip(kept).filter_map(|(point, keep)| keep.then_some(point)).collect()
}

/// Changes all of some points: which of them are shown, and whether the answer is another one. None where nobody answers.
async fn changed_at_once(
    bench: &Bench<'_>,
    entry: &Entry,
    points: &[&Point],
    usual: &mut Usual,
) -> Option<(Vec<bool>, bool)> {
    let tokens: Vec<String> = points.iter().map(|point| Marks::of(entry, point).token).collect();
    let texts: Vec<String> =
        points.iter().zip(&tokens).map(|(point, token)| breaking(point, token, token)).collect();
    let changed = |request: Request, (point, text): (&&Point, &String)| request.with(point, text);
    let all = points.iter().zip(&texts).fold(entry.request.clone(), changed);
    let answer = bench.send_of(entry, &all).await.ok()?;
    let own: Vec<&str> = texts.iter().map(String::as_str).collect();
    let gist = Gist::of(&answer, &own);
    let is_other = !messages::families(answer.text()).is_empty()
        || (gist != Gist::of(&entry.response, &own) && usual.differs(bench, entry, &gist, &own).await);
    let shown = tokens.iter().map(|token| has(answer.text(), token) || in_header(&answer, token)).collect();
    Some((shown, is_other))
}

/// Two usual answers of an entry, asked for when they are wanted: a page that changes by itself says nothing.
#[derive(Default)]
struct Usual(Option<[Response; 2]>);

impl Usual {
    /// Whether an answer is another one than the usual.
    async fn differs(&mut self, bench: &Bench<'_>, entry: &Entry, gist: &Gist, own: &[&str]) -> bool {
        if gist.status() != entry.response.status {
            return true;
        }
        if self.0.is_none() {
            let (first, second) =
                (bench.send_of(entry, &entry.request).await, bench.send_of(entry, &entry.request).await);
            let (Ok(first), Ok(second)) = (first, second) else { return false };
            self.0 = Some([first, second]);
        }
        let Some([first, second]) = &self.0 else { return false };
        let (first, second) = (Gist::of(first, own), Gist::of(second, own));
        first.same_as(&second) && !gist.same_as(&second)
    }
}

fn in_header(response: &Response, token: &str) -> bool {
    response.headers.iter().any(|(name, value)| has(value, token) || has(name, token))
}

/// Whether a text has a token, in whatever case.
pub(super) fn has(text: &str, token: &str) -> bool {
    let (token, text) = (token.as_bytes(), text.as_bytes());
    let Some(first) = token.first() else { return true };
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text)
        .any(|at| text.get(at..at + token.len()).is_some_and(|part| part.eq_ignore_ascii_case(token)))
}
