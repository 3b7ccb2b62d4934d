//! What the web scanner finds on a part of the practice range, whose truth is known. The range ends with this part.

use std::sync::Arc;
use std::time::Duration;

use range::{Half, Options, Range, Truth};
use store::{Clock, SystemClock};
use tokio::runtime::Builder;
use webscan::cancel::Cancel;
use webscan::engine::{Help, Plan, ScanResult, scan};
use webscan::finding::Finding;
use webscan::http::Target;
use webscan::profile::BrowserUse;

use super::Shown;
use crate::cli::{Failure, say};

/// The part of the range: small, and nothing in it runs commands.
const FAMILY: &str = "sql-union";
/// How long the scan may take, in seconds.
const PATIENCE: u64 = 30;
/// How many findings are named.
const NAMED: usize = 3;

pub(super) fn print(_: &Shown<'_>) -> Result<(), Failure> {
    say("\nA part of the practice range, scanned by redoubt scan")?;
    let options = Options { half: Some(Half::First), family: Some(FAMILY.to_owned()), ..Options::default() };
    let range = Range::start(&options)?;
    let result = scanned(&range.base())?;
    let told = Told::of(&range.truth(), &result.findings);
    say(format_args!(
        "  {} of {} vulnerable pages found, {} false findings on {} safe ones: {} requests, {:.1} s",
        told.found, told.vulnerable, told.wrong, told.safe, result.requests, result.seconds
    ))?;
    for finding in told.named.iter().take(NAMED) {
        let parameter = finding.parameter.as_deref().unwrap_or("-");
        say(format_args!("    {} [{}] {} in {parameter}", finding.qid, finding.severity, finding.title))?;
        say(format_args!("      {} {}", finding.method, finding.url))?;
    }
    Ok(say("  All of it: redoubt range, and redoubt scan with the address that it prints")?)
}

/// Scans an address, without a browser: these pages need none.
fn scanned(base: &str) -> Result<ScanResult, Failure> {
    let mut plan = Plan::new(Target::parse(&format!("{base}/"))?);
    plan.started = SystemClock.now().to_string();
    plan.profile.browser = BrowserUse::Never;
    plan.profile.time_limit = PATIENCE;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let (help, cancel) = (Help::default(), Cancel::default());
    let result = runtime.block_on(scan(&plan, &help, &cancel, Arc::new(|_| {})));
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(result?)
}

/// Findings beside the truth.
struct Told<'f> {
    vulnerable: usize,
    found: usize,
    safe: usize,
    wrong: usize,
    /// Those that are about the cases.
    named: Vec<&'f Finding>,
}

impl<'f> Told<'f> {
    fn of(truth: &[Truth], findings: &'f [Finding]) -> Self {
        let (mut found, mut wrong, mut named) = (0, 0, Vec::new());
        for case in truth {
            let is_about = |finding: &&Finding| {
                finding.url.to_string().starts_with(&case.entry) && case.qids.contains(&finding.qid)
            };
            let about: Vec<&Finding> = findings.iter().filter(is_about).collect();
            let count = if case.vulnerable { &mut found } else { &mut wrong };
            *count += usize::from(!about.is_empty());
            named.extend(about);
        }
        let vulnerable = truth.iter().filter(|case| case.vulnerable).count();
        Self { vulnerable, found, safe: truth.len() - vulnerable, wrong, named }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_of_the_range_is_found_and_nothing_else_is() {
        let options =
            Options { half: Some(Half::First), family: Some(FAMILY.to_owned()), ..Options::default() };
        let range = Range::start(&options).unwrap();
        let result = scanned(&range.base()).unwrap();
        let told = Told::of(&range.truth(), &result.findings);
        assert!(told.vulnerable >= 3 && told.safe >= 1, "{} {}", told.vulnerable, told.safe);
        assert_eq!((told.found, told.wrong), (told.vulnerable, 0));
        assert!(!told.named.is_empty());
    }

    #[test]
    fn a_finding_without_its_case_counts_nowhere() {
        let options =
            Options { half: Some(Half::First), family: Some(FAMILY.to_owned()), ..Options::default() };
        let range = Range::start(&options).unwrap();
        let told = Told::of(&range.truth(), &[]);
        assert_eq!((told.found, told.wrong, told.named.len()), (0, 0, 0));
        assert!(told.vulnerable > 0);
    }
}
