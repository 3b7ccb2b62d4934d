//! The commands as a person runs them.

use clap::Parser;

use super::*;

#[derive(Parser)]
enum Cli {
    Assess(AssessArgs),
    Policy(PolicyArgs),
}

/// Runs a command line; the exit status, the report and what was said on the side.
fn run(line: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let cli = Cli::try_parse_from(std::iter::once("redoubt").chain(line.iter().copied())).expect("arguments");
    let status = match cli {
        Cli::Assess(args) => assess(&args, &mut out, &mut err),
        Cli::Policy(args) => policy(&args, &mut out, &mut err),
    };
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.expect("written"), text(out), text(err))
}

fn sample() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/samples/router.log")
}

#[test]
fn the_sample_router_is_assessed_as_a_table() {
    let (status, out, err) = run(&["assess", sample()]);
    assert_eq!((status, err.as_str()), (FAILED, ""));
    assert!(out.contains("branch-gw1") && out.contains("FAILED") && out.contains("to do:"), "{out}");
}

#[test]
fn json_has_the_fields_that_are_promised() {
    let (_, out, _) = run(&["assess", sample(), "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&out).expect("json");
    for key in ["technology", "version", "commands", "results"] {
        assert!(!value[key].is_null(), "{key}");
    }
    let failed = value["results"]
        .as_array()
        .expect("list")
        .iter()
        .find(|r| r["status"] == "failed")
        .expect("a failure");
    for key in ["control", "title", "status", "severity", "evidence", "actual", "expected"] {
        assert!(!failed[key].is_null(), "{key}");
    }
    assert!(
        failed["evidence"]
            .as_array()
            .expect("list")
            .iter()
            .all(|e| e["line"].is_u64() && e["text"].is_string())
    );
}

#[test]
fn sarif_names_rules_and_places() {
    let (_, out, _) = run(&["assess", sample(), "--format", "sarif"]);
    let value: serde_json::Value = serde_json::from_str(&out).expect("json");
    assert_eq!(value["version"], "2.1.0");
    let run = &value["runs"][0];
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .filter_map(|r| r["id"].as_str())
        .collect();
    for result in run["results"].as_array().expect("results") {
        assert!(rules.contains(&result["ruleId"].as_str().expect("id")));
        assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64() >= Some(1));
    }
}

#[test]
fn no_secret_of_the_sample_is_ever_written() {
    for format in ["table", "json", "sarif"] {
        let (_, out, err) = run(&["assess", sample(), "--format", format]);
        for secret in ["0822455D0A16", "branchRO", "mERr$hx5rVt7rPNoS4wqbXKX7m0", "Winter2019"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{secret} in {format}");
        }
    }
}

#[test]
fn what_cannot_be_used_has_its_own_exit_status() {
    let (status, _, err) = run(&["assess", "/no/such/file"]);
    assert_eq!(status, UNUSABLE);
    assert!(err.contains("/no/such/file"), "{err}");
    let (status, _, err) = run(&["assess", sample(), "--technology", "toaster"]);
    assert!(status == UNUSABLE && err.contains("cisco-ios"), "{err}");
    let (status, _, err) = run(&["assess", sample(), "--set", "901001.nothing=1"]);
    assert!(status == UNUSABLE && err.contains("no parameter"), "{err}");
}

#[test]
fn a_new_rule_file_passes_its_own_tests_in_every_family() {
    let folder = tempfile::tempdir().expect("folder");
    for family in crate::Family::ALL {
        let path = folder.path().join(format!("{}.yaml", family.slug()));
        let path = path.to_str().expect("path");
        let (status, out, err) = run(&["policy", "new", "--family", family.slug(), "-o", path]);
        assert_eq!((status, err.as_str()), (OK, ""), "{out}");
        let (status, out, err) = run(&["policy", "check", path]);
        assert_eq!(status, OK, "{family}: {out}{err}");
        let (status, out, err) = run(&["policy", "test", path]);
        assert_eq!(status, OK, "{family}: {out}{err}");
    }
}

#[test]
fn mistakes_are_shown_with_file_line_and_column() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("bad.yaml");
    std::fs::write(
        &path,
        "family: cisco-ios\ncontrols:\n  - cid: 1000000\n    titel: x\n    test: { find: '^(a', eq: 1 }\n",
    )
    .expect("file");
    let (status, _, err) = run(&["policy", "check", path.to_str().expect("path")]);
    assert_eq!(status, UNUSABLE);
    assert!(err.contains("bad.yaml:4:5: a control has no key \"titel\""), "{err}");
    assert!(err.contains("bad.yaml:5:19: selector"), "{err}");
    assert!(err.contains("no \"samples\""), "{err}");
}

#[test]
fn a_site_adds_a_control_and_sets_a_parameter() {
    let folder = tempfile::tempdir().expect("folder");
    let rules = folder.path().join("site.yaml");
    let rules = rules.to_str().expect("path");
    run(&["policy", "new", "-o", rules]);
    let (status, out, err) = run(&["assess", sample(), "--rules", rules, "--control", "1000000"]);
    assert_eq!((status, err.as_str()), (OK, ""), "{out}");
    assert!(out.contains("1 controls: 1 passed"), "{out}");
}
