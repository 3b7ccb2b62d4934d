//! One page for a browser: no scripts, nothing loaded, everything from the target escaped.

use std::io::{self, Write};

use super::severity_name;
use crate::checks;
use crate::engine::ScanResult;
use crate::finding::Finding;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2330}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .3rem}pre{background:#f3f4f7;padding:.7rem;overflow:auto;\
white-space:pre-wrap;overflow-wrap:anywhere}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}\
dt{color:#5b6475}dd{margin:0;overflow-wrap:anywhere}.s{display:inline-block;min-width:5.5rem;font-weight:600}\
.s5,.s4{color:#a4161a}.s3{color:#b35900}.s2,.s1{color:#3d5a80}";

fn escape(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) fn write(result: &ScanResult, out: &mut dyn Write) -> io::Result<()> {
    let target = escape(&result.target.to_string());
    writeln!(
        out,
        "<!doctype html><html lang=en><meta charset=utf-8><title>Scan of {target}</title><style>{STYLE}</style>"
    )?;
    writeln!(out, "<h1>Scan of {target}</h1><dl>")?;
    let status = serde_json::to_string(&result.results_status).unwrap_or_default();
    let coverage = &result.coverage;
    let facts = [
        ("Began", escape(&result.started)),
        (
            "Ended",
            format!("{} {}", status.trim_matches('"'), escape(result.reason.as_deref().unwrap_or_default())),
        ),
        ("Pages", coverage.links_crawled.to_string()),
        ("Parameters tested", coverage.parameters_tested.to_string()),
        ("Requests", format!("{} in {:.1} s", result.requests, result.seconds)),
        ("Findings", result.findings.len().to_string()),
    ];
    for (name, value) in facts {
        writeln!(out, "<dt>{name}<dd>{value}")?;
    }
    writeln!(out, "</dl>")?;
    for finding in &result.findings {
        one(finding, out)?;
    }
    writeln!(out, "<h2>Information gathered</h2>")?;
    for information in &result.information {
        let (title, data) = (escape(&information.title), escape(&information.data));
        writeln!(out, "<details><summary>{} {title}</summary><pre>{data}</pre></details>", information.qid)?;
    }
    writeln!(out, "<h2>Not requested or not tested</h2><ul>")?;
    for (what, why) in coverage.skipped.iter().take(500) {
        writeln!(out, "<li>{}: {}", escape(what), escape(why))?;
    }
    writeln!(out, "</ul>")
}

fn one(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let (severity, name) = (finding.severity, severity_name(finding.severity));
    writeln!(
        out,
        "<h2><span class='s s{severity}'>{severity} {name}</span> {} {}</h2><dl>",
        finding.qid,
        escape(&finding.title)
    )?;
    writeln!(out, "<dt>Where<dd>{} {}", finding.method, escape(&finding.url.to_string()))?;
    if let Some(parameter) = &finding.parameter {
        let place = finding.place.as_deref().unwrap_or_default();
        writeln!(out, "<dt>Parameter<dd>{} {}", escape(place), escape(parameter))?;
    }
    if let Some(payload) = &finding.payload {
        writeln!(out, "<dt>Payload<dd>{}", escape(payload))?;
    }
    if let Some(about) =
        checks::all().iter().map(|check| check.about()).find(|about| about.qids.contains(&finding.qid))
    {
        let facts =
            [("What it means", about.means), ("Why it matters", about.matters), ("What to do", about.remedy)];
        for (name, text) in facts {
            writeln!(out, "<dt>{name}<dd>{}", escape(text))?;
        }
    }
    writeln!(out, "</dl><pre>{}</pre>", escape(&finding.evidence.text))
}
