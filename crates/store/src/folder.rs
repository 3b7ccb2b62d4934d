//! A folder of files that are named by what they hold: whole or not there, durable when they are.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The name of a file that is named by what it holds: 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobId(String);

impl BlobId {
    pub(crate) fn of(tag: &[u8]) -> Self {
        Self(tag.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The id that a file is named by; none for a file that is no blob.
    fn named(name: &str) -> Option<Self> {
        let fits = name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(name.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder.
pub(crate) struct Folder {
    path: PathBuf,
    /// Makes names of files that are not whole yet.
    counter: AtomicU64,
}

impl Folder {
    /// A folder, made where it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| failed("making the folder", path, error))?;
        Ok(Self { path: path.to_owned(), counter: AtomicU64::new(0) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file is, or would be.
    pub(crate) fn place(&self, id: &BlobId) -> PathBuf {
        self.path.join(id.0.get(..2).unwrap_or_default()).join(&id.0)
    }

    /// Lets `write` fill a new file under a name that means nothing yet, and gives that name.
    pub(crate) fn fill<T>(&self, write: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
        let unique = format!("{}-{}.new", std::process::id(), self.counter.fetch_add(1, Ordering::Relaxed));
        let new = self.path.join(unique);
        let filled = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
        let filled = filled.and_then(|mut file| {
            let result = write(&mut file)?;
            file.sync_data()?;
            Ok(result)
        });
        match filled {
            Ok(result) => Ok((new, result)),
            Err(error) => {
                self.forget(&new);
                Err(error)
            }
        }
    }

    /// Gives a filled file its name, durably.
    pub(crate) fn name(&self, new: &Path, id: &BlobId) -> io::Result<()> {
        let place = self.place(id);
        let folder = place.parent().unwrap_or(&self.path);
        if !folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            File::open(&self.path)?.sync_all()?;
        }
        fs::rename(new, &place)?;
        File::open(folder)?.sync_all()
    }

    /// Removes a file that got no name. What can't be removed now is swept later.
    pub(crate) fn forget(&self, new: &Path) {
        let _ = fs::remove_file(new);
    }

    /// Whether a file is there, durably.
    pub(crate) fn has(&self, id: &BlobId) -> io::Result<bool> {
        let place = self.place(id);
        if !place.is_file() {
            return Ok(false);
        }
        File::open(place.parent().unwrap_or(&self.path))?.sync_all()?;
        Ok(true)
    }

    /// Removes files. One that is gone already is no error. If not `durably`, one may be there again after the machine
    /// failed.
    pub(crate) fn remove(&self, ids: &[BlobId], durably: bool) -> Result<()> {
        let (mut folders, mut result) = (BTreeSet::new(), Ok(()));
        for path in ids.iter().map(|id| self.place(id)) {
            match fs::remove_file(&path) {
                Ok(()) => folders.extend(path.parent().filter(|_| durably).map(Path::to_owned)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => result = Err(failed("removing", &path, error)),
            }
        }
        // What went from one folder is made durable at once.
        for folder in folders {
            if let Err(error) = File::open(&folder).and_then(|folder| folder.sync_all()) {
                result = Err(failed("removing files of", &folder, error));
            }
        }
        result
    }

    /// Removes what nobody refers to, unless it is younger than `age`: somebody may be about to. Says how many.
    pub(crate) fn sweep(&self, age: Duration, is_wanted: impl Fn(&BlobId) -> bool) -> Result<usize> {
        let mut removed = 0;
        let mut sweep = || -> io::Result<()> {
            for entry in fs::read_dir(&self.path)? {
                let entry = entry?;
                if !entry.path().is_dir() {
                    removed += usize::from(sweep_file(&entry, age, &is_wanted)?);
                    continue;
                }
                for file in fs::read_dir(entry.path())? {
                    removed += usize::from(sweep_file(&file?, age, &is_wanted)?);
                }
            }
            Ok(())
        };
        sweep().map_err(|error| failed("sweeping", &self.path, error))?;
        Ok(removed)
    }
}

/// Only what this folder makes: files named by content, and those that got no name.
fn sweep_file(file: &fs::DirEntry, age: Duration, is_wanted: impl Fn(&BlobId) -> bool) -> io::Result<bool> {
    let (id, path) = (file.file_name().to_str().and_then(BlobId::named), file.path());
    let is_ours = id.is_some() || path.extension().is_some_and(|extension| extension == "new");
    if !is_ours || id.is_some_and(|id| is_wanted(&id)) || !is_older(file, age) {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_older(file: &fs::DirEntry, age: Duration) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|then| SystemTime::now().duration_since(then).unwrap_or_default() >= age)
}

pub(crate) fn failed(what: &str, path: &Path, source: io::Error) -> Error {
    Error::File { what: format!("{what} {}", path.display()), source }
}
