//! Posture by the policy compliance calls (`contract/oca.md 5.3`).

use serde_json::{Value, json};

use super::*;
use crate::common::xmllint::demand_valid;

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
    let policies = gate.send(&get("/pcrs/1.0/posture/policy/list")).ok();
    assert_eq!(policies["subscriptionId"], 1);
    assert_eq!(
        (&policies["policyList"][0]["id"], &policies["policyList"][0]["lastEvaluatedDate"]),
        (&json!(1), &json!("2024-03-01T10:01:00Z"))
    );
    let none = gate.send(&get("/pcrs/1.0/posture/policy/list?lastEvaluationDate=2024-03-02")).ok();
    assert_eq!(none["policyList"], json!([]));
    let hosts = gate.send(&get("/pcrs/3.0/posture/hostids?policyId=1")).ok();
    assert_eq!(gate.send(&get("/pcrs/3.0/posture/hostids")).ok(), hosts, "all policies");
    for (query, count) in [
        ("lastScanDate=2024-03-01", 1),
        ("lastScanDate=2024-03-02", 0),
        ("statusChangedSince=2024-03-01T10:01:00Z", 1),
        ("statusChangedSince=2024-03-01T10:01:01Z", 0),
    ] {
        let found = gate.send(&get(format!("/pcrs/1.0/posture/hostids?policyId=1&{query}"))).ok();
        assert_eq!(found[0]["hostIds"].as_array().unwrap().len(), count, "{query}");
    }
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
        ("hostId", json!(1)),
        ("assetId", json!(1)),
        ("ip", json!("192.0.2.14")),
        ("status", json!("Failed")),
        ("previousStatus", json!("")),
        ("firstFailDate", json!("2024-03-01T10:01:00Z")),
        ("lastPassDate", json!("")),
        ("policyId", json!(1)),
        ("technologyId", json!(2002)),
        ("trackingMethod", json!("OCA")),
        ("lastEvaluatedDate", json!("2024-03-01T10:01:00Z")),
        ("os", json!("Cisco IOS 15.x")),
    ] {
        assert_eq!(ssh[name], value, "{name}");
    }
    assert_eq!(ssh["id"].as_u64().unwrap(), 10_000_000 + ssh["controlId"].as_u64().unwrap());
    assert_eq!(ssh["causeOfFailure"]["unexpected"]["value"], ssh["evidence"]["dpv"][0]["value"]);
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
    assert_eq!(since("lastScanDateTo", "2024-03-01T10:00:59Z"), 0);
    assert_eq!(since("statusChangedSince", "2024-03-01"), records.len());
    // Packed or not, the same.
    assert_eq!(info(&gate, "?evidenceRequired=1&compressionRequired=1", &hosts).ok(), json!(records));
    let short = info(&gate, "?evidenceRequired=true&evidenceTruncationLimit=3", &hosts).ok();
    let texts = short.as_array().unwrap().iter().flat_map(|one| one["evidence"]["lines"].as_array().unwrap());
    assert!(
        texts.clone().count() > 5 && texts.into_iter().all(|one| one["text"].as_str().unwrap().len() <= 3)
    );
    let nobody = json!([{ "policyId": 1, "hostIds": [2, 99] }]);
    assert_eq!(info(&gate, "", &nobody).ok(), json!([]));
    gate.send(&request("DELETE", format!("{API}/asset/{uuid}"))).ok();
    assert_eq!(info(&gate, "", &hosts).ok(), json!([]));
}

#[test]
fn what_posture_does_not_have_is_said() {
    let gate = Gate::new();
    let good = json!([{ "policyId": "1", "hostIds": ["1"] }]);
    info(&gate, "?compressionRequired=maybe", &good).refused(400, "ERR-3001");
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
    gate.send(&get("/pcrs/2.0/posture/hostids")).refused(400, "ERR-3001");
    gate.send(&get("/pcrs/3.0/posture/hostids?policyId=")).refused(400, "ERR-3001");
    gate.send(&get("/pcrs/3.0/posture/hostids?policyId=1,7")).refused(404, "ERR-3018");
    gate.send(&get("/pcrs/6.0/posture/hostids?policyId=1")).refused(404, "ERR-3018");
    for version in ["1.0", "2.0", "4.0", "5.0"] {
        gate.send(&get(format!("/pcrs/{version}/posture/hostids?policyId=1"))).ok();
    }
}

