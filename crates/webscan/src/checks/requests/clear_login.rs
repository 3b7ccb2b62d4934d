//! Pages behind a login that are sent in the clear.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::alike::ALIKE;
use super::behind::page_behind;
use crate::checks::{About, Bench, Check};
use crate::http::Scheme;
use crate::proof::{Control, Evidence, Expect, Replay, Step};

/// See [`About`].
pub(super) struct ClearLogin;

static ABOUT: About = About {
    name: "login-in-clear",
    qids: &[150_128],
    means: "A page that only users see is served without TLS.",
    matters: "Everybody on the way reads the page and the cookie or password that opens it, and can change both.",
    remedy: "Serve everything over TLS, redirect plain http to it, and set Strict-Transport-Security.",
    technique: "Over plain http, a page that users get and strangers do not.",
    source: "CWE-319",
};

impl Check for ClearLogin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let is_user = !bench.session.secrets.is_empty() || !bench.session.headers.is_empty();
        let is_clear = bench.client.scope().start().origin.scheme == Scheme::Http;
        (is_user && is_clear).then(|| look(bench).boxed())
    }
}

async fn look(bench: &Bench<'_>) {
    let Some(entry) = page_behind(bench).await else { return };
    let replay = Replay {
        steps: vec![Step::new(entry.request.clone())],
        expect: Expect::Like { other: Box::new(entry.request.clone()), percent: ALIKE },
        control: Control::Requests(vec![Step::anonymous(entry.request.clone())]),
        rounds: 1,
    };
    if let Ok(proof) = bench.prove(replay).await {
        let text = format!("{} shows over plain http what strangers don't see.", entry.request.url);
        bench.report(150_128, entry, proof.saying(Evidence::sentence(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;
    use crate::testing::{Answer, Asked, Extras, crawl_and_scan, serve};

    #[tokio::test]
    async fn pages_of_users_over_plain_http_are_told() {
        for (path, count) in [("/account", 1), ("/public", 0)] {
            let address = serve(|asked: &Asked| {
                let is_user = asked.header("x-key") == "1";
                match asked.path.as_str() {
                    "/account" if !is_user => Answer::status(401),
                    path => Answer::html(format!("<p>{path}</p>")),
                }
            })
            .await;
            let session = Session { headers: vec![("X-Key".into(), "1".into())], ..Session::default() };
            let extras = Extras { session, ..Extras::default() };
            let (found, _) = crawl_and_scan(&ClearLogin, address, path, extras).await;
            assert_eq!(found.len(), count, "{path}");
        }
    }
}
