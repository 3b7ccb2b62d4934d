//! Registering and revoking (`contract/oca.md 3.2 to 3.5`).

use platform::assets::{Asset, TrackingMethod};
use platform::{Permission, Permissions, Settings};
use serde_json::{Value, json};
use store::Id;

use super::*;

fn provision(gate: &Gate, body: Value) -> Reply {
    gate.send(&post(format!("{API}/asset"), body.to_string()))
}

fn asset(gate: &Gate, uuid: &str) -> Asset {
    let shown = gate.send(&get(format!("{API}/asset/{uuid}"))).ok();
    let id = u32::try_from(shown["data"]["assetId"].as_u64().unwrap()).unwrap();
    gate.platform.store().read().unwrap().get(Id::<Asset>::new(id)).unwrap().unwrap().object
}

#[test]
fn an_asset_is_provisioned_and_provisioned_again() {
    let gate = Gate::new();
    let wanted = json!({
        "hostIP": "192.0.2.14", "technology": " fabric 8", "type": "PolicyCompliance", "dnsName": "san a",
        "netbios": "", "mac": "02-00-5e-10-00-01", "modelName": null, "serialNumber": 1234, "uuid": "",
    });
    let reply = provision(&gate, wanted.clone()).ok();
    let uuid = reply["data"]["assetUUID"].as_str().unwrap().to_owned();
    assert_eq!(reply["message"], "Request for Asset Provisioning submitted successfully.");
    let shown = gate.send(&get(format!("{API}/asset/{uuid}"))).ok();
    let expected = json!({
        "assetUUID": uuid, "assetId": 1, "hostIP": "192.0.2.14", "technology": "Fabric 8", "technologyId": 1017,
        "type": "PolicyCompliance", "status": "Provision Confirmed", "dnsName": "san a",
        "mac": "02:00:5E:10:00:01", "serialNumber": "1234", "requested": "2024-03-01T10:00:00Z", "uploads": 0,
    });
    assert_eq!(shown["data"], expected);
    let host = asset(&gate, &uuid);
    assert_eq!(
        (host.name.as_str(), host.tracking_method, host.os.as_deref()),
        ("san a", TrackingMethod::Oca, Some("Fabric 8"))
    );

    provision(&gate, wanted).refused(400, "ERR-2907");
    let mut again = json!({
        "hostIP": "192.0.2.14", "technology": "Fabric 8", "type": "PolicyCompliance", "uuid": uuid,
        "dnsName": "san-b", "mac": "0200.5e10.0002",
    });
    assert_eq!(provision(&gate, again.clone()).ok()["data"]["assetUUID"], uuid.as_str());
    let shown = gate.send(&get(format!("{API}/asset/{uuid}"))).ok();
    assert_eq!(
        (&shown["data"]["dnsName"], &shown["data"]["serialNumber"]),
        (&json!("san-b"), &json!("1234"))
    );
    assert_eq!(asset(&gate, &uuid).network.dns_host_name.as_deref(), Some("san-b"));
    for (field, value) in [("hostIP", "192.0.2.15"), ("technology", "Fabric 7")] {
        let kept = again[field].clone();
        again[field] = value.into();
        assert!(provision(&gate, again.clone()).refused(400, "ERR-2906").contains(field));
        again[field] = kept;
    }
    again["uuid"] = "1c7e0c9a-0000-4000-8000-000000000001".into();
    provision(&gate, again).refused(404, "ERR-2912");
    // Another technology at the same address is another asset.
    gate.provision("192.0.2.14", "Fabric 7");
    gate.provision("2001:db8::1", "Cisco IOS 15.x");
}

#[test]
fn provisioning_again_needs_the_right_to_edit() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", "Fabric 8");
    let body = json!({ "hostIP": "192.0.2.1", "technology": "Fabric 8", "type": MANIFEST, "uuid": uuid, "dnsName": "x" });
    let request = post(format!("{API}/asset"), body.to_string());
    let create = Permissions::of(&[Permission::ApiAccess, Permission::CreateAsset]);
    gate.send_as(&request, create, None).refused(403, "ERR-2915");
    let sheet = format!("hostIP,technology,uuid\n192.0.2.1,Fabric 8,{uuid}\n");
    let bulk = form(format!("{API}/asset/bulk"), &[("data", Some("a.csv"), sheet.as_bytes())]);
    let reply = gate.send_as(&bulk, create, None).ok();
    assert!(reply["data"]["items"]["failedProvisions"][0]["error"].as_str().unwrap().starts_with("ERR-2915"));
    let edit = create.with(Permissions::of(&[Permission::EditAsset]));
    gate.send_as(&request, edit, None).ok();
}

#[test]
fn confirmation_can_be_delayed_and_uploads_wait_for_it() {
    let gate = Gate::with(Settings { oca_confirmation_seconds: 90, ..Settings::default() });
    let uuid = gate.provision("192.0.2.1", "Cisco IOS 15.x");
    let status = || gate.send(&get(format!("{API}/asset/{uuid}/status"))).ok();
    assert_eq!(status(), json!({ "code": 200, "data": { "status": "Provision Requested" } }));
    gate.upload(&uuid, ROUTER).refused(400, "ERR-2913");
    gate.wait(89);
    assert_eq!(status()["data"]["status"], "Provision Requested");
    gate.wait(1);
    assert_eq!(status(), json!({ "code": 200, "data": { "status": "Provision Confirmed" } }));
    gate.upload(&uuid, ROUTER).ok();
}

fn sheet(gate: &Gate, name: &str, text: &str) -> Reply {
    let url = format!("{API}/asset/bulk?manifest_types={MANIFEST}");
    gate.send(&form(url, &[("data", Some(name), text.as_bytes())]))
}

