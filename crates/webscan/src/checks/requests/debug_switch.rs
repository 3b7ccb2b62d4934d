//! Switches of developers in a request, which make a page show how it works inside.
//!
//! What errors and tools look like is known by the checks of `passive`.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

use crate::checks::passive::debugging::tool_in;
use crate::checks::passive::errors::inner_in;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Request};
use crate::proof::Expect;

/// See [`About`].
pub(super) struct DebugSwitch;

static ABOUT: About = About {
    name: "debug-switch",
    qids: &[990_017, 990_025, 150_022],
    means: "A parameter, a header or a cookie that developers use makes this page show a debugger, a profiler, or the state of \
            the server.",
    matters: "Whoever guesses the switch sees queries, settings and sessions of others; consoles run code.",
    remedy: "Leave such switches out of what is published, or ask who is signed in, never only for a word in the request.",
    technique: "Pages are asked for with the usual switches on, all at once; what then has the markup of a known debugger or \
                the variables of a process, and has not without, is asked for again with each alone.",
    source: "CWE-489, CWE-215",
};

/// Fields of the query.
const FIELDS: &[&str] = &[
    "debug",
    "_debug",
    "DEBUG",
    "debug_mode",
    "debugmode",
    "is_debug",
    "dbg",
    "trace",
    "verbose",
    "profile",
    "profiler",
    "profiling",
    "dump",
    "test",
    "dev",
    "diag",
    "diagnostics",
    "show_sql",
    "show_queries",
    "phpinfo",
    "env",
    "XDEBUG_PROFILE",
    "XDEBUG_TRACE",
];
/// What turns them on.
const ON: &[&str] = &["1", "true"];
/// Headers, and what turns them on; the last make us a neighbour of the server.
const HEADERS: &[(&str, &str)] = &[
    ("X-Debug", "1"),
    ("X-Debug-Mode", "1"),
    ("Debug", "1"),
    ("X-Developer", "1"),
    ("X-Profile", "1"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"),
];
/// Cookies.
const COOKIES: &[&str] = &["debug", "DEBUG", "_debug", "debug_mode", "dev", "XDEBUG_PROFILE", "XDEBUG_TRACE"];
/// Most pages that are tried.
const MOST: usize = 2_000;

/// One switch.
#[derive(Clone, Copy)]
enum Switch {
    Field(&'static str, &'static str),
    Header(&'static str, &'static str),
    Cookie(&'static str),
}

impl Switch {
    /// All of them that go together with a value of fields.
    fn all(on: &'static str) -> Vec<Self> {
        let fields = FIELDS.iter().map(move |name| Self::Field(name, on));
        let headers = HEADERS.iter().map(|(name, value)| Self::Header(name, value));
        fields.chain(headers).chain(COOKIES.iter().map(|name| Self::Cookie(name))).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Field(name, _) | Self::Header(name, _) | Self::Cookie(name) => name,
        }
    }

    /// Puts it into a request, where that does not have it already.
    fn put(self, request: &mut Request) {
        match self {
            Self::Field(name, on) => {
                let mut fields = request.query();
                if !fields.iter().any(|(have, _)| have == name) {
                    fields.push((name.to_owned(), on.to_owned()));
                    request.set_query(&fields);
                }
            }
            Self::Header(name, value) if request.header(name).is_none() => request.set_header(name, value),
            Self::Header(..) => {}
            Self::Cookie(name) => {
                if !request.cookies.iter().any(|(have, _)| have == name) {
                    request.cookies.push((name.to_owned(), "1".to_owned()));
                }
            }
        }
    }
}

impl Check for DebugSwitch {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_all(bench).boxed())
    }
}

async fn try_all(bench: &Bench<'_>) {
    let mut seen = BTreeSet::new();
    let is_worth = |entry: &&Entry| {
        let response = &entry.response;
        let is_page = response.is_html() || response.media_type().ends_with("json");
        entry.request.method == Method::Get && is_page && response.status == 200
    };
    let pages = bench.entries.iter().filter(is_worth);
    let pages =
        pages.filter(|entry| seen.insert((entry.request.url.origin.clone(), &entry.request.url.path)));
    let pages: Vec<&Entry> = pages.take(MOST).collect();
    stream::iter(pages)
        .for_each_concurrent(bench.profile.performance.concurrency(), |entry| async move {
            for on in ON {
                if bench.client.cancel().is_cancelled() || try_page(bench, entry, on).await {
                    return;
                }
            }
        })
        .await;
}

/// What an answer shows of its inner life: a tool, or errors and settings.
fn inner(entry: &Entry) -> Option<(u32, Expect)> {
    tool_in(entry).map(|expect| (990_017, expect)).or_else(|| inner_in(&entry.response))
}

/// The same of a page with switches.
async fn shown(bench: &Bench<'_>, entry: &Entry, request: &Request) -> Option<(u32, Expect)> {
    let response = bench.send_of(entry, request).await.ok()?;
    inner(&Entry { response: response.into(), ..entry.clone() })
}

/// Tries a page; true when a switch is reported.
async fn try_page(bench: &Bench<'_>, entry: &Entry, on: &'static str) -> bool {
    if inner(entry).is_some() {
        return false;
    }
    let all = Switch::all(on);
    let mut request = entry.request.clone();
    all.iter().for_each(|switch| switch.put(&mut request));
    if shown(bench, entry, &request).await.is_none() {
        return false;
    }
    for switch in all {
        let mut request = entry.request.clone();
        switch.put(&mut request);
        let Some((qid, expect)) = shown(bench, entry, &request).await else { continue };
        let replay = entry.replay(request, expect, entry.request.clone());
        if let Ok(proof) = bench.prove(replay).await {
            bench.report_named(qid, entry, switch.name(), proof);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn switches_that_open_a_debugger_are_told() {
        let address = serve(|asked: &Asked| {
            let bar = "<p>Hi</p><div id=\"djDebug\" class=\"\"></div>";
            let notes = match asked.path.as_str() {
                "/panel" if asked.field("debug") == "1" => {
                    Some("<div class='debug-panel'>...</div>".to_owned())
                }
                "/settings" if asked.cookie("debug") == "1" => Some("DB_PASSWORD => hunter22".to_owned()),
                "/echo" => Some(format!("debug is {}", asked.field("debug"))),
                _ => None,
            };
            if let Some(notes) = notes {
                return Answer::html(notes);
            }
            let is_on = match asked.path.as_str() {
                "/field" => asked.field("debug") == "1",
                "/word" => asked.field("trace") == "true",
                "/header" => asked.header("x-debug") == "1",
                "/near" => asked.header("x-forwarded-for") == "127.0.0.1",
                "/cookie" => asked.cookie("debug") == "1",
                "/always" => true,
                _ => false,
            };
            Answer::html(if is_on { bar } else { "<p>Hi</p>" })
        })
        .await;
        for (path, name) in [
            ("/field", "debug"),
            ("/word", "trace"),
            ("/header", "X-Debug"),
            ("/near", "X-Forwarded-For"),
            ("/cookie", "debug"),
            ("/panel", "debug"),
            ("/settings", "debug"),
            ("/echo", ""),
            ("/always", ""),
            ("/never", ""),
        ] {
            let found = scan(&DebugSwitch, address, path).await;
            let names: Vec<_> = found.into_iter().filter_map(|finding| finding.parameter).collect();
            assert_eq!(names.concat(), name, "{path}");
        }
    }
}
