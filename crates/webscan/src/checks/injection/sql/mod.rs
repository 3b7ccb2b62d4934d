//! Values that become part of an SQL statement.

mod basic;
mod blind;
mod cut;
mod later;
mod message;
mod pair;
mod union;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::facts::{Facts, breaking, facts};
use super::marks::Marks;
use super::messages::{self, Family};
use super::timing;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Response};
use crate::point::{Place, Point};
use crate::proof::Expect;

pub(super) use message::SqlMessage;

/// See [`About`].
pub(super) struct SqlInjection;

static ABOUT: About = About {
    name: "sql-injection",
    qids: &[150_003, 150_012, 150_047, 150_093],
    means: "A value becomes part of the text of an SQL statement, so that the sender of the request can change what the \
            statement does.",
    matters: "All data that the application can reach can be read, and often changed: accounts, passwords, orders. Sign-in can \
              be passed without a password, and some databases run commands of the operating system.",
    remedy: "Send values to the database as parameters of prepared statements, in every query. Names of columns and sort \
             directions can't be parameters: take them from a fixed list.",
    technique: "Signs that end a string provoke the database's own message about a statement that is no longer well-formed, \
                which a plain word does not. Where no message is shown, conditions that are true and conditions that are \
                false, of the same letters, must be answered differently again and again, or another SELECT must add a row \
                with the result of a calculation. Where nothing differs at all, the statement waits, in turns with one that \
                does not.",
    source: "CWE-89",
};

impl Check for SqlInjection {
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

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let work = async move {
            basic::try_entry(bench, entry).await;
            pair::try_entry(bench, entry).await;
            if timing::may_log(entry) {
                timing::unseen(bench, entry, &blind::LOGGED, (ABOUT.qids, 150_012)).await;
            }
        };
        (timing::may_log(entry) || pair::has_pairs(entry) || basic::asks(bench, entry)).then(|| work.boxed())
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let has_forms = bench.entries.iter().any(|entry| entry.request.method == Method::Post);
        has_forms.then(|| later::try_site(bench).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.is_settled() {
        return;
    }
    if known.is_route() {
        if let Some((payload, proof)) = blind::behind_route(bench, entry, (point, &known)).await {
            known.settle();
            bench.report_at(150_012, entry, Some((point, &payload)), proof);
        }
        return;
    }
    let is_quiet = known.is_quiet();
    if by_message(bench, entry, point, &known).await {
        known.settle();
        return;
    }
    if is_quiet && (point.is_name() || matches!(point.place, Place::Header | Place::Cookie)) {
        return;
    }
    let mut found = blind::by_choice(bench, entry, (point, &known)).await;
    if known.is_settled() {
        return;
    }
    if found.is_none()
        && known.breaks
        && let Some((payload, proof)) = union::prove(bench, entry, point).await
    {
        known.settle();
        return bench.report_at(qid(point), entry, Some((point, &payload)), proof);
    }
    if found.is_none()
        && let Some((payload, proof)) = cut::prove(bench, entry, point).await
    {
        known.settle();
        return bench.report_at(qid(point), entry, Some((point, &payload)), proof);
    }
    if found.is_none() {
        found = timing::prove_first(bench, entry, point, &blind::waiting(point, &known)).await;
    }
    if let Some((payload, proof)) = found {
        known.settle();
        bench.report_at(150_012, entry, Some((point, &payload)), proof);
    }
}

async fn by_message(bench: &Bench<'_>, entry: &Entry, point: &Point, known: &Facts) -> bool {
    let token = Marks::of(entry, point).token;
    let mut payloads = Vec::new();
    if known.errors.contains(&Family::Sql) {
        payloads.push(format!("{}'", point.value));
        payloads.push(breaking(point, &point.value, &token));
    } else if known.breaks || known.matters {
        payloads.push(format!("{}'", point.value));
        payloads.push(format!("{}\\", point.value));
    }
    if known.is_unknown_name() {
        // Between quotes, several words would be one name; brackets are the quotes of some databases.
        payloads.push(format!("{} {token} {token}", point.value));
        payloads.push(format!("{}] {token} {token}", point.value));
    } else if blind::is_number(&point.value) && (known.breaks || known.matters) {
        // Where a filter refuses all signs, words are wrong behind a number, too.
        payloads.push(format!("{} {token} {token}", point.value));
    }
    // Many applications carry the message to another page.
    let behind = Entry { follows: true, ..entry.clone() };
    for payload in payloads {
        let attack = entry.request.with(point, &payload);
        let Ok(answer) = bench.send_of(entry, &attack).await else { return false };
        let (entry, expect) = match message_in(&answer) {
            Some(expect) => (entry, expect),
            None if !entry.follows && answer.location().is_some() => {
                let Ok(page) = bench.send_of(&behind, &attack).await else { return false };
                let Some(expect) = message_in(&page) else { continue };
                (&behind, expect)
            }
            None => continue,
        };
        // As long as the payload: what is too long for a column is no statement either.
        let word = token.repeat(1 + payload.len() / token.len().max(1));
        let control = entry.request.with(point, &word);
        if let Ok(proof) =
            bench.prove(entry.replay(attack, expect, control).rounds(messages::rounds(point))).await
        {
            bench.report_at(qid(point), entry, Some((point, &payload)), proof);
            return true;
        }
    }
    false
}

/// The message of a database in an answer: in its text, or in a header.
fn message_in(answer: &Response) -> Option<Expect> {
    let pattern = || messages::pattern(Family::Sql);
    if messages::families(answer.text()).contains(&Family::Sql) {
        return Some(Expect::BodyMatches(pattern()));
    }
    let name = messages::header_with(Family::Sql, answer)?;
    Some(Expect::Header { name: name.to_owned(), regex: pattern() })
}

fn qid(point: &Point) -> u32 {
    match point.place {
        Place::Header | Place::Cookie => 150_047,
        Place::Json(_) | Place::Xml(_) => 150_093,
        _ => 150_003,
    }
}

#[cfg(test)]
mod tests;
