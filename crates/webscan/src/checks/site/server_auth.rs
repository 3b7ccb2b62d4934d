//! Places where the server itself asks who one is.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct ServerAuth;

static ABOUT: About = About {
    name: "server-authentication",
    qids: &[150_035, 150_036, 150_037, 150_038, 150_039, 150_040, 150_116],
    means: "The server asks for a login of HTTP's own: Basic, Digest or NTLM.",
    matters: "What is behind was not tested unless the scan was given a login; Basic sends the password with each request.",
    remedy: "Give the scan a login for it. Offer Basic over TLS only.",
    technique: "Answers with status 401 and the scheme that they name; the scan's own login failed where it was sent there.",
    source: "RFC 9110, 11.6.1; RFC 7617; RFC 7616",
};

impl Check for ServerAuth {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        (entry.response.status == 401).then(|| async move { note(bench, entry) }.boxed())
    }
}

fn note(bench: &Bench<'_>, entry: &Entry) {
    let url = &entry.request.url;
    let sent = bench.session.dress(&entry.request);
    let sent = sent.header("authorization").unwrap_or_default().to_ascii_lowercase();
    for header in entry.response.all("www-authenticate") {
        let scheme = header.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        let (found, failed) = match scheme.as_str() {
            "basic" => (150_035, 150_036),
            "digest" => (150_037, 150_038),
            "ntlm" | "negotiate" => (150_039, 150_040),
            _ => continue,
        };
        bench.sink.note(150_116, url.to_string());
        bench.sink.note(found, format!("{url} {header}"));
        if sent.starts_with(&scheme) {
            bench.sink.note(failed, url.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[tokio::test]
    async fn schemes_are_noted() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/basic" => Answer::status(401).with("WWW-Authenticate", "Basic realm=\"x\""),
            "/bearer" => Answer::status(401).with("WWW-Authenticate", "Bearer"),
            _ => Answer::html("x"),
        })
        .await;
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let wrong = get("/basic").with_header("Authorization", "Basic eA==");
        let all = |requests: Vec<Request>| async move {
            let (_, notes) = scan_with(&ServerAuth, requests, Extras::default()).await;
            notes.into_iter().map(|(qid, _)| qid).collect::<Vec<_>>()
        };
        assert_eq!(all(vec![get("/basic"), get("/bearer"), get("/")]).await, [150_035, 150_116]);
        assert_eq!(all(vec![wrong]).await, [150_035, 150_036, 150_116]);
    }
}
