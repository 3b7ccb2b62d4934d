//! The report that people read.

use std::io::{self, Write};

use super::Assessed;
use crate::{Difference, Status, Verdict};

/// Evidence lines shown per control.
const LINES: usize = 5;
/// Rows of one-line lists.
const WIDTH: usize = 100;

pub(super) fn write(one: &Assessed, out: &mut dyn Write) -> io::Result<()> {
    let a = &one.assessment;
    let version = a.version.as_deref().unwrap_or("version not shown");
    let name = a.hostname.as_deref().map(|h| format!(" {h},")).unwrap_or_default();
    writeln!(out, "{}:{name} {} {version}", clean(&one.file), a.technology)?;
    if let Some(contradiction) = &a.contradiction {
        writeln!(out, "  NOT ASSESSED: {contradiction}")?;
    }
    let mut shown: Vec<&Verdict> = a.results.iter().filter(|v| v.status == Status::Failed).collect();
    shown.sort_by_key(|v| (std::cmp::Reverse(v.criticality), v.control));
    for verdict in shown {
        failed(verdict, out)?;
    }
    errors(&a.results, out)?;
    if let Some(difference) = &one.difference {
        changes(difference, out)?;
    }
    let count = |status| a.count(status);
    writeln!(
        out,
        "\n{} controls: {} passed, {} failed, {} could not be told, {} not applicable",
        a.results.len(),
        count(Status::Passed),
        count(Status::Failed),
        count(Status::Error),
        count(Status::NotApplicable)
    )
}

fn failed(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nFAILED  {}  {}  [{}]", verdict.control, verdict.title, verdict.severity)?;
    for line in verdict.evidence.iter().take(LINES) {
        writeln!(out, "  line {:>5}: {}", line.line, clean(line.text.trim_end()))?;
    }
    if verdict.evidence.len() > LINES {
        writeln!(out, "  ... and {} more lines", verdict.evidence.len() - LINES)?;
    }
    let failing: Vec<&str> =
        verdict.instances.iter().filter(|i| i.status == Status::Failed).map(|i| i.label.as_str()).collect();
    if !failing.is_empty() {
        writeln!(out, "  where:    {}", clean(&crop(&failing.join(", "))))?;
    }
    let found = verdict.actual.join("; ");
    let found = if found.is_empty() { verdict.reason.clone().unwrap_or_default() } else { found };
    writeln!(out, "  found:    {}", clean(&crop(&found)))?;
    writeln!(out, "  expected: {}", clean(&crop(&verdict.expected)))?;
    for (at, line) in verdict.remediation.iter().flat_map(|r| r.lines()).enumerate() {
        writeln!(out, "  {} {}", if at == 0 { "to do:   " } else { "         " }, clean(line))?;
    }
    Ok(())
}

fn errors(results: &[Verdict], out: &mut dyn Write) -> io::Result<()> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for verdict in results.iter().filter(|v| v.status == Status::Error) {
        let reason = verdict.reason.as_deref().unwrap_or("unknown");
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, controls)) => controls.push(verdict.control.to_string()),
            None => reasons.push((reason, vec![verdict.control.to_string()])),
        }
    }
    for (reason, controls) in reasons {
        writeln!(out, "\nCOULD NOT BE TOLD: {}\n  controls {}", clean(reason), controls.join(", "))?;
    }
    Ok(())
}

fn changes(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\nCHANGES: {} in the configuration, {} in verdicts",
        difference.changes.len(),
        difference.controls.len()
    )?;
    for change in &difference.changes {
        let sign = match change.kind {
            crate::ChangeKind::Added => '+',
            crate::ChangeKind::Removed => '-',
            crate::ChangeKind::Moved => '~',
        };
        let line = if change.new_line == 0 { change.old_line } else { change.new_line };
        writeln!(out, "  {sign} line {line:>5}: {}", clean(&crop(&change.path.join(" / "))))?;
    }
    for control in &difference.controls {
        let word = |s: Option<Status>| s.map_or("not assessed", Status::as_str);
        writeln!(
            out,
            "  {} was {}, is {}: {}",
            control.control,
            word(control.before),
            word(control.after),
            control.title
        )?;
    }
    Ok(())
}

fn crop(text: &str) -> String {
    match text.char_indices().nth(WIDTH * 2) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Uploaded text cannot steer the terminal it is shown on.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
