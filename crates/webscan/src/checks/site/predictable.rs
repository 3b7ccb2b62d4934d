//! Directories and pages that no link leads to, under names that everybody guesses.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};

use super::places::{NOWHERE, Place, places};
use crate::checks::{About, Bench, Check};
use crate::http::Request;
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct Predictable;

static ABOUT: About = About {
    name: "predictable-resources",
    qids: &[150_004],
    means: "A page or directory that no link leads to is there under a name that is easily guessed.",
    matters: "What is not linked was often not meant for everybody: administration, tests, copies.",
    remedy: "Ask for a login, let only known addresses in, or take it off the server.",
    technique: "A short list of names is asked for at the root of the application. A name that is nowhere in the same directory \
                must be answered otherwise, and the page must not be the one that everybody gets.",
    source: "CWE-425; contract/was.md 15",
};

const NAMES: &[&str] = &[
    "admin/",
    "admin",
    "administrator/",
    "backup/",
    "backups/",
    "old/",
    "test/",
    "tests/",
    "tmp/",
    "temp/",
    "logs/",
    "log/",
    "private/",
    "internal/",
    "secret/",
    "config/",
    "conf/",
    "dev/",
    "staging/",
    "uploads/",
    "upload/",
    "install/",
    "setup/",
    "cgi-bin/",
    "db/",
    "sql/",
    "dump/",
    "hidden/",
    "management/",
    "panel/",
    "error_log",
    "access.log",
    "error.log",
    "debug.log",
];

impl Check for Predictable {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

async fn look(bench: &Bench<'_>) {
    let start = bench.client.scope().start();
    let is_start = |place: &Place<'_>| place.url.path == "/" || place.url.path == start.directory();
    for place in places(bench).into_iter().filter(is_start) {
        let place = &place;
        let at_once = bench.profile.performance.concurrency();
        stream::iter(NAMES).for_each_concurrent(at_once, |name| ask(bench, place, name)).await;
    }
}

async fn ask(bench: &Bench<'_>, place: &Place<'_>, name: &str) {
    let url = place.url.at(format!("{}{name}", place.url.path));
    // What is linked is no secret.
    let is_linked = bench.entries.iter().any(|entry| entry.request.url.path.starts_with(&url.path));
    if is_linked || bench.client.cancel().is_cancelled() {
        return;
    }
    let request = Request::get(url.clone());
    let Ok(answer) = bench.send(&request).await else { return };
    let wants_login =
        answer.text().contains("type=\"password\"") || answer.text().contains("type='password'");
    if answer.status != 200 || answer.body.is_empty() || wants_login {
        return;
    }
    let slash = if name.ends_with('/') { "/" } else { "" };
    let nowhere = Request::get(place.url.at(format!("{}{NOWHERE}{slash}", place.url.path)));
    let like =
        |other: &Request| Expect::Not(Box::new(Expect::Like { other: Box::new(other.clone()), percent: 70 }));
    let replay = Replay {
        steps: vec![Step::new(request.clone())],
        expect: Expect::All(vec![Expect::Status(vec![200]), like(&nowhere), like(&place.entry.request)]),
        control: Control::Requests(vec![Step::new(nowhere.clone())]),
        rounds: 1,
    };
    if let Ok(proof) = bench.prove(replay).await {
        bench.report_place(150_004, place.entry, &request, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn guessed_names_are_compared_with_nowhere() {
        let strict = serve(|asked: &Asked| match asked.path.as_str() {
            "/" => Answer::html("home"),
            "/backup/" => Answer::html("old things"),
            "/admin/" => Answer::html("<input type=\"password\">"),
            _ => Answer::status(404),
        })
        .await;
        let found = scan(&Predictable, strict, "/").await;
        assert_eq!(found.iter().map(|f| f.url.path.as_str()).collect::<Vec<_>>(), ["/backup/"]);
        let soft = serve(|asked: &Asked| {
            Answer::html(format!("sorry, there is no page {} here for you today", asked.path.len()))
        })
        .await;
        assert!(scan(&Predictable, soft, "/").await.is_empty());
    }
}
