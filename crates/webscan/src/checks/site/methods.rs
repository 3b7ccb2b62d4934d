//! Methods that the server says it takes, and TRACE.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check};
use crate::http::{Method, Request};
use crate::proof::{Expect, Replay, Seen};

/// See [`About`].
pub(super) struct Methods;

static ABOUT: About = About {
    name: "methods",
    qids: &[150_021, 990_031],
    means: "Which methods the server says it takes; QID 990031: it answers TRACE with the request itself.",
    matters: "Methods that nobody needs are more to guard; TRACE gives back headers that scripts must not see.",
    remedy: "Switch off what is not needed.",
    technique: "OPTIONS and TRACE at the start of the site; nothing is changed. The answer to TRACE must have the request line and \
                a header of the request, and the answer to GET with that header must not.",
    source: "RFC 9110, 9.3.7 and 9.3.8",
};

impl Check for Methods {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(
            async move {
                let start = bench.client.scope().start();
                let request = Request { method: Method::Options, ..Request::get(start.clone()) };
                let Ok(answer) = bench.send(&request).await else { return };
                let allow = answer.header("allow").or_else(|| answer.header("public"));
                if let Some(allow) = allow.filter(|_| answer.status < 400) {
                    bench.sink.note(150_021, format!("Methods that {start} says it takes: {allow}"));
                }
                trace(bench).await;
            }
            .boxed(),
        )
    }
}

/// A word that comes back.
const WORD: &str = "zq4d1f7e";

async fn trace(bench: &Bench<'_>) {
    let Some(entry) = bench.entries.first() else { return };
    let get = Request::get(bench.client.scope().start().clone()).with_header("X-Redoubt-Trace", WORD);
    let request = Request { method: Method::Trace, ..get.clone() };
    let line = format!(r"(?i)(?:^|\n)TRACE [^\r\n]+\r?\n(?:[^\n]+\n)*x-redoubt-trace: ?{WORD}");
    let expect = Expect::All(vec![Expect::Status(vec![200]), Expect::BodyMatches(line)]);
    let Ok(response) = bench.send(&request).await else { return };
    if expect.find(&Seen { response, ..Seen::default() }).is_none() {
        return;
    }
    if let Ok(proof) = bench.prove(Replay::pair(request.clone(), expect, get)).await {
        bench.report_place(990_031, entry, &request, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[tokio::test]
    async fn what_options_says_is_noted() {
        let address = serve(|asked: &Asked| match asked.method.as_str() {
            "OPTIONS" => Answer::html("").with("Allow", "GET, TRACE"),
            _ => Answer::html("x"),
        })
        .await;
        let request = Request::get(Target::parse(&format!("http://{address}/")).unwrap());
        let (_, notes) = scan_with(&Methods, vec![request], Extras::default()).await;
        assert!(notes[0].1.ends_with("GET, TRACE"), "{notes:?}");
    }

    #[tokio::test]
    async fn a_request_that_comes_back_is_found_and_a_page_that_shows_headers_is_not() {
        for (traces, wanted) in [(Some(true), 1), (Some(false), 0), (None, 0)] {
            let address = serve(move |asked: &Asked| {
                let headers: String = asked.headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
                let whole = format!("{} {} HTTP/1.1\r\n{headers}\r\n", asked.method, asked.path);
                match (asked.method.as_str(), traces) {
                    ("TRACE", Some(true)) => Answer::html(whole).with("Content-Type", "message/http"),
                    ("TRACE", None) => Answer::status(405),
                    // Whatever the method, the page shows one of its own.
                    (_, Some(false)) => Answer::html(whole.replacen(&asked.method, "TRACE", 1)),
                    _ => Answer::html("x"),
                }
            })
            .await;
            let request = Request::get(Target::parse(&format!("http://{address}/")).unwrap());
            let (found, _) = scan_with(&Methods, vec![request], Extras::default()).await;
            assert_eq!(found.iter().filter(|finding| finding.qid == 990_031).count(), wanted, "{traces:?}");
        }
    }
}