#[test]
fn a_sheet_provisions_skips_and_fails_row_by_row() {
    let gate = Gate::new();
    let text = "\u{feff}hostIP,technology,dnsName\r\n192.0.2.21,Fabric 7,\"a, b\"\r\n192.0.2.22,Comware 7,\r\n192.0.2.21,Fabric 7,\r\n";
    let reply = sheet(&gate, "assets.CSV", text).ok();
    let items = &reply["data"]["items"];
    // The counter's name is misspelt as documented.
    assert_eq!(
        items["count"],
        json!({ "successfulProvisions": 2, "failedProvisions": 0, "skipppedProvisions": 1, "skippedProvisions": 1 })
    );
    let uuid = |at: usize| items["successfulProvisions"][at]["uuid"].as_str().unwrap().to_owned();
    assert_eq!(
        items["successfulProvisions"],
        json!([
            { "uuid": uuid(0), "ip": "192.0.2.21", "technology": "Fabric 7" },
            { "uuid": uuid(1), "ip": "192.0.2.22", "technology": "Comware 7" },
        ])
    );
    assert_eq!(items["failedProvisions"], json!([]));
    assert_eq!(items["skippedProvisions"], json!([{ "ip": "192.0.2.21", "technology": "Fabric 7" }]));
    assert_eq!(gate.send(&get(format!("{API}/asset/{}", uuid(0)))).ok()["data"]["dnsName"], "a, b");

    let text = format!(
        "# changes\ntype|uuid|hostip|technology|dnsname\n|{}|192.0.2.21|Fabric 7|new name\n\
         PolicyCompliance||192.0.2.300|Fabric 7|\nOther||192.0.2.23|Fabric 7|\n||192.0.2.24|CP/M|\n",
        uuid(0)
    );
    let reply = sheet(&gate, "assets.txt", &text).ok();
    let items = &reply["data"]["items"];
    assert_eq!(items["successfulProvisions"][0]["uuid"], uuid(0).as_str());
    let errors: Vec<_> =
        items["failedProvisions"].as_array().unwrap().iter().map(|one| &one["error"]).collect();
    let ids: Vec<_> =
        errors.iter().map(|error| error.as_str().unwrap().split(" - ").next().unwrap()).collect();
    assert_eq!(ids, ["ERR-2903", "ERR-2905", "ERR-2904"]);
    assert_eq!(gate.send(&get(format!("{API}/asset/{}", uuid(0)))).ok()["data"]["dnsName"], "new name");
}

#[test]
fn a_thousand_assets_are_taken_at_once_and_not_one_more() {
    let gate = Gate::new();
    let rows = |count: usize| {
        let row = |at: usize| format!("10.0.{}.{},Cisco IOS 15.x\n", at / 250, at % 250 + 1);
        "hostIP,technology\n".to_owned() + &(0..count).map(row).collect::<String>()
    };
    let before = gate.fingerprint();
    sheet(&gate, "a.csv", &rows(1_001)).refused(400, "ERR-2908");
    assert_eq!(gate.fingerprint(), before);
    let reply = sheet(&gate, "a.csv", &rows(1_000)).ok();
    assert_eq!(reply["data"]["items"]["count"]["successfulProvisions"], 1_000);
    let listed = gate.send(&get(format!("{API}/assets/status/subscription/1"))).ok();
    assert_eq!(listed["data"]["items"].as_array().unwrap().len(), 1_000);
    let uuids: Vec<_> =
        listed["data"]["items"].as_array().unwrap().iter().map(|one| one["assetUUID"].clone()).collect();
    let revoke = |uuids: &[Value]| {
        let body = json!({ "assetList": uuids }).to_string();
        gate.send(&Request { method: "DELETE", ..post(format!("{API}/asset/revoke/bulk"), body) })
    };
    let too_many = [uuids.clone(), vec!["x".into()]].concat();
    revoke(&too_many).refused(400, "ERR-2908");
    let reply = revoke(&uuids).ok();
    assert_eq!(reply["data"]["items"]["successfulRevoke"].as_array().unwrap().len(), 1_000);
    assert_eq!(gate.platform.store().index::<Asset, _>(|index| index.ids().len()), 0);
}

#[test]
fn another_kind_of_file_is_refused_in_the_documented_words() {
    let gate = Gate::new();
    for name in ["assets.xlsx", "assets", "csv", "a.csv.gz"] {
        let reply = sheet(&gate, name, "hostIP,technology\n192.0.2.1,Fabric 7\n");
        let message = "ERR-2052 - [txt,csv] are supported extension.Please upload file appropriately";
        assert_eq!(reply.body, json!({ "_error": { "code": 400, "message": message } }));
    }
}

#[test]
fn many_assets_are_revoked_at_once() {
    let gate = Gate::new();
    let one = gate.provision("192.0.2.1", "Fabric 7");
    let other = gate.provision("192.0.2.2", "Fabric 7");
    let unknown = "9d020000-0000-4000-8000-000000000002";
    let body = json!({ "assetList": [one, unknown, "no uuid", one] }).to_string();
    let url = format!("{API}/asset/revoke/bulk");
    let reply = gate.send(&Request { method: "DELETE", ..post(&url, body) }).ok();
    assert_eq!(
        reply,
        json!({ "code": 200, "data": { "items": {
            "successfulRevoke": [one], "failedRevoke": [unknown, "no uuid", one] } } })
    );
    gate.send(&get(format!("{API}/asset/{one}/status"))).refused(404, "ERR-2912");
    gate.send(&get(format!("{API}/asset/{other}/status"))).ok();
}
