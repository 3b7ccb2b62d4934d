//! Forms that take far more than they need.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check};
use crate::http::{Body, Method};

/// See [`About`].
pub(super) struct LargeBodies;

static ABOUT: About = About {
    name: "large-bodies",
    qids: &[150_086],
    means: "A form takes a body of more than 64 KB, though its fields need a fraction of that.",
    matters: "Large bodies cost memory and time; many of them at once are an easy way to wear a server out.",
    remedy: "Limit the size of bodies for each address to what its forms need.",
    technique: "One body of 66,000 bytes, in a field that the form does not have, for a few forms.",
    source: "CWE-770; contract/was.md 13.3",
};

const SIZE: usize = 66_000;
/// Forms that are tried.
const MOST: usize = 3;

impl Check for LargeBodies {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_forms(bench).boxed())
    }
}

async fn try_forms(bench: &Bench<'_>) {
    let mut seen = BTreeSet::new();
    let forms = bench.entries.iter().filter(|entry| {
        entry.request.method == Method::Post
            && matches!(entry.request.body, Body::Form(_))
            && entry.response.status < 400
    });
    for entry in forms.filter(|entry| seen.insert(entry.request.url.path.clone())).take(MOST) {
        let mut large = entry.request.clone();
        if let Body::Form(fields) = &mut large.body {
            fields.push(("rdbt".to_owned(), "a".repeat(SIZE)));
        }
        if bench.send_of(entry, &large).await.is_ok_and(|answer| answer.status == entry.response.status) {
            let url = &entry.request.url;
            bench.sink.note(150_086, format!("{url} accepted a request body of more than 64 KB."));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[tokio::test]
    async fn forms_without_a_limit_are_noted() {
        let address = serve(|asked: &Asked| {
            let is_long = asked.body.len() > 10_000;
            if is_long && asked.path == "/limited" { Answer::status(413) } else { Answer::html("ok") }
        })
        .await;
        let post = |path: &str| {
            let url = Target::parse(&format!("http://{address}{path}")).unwrap();
            Request::post(url, vec![("a".to_owned(), "1".to_owned())])
        };
        let (_, notes) =
            scan_with(&LargeBodies, vec![post("/limited"), post("/open")], Extras::default()).await;
        assert_eq!(notes.len(), 1);
        assert!(notes[0].1.contains("/open accepted"), "{notes:?}");
    }
}