#[test]
fn a_posture_remembers_how_it_was() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.14", "Cisco IOS 15.x");
    gate.upload(&uuid, ROUTER).ok();
    gate.wait(3_600);
    gate.upload(&uuid, ROUTER).ok();
    gate.wait(3_600);
    gate.upload(&uuid, &ROUTER.replace("transport input telnet ssh", "transport input ssh")).ok();
    let hosts = json!([{ "policyId": 1, "hostIds": [1] }]);
    let changed = info(&gate, "?statusChangedSince=2024-03-01T12:00:00Z", &hosts).ok();
    let [ssh] = changed.as_array().unwrap().as_slice() else { panic!("{changed}") };
    for (name, value) in [
        ("status", "Passed"),
        ("previousStatus", "Failed"),
        ("firstFailDate", "2024-03-01T10:00:00Z"),
        ("lastFailDate", "2024-03-01T11:00:00Z"),
        ("firstPassDate", "2024-03-01T12:00:00Z"),
        ("lastPassDate", "2024-03-01T12:00:00Z"),
        ("postureModifiedDate", "2024-03-01T12:00:00Z"),
    ] {
        assert_eq!(ssh[name], value, "{name}");
    }
    assert_eq!(ssh["causeOfFailure"], json!({}));
}

/// Clients that read a stream piece by piece cut it where one record ends and the next begins, and know a record by its
/// first member.
#[test]
fn a_record_of_the_stream_begins_with_its_id() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.14", "Cisco IOS 15.x");
    gate.upload(&uuid, ROUTER).ok();
    let text = gate
        .text(&post("/pcrs/1.0/posture/postureInfo", json!([{ "policyId": 1, "hostIds": [1] }]).to_string()));
    assert!(text.starts_with(r#"[{"id":10901"#), "{text:.60}");
    let count = serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().len();
    assert_eq!(text.matches(r#"},{"id":10901"#).count(), count - 1);
}

fn classic(gate: &Gate, query: &str) -> String {
    let reply = gate.send(&get(format!("/api/2.0/fo/compliance/posture/info/?action=list&{query}"))).ok();
    let text = reply.as_str().unwrap().to_owned();
    if !query.contains("csv") {
        demand_valid(include_str!("posture_info_list_output.dtd"), &text);
    }
    text
}

fn values<'t>(xml: &'t str, name: &str) -> Vec<&'t str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
}

#[test]
fn the_older_posture_call_answers_in_xml_and_csv() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.14", "Cisco IOS 15.x");
    let other = gate.provision("192.0.2.15", "Cisco IOS 15.x");
    gate.wait(60);
    gate.upload(&uuid, ROUTER).ok();
    gate.upload(&other, &ROUTER.replace("branch-gw1", "a<b&c")).ok();
    let own = gate.send(&post(
        "/pcrs/1.0/posture/postureInfo",
        json!([{ "policyId": 1, "hostIds": [1, 2] }]).to_string(),
    ));
    let own = own.ok().as_array().unwrap().clone();

    let xml = classic(&gate, "policy_id=1");
    crate::common::json_of(&xml);
    let ids: Vec<_> = own.iter().map(|one| one["id"].to_string()).collect();
    let told = xml.split("<GLOSSARY>").next().unwrap();
    assert_eq!(values(told, "ID"), ids);
    assert_eq!(
        values(told, "STATUS"),
        own.iter().map(|one| one["status"].as_str().unwrap()).collect::<Vec<_>>()
    );
    let glossary = xml.split("<GLOSSARY>").nth(1).unwrap();
    assert_eq!(values(glossary, "IP"), ["192.0.2.14", "192.0.2.15"]);
    assert!(!xml.contains("<EVIDENCE>") && !xml.contains("<SUMMARY>"));
    assert!(!classic(&gate, "policy_id=1&details=None").contains("GLOSSARY"));

    let all = classic(&gate, "policy_id=1&details=All&show_remediation_info=1&echo_request=1&host_ids=1");
    crate::common::json_of(&all);
    assert!(all.contains("<EXTENDED_EVIDENCE>") && all.contains(" transport input telnet ssh"), "{all}");
    assert_eq!(values(&all, "TOTAL_ASSETS"), ["1"]);
    let failed = own.iter().filter(|one| one["hostId"] == 1 && one["status"] == "Failed").count();
    assert_eq!(values(&all, "TOTAL_FAILED"), [failed.to_string()]);
    assert_eq!(values(&all, "KEY").len(), 6);
    assert!(!classic(&gate, "policy_id=1&details=All&hide_evidence=1").contains("<EVIDENCE>"));
    assert!(classic(&gate, "policy_ids=1").contains("<POLICY>\n<ID>1</ID>"));

    let count = |query: &str| values(&classic(&gate, &format!("policy_id=1&{query}")), "HOST_ID").len();
    let meant = |meets: fn(&Value) -> bool| own.iter().filter(|one| meets(one)).count();
    assert_eq!(count("status=Failed"), meant(|one| one["status"] == "Failed"));
    assert_eq!(count("ips=192.0.2.15-192.0.2.20"), meant(|one| one["hostId"] == 2));
    assert_eq!(count("control_ids=901001-901009"), meant(|one| one["controlId"].as_u64() < Some(901_010)));
    assert_eq!(count("criticality_labels=URGENT"), meant(|one| one["criticality"]["value"] == 5));
    assert_eq!(count("criticality_values=5"), meant(|one| one["criticality"]["value"] == 5));
    assert_eq!(count("evaluation_date=2024-03-02"), 0);
    assert_eq!(count("status_changes_since=2024-03-01"), own.len());

    // A page names the next, until all were told.
    let (mut found, mut query) = (Vec::new(), "policy_id=1&truncation_limit=50".to_owned());
    loop {
        let page = classic(&gate, &query);
        found.extend(values(page.split("<GLOSSARY>").next().unwrap(), "ID").into_iter().map(str::to_owned));
        let Some(url) = values(&page, "URL").pop().map(|url| url.replace("&amp;", "&")) else { break };
        let (base, next) = url.split_once('?').unwrap();
        assert_eq!(base, "https://scan.example.test/api/2.0/fo/compliance/posture/info/");
        query = next.strip_prefix("action=list&").unwrap().to_owned();
    }
    assert_eq!(found, ids);

    let csv = classic(&gate, "policy_id=1&output_format=csv_no_metadata&details=All");
    assert!(csv.starts_with("\"ID\",\"Policy ID\",\"Control ID\""), "{csv:.80}");
    assert_eq!(csv.matches("\r\n").count(), own.len() + 1);
    assert!(classic(&gate, "policy_id=1&output_format=csv").starts_with("\"Policy ID\",\"Datetime\"\r\n"));

    let form = Request {
        content_type: Some("application/x-www-form-urlencoded".into()),
        ..post("/api/2.0/fo/compliance/posture/info/", "action=list&policy_id=1")
    };
    assert_eq!(gate.send(&form).ok(), xml);
}

