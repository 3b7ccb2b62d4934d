//! Devices, uploads and verdicts as JSON.

use assess::{Family, Verdict};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Device, Upload};
use super::provision::asset_number;
use super::wanted::MANIFEST;

pub(super) const REQUESTED: &str = "Provision Requested";
pub(super) const CONFIRMED: &str = "Provision Confirmed";

/// The status of a device, in the words of the contract.
pub(super) fn status(device: &Device, now: Timestamp) -> &'static str {
    if device.is_confirmed(now) { CONFIRMED } else { REQUESTED }
}

/// A date as the wire has it.
pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A device, with the upload that says how it is now.
pub(super) fn device(device: &Device, current: Option<&Upload>, now: Timestamp) -> Value {
    let details = &device.details;
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    };
    put("assetUUID", json!(device.uuid));
    put("assetId", json!(asset_number(device.asset)));
    put("hostIP", json!(device.host_ip));
    put("technology", json!(device.technology_name()));
    put("technologyId", json!(device.technology));
    put("type", json!(MANIFEST));
    put("status", json!(status(device, now)));
    put("dnsName", json!(details.dns_name));
    put("netbios", json!(details.netbios));
    put("mac", json!(details.mac));
    put("modelName", json!(details.model_name));
    put("serialNumber", json!(details.serial_number));
    put("requested", json!(date(device.requested)));
    put("uploads", json!(device.uploads));
    put("lastUpload", current.map_or(Value::Null, upload));
    Value::Object(object)
}

/// An upload.
pub(super) fn upload(upload: &Upload) -> Value {
    let mut value = json!({
        "number": upload.number,
        "uploaded": date(upload.at),
        "by": upload.by,
        "kind": upload.kind.name(),
        "size": upload.size,
        "sha256": upload.sha256,
        "commands": upload.commands,
    });
    let more = [
        ("carried", (!upload.carried.is_empty()).then(|| json!(upload.carried))),
        ("hostname", upload.hostname.as_ref().map(|text| json!(text))),
        ("version", upload.version.as_ref().map(|text| json!(text))),
        ("contradiction", upload.contradiction.as_ref().map(|text| json!(text))),
    ];
    if let Some(object) = value.as_object_mut() {
        object.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    value
}

/// The commands of a family, the main one first.
pub(super) fn commands(family: Family, is_uploaded: impl Fn(&str) -> Option<bool>) -> Vec<Value> {
    let told = |command: &assess::Command| {
        let mut value = json!({
            "id": command.id,
            "command": command.text,
            "aliases": command.aliases,
            "required": command.required,
        });
        if let (Some(is_uploaded), Some(object)) = (is_uploaded(command.id), value.as_object_mut()) {
            object.insert("uploaded".into(), is_uploaded.into());
        }
        value
    };
    family.commands().iter().map(told).collect()
}

/// A verdict.
pub(super) fn verdict(verdict: &Verdict) -> Value {
    // A verdict is texts, numbers and lists of these.
    serde_json::to_value(verdict).unwrap_or_default()
}
