//! Directories that show what lies in them.

use std::sync::LazyLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use regex::Regex;

use super::places::{NOWHERE, Suspect, ask, content, places};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Request, Response, Target, encode};
use crate::proof::{Expect, Replay};

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
    r#"|<(?:ListBucketResult|ListAllMyBucketsResult|ListVersionsResult|EnumerationResults)[\s>]|"kind"\s*:\s*"storage#objects""#,
    r"|(?m)^ Directory of [A-Za-z]:\\|<title>Index of ftp://",
    r"|<title>Listing of /[^<]*</title>",
    // Any heading that names the directory, with a link upwards, whatever that link says.
    r#"|<(?:title|h[1-3])[^>]*>\s*(?:index of|directory listing (?:for|of)|directory of|listing of|contents of|files in)\s+/[^<]*</(?:title|h[1-3])>[\s\S]*?<a\s[^>]*href=["']?\.\./?["'\s>]"#,
    // Go's file server: links and nothing else.
    r#"|^\s*(?:<!doctype html>\s*)?(?:<meta[^>]*>\s*)*<pre>\s*(?:<a href="[^"]+">[^<]+</a>\s*)+</pre>\s*$"#,
    // As JSON, by nginx and Caddy.
    r#"|^\s*\[\s*\{\s*"name"\s*:\s*"[^"]*"\s*,\s*"type"\s*:\s*"(?:file|directory)"\s*,\s*"mtime""#,
    r#"|^\s*\[\s*\{\s*"name"\s*:\s*"[^"]*"\s*,\s*"size"\s*:\s*\d+\s*,\s*"url"\s*:"#,
    // Node's: serve-index, serve, http-server; ASP.NET Core; Caddy; Lighttpd; Jetty; WEBrick; Twisted; h5ai; FTP through a proxy.
    r#"|<ul id="files" class="view-|<title>listing directory |<title>Files within [^<]*</title>|<h1>\s*<i>\s*Index of&nbsp;"#,
    r#"|<h1>Index of <a href="/">|<table id="index" summary="The list of files|<title>h5ai|<div id="(?:pr-)?fallback"|<title>FTP Directory"#,
    r#"|<title>Directory: /|<title>Index of [^<]*</title>[\s\S]*?(?:<pre>|<table|<ul)[\s\S]*?<a\s[^>]*href=["']?(?:\.\./?|/)["'\s>]"#,
    // What `ls -l` says.
    r"|(?m)^(?:<pre>)?\s*(?:total \d+\s+)?[d-](?:[r-][w-][xsStT-]){3}[+.@]?\s+\d+ +\S+ +\S+ +\d+ +\w{3} +\d",
    // What WebDAV says of a directory.
    r"|<(?:\w+:)?multistatus[^>]*>[\s\S]*?<(?:\w+:)?collection\s*/>",
    // Caddy's, of today and before.
    r#"|<div id="summary">\s*<span class="meta-item"><b>\d+</b>|<table aria-describedby="summary">[\s\S]*?class="up""#,
    // Lighttpd's of any title.
    r#"|<div class="list">\s*<table summary="Directory Listing""#,
    r#"|<h2>Index of /[^<]*</h2>[\s\S]*?<th class="n">Name"#,
);

impl Check for Listings {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let suspect =
            |url, entry| Suspect { qid: 150_023, url, expect: content(LISTING), entry, control: None };
        let places = places(bench);
        let mut suspects: Vec<Suspect<'a>> = Vec::new();
        for place in &places {
            suspects.push(suspect(place.url.clone(), place.entry));
            if (place.has_files || place.is_plain) && place.is_worth_all() {
                let guesses = USUAL.iter().map(|name| place.url.at(format!("{}{name}/", place.url.path)));
                let fresh = guesses.filter(|url| places.iter().all(|place| place.url != *url));
                suspects.extend(fresh.map(|url| suspect(url, place.entry)));
            }
        }
        // A directory whose address has no slash at its end was crawled as a page.
        let crawled = bench.entries.iter().filter(|entry| is_listing(entry));
        suspects.extend(crawled.map(|entry| suspect(entry.request.url.clone(), entry)));
        Some(
            async move {
                ask(bench, suspects).await;
                for place in &places {
                    by_form(bench, place).await;
                }
            }
            .boxed(),
        )
    }
}

