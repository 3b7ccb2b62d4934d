//! Taking uploads in (`contract/oca.md 3.6, 3.7 and 4`): read, assessed and stored at once, or refused as a whole.

use assess::Technology;
use ring::digest::{SHA256, digest};
use store::{BlobId, Id, Job, Stored};
use uuid::Uuid;

use super::Removal;
use super::archive::{Archive, Carried, ReadOut};
use super::error::{Code, unknown_asset};
use super::model::{Device, Upload, UploadKind};
use super::state::{self, Known, unknown_technology};
use super::wanted::{check_manifest, shown};
use crate::assets::Asset;
use crate::gateway::{GatewayInput, GatewayReply, Part};
use crate::text::hex;
use crate::{Call, Error, Result};

/// The uploads of a device that are kept.
const KEPT: usize = 10;
/// The largest upload, in bytes (`contract/oca.md 4.1`).
const LARGEST: usize = 16 << 20;
/// How often an upload is put beside others that came at the same time.
const TRIES: usize = 8;
/// The words of the contract.
const EXTENSION: &str =
    "Invalid file format. Only txt file type is supported. Please upload a file appropriately";

/// `POST asset/{uuid}/command/bulk/output/PolicyCompliance`.
pub(super) fn bulk(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    take(call, &input, UploadKind::Bulk, |_| Ok(None))?;
    Ok(done("Command Bulk Output Uploaded Successfully."))
}

/// `POST asset/{uuid}/command/output/PolicyCompliance`.
pub(super) fn command(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let form = input.form().map_err(|message| Code::Empty.error(message))?;
    let part = form.part("command").ok_or_else(|| Code::Missing.error("There is no part 'command'."))?;
    let command = part.text().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let command = command.filter(|text| !text.is_empty() && text.len() <= 256);
    let command = command.ok_or_else(|| Code::Missing.error("The part 'command' must name a command."))?;
    take(call, &input, UploadKind::Command, |_| Ok(Some(command.clone())))?;
    Ok(done("Command Output Uploaded Successfully."))
}

/// `POST asset/{uuid}/configuration/PolicyCompliance`: the output of the main command, by another name.
pub(super) fn configuration(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    take(call, &input, UploadKind::Configuration, |technology| {
        Ok(technology.family.commands().first().map(|command| command.text.to_owned()))
    })?;
    Ok(done("Configuration Uploaded Successfully."))
}

fn done(message: &str) -> GatewayReply {
    GatewayReply::Json(serde_json::json!({ "code": 200, "message": message }))
}

/// Reads the form, and takes its file in. `command` says of what the file is the output, where it does not itself.
fn take(
    call: &Call,
    input: &GatewayInput,
    kind: UploadKind,
    command: impl Fn(Technology) -> Result<Option<String>>,
) -> Result<()> {
    let manifest = input.path("manifest_types");
    if !manifest.is_empty() {
        check_manifest("manifest_types", manifest)?;
    }
    let uuid = input.path("uuid");
    let device = state::device(call, &mut call.store().read()?, uuid)?;
    let form = input.form().map_err(|message| Code::Empty.error(message))?;
    let raw = file(form.part("data"))?;
    if !device.is_confirmed(call.now) {
        let advice = "Wait until its status is 'Provision Confirmed'.";
        return Err(Code::NotReady.error(format!("The asset is not confirmed yet. {advice}")));
    }
    let technology = device.technology().ok_or_else(|| unknown_technology(&device))?;
    let command = command(technology)?;
    let new = New { raw, kind, technology, command };
    for _ in 0..TRIES {
        if new.put(call, uuid)? {
            return Ok(());
        }
    }
    // So many at once for one device that none of the tries met a quiet moment.
    Err(store::Error::Conflict { kind: "oca_device", id: device.id.get() }.into())
}

fn file<'b>(part: Option<&Part<'b>>) -> Result<&'b [u8]> {
    let part = part.ok_or_else(|| Code::Empty.error("There is no file in the part 'data'."))?;
    if part.extension().as_deref() != Some("txt") {
        return Err(Code::UploadName.error(EXTENSION));
    }
    if part.data.len() > LARGEST {
        let size = part.data.len();
        return Err(Code::NotText.error(format!("The file has {size} bytes; at most {LARGEST} are taken.")));
    }
    if part.data.trim_ascii().is_empty() {
        return Err(Code::Empty.error("The file is empty."));
    }
    Ok(part.data)
}

/// An upload that is not stored yet.
struct New<'b> {
    raw: &'b [u8],
    kind: UploadKind,
    technology: Technology,
    command: Option<String>,
}

