//! What version control keeps, served to everybody.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::places::{Suspect, ask, content, places};
use crate::checks::{About, Bench, Check};

/// See [`About`].
pub(super) struct VersionControl;

static ABOUT: About = About {
    name: "version-control",
    qids: &[990_016],
    means: "The server gives out what a version control system or a file manager keeps beside the files of the site.",
    matters: "The whole source code can be put together from it, with its history and what was ever written into it by mistake: \
              passwords and keys.",
    remedy: "Deploy without .git, .svn, .hg and the like, and have the server refuse names that begin with a dot.",
    technique: "The files with known names are asked for in each directory; their content must be of the right form.",
    source: "CWE-527",
};

/// Name, and what its content is like.
const FILES: &[(&str, &str)] = &[
    (".git/HEAD", r"^(?:ref: refs/[\w./-]+|[0-9a-f]{40})\s*$"),
    (".svn/entries", r"^(?:\d{1,2}\s*\n|<\?xml[^>]*>\s*<wc-entries)"),
    (".hg/requires", r"(?m)\A(?:[a-z0-9-]+\n)*(?:revlogv1|store|dotencode|fncache|share-safe)\b"),
    (".DS_Store", "^\0?\0?\0?\u{1}?Bud1"),
    ("CVS/Entries", r"^(?:D?/[^/\n]+/[^/\n]*/|D\s*$)"),
    (".git/config", r"(?m)\A\s*\[core\]\s*$"),
    (".svn/wc.db", "^SQLite format 3"),
    (".git/index", "^DIRC\0"),
    (".git/logs/HEAD", r"^[0-9a-f]{40} [0-9a-f]{40} [^\n]+ \d{9,} [+-]\d{4}"),
    (".bzr/README", "^This is a Bazaar"),
    (".bzr/branch-format", "^Bazaar"),
    ("_darcs/format", r"^(?:darcs-|hashed)"),
    ("_darcs/prefs/binaries", r"(?i)^# Binary file regexps"),
    ("CVS/Root", r"^(?::(?:pserver|ext|local):|/)[^\s<]+\s*$"),
    ("_FOSSIL_", "^SQLite format 3"),
    (".fslckout", "^SQLite format 3"),
    ("Thumbs.db", "R\0o\0o\0t\0 \0E\0n\0t\0r\0y"),
];
/// How many of them are asked for where a few names must do.
const FIRST: usize = 4;

impl Check for VersionControl {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let mut all = Vec::new();
        for place in places(bench) {
            let count = match () {
                () if place.is_worth_all() => FILES.len(),
                () if place.is_worth_some() => FIRST,
                () => 1,
            };
            let files = FILES.iter().take(count);
            all.extend(files.map(|(name, pattern)| Suspect {
                qid: 990_016,
                url: place.url.at(format!("{}{name}", place.url.path)),
                expect: content(pattern),
                entry: place.entry,
                control: None,
            }));
        }
        Some(ask(bench, all).boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn metadata_is_found_by_its_form() {
        let text = |body: &str| Answer(200, vec![("content-type".into(), "text/plain".into())], body.into());
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/.git/HEAD" => text("ref: refs/heads/main\n"),
            "/a/.svn/entries" => text("10\n\ndir\n"),
            "/b/" | "/a/" | "/" => Answer::html("x"),
            path if path.starts_with("/b/") => Answer::html("ref: refs/heads/main"),
            _ => Answer::status(404),
        })
        .await;
        let mut found = Vec::new();
        for path in ["/", "/a/", "/b/"] {
            found.extend(scan(&VersionControl, address, path).await.into_iter().map(|f| f.url.path));
        }
        found.dedup();
        found.sort();
        found.dedup();
        assert_eq!(found, ["/.git/HEAD", "/a/.svn/entries"]);
    }
}