/// Names of directories that no page need link to.
const USUAL: &[&str] = &[
    "backup",
    "backups",
    "uploads",
    "upload",
    "files",
    "images",
    "static",
    "assets",
    "logs",
    "log",
    "tmp",
    "data",
    "old",
    "includes",
    "private",
    "docs",
    "media",
    "css",
    "js",
    "download",
    "downloads",
];

/// A listing in a form of its own: nearly all links are names of files beside the page and say just that name, and
/// there is a link upwards, or dates and sizes beside the names.
async fn by_form(bench: &Bench<'_>, place: &super::places::Place<'_>) {
    let request = Request::get(place.url.clone());
    let known = bench.entries.iter().find(|entry| entry.request == request);
    if bench.sink.has(&[150_023], &place.url.path)
        || known.is_some_and(|entry| !has_names(entry.response.text()))
    {
        return;
    }
    let response = match known {
        Some(entry) => (*entry.response).clone(),
        None => match bench.send(&request).await {
            Ok(response) => response,
            Err(_) => return,
        },
    };
    let is_named = |name: &String| known.is_none() && lies_there(bench, &place.url, name);
    let (names, before) = match listed(&place.url, &response) {
        Some(names) => (names, ">"),
        // What is no page lists files where nothing leads to it, and where a file of those is known to lie.
        None => match plain(&response).filter(|names| names.iter().any(is_named)) {
            Some(names) => (names, ""),
            None => return,
        },
    };
    let shown = |name: &String| Expect::Body(format!("{before}{name}"));
    let mut expect: Vec<Expect> = names.iter().take(3).map(shown).collect();
    expect.push(Expect::Status(vec![200]));
    let nowhere = Request::get(place.url.at(format!("{}{NOWHERE}/", place.url.path)));
    if let Ok(proof) = bench.prove(Replay::pair(request.clone(), Expect::All(expect), nowhere)).await {
        bench.report_place(150_023, place.entry, &request, proof);
    }
}

/// Whether a file of this name was crawled in a directory.
fn lies_there(bench: &Bench<'_>, directory: &Target, name: &str) -> bool {
    let url = directory.at(format!("{}{}", directory.path, encode::percent(name)));
    bench.entries.iter().any(|entry| entry.request.url == url && entry.response.status == 200)
}

/// The names of files that a text lists line by line, or JSON as texts or as names of objects; none where it says more.
fn plain(response: &Response) -> Option<Vec<String>> {
    static FILE: Pattern = Pattern::new(r"^[\w@() .-]{1,80}\.\w{1,6}$");
    let kind = response.media_type();
    let text = response.text();
    if response.status != 200 || text.len() > 200_000 {
        return None;
    }
    let mut all: Vec<String> = Vec::new();
    if kind.ends_with("json") {
        static NAME: Pattern =
            Pattern::new(r#"(?:"(?:name|file|filename|file_name|path)"\s*:\s*|[\[,]\s*)"([^"]{1,100})""#);
        all.extend(
            NAME.all_captures(text).iter().filter_map(|found| Some(found.get(1)?.as_str().to_owned())),
        );
    } else if kind == "text/plain" {
        all.extend(text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()));
    }
    let files = all.iter().filter(|name| FILE.is_match(name)).count();
    all.truncate(500);
    (files >= 2 && files * 2 >= all.len())
        .then(|| all.into_iter().filter(|name| FILE.is_match(name)).collect())
}

/// Whether a page's heading is the name of its directory.
fn is_headed(url: &Target, text: &str) -> bool {
    static HEADING: Pattern = Pattern::new(r"(?is)<(?:title|h[1-3])[^>]*>(.*?)</(?:title|h[1-3])\s*>");
    let path = url.path.trim_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    HEADING.all_captures(text).iter().take(4).any(|found| {
        let heading = without_tags(found.get(1).map_or("", |part| part.as_str()));
        let heading = heading.trim();
        let said = heading.trim_matches('/');
        // A word alone may be a title like any other; with a slash it is a path.
        !said.is_empty() && heading.contains('/') && (said == path || said == last)
    })
}

