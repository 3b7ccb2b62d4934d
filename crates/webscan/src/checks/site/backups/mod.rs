//! Copies of files that were left on the server, dumps, archives, and files with settings.

mod names;

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::names::{ARCHIVE, CODE, COPIES, FIRST, NAMED, RARE, SOURCES, THOROUGH, USUAL};
use super::places::{Place, Suspect, ask, content, places};
use super::technology::Technology;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Request};
use crate::proof::Expect;

/// See [`About`].
pub(super) struct Backups;

static ABOUT: About = About {
    name: "backup-files",
    qids: &[990_015],
    means: "The server gives out a copy of one of its own files, an archive, a dump of a database, or a file with settings.",
    matters: "Copies are not run but shown: with the code and the passwords in it. Dumps have everything.",
    remedy: "Delete the file, change what was in it, and keep copies and settings outside of the directory that is served.",
    technique: "Names of crawled files with the endings that editors and people give to copies, and usual names of dumps, \
                archives and settings; the content must be of that kind, and a name that is nowhere must not be answered so.",
    source: "CWE-530, CWE-538",
};

/// Endings of files that are run on a server.
const RUN: &[&str] = &[
    "php", "phtml", "php5", "asp", "aspx", "ashx", "asmx", "jsp", "jspx", "do", "cgi", "pl", "py", "rb",
    "cfm", "inc", "conf",
];
/// Endings of files that are only served.
const SERVED: &[&str] =
    &["html", "htm", "js", "json", "xml", "txt", "csv", "sql", "ini", "yml", "yaml", "config"];

impl Check for Backups {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let mut all: Vec<Suspect<'a>> = Vec::new();
        let mut seen = BTreeSet::new();
        let shown = Technology::shown(bench);
        let gets = bench.entries.iter().filter(|entry| entry.request.method == Method::Get);
        for (n, entry) in gets.take(1_000).enumerate() {
            let forms = if n < THOROUGH { COPIES } else { COPIES.get(..USUAL).unwrap_or_default() };
            all.extend(
                copies_of(entry, forms).into_iter().filter(|suspect| seen.insert(suspect.url.clone())),
            );
        }
        for place in places(bench).iter().filter(|place| place.is_worth_some()) {
            let count = if place.is_worth_all() { NAMED.len() } else { FIRST };
            let made_of = place.made_of(&shown);
            let rare = if place.is_worth_rare(bench) { RARE } else { &[] };
            let names = NAMED.iter().take(count).chain(rare);
            let names = names.filter(|(name, _)| place.may_have(name, &made_of));
            all.extend(named_in(place, names).filter(|suspect| seen.insert(suspect.url.clone())));
        }
        Some(ask(bench, all).boxed())
    }
}

fn copies_of<'a>(entry: &'a Entry, forms: &[&str]) -> Vec<Suspect<'a>> {
    let url = &entry.request.url;
    let file = url.file();
    let Some((stem, ending)) = file.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else {
        return Vec::new();
    };
    let ending_lower = ending.to_ascii_lowercase();
    let is_run = RUN.contains(&ending_lower.as_str());
    if !is_run && !SERVED.contains(&ending_lower.as_str()) {
        return Vec::new();
    }
    // A copy of what is only served tells nothing new unless it differs; a few usual endings are enough.
    let forms = if is_run { forms } else { forms.get(..5).unwrap_or_default() };
    // A map of a script has the code that the script was made of.
    let map: &[&str] = if ending_lower == "js" { &["{}.map"] } else { &[] };
    forms
        .iter()
        .chain(map)
        .map(|form| {
            let name = form.replace("{stem}", stem).replace("{end}", ending).replace("{}", file);
            let is_archive = [".zip", ".gz"].iter().any(|end| name.ends_with(end));
            let expect = if [".swp", ".swo"].iter().any(|end| name.ends_with(end)) {
                content("b0VIM")
            } else if is_archive {
                content(ARCHIVE)
            } else if form.ends_with(".un~") {
                content("^Vim\u{fffd}UnDo")
            } else if form.ends_with(".map") {
                content(SOURCES)
            } else if name.ends_with("phps") {
                // Source code in colours.
                content(r"<code[^>]*>[\s\S]*&lt;\?(?:php|=)|<\?php")
            } else if is_run {
                content(CODE)
            } else {
                let other = Box::new(Request::get(url.clone()));
                let is_page = content(r"(?i)<!doctype html|<html");
                let like = Expect::Like { other, percent: 60 };
                // An error page may be like any page; what is no page is no copy of one.
                if ending_lower.starts_with("htm") { Expect::All(vec![like, is_page]) } else { like }
            };
            let control = url.at(format!("{}{stem}.{ending}.redoubt-nowhere", url.directory()));
            Suspect {
                qid: 990_015,
                url: url.at(format!("{}{name}", url.directory())),
                expect,
                entry,
                control: Some(control),
            }
        })
        .collect()
}

