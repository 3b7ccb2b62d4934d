//! A data directory: held by one process at a time, and filled once.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::assets::Asset;
use platform::{Platform, Settings};
use store::backend::Sqlite;
use store::{Id, Options, Progress};

use crate::error::{Error, Result};
use crate::synthetic::Synthesizer;

/// A data directory that this process holds.
pub struct Data {
    path: PathBuf,
    _lock: File,
}

impl Data {
    /// Takes the directory for this process, as a server does; makes it where it is missing.
    ///
    /// # Errors
    /// When a server works in it, or it can't be used.
    pub fn hold(path: &Path) -> Result<Self> {
        let unusable = |problem: String| Error::Directory { path: path.to_owned(), problem };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| unusable(error.to_string()))?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path.join("lock"));
        let lock = file.map_err(|error| unusable(error.to_string()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: fs::canonicalize(path)?, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(unusable(
                "a server works in it; stop that one first, or choose another --data".to_owned(),
            )),
            Err(TryLockError::Error(error)) => Err(unusable(error.to_string())),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the product in it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn open(&self, progress: &dyn Fn(Progress)) -> Result<Arc<Platform>> {
        let options = Options { snapshot: Some(self.path.join("index.snapshot")), ..Options::default() };
        let backend = Sqlite::new(self.path.join("redoubt.db"));
        Ok(Platform::open(backend, options, Settings::default(), progress)?)
    }
}

/// What a directory holds already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// No assets.
    Empty,
    /// These synthetic assets, perhaps with others after them.
    Same,
    /// Other assets.
    Other,
}

/// Whether the product holds the assets of a synthesizer: by the names of some.
///
/// # Errors
/// When the database fails.
pub fn content(platform: &Platform, synthesizer: &Synthesizer) -> Result<Content> {
    let (held, planned) =
        (platform.store().index::<Asset, _>(|index| index.ids().len()), synthesizer.assets());
    if held == 0 {
        return Ok(Content::Empty);
    }
    if held < planned {
        return Ok(Content::Other);
    }
    let mut reading = platform.store().read()?;
    for number in [0, planned / 3, planned.saturating_sub(1)] {
        let id = Id::<Asset>::new(u32::try_from(number + 1).unwrap_or(u32::MAX));
        let name = synthesizer.asset(number, &[]).map(|asset| asset.name);
        if reading.get(id)?.map(|stored| stored.object.name) != name {
            return Ok(Content::Other);
        }
    }
    Ok(Content::Same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_somebody_holds_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let held = Data::hold(&temp.path().join("a/b")).unwrap();
        let refusal = Data::hold(&temp.path().join("a/b")).err().unwrap().to_string();
        assert!(refusal.contains("stop that one first"), "{refusal}");
        drop(held);
        assert!(Data::hold(&temp.path().join("a/b")).is_ok());
    }
}
