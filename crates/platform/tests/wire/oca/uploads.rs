//! Uploads: taken in, kept, compared and removed (`contract/oca.md 3.5 to 3.7, 4 and 7`).

use assess::MASK;
use platform::assets::Asset;
use platform::oca::{Device, Upload};
use serde_json::{Value, json};
use store::Object;

use super::*;

const IOS: &str = "Cisco IOS 15.x";

fn data(gate: &Gate, uuid: &str, rest: &str) -> Value {
    gate.send(&get(format!("{API}/asset/{uuid}/{rest}"))).ok()["data"].clone()
}

/// How a control came out.
fn verdict(gate: &Gate, uuid: &str, title: &str) -> Value {
    let posture = data(gate, uuid, "posture");
    let found = posture["items"].as_array().unwrap().iter().find(|one| one["title"] == title).cloned();
    found.unwrap_or_else(|| panic!("no control {title:?}"))
}

const SSH_ONLY: &str = "Remote terminal lines accept SSH only";

#[test]
fn an_upload_is_assessed_at_once() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    gate.send(&get(format!("{API}/asset/{uuid}/posture"))).refused(400, "ERR-2913");
    gate.wait(60);
    assert_eq!(
        gate.upload(&uuid, ROUTER).ok(),
        json!({ "code": 200, "message": "Command Bulk Output Uploaded Successfully." })
    );
    let failed = verdict(&gate, &uuid, SSH_ONLY);
    assert_eq!(failed["status"], "failed");
    let line = ROUTER.lines().position(|line| line == " transport input telnet ssh").unwrap() + 1;
    assert_eq!(failed["evidence"], json!([{ "line": line, "text": " transport input telnet ssh" }]));
    let posture = data(&gate, &uuid, "posture");
    let total: u64 =
        posture["count"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(total as usize, posture["items"].as_array().unwrap().len());
    // The same as the engine says by itself.
    let options = assess::ReadOptions { technology: Some(IOS.into()), ..assess::ReadOptions::default() };
    let device = assess::Device::read(ROUTER.as_bytes(), &options).unwrap();
    let alone = assess::Assessment::of(&device, &assess::Library::builtin(), &assess::Policy::default());
    assert_eq!(posture["items"], serde_json::to_value(&alone.results).unwrap());

    let shown = &gate.send(&get(format!("{API}/asset/{uuid}"))).ok()["data"];
    assert_eq!(shown["lastUpload"]["uploaded"], "2024-03-01T10:01:00Z");
    assert_eq!(
        (&shown["lastUpload"]["hostname"], &shown["lastUpload"]["by"]),
        (&json!("branch-gw1"), &json!("kim"))
    );
    let asset = gate.platform.store().read().unwrap().get(store::Id::<Asset>::new(1)).unwrap().unwrap();
    assert_eq!(asset.scans.last_compliance_scan.unwrap().to_string(), "2024-03-01T10:01:00Z");
    assert_eq!(asset.system.version.as_deref(), Some("15.4(3)M6a"));
}

#[test]
fn the_path_may_lack_its_manifest_type_and_the_flow_may_be_named() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    let mut request = upload(&uuid, "a.txt", ROUTER.as_bytes());
    request.url = format!("{API}/asset/{uuid}/command/bulk/output");
    gate.send(&request).ok();
    for flow in ["DEFAULT", "default", ""] {
        request.headers = vec![("assetFlowType", flow.to_owned())];
        gate.send(&request).ok();
    }
    request.headers = vec![("assetFlowType", "MODEL".to_owned())];
    gate.send(&request).refused(400, "ERR-2917");
    // A client that sets Content-Type by hand may leave out the boundary.
    let bare = Request { content_type: Some("multipart/form-data".into()), headers: Vec::new(), ..request };
    gate.send(&bare).ok();
}

#[test]
fn a_configuration_is_assessed_as_the_main_command() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    let text = "! saved\nversion 15.4\nhostname r1\nline vty 0 4\n transport input telnet\nend\n";
    let url = format!("{API}/asset/{uuid}/configuration/{MANIFEST}");
    let reply = gate.send(&form(&url, &[("data", Some("r1.txt"), text.as_bytes())])).ok();
    assert_eq!(reply["message"], "Configuration Uploaded Successfully.");
    let failed = verdict(&gate, &uuid, SSH_ONLY);
    assert_eq!(failed["evidence"], json!([{ "line": 5, "text": " transport input telnet" }]));
    let history = data(&gate, &uuid, "upload");
    assert_eq!(history["items"][0]["kind"], "configuration");
    assert_eq!(history["items"][0]["commands"], json!(["running-config"]));
    gate.send(&form(&url, &[("data", Some("r1.txt"), b"dear diary\n")])).refused(400, "ERR-2910");
}

