//! Pages of whole documents as XML over HTTP: the first, and those deep in the result.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::http::{Connection, Request};
use crate::server::{Login, Server};
use crate::stats::Times;

/// Documents on a page.
const LIMIT: u64 = 100;
/// Runs of each page.
const RUNS: usize = 300;
/// Runs before any is measured.
const WARM: usize = 20;

/// The figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pages {
    /// The first page of all.
    pub first: Times,
    /// A page near the end, by its offset.
    pub deep: Times,
    /// A page near the end, by its first id.
    pub deep_by_id: Times,
    /// How many times as long the deep page took, for each of its bytes.
    pub ratio: f64,
    /// Bytes of the first page.
    pub bytes: usize,
    /// Pages all over the result, each once.
    pub anywhere: Times,
}

/// Measures pages of all assets.
///
/// # Errors
/// When the server fails.
pub fn measure(server: &Server, login: &Login, assets: u64) -> Result<Pages> {
    let mut connection = server.connect()?;
    let (first, bytes) = repeat(&mut connection, &page(login, "startFromOffset", 1))?;
    let near_end = assets.saturating_sub(LIMIT * 10).max(1);
    let (deep, deep_bytes) = repeat(&mut connection, &page(login, "startFromOffset", near_end))?;
    let (deep_by_id, _) = repeat(&mut connection, &page(login, "startFromId", near_end))?;
    let mut anywhere = Vec::new();
    for number in 0..RUNS as u64 {
        let offset = number * assets.saturating_sub(LIMIT) / RUNS as u64 + 1;
        anywhere.push(once(&mut connection, &page(login, "startFromOffset", offset))?.0);
    }
    let per_byte = |times: Times, bytes: usize| times.median / bytes as f64;
    Ok(Pages {
        first,
        deep,
        deep_by_id,
        ratio: per_byte(deep, deep_bytes) / per_byte(first, bytes),
        bytes,
        anywhere: Times::of(anywhere),
    })
}

fn page(login: &Login, preference: &str, value: u64) -> Request {
    let xml = format!(
        "<ServiceRequest><preferences><{preference}>{value}</{preference}><limitResults>{LIMIT}</limitResults>\
         </preferences></ServiceRequest>"
    );
    login.call("search/am/hostasset", &xml)
}

fn repeat(connection: &mut Connection, request: &Request) -> Result<(Times, usize)> {
    for _ in 0..WARM {
        once(connection, request)?;
    }
    let mut runs = Vec::with_capacity(RUNS);
    let mut bytes = 0;
    for _ in 0..RUNS {
        let (time, size) = once(connection, request)?;
        runs.push(time);
        bytes = size;
    }
    Ok((Times::of(runs), bytes))
}

fn once(connection: &mut Connection, request: &Request) -> Result<(Duration, usize)> {
    let begun = Instant::now();
    let body = connection.succeed(request)?;
    let time = begun.elapsed();
    let full = format!("<count>{LIMIT}</count>");
    if !String::from_utf8_lossy(body.get(..500).unwrap_or(body)).contains(&full) {
        return Err(Error::Answer(format!("a page is not full: {full} is missing")));
    }
    Ok((time, body.len()))
}
