//! Something in front of the application that turns tests away.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check};
use crate::http::{Fault, Request};

/// See [`About`].
pub(super) struct Blocked;

static ABOUT: About = About {
    name: "blocked",
    qids: &[150_097],
    means: "Requests that look like attacks are turned away before they reach the application.",
    matters: "What the scan did not find may be there all the same: a firewall hides weaknesses and does not mend them.",
    remedy: "Let the scanner's address through, or scan behind the firewall.",
    technique: "The first page is asked for with a query that every firewall knows, and with a plain one of the same length.",
    source: "contract/was.md 15",
};

const LOUD: &str = "rdbt=%27%20OR%201%3D1--%20%3Cscript%3Ealert(1)%3C%2Fscript%3E..%2F..%2Fetc%2Fpasswd";
static WORDS: Pattern = Pattern::new(
    r"(?i)request (?:has been )?(?:blocked|rejected|denied)|the requested url was rejected|attention required! \| cloudflare|incapsula incident|access denied.{0,200}reference #|mod_security|sucuri website firewall|web application firewall",
);

impl Check for Blocked {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_it(bench).boxed())
    }
}

async fn try_it(bench: &Bench<'_>) {
    let ask = async |query: String| {
        let mut request = Request::get(bench.client.scope().start().clone());
        request.url.query = Some(query);
        bench.send(&request).await
    };
    let plain = ask(format!("rdbt={}", "a".repeat(LOUD.len() - 5))).await;
    let Ok(plain) = plain else { return };
    if plain.status >= 400 {
        return;
    }
    let url = bench.client.scope().start();
    match ask(LOUD.to_owned()).await {
        Ok(answer) if matches!(answer.status, 403 | 406 | 418 | 429 | 501 | 503) => {
            bench.sink.note(
                150_097,
                format!("{url}: a query that looks like an attack is answered with {}", answer.status),
            );
        }
        Ok(answer) if WORDS.is_match(answer.text()) && !WORDS.is_match(plain.text()) => {
            bench
                .sink
                .note(150_097, format!("{url}: a query that looks like an attack is answered by a firewall"));
        }
        Err(Fault::Broken(_)) => {
            bench
                .sink
                .note(150_097, format!("{url}: the connection ends at a query that looks like an attack"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[tokio::test]
    async fn firewalls_are_noted() {
        for (is_guarded, count) in [(true, 1), (false, 0)] {
            let address = serve(move |asked: &Asked| {
                let is_loud = asked.field("rdbt").contains("<script>");
                if is_guarded && is_loud { Answer::status(403) } else { Answer::html("Home") }
            })
            .await;
            let request = Request::get(Target::parse(&format!("http://{address}/")).unwrap());
            let (_, notes) = scan_with(&Blocked, vec![request], Extras::default()).await;
            assert_eq!(notes.len(), count, "{notes:?}");
        }
    }
}
