//! What the shipped controls say of a router's log that comes with the program, and of this machine.

use std::path::Path;

use assess::{Assessment, Device, Library, Policy, ReadOptions, Status, Verdict};

use super::Shown;
use crate::cli::{Failure, say};

/// Failed controls that are shown, the gravest first.
const WORST: usize = 3;

pub(super) fn print(_: &Shown<'_>) -> Result<(), Failure> {
    say("\nConfigurations, assessed by the controls that ship")?;
    let router = Device::read(assess::SAMPLE_LOG.as_bytes(), &ReadOptions::default())?;
    tell("a router's log from the samples", &router)?;
    let facts = assess::linux::collect(Path::new("/"));
    let linux = ReadOptions { technology: Some("linux".to_owned()), ..ReadOptions::default() };
    tell("this machine", &Device::read(facts.to_text().as_bytes(), &linux)?)?;
    Ok(say(
        "  Your own: redoubt assess FILE, or redoubt assess --this-host; write controls with redoubt policy new",
    )?)
}

fn tell(what: &str, device: &Device) -> Result<(), Failure> {
    let assessment = Assessment::of(device, &Library::builtin(), &Policy::default());
    let count = |status| assessment.count(status);
    say(format_args!(
        "  {what}: {} {}, {} controls: {} passed, {} failed, {} could not be told, {} do not apply",
        assessment.technology,
        assessment.version.as_deref().unwrap_or("of an unknown version"),
        assessment.results.len(),
        count(Status::Passed),
        count(Status::Failed),
        count(Status::Error),
        count(Status::NotApplicable)
    ))?;
    for verdict in worst(&assessment) {
        say(format_args!("    {} {} [{}]", verdict.control, verdict.title, verdict.severity))?;
        match verdict.evidence.first() {
            Some(line) => say(format_args!("      line {}: {}", line.line, line.text.trim()))?,
            None => say(format_args!("      found: {}", verdict.actual.join("; ")))?,
        }
    }
    Ok(())
}

/// The gravest failures.
fn worst(assessment: &Assessment) -> impl Iterator<Item = &Verdict> {
    let mut failed: Vec<&Verdict> =
        assessment.results.iter().filter(|v| v.status == Status::Failed).collect();
    failed.sort_by_key(|verdict| (std::cmp::Reverse(verdict.criticality), verdict.control));
    failed.into_iter().take(WORST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_shows_the_gravest_failures_first() {
        let router = Device::read(assess::SAMPLE_LOG.as_bytes(), &ReadOptions::default()).unwrap();
        let assessment = Assessment::of(&router, &Library::builtin(), &Policy::default());
        let shown: Vec<u8> = worst(&assessment).map(|verdict| verdict.criticality).collect();
        assert_eq!(shown.len(), WORST);
        assert!(shown.is_sorted_by(|a, b| a >= b) && shown[0] >= 4, "{shown:?}");
    }
}
