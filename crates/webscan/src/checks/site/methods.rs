//! Methods that the server says it takes, and TRACE.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check};
use crate::http::{Method, Request};

/// See [`About`].
pub(super) struct Methods;

static ABOUT: About = About {
    name: "methods",
    qids: &[150_021],
    means: "Which methods the server says it takes.",
    matters: "Methods that nobody needs are more to guard; TRACE gives back headers that scripts must not see.",
    remedy: "Switch off what is not needed.",
    technique: "OPTIONS at the start of the site; nothing is changed.",
    source: "RFC 9110, 9.3.7",
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
            }
            .boxed(),
        )
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
}
