//! Counting, beside PostgreSQL: the same questions on the same data, in turns. Both must count the same.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use platform::assets::{self, Asset};
use platform::tags::Tag;
use platform::{Call, Caller, Permissions};
use postgres::{Client, Statement};
use serde::Serialize;
use store::{Clock, Id, SystemClock};

use crate::error::{Error, Result};
use crate::ground::Ground;
use crate::postgres as relational;
use crate::questions::{Facts, Question, SCOPE, questions};
use crate::server::{Login, Server};
use crate::stats::{Times, median};
use crate::synthetic::NewTag;
use crate::tell::Teller;

/// How long PostgreSQL is asked one question, and how often at least and at most.
const PATIENCE: Duration = Duration::from_secs(5);
const ROUNDS: std::ops::RangeInclusive<usize> = 15..=300;
/// Runs of ours for each of PostgreSQL's.
const OURS: usize = 10;
/// Runs on each side before any is measured.
const WARM: usize = 3;
/// Runs over HTTP.
const HTTP: usize = 500;

/// One question's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The question.
    pub name: &'static str,
    /// In QQL.
    pub qql: String,
    /// In the SQL that was quickest.
    pub sql: String,
    /// Whether that used both processors.
    pub parallel: bool,
    /// What both counted.
    pub count: u64,
    /// Ours, from the text of the question to the number.
    pub ours: Times,
    /// PostgreSQL's, from the prepared statement to the number.
    pub postgres: Times,
    /// How many times as long PostgreSQL took, by the medians.
    pub ratio: f64,
    /// Ours over HTTP, for questions that Criteria can ask.
    pub http: Option<Times>,
    /// The question in Criteria.
    #[serde(skip)]
    pub criteria: Vec<(&'static str, &'static str, String)>,
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counts {
    /// PostgreSQL's version.
    pub server: String,
    /// By question.
    pub rows: Vec<Row>,
    /// The middle of the ratios.
    pub median_ratio: f64,
    /// The longest of our 99th percentiles, in milliseconds.
    pub worst_p99: f64,
}

/// Compares with the database at an address.
///
/// # Errors
/// When a side fails, or they count differently.
pub fn compare(ground: &Ground, url: &str, teller: &Teller) -> Result<Counts> {
    let mut client = relational::connect(url)?;
    let bar = teller.bar("loading PostgreSQL", ground.synthesizer.assets());
    let loaded =
        relational::fill(&mut client, &ground.synthesizer, &ground.tags, |done| bar.set_position(done))?;
    bar.finish_and_clear();
    let tags = ground.synthesizer.tags().iter().zip(&ground.tags);
    let ids: HashMap<&str, u32> = tags.map(|(tag, id)| (tag.name.as_str(), id.get())).collect();
    let tag = |name: &str| ids.get(name).copied().unwrap_or_default();
    let versions = &loaded.versions;
    let facts = Facts { synthesizer: &ground.synthesizer, tag: &tag, scope: scope(ground), versions };
    let questions = questions(&facts);
    let mut rows = Vec::with_capacity(questions.len());
    for question in &questions {
        teller.now(format!("asking: {}", question.name));
        rows.push(measure(ground, &mut client, question)?);
    }
    let median_ratio = median(rows.iter().map(|row| row.ratio).collect());
    let worst_p99 = rows.iter().map(|row| row.ours.p99).fold(0.0, f64::max);
    Ok(Counts { server: loaded.server, rows, median_ratio, worst_p99 })
}

/// The ids of the tags that a caller with a scope may see.
fn scope(ground: &Ground) -> Vec<u32> {
    let tags = ground.synthesizer.tags();
    let named = |at: usize| tags.get(at).is_some_and(|tag| SCOPE.contains(&tag.name.as_str()));
    let inside = |at: usize| named(at) || tags.get(at).and_then(|tag| tag.parent).is_some_and(named);
    ground.tags.iter().enumerate().filter(|(at, _)| inside(*at)).map(|(_, id)| id.get()).collect()
}

