//! Revoking devices: everything that was uploaded goes, and the asset with it (`contract/oca.md 3.5`).

use serde_json::{Value, json};
use store::{Id, Job, Stored};

use super::Removal;
use super::error::Code;
use super::fields::uploads_of;
use super::model::{Device, Upload, asset_key};
use super::provision::{self, MOST};
use crate::assets::Asset;
use crate::gateway::{GatewayInput, GatewayReply};
use crate::{Call, Error, Platform, Result};

/// `DELETE asset/{uuid}`.
pub(super) fn one(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let uuid = input.path("uuid").to_owned();
    let work = call.clone();
    let uuid = call.write(move |job| {
        let device = provision::find(&work, job, &uuid)?;
        revoke(&work.platform, job, &device)?;
        Ok(device.uuid)
    })?;
    let answer =
        json!({ "code": 200, "data": { "assetUUID": uuid }, "message": "Asset(s) Revoked Successfully." });
    Ok(GatewayReply::Json(answer))
}

/// `DELETE asset/revoke/bulk`.
pub(super) fn bulk(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let uuids = list(&input)?;
    let work = call.clone();
    let (done, failed) = call.write(move |job| {
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for uuid in uuids {
            match provision::find(&work, job, &uuid) {
                Ok(device) => {
                    revoke(&work.platform, job, &device)?;
                    done.push(uuid);
                }
                Err(Error::Store(error)) => return Err(error.into()),
                Err(_) => failed.push(uuid),
            }
        }
        Ok((done, failed))
    })?;
    let items = json!({ "successfulRevoke": done, "failedRevoke": failed });
    Ok(GatewayReply::Json(json!({ "code": 200, "data": { "items": items } })))
}

fn list(input: &GatewayInput) -> Result<Vec<String>> {
    let object = input.object().map_err(|message| Code::Body.error(message))?;
    let wanted = "assetList: Specify a list of UUIDs.";
    let list = match object.get("assetList") {
        None | Some(Value::Null) => {
            return Err(Code::Missing.error("The mandatory field assetList is missing."));
        }
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Code::Body.error(wanted)),
    };
    if list.is_empty() {
        return Err(Code::Missing.error("assetList names no asset."));
    }
    if list.len() > MOST {
        let count = list.len();
        return Err(Code::TooMany.error(format!("assetList has {count} assets; at most {MOST} are taken.")));
    }
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| Code::Body.error(wanted));
    list.iter().map(text).collect()
}

/// Removes a device, its uploads and its asset.
fn revoke(platform: &Platform, job: &mut Job<'_>, device: &Stored<Device>) -> Result<()> {
    forget(platform, job, device)?;
    if let Some(asset) = job.get(device.asset)? {
        job.delete(&asset)?;
    }
    Ok(())
}

fn forget(platform: &Platform, job: &mut Job<'_>, device: &Stored<Device>) -> Result<()> {
    for id in job.select::<Upload>(&uploads_of(device.id)) {
        if let Some(upload) = job.get(Id::<Upload>::new(id))? {
            platform.oca().delete(job, &upload, Removal::Revoked)?;
        }
    }
    Ok(job.delete(device)?)
}

/// An asset is deleted by another call: its device goes with it, and its uploads.
pub(crate) fn asset_gone(platform: &Platform, job: &mut Job<'_>, asset: Id<Asset>) -> Result<()> {
    let Some(id) = job.find::<Device>(&asset_key(asset))? else { return Ok(()) };
    match job.get(id)? {
        Some(device) => forget(platform, job, &device),
        None => Ok(()),
    }
}
