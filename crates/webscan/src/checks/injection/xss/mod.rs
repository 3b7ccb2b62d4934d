//! Script in the page, out of what the request says.

pub(in crate::checks) mod context;
mod payloads;
mod stored;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::context::{Context, InScript};
use self::payloads::{Survivors, payloads};
use super::facts::{Facts, facts, has};
use super::marks::Marks;
use super::missing::missing;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Body, Response};
use crate::point::{Place, Point};
use crate::proof::executes::{Document, document, executes, host_of_marker};
use crate::proof::policy::nonce_of;
use crate::proof::{Expect, NotProven};

pub(super) use stored::StoredXss;

/// See [`About`].
pub(super) struct ReflectedXss;

static ABOUT: About = About {
    name: "xss-reflected",
    qids: &[150_001, 150_046, 150_084, 150_090, 150_117],
    means: "A part of the request comes back in the page in such a way that a browser takes it for script of the page.",
    matters: "Whoever makes a visitor open a prepared link can act in the application as that visitor: read what they see, \
              send what they could send, and take over their session.",
    remedy: "Encode every value for the place where it is written: text, attribute, script and URL each need their own \
             encoding, which template engines do when their escaping stays on. Allow URLs by scheme. A content security \
             policy without inline script limits what is overlooked.",
    technique: "A harmless word shows where a value comes back; then the letters are tried that would break out there. The \
                answer to the payload is parsed as a browser parses it, and the marker must be code of a script, a handler \
                or a script URL of the document. With the breaking letters left out it must not be.",
    source: "CWE-79; HTML Living Standard 13.2",
};

/// Most payloads for one point.
const MOST: usize = 60;

impl Check for ReflectedXss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        Some(probe(bench, entry, point).boxed())
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(missing_pages(bench).boxed())
    }
}

/// Pages that say that there is no such page often say which.
async fn missing_pages(bench: &Bench<'_>) {
    for (entry, point) in missing(bench).await.iter() {
        probe(bench, entry, point).await;
    }
}

/// Words for kinds of answers that are no pages.
const KINDS: &[&str] = &["json", "jsonp", "xml", "text", "txt", "plain", "csv", "js", "raw"];

/// The same request asking for a page, where another parameter says what kind of answer is wanted.
fn as_page(entry: &Entry, point: &Point) -> Option<Entry> {
    if document(&entry.response).is_some() {
        return None;
    }
    let own = entry.response.media_type();
    let others = entry.request.points().into_iter().filter(|other| other.name != point.name);
    let wanted = |other: Point| {
        let value = other.value.to_ascii_lowercase();
        let kind = if value == own { "text/html" } else { "html" };
        let asks = !value.is_empty() && (value == own || KINDS.contains(&value.as_str()));
        asks.then(|| entry.request.with(&other, kind))
    };
    let request = others.filter_map(wanted).next()?;
    Some(Entry { request, ..entry.clone() })
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    if let Some(page) = as_page(entry, point) {
        probe_once(bench, &page, point).await;
        return;
    }
    let Some(alive) = probe_once(bench, entry, point).await else { return };
    // A filter may look at the first of two values with one name, and the page show the last.
    if alive.is_refused
        && let Some((twice, second)) = doubled(entry, point)
    {
        probe_once(bench, &twice, &second).await;
    }
}

/// The same request with the parameter once more behind all others.
fn doubled(entry: &Entry, point: &Point) -> Option<(Entry, Point)> {
    let mut twice = entry.clone();
    let field = (point.name.clone(), point.value.clone());
    let place = match (&point.place, &mut twice.request.body) {
        (Place::Query(_), _) => {
            let mut fields = twice.request.query();
            fields.push(field);
            twice.request.set_query(&fields);
            Place::Query(fields.len() - 1)
        }
        (Place::Form(_), Body::Form(fields)) => {
            fields.push(field);
            Place::Form(fields.len() - 1)
        }
        _ => return None,
    };
    Some((twice, Point { place, ..point.clone() }))
}

/// Tries what fits; gives what survives of the letters tried where nothing ran.
async fn probe_once(bench: &Bench<'_>, entry: &Entry, point: &Point) -> Option<Survivors> {
    let known = facts(bench, entry, point).await?;
    let kind = known.document.filter(|_| known.echoes)?;
    let Marks { token, number, .. } = Marks::of(entry, point);
    let alive = match kind {
        Document::Html => survivors(bench, entry, point, &known, &token).await?,
        Document::Xml => Survivors::all(),
    };
    let list = match kind {
        Document::Html => payloads(&known.contexts, &alive),
        Document::Xml => payloads::xml(),
    };
    let first = if alive.is_second { TRIED } else { "" };
    // The usual value may have the sign that stands for the marker.
    let around = |payload: &String| {
        format!("{}{first}{}{}", known.prefix, payload.replace('@', &number), known.suffix)
    };
    let mut list: Vec<String> = list.iter().take(MOST).map(around).collect();
    if let (Some(nonce), Document::Html) = (nonce_of(&entry.response), kind) {
        // One that does not change can be known.
        let payload =
            format!("</script></title></textarea>'\"--><script nonce=\"{nonce}\">alert({number})</script>");
        list.insert(0, format!("{}{first}{payload}{}", known.prefix, known.suffix));
    }
    if known.prefix.contains("://") {
        // Only what looks like an address is taken; one that is a script may look like one.
        let loaded = known.contexts.iter().any(|place| matches!(place, Context::Attribute { .. }));
        list.extend(loaded.then(|| format!("https://{}/?{}", host_of_marker(&number), known.prefix)));
        list.push(format!("javascript://x/%0aalert({number})//{}", known.prefix));
    }
    for payload in list {
        match try_payload(bench, entry, point, &payload, &number).await {
            Tried::Nothing => {}
            Tried::Reported | Tried::Over => return None,
        }
    }
    for quote in ['\'', '"'] {
        let place = Context::Script(InScript::Text(quote));
        if known.contexts.contains(&place)
            && !alive.letters.contains([quote, '<'])
            && by_two(bench, entry, point, &place, &number).await
        {
            return None;
        }
    }
    unencoded(bench, entry, point, &known, &token, &alive).await;
    Some(alive)
}

