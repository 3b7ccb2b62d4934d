//! Sessions whose name stands in the URL.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::hidden_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check};
use crate::proof::Evidence;

/// See [`About`].
pub(super) struct SessionUrl;

static ABOUT: About = About {
    name: "session-in-url",
    qids: &[150_068],
    means: "The site puts the session's identifier into URLs.",
    matters: "URLs are kept in histories, logs and Referer headers, and people send them on: whoever has the URL has the session.",
    remedy: "Keep the session in a cookie alone, and switch URL rewriting off (session.use_trans_sid, tracking-mode COOKIE).",
    technique: "Links, forms and redirects of crawled answers with a session parameter whose value looks random.",
    source: "CWE-598; OWASP Session Management",
};

static LINK: Pattern = Pattern::new(
    r#"(?i)(?:[?&]|&amp;|;)(phpsessid|jsessionid|aspsessionid\w*|sessionid|session_?id|session|sid|sessid|sess_?id|cfid|cftoken|auth_?token|access_?token|s_?id|zenid|osCsid)=([A-Za-z0-9._~%!-]{12,})"#,
);

/// Whether a value looks like one of many: letters and digits mixed, or long enough.
fn is_random(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(char::is_ascii_alphabetic).count();
    (digits >= 3 && letters >= 3) || (value.len() >= 20 && digits >= 2)
}

impl Check for SessionUrl {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

/// Name of the parameter and the text from it on, where a page or redirect has one.
fn found(text: &str) -> Option<(&str, &str)> {
    LINK.all_captures(text).into_iter().find_map(|found| {
        let (name, value) = (found.get(1)?, found.get(2)?);
        is_random(value.as_str())
            .then(|| (name.as_str(), text.get(name.start()..value.end()).unwrap_or_default()))
    })
}

async fn look(bench: &Bench<'_>) {
    let mut told = BTreeSet::new();
    for entry in bench.entries {
        let location = entry.response.location().unwrap_or_default();
        let in_page = entry.page.as_ref().and_then(|_| found(entry.response.text()));
        let Some((name, text)) = in_page.or_else(|| found(location)) else { continue };
        if told.len() >= 20 || !told.insert((name.to_ascii_lowercase(), entry.request.url.path.clone())) {
            continue;
        }
        let sentence = format!("A URL carries the session in its parameter '{name}'.");
        let proof = if in_page.is_some() {
            // Each visit has another value: what counts is its shape.
            any_value(bench, entry, name).await
        } else {
            hidden_again(bench, entry, text, name).await
        };
        if let Some(proof) = proof {
            bench.report_named(150_068, entry, name, proof.saying(Evidence::sentence(sentence)));
        }
    }
}

async fn any_value(
    bench: &Bench<'_>,
    entry: &crate::checks::Entry,
    name: &str,
) -> Option<crate::proof::Proof> {
    use crate::proof::{Control, Expect};
    let pattern = format!("(?:[?&]|&amp;|;){}=[A-Za-z0-9._~%!-]{{12,}}", regex::escape(name));
    let expect = Expect::BodyMatches(pattern.clone());
    super::site_wide::seen_again(bench, entry, expect, Control::WithoutMatch(pattern)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn sessions_in_links_are_told() {
        let address = serve(|asked: &Asked| {
            Answer::html(match asked.path.as_str() {
                "/java" => "<a href='/cart;jsessionid=1A530637289A03B07199A44E8D531427'>cart</a>",
                "/php" => "<a href='/x?a=1&amp;PHPSESSID=k3j9s8d7f6g5h4j3k2l1'>x</a>",
                "/short" => "<a href='/x?sid=12'>x</a>",
                "/word" => "<a href='/x?session=spring-conference'>x</a>",
                _ => "<a href='/x?id=1A530637289A03B07199A44E8D531427'>x</a>",
            })
        })
        .await;
        for (path, wanted) in [("/java", 1), ("/php", 1), ("/short", 0), ("/word", 0), ("/id", 0)] {
            assert_eq!(scan(&SessionUrl, address, path).await.len(), wanted, "{path}");
        }
    }
}
