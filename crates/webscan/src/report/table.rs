//! For a terminal.

use std::io::{self, Write};

use super::{plain, severity_name};
use crate::engine::ScanResult;
use crate::qid::Kind;

pub(super) fn write(result: &ScanResult, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", plain(&result.target.to_string()))?;
    let status = serde_json::to_string(&result.results_status).unwrap_or_default();
    let reason = result.reason.as_deref().map(|why| format!(": {}", plain(why))).unwrap_or_default();
    writeln!(out, "{}{reason}", status.trim_matches('"'))?;
    let coverage = &result.coverage;
    writeln!(
        out,
        "{} pages, {} forms, {} parameters tested, {} requests, {:.1} s\n",
        coverage.links_crawled, coverage.forms, coverage.parameters_tested, result.requests, result.seconds
    )?;
    if result.findings.is_empty() {
        writeln!(out, "Nothing was found.")?;
    }
    for finding in &result.findings {
        let potential = if finding.kind == Kind::PotentialVulnerability { " (potential)" } else { "" };
        writeln!(
            out,
            "{} {:<8} {} {}{potential}",
            finding.severity,
            severity_name(finding.severity),
            finding.qid,
            finding.title
        )?;
        writeln!(out, "           {} {}", finding.method, plain(&finding.url.to_string()))?;
        if let (Some(place), Some(name)) = (&finding.place, &finding.parameter) {
            writeln!(out, "           {place} {}", plain(name))?;
        }
        let evidence: String = finding.evidence.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let evidence: String = plain(&evidence).chars().take(160).collect();
        writeln!(out, "           {evidence}\n")?;
    }
    if !result.information.is_empty() {
        writeln!(out, "Information gathered:")?;
        for information in &result.information {
            writeln!(out, "  {} {} {}", information.severity, information.qid, information.title)?;
        }
    }
    Ok(())
}