#[test]
fn the_older_posture_call_says_what_it_does_not_take() {
    let gate = Gate::new();
    for (query, code) in [
        ("policy_id=1", "1903"),
        ("action=list", "1903"),
        ("action=launch&policy_id=1", "1905"),
        ("action=list&policy_id=2", "1905"),
        ("action=list&policy_id=1&policy_ids=1", "1904"),
        ("action=list&policy_id=1&asset_group_ids=1", "1901"),
        ("action=list&policy_id=1&status=Good", "1905"),
        ("action=list&policy_ids=1&output_format=csv", "1907"),
        ("action=list&policy_ids=1&truncation_limit=5", "1907"),
        ("action=list&policy_id=1&criticality_labels=URGENT&criticality_values=5", "1904"),
        ("action=list&policy_id=1&ips=nowhere", "1905"),
    ] {
        let reply = gate.send(&get(format!("/api/2.0/fo/compliance/posture/info/?{query}")));
        let message = reply.body["_error"]["message"].as_str().unwrap_or_default();
        assert!(reply.status == 400 && message.starts_with(&format!("{code} - ")), "{query}: {message}");
    }
    let error = platform::gateway::GatewayError::new(400, "1905", "a<b");
    let text = error.simple_return("2024-03-01T10:00:00Z".parse().unwrap());
    let definition = "<!ELEMENT SIMPLE_RETURN (RESPONSE)><!ELEMENT RESPONSE (DATETIME, CODE?, TEXT)>\
                      <!ELEMENT DATETIME (#PCDATA)><!ELEMENT CODE (#PCDATA)><!ELEMENT TEXT (#PCDATA)>";
    demand_valid(definition, &text);
    assert!(text.contains("<CODE>1905</CODE>") && text.contains("<TEXT>a&lt;b</TEXT>"), "{text}");
}

#[test]
fn the_library_holds_the_built_in_policy() {
    let gate = Gate::new();
    let list = |query: &str| gate.send(&get(format!("/pcas/v1/library/policy/list{query}"))).ok();
    let all = list("");
    assert_eq!((&all[0]["policyId"], &all[0]["policyTitle"]), (&json!(1), &json!("Redoubt baseline")));
    assert!(all[0].get("description").is_none());
    assert!(list("?includeDescription=true")[0]["description"].as_str().unwrap().contains("controls"));
    assert_eq!(list("?technologyId=2002,99"), all);
    for none in ["?technologyId=99", "?labelId=1", "?updatedAfter=01/01/2100"] {
        assert_eq!(list(none), json!([]), "{none}");
    }
    assert_eq!(list("?updatedAfter=01/03/2024"), all);
    gate.send(&get("/pcas/v1/library/policy/list?updatedAfter=2024-03-01")).refused(400, "ERR-3101");
}
