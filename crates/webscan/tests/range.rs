//! Families of the practice range, scanned: what is vulnerable is found, what only looks so is not.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use range::case::Half;
use range::range::{Options, Range, Truth};
use webscan::cancel::Cancel;
use webscan::engine::{Help, Plan, scan};
use webscan::finding::Finding;
use webscan::http::Target;
use webscan::profile::{BrowserUse, Performance};

/// Whether a finding is one of those that a case's truth names.
fn tells(finding: &Finding, truth: &Truth) -> bool {
    let cwe = finding.cwe.and_then(|cwe| u16::try_from(cwe).ok());
    let is_there = finding.url.to_string().starts_with(&truth.entry);
    is_there && (truth.qids.contains(&finding.qid) || cwe.is_some_and(|cwe| truth.cwe.contains(&cwe)))
}

/// Scans a family of the first half with some checks; gives what was missed and what was false.
async fn judge(family: &str, checks: &[&str]) -> (BTreeSet<String>, BTreeSet<String>) {
    let options = Options { half: Some(Half::First), family: Some(family.to_owned()), ..Options::default() };
    let range = Range::start(&options).unwrap();
    let mut plan = Plan::new(Target::parse(&format!("{}/case/{family}/", range.base())).unwrap());
    plan.profile.include = checks.iter().map(|name| (*name).to_owned()).collect();
    plan.profile.performance = Performance::High;
    plan.profile.browser = BrowserUse::Never;
    let result = scan(&plan, &Help::default(), &Cancel::default(), Arc::new(|_| {})).await.unwrap();
    let (mut missed, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    for truth in range.truth() {
        let told: Vec<&Finding> = result.findings.iter().filter(|finding| tells(finding, &truth)).collect();
        if truth.vulnerable && told.is_empty() {
            missed.insert(truth.id);
        } else if !truth.vulnerable {
            wrong.extend(told.iter().map(|finding| format!("{} {} {}", truth.id, finding.qid, finding.url)));
        }
    }
    (missed, wrong)
}

async fn is_right(family: &str, checks: &[&str]) {
    let (missed, wrong) = judge(family, checks).await;
    assert!(missed.is_empty() && wrong.is_empty(), "{family}: missed {missed:?}, false {wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_requests() {
    is_right("csrf", &["request-forgery"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn origins() {
    is_right("cors", &["cross-origin-sharing"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens() {
    is_right("jwt", &["web-tokens"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts() {
    is_right("host-header", &["host-header"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caches() {
    is_right("cache", &["cache-deception", "cache-poisoning"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies() {
    is_right("cookies", &["cookie-attributes"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_about() {
    is_right("leftovers", &["backup-files", "version-control", "predictable-resources", "debug-pages"]).await;
    is_right("directory-listing", &["directory-listing"]).await;
    is_right("debug", &["debug-pages", "verbose-errors"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_and_reflections() {
    is_right("upload", &["file-upload"]).await;
    is_right("xss-reflected", &["xss-reflected"]).await;
}