impl New<'_> {
    /// Puts it beside what is known of the device. Says no if another came in between, which this one must know.
    fn put(&self, call: &Call, uuid: &str) -> Result<bool> {
        let mut reading = call.store().read()?;
        let device = state::device(call, &mut reading, uuid)?;
        let before = state::current(&mut reading, &device)?;
        drop(reading);
        let own = Known::read(self.raw, self.command.as_deref(), self.technology.name)?;
        let commands: Vec<String> = own.outputs(0).into_iter().map(|output| output.id).collect();
        self.check(&own, &commands)?;
        let Some(carried) = carried(call, &device, before.as_ref(), &own, &commands)? else {
            return Ok(false);
        };
        let known = own.joined(&carried, self.technology.version)?;
        let read = ReadOut { command: self.command.clone(), points: known.points(), carried };
        let kept = read.carried.iter().map(|output| output.id.clone()).collect();
        let archive = Archive { raw: self.raw.to_vec(), read };
        let packed = archive
            .pack()
            .map_err(|source| store::Error::File { what: "packing an upload".into(), source })?;
        // Each upload has a file of its own, so that it can be removed without a look at the others.
        let blob = call.platform.oca().blobs()?.put(&Uuid::new_v4().to_string(), &packed)?;
        let upload = self.upload(call, &device, &known, commands, kept, blob.clone());
        let (work, uuid) = (call.clone(), uuid.to_owned());
        let stored = call.write(move |job| store(&work, job, &uuid, device.current, upload));
        match stored {
            Ok(true) => Ok(true),
            Ok(false) => {
                call.platform.oca().remove(&[blob], Removal::Pruned);
                Ok(false)
            }
            // Whether a commit that broke was one, nobody knows: its file stays until it is sure that nothing refers to it.
            Err(Error::Store(error)) => {
                call.platform.oca().note_left();
                Err(error.into())
            }
            Err(error) => {
                call.platform.oca().remove(&[blob], Removal::Pruned);
                Err(error)
            }
        }
    }

    /// Refuses what holds the output of no known command, unless it is of another device altogether: that is kept, and
    /// every control says so.
    fn check(&self, own: &Known, commands: &[String]) -> Result<()> {
        if !commands.is_empty() || (own.shown.contradiction().is_some() && self.command.is_none()) {
            return Ok(());
        }
        let (name, known) = (self.technology.name, self.technology.family.commands());
        let known: Vec<_> = known.iter().map(|command| command.text).collect();
        let message = match &self.command {
            Some(command) => format!("The file is no output of '{}' that {name} gives.", shown(command)),
            None => format!("The file holds no output of a command of {name}."),
        };
        Err(Code::NoCommand.error(format!("{message} The commands are: {}.", known.join(", "))))
    }

    fn upload(
        &self,
        call: &Call,
        device: &Stored<Device>,
        known: &Known,
        commands: Vec<String>,
        carried: Vec<String>,
        blob: BlobId,
    ) -> Upload {
        Upload {
            device: device.id,
            number: device.uploads + 1,
            at: call.now,
            by: call.caller.login.clone(),
            kind: self.kind,
            size: self.raw.len() as u64,
            sha256: hex(digest(&SHA256, self.raw).as_ref()),
            blob,
            commands,
            carried,
            hostname: known.shown.hostname().map(str::to_owned),
            version: known.shown.version().map(str::to_owned),
            contradiction: known.shown.contradiction().map(str::to_owned),
        }
    }
}

/// The outputs of earlier uploads that still count. Nothing is put together with what can't be trusted;
/// none when the earlier upload was removed meanwhile.
fn carried(
    call: &Call,
    device: &Device,
    before: Option<&Stored<Upload>>,
    own: &Known,
    commands: &[String],
) -> Result<Option<Vec<Carried>>> {
    let Some(before) = before.filter(|before| before.contradiction.is_none()) else {
        return Ok(Some(Vec::new()));
    };
    let is_new = |id: &String| commands.contains(id);
    if own.shown.contradiction().is_some() || before.commands.iter().chain(&before.carried).all(is_new) {
        return Ok(Some(Vec::new()));
    }
    let Some(archive) = state::archive(call, before)? else { return Ok(None) };
    let earlier = Known::read(&archive.raw, archive.read.command.as_deref(), device.technology_name())?;
    let mut outputs = earlier.outputs(before.number);
    outputs.extend(archive.read.carried);
    outputs.retain(|output| !is_new(&output.id));
    Ok(Some(outputs))
}

/// Stores the row, and deletes those that are not kept any more; says no if another upload came in between.
fn store(
    call: &Call,
    job: &mut Job<'_>,
    uuid: &str,
    before: Option<Id<Upload>>,
    upload: Upload,
) -> Result<bool> {
    let device = super::provision::find(call, job, uuid)?;
    if device.id != upload.device {
        return Err(unknown_asset(uuid));
    }
    if device.current != before {
        return Ok(false);
    }
    let mut ids: Vec<u32> = job.select::<Upload>(&super::fields::uploads_of(device.id)).iter().collect();
    while ids.len() >= KEPT {
        if let Some(old) = job.get(Id::<Upload>::new(ids.remove(0)))? {
            call.platform.oca().delete(job, &old, Removal::Pruned)?;
        }
    }
    if let Some(old) = job.get(device.asset)? {
        let asset = assessed(&old, &upload);
        job.update(&old, asset)?;
    }
    let (uploads, current) = (upload.number, job.insert(upload)?);
    let changed = Device { uploads, current: Some(current), ..device.object.clone() };
    job.update(&device, changed)?;
    Ok(true)
}

/// What an upload says of the asset.
fn assessed(asset: &Asset, upload: &Upload) -> Asset {
    let mut asset = asset.clone();
    asset.scans.last_compliance_scan = Some(upload.at);
    asset.modified = upload.at;
    if upload.contradiction.is_none() {
        asset.system.version.clone_from(&upload.version);
    }
    asset
}
