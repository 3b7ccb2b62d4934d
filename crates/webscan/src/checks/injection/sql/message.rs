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
        let is_told = entry.response.status >= 500 || !is_quoted(entry.response.text(), &text);
        is_told.then(|| look(bench, entry, text).boxed())
    }
}

/// Whether a page quotes a message, as one that explains it does.
fn is_quoted(page: &str, message: &str) -> bool {
    let before = page.split(message).next().unwrap_or_default().to_ascii_lowercase();
    ["code", "q", "blockquote", "kbd", "samp"].iter().any(|name| {
        let opened = before.rfind(&format!("<{name}>")).or_else(|| before.rfind(&format!("<{name} ")));
        opened.is_some_and(|at| before.get(at..).is_some_and(|rest| !rest.contains(&format!("</{name}>"))))
    })
}

async fn look(bench: &Bench<'_>, entry: &Entry, text: String) {
    let expect = Expect::BodyMatches(messages::pattern(Family::Sql));
    let steps = entry.steps(entry.request.clone());
    let replay = Replay { steps, expect, control: Control::Without(text), rounds: 1 };
    if let Ok(proof) = bench.prove(replay).await {
        bench.report(150_056, entry, proof);
    }
}
