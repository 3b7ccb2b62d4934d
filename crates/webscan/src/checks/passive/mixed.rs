//! Pages over https that load or send over http.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::text_again;
use super::site_wide::is_page;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Scheme;

/// See [`About`].
pub(super) struct Mixed;

static ABOUT: About = About {
    name: "mixed-content",
    qids: &[990_018],
    means: "A page that came over https loads scripts, styles, frames or pictures over plain http.",
    matters: "Whoever stands between can change what comes over http: a changed script takes over the whole page, in spite of \
              the lock in the address bar.",
    remedy: "Load everything over https; upgrade-insecure-requests in a Content-Security-Policy helps with old pages.",
    technique: "Elements of the page that load something are looked at; links that are only followed do not count.",
    source: "CWE-319; W3C Mixed Content",
};

/// Elements that load, with the address they load.
static LOADS: Pattern = Pattern::new(
    r#"(?is)<(?:script|iframe|frame|img|audio|video|source|track|embed|input)\b[^>]*?\s(?:src|poster)\s*=\s*["']?\s*http://[^"'\s>]+|<object\b[^>]*?\sdata\s*=\s*["']?\s*http://[^"'\s>]+|<link\b[^>]*?\s(?:rel\s*=\s*["']?[^"'>]*(?:stylesheet|icon|preload)[^>]*?\shref\s*=\s*["']?\s*http://[^"'\s>]+|href\s*=\s*["']?\s*http://[^"'\s>]+["']?[^>]*?\srel\s*=\s*["']?[^"'>]*(?:stylesheet|icon|preload))|url\(\s*["']?http://[^"')\s]+"#,
);
static COMMENT: Pattern = Pattern::new(r"(?s)<!--.*?-->");

impl Check for Mixed {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let over_tls = entry.request.url.origin.scheme == Scheme::Https;
        (over_tls && is_page(entry)).then(|| look(bench, entry).boxed())
    }
}

/// The first thing that a page loads over http, comments aside.
fn first_load(html: &str) -> Option<&str> {
    let comments = COMMENT.all(html);
    let is_comment = |at: usize| comments.iter().any(|comment| comment.range().contains(&at));
    LOADS.all(html).into_iter().find(|found| !is_comment(found.start())).map(|found| found.as_str())
}

async fn look(bench: &Bench<'_>, entry: &Entry) {
    let policy =
        entry.response.all("content-security-policy").any(|p| p.contains("upgrade-insecure-requests"));
    if policy || entry.response.text().contains("upgrade-insecure-requests") {
        return;
    }
    let Some(load) = first_load(entry.response.text()) else { return };
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
        ] {
            assert!(first_load(html).is_some(), "{html}");
        }
        for html in [
            r#"<a href="http://a.test/">x</a>"#,
            r#"<!-- <script src="http://a.test/x.js"></script> -->"#,
            r#"<script src="//a.test/x.js"></script><img src="/http://x">"#,
            r#"<link rel="canonical" href="http://a.test/">"#,
            r#"<svg xmlns="http://www.w3.org/2000/svg"></svg>"#,
        ] {
            assert!(first_load(html).is_none(), "{html}");
        }
    }
}
