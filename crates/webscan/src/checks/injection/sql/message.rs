//! Messages of a database in a page that nothing was put into.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::injection::messages::{self, Family};
use crate::checks::{About, Bench, Check, Entry};
use crate::proof::{Control, Expect, Replay};

/// See [`About`].
pub(in crate::checks::injection) struct SqlMessage;

static ABOUT: About = About {
    name: "sql-message",
    qids: &[150_056],
    means: "A page shows a message of the database about a faulty statement, though nothing unusual was sent.",
    matters: "The message tells which database there is and parts of the statement, which helps to attack it; and the page \
              does not do what it should.",
    remedy: "Mend the statement. Show visitors a plain page for errors and write the message to a log.",
    technique: "Answers to ordinary requests are searched for the messages of the common databases.",
    source: "CWE-209",
};

impl Check for SqlMessage {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let text = messages::find(Family::Sql, entry.response.text())?;
        Some(look(bench, entry, text).boxed())
    }
}

async fn look(bench: &Bench<'_>, entry: &Entry, text: String) {
    let expect = Expect::BodyMatches(messages::pattern(Family::Sql));
    let steps = entry.steps(entry.request.clone());
    let replay = Replay { steps, expect, control: Control::Without(text), rounds: 1 };
    if let Ok(proof) = bench.prove(replay).await {
        bench.report(150_056, entry, proof);
    }
}
