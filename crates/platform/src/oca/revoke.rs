//! Revoking devices: everything that was uploaded goes, and the asset with it (`contract/oca.md 3.5`).

use serde_json::{Value, json};
use store::{BlobId, Id, Job, Stored};

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
    let (uuid, blobs) = call.write(move |job| {
        let device = provision::find(&work, job, &uuid)?;
        Ok((device.uuid, revoke(job, &device)?))
    })?;
    call.platform.oca().remove(&blobs);
    let answer =
        json!({ "code": 200, "data": { "assetUUID": uuid }, "message": "Asset(s) Revoked Successfully." });
    Ok(GatewayReply::Json(answer))
}

/// `DELETE asset/revoke/bulk`.
pub(super) fn bulk(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let uuids = list(&input)?;
    let work = call.clone();
    let (done, failed, blobs) = call.write(move |job| {
        let (mut done, mut failed, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
        for uuid in uuids {
            match provision::find(&work, job, &uuid) {
                Ok(device) => {
                    blobs.extend(revoke(job, &device)?);
                    done.push(uuid);
                }
                Err(Error::Store(error)) => return Err(error.into()),
                Err(_) => failed.push(uuid),
            }
        }
        Ok((done, failed, blobs))
    })?;
    call.platform.oca().remove(&blobs);
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

/// Removes a device, its uploads and its asset. The files are to be removed when this is durable.
fn revoke(job: &mut Job<'_>, device: &Stored<Device>) -> Result<Vec<BlobId>> {
    let blobs = forget(job, device)?;
    if let Some(asset) = job.get(device.asset)? {
        job.delete(&asset)?;
    }
    Ok(blobs)
}

fn forget(job: &mut Job<'_>, device: &Stored<Device>) -> Result<Vec<BlobId>> {
    let mut blobs = Vec::new();
    for id in job.select::<Upload>(&uploads_of(device.id)) {
        if let Some(upload) = job.get(Id::<Upload>::new(id))? {
            blobs.push(upload.blob.clone());
            job.delete(&upload)?;
        }
    }
    job.delete(device)?;
    Ok(blobs)
}

/// An asset is deleted by another call: its device goes with it, and its files soon after.
pub(crate) fn asset_gone(platform: &Platform, job: &mut Job<'_>, asset: Id<Asset>) -> Result<()> {
    let Some(id) = job.find::<Device>(&asset_key(asset))? else { return Ok(()) };
    if let Some(device) = job.get(id)? {
        forget(job, &device)?;
        platform.oca().note_left();
    }
    Ok(())
}
