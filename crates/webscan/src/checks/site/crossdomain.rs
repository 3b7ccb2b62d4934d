//! crossdomain.xml: whom it lets in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check};
use crate::http::Request;
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct Crossdomain;

static ABOUT: About = About {
    name: "crossdomain",
    qids: &[150_106, 150_107, 150_108, 150_109],
    means: "A policy file lets programs of other sites read this one.",
    matters: "A plug-in program on any site then reads what the visitor sees here. Browsers have no such plug-ins any more, some \
              clients still mind the file.",
    remedy: "Delete crossdomain.xml, or name the few domains that are meant, with secure=\"true\" and single ports.",
    technique: "The file at the root is read; other names there must not be answered so.",
    source: "Adobe cross-domain policy file specification; CWE-942",
};

static POLICY: Pattern = Pattern::new(r"(?i)<cross-domain-policy[\s>]");
const TESTS: &[(u32, &str)] = &[
    (150_107, r#"(?i)<allow-(?:access-from|http-request-headers-from)[^>]*\bdomain\s*=\s*["']\s*\*\s*["']"#),
    (
        150_108,
        r#"(?i)<allow-(?:access-from|http-request-headers-from)[^>]*\bsecure\s*=\s*["']\s*false\s*["']"#,
    ),
    (150_109, r#"(?i)<allow-access-from[^>]*\bto-ports\s*=\s*["']\s*\*\s*["']"#),
];

impl Check for Crossdomain {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

async fn look(bench: &Bench<'_>) {
    let Some(entry) = bench.entries.first() else { return };
    let request = Request::get(entry.request.url.at("/crossdomain.xml"));
    let Ok(answer) = bench.send(&request).await else { return };
    if answer.status != 200 || !POLICY.is_match(answer.text()) {
        return;
    }
    bench.sink.note(150_106, answer.text().chars().take(10_000).collect::<String>());
    for (qid, pattern) in TESTS {
        let control = Request::get(entry.request.url.at("/redoubt-nowhere.xml"));
        let replay = Replay {
            steps: vec![Step::new(request.clone())],
            expect: Expect::BodyMatches((*pattern).to_owned()),
            control: Control::Requests(vec![Step::new(control)]),
            rounds: 1,
        };
        if let Ok(proof) = bench.prove(replay).await {
            bench.report_place(*qid, entry, &request, proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn open_policies_are_told() {
        let open = serve(|asked: &Asked| match asked.path.as_str() {
            "/crossdomain.xml" => Answer::html(
                "<cross-domain-policy><allow-access-from domain=\"*\" secure='false'/></cross-domain-policy>",
            ),
            "/" => Answer::html("x"),
            _ => Answer::status(404),
        })
        .await;
        let qids: Vec<u32> = scan(&Crossdomain, open, "/").await.iter().map(|f| f.qid).collect();
        assert_eq!(qids, [150_107, 150_108]);
        let own = serve(|_| {
            Answer::html("<cross-domain-policy><allow-access-from domain='a.test'/></cross-domain-policy>")
        })
        .await;
        assert!(scan(&Crossdomain, own, "/").await.is_empty());
    }
}
