//! New dynamic tags over all assets: how long the call takes that creates one.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::counts::escaped;
use crate::error::{Error, Result};
use crate::http::Connection;
use crate::server::{Login, Server};
use crate::stats::Times;

/// Runs of each kind of rule.
const RUNS: usize = 10;

/// Rules that ask for all kinds of things.
const RULES: &[(&str, &str)] = &[
    ("NAME_CONTAINS", "-web-"),
    ("OS_REGEX", "(?i)server 20(16|19|22)"),
    ("INSTALLED_SOFTWARE", "^(lib|python3-).*"),
    ("OPEN_PORTS", "22, 443, 8000-9000"),
    ("NETWORK_RANGE", "10.64.0.0/11, 172.16.0.0/12"),
    ("VULN_EXIST", "QIDS"),
    ("GLOBAL_ASSET_VIEW", "vulnerabilities:(vulnerability.severity:[4 .. 5] and firstFound>now-400d)"),
    (
        "GLOBAL_ASSET_VIEW",
        "software:(name:`openssl` and version<11.0) and not operatingSystem.category1:Windows",
    ),
    ("GLOBAL_ASSET_VIEW", "lastVulnScan<now-10d and tags.name:Production"),
];

/// The figures of one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The kind of rule.
    pub kind: &'static str,
    /// The rule.
    pub rule: String,
    /// How many assets it selected.
    pub selected: u64,
    /// The call that created the tag.
    pub create: Times,
}

/// Creates tags, and deletes them again. `qids` are some that are found often.
///
/// # Errors
/// When the server refuses one.
pub fn measure(server: &Server, login: &Login, qids: &[u32]) -> Result<Vec<Row>> {
    let mut connection = server.connect()?;
    let named: Vec<String> = qids.iter().map(u32::to_string).collect();
    let rules = RULES.iter().map(|(kind, text)| (*kind, text.replace("QIDS", &named.join(","))));
    rules.map(|(kind, rule)| one(&mut connection, login, kind, rule)).collect()
}

fn one(connection: &mut Connection, login: &Login, kind: &'static str, rule: String) -> Result<Row> {
    let (mut runs, mut selected): (Vec<Duration>, u64) = (Vec::new(), 0);
    for run in 0..RUNS {
        let name = format!("bench {run}");
        let xml = format!(
            "<ServiceRequest><data><Tag><name>{name}</name><ruleType>{kind}</ruleType><ruleText>{}</ruleText></Tag></data>\
             </ServiceRequest>",
            escaped(&rule)
        );
        let request = login.call("create/am/tag", &xml);
        let begun = Instant::now();
        let body = connection.succeed(&request)?;
        runs.push(begun.elapsed());
        let id =
            number(body, "<id>").ok_or_else(|| Error::Answer(String::from_utf8_lossy(body).into_owned()))?;
        let criteria = [("tagId", "EQUALS", id.to_string())];
        let count = login.call("count/am/hostasset", &super::counts::filters(&criteria));
        selected = number(connection.succeed(&count)?, "<count>").unwrap_or_default();
        connection.succeed(&login.call(&format!("delete/am/tag/{id}"), ""))?;
    }
    Ok(Row { kind, rule, selected, create: Times::of(runs) })
}

/// The number after an element's beginning.
fn number(body: &[u8], after: &str) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(after)?;
    let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}