/// Names that nobody offers in a list of things to fetch.
static UNMEANT: Pattern =
    Pattern::new(r"(?i)\.(?:sql|bak|old|log|env|swp|key|pem|db|sqlite3?|htpasswd|orig|tmp)$");

/// Whether a text may be a page with names of files.
fn has_names(text: &str) -> bool {
    text.contains("<a") || text.contains("<A")
}

/// The text of a piece of markup.
fn without_tags(markup: &str) -> String {
    let mut text = String::new();
    for piece in markup.split('<') {
        text += piece.split_once('>').map_or(piece, |(_, behind)| behind);
    }
    text
}

/// The names of files that a page lists; none where it is no listing.
fn listed(url: &Target, response: &Response) -> Option<Vec<String>> {
    static LINK: Pattern =
        Pattern::new(r#"(?is)<a\b[^>]*?\bhref\s*=\s*["']?([^"'\s>]*)["']?[^>]*>(.*?)</a\s*>"#);
    static TIME: Pattern = Pattern::new(
        r"(?i)\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d{1,2}-[a-z]{3}-\d{4} \d\d:\d\d|\d{1,2}/\d{1,2}/\d{4},? +\d{1,2}:\d\d",
    );
    static SIZE: Pattern = Pattern::new(r"(?i)(?:^|[\s>])\d[\d.,]*\s*(?:bytes|[kmg]?i?b?)\s*(?:<|$|\s)");
    if response.status != 200 || !response.is_html() || !has_names(response.text()) {
        return None;
    }
    let (mut names, mut others, mut dated, mut has_up) = (Vec::new(), 0, 0, false);
    let text = response.text();
    let links = LINK.all_captures(text);
    for (n, found) in links.iter().take(500).enumerate() {
        let part = |n: usize| found.get(n).map(|part| part.as_str()).unwrap_or_default();
        let end = found.get(0).map_or(0, |whole| whole.end());
        let next = links.get(n + 1).and_then(|next| next.get(0)).map_or(text.len(), |whole| whole.start());
        let behind = text.get(end..next).unwrap_or_default();
        let behind = behind.get(..behind.floor_char_boundary(300)).unwrap_or(behind);
        let href = part(1);
        let shown = without_tags(part(2));
        let shown = shown.trim();
        let name = encode::unpercent(href.strip_prefix("./").unwrap_or(href));
        let name = name.strip_prefix(url.path.as_str()).unwrap_or(&name).trim_end_matches('/');
        let is_above = matches!(href, "../" | ".." | "./.." | "./../")
            || url.join(href).is_some_and(|to| {
                to.path.ends_with('/') && to.path.len() < url.path.len() && url.path.starts_with(&to.path)
            });
        if is_above
            && (shown.starts_with('.')
                || shown.to_ascii_lowercase().contains("parent")
                || shown.to_ascii_lowercase().contains("up"))
        {
            has_up = true;
        } else if !name.is_empty()
            && !name.contains(['/', '#', '?', ':'])
            && shown.trim_end_matches('/') == name
        {
            dated += usize::from(TIME.is_match(behind) && SIZE.is_match(behind));
            names.push(shown.to_owned());
        } else if !href.starts_with('?') {
            others += 1;
        }
    }
    let is_file = |name: &&String| {
        name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && (1..=5).contains(&end.len()))
    };
    let files = names.iter().filter(is_file).count();
    let is_headed = files > 0 && is_headed(url, text);
    let is_listing = files > 0
        && (names.len() >= 2 || is_headed && has_up)
        && others * 4 <= names.len()
        && (has_up
            || is_headed
            || dated >= 2 && dated * 2 >= files
            || names.iter().any(|name| UNMEANT.is_match(name)));
    is_listing.then_some(names)
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
        let json =
            |text: &str| Answer(200, vec![("content-type".into(), "application/json".into())], text.into());
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/apache/" => Answer::html("<title>Index of /apache</title><a href=\"?C=N;O=D\">Name</a> <a href=\"/\">Parent Directory</a>"),
            "/nginx/" => Answer::html("<h1>Index of /nginx/</h1><pre><a href=\"../\">../</a>"),
            "/python/" => Answer::html("<h1>Directory listing for /python/</h1><ul><li><a href=\"a\">a</a>"),
            "/iis/" => Answer::html("<pre><A HREF=\"/\">[To Parent Directory]</A><br>"),
            "/up/" => Answer::html("<h2>Contents of /up/</h2><a href=\"../\">one up</a> <a href=\"b\">b</a>"),
            "/go/" => Answer::html("<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n<a href=\"a.txt\">a.txt</a>\n<a href=\"b/\">b/</a>\n</pre>\n"),
            "/json/" => Answer::html("[\n{ \"name\":\"a\", \"type\":\"file\", \"mtime\":\"Thu, 26 Nov 2026 10:00:00 GMT\", \"size\":5 }\n]"),
            "/dav/" => Answer::html("<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\"><D:response><D:resourcetype><D:collection/></D:resourcetype></D:response></D:multistatus>"),
            "/own/" => Answer::html("<h2>Files</h2><ul><li><a href=\"..\">..</a></li><li><a href=\"a.csv\">a.csv</a></li><li><a href=\"b.txt\">b.txt</a></li></ul>"),
            "/dated/" => Answer::html("<table><tr><td><a href=\"./a.csv\">a.csv</a></td><td>2031-03-11 17:07</td><td>12 KB</td></tr><tr><td><a href=\"./b.txt\">b.txt</a></td><td>2031-03-11 17:08</td><td>1 KB</td></tr></table>"),
            "/ls/" => Answer::html("total 4\n-rw-r--r-- 1 www www 120 Mar 11 17:07 a.csv\n"),
            "/caddy/" => Answer::html("<header><h1><a href=\"/\">/</a>caddy/</h1></header><main><div class=\"meta\"><div id=\"summary\">\n<span class=\"meta-item\"><b>1</b> directory</span>\n</div></div></main>"),
            "/lighty/" => Answer::html("<h2>Files</h2>\n<div class=\"list\">\n<table summary=\"Directory Listing\" cellpadding=\"0\">"),
            "/summary/" => Answer::html("<div id=\"summary\"><b>3</b> files were sold</div><div class=\"list\"><table summary=\"Prices\">"),
            "/manuals/" => Answer::html("<h1>Downloads</h1><a href=\"a.pdf\">a.pdf</a> (2 MB) <a href=\"b.pdf\">b.pdf</a> (1 MB) <a href=\"/\">Home</a>"),
            "/headed/" => Answer::html("<h2>/headed</h2><ul><li><a href=\"/headed/a.csv\">a.csv</a></li><li><a href=\"/headed/b.txt\">b.txt</a></li></ul>"),
            "/unmeant/" => Answer::html("<h2>Files</h2><a href=\"a.csv\">a.csv</a> <a href=\"users.sql\">users.sql</a>"),
            "/told/" => json("{\"files\":[\"x\",\"a.csv\",\"b.sql\"]}"),
            "/other/" => json("{\"files\":[\"a.csv\",\"b.sql\"]}"),
            "/lines/" => Answer(200, vec![("content-type".into(), "text/plain".into())], "ax.x\nb.sql\n".into()),
            "/posts/" => Answer::html("<a href=\"../\">Up</a> <a href=\"first\">First</a> 2031-03-11 17:07 <a href=\"second\">Second</a>"),
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
            ("/own/x", 1),
            ("/dated/x", 1),
            ("/ls/x", 1),
            ("/caddy/x", 1),
            ("/lighty/x", 1),
            ("/headed/x", 1),
            ("/unmeant/x", 1),
            ("/lines/ax.x", 1),
            ("/told/x", 0),
            ("/other/x", 0),
            ("/summary/x", 0),
            ("/manuals/x", 0),
            ("/posts/x", 0),
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
