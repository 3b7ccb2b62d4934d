//! Copies of files that were left on the server, dumps, archives, and files with settings.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::places::{Place, Suspect, ask, content, places};
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

/// Code of a server, as it stands in a file.
const CODE: &str = r#"<\?php\b|<\?=|<%@?|(?m)^#!/|^(?:import|from) [\w.]+|^package [\w.]+;|^(?:const|var|let) \w+ = require\(|^require ['"]|^using [\w.]+;|^(?:class|def|function|public class) \w+"#;
const ARCHIVE: &str = "^(?:PK\u{3}\u{4}|\u{1f}\u{fffd}\u{8}|\u{1f}\u{8b}\u{8}|Rar!|7z\u{fffd}\u{fffd}|BZh[1-9]|\u{fffd}7zXZ)|^.{257}ustar";
const DUMP: &str = r"(?i)^-- (?:MySQL|MariaDB|PostgreSQL|phpMyAdmin|Dump|SQL)|CREATE TABLE [`\x22\[\w]|INSERT INTO [`\x22\[\w]|^PGDMP|^SQLite format 3";

/// What is put behind or around a file's name; `{}` is the name, `{stem}` the name without its ending.
const COPIES: &[&str] = &[
    "{}.bak",
    "{}~",
    "{}.old",
    "{}.orig",
    "{}.save",
    "{}.copy",
    "{}.swp",
    ".{}.swp",
    "{}.txt",
    "{}.1",
    "{}_bak",
    "{stem}.bak",
    "{stem}.old",
    "{stem}.inc",
];

