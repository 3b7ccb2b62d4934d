//! Which installers there are: adding, removing, listing.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use store::{Alone, BlobId, Depot, Job, Store, Stored};

use super::matrix::{Target, architectures, platforms, targets};
use super::model::{Installer, target_key};
use crate::{Error, Result};

/// The folder below the installation's directory.
const FOLDER: &str = "installers";
/// How often files that no installer refers to are looked for, in seconds.
const SWEEP: i64 = 3_600;
/// How old such a file must be: the row of a new one may be still to come.
const AGE: Duration = Duration::from_secs(600);
/// How much of a file is looked at to see of what kind it is.
const BEGINNING: u64 = 32;
/// The longest version.
const LONGEST_VERSION: usize = 64;

/// The files of the installers.
pub struct Installers {
    depot: Option<Depot>,
    swept: AtomicI64,
}

/// A file to add.
#[derive(Debug, Clone)]
pub struct Addition<'a> {
    /// The file.
    pub file: &'a Path,
    /// The platform, of the matrix.
    pub platform: &'a str,
    /// The architecture, of the matrix.
    pub architecture: &'a str,
    /// The version of the agent in it.
    pub version: &'a str,
}

/// Why an installer could not be added or removed.
#[derive(Debug, thiserror::Error)]
pub enum NotAdded {
    /// No such platform.
    #[error("there is no platform {0:?}; the platforms are {list} (case matters)", list = platforms().join(", "))]
    Platform(String),
    /// No such architecture.
    #[error(
        "there is no architecture {0:?}; the architectures are {list} (case matters)",
        list = architectures().join(", ")
    )]
    Architecture(String),
    /// No such pair.
    #[error("there are no installers for {0} on {1}; {0} is for {known}", known = known(.0).join(", "))]
    Pair(String, String),
    /// The version is none.
    #[error("{0:?} is no version: give letters, digits and . + - ~ _, at most 64 of them, such as 1.2.0")]
    Version(String),
    /// The file can't be read.
    #[error("{} can't be read: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is nothing in the file.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// The file is of another kind.
    #[error("{} is no {wanted} file, which an installer for {platform} is", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// How the files for the platform end.
        wanted: &'static str,
        /// The platform.
        platform: &'static str,
    },
    /// There is no such installer.
    #[error("there is no installer for {0} on {1}; `redoubt binaries list` shows which there are")]
    Unknown(&'static str, &'static str),
    /// The rest.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<store::Error> for NotAdded {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Installers {
    /// The files of the installation in `home`.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn open(home: Option<&Path>) -> Result<Self> {
        let depot = home.map(|home| Depot::new(&home.join(FOLDER))).transpose()?;
        Ok(Self { depot, swept: AtomicI64::new(0) })
    }

    /// Adds an installer, in the place of the one that its target has. The file is durable before the row is.
    ///
    /// # Errors
    /// When the file is not what it is said to be, or it can't be stored.
    pub fn add(
        &self,
        store: &Store,
        author: &str,
        new: &Addition<'_>,
    ) -> Result<Stored<Installer>, NotAdded> {
        let target = find(new.platform, new.architecture)?;
        check_version(new.version)?;
        let file = checked(new.file, target)?;
        let (depot, _alone) = self.alone()?;
        let kept = file.keep(depot)?;
        let name = new.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (platform, architecture) = (target.platform.to_owned(), target.architecture.to_owned());
        let agent_version = new.version.to_owned();
        let (id, replaced) = store.write_blocking(author, move |job| -> Result<_> {
            let installer = Installer {
                agent_version,
                file_name: safe_name(&name),
                sha256: kept.id,
                length: kept.length,
                added: job.now(),
                platform,
                architecture,
            };
            let key = target_key(&installer.platform, &installer.architecture);
            let old = match job.find::<Installer>(&key)? {
                Some(id) => job.get(id)?,
                None => None,
            };
            match old {
                Some(old) => {
                    job.update(&old, installer)?;
                    let is_free = !is_held(job, &old.sha256)?;
                    Ok((old.id, is_free.then(|| old.sha256.clone())))
                }
                None => Ok((job.insert(installer)?, None)),
            }
        })?;
        replaced.map_or(Ok(()), |sha256| depot.remove(&sha256))?;
        let gone = || store::Error::Corrupt("an installer that was just added is gone".into());
        Ok(store.read()?.get(id)?.ok_or_else(gone)?)
    }

    /// Removes the installer of a target, and its file unless another target has the same.
    ///
    /// # Errors
    /// When there is none, or it can't be removed.
    pub fn remove(
        &self,
        store: &Store,
        author: &str,
        platform: &str,
        architecture: &str,
    ) -> Result<Installer, NotAdded> {
        let target = find(platform, architecture)?;
        let (depot, _alone) = self.alone()?;
        let key = target_key(target.platform, target.architecture);
        let removed = store.write_blocking(author, move |job| -> Result<_> {
            let Some(id) = job.find::<Installer>(&key)? else { return Ok(None) };
            let Some(old) = job.get(id)? else { return Ok(None) };
            job.delete(&old)?;
            let is_free = !is_held(job, &old.sha256)?;
            Ok(Some((old.object, is_free)))
        })?;
        let (removed, is_free) = removed.ok_or(NotAdded::Unknown(target.platform, target.architecture))?;
        if is_free {
            depot.remove(&removed.sha256)?;
        }
        Ok(removed)
    }

    /// Opens the file of an installer, after it was checked against its hash.
    ///
    /// # Errors
    /// When it is gone, changed, or can't be read.
    pub(super) fn file(&self, installer: &Installer) -> Result<File> {
        let gone = || store::Error::Corrupt(format!("the file {} of an installer is gone", installer.sha256));
        Ok(self.depot()?.open(&installer.sha256)?.ok_or_else(gone)?)
    }

    /// Looks for files that nothing refers to, now and then.
    pub(crate) fn tick(&self, store: &Store, now: Timestamp) {
        if now.as_second() - self.swept.load(Ordering::Acquire) < SWEEP {
            return;
        }
        self.swept.store(now.as_second(), Ordering::Release);
        let sweep = || -> Result<usize> {
            let Some(depot) = &self.depot else { return Ok(0) };
            let wanted = installers(store)?;
            Ok(depot.sweep(AGE, |id| wanted.iter().any(|one| one.sha256 == *id))?)
        };
        match sweep() {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "removed files that no installer refers to"),
            Err(error) => tracing::warn!(%error, "files that no installer refers to could not be removed"),
        }
    }

    fn depot(&self) -> Result<&Depot> {
        let missing = || store::Error::File {
            what: "storing an installer".into(),
            source: io::Error::other("this installation was opened without a directory for files"),
        };
        self.depot.as_ref().ok_or_else(|| missing().into())
    }

    fn alone(&self) -> Result<(&Depot, Alone)> {
        let depot = self.depot()?;
        Ok((depot, depot.alone()?))
    }
}

