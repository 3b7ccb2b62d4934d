//! SARIF 2.1.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::checks;
use crate::engine::ScanResult;
use crate::finding::Finding;

fn level(severity: u8) -> &'static str {
    match severity {
        0..=1 => "note",
        2..=3 => "warning",
        _ => "error",
    }
}

fn rule(finding: &Finding) -> Value {
    let about =
        checks::all().into_iter().map(|check| check.about()).find(|about| about.qids.contains(&finding.qid));
    let mut rule = json!({
        "id": finding.qid.to_string(),
        "name": finding.title,
        "shortDescription": {"text": finding.title},
        "defaultConfiguration": {"level": level(finding.severity)},
        "properties": {"security-severity": format!("{:.1}", f32::from(finding.severity) * 2.0)},
    });
    if let (Some(about), Some(members)) = (about, rule.as_object_mut()) {
        members.insert(
            "fullDescription".to_owned(),
            json!({"text": format!("{} {}", about.means, about.matters)}),
        );
        members.insert("help".to_owned(), json!({"text": about.remedy}));
    }
    rule
}

pub(super) fn of(result: &ScanResult) -> Value {
    let mut rules: BTreeMap<u32, Value> = BTreeMap::new();
    for finding in &result.findings {
        rules.entry(finding.qid).or_insert_with(|| rule(finding));
    }
    let places: Vec<u32> = rules.keys().copied().collect();
    let results = result.findings.iter().map(|finding| {
        let place = finding.parameter.as_ref().map(|name| {
            format!(" ({} {name})", finding.place.as_deref().unwrap_or("parameter"))
        });
        json!({
            "ruleId": finding.qid.to_string(),
            "ruleIndex": places.iter().position(|qid| *qid == finding.qid),
            "level": level(finding.severity),
            "message": {"text": format!("{}{}: {}", finding.title, place.unwrap_or_default(), finding.evidence.text)},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": finding.url.to_string()}}}],
            "partialFingerprints": {"redoubt/v1": finding.id},
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Redoubt",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": result.results_status == crate::engine::ResultsStatus::Finished,
            }],
            "results": results.collect::<Vec<_>>(),
        }],
    })
}
