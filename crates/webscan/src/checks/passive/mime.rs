//! Types that headers say and bodies are not.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Response};

/// See [`About`].
pub(super) struct Mime;

static ABOUT: About = About {
    name: "mime-type",
    qids: &[150_069],
    means: "The Content-Type header says one thing, the body is another.",
    matters: "Browsers that guess may run as script or page what was meant as something else.",
    remedy: "Send the right type, and X-Content-Type-Options: nosniff.",
    technique: "The beginnings of bodies are compared with the types that the headers say.",
    source: "WHATWG MIME Sniffing; contract/was.md 15",
};

/// The type that a body has by its beginning.
fn kind_of(body: &[u8]) -> Option<&'static str> {
    let magic: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n", "image/png"),
        (b"GIF8", "image/gif"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b\x08", "application/gzip"),
    ];
    if let Some((_, kind)) = magic.iter().find(|(begin, _)| body.starts_with(begin)) {
        return Some(kind);
    }
    let begin = body.get(..body.len().min(200)).unwrap_or_default().trim_ascii_start().to_ascii_lowercase();
    if begin.starts_with(b"<!doctype html") || begin.starts_with(b"<html") {
        return Some("text/html");
    }
    let ends = body.trim_ascii_end().last();
    let is_json = matches!((begin.first(), ends), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
        && serde_json::from_slice::<serde_json::Value>(body).is_ok();
    is_json.then_some("application/json")
}

/// Whether a type that is said covers the type that a body has.
fn agrees(said: &str, kind: &str) -> bool {
    match kind {
        "text/html" => said.contains("html") || said.contains("xml") || said == "text/plain",
        "application/json" => said.contains("json") || said.contains("javascript") || said == "text/plain",
        "application/zip" => !said.starts_with("text/") && !said.starts_with("image/"),
        "application/gzip" => !said.starts_with("image/"),
        image if image.starts_with("image/") => {
            said.starts_with("image/") || said == "application/octet-stream"
        }
        other => said == other || said == "application/octet-stream",
    }
}

fn mismatch(response: &Response) -> Option<(String, &'static str)> {
    let said = response.media_type();
    let kind = kind_of(&response.body)?;
    (!said.is_empty() && said != "application/octet-stream" && !agrees(&said, kind)).then_some((said, kind))
}

impl Check for Mime {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let is_answer = entry.request.method == Method::Get && entry.response.status == 200;
        let (said, kind) = mismatch(&entry.response).filter(|_| is_answer)?;
        let line = format!("{} says {said} and is {kind}", entry.request.url);
        Some(async move { bench.sink.note(150_069, line) }.boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_compared_with_what_is_said() {
        let told = |kind: &str, body: &'static str| {
            mismatch(&Response::new(200, &[("Content-Type", kind)], body)).map(|(_, kind)| kind)
        };
        assert_eq!(told("image/png", "<!DOCTYPE html><p>"), Some("text/html"));
        assert_eq!(told("text/html", "{\"a\":1}"), Some("application/json"));
        assert_eq!(told("text/html; charset=utf-8", "GIF89a..."), Some("image/gif"));
        for (kind, body) in
            [("application/json", "{}"), ("text/html", "<html>"), ("text/plain", "{}"), ("text/html", "{x}")]
        {
            assert_eq!(told(kind, body), None, "{kind}");
        }
    }
}
