//! Calls of web services whose names promise more than visitors should have, and those that fail.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct ServiceNames;

static ABOUT: About = About {
    name: "service-calls",
    qids: &[150_088, 150_098],
    means: "A web service has a call with a name such as exec or dump, or answers with an error.",
    matters: "Such calls were often meant for developers or administrators; errors show what was not thought of.",
    remedy: "Take calls off that nobody needs, and ask for a login and a role at the others.",
    technique: "Names in the paths of calls that answer in JSON or XML; their status.",
    source: "contract/was.md 15; CWE-676",
};

static NAME: Pattern = Pattern::new(
    r"(?i)(?:^|[/._-])(?:exec|execute|eval|shell|cmd|command|debug|dump|backup|restore|drop|truncate|sudo|root|internal|phpinfo|heapdump|threaddump|actuator|console|run_?query|raw_?sql|delete_?all|reset_?all)(?:$|[/._?-])",
);

impl Check for ServiceNames {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let kind = entry.response.media_type();
        let is_service = kind.ends_with("json") || (kind.ends_with("xml") && !kind.contains("xhtml"));
        is_service.then(|| async move { note(bench, entry) }.boxed())
    }
}

fn note(bench: &Bench<'_>, entry: &Entry) {
    let (method, url, status) = (entry.request.method, &entry.request.url, entry.response.status);
    if NAME.is_match(&url.path) {
        bench.sink.note(150_088, format!("{method} {url}"));
    }
    if status >= 500 {
        bench.sink.note(150_098, format!("{method} {url} response code: {status}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[tokio::test]
    async fn names_and_errors_of_calls_are_noted() {
        let address = serve(|asked: &Asked| {
            let status = if asked.path.ends_with("broken") { 500 } else { 200 };
            let kind = if asked.path == "/dump" { "text/html" } else { "application/json" };
            Answer(status, vec![("content-type".into(), kind.into())], "{}".into())
        })
        .await;
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let requests = ["/api/exec", "/api/executive", "/api/broken", "/dump"].map(get).to_vec();
        let (_, notes) = scan_with(&ServiceNames, requests, Extras::default()).await;
        let qids: Vec<u32> = notes.iter().map(|(qid, _)| *qid).collect();
        assert_eq!(qids, [150_088, 150_098], "{notes:?}");
    }
}
