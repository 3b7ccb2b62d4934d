//! The page that says what is built.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::run;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn page() -> String {
    let output = run(&["compatibility"], "");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_committed_page_is_what_the_tables_say() {
    let committed = fs::read_to_string(workspace().join("COMPATIBILITY.md")).unwrap();
    assert!(
        committed == page(),
        "COMPATIBILITY.md is stale; run: cargo run -p server -- compatibility > COMPATIBILITY.md"
    );
}

#[test]
fn every_test_that_the_page_names_exists() {
    let mut sources = String::new();
    for crate_ in fs::read_dir(workspace().join("crates")).unwrap() {
        let crate_ = crate_.unwrap().path();
        ["src", "tests"].iter().for_each(|folder| collect(&crate_.join(folder), &mut sources));
    }
    let page = page();
    let named = page.lines().filter_map(|line| {
        let cell = line.strip_prefix("| ")?.trim_end_matches(" |").rsplit(" | ").next()?;
        cell.strip_prefix('`')?.strip_suffix('`')
    });
    let missing: Vec<_> = named.filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "no test is called {missing:#?}");
    assert!(page.contains("`/qps/rest/2.0/search/am/tag`"), "{page}");
}

fn collect(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