#[test]
fn an_upload_replaces_only_the_commands_that_it_holds() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    gate.upload(&uuid, ROUTER).ok();
    let whole = data(&gate, &uuid, "posture");
    let uploaded = || {
        let items = data(&gate, &uuid, &format!("command/{MANIFEST}"))["items"].clone();
        let done = items.as_array().unwrap().iter().filter(|one| one["uploaded"] == true);
        done.map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(uploaded(), ["running-config", "version", "ssh"]);
    let one = |command: &str, text: &str| {
        let url = format!("{API}/asset/{uuid}/command/output/{MANIFEST}");
        gate.send(&form(
            url,
            &[("command", None, command.as_bytes()), ("data", Some("a.txt"), text.as_bytes())],
        ))
    };
    // The output of one command, abbreviated as people type it: the rest stays as it was.
    let text = "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.6(3)M9, RELEASE SOFTWARE (fc1)\n\nr1 uptime is 1 day\n";
    assert_eq!(one("sh ver", text).ok()["message"], "Command Output Uploaded Successfully.");
    assert_eq!(uploaded(), ["running-config", "version", "ssh"]);
    let history = data(&gate, &uuid, "upload");
    assert_eq!(history["items"][0]["commands"], json!(["version"]));
    assert_eq!(history["items"][0]["carried"], json!(["running-config", "ssh"]));
    assert_eq!(history["items"][0]["version"], "15.6(3)M9");
    let posture = data(&gate, &uuid, "posture");
    assert_eq!(verdict(&gate, &uuid, SSH_ONLY)["status"], "failed");
    // Lines keep the numbers that they have in the upload they are from.
    for (then, now) in whole["items"].as_array().unwrap().iter().zip(posture["items"].as_array().unwrap()) {
        assert_eq!(then["control"], now["control"]);
        if then["evidence"].as_array().is_some_and(|lines| !lines.is_empty()) {
            assert_eq!((&then["status"], &then["evidence"]), (&now["status"], &now["evidence"]), "{now}");
        }
    }
    // A third one over carried output.
    one("show running-config", "version 15.6\nhostname r1\nline vty 0 4\n transport input ssh\nend\n").ok();
    assert_eq!(verdict(&gate, &uuid, SSH_ONLY)["status"], "passed");
    assert_eq!(verdict(&gate, &uuid, SSH_ONLY)["evidence"][0]["line"], 4);
    assert_eq!(data(&gate, &uuid, "upload")["items"][0]["carried"], json!(["version", "ssh"]));
    assert_eq!(data(&gate, &uuid, "upload")["items"][0]["version"], "15.6(3)M9");
    // What the device rejected, and what is no output of a command, replaces nothing.
    let before = gate.fingerprint();
    one("show ip ssh", "                ^\n% Invalid input detected at '^' marker.\n")
        .refused(400, "ERR-2910");
    one("make coffee", "done\n").refused(400, "ERR-2910");
    assert_eq!(gate.fingerprint(), before);
}

#[test]
fn an_upload_of_another_device_is_kept_and_every_control_says_so() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", "Cisco ASA 9.x");
    gate.upload(&uuid, ROUTER).ok();
    let posture = data(&gate, &uuid, "posture");
    let count = posture["count"].as_object().unwrap();
    assert_eq!((count["passed"].as_u64(), count["failed"].as_u64()), (Some(0), Some(0)), "{count:?}");
    assert!(posture["upload"]["contradiction"].as_str().is_some_and(|text| !text.is_empty()), "{posture}");
}

#[test]
fn the_newest_uploads_are_kept_and_told_apart() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    for number in 1..=12 {
        gate.wait(60);
        gate.upload(&uuid, &format!("hostname r{number}\nversion 15.4\nend\n")).ok();
    }
    let history = data(&gate, &uuid, "upload");
    let numbers: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (3..=12).rev().collect::<Vec<_>>());
    assert_eq!(history["items"][0]["hostname"], "r12");
    assert_eq!(gate.files().len(), 10);
    assert_eq!(data(&gate, &uuid, "posture")["upload"]["number"], 12);
}

#[test]
fn the_difference_of_two_uploads_is_what_was_changed() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    gate.upload(&uuid, ROUTER).ok();
    let changed = ROUTER
        .replace("transport input telnet ssh", "transport input ssh")
        .replace("snmp-server community public RO", "snmp-server community Sup3rSecr3t RO");
    gate.upload(&uuid, &changed).ok();
    let difference = data(&gate, &uuid, "upload/1/difference/2");
    let changes = difference["changes"].as_array().unwrap();
    let paths: Vec<_> =
        changes.iter().map(|one| (one["kind"].as_str().unwrap(), one["path"].to_string())).collect();
    assert_eq!(changes.len(), 4, "{paths:?}");
    assert!(
        paths.contains(&("added", json!(["line vty 0 4", "transport input ssh"]).to_string())),
        "{paths:?}"
    );
    assert!(
        paths.contains(&("removed", json!(["line vty 0 4", "transport input telnet ssh"]).to_string())),
        "{paths:?}"
    );
    let text = difference.to_string();
    assert!(!text.contains("Sup3rSecr3t") && text.contains(MASK), "{text}");
    let controls = difference["controls"].as_array().unwrap();
    let ssh = controls.iter().find(|one| one["title"] == SSH_ONLY).expect("the control");
    assert_eq!((&ssh["before"], &ssh["after"]), (&json!("failed"), &json!("passed")));
    assert_eq!(data(&gate, &uuid, "upload/2/difference/2")["changes"], json!([]));
    for bad in ["upload/1/difference/3", "upload/0/difference/1", "upload/x/difference/1"] {
        gate.send(&get(format!("{API}/asset/{uuid}/{bad}"))).refused(404, "ERR-2912");
    }
}

