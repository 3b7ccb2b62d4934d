//! SARIF 2.1.0: one run per call, one rule per control, one result per verdict that did not pass.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Assessed;
use crate::{Status, Verdict};

pub(super) fn write(all: &[Assessed], out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<u32, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for one in all {
        for verdict in &one.assessment.results {
            if matches!(verdict.status, Status::Failed | Status::Error) {
                rules.entry(verdict.control).or_insert_with(|| rule(verdict));
                results.push(result(verdict, &one.file));
            }
        }
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "redoubt-assess",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(verdict: &Verdict) -> Value {
    json!({
        "id": verdict.control.to_string(),
        "shortDescription": { "text": verdict.title },
        "properties": { "category": verdict.category, "security-severity": format!("{:.1}", f64::from(verdict.criticality) * 2.0) },
    })
}

fn result(verdict: &Verdict, file: &str) -> Value {
    let failed = verdict.status == Status::Failed;
    // What did not fail has no level (SARIF 2.1.0, 3.27.10).
    let level = match (failed, verdict.criticality) {
        (true, 4..) => "error",
        (true, 2..) => "warning",
        (true, _) => "note",
        (false, _) => "none",
    };
    let found = verdict.actual.join("; ");
    let reason = verdict.reason.as_deref().unwrap_or_default();
    let message = if failed {
        format!("{}. Expected: {}. Found: {found}", verdict.title, verdict.expected)
    } else {
        format!("{}: could not be told. {reason}", verdict.title)
    };
    // Where no line decided, the file as a whole did: readers of code scanning want a line all the same.
    let region = match verdict.evidence.first() {
        Some(line) => json!({ "startLine": line.line.max(1), "snippet": { "text": line.text } }),
        None => json!({ "startLine": 1 }),
    };
    json!({
        "ruleId": verdict.control.to_string(),
        "level": level,
        "kind": if failed { "fail" } else { "review" },
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(file) },
            "region": region,
        }}],
        "partialFingerprints": { "control/v1": format!("{}/{}", verdict.control, file) },
    })
}

/// A file name as a relative reference.
fn uri(file: &str) -> String {
    let mut out = String::new();
    for byte in file.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