/// The installers, in the order of the matrix. Asks the database, not the index: another process may have added one a
/// moment ago.
///
/// # Errors
/// When the database fails.
pub fn installers(store: &Store) -> Result<Vec<Stored<Installer>>> {
    let mut reading = store.read()?;
    let mut all = Vec::new();
    for target in targets() {
        if let Some(id) = reading.find::<Installer>(&target_key(target.platform, target.architecture))? {
            all.extend(reading.get(id)?);
        }
    }
    Ok(all)
}

/// Whether an installer has this file, as a write finds it.
fn is_held(job: &mut Job<'_>, sha256: &BlobId) -> Result<bool> {
    for target in targets() {
        if let Some(id) = job.find::<Installer>(&target_key(target.platform, target.architecture))?
            && job.get(id)?.is_some_and(|one| one.sha256 == *sha256)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn find(platform: &str, architecture: &str) -> Result<&'static Target, NotAdded> {
    if let Some(target) = Target::find(platform, architecture) {
        return Ok(target);
    }
    if !platforms().contains(&platform) {
        return Err(NotAdded::Platform(platform.to_owned()));
    }
    if !architectures().contains(&architecture) {
        return Err(NotAdded::Architecture(architecture.to_owned()));
    }
    Err(NotAdded::Pair(platform.to_owned(), architecture.to_owned()))
}

/// The architectures of a platform.
pub(super) fn known(platform: &str) -> Vec<&'static str> {
    targets().iter().filter(|one| one.platform == platform).map(|one| one.architecture).collect()
}

fn check_version(version: &str) -> Result<(), NotAdded> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ".+-~_".contains(letter);
    let good = !version.is_empty() && version.len() <= LONGEST_VERSION && version.chars().all(fits);
    if good { Ok(()) } else { Err(NotAdded::Version(version.to_owned())) }
}

/// A file that looks like what it is said to be.
struct Checked {
    path: PathBuf,
    file: File,
}

fn checked(path: &Path, target: &'static Target) -> Result<Checked, NotAdded> {
    let unread = |error| NotAdded::File { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(unread)?;
    if !file.metadata().map_err(unread)?.is_file() {
        return Err(unread(io::Error::other("it is no file")));
    }
    let mut beginning = Vec::new();
    file.by_ref().take(BEGINNING).read_to_end(&mut beginning).map_err(unread)?;
    if beginning.is_empty() {
        return Err(NotAdded::Empty(path.to_owned()));
    }
    if !target.can_begin_with(&beginning) {
        let wanted = target.extension.unwrap_or_default();
        return Err(NotAdded::Kind { path: path.to_owned(), wanted, platform: target.platform });
    }
    file.rewind().map_err(unread)?;
    Ok(Checked { path: path.to_owned(), file })
}

impl Checked {
    fn keep(mut self, depot: &Depot) -> Result<store::Kept, NotAdded> {
        let kept = depot.put(&mut self.file)?;
        // It was looked at before; whoever empties it meanwhile gets the same answer.
        if kept.length == 0 { Err(NotAdded::Empty(self.path)) } else { Ok(kept) }
    }
}

/// A name that can stand in a header.
fn safe_name(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ".+-~_".contains(letter);
    let safe: String = name.chars().map(|letter| if fits(letter) { letter } else { '_' }).take(200).collect();
    if safe.is_empty() { "installer".into() } else { safe }
}
