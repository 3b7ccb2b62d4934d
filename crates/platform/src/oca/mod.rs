//! Out-of-band assessment: devices that neither a scanner nor an agent may reach are assessed by what an operator uploads
//! (`contract/oca.md`).
//!
//! - A device is registered under an address and a technology; it is an ordinary host asset beside that, so tags, scope
//!   and search are those of assets, and it goes when its asset goes.
//! - What was uploaded, and what was read from it, is only in sealed files; the database holds when, by whom and how
//!   large. So nothing of a configuration is left anywhere once its files are removed.
//! - What is judged is the latest output of every command: an upload replaces only the commands that it holds.

mod archive;
mod calls;
mod error;
mod fields;
mod model;
mod posture;
mod provision;
mod revoke;
mod sheet;
mod state;
mod table;
mod upload;
mod wanted;
mod wire;

pub use model::{Device, Upload, UploadKind};
pub(crate) use posture::{CLASSIC, LIBRARY as POLICIES, POSTURE};
pub(crate) use revoke::asset_gone;
pub(crate) use table::FAMILY;

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use assess::Library;
use jiff::Timestamp;
use parking_lot::Mutex;
use store::{BlobId, Blobs, Changed, Job, Store, Stored};

use crate::keys::Keys;
use crate::{Error, Result};

/// How often files that no upload refers to are looked for, in seconds.
const SWEEP: i64 = 3_600;
/// How old such a file must be: the row of a new one may be still to come.
const AGE: Duration = Duration::from_secs(600);

/// The controls that devices are judged by.
pub(crate) static LIBRARY: LazyLock<Library> = LazyLock::new(Library::builtin);

/// Why a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removal {
    /// Somebody wants it gone: it is when they are answered, whatever becomes of the machine.
    Revoked,
    /// A newer upload took its place: where a machine fails so soon that it comes back, it is swept.
    Pruned,
}

/// What the area keeps beside the database.
pub struct Oca {
    blobs: Option<Blobs>,
    /// Whether files were left behind that can go now.
    is_sweep_due: AtomicBool,
    swept: AtomicI64,
    /// The files of uploads that a write under way deletes, by the upload.
    doomed: Mutex<HashMap<u32, (BlobId, Removal)>>,
    /// The files of uploads that are deleted for good.
    gone: Mutex<Vec<(BlobId, Removal)>>,
}

impl Oca {
    pub(crate) fn open(home: Option<&Path>, keys: &Keys) -> Result<Self> {
        let open =
            |home: &Path| Blobs::open(&home.join("blobs"), &keys.derive("blob names"), &keys.derive("blobs"));
        let blobs = home.map(open).transpose()?;
        Ok(Self {
            blobs,
            is_sweep_due: AtomicBool::new(true),
            swept: AtomicI64::new(0),
            doomed: Mutex::default(),
            gone: Mutex::default(),
        })
    }

    /// The sealed files.
    fn blobs(&self) -> Result<&Blobs> {
        let missing = || store::Error::File {
            what: "storing an upload".into(),
            source: std::io::Error::other("this installation was opened without a directory for files"),
        };
        self.blobs.as_ref().ok_or_else(|| Error::Store(missing()))
    }

    /// Files were left behind.
    fn note_left(&self) {
        self.is_sweep_due.store(true, Ordering::Release);
    }

    /// Deletes an upload in a write. Its file goes when that is durable, and stays if it comes to nothing.
    fn delete(&self, job: &mut Job<'_>, upload: &Stored<Upload>, removal: Removal) -> Result<()> {
        self.doomed.lock().insert(upload.id.get(), (upload.blob.clone(), removal));
        Ok(job.delete(upload)?)
    }

    /// Notes which uploads are deleted for good.
    pub(crate) fn uploads_changed(&self, changes: &[Changed<Upload>]) {
        let deleted = changes.iter().filter(|change| change.object.is_none());
        let (mut doomed, mut gone) = (self.doomed.lock(), self.gone.lock());
        gone.extend(deleted.filter_map(|change| doomed.remove(&change.id)));
    }

    /// Removes the files of uploads that are deleted for good.
    pub(crate) fn remove_doomed(&self) {
        let gone = std::mem::take(&mut *self.gone.lock());
        for removal in [Removal::Pruned, Removal::Revoked] {
            let of_it = gone.iter().filter(|(_, one)| *one == removal).map(|(id, _)| id.clone());
            let files: Vec<_> = of_it.collect();
            if !files.is_empty() {
                self.remove(&files, removal);
            }
        }
    }

    /// Removes files that no row refers to. A fault only means that they are looked at again.
    fn remove(&self, ids: &[BlobId], removal: Removal) {
        let durably = removal == Removal::Revoked;
        if let Err(error) = self.blobs().and_then(|blobs| Ok(blobs.remove(ids, durably)?)) {
            tracing::warn!(%error, "files of removed uploads are still there; they are removed later");
            self.note_left();
        }
    }

    /// Looks for files that nothing refers to, now and then.
    pub(crate) fn tick(&self, store: &Store, now: Timestamp) {
        let Some(blobs) = &self.blobs else { return };
        let is_time = now.as_second() - self.swept.load(Ordering::Acquire) >= SWEEP;
        if !self.is_sweep_due.swap(false, Ordering::AcqRel) && !is_time {
            return;
        }
        self.swept.store(now.as_second(), Ordering::Release);
        let swept =
            state::wanted_blobs(store).and_then(|wanted| Ok(blobs.sweep(AGE, |id| wanted.contains(id))?));
        match swept {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "removed files that no upload refers to"),
            Err(error) => {
                tracing::warn!(%error, "files that no upload refers to could not be removed");
                self.note_left();
            }
        }
    }
}
