//! `redoubt scan` and `redoubt replay`, on the practice range.

use std::collections::BTreeSet;

use range::{Half, Options, Range};
use serde_json::Value;
use testkit::process::Process;

use crate::common::{redoubt, run};

fn serve(family: Option<&str>) -> Range {
    let options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        half: Some(Half::First),
        family: family.map(str::to_owned),
        postgres: None,
    };
    Range::start(&options).unwrap()
}

fn scan(url: &str, more: &[&str]) -> (Option<i32>, Value) {
    scan_as(url, "never", more)
}

fn scan_as(url: &str, browser: &str, more: &[&str]) -> (Option<i32>, Value) {
    let mut arguments = vec!["scan", url, "--browser", browser, "--quiet", "--format", "json"];
    arguments.extend(more);
    let output = run(&arguments, "");
    let shown = String::from_utf8_lossy(&output.stderr);
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {shown}")),
    )
}

fn ids(result: &Value) -> BTreeSet<String> {
    result["findings"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

/// Whether a finding of one of these QIDs is at a case.
fn has(result: &Value, qids: &[u64], entry: &str) -> bool {
    result["findings"].as_array().unwrap().iter().any(|finding| {
        qids.contains(&finding["qid"].as_u64().unwrap())
            && finding["url"].as_str().unwrap().starts_with(entry)
    })
}

#[test]
fn redirects_of_the_range_are_found_proven_and_shown_again() {
    let range = serve(Some("redirect"));
    let url = format!("{}/case/redirect/", range.base());
    let (status, result) = scan(&url, &["--scope", "limit", "--check", "open-redirect"]);
    assert_eq!((status, &result["resultsStatus"]), (Some(1), &"FINISHED".into()));
    let truth = range.truth();
    let found = |vulnerable: bool| {
        let of = truth.iter().filter(|case| case.vulnerable == vulnerable);
        of.filter(|case| has(&result, &[150_051], &case.entry)).count()
    };
    assert!(found(true) >= 5, "{result:#}");
    assert_eq!(found(false), 0, "{result:#}");
    let (_, again) = scan(&url, &["--scope", "limit", "--check", "open-redirect"]);
    assert_eq!(ids(&again), ids(&result), "a second run finds the same");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), result.to_string()).unwrap();
    let output = run(&["replay", file.path().to_str().unwrap()], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.lines().count() >= 5 && text.lines().all(|line| line.contains("shown: ")), "{text}");
    drop(range);
    assert_eq!(
        run(&["replay", file.path().to_str().unwrap()], "").status.code(),
        Some(2),
        "nothing answers any more"
    );
}

/// Each vulnerable case of some families is found by one check, none of the safe ones is, and all of it is shown again: also
/// what shows only by calls to the listener.
#[test]
fn families_of_the_range_are_found_by_their_checks_and_shown_again() {
    for (family, check, qids) in [
        ("xxe", "xml-external-entity", [990_007].as_slice()),
        ("upload", "file-upload", &[150_114]),
        ("graphql", "graphql", &[990_014, 990_017, 990_033]),
        ("mass-assignment", "mass-assignment", &[990_013]),
        ("rfi", "remote-file-inclusion", &[150_057]),
    ] {
        let range = serve(Some(family));
        let url = format!("{}/case/{family}/", range.base());
        let (_, result) = scan(&url, &["--scope", "limit", "--check", check]);
        let truth = range.truth();
        let wrong: Vec<_> =
            truth.iter().filter(|case| has(&result, qids, &case.entry) != case.vulnerable).collect();
        assert!(wrong.is_empty(), "{wrong:#?} {:#}", result["coverage"]);

        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), result.to_string()).unwrap();
        let output = run(&["replay", file.path().to_str().unwrap()], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.lines().all(|line| line.contains("shown: ")), "{text}");
    }
}

#[test]
fn a_scan_ends_with_the_state_that_fits() {
    let (status, result) = scan("http://127.0.0.1:1/", &[]);
    assert_eq!((status, &result["resultsStatus"]), (Some(2), &"NO_WEB_SERVICE".into()));
    let (status, result) = scan("http://no-such-name.invalid/", &[]);
    assert_eq!((status, &result["resultsStatus"]), (Some(2), &"NO_HOST_ALIVE".into()));
    for wrong in ["/relative", "ftp://127.0.0.1/"] {
        let output = run(&["scan", wrong, "--quiet"], "");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(wrong));
    }
    let output = run(&["scan", "http://127.0.0.1:1/", "--check", "no-such-check"], "");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("open-redirect"),
        "it names the checks that there are"
    );
}

/// A site that leads astray in every way it knows; another listens and must hear nothing, with or without a browser.
#[test]
fn a_scan_never_leaves_its_scope() {
    let options =
        Options { listen: "127.0.0.1:0".parse().unwrap(), half: None, family: None, postgres: None };
    let range = Range::start(&options).unwrap();
    let site = range.extra().address("escape").unwrap();
    for browser in ["never", "auto"] {
        let result = scan_as(&format!("http://{site}/"), browser, &["--check", "open-redirect"]).1;
        assert_eq!(result["resultsStatus"], "FINISHED");
        assert_eq!(range.world().seen_outside(), Vec::<String>::new(), "browser {browser}");
        let links = result["coverage"]["links"].to_string();
        for page in ["/inside", "/inside/deeper", "/base"] {
            assert!(links.contains(&format!("http://{site}{page}\"")), "{page} in {links}");
        }
    }
}

/// How many tests a checkpoint notes as done; none where there is no checkpoint.
fn done(checkpoint: &std::path::Path) -> Option<usize> {
    let value: Value = serde_json::from_slice(&std::fs::read(checkpoint).ok()?).ok()?;
    value["done"].as_array().map(Vec::len)
}

#[test]
fn a_killed_scan_goes_on_from_where_it_was() {
    let range = serve(Some("xss-reflected"));
    let url = format!("{}/case/xss-reflected/", range.base());
    let folder = tempfile::tempdir().unwrap();
    let (profile, checkpoint) = (folder.path().join("profile.json"), folder.path().join("checkpoint.json"));
    // Slow enough to be met in the middle.
    std::fs::write(&profile, r#"{"requestDelay": 4}"#).unwrap();
    let mut more = vec!["--scope", "limit", "--profile", profile.to_str().unwrap()];
    for check in ["xss-reflected", "path-traversal", "template-injection", "open-redirect"] {
        more.extend(["--check", check]);
    }
    let (_, whole) = scan(&url, &more);
    assert!(ids(&whole).len() > 5);
    more.extend(["--checkpoint", checkpoint.to_str().unwrap()]);
    let all = whole["requests"].as_u64().unwrap();
    // Cut off when all is crawled, and when the first parameter is tested.
    for tests in [0, 1] {
        let mut command = redoubt();
        let killed = Process::start(
            command.args(["scan", &url, "--browser", "never", "--quiet", "--format", "json"]).args(&more),
        );
        testkit::eventually("the scan notes how far it is", || done(&checkpoint) >= Some(tests));
        assert!(killed.kill().is_empty(), "it was killed before its end");
        let noted = done(&checkpoint);
        let (_, resumed) = scan(&url, &more);
        assert_eq!(ids(&resumed), ids(&whole), "nothing is lost and nothing comes twice");
        let rest = resumed["requests"].as_u64().unwrap();
        // What tells which parameters are read is a good part of all, and is not asked again.
        assert!(
            tests == 0 || rest < all * 3 / 4,
            "{noted:?} tests were done, and {rest} of {all} requests were sent again"
        );
    }
    assert!(!checkpoint.exists(), "nothing is left to go on with");
}