fn call(ground: &Ground, question: &Question) -> Call {
    let named = |(tag, _): &(&NewTag, &Id<Tag>)| SCOPE.contains(&tag.name.as_str());
    let tags = ground.synthesizer.tags().iter().zip(&ground.tags);
    let scope = question.scoped.then(|| tags.filter(named).map(|(_, id)| *id).collect());
    let caller =
        Caller { user: Id::new(1), login: "bench".to_owned(), permissions: Permissions::all(), scope };
    Call { platform: ground.platform.clone(), caller, peer: None, now: SystemClock.now() }
}

/// What a request does: from text to filter to number.
fn count(call: &Call, qql: &str) -> Result<u64> {
    let filter = assets::matching(call, qql)?;
    Ok(call.store().count::<Asset>(&filter))
}

fn timed<R>(work: impl FnOnce() -> Result<R>) -> Result<(R, Duration)> {
    let begun = Instant::now();
    let result = work()?;
    Ok((result, begun.elapsed()))
}

fn measure(ground: &Ground, client: &mut Client, question: &Question) -> Result<Row> {
    let call = call(ground, question);
    let best = quickest(client, question)?;
    relational::set_parallel(client, best.parallel)?;
    let theirs = relational::ask(client, &best.statement)?;
    let ours = count(&call, &question.qql)?;
    if ours != theirs {
        return Err(Error::Different { question: question.name.to_owned(), ours, theirs });
    }
    let (mut here, mut there) = (Vec::new(), Vec::new());
    let until = Instant::now() + PATIENCE;
    while there.len() < *ROUNDS.start() || there.len() < *ROUNDS.end() && Instant::now() < until {
        there.push(timed(|| relational::ask(client, &best.statement))?.1);
        for _ in 0..OURS {
            here.push(timed(|| count(&call, &question.qql))?.1);
        }
    }
    let (ours, postgres) = (Times::of(here), Times::of(there));
    Ok(Row {
        name: question.name,
        qql: question.qql.clone(),
        sql: best.sql,
        parallel: best.parallel,
        count: theirs,
        ratio: postgres.median / ours.median,
        ours,
        postgres,
        http: None,
        criteria: question.criteria.clone(),
    })
}

/// A way to ask PostgreSQL.
struct Way {
    sql: String,
    parallel: bool,
    statement: Statement,
}

/// Tries every way, and keeps the quickest.
fn quickest(client: &mut Client, question: &Question) -> Result<Way> {
    let mut best: Option<(Duration, Way)> = None;
    for sql in &question.sql {
        for parallel in [false, true] {
            let statement = relational::prepare(client, sql, parallel)?;
            let mut shortest = Duration::MAX;
            for _ in 0..WARM {
                shortest = shortest.min(timed(|| relational::ask(client, &statement))?.1);
            }
            if best.as_ref().is_none_or(|(time, _)| shortest < *time) {
                best = Some((shortest, Way { sql: sql.clone(), parallel, statement }));
            }
        }
    }
    best.map(|(_, way)| way)
        .ok_or_else(|| Error::Answer(format!("{}: there is no SQL for it", question.name)))
}

/// Asks the questions that Criteria can say over HTTP, one after another on one connection.
///
/// # Errors
/// When the server fails or counts differently.
pub fn over_http(counts: &mut Counts, server: &Server, login: &Login) -> Result<()> {
    let mut connection = server.connect()?;
    for row in counts.rows.iter_mut().filter(|row| !row.criteria.is_empty()) {
        let request = login.call("count/am/hostasset", &filters(&row.criteria));
        let wanted = format!("<count>{}</count>", row.count);
        let mut runs = Vec::with_capacity(HTTP);
        for _ in 0..HTTP {
            let begun = Instant::now();
            let body = connection.succeed(&request)?;
            runs.push(begun.elapsed());
            let body = String::from_utf8_lossy(body);
            if !body.contains(&wanted) {
                return Err(Error::Answer(format!("{}: {body} lacks {wanted}", row.name)));
            }
        }
        row.http = Some(Times::of(runs));
    }
    Ok(())
}

/// A request that filters by criteria.
pub(super) fn filters(criteria: &[(&str, &str, String)]) -> String {
    let one = |(field, operator, value): &(&str, &str, String)| {
        let value = escaped(value);
        format!("<Criteria field=\"{field}\" operator=\"{operator}\">{value}</Criteria>")
    };
    let all: String = criteria.iter().map(one).collect();
    format!("<ServiceRequest><filters>{all}</filters></ServiceRequest>")
}

/// Text as XML holds it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
