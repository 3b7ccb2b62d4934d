//! Our scanner on the range: one scan of the site, one of what is served over TLS, and one of each origin of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::WebscanArgs;
use super::ground::Ground;
use super::judge::Found;
use crate::error::{Error, Result};
use crate::tell::Teller;

/// What scans brought, together.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) found: Vec<Found>,
    /// Requests that the scanner counted, a browser's not among them.
    pub(super) requests: u64,
    pub(super) seconds: f64,
    /// The most resident memory of one scanner, in MiB.
    pub(super) peak: f64,
    /// The most memory of its browser, in MiB; what processes share is counted once.
    pub(super) browser: f64,
    /// Scans that did not end as they should.
    pub(super) problems: Vec<String>,
}

/// The result of one scan.
pub(super) struct One {
    pub(super) result: Value,
    pub(super) seconds: f64,
    pub(super) peak: f64,
    pub(super) browser: f64,
}

/// Scans all.
///
/// # Errors
/// When the scanner can't be run or its result can't be read.
pub(super) fn scan_all(
    ground: &Ground,
    arguments: &WebscanArgs,
    program: &Path,
    teller: &Teller,
) -> Result<Scan> {
    let mut all = Scan::default();
    let mut one = |name: &str, words: &[String]| -> Result<()> {
        teller.now(format!("scanning {name}"));
        let mut words = words.to_vec();
        words.extend(arguments.check.iter().flat_map(|name| ["--check".to_owned(), name.clone()]));
        if arguments.no_browser {
            words.extend(["--browser".to_owned(), "never".to_owned()]);
        }
        let one = scan(program, &words)?;
        if let Some(folder) = &arguments.keep {
            fs::create_dir_all(folder)?;
            let file = folder.join(format!("{}.json", name.replace(['/', ' '], "-")));
            fs::write(file, serde_json::to_string_pretty(&one.result)?)?;
        }
        let status = one.result.get("resultsStatus").and_then(Value::as_str).unwrap_or_default();
        if status != "FINISHED" {
            let reason = one.result.get("reason").and_then(Value::as_str).unwrap_or_default();
            all.problems.push(format!("{name}: {status} {reason}"));
        }
        all.found.extend(findings(&one.result));
        all.found.extend(information(&one.result));
        all.requests += one.result.get("requests").and_then(Value::as_u64).unwrap_or_default();
        all.seconds += one.seconds;
        all.peak = all.peak.max(one.peak);
        all.browser = all.browser.max(one.browser);
        Ok(())
    };
    let of = |needs: &'static str| {
        ground.cases.iter().filter(move |case| case.needs.as_deref() == Some(needs)).collect::<Vec<_>>()
    };
    let (secure, own) = (of("https"), of("origin"));
    if secure.len() + own.len() < ground.cases.len() {
        let description = format!("{}/api/openapi.json", ground.base);
        one("the site", &[format!("{}/", ground.base), "--openapi".to_owned(), description])?;
    }
    if let Some((first, rest)) = secure.split_first() {
        let mut words = vec![first.entry.clone()];
        words.extend(rest.iter().flat_map(|case| ["--uri".to_owned(), case.entry.clone()]));
        one("what is served over TLS", &words)?;
    }
    for case in own {
        one(&case.id, std::slice::from_ref(&case.entry))?;
    }
    Ok(all)
}

/// One scan, with the memory that its process took.
///
/// # Errors
/// When the program can't be run, or gives no result.
pub(super) fn scan(program: &Path, words: &[String]) -> Result<One> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("result.json");
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args([
            "scan",
            "--format",
            "json",
            "--quiet",
            "--time-limit",
            "3600",
            "--max-links",
            "8000",
            "--output",
        ])
        .arg(&file)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.path().join("errors"))?)
        .spawn()?;
    let (mut peak, mut browser) = (0.0f64, 0.0f64);
    let mut looks = 0u32;
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if looks.is_multiple_of(50) {
            browser = browser.max(below(child.id()));
        }
        looks = looks.wrapping_add(1);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        sleep(Duration::from_millis(10));
    };
    let seconds = begun.elapsed().as_secs_f64();
    let Ok(text) = fs::read(&file) else {
        let said = fs::read_to_string(folder.path().join("errors")).unwrap_or_default();
        let problem = format!("{}: {status}: {}", words.join(" "), said.trim());
        return Err(Error::Program { program: program.display().to_string(), problem });
    };
    Ok(One { result: serde_json::from_slice(&text)?, seconds, peak, browser })
}

/// The most memory that a process had so far, in MiB; 0 when it has ended.
pub(super) fn high_water(process: u32) -> f64 {
    kib(&format!("/proc/{process}/status"), "VmHWM:") / 1_024.0
}

