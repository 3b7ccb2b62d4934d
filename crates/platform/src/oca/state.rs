//! Devices and uploads as readers find them, and what is known of a device after an upload.

use std::collections::HashSet;

use assess::{DataPoint, Device as Shown, Line, ReadOptions};
use store::{BlobId, Id, Reading, Store, Stored};
use uuid::Uuid;

use super::LIBRARY;
use super::archive::{Archive, Carried};
use super::error::{unknown_asset, unreadable};
use super::fields::uploads_of;
use super::model::{Device, Upload, uuid_key};
use crate::{Call, Error, Result, assets};

/// How many rows are read at once.
const CHUNK: usize = 500;

/// A device that the caller may see.
pub(super) fn device(call: &Call, reading: &mut Reading, uuid: &str) -> Result<Stored<Device>> {
    let unknown = || unknown_asset(uuid);
    let key = uuid_key(Uuid::try_parse(uuid.trim()).map_err(|_| unknown())?);
    let id = reading.find::<Device>(&key)?.ok_or_else(unknown)?;
    let device = reading.get(id)?.ok_or_else(unknown)?;
    let asset = reading.get(device.asset)?.ok_or_else(unknown)?;
    if assets::sees(call, asset.id, &asset) { Ok(device) } else { Err(unknown()) }
}

/// The uploads of a device, oldest first.
pub(super) fn uploads(call: &Call, reading: &mut Reading, device: Id<Device>) -> Result<Vec<Stored<Upload>>> {
    let filter = uploads_of(device);
    let ids: Vec<u32> = call.store().index::<Upload, _>(|index| index.select(&filter).iter().collect());
    let mut uploads = reading.get_many::<Upload>(&ids)?;
    uploads.sort_by_key(|upload| upload.number);
    Ok(uploads)
}

/// The upload that says how a device is now; none before the first.
pub(super) fn current(reading: &mut Reading, device: &Device) -> Result<Option<Stored<Upload>>> {
    Ok(match device.current {
        Some(id) => reading.get(id)?,
        None => None,
    })
}

/// What a sealed file holds; none when the upload was removed since it was read, for its file goes after its row.
pub(super) fn archive(call: &Call, upload: &Stored<Upload>) -> Result<Option<Archive>> {
    let Some(packed) = call.platform.oca().blobs()?.get(&upload.blob)? else {
        return match call.store().read()?.get(upload.id)? {
            None => Ok(None),
            Some(_) => {
                Err(store::Error::Corrupt(format!("the file {} of an upload is gone", upload.blob)).into())
            }
        };
    };
    let damaged = |error| {
        store::Error::Corrupt(format!("the file {} of an upload can't be read: {error}", upload.blob))
    };
    Ok(Some(Archive::unpack(&packed).map_err(damaged)?))
}

/// The files that uploads refer to.
pub(super) fn wanted_blobs(store: &Store) -> Result<HashSet<BlobId>> {
    let ids: Vec<u32> = store.index::<Upload, _>(|index| index.ids().iter().collect());
    let mut reading = store.read()?;
    let mut wanted = HashSet::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        wanted.extend(reading.get_many::<Upload>(chunk)?.into_iter().map(|upload| upload.object.blob));
    }
    Ok(wanted)
}

/// What is known of a device: from one text, or put together from several.
pub(super) struct Known {
    pub(super) shown: Shown,
    /// Where the lines are from, if it was put together.
    origins: Option<Vec<Origin>>,
    /// How many lines stand before the upload's own.
    before: u32,
}

/// Lines that are from an upload.
struct Origin {
    /// The first of them here.
    here: u32,
    /// How many they are.
    count: u32,
    /// The first of them there.
    there: u32,
}

impl Known {
    /// Reads an upload. Where it does not say of what command it is the output, `command` does.
    pub(super) fn read(raw: &[u8], command: Option<&str>, technology: &str) -> Result<Self> {
        let options = ReadOptions { technology: Some(technology.to_owned()), ..ReadOptions::default() };
        let marked = command.map(|command| [format!("=== {command} ===\n").as_bytes(), raw].concat());
        let shown =
            Shown::read(marked.as_deref().unwrap_or(raw), &options).map_err(|error| unreadable(&error))?;
        Ok(Self { shown, origins: None, before: u32::from(command.is_some()) })
    }

    /// The outputs that it holds, as an upload of this number would leave them to later ones.
    pub(super) fn outputs(&self, upload: u32) -> Vec<Carried> {
        let carried = |(id, line, text): (&str, u32, &str)| Carried {
            id: id.to_owned(),
            upload,
            line: line.saturating_sub(self.before),
            text: text.to_owned(),
        };
        // What holds nothing replaces nothing.
        self.shown.texts().into_iter().filter(|(_, _, text)| !text.trim().is_empty()).map(carried).collect()
    }

    /// The same with outputs of earlier uploads beside its own.
    pub(super) fn joined(self, carried: &[Carried], declared: &str) -> Result<Self> {
        if carried.is_empty() {
            return Ok(self);
        }
        let own = self.outputs(0);
        let (mut outputs, mut origins, mut next) = (Vec::new(), Vec::new(), 1);
        for output in own.iter().chain(carried) {
            let count = u32::try_from(output.text.lines().count()).unwrap_or(u32::MAX);
            // A line that names the command stands before each.
            origins.push(Origin { here: next + 1, count, there: output.line });
            next += 1 + count;
            outputs.push((output.id.clone(), output.text.clone()));
        }
        let family = self.shown.family();
        let assemble =
            |version| Shown::assemble(family, &outputs, version).map_err(|error| unreadable(&error));
        let mut shown = assemble(None)?;
        if shown.version().is_none() && !declared.is_empty() {
            shown = assemble(Some(declared))?;
        }
        Ok(Self { shown, origins: Some(origins), before: 0 })
    }

    /// What it says about each control, with lines as they are numbered in the uploads.
    pub(super) fn points(&self) -> Vec<DataPoint> {
        let mut points = assess::collect(&self.shown, LIBRARY.of(self.shown.family()));
        if self.origins.is_some() || self.before > 0 {
            points.iter_mut().for_each(|point| self.renumber(point));
        }
        points
    }

    fn renumber(&self, point: &mut DataPoint) {
        let assess::State::Collected { groups, .. } = &mut point.state else { return };
        for group in groups {
            group.instances.iter_mut().for_each(|instance| instance.line = self.line(instance.line));
            let lines = group.observations.iter_mut().flat_map(|observation| &mut observation.lines);
            lines.for_each(|line: &mut Line| line.line = self.line(line.line));
        }
    }

    fn line(&self, here: u32) -> u32 {
        let Some(origins) = &self.origins else { return here.saturating_sub(self.before) };
        let origin = origins.iter().find(|one| (one.here..one.here + one.count).contains(&here));
        origin.map_or(0, |one| here - one.here + one.there)
    }
}

/// The device as it was after an upload; none when the upload was removed since it was read.
pub(super) fn known(
    call: &Call,
    device: &Device,
    upload: &Stored<Upload>,
) -> Result<Option<(Known, Archive)>> {
    let technology = device.technology().ok_or_else(|| unknown_technology(device))?;
    let Some(archive) = archive(call, upload)? else { return Ok(None) };
    let known = Known::read(&archive.raw, archive.read.command.as_deref(), technology.name)?;
    let known = known.joined(&archive.read.carried, technology.version)?;
    Ok(Some((known, archive)))
}

pub(super) fn unknown_technology(device: &Device) -> Error {
    store::Error::Corrupt(format!("the technology {} of a device is not known here", device.technology))
        .into()
}
