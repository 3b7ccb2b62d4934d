//! Secrets in uploads of every family: sealed at rest, and in no answer (`contract/oca.md 7`).

#[path = "../../../../assess/tests/common/mod.rs"]
mod devices;

use assess::{TECHNOLOGIES, Technology};
use serde_json::json;

use super::*;

fn technology(sample: &devices::Sample) -> Technology {
    let mut of_family = TECHNOLOGIES.iter().filter(|one| one.family.slug() == sample.family);
    let fitting = of_family.clone().find(|one| sample.version.starts_with(one.version));
    *fitting.or_else(|| of_family.next()).expect("a technology of each family")
}

#[track_caller]
fn demand_masked(what: &str, text: &str, secret: &str) {
    let at = text.find(secret);
    let around = at.map(|at| text.get(at.saturating_sub(200)..at + 40).unwrap_or_default().to_owned());
    assert_eq!(around, None, "{what}");
}

#[test]
fn a_secret_of_any_known_place_is_in_no_answer_and_readable_nowhere() {
    for sample in devices::all() {
        let gate = Gate::new();
        let name = technology(&sample).name;
        let (planted, secret) = devices::planted(&sample);
        let (uuid, other) = (gate.provision("192.0.2.1", name), gate.provision("192.0.2.2", "Fabric 8"));
        gate.upload(&uuid, &sample.text).ok();
        gate.upload(&uuid, &planted).ok();
        let mut answers = Vec::new();
        for rest in [
            "posture",
            "upload",
            "upload/1/difference/2",
            "upload/2/difference/1",
            "command/PolicyCompliance",
            "",
        ] {
            answers.push(gate.send(&get(format!("{API}/asset/{uuid}/{rest}"))).ok());
        }
        let hosts = json!([{ "policyId": "1", "hostIds": ["1"] }]).to_string();
        answers.push(gate.send(&post("/pcrs/3.0/posture/postureInfo?evidenceRequired=1", hosts)).ok());
        // Of another technology: kept with a flag, or refused.
        answers.push(gate.upload(&other, &planted).body);
        answers.push(gate.send(&upload(&uuid, "secrets.pdf", planted.as_bytes())).body);
        let output = form(
            format!("{API}/asset/{uuid}/command/output/{MANIFEST}"),
            &[("command", None, b"show nothing"), ("data", Some("a.txt"), planted.as_bytes())],
        );
        answers.push(gate.send(&output).body);
        for answer in answers {
            demand_masked(&sample.to_string(), &answer.to_string(), secret);
        }
        let stored = gate.all_bytes();
        let is_there = stored.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "{sample}: readable at rest");
    }
}