fn named_in<'a>(
    place: &Place<'a>,
    names: impl Iterator<Item = &'static (&'static str, &'static str)>,
) -> impl Iterator<Item = Suspect<'a>> {
    let url = place.url.clone();
    let entry = place.entry;
    let directory = url.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    names.filter_map(move |(name, pattern)| {
        if name.contains("{dir}") && directory.is_empty() {
            return None;
        }
        let name = name.replace("{dir}", &directory).replace("{host}", &url.origin.host);
        // Whoever packs a directory often leaves the archive beside it.
        let url = match name.strip_prefix("../") {
            Some(name) => {
                let above = url.path.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
                url.at(format!("{above}/{name}"))
            }
            None => url.at(format!("{}{name}", url.path)),
        };
        Some(Suspect { qid: 990_015, url, expect: content(pattern), entry, control: None })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let text = |body: &str| Answer(200, vec![("content-type".into(), "text/plain".into())], body.into());
        match asked.path.as_str() {
            "/a/index.php" | "/b/index.php" | "/a/" | "/b/" | "/c/" => Answer::html("<p>Start</p>"),
            "/a/index.php~" => text("<?php $password = 'x'; ?>"),
            "/a/%23index.php%23" => text("<?php $password = 'x'; ?>"),
            "/a/logs/error.log" => text("[Thu Mar 11 17:07:01.123456 2031] [core:error] [pid 7] x\n"),
            "/a/config.json" => text("{\"title\": \"Shop\"}"),
            "/a/.env" => text("APP_ENV=production\nDB_PASSWORD=x\n"),
            "/a/backup.sql" => text("-- MySQL dump 10\nCREATE TABLE `users` (id int);"),
            "/a/backup.zip" => text("PK\u{3}\u{4}..."),
            "/a/page.html" => Answer::html("<!DOCTYPE html><h1>A page of many words here</h1>"),
            "/a/app.js" => text("f()"),
            "/a/app.js.map" => {
                text("{\"sources\":[\"src/a.ts\"],\"sourcesContent\":[\"f()\"],\"version\":3}")
            }
            "/a/lib.js" => text("g()"),
            "/a/lib.js.map" => {
                text("{\"sources\":[\"../node_modules/g/g.js\"],\"sourcesContent\":[\"g()\"]}")
            }
            "/a/page.html.old" => Answer::html("<!DOCTYPE html><h1>A page of many words there</h1>"),
            // An application that answers everything with a page.
            path if path.starts_with("/c/") => Answer::html("<html><p>Start</p>"),
            _ => Answer::status(404),
        }
    }

    #[tokio::test]
    async fn copies_are_found_and_pages_for_everything_are_not() {
        let address = serve(answer).await;
        let found = async |path: &str| {
            let mut found: Vec<String> =
                scan(&Backups, address, path).await.into_iter().map(|f| f.url.path).collect();
            found.sort();
            found
        };
        let usual = ["/a/%23index.php%23", "/a/.env", "/a/backup.sql", "/a/backup.zip", "/a/index.php~"];
        assert_eq!(found("/a/index.php").await, usual);
        let at_root = ["/a/.env", "/a/backup.sql", "/a/backup.zip", "/a/index.php~", "/a/logs/error.log"];
        assert_eq!(found("/a/").await, at_root);
        let beside = ["/a/.env", "/a/backup.sql", "/a/backup.zip", "/a/page.html.old"];
        assert_eq!(found("/a/page.html").await, beside);
        assert!(found("/a/app.js").await.contains(&"/a/app.js.map".to_owned()));
        assert!(!found("/a/lib.js").await.contains(&"/a/lib.js.map".to_owned()));
        assert!(found("/b/index.php").await.is_empty() && found("/c/").await.is_empty());
        assert!(found("/c/page.html").await.is_empty());
    }
}
