//! Directories that show what lies in them.

mod form;

use std::sync::LazyLock;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use regex::Regex;

use self::form::{has_names, listed, plain, shown_only};
use super::places::{NOWHERE, Suspect, ask, content, places};
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
    // As JSON, by programs of many kinds.
    r#"|\[\s*\{[^{}]{0,200}"name"\s*:\s*"[^"]+"[^{}]{0,200}"(?:is_?)?dir(?:ectory)?"\s*:\s*(?:true|false)"#,
    // As XML, by nginx.
    r#"|<list>\s*<(?:file|directory) mtime=""#,
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
        let places = places(bench);
        let mut suspects: Vec<Suspect<'a>> = Vec::new();
        let mut guesses: Vec<(Target, &'a Entry)> = Vec::new();
        for place in &places {
            suspects.push(suspect(place.url.clone(), place.entry));
            if (place.has_files || place.is_plain) && place.is_worth_all() {
                let names = USUAL.iter().map(|name| place.url.at(format!("{}{name}/", place.url.path)));
                let fresh = names.filter(|url| places.iter().all(|place| place.url != *url));
                guesses.extend(fresh.map(|url| (url, place.entry)));
            }
        }
        // A directory whose address has no slash at its end was crawled as a page.
        let crawled = bench.entries.iter().filter(|entry| is_listing(entry));
        suspects.extend(crawled.map(|entry| suspect(entry.request.url.clone(), entry)));
        Some(
            async move {
                ask(bench, suspects).await;
                for place in &places {
                    let request = Request::get(place.url.clone());
                    let known = bench.entries.iter().find(|entry| entry.request == request);
                    by_form(bench, (&place.url, place.entry), known.map(|entry| &*entry.response)).await;
                }
                let at_once = bench.profile.performance.concurrency();
                stream::iter(guesses)
                    .for_each_concurrent(at_once, |(url, entry)| guess(bench, url, entry))
                    .await;
            }
            .boxed(),
        )
    }
}

fn suspect(url: Target, entry: &Entry) -> Suspect<'_> {
    Suspect { qid: 150_023, url, expect: content(LISTING), entry, control: None }
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

/// A directory that may be there: its answer is looked at for both kinds of listings.
async fn guess(bench: &Bench<'_>, url: Target, entry: &Entry) {
    let Ok(response) = bench.send(&Request::get(url.clone())).await else { return };
    if response.status != 200 {
        return;
    }
    ask(bench, vec![suspect(url.clone(), entry)]).await;
    by_form(bench, (&url, entry), Some(&response)).await;
}

/// A listing in a form of its own: nearly all links are names of files beside the page and say just that name, and
/// there is a link upwards, or dates and sizes beside the names.
async fn by_form(bench: &Bench<'_>, (url, entry): (&Target, &Entry), known: Option<&Response>) {
    let request = Request::get(url.clone());
    let is_crawled = bench.entries.iter().any(|entry| entry.request == request);
    let has_none = |response: &Response| !has_names(response.text()) && shown_only(response).is_none();
    if bench.sink.has(&[150_023], &url.path)
        || known.is_some_and(|response| (response.is_html() || is_crawled) && has_none(response))
    {
        return;
    }
    let response = match known {
        Some(response) => response.clone(),
        None => match bench.send(&request).await {
            Ok(response) => response,
            Err(_) => return,
        },
    };
    // What is no page lists files where nothing leads to it, and where a file of those is known to lie.
    let lies = |name: &String| lies_there(bench, url, name);
    let by_names = || {
        let plain = plain(&response).filter(|names| !is_crawled && names.iter().any(lies));
        plain.or_else(|| shown_only(&response).filter(|names| names.iter().any(lies)))
    };
    let Some(signs) = listed(url, &response).or_else(by_names) else { return };
    let mut expect: Vec<Expect> = signs.iter().take(3).cloned().map(Expect::Body).collect();
    expect.push(Expect::Status(vec![200]));
    let nowhere = Request::get(url.at(format!("{}{NOWHERE}/", url.path)));
    if let Ok(proof) = bench.prove(Replay::pair(request.clone(), Expect::All(expect), nowhere)).await {
        bench.report_place(150_023, entry, &request, proof);
    }
}

/// Whether a file of this name was crawled in a directory.
fn lies_there(bench: &Bench<'_>, directory: &Target, name: &str) -> bool {
    let url = directory.at(format!("{}{}", directory.path, encode::percent(name)));
    bench.entries.iter().any(|entry| entry.request.url == url && entry.response.status == 200)
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
mod tests;
