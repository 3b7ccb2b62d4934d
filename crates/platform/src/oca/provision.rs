//! Registering devices, one by one and a sheet at a time (`contract/oca.md 3.2 and 3.3`).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Id, Job, Stored};
use uuid::Uuid;

use super::error::{Code, unknown_asset};
use super::model::{Details, Device, place_key, uuid_key};
use super::sheet;
use super::wanted::{Wanted, check_manifest};
use crate::assets::{self, Asset, Interface, TrackingMethod, derived_name};
use crate::gateway::{GatewayInput, GatewayReply};
use crate::{Call, Error, Permission, Result};

/// The most rows of a sheet.
pub(super) const MOST: usize = 1_000;
const SUBMITTED: &str = "Request for Asset Provisioning submitted successfully.";

/// `POST asset`.
pub(super) fn one(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let object = input.object().map_err(|message| Code::Body.error(message))?;
    let wanted = Wanted::read(|name| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        // The documentation's table says that some are integers.
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Code::Body.error(format!("{name}: Specify a text."))),
    })?;
    if wanted.uuid.is_some() {
        call.demand(Permission::EditAsset)?;
    }
    let work = call.clone();
    let uuid = call.write(move |job| match provision(&work, job, &wanted)? {
        Done::New(uuid) | Done::Changed(uuid) => Ok(uuid),
        Done::Exists => Err(exists(&wanted)),
    })?;
    let answer = json!({ "code": 200, "data": { "assetUUID": uuid }, "message": SUBMITTED });
    Ok(GatewayReply::Json(answer))
}

fn exists(wanted: &Wanted) -> Error {
    let (address, technology) = (wanted.host_ip, wanted.technology.name);
    let advice = "Send its uuid to provision it again.";
    Code::Exists.error(format!(
        "An asset with hostIP {address} and technology {technology} is provisioned already. {advice}"
    ))
}

enum Done {
    New(Uuid),
    Changed(Uuid),
    Exists,
}

fn provision(call: &Call, job: &mut Job<'_>, wanted: &Wanted) -> Result<Done> {
    if let Some(uuid) = &wanted.uuid {
        let device = find(call, job, uuid)?;
        wanted.check_same(&device)?;
        return change(job, &device, &wanted.details).map(|()| Done::Changed(device.uuid));
    }
    if job.find::<Device>(&place_key(wanted.host_ip, wanted.technology.id))?.is_some() {
        return Ok(Done::Exists);
    }
    let now = job.now();
    let mut asset = Asset::new("", TrackingMethod::Oca, now);
    asset.os = Some(wanted.technology.name.to_owned());
    asset.system.family = Some("Network".into());
    asset.network.address = Some(wanted.host_ip);
    describe(&mut asset, &wanted.details);
    asset.name = derived_name(&asset).unwrap_or_else(|| wanted.host_ip.to_string());
    let uuid = Uuid::new_v4();
    let delay = SignedDuration::from_secs(call.platform.settings().oca_confirmation_seconds.into());
    let device = Device {
        uuid,
        host_ip: wanted.host_ip,
        technology: wanted.technology.id,
        details: wanted.details.clone(),
        asset: job.insert(asset)?,
        requested: now,
        confirmed: now.checked_add(delay).unwrap_or(Timestamp::MAX),
        uploads: 0,
        current: None,
    };
    job.insert(device)?;
    Ok(Done::New(uuid))
}

/// A device, as a write finds it, if the caller may see its asset.
pub(super) fn find(call: &Call, job: &mut Job<'_>, uuid: &str) -> Result<Stored<Device>> {
    let unknown = || unknown_asset(uuid);
    let key = uuid_key(Uuid::try_parse(uuid.trim()).map_err(|_| unknown())?);
    let id = job.find::<Device>(&key)?.ok_or_else(unknown)?;
    let device = job.get(id)?.ok_or_else(unknown)?;
    let asset = job.get(device.asset)?.ok_or_else(unknown)?;
    if assets::sees(call, asset.id, &asset) { Ok(device) } else { Err(unknown()) }
}