/// Words of the router's text that are in nobody's program.
const MARKS: [&str; 4] = ["branchRO", "Winter2019", "tacacs-server host 192.0.2.60", "EDGE-IN"];

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn rows<T: Object>(gate: &Gate) -> u64 {
    gate.platform.store().index::<T, _>(|index| index.ids().len())
}

#[test]
fn revoking_leaves_nothing_of_an_upload_behind() {
    let gate = Gate::new();
    let (uuid, other) = (gate.provision("192.0.2.1", IOS), gate.provision("192.0.2.2", IOS));
    gate.upload(&uuid, ROUTER).ok();
    gate.upload(&uuid, &ROUTER.replace("public", "private")).ok();
    gate.upload(&other, ROUTER).ok();
    let stored = gate.all_bytes();
    for mark in MARKS {
        assert!(!holds(&stored, mark), "{mark} is readable at rest");
    }
    assert_eq!((gate.files().len(), rows::<Upload>(&gate)), (3, 3));
    let reply = gate.send(&request("DELETE", format!("{API}/asset/{uuid}"))).ok();
    assert_eq!(
        reply,
        json!({ "code": 200, "data": { "assetUUID": uuid }, "message": "Asset(s) Revoked Successfully." })
    );
    assert_eq!(gate.files().len(), 1);
    assert_eq!((rows::<Upload>(&gate), rows::<Device>(&gate), rows::<Asset>(&gate)), (1, 1, 1));
    for rest in ["", "/status", "/posture", "/upload", "/command/PolicyCompliance"] {
        gate.send(&get(format!("{API}/asset/{uuid}{rest}"))).refused(404, "ERR-2912");
    }
    gate.send(&request("DELETE", format!("{API}/asset/{uuid}"))).refused(404, "ERR-2912");
    gate.upload(&uuid, ROUTER).refused(404, "ERR-2912");
    assert_eq!(data(&gate, &other, "posture")["upload"]["number"], 1);
    gate.send(&request("DELETE", format!("{API}/asset/{other}"))).ok();
    assert!(gate.files().is_empty());
    let left = gate.all_bytes();
    for mark in MARKS {
        assert!(!holds(&left, mark), "{mark}");
    }
    // The same address can be registered again, as another asset.
    assert_ne!(gate.provision("192.0.2.1", IOS), uuid);
}

#[test]
fn an_asset_that_is_deleted_takes_its_device_and_files_with_it() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    gate.upload(&uuid, ROUTER).ok();
    let caller = platform::Caller {
        user: store::Id::new(1),
        login: "kim".into(),
        permissions: platform::Permissions::all(),
        scope: None,
    };
    let now = store::Clock::now(&*gate.clock);
    let call = platform::Call { platform: gate.platform.clone(), caller, peer: None, now };
    let platform::Routed::To(operation, id) =
        platform::Platform::route("POST", "/qps/rest/2.0/delete/am/hostasset/1")
    else {
        panic!("an operation")
    };
    let input = platform::Input { id, ..platform::Input::default() };
    operation.run(&call, input).map(drop).unwrap();
    gate.send(&get(format!("{API}/asset/{uuid}"))).refused(404, "ERR-2912");
    assert_eq!((rows::<Upload>(&gate), rows::<Device>(&gate)), (0, 0));
    assert!(gate.files().is_empty(), "the files went before the answer");
}

#[test]
fn a_file_that_a_killed_server_left_behind_goes_with_a_later_look() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    gate.upload(&uuid, ROUTER).ok();
    let kept = gate.files();
    let left = kept[0].with_file_name("ab".repeat(32));
    std::fs::copy(&kept[0], &left).unwrap();
    let now = store::Clock::now(&*gate.clock);
    gate.platform.tick(now);
    assert!(left.exists(), "its row may be still to come");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    std::fs::File::open(&left).unwrap().set_modified(old).unwrap();
    gate.platform.tick(now + jiff::SignedDuration::from_hours(2));
    assert_eq!(gate.files(), kept);
}

#[test]
fn uploads_of_one_device_at_once_are_all_taken_in() {
    let gate = Gate::new();
    let uuid = gate.provision("192.0.2.1", IOS);
    gate.upload(&uuid, ROUTER).ok();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let reply = gate.upload(&uuid, "version 15.4\nhostname r1\nend\n");
                // So many at once may be more than one device is meant for; then the caller is told to come again.
                assert!(reply.status == 200 || reply.status == 503, "{}", reply.body);
            });
        }
    });
    let history = data(&gate, &uuid, "upload");
    let uploads = history["items"].as_array().unwrap();
    assert_eq!(gate.files().len(), uploads.len());
    // Whoever was last, nothing of the first was lost.
    assert_eq!(uploads[0]["carried"], json!(["version", "ssh"]));
}
