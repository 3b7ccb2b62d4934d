//! Directories that show what lies in them.

use std::sync::LazyLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use regex::Regex;

use super::places::{Suspect, ask, content, places};
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Method;

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
    // Any heading that names the directory, with a link upwards, whatever that link says.
    r#"|<(?:title|h[1-3])[^>]*>\s*(?:index of|directory listing (?:for|of)|directory of|listing of|contents of|files in)\s+/[^<]*</(?:title|h[1-3])>[\s\S]*?<a\s[^>]*href=["']?\.\./?["'\s>]"#,
    // Go's file server: links and nothing else.
    r#"|^\s*(?:<!doctype html>\s*)?(?:<meta[^>]*>\s*)*<pre>\s*(?:<a href="[^"]+">[^<]+</a>\s*)+</pre>\s*$"#,
    // As JSON, by nginx and Caddy.
    r#"|^\s*\[\s*\{\s*"name"\s*:\s*"[^"]*"\s*,\s*"type"\s*:\s*"(?:file|directory)"\s*,\s*"mtime""#,
    r#"|^\s*\[\s*\{\s*"name"\s*:\s*"[^"]*"\s*,\s*"size"\s*:\s*\d+\s*,\s*"url"\s*:"#,
    // What WebDAV says of a directory.
    r"|<(?:\w+:)?multistatus[^>]*>[\s\S]*?<(?:\w+:)?collection\s*/>",
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
        let mut suspects: Vec<Suspect<'a>> = places(bench).into_iter().map(suspect).collect();
        // A directory whose address has no slash at its end was crawled as a page.
        suspects.extend(bench.entries.iter().filter(|entry| is_listing(entry)).map(|entry| Suspect {
            qid: 150_023,
            url: entry.request.url.clone(),
            expect: content(LISTING),
            entry,
            control: None,
        }));
        Some(ask(bench, suspects).boxed())
    }
}

/// Whether a page that was crawled is a listing, at an address that is not one of a directory.
fn is_listing(entry: &Entry) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(LISTING).ok());
    let request = &entry.request;
    request.method == Method::Get
        && entry.response.status == 200
        && !request.url.path.ends_with('/')
        && FORM.as_ref().is_some_and(|form| form.is_match(entry.response.text()))
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
            "/up/" => Answer::html("<h2>Contents of /up/</h2><a href=\"../\">one up</a> <a href=\"b\">b</a>"),
            "/go/" => Answer::html("<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n<a href=\"a.txt\">a.txt</a>\n<a href=\"b/\">b/</a>\n</pre>\n"),
            "/json/" => Answer::html("[\n{ \"name\":\"a\", \"type\":\"file\", \"mtime\":\"Thu, 26 Nov 2026 10:00:00 GMT\", \"size\":5 }\n]"),
            "/dav/" => Answer::html("<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\"><D:response><D:resourcetype><D:collection/></D:resourcetype></D:response></D:multistatus>"),
            "/plain/files" => Answer::html("<title>Index of /plain/files</title><a href=\"../\">../</a>"),
            "/index/" => Answer::html("<h1>Index of products</h1><a href=\"../\">Home</a> <a href=\"a\">a</a>"),
            "/links/" => Answer::html("<p>See</p><pre><a href=\"a\">a</a></pre>"),
            "/names/" => Answer::html("[{\"name\":\"Ann\",\"type\":\"user\",\"mtime\":1}]"),
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
            ("/up/x", 1),
            ("/go/x", 1),
            ("/json/x", 1),
            ("/dav/x", 1),
            ("/plain/files", 1),
            ("/index/x", 0),
            ("/links/x", 0),
            ("/names/x", 0),
            ("/text/x", 0),
            ("/refused/x", 0),
        ] {
            assert_eq!(scan(&Listings, address, path).await.len(), wanted, "{path}");
        }
    }
}
