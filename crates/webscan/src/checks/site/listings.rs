//! Directories that show what lies in them.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::places::{Suspect, ask, content, places};
use crate::checks::{About, Bench, Check};

/// See [`About`].
pub(super) struct Listings;

static ABOUT: About = About {
    name: "directory-listing",
    qids: &[150_023],
    means: "The server shows which files lie in a directory.",
    matters: "Everyone finds files that no page links to: copies, uploads, logs, half-finished pages.",
    remedy: "Switch listings off (Options -Indexes, autoindex off, directoryBrowse enabled=false).",
    technique: "Each directory of the site is asked for; the answer must have the form of a known server's listing.",
    source: "CWE-548",
};

const LISTING: &str = concat!(
    r#"(?i)<(?:title|h1)[^>]*>\s*Index of /[^<]*</(?:title|h1)>[\s\S]*?<a\s[^>]*href="[^"]*"[^>]*>\s*(?:Parent Directory|\.\./?|Name)\s*</a>"#,
    r#"|<h1>Directory listing for /[^<]*</h1>[\s\S]*?<li><a href="#,
    r"|\[To Parent Directory\]</a>",
    r"|<title>Directory Listing For [^<]*</title>",
    r"|<title>Directory: /[^<]*</title>",
    r#"|<(?:h1|title)>listing directory /[^<]*"#,
    r#"|<h1>Folder listing|<table id="?filelist|class="directory-listing"#,
    r"|<ListBucketResult[\s>]|<EnumerationResults[\s>]",
    r"|<title>Listing of /[^<]*</title>",
    r#"|<h2>Index of /[^<]*</h2>[\s\S]*?<th class="n">Name"#,
);

impl Check for Listings {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let suspect = |place: super::places::Place<'a>| Suspect {
            qid: 150_023,
            url: place.url,
            expect: content(LISTING),
            entry: place.entry,
            control: None,
        };
        Some(ask(bench, places(bench).into_iter().map(suspect).collect()).boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn listings_of_servers_are_known() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/apache/" => Answer::html("<title>Index of /apache</title><a href=\"?C=N;O=D\">Name</a> <a href=\"/\">Parent Directory</a>"),
            "/nginx/" => Answer::html("<h1>Index of /nginx/</h1><pre><a href=\"../\">../</a>"),
            "/python/" => Answer::html("<h1>Directory listing for /python/</h1><ul><li><a href=\"a\">a</a>"),
            "/iis/" => Answer::html("<pre><A HREF=\"/\">[To Parent Directory]</A><br>"),
            "/text/" => Answer::html("<h1>Why is there Index of /?</h1>Parent Directory"),
            "/refused/" => Answer::status(403),
            path if path.ends_with('x') => Answer::html("a file"),
            _ => Answer::status(404),
        })
        .await;
        for (path, wanted) in [
            ("/apache/x", 1),
            ("/nginx/x", 1),
            ("/python/x", 1),
            ("/iis/x", 1),
            ("/text/x", 0),
            ("/refused/x", 0),
        ] {
            assert_eq!(scan(&Listings, address, path).await.len(), wanted, "{path}");
        }
    }
}
