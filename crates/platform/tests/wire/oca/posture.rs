//! Posture by the policy compliance calls (`contract/oca.md 5.3`).

use serde_json::{Value, json};

use super::*;

fn info(gate: &Gate, query: &str, body: &Value) -> Reply {
    gate.send(&post(format!("/pcrs/3.0/posture/postureInfo{query}"), body.to_string()))
}

#[test]
fn posture_is_told_for_the_hosts_of_a_policy() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.14", "Cisco IOS 15.x");
    gate.provision("192.0.2.15", "Cisco IOS 15.x");
    gate.wait(60);
    gate.upload(&uuid, ROUTER).ok();
    let hosts = gate.send(&get("/pcrs/3.0/posture/hostids?policyId=1")).ok();
    assert_eq!(hosts, json!([{ "policyId": "1", "subscriptionId": "1", "hostIds": ["1"] }]));
    let records = info(&gate, "?evidenceRequired=1", &hosts).ok();
    let records = records.as_array().unwrap();
    let own = gate.send(&get(format!("{API}/asset/{uuid}/posture"))).ok();
    let judged =
        own["data"]["items"].as_array().unwrap().iter().filter(|one| one["status"] != "not-applicable");
    assert_eq!(records.len(), judged.count());
    let ssh = records
        .iter()
        .find(|one| one["controlStatement"] == "Remote terminal lines accept SSH only")
        .unwrap();
    for (name, value) in [
        ("hostId", "1"),
        ("ip", "192.0.2.14"),
        ("status", "Failed"),
        ("policyId", "1"),
        ("trackingMethod", "OCA"),
        ("lastEvaluatedDate", "2024-03-01T10:01:00Z"),
        ("os", "Cisco IOS 15.x"),
    ] {
        assert_eq!(ssh[name], value, "{name}");
    }
    assert_eq!(ssh["technology"], json!({ "id": 2002, "name": "Cisco IOS 15.x" }));
    assert_eq!(ssh["evidence"]["lines"][0]["text"], " transport input telnet ssh");
    let text = serde_json::to_string(records).unwrap();
    assert!(!text.contains("Winter2019") && !text.contains("branchRO"), "secrets are masked");

    let plain = info(&gate, "", &hosts).ok();
    assert!(plain.as_array().unwrap().iter().all(|one| one.get("evidence").is_none()));
    let since = |name: &str, date: &str| {
        info(&gate, &format!("?{name}={date}"), &hosts).ok().as_array().unwrap().len()
    };
    for name in ["lastEvaluationDate", "lastScanDate"] {
        assert_eq!(since(name, "2024-03-01T10:01:00Z"), records.len());
        assert_eq!(since(name, "2024-03-01T10:01:01Z"), 0);
    }
    let nobody = json!([{ "policyId": 1, "hostIds": [2, 99] }]);
    assert_eq!(info(&gate, "", &nobody).ok(), json!([]));
    gate.send(&request("DELETE", format!("{API}/asset/{uuid}"))).ok();
    assert_eq!(info(&gate, "", &hosts).ok(), json!([]));
}

#[test]
fn what_posture_does_not_have_is_said() {
    let gate = Gate::new();
    let good = json!([{ "policyId": "1", "hostIds": ["1"] }]);
    info(&gate, "?compressionRequired=1", &good).refused(400, "ERR-3001");
    info(&gate, "?evidenceRequired=maybe", &good).refused(400, "ERR-3001");
    info(&gate, "?lastScanDate=yesterday", &good).refused(400, "ERR-3001");
    info(&gate, "", &json!([{ "policyId": "2", "hostIds": ["1"] }])).refused(404, "ERR-3018");
    for bad in [
        json!([]),
        json!({}),
        json!([1]),
        json!([{ "policyId": "1" }]),
        json!([{ "policyId": "1", "hostIds": ["x"] }]),
    ] {
        info(&gate, "", &bad).refused(400, "ERR-3001");
    }
    gate.send(&get("/pcrs/3.0/posture/hostids")).refused(400, "ERR-3001");
    gate.send(&get("/pcrs/3.0/posture/hostids?policyId=1,7")).refused(404, "ERR-3018");
    gate.send(&get("/pcrs/6.0/posture/hostids?policyId=1")).refused(404, "ERR-3018");
    for version in ["1.0", "2.0", "4.0", "5.0"] {
        gate.send(&get(format!("/pcrs/{version}/posture/hostids?policyId=1"))).ok();
    }
}
