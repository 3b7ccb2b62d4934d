//! Crawling the mazes: how many of the pages are found, and whether any is fetched twice.

use std::path::Path;

use serde_json::Value;

use super::WebscanArgs;
use super::ground::Ground;
use super::scanner::{scan, split};
use crate::error::Result;
use crate::tell::Teller;

/// What came of one maze.
pub(super) struct Crawl {
    pub(super) name: String,
    pub(super) pages: usize,
    pub(super) found: usize,
    /// Pages that were listed more than once under another spelling.
    pub(super) twice: usize,
    /// What was found beyond the pages.
    pub(super) more: usize,
    pub(super) requests: u64,
    pub(super) seconds: f64,
    pub(super) missing: Vec<String>,
}

/// Crawls all mazes.
///
/// # Errors
/// When the scanner can't be run.
pub(super) fn measure(
    ground: &Ground,
    program: &Path,
    arguments: &WebscanArgs,
    teller: &Teller,
) -> Result<Vec<Crawl>> {
    let mut all = Vec::new();
    for maze in &ground.mazes {
        if arguments.no_browser && maze.browser {
            continue;
        }
        teller.now(format!("crawling the maze {}", maze.name));
        let one = scan(program, &[format!("{}/", maze.base), "--discovery".to_owned()])?;
        let list = |name: &str| -> Vec<String> {
            let coverage = one.result.get("coverage").and_then(|coverage| coverage.get(name));
            let texts = coverage.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            texts.map(below).collect()
        };
        let mut have = [list("links"), list("states"), list("sockets")].concat();
        let count = have.len();
        have.sort();
        have.dedup();
        let missing: Vec<String> = maze.pages.iter().filter(|page| !have.contains(page)).cloned().collect();
        all.push(Crawl {
            name: maze.name.clone(),
            pages: maze.pages.len(),
            found: maze.pages.len() - missing.len(),
            twice: count - have.len(),
            more: have.iter().filter(|page| !maze.pages.contains(page)).count(),
            requests: one.result.get("requests").and_then(Value::as_u64).unwrap_or_default(),
            seconds: one.seconds,
            missing,
        });
    }
    Ok(all)
}

/// A URL without a session's id, which makes no page of its own.
fn without_session(url: &str) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let is_session =
        |field: &&str| ["PHPSESSID=", "jsessionid=", "sid="].iter().any(|name| field.starts_with(name));
    let fields: Vec<&str> = query.split('&').filter(|field| !is_session(field)).collect();
    if fields.is_empty() { place.to_owned() } else { format!("{place}?{}", fields.join("&")) }
}

/// A URL without its origin.
fn below(url: &str) -> String {
    let origin = split(url).map_or(0, |(origin, _)| origin.len());
    let url = without_session(url);
    match url.get(origin..) {
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        Some(rest) => format!("/{rest}"),
        None => url.clone(),
    }
}
