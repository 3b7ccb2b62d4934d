//! The calls that read, and what callers may see.

use platform::assets::Asset;
use platform::gateway::Shape;
use platform::tags::Tag;
use platform::{Permissions, Platform};
use serde_json::{Value, json};
use store::Id;

use super::*;

#[test]
fn the_supported_technologies_are_listed() {
    let gate = Gate::new();
    let reply = gate.send(&get(format!("{API}/technology/{MANIFEST}"))).ok();
    let items = reply["data"]["items"].as_array().unwrap();
    for (id, name) in [(1016, "Fabric 7"), (1017, "Fabric 8"), (1044, "Comware 7"), (2002, "Cisco IOS 15.x")]
    {
        assert!(items.contains(&json!({ "id": id, "name": name })), "{name}");
    }
    gate.send(&get(format!("{API}/technology/Other"))).refused(400, "ERR-2905");
}

#[test]
fn the_commands_of_a_technology_are_listed() {
    let gate = Gate::new();
    let reply = gate.send(&get(format!("{API}/technology/Cisco%20IOS%2015.x/command/{MANIFEST}"))).ok();
    let first = &reply["data"]["items"][0];
    assert_eq!(
        (&first["id"], &first["command"], &first["required"]),
        (&json!("running-config"), &json!("show running-config"), &json!(true))
    );
    assert_eq!(first.get("uploaded"), None);
    let message = gate
        .send(&get(format!("{API}/technology/Cisco%20IOS%2099/command/{MANIFEST}")))
        .refused(400, "ERR-2904");
    assert!(message.contains("Cisco IOS 15.x"), "{message}");
}

#[test]
fn the_status_of_recent_assets_is_told() {
    let gate = Gate::new();
    let old = gate.provision("192.0.2.1", "Fabric 7");
    gate.wait(3 * 86_400);
    let new = gate.provision("192.0.2.2", "Fabric 7");
    let told = |days: &str| gate.send(&get(format!("{API}/assets/status/subscription/{days}")));
    let item = |uuid: &str| json!({ "assetUUID": uuid, "status": "Provision Confirmed" });
    assert_eq!(told("2").ok(), json!({ "code": 200, "data": { "items": [item(&new)] } }));
    assert_eq!(told("30").ok()["data"]["items"], json!([item(&old), item(&new)]));
    for days in ["0", "31", "-1", "x", "1.5", "99999999999999999999"] {
        told(days).refused(400, "ERR-2916");
    }
    gate.send(&request("DELETE", format!("{API}/asset/{new}"))).ok();
    assert_eq!(told("2").ok()["data"]["items"], json!([]));
}

