//! Good requests for every call of the gateway, and what the answers look like.

use platform::gateway::{Body, GatewayOperation, Shape};
use platform::{Permission, Permissions, Platform};
use serde_json::{Value, json};

use super::*;

/// An installation with two devices: one with two uploads, as asset 1, and one with none.
pub(crate) fn furnished() -> (Gate, String, String) {
    let gate = Gate::new();
    let (uuid, other) =
        (gate.provision("192.0.2.14", "Cisco IOS 15.x"), gate.provision("192.0.2.15", "Fabric 8"));
    gate.upload(&uuid, ROUTER).ok();
    gate.upload(&uuid, &ROUTER.replace("transport input telnet ssh", "transport input ssh")).ok();
    let schedule = r#"{"name":"Own","targets":"127.0.0.1","ports":"9","record":"MAP"}"#;
    gate.send(&post("/redoubt/discovery/v1/schedule", schedule)).ok();
    (gate, uuid, other)
}

/// A request with which a call does something there.
pub(crate) fn good_request(operation: &GatewayOperation, uuid: &str) -> Request {
    let url = operation
        .shown_path()
        .replace("{uuid}", uuid)
        .replace("{manifest_types}", MANIFEST)
        .replace("{name}", "Cisco%20IOS%2015.x")
        .replace("{days}", "30")
        .replace("{id}", "1")
        .replace("{from}", "1")
        .replace("{to}", "2")
        .replace("{version}", "3.0");
    assert!(!url.contains('{'), "{url}");
    let method = operation.method.name();
    let text = |text: String| Request { method, ..post(&url, text) };
    match (operation.name, &operation.body) {
        ("provision", _) => {
            text(format!(r#"{{"hostIP":"192.0.2.99","technology":"Fabric 7","type":"{MANIFEST}"}}"#))
        }
        ("recordResults", _) => {
            text(json!({ "record": "MAP", "hosts": [crate::discoveries::host("192.0.2.17")] }).to_string())
        }
        ("createSchedule", _) => {
            text(r#"{"name":"Other","targets":"127.0.0.2","ports":"9","record":"MAP","rate":10}"#.to_owned())
        }
        ("updateSchedule", _) => text(r#"{"name":"Other","targets":"127.0.0.2"}"#.to_owned()),
        ("revokeBulk", _) => text(format!(r#"{{"assetList":["{uuid}"]}}"#)),
        ("postureInfo", _) => text(r#"[{"policyId":"1","hostIds":["1"]}]"#.to_owned()),
        ("resolveHostIds", _) => get(format!("{url}?policyId=1")),
        ("postureInfoList", _) => get(format!("{url}?action=list&policy_id=1")),
        ("postureInfoListForm", _) => text("action=list&policy_id=1".to_owned()),
        ("provisionBulk", _) => {
            form(&url, &[("data", Some("a.csv"), b"hostIP,technology\n192.0.2.98,Fabric 7\n")])
        }
        ("uploadCommand", _) => {
            let output = &b"SSH Enabled - version 2.0\n"[..];
            form(&url, &[("command", None, b"show ip ssh"), ("data", Some("a.txt"), output)])
        }
        (_, Body::Form(_)) => form(&url, &[("data", Some("a.txt"), b"hostname r1\nversion 15.4\nend\n")]),
        (_, Body::None) => request(method, url),
        (name, _) => panic!("no good request for {name}"),
    }
}

/// Panics where a value has a member that the sample lacks, or another type than it has there.
#[track_caller]
fn demand_alike(sample: &Value, value: &Value, at: &str) {
    match (sample, value) {
        (Value::Object(sample), Value::Object(value)) => {
            for (name, value) in value {
                if let Some(sample) = sample.get(name) {
                    demand_alike(sample, value, &format!("{at}.{name}"));
                }
            }
            let missing: Vec<_> = sample.keys().filter(|name| !value.contains_key(*name)).collect();
            assert!(
                missing.iter().all(|name| OPTIONAL.contains(&name.as_str())),
                "{at}: {missing:?} of the sample"
            );
        }
        (Value::Array(sample), Value::Array(value)) => {
            if let (Some(sample), Some(value)) = (sample.first(), value.first()) {
                demand_alike(sample, value, &format!("{at}[]"));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (sample, value) => {
            assert_eq!(std::mem::discriminant(sample), std::mem::discriminant(value), "{at}: {value}");
        }
    }
}

/// What an answer may lack.
const OPTIONAL: [&str; 6] = ["hostname", "version", "evidence", "aliases", "missing", "unexpected"];

#[test]
fn every_call_answers_as_its_sample_says() {
    let families = Platform::gateway().iter().filter(|family| family.shape == Shape::Gateway);
    for operation in families.flat_map(|family| family.operations) {
        let (gate, uuid, _) = furnished();
        let reply = gate.send(&good_request(operation, &uuid)).ok();
        let sample: Value = serde_json::from_str(operation.sample).unwrap();
        demand_alike(&sample, &reply, operation.name);
    }
}

#[test]
fn no_call_works_without_its_permission() {
    for operation in Platform::gateway().iter().flat_map(|family| family.operations) {
        let (gate, uuid, _) = furnished();
        let request = good_request(operation, &uuid);
        let before = gate.fingerprint();
        let without = |missing: Permission| {
            let others: Vec<_> = Permission::ALL.into_iter().filter(|one| *one != missing).collect();
            Permissions::of(&others)
        };
        for permissions in
            [without(operation.permission), without(Permission::ApiAccess), Permissions::default()]
        {
            let reply = gate.send_as(&request, permissions, None);
            assert_eq!(reply.status, 403, "{}: {}", operation.name, reply.body);
            assert_eq!(reply.body["_error"]["code"], 403);
        }
        assert_eq!(gate.fingerprint(), before, "{}", operation.name);
        let enough = Permissions::of(&[Permission::ApiAccess, operation.permission]);
        gate.send_as(&request, enough, None).ok();
    }
}