/// Usual names, with what their content is like.
const NAMED: &[(&str, &str)] = &[
    (
        ".env",
        r"(?m)^(?:export )?[A-Z][A-Z0-9_]{2,60}=[^\n]*\n(?:[^\n]*\n)*?(?:export )?[A-Z][A-Z0-9_]{2,60}=",
    ),
    (".env.local", r"(?m)^[A-Z][A-Z0-9_]{2,60}=[^\n]*\n(?:[^\n]*\n)*?[A-Z][A-Z0-9_]{2,60}="),
    (".env.bak", r"(?m)^[A-Z][A-Z0-9_]{2,60}=[^\n]*\n(?:[^\n]*\n)*?[A-Z][A-Z0-9_]{2,60}="),
    (".htpasswd", r"(?m)\A[\w.@-]{1,64}:(?:\$apr1\$|\$2[aby]\$|\{SHA\}|\$[56]\$|[./0-9A-Za-z]{13}$)"),
    (".htaccess", r"(?im)^\s*(?:RewriteEngine|AuthType|AuthUserFile|Deny from|Require |Options |<IfModule)"),
    ("web.config", r"(?i)<configuration[\s>]"),
    ("id_rsa", "-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    (".ssh/id_rsa", "-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    (".idea/workspace.xml", r"<project\b"),
    (".vscode/settings.json", r#"^\s*\{\s*""#),
    (".npmrc", r"(?m)^(?:registry=|//[^\n]*_authToken=|_auth=)"),
    (".git-credentials", r"(?m)^https?://[^:@/\s]+:[^@/\s]+@[\w.-]+"),
    (".netrc", r"(?m)^\s*machine\s+\S+[\s\S]*?\bpassword\s+\S+"),
    (".pgpass", r"(?m)^[\w.*-]+:(?:\d+|\*):[^:\n]+:[^:\n]+:[^\n]+$"),
    (".my.cnf", r"(?mi)^\s*\[(?:client|mysql)\][\s\S]*?^\s*password\s*="),
    ("web.config.bak", r"(?i)<configuration[\s>]"),
    ("server.key", "-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    ("private.key", "-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    ("terraform.tfstate", r#""terraform_version"\s*:"#),
    ("storage/logs/laravel.log", r"(?m)^\[\d{4}-\d\d-\d\d[^\]]*\] \w+\.(?:ERROR|INFO|DEBUG|WARNING)"),
    ("error_log", r"(?m)^\[\d\d-\w{3}-\d{4} [^\]]*\] PHP |^\[[^\]]+\] \[(?:\w+:)?error\]"),
    (".dockerenv", r"^[A-Z_]+="),
    (".aws/credentials", r"aws_access_key_id"),
    ("composer.lock", r#""packages"\s*:\s*\["#),
    ("config.php.bak", r"<\?php"),
    ("config.php.old", r"<\?php"),
    ("config.php~", r"<\?php"),
    ("config.inc.php.bak", r"<\?php"),
    ("wp-config.php.bak", r"<\?php"),
    ("wp-config.php~", r"<\?php"),
    ("wp-config.php.old", r"<\?php"),
    ("index.php.bak", r"<\?php"),
    ("index.php~", r"<\?php"),
    ("index.php.old", r"<\?php"),
    (".index.php.swp", "b0VIM"),
    ("settings.py.bak", r"(?m)^(?:SECRET_KEY|DATABASES|DEBUG)\s*="),
    ("application.properties", r"(?m)^(?:spring|server|jdbc)\.[\w.-]+\s*="),
    ("application.yml", r"(?m)^(?:spring|server):"),
    ("appsettings.json", r#""ConnectionStrings"\s*:"#),
    ("database.yml", r"(?m)^(?:production|development):\s*\n\s+adapter:"),
    ("config/database.yml", r"(?m)^(?:production|development):\s*\n"),
    ("docker-compose.yml", r"(?m)^services:"),
    ("backup.sql", DUMP),
    ("dump.sql", DUMP),
    ("database.sql", DUMP),
    ("db.sql", DUMP),
    ("db.sqlite3", "^SQLite format 3"),
    ("database.sqlite", "^SQLite format 3"),
    ("data.sql", DUMP),
    ("backup.zip", ARCHIVE),
    ("backup.tar.gz", ARCHIVE),
    ("backup.tgz", ARCHIVE),
    ("site.zip", ARCHIVE),
    ("www.zip", ARCHIVE),
    ("html.zip", ARCHIVE),
    ("archive.zip", ARCHIVE),
    ("{dir}.zip", ARCHIVE),
    ("{dir}.tar.gz", ARCHIVE),
    ("{host}.zip", ARCHIVE),
];

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
        for entry in bench.entries.iter().filter(|entry| entry.request.method == Method::Get).take(1_000) {
            all.extend(copies_of(entry).into_iter().filter(|suspect| seen.insert(suspect.url.clone())));
        }
        for place in places(bench).iter().filter(|place| place.is_root) {
            let names = if place.is_worth_all() { NAMED } else { NAMED.get(..1).unwrap_or_default() };
            all.extend(named_in(place, names).filter(|suspect| seen.insert(suspect.url.clone())));
        }
        Some(ask(bench, all).boxed())
    }
}

fn copies_of(entry: &Entry) -> Vec<Suspect<'_>> {
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
    let forms = if is_run { COPIES } else { COPIES.get(..3).unwrap_or_default() };
    forms
        .iter()
        .map(|form| {
            let name = form.replace("{stem}", stem).replace("{}", file);
            let expect = if name.ends_with(".swp") {
                content("b0VIM")
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
    names: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = Suspect<'a>> {
    let url = place.url.clone();
    let entry = place.entry;
    let directory = url.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    names.iter().filter_map(move |(name, pattern)| {
        if name.contains("{dir}") && directory.is_empty() {
            return None;
        }
        let name = name.replace("{dir}", &directory).replace("{host}", &url.origin.host);
        let url = url.at(format!("{}{name}", url.path));
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
            "/a/.env" => text("APP_ENV=production\nDB_PASSWORD=x\n"),
            "/a/backup.sql" => text("-- MySQL dump 10\nCREATE TABLE `users` (id int);"),
            "/a/backup.zip" => text("PK\u{3}\u{4}..."),
            "/a/page.html" => Answer::html("<!DOCTYPE html><h1>A page of many words here</h1>"),
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
        assert_eq!(found("/a/index.php").await, ["/a/index.php~"]);
        assert_eq!(found("/a/").await, ["/a/.env", "/a/backup.sql", "/a/backup.zip", "/a/index.php~"]);
        assert_eq!(found("/a/page.html").await, ["/a/page.html.old"]);
        assert!(found("/b/index.php").await.is_empty() && found("/c/").await.is_empty());
        assert!(found("/c/page.html").await.is_empty());
    }
}