/// A figure of a file in `/proc`, in KiB; 0 when the process has ended.
fn kib(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).unwrap_or(0.0)
}

/// The memory of all processes below one, in MiB, what they share counted once.
fn below(process: u32) -> f64 {
    let mut waiting = children(process);
    let mut total = 0.0;
    while let Some(one) = waiting.pop() {
        total += kib(&format!("/proc/{one}/smaps_rollup"), "Pss:");
        waiting.extend(children(one));
    }
    total / 1_024.0
}

fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

/// The findings of a result.
fn findings(result: &Value) -> Vec<Found> {
    let list = result.get("findings").and_then(Value::as_array);
    list.into_iter().flatten().flat_map(|finding| found(finding).into_iter().chain(listed(finding))).collect()
}

/// A finding that is told once for many pages is at each page that its list has.
fn listed(finding: &Value) -> Vec<Found> {
    let Some(at) = found(finding).filter(|found| found.parameter.is_none()) else { return Vec::new() };
    let text = finding.pointer("/evidence/text").and_then(Value::as_str).unwrap_or_default();
    let list = text.split_once("Links with this answer").map_or("", |(_, list)| list);
    let words = list.split_whitespace().filter(|word| word.starts_with(&at.origin)).filter_map(split);
    words.map(|(_, path)| Found { path, ..at.clone() }).collect()
}

/// Information gathered: at the URLs that its lines name, and where they name none, at the start of the scan.
fn information(result: &Value) -> Vec<Found> {
    let target = result.get("target").and_then(Value::as_str).and_then(split);
    let Some((origin, start)) = target else { return Vec::new() };
    let mut all = Vec::new();
    for one in result.get("information").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        let qid = one.get("qid").and_then(Value::as_u64).and_then(|qid| u32::try_from(qid).ok());
        let words = text("data").split_whitespace().filter(|word| word.starts_with(&origin));
        let mut paths: Vec<String> = words.filter_map(split).map(|(_, path)| path).collect();
        if paths.is_empty() {
            paths.push(start.clone());
        }
        paths.sort();
        paths.dedup();
        all.extend(paths.into_iter().filter_map(|path| {
            Some(Found {
                origin: origin.clone(),
                path,
                method: "GET".to_owned(),
                parameter: None,
                qid: qid?,
                cwe: Vec::new(),
                title: text("title").to_owned(),
            })
        }));
    }
    all
}

fn found(finding: &Value) -> Option<Found> {
    let text = |name: &str| finding.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| finding.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let (origin, path) = split(&text("url")?)?;
    Some(Found {
        origin,
        path,
        method: text("method").unwrap_or_default(),
        parameter: text("parameter"),
        qid: number("qid")?,
        cwe: number("cwe").into_iter().collect(),
        title: text("title").unwrap_or_default(),
    })
}

/// A URL as its origin and its path.
pub(super) fn split(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = (rest.get(..end)?, rest.get(end..)?);
    let path = path.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
    Some((format!("{scheme}://{host}"), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_findings_are_read() {
        assert_eq!(split("http://a:1/b/c?d=/e").unwrap(), ("http://a:1".into(), "/b/c".into()));
        assert_eq!(split("https://a").unwrap(), ("https://a".into(), "/".into()));
        let result = serde_json::json!({"findings": [
            {"qid": 150_001, "cwe": 79, "url": "http://a/b?c", "method": "GET", "parameter": "c", "severity": 5},
            {"url": "http://a/"},
            {"qid": 150_135, "url": "http://a/", "evidence": {"text": "x\nLinks with this answer:\nGET http://a/c response code: 200"}},
        ]});
        let all = findings(&result);
        assert_eq!((all.len(), all[0].qid, all[0].cwe.as_slice()), (3, 150_001, &[79][..]));
        assert_eq!((all[1].path.as_str(), all[2].path.as_str()), ("/", "/c"));
    }

    #[test]
    fn information_is_at_the_urls_that_it_names() {
        let result = serde_json::json!({"target": "http://a:1/", "information": [
            {"qid": 150_042, "title": "x", "data": "http://a:1/b?c (500)\nhttp://a:1/b?d (500)\n"},
            {"qid": 150_077, "title": "y", "data": "Disallow: /admin"},
        ]});
        let all: Vec<_> = information(&result).into_iter().map(|one| (one.qid, one.path)).collect();
        assert_eq!(all, [(150_042, "/b".to_owned()), (150_077, "/".to_owned())]);
    }

    #[test]
    fn memory_of_this_process_is_read() {
        assert!(kib("/proc/self/status", "VmHWM:") > 100.0);
        assert_eq!(kib("/proc/self/nothing", "VmHWM:"), 0.0);
    }
}
