//! Lists of answers that are unusual: errors, odd states, zeros in the text, slow ones.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct Lists;

static ABOUT: About = About {
    name: "answer-lists",
    qids: &[150_015, 150_019, 150_042, 150_126, 150_528],
    means: "Which requests were answered with errors, with unusual states, with zeros in the text, or slowly.",
    matters: "Errors point to broken or unguarded code; what takes long is a lever against the site's availability.",
    remedy: "Look through the lists; mend what should not fail, and limit what takes long.",
    technique: "States and times of crawled answers.",
    source: "contract/was.md 13.3, 15; RFC 9110",
};

/// An answer that takes so many milliseconds is slow.
const SLOW: u128 = 2_000;

impl Check for Lists {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        Some(async move { list(bench, entry) }.boxed())
    }
}

fn list(bench: &Bench<'_>, entry: &Entry) {
    let url = entry.request.url.to_string();
    let status = entry.response.status;
    match status {
        500..=599 => bench.sink.note(150_042, url.clone()),
        400..=499 => bench.sink.note(150_528, url.clone()),
        200 | 201 | 204 | 206 | 301..=304 | 307 | 308 => {}
        _ => bench.sink.note(150_019, format!("{url} response code: {status}")),
    }
    let body = &entry.response.body;
    let is_text = entry.response.media_type().starts_with("text/")
        && !body.starts_with(b"\xff\xfe")
        && !body.starts_with(b"\xfe\xff");
    if is_text && memchr::memchr(0, body).is_some() {
        bench.sink.note(150_015, url.clone());
    }
    if entry.response.total.as_millis() >= SLOW {
        let rate = body.len() as u128 * 1_000 / entry.response.total.as_millis().max(1);
        bench.sink.note(150_126, format!("{rate} bytes/sec {url}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[tokio::test]
    async fn unusual_answers_are_listed() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/500" => Answer::status(503),
            "/404" => Answer::status(404),
            "/299" => Answer::status(299),
            "/nul" => Answer::html("a\0b"),
            _ => Answer::html("fine"),
        })
        .await;
        let get = |path: &&str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let paths = ["/500", "/404", "/299", "/nul", "/"];
        let (_, notes) = scan_with(&Lists, paths.iter().map(get).collect(), Extras::default()).await;
        let qids: Vec<u32> = notes.iter().map(|(qid, _)| *qid).collect();
        assert_eq!(qids, [150_015, 150_019, 150_042, 150_528]);
    }
}