/// What follows a string that the string before was made to swallow the beginning of.
const SECOND: &[&str] = &["-alert(@)//", ";alert(@)//", "-alert(@)}//"];

/// Of two values in strings of a script, the first ends in a backslash, so that its string goes on up to the second.
async fn by_two(bench: &Bench<'_>, entry: &Entry, point: &Point, place: &Context, number: &str) -> bool {
    let others =
        entry.request.points().into_iter().filter(|other| {
            matches!(other.place, Place::Query(_) | Place::Form(_)) && other.name != point.name
        });
    for other in others.take(3) {
        let is_there = facts(bench, entry, &other).await.is_some_and(|known| known.contexts.contains(place));
        for payload in SECOND.iter().filter(|_| is_there) {
            let payload = payload.replace('@', number);
            let with = |first: &str| entry.request.with(point, first).with(&other, payload.as_str());
            let Ok(answer) = bench.send_of(entry, &with("\\")).await else { return false };
            if !executes(&answer, number) {
                continue;
            }
            let replay = entry.replay(with("\\"), Expect::Executes(number.to_owned()), with("x"));
            if let Ok(proof) = bench.prove(replay).await {
                bench.report_at(qid(&other), entry, Some((&other, &payload)), proof);
                return true;
            }
        }
    }
    false
}

enum Tried {
    Nothing,
    Reported,
    Over,
}

async fn try_payload(bench: &Bench<'_>, entry: &Entry, point: &Point, payload: &str, number: &str) -> Tried {
    let attack = entry.request.with(point, payload);
    let Ok(answer) = bench.send_of(entry, &attack).await else { return Tried::Over };
    if !executes(&answer, number) {
        return Tried::Nothing;
    }
    let control = entry.request.with(point, &harmless(payload));
    match bench.prove(entry.replay(attack, Expect::Executes(number.to_owned()), control)).await {
        Ok(proof) => {
            bench.report_at(qid(point), entry, Some((point, payload)), proof);
            Tried::Reported
        }
        // The page keeps what it was given: that is for the check of what is stored.
        Err(NotProven::ControlShows | NotProven::Fault(_)) => Tried::Over,
        Err(NotProven::NotShown) => Tried::Nothing,
    }
}

/// The same without the letters that break out.
pub(super) fn harmless(payload: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() { letter } else { ' ' };
    let words: String = payload.chars().map(plain).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn qid(point: &Point) -> u32 {
    match point.place {
        Place::Header | Place::Cookie => 150_046,
        Place::Path(_) => 150_117,
        Place::Json(_) | Place::Xml(_) => 150_090,
        _ => 150_001,
    }
}

/// Letters between which the token is put, to see which of them come back.
const TRIED: &str = "\"'><";

async fn survivors(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    known: &Facts,
    token: &str,
) -> Option<Survivors> {
    // Twice: a filter may know the first of each letter only.
    let value = format!("{}{token}{TRIED}{token}{TRIED}{token}{}", known.prefix, known.suffix);
    let answer = bench.send_of(entry, &entry.request.with(point, &value)).await.ok()?;
    Some(surviving(&answer, token))
}

fn surviving(answer: &Response, token: &str) -> Survivors {
    let text = answer.text();
    if !has(text, token) {
        // Refused as a whole: a filter that may know some forms and not others.
        return Survivors::refused();
    }
    let lower = text.to_ascii_lowercase();
    let (mut alive, mut later) = (String::new(), String::new());
    let mut is_second = false;
    for (at, _) in lower.match_indices(token) {
        let rest = lower.get(at + token.len()..).unwrap_or_default();
        let rest = rest.get(..rest.floor_char_boundary(60)).unwrap_or_default();
        let between = rest.split(token).next().unwrap_or_default();
        let is_last = between.len() == rest.len();
        if is_last && !rest.starts_with('"') && !rest.starts_with('\\') {
            is_second = false;
            continue;
        }
        let list = if is_second { &mut later } else { &mut alive };
        list.extend(TRIED.chars().filter(|letter| between.contains(*letter)));
        is_second = !(is_second || is_last);
    }
    let is_second = later.chars().any(|letter| !alive.contains(letter));
    Survivors { letters: alive + &later, is_second, is_refused: false }
}

/// Markup comes back as it was put in, though nothing was made to run.
async fn unencoded(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    known: &Facts,
    token: &str,
    alive: &Survivors,
) {
    if !known.contexts.contains(&Context::Text) || !TRIED.chars().all(|letter| alive.letters.contains(letter))
    {
        return;
    }
    let payload = format!("{}{token}{TRIED}{token}{}", known.prefix, known.suffix);
    let attack = entry.request.with(point, &payload);
    let control = entry.request.with(point, &format!("{}{token}{token}{}", known.prefix, known.suffix));
    let expect = Expect::Body(format!("{token}{TRIED}{token}"));
    if let Ok(proof) = bench.prove(entry.replay(attack, expect, control)).await {
        bench.report_at(150_084, entry, Some((point, &payload)), proof);
    }
}

#[cfg(test)]
mod tests;
