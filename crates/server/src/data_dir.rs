//! The data directory: everything that one installation keeps on this machine.
//!
//! | file | holds |
//! | --- | --- |
//! | `redoubt.db` | the embedded database, unless another one is used |
//! | `index.snapshot`, `index-....snapshot` | the index of the database, as it was; made anew when it is lost |
//! | `secret.key` | what tokens are signed with and uploads are sealed with; several servers on one database share it |
//! | `blobs/` | what was uploaded for assessments, sealed; several servers on one database share it |
//! | `installers/` | installers of the agent; several servers on one database share it |
//! | `tls.crt`, `tls.key` | certificate and key of the TLS address; a first start makes them |
//! | `lock` | the process id of the server that works here |
//! | `agent/` | the state of the agent that `redoubt quickstart` runs |

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use inventory::ContentHash;

use crate::database::Database;

/// The most that is read of a lock file.
const PID_LENGTH: u64 = 32;

/// A data directory.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
}

/// Keeps other servers out of a data directory for as long as it lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// A data directory can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    #[error("the data directory {} can't be used: {error}", path.display())]
    Unusable { path: PathBuf, error: io::Error },
    #[error("the data directory {} is in use by {holder}: stop that one first, or choose another --data", path.display())]
    Held { path: PathBuf, holder: String },
    #[error("there is no Redoubt data in {place}: `redoubt serve --data {place}` makes it", place = .0.display())]
    Empty(PathBuf),
}

impl DataDir {
    /// The directory, made for its owner alone where it is missing.
    pub(crate) fn create(path: &Path) -> Result<Self, DataDirError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| DataDirError::Unusable { path: path.to_owned(), error })?;
        // Other processes are told of it, which may have another working directory.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { path })
    }

    /// The directory of a server that was started before with its embedded database.
    pub(crate) fn existing(path: &Path) -> Result<Self, DataDirError> {
        let dir = Self { path: path.to_owned() };
        if dir.database().is_file() { Ok(dir) } else { Err(DataDirError::Empty(path.to_owned())) }
    }

    /// Takes the directory for this process.
    pub(crate) fn lock(&self) -> Result<Lock, DataDirError> {
        let unusable = |error| DataDirError::Unusable { path: self.path.clone(), error };
        let path = self.path.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataDirError::Held { path: self.path.clone(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let write_pid = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write_pid(&mut file).map_err(unusable)?;
        Ok(Lock { _file: file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("redoubt.db")
    }

    /// The snapshot of the index of a database. Each has its own: that of another would be taken for this one's.
    pub(crate) fn snapshot(&self, database: &Database) -> PathBuf {
        match database {
            Database::Embedded(_) => self.path.join("index.snapshot"),
            Database::Postgres(url) => {
                let digest = ContentHash::of(url.as_bytes()).to_string();
                self.path.join(format!("index-{}.snapshot", digest.get(..16).unwrap_or_default()))
            }
        }
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.path.join("tls.crt")
    }

    pub(crate) fn private_key(&self) -> PathBuf {
        self.path.join("tls.key")
    }

    pub(crate) fn agent_state(&self) -> PathBuf {
        self.path.join("agent")
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(PID_LENGTH).read_to_string(&mut text);
    match text.trim().parse::<u32>() {
        Ok(pid) if read.is_ok() => format!("process {pid}"),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_by_one_at_a_time_and_the_holder_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::create(&temp.path().join("a/b")).unwrap();
        let lock = dir.lock().unwrap();
        let refusal = dir.lock().unwrap_err().to_string();
        assert!(refusal.contains(&format!("in use by process {}", std::process::id())), "{refusal}");
        drop(lock);
        assert!(dir.lock().is_ok());
    }

    #[test]
    fn a_new_directory_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::create(&temp.path().join("data")).unwrap();
        assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn databases_do_not_share_a_snapshot() {
        let dir = DataDir { path: "/data".into() };
        let of = |url: &str| dir.snapshot(&Database::at(url).unwrap());
        let embedded = dir.snapshot(&Database::Embedded(dir.database()));
        assert_eq!(embedded, Path::new("/data/index.snapshot"));
        assert_ne!(of("postgres://a/b"), of("postgres://a/c"));
        assert_eq!(of("postgres://a/b"), of("postgres://a/b"));
    }

    #[test]
    fn an_empty_directory_is_not_one_of_a_server() {
        let temp = tempfile::tempdir().unwrap();
        let refusal = DataDir::existing(temp.path()).unwrap_err().to_string();
        assert!(refusal.contains("there is no Redoubt data in"), "{refusal}");
    }
}
