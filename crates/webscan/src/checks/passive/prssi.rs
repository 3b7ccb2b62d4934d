//! Stylesheets that are found relative to the path, on pages that answer under longer paths as well.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::site_wide::is_page;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Request;
use crate::proof::{Control, Expect, Replay, Step};

/// See [`About`].
pub(super) struct Prssi;

static ABOUT: About = About {
    name: "path-relative-stylesheet",
    qids: &[150_246],
    means: "A page names its stylesheet relative to its own path, and the server gives the same page under longer paths, in a \
            mode where browsers take anything as a stylesheet.",
    matters: "Under such a path the browser loads the page itself as its stylesheet; text of visitors on the page then acts as \
              style, and can read parts of the page.",
    remedy: "Name stylesheets from the root (/css/site.css), answer 404 to paths with something behind the page, begin pages \
             with <!doctype html>, and send X-Content-Type-Options: nosniff.",
    technique: "Something is put behind the page's path; the same relative stylesheet must be there, without a doctype of the \
                standard mode, without nosniff and without <base>; the control asks for a path that does not exist.",
    source: "CWE-20; relative path overwrite (G. Heyes, 2014)",
};

static SHEET: Pattern = Pattern::new(
    r#"(?i)<link\b[^>]*\brel\s*=\s*["']?stylesheet["']?[^>]*\bhref\s*=\s*["']?[a-z0-9_.][^"':>\s]*["'\s>]|<link\b[^>]*\bhref\s*=\s*["']?[a-z0-9_.][^"':>\s]*["']?\s[^>]*\brel\s*=\s*["']?stylesheet"#,
);
static STANDARD: Pattern = Pattern::new(
    r"(?i)^\s*(?:<!--.{0,500}?-->\s*)*<!doctype\s+html\s*>|<base\s[^>]*href|<!doctype[^>]+strict",
);

impl Check for Prssi {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let text = entry.response.text();
        let nosniff = entry.response.header("x-content-type-options").is_some_and(|v| v.contains("nosniff"));
        let suspect = is_page(entry) && !nosniff && !STANDARD.is_match(text) && SHEET.is_match(text);
        (suspect && !entry.request.url.path.ends_with('/')).then(|| probe(bench, entry).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry) {
    let below = |path: String| {
        let mut url = entry.request.url.clone();
        url.path = path;
        Request { url, ..entry.request.clone() }
    };
    let path = &entry.request.url.path;
    let expect = Expect::All(vec![
        Expect::BodyMatches(SHEET.text().to_owned()),
        Expect::Status(vec![200]),
        Expect::Not(Box::new(Expect::BodyMatches(STANDARD.text().to_owned()))),
        Expect::NoHeader { name: "x-content-type-options".into(), regex: "(?i)nosniff".into() },
    ]);
    let control = below(format!("{}redoubt-not-there", entry.request.url.directory()));
    let replay = Replay {
        steps: vec![Step::new(below(format!("{path}/redoubt/redoubt")))],
        expect,
        control: Control::Requests(vec![Step::new(control)]),
        rounds: 1,
    };
    if let Ok(proof) = bench.prove(replay).await {
        bench.report(150_246, entry, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let page = "<html><link rel=stylesheet href='css/site.css'>";
        let path = asked.path.as_str();
        match path {
            _ if path.starts_with("/loose") => Answer::html(page),
            _ if path.starts_with("/doctype") => Answer::html(format!("<!DOCTYPE html>{page}")),
            _ if path.starts_with("/root") => Answer::html("<link rel=stylesheet href='/css/site.css'>"),
            _ if path.starts_with("/sniff") => Answer::html(page).with("X-Content-Type-Options", "nosniff"),
            "/exact" => Answer::html(page),
            _ => Answer::status(404),
        }
    }

    #[tokio::test]
    async fn a_page_under_longer_paths_is_told() {
        let address = serve(answer).await;
        for (path, wanted) in [("/loose", 1), ("/doctype", 0), ("/root", 0), ("/sniff", 0), ("/exact", 0)] {
            assert_eq!(scan(&Prssi, address, path).await.len(), wanted, "{path}");
        }
    }
}