fn change(job: &mut Job<'_>, device: &Stored<Device>, details: &Details) -> Result<()> {
    let details = device.details.overlaid(details);
    if let Some(old) = job.get(device.asset)? {
        let mut asset = old.object.clone();
        describe(&mut asset, &details);
        if asset != old.object {
            asset.modified = job.now();
            job.update(&old, asset)?;
        }
    }
    let changed = Device { details, ..device.object.clone() };
    Ok(job.update(device, changed)?)
}

/// What the details say of the asset.
fn describe(asset: &mut Asset, details: &Details) {
    asset.network.dns_host_name.clone_from(&details.dns_name);
    asset.network.netbios_name.clone_from(&details.netbios);
    asset.hardware.model.clone_from(&details.model_name);
    asset.hardware.bios_serial.clone_from(&details.serial_number);
    let interface = |mac: &String| Interface {
        hostname: None,
        interface_id: None,
        interface_name: None,
        mac_address: Some(mac.clone()),
        kind: None,
        address: asset.network.address,
        gateway_address: None,
    };
    asset.interfaces = details.mac.iter().map(interface).collect();
}

/// What became of a row.
enum Outcome {
    Success(Uuid),
    Skipped,
    Failed(String),
}

/// `POST asset/bulk`.
pub(super) fn bulk(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    if let Some(manifest) = input.query.get("manifest_types") {
        check_manifest("manifest_types", manifest)?;
    }
    let rows = sheet::read(&input)?;
    if rows.len() > MOST {
        let (rows, advice) = (rows.len(), "Split the file.");
        return Err(
            Code::TooMany.error(format!("The file has {rows} assets; at most {MOST} are taken. {advice}"))
        );
    }
    let work = call.clone();
    let done = call.write(move |job| {
        rows.into_iter().map(|row| row_done(&work, job, row)).collect::<Result<Vec<_>>>()
    })?;
    Ok(GatewayReply::Json(told(&done)))
}

/// One row. What is wrong with it concerns it alone; what is wrong with the database, all.
fn row_done(call: &Call, job: &mut Job<'_>, row: sheet::Row) -> Result<(sheet::Named, Outcome)> {
    let sheet::Row { named, wanted } = row;
    let outcome = wanted.and_then(|wanted| {
        if wanted.uuid.is_some() {
            call.demand(Permission::EditAsset)?;
        }
        provision(call, job, &wanted)
    });
    let outcome = match outcome {
        Ok(Done::New(uuid) | Done::Changed(uuid)) => Outcome::Success(uuid),
        Ok(Done::Exists) => Outcome::Skipped,
        Err(Error::Store(error)) => return Err(error.into()),
        Err(error) => Outcome::Failed(error.into_gateway(&super::FAMILY).to_string()),
    };
    Ok((named, outcome))
}

/// The answer, with the counter's name misspelt as documented, and spelt right beside it.
fn told(done: &[(sheet::Named, Outcome)]) -> Value {
    let (mut successes, mut failures, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for (named, outcome) in done {
        let (ip, technology) = (&named.ip, &named.technology);
        match outcome {
            Outcome::Success(uuid) => {
                successes.push(json!({ "uuid": uuid, "ip": ip, "technology": technology }));
            }
            Outcome::Failed(error) => {
                failures.push(json!({ "ip": ip, "technology": technology, "error": error }));
            }
            Outcome::Skipped => skipped.push(json!({ "ip": ip, "technology": technology })),
        }
    }
    let count = json!({
        "successfulProvisions": successes.len(),
        "failedProvisions": failures.len(),
        "skipppedProvisions": skipped.len(),
        "skippedProvisions": skipped.len(),
    });
    json!({ "code": 200, "data": { "items": {
        "count": count,
        "successfulProvisions": successes,
        "failedProvisions": failures,
        "skippedProvisions": skipped,
    } } })
}

/// The number of an asset on the wire.
pub(super) fn asset_number(id: Id<Asset>) -> u32 {
    id.get()
}