#[test]
fn assets_are_listed_by_address_technology_and_status() {
    let gate =
        Gate::with(platform::Settings { oca_confirmation_seconds: 60, ..platform::Settings::default() });
    let first = gate.provision("192.0.2.1", "Fabric 7");
    gate.wait(60);
    let second = gate.provision("192.0.2.1", "Fabric 8");
    let third = gate.provision("192.0.2.2", "Fabric 8");
    let list = |query: &str| {
        let data = gate.send(&get(format!("{API}/assets{query}"))).ok()["data"].clone();
        let uuids: Vec<_> = data["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["assetUUID"].as_str().unwrap().to_owned())
            .collect();
        (uuids, data["totalCount"].as_u64().unwrap())
    };
    let all = vec![first.clone(), second.clone(), third.clone()];
    assert_eq!(list(""), (all.clone(), 3));
    assert_eq!(list("?hostIP=192.0.2.1&technology=&status="), (vec![first.clone(), second.clone()], 2));
    assert_eq!(list("?technology=fabric+8"), (vec![second.clone(), third.clone()], 2));
    assert_eq!(list("?status=provision%20confirmed"), (vec![first], 1));
    assert_eq!(list("?status=Provision+Requested&hostIP=192.0.2.2"), (vec![third.clone()], 1));
    assert_eq!(list("?pageNumber=1&pageSize=2"), (vec![third], 3));
    assert_eq!(list("?pageNumber=7&pageSize=2"), (vec![], 3));
    let refused = |query: &str, id| gate.send(&get(format!("{API}/assets{query}"))).refused(400, id);
    refused("?hostIP=x", "ERR-2903");
    refused("?technology=x", "ERR-2904");
    refused("?status=x", "ERR-2917");
    refused("?pageSize=0", "ERR-2917");
    refused("?pageSize=1001", "ERR-2917");
    refused("?pageNumber=-1", "ERR-2917");
}

#[test]
fn version_one_is_answered_as_deprecated() {
    let gate = Gate::new();
    for url in ["/ocaapi/v1.0/asset", "/ocaapi/v1.0", "/ocaapi/v1.0/technology/PolicyCompliance"] {
        let message = gate.send(&get(url)).refused(410, "ERR-2920");
        assert!(message.contains("deprecated") && message.contains("/ocaapi/v2.0"), "{message}");
    }
    gate.send(&get("/ocaapi/v3.0/asset")).refused(404, "ERR-2918");
    gate.send(&get("/ocaapi")).refused(404, "ERR-2918");
    gate.send(&get(format!("{API}/asset/a/b/c"))).refused(404, "ERR-2918");
    gate.send(&request("PUT", format!("{API}/asset"))).refused(405, "ERR-2919");
    gate.send(&get(format!("/{API}//technology/{MANIFEST}/"))).ok();
}

/// What of a device somebody sees who sees only assets with a tag.
fn seen(gate: &Gate, uuid: &str, tag: Id<Tag>) -> Vec<u16> {
    let urls = [
        get(format!("{API}/asset/{uuid}")),
        get(format!("{API}/asset/{uuid}/status")),
        get(format!("{API}/asset/{uuid}/posture")),
        get(format!("{API}/asset/{uuid}/upload")),
        get(format!("{API}/asset/{uuid}/upload/1/difference/1")),
        get(format!("{API}/asset/{uuid}/command/{MANIFEST}")),
        upload(uuid, "a.txt", ROUTER.as_bytes()),
        request("DELETE", format!("{API}/asset/{uuid}")),
    ];
    urls.iter().map(|url| gate.send_as(url, Permissions::all(), Some(vec![tag])).status).collect()
}

#[test]
fn what_is_outside_the_scope_is_not_there() {
    let gate = Gate::new();
    let (hidden, shown) =
        (gate.provision("192.0.2.1", "Cisco IOS 15.x"), gate.provision("192.0.2.2", "Cisco IOS 15.x"));
    gate.upload(&hidden, ROUTER).ok();
    gate.upload(&shown, ROUTER).ok();
    let tag = Id::<Tag>::new(1);
    let put = move |job: &mut store::Job<'_>| -> platform::Result<()> {
        let asset = job.get(Id::<Asset>::new(2))?.unwrap();
        let tagged = Asset { tags: vec![tag], ..asset.object.clone() };
        Ok(job.update(&asset, tagged)?)
    };
    gate.platform.store().write_blocking("test", put).unwrap();
    let before = gate.fingerprint();
    assert_eq!(seen(&gate, &hidden, tag), [404; 8]);
    let scoped = |request: &Request| gate.send_as(request, Permissions::all(), Some(vec![tag])).ok();
    let uuids = |value: &Value| {
        value["data"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["assetUUID"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(uuids(&scoped(&get(format!("{API}/assets/status/subscription/30")))), [json!(shown)]);
    assert_eq!(uuids(&scoped(&get(format!("{API}/assets")))), [json!(shown)]);
    let revoke = post(format!("{API}/asset/revoke/bulk"), json!({ "assetList": [hidden] }).to_string());
    let reply = scoped(&Request { method: "DELETE", ..revoke });
    assert_eq!(reply["data"]["items"]["failedRevoke"], json!([hidden]));
    let hosts = scoped(&get("/pcrs/3.0/posture/hostids?policyId=1"));
    assert_eq!(hosts[0]["hostIds"], json!(["2"]));
    let wanted = json!([{ "policyId": "1", "hostIds": ["1", "2"] }]).to_string();
    let records = scoped(&post("/pcrs/3.0/posture/postureInfo", wanted));
    assert!(records.as_array().unwrap().iter().all(|one| one["hostId"] == 2), "{records}");
    assert_eq!(gate.fingerprint(), before);
    assert_eq!(seen(&gate, &shown, tag), [200; 8]);
}

#[test]
fn the_documentation_describes_every_call() {
    for family in Platform::gateway() {
        let document = platform::gateway::openapi(family);
        let content_type = match family.shape {
            Shape::Gateway => "application/json",
            Shape::Simple => "text/xml",
        };
        for operation in family.operations {
            let described =
                &document["paths"][operation.shown_path()][operation.method.name().to_lowercase()];
            assert_eq!(described["operationId"], operation.name);
            let named = operation.shown_path().matches('{').count();
            let parameters = described["parameters"].as_array().unwrap();
            assert_eq!(
                parameters.iter().filter(|one| one["in"] == "path").count(),
                named,
                "{}",
                operation.path
            );
            assert!(
                described["responses"]["200"]["content"][content_type]["example"] != Value::Null,
                "{}",
                operation.name
            );
        }
    }
}
