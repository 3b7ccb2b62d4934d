//! Servers that wait as long as one likes for the rest of a request.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Request, UNFINISHED};
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct SlowHttp;

static ABOUT: About = About {
    name: "slow-http",
    qids: &[150_079, 150_085],
    means: "The server keeps a connection open while the head of a request, or its body, comes in a byte at a time.",
    matters: "One machine can hold all connections of such a server with hardly any traffic, and nobody else is served.",
    remedy: "Limit the time for a request's head and body as a whole, ask for a least rate, and limit connections of one address.",
    technique: "One connection sends a request whose head, and one whose body, does not come to its end, with a few bytes each \
                second. After the profile's time there must be no answer, while a finished request is answered. Only where the \
                profile says for how long (slowHttp).",
    source: "CWE-772; CWE-400; contract/was.md 13.2",
};

impl Check for SlowHttp {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        (bench.profile.slow_http > 0).then(|| try_both(bench).boxed())
    }
}

async fn try_both(bench: &Bench<'_>) {
    let start = Request::get(bench.client.scope().start().clone());
    let first = bench.entries.iter().find(|entry| entry.request == start).or_else(|| bench.entries.first());
    let form = bench.entries.iter().find(|entry| {
        entry.request.method == Method::Post && entry.response.status < 400 && entry.before.is_empty()
    });
    let head = async {
        if let Some(entry) = first {
            try_one(bench, entry, 150_079, "head").await;
        }
    };
    let body = async {
        if let Some(entry) = form {
            try_one(bench, entry, 150_085, "body").await;
        }
    };
    futures_util::future::join(head, body).await;
}

async fn try_one(bench: &Bench<'_>, entry: &Entry, qid: u32, kept_back: &str) {
    let whole = Request { method: entry.request.method, ..Request::get(entry.request.url.clone()) };
    let replay = Replay {
        steps: vec![Step::anonymous(whole.clone().with_header(UNFINISHED, kept_back))],
        expect: Expect::Waits { seconds: bench.profile.slow_http },
        control: Control::Requests(vec![Step::anonymous(whole)]),
        rounds: 1,
    };
    if let Ok(proof) = bench.prove(replay).await {
        bench.report(qid, entry, proof);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::http::Target;
    use crate::profile::Profile;
    use crate::testing::{Extras, scan_with};

    /// A server that reads a head, and a body where one is said to come, for so long.
    async fn serve(patience: Duration) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut text = String::new();
                    let whole = async {
                        let mut part = [0_u8; 512];
                        loop {
                            let count = stream.read(&mut part).await.unwrap_or(0);
                            text += &String::from_utf8_lossy(&part[..count]);
                            let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
                            let wanted = if text.contains("Content-Length: 1000") { 1000 } else { 0 };
                            if count == 0 || body.is_some_and(|body| body >= wanted) {
                                return;
                            }
                        }
                    };
                    // Whoever takes longer is told so.
                    let _ = tokio::time::timeout(patience, whole).await;
                    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Target::parse(&format!("http://{address}/")).unwrap()
    }

    #[tokio::test]
    async fn servers_without_a_limit_are_told() {
        for (patience, wanted) in [(30, vec![150_079, 150_085]), (1, vec![])] {
            let url = serve(Duration::from_secs(patience)).await;
            let post = Request { method: Method::Post, ..Request::get(url.clone()) };
            let profile = Profile { slow_http: 3, ..Profile::default() };
            let extras = Extras { profile, ..Extras::default() };
            let (found, _) = scan_with(&SlowHttp, vec![Request::get(url), post], extras).await;
            let qids: Vec<u32> = found.iter().map(|finding| finding.qid).collect();
            assert_eq!(qids, wanted, "{patience} seconds");
        }
    }
}
