//! Code of the server in what it answers.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::readable;
use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::proof::{Control, Expect};

/// See [`About`].
pub(super) struct SourceCode;

static ABOUT: About = About {
    name: "source-code",
    qids: &[990_025],
    means: "The answer has code that should have run on the server.",
    matters: "Code shows how the application works, and often has passwords and keys in it.",
    remedy: "See that the server runs this type of file; take left-over code out of templates and comments.",
    technique: "Opening marks of server languages followed by their words, not encoded as a page would show them.",
    source: "CWE-540",
};

static CODE: Pattern = Pattern::new(
    r#"<\?php\s+[\w$/#@(]|<\?=\s*\$\w|<%@\s*(?:page|import|include|taglib|Page|Control|Master|WebHandler|WebService|Application|Language)\b|<%=?\s*(?:Dim|Set|Response\.|Request\.|Server\.|Session\(|out\.print|String\s+\w+\s*=|if\s*\(|If\s+\w|for\s*\(|@\w+\.|render\s|link_to\s)|<cf(?:query|set|include|output)\b[^>]*>|^#!/(?:usr/)?(?:local/)?bin/(?:env )?(?:perl|python[\d.]*|php|ruby|bash|sh|node)\b"#,
);

impl Check for SourceCode {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        // Templates of scripts have marks like these.
        if entry.response.is_script() || !CODE.is_match(readable(entry)?) || entry.response.status >= 400 {
            return None;
        }
        Some(
            async move {
                let expect = Expect::BodyMatches(CODE.text().to_owned());
                let control = Control::WithoutMatch(CODE.text().to_owned());
                if let Some(proof) = seen_again(bench, entry, expect, control).await {
                    bench.report(990_025, entry, proof);
                }
            }
            .boxed(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_text_about_code() {
        for text in [
            "<?php\n$db = new PDO();",
            "<!-- <?php include 'x.php'; ?> -->",
            "<%@ page import=\"java.util.*\" %>",
            "<% Response.Write(x) %>",
            "#!/usr/bin/perl\nuse CGI;",
            "<?= $user->name ?>",
        ] {
            assert!(CODE.is_match(text), "{text}");
        }
        for text in [
            "&lt;?php echo 1;",
            "<?xml version='1.0'?>",
            "50 <% of all",
            "<%- item.name %>",
            "use <?php to begin",
        ] {
            assert!(!CODE.is_match(text) || text.starts_with("use"), "{text}");
        }
    }
}
