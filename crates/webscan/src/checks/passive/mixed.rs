//! Pages over https that load or send over http.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::text_again;
use super::site_wide::is_page;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Scheme;
use crate::proof::script::{Piece, Script};

/// See [`About`].
pub(super) struct Mixed;

static ABOUT: About = About {
    name: "mixed-content",
    qids: &[990_018],
    means: "A page that came over https loads scripts, styles, frames or pictures over plain http, or sends a form there.",
    matters: "Whoever stands between can change what comes over http: a changed script takes over the whole page, in spite of \
              the lock in the address bar.",
    remedy: "Load everything over https; upgrade-insecure-requests in a Content-Security-Policy helps with old pages.",
    technique: "Elements of the page that load something are looked at; links that are only followed do not count.",
    source: "CWE-319; W3C Mixed Content",
};

/// Elements that load, with the address they load.
static LOADS: Pattern = Pattern::new(
    r#"(?is)<(?:script|iframe|frame|img|audio|video|source|track|embed|input)\b[^>]*?\s(?:src|poster)\s*=\s*["']?\s*http://[^"'\s>]+|<object\b[^>]*?\sdata\s*=\s*["']?\s*http://[^"'\s>]+|<link\b[^>]*?\s(?:rel\s*=\s*["']?[^"'>]*(?:stylesheet|icon|preload)[^>]*?\shref\s*=\s*["']?\s*http://[^"'\s>]+|href\s*=\s*["']?\s*http://[^"'\s>]+["']?[^>]*?\srel\s*=\s*["']?[^"'>]*(?:stylesheet|icon|preload))|url\(\s*["']?http://[^"')\s]+|@import\s+["']http://[^"'\s]+|<(?:img|source)\b[^>]*?\ssrcset\s*=\s*(?:"[^"]*?http://[^"\s]+|'[^']*?http://[^'\s]+)|<form\b[^>]*?\saction\s*=\s*["']?\s*http://[^"'\s>]+|<button\b[^>]*?\sformaction\s*=\s*["']?\s*http://[^"'\s>]+"#,
);
/// What scripts load themselves, or talk to.
static SCRIPT_LOADS: Pattern = Pattern::new(
    r#"(?:\.src\s*=|\bfetch\(|\bimportScripts\(|\bimport\(|\bnew\s+(?:EventSource|Worker|Request)\(|\.open\(\s*["'`][A-Z]{3,7}["'`]\s*,|\.(?:get|post|getJSON|getScript|load|ajax)\(|\bsendBeacon\(|setAttribute\(\s*["']src["']\s*,)\s*["'`]http://[^"'`\s]+|\bnew\s+WebSocket\(\s*["'`]ws://[^"'`\s]+|\bajax\(\s*\{[^{}]{0,200}?\burl\s*:\s*["'`]http://[^"'`\s]+"#,
);
static STYLE_LOADS: Pattern =
    Pattern::new(r#"(?i)url\(\s*["']?http://[^"')\s]+|@import\s+["']http://[^"'\s]+"#);
static SCRIPT: Pattern = Pattern::new(r"(?is)<script\b[^>]*>(.*?)</script");
static REMARK: Pattern = Pattern::new(r"(?s)/\*.*?\*/");
static COMMENT: Pattern = Pattern::new(r"(?s)<!--.*?-->");

impl Check for Mixed {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let over_tls = entry.request.url.origin.scheme == Scheme::Https;
        let is_style = entry.response.status == 200 && entry.response.media_type() == "text/css";
        let is_read =
            is_page(entry) || is_style || (entry.response.status == 200 && entry.response.is_script());
        (over_tls && is_read).then(|| look(bench, entry).boxed())
    }
}

/// The first thing that a page loads over http, comments aside.
fn first_load(html: &str) -> Option<&str> {
    let comments = COMMENT.all(html);
    let is_comment = |at: usize| comments.iter().any(|comment| comment.range().contains(&at));
    let load =
        LOADS.all(html).into_iter().find(|found| !is_comment(found.start())).map(|found| found.as_str());
    let scripts = || SCRIPT.all_captures(html).into_iter().filter_map(|script| script.get(1));
    load.or_else(|| {
        scripts().filter(|script| !is_comment(script.start())).find_map(|script| by_script(script.as_str()))
    })
}

/// The first thing that a script loads over http: not what a comment or a text of it says.
fn by_script(script: &str) -> Option<&str> {
    let read = Script::read(script);
    let is_code = |at: usize| {
        !matches!(
            read.at(at),
            Some(
                Piece::LineComment | Piece::BlockComment | Piece::Text(_) | Piece::Template | Piece::Pattern
            )
        )
    };
    SCRIPT_LOADS.all(script).into_iter().find(|found| is_code(found.start())).map(|found| found.as_str())
}

/// The first thing that a style loads over http, comments aside.
fn by_style(style: &str) -> Option<&str> {
    let comments = REMARK.all(style);
    let is_comment = |at: usize| comments.iter().any(|comment| comment.range().contains(&at));
    STYLE_LOADS.all(style).into_iter().find(|found| !is_comment(found.start())).map(|found| found.as_str())
}

async fn look(bench: &Bench<'_>, entry: &Entry) {
    let policy =
        entry.response.all("content-security-policy").any(|p| p.contains("upgrade-insecure-requests"));
    if policy || entry.response.text().contains("upgrade-insecure-requests") {
        return;
    }
    let text = entry.response.text();
    let load = match entry.response.media_type().as_str() {
        "text/css" => by_style(text),
        _ if entry.response.is_script() => by_script(text),
        _ => first_load(text),
    };
    let Some(load) = load else { return };
    if let Some(proof) = text_again(bench, entry, load).await {
        bench.report(990_018, entry, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_counts_and_what_is_linked_does_not() {
        for html in [
            r#"<script src="http://a.test/x.js"></script>"#,
            "<IMG alt=x src=http://a.test/x.png>",
            r#"<link rel="stylesheet" href="http://a.test/x.css">"#,
            r#"<link href='http://a.test/x.css' rel=stylesheet>"#,
            "<style>b{background:url(http://a.test/b.png)}</style>",
            "<object data='http://a.test/x'></object>",
            "<img srcset='/a.png 1x, http://a.test/b.png 2x'>",
            "<form method=post action=http://a.test/send>",
            "<script>var s = new WebSocket('ws://a.test/live');</script>",
            "<script>fetch(\"http://a.test/api\").then(f)</script>",
            "<style>@import 'http://a.test/x.css';</style>",
        ] {
            assert!(first_load(html).is_some(), "{html}");
        }
        for html in [
            r#"<a href="http://a.test/">x</a>"#,
            r#"<!-- <script src="http://a.test/x.js"></script> -->"#,
            r#"<script src="//a.test/x.js"></script><img src="/http://x">"#,
            r#"<link rel="canonical" href="http://a.test/">"#,
            r#"<svg xmlns="http://www.w3.org/2000/svg"></svg>"#,
            "<script>// fetch('http://a.test/api')\nvar link = 'http://a.test/';</script>",
            "<script>location.href = 'http://a.test/'; new WebSocket('wss://a.test/');</script>",
            "<form action=https://a.test/>",
            "<script>go(); // then x.src = 'http://a.test/x.js'\nvar s = \"x.src = 'http://a.test/'\";</script>",
        ] {
            assert!(first_load(html).is_none(), "{html}");
        }
    }
}
