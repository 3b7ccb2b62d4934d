//! The folder between two visits.
//!
//! | file | holds | when it is lost |
//! | --- | --- | --- |
//! | `identity.json` | agent id, key pair, server, trust | the agent must enrol again |
//! | `enrolling.key` | the key pair of an enrolment whose answer has not come | a second enrolment is asked for |
//! | `sync.json` | last sequence, and the message that awaits its answer | the server tells the sequence |
//! | `accepted.json` | the inventory that the server has | a full report |
//! | `revoked.json` | that the server uninstalled this agent | |
//!
//! A file is written beside its place, flushed, and moved there: it is the old one or the new one, never half of one.
//! All are readable by their owner only.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inventory::protocol::{AgentKey, BadKey};
use inventory::{ContentHash, Inventory};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::ServerAddress;
use crate::log;
use crate::trust::Trust;

const IDENTITY: &str = "identity.json";
const ENROLLING_KEY: &str = "enrolling.key";
const SYNC: &str = "sync.json";
const ACCEPTED: &str = "accepted.json";
const REVOKED: &str = "revoked.json";
const LOCK: &str = "lock";

/// The state folder.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
}

/// Who this agent is, and to whom.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The name that the server gave.
    pub agent_id: Uuid,
    /// The server.
    pub server: ServerAddress,
    /// How to know it.
    pub trust: Trust,
    /// PKCS#8, base64.
    key: String,
}

/// Where the conversation stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// The last sequence that was used.
    pub sequence: u64,
    /// The packed message (base64) that was sent under it and has no answer yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
}

/// What a server that uninstalled this agent leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// The name that this agent had.
    pub agent_id: Uuid,
    /// The server that uninstalled it.
    pub server: ServerAddress,
}

#[derive(Serialize, Deserialize)]
struct Accepted {
    hash: ContentHash,
    inventory: Inventory,
}

/// The state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file cannot be read or written.
    #[error("{path} cannot be {done}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        done: &'static str,
        /// Why.
        error: io::Error,
    },
    /// There is no identity.
    #[error("{} holds no identity: run `redoubt-agent enroll --server URL` first", .0.display())]
    NotEnrolled(PathBuf),
    /// The identity is there and cannot be read.
    #[error("{} is damaged ({why}): run `redoubt-agent enroll --server URL --force`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The server uninstalled this agent.
    #[error("the server {} uninstalled this agent ({}); enrol again to bring it back", .0.server, .0.agent_id)]
    Revoked(Revoked),
    /// Another process works on it.
    #[error("another agent works with {}", .0.display())]
    Locked(PathBuf),
}

impl Identity {
    /// A new identity; `key` is PKCS#8.
    pub fn new(agent_id: Uuid, server: ServerAddress, trust: Trust, key: &[u8]) -> Self {
        Self { agent_id, server, trust, key: BASE64.encode(key) }
    }

    /// The key pair.
    ///
    /// # Errors
    /// What is stored is none.
    pub fn key(&self) -> Result<AgentKey, BadKey> {
        let bytes = BASE64.decode(&self.key).map_err(|_| BadKey::NotPkcs8)?;
        AgentKey::from_pkcs8(&bytes)
    }
}

impl Sync {
    /// Takes `packed` as the message that awaits its answer under `sequence`.
    pub fn sent(sequence: u64, packed: &[u8]) -> Self {
        Self { sequence, pending: Some(BASE64.encode(packed)) }
    }

    /// Nothing awaits an answer any more.
    pub fn answered(sequence: u64) -> Self {
        Self { sequence, pending: None }
    }

    /// The message that awaits its answer; `None` too when it cannot be read.
    pub fn pending(&self) -> Option<Vec<u8>> {
        BASE64.decode(self.pending.as_ref()?).ok()
    }
}

impl StateDir {
    /// The folder at `path`; it is made when something is written.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// Keeps other agents out for as long as the result lives.
    ///
    /// # Errors
    /// Another process has the lock.
    pub fn lock(&self) -> Result<File, StateError> {
        self.make()?;
        let path = self.path.join(LOCK);
        let options = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = options.map_err(|error| StateError::Io { path: path.clone(), done: "opened", error })?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StateError::Locked(self.path.clone())),
            Err(TryLockError::Error(error)) => Err(StateError::Io { path, done: "locked", error }),
        }
    }

    /// The identity.
    ///
    /// # Errors
    /// There is none, it is damaged, or this agent was uninstalled.
    pub fn identity(&self) -> Result<Identity, StateError> {
        let path = self.path.join(IDENTITY);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.without_identity()),
            Err(error) => return Err(StateError::Io { path, done: "read", error }),
        };
        let damaged = |why: String| StateError::Damaged { path: path.clone(), why };
        let identity: Identity =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        identity.key().map_err(|error| damaged(error.to_string()))?;
        Ok(identity)
    }

    fn without_identity(&self) -> StateError {
        self.read(REVOKED).map_or_else(|| StateError::NotEnrolled(self.path.clone()), StateError::Revoked)
    }

    /// Keeps the identity; a key that waited for it is not needed any more.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_identity(&self, identity: &Identity) -> Result<(), StateError> {
        self.write_json(IDENTITY, identity)?;
        for old in [ENROLLING_KEY, REVOKED, SYNC, ACCEPTED] {
            self.remove(old)?;
        }
        Ok(())
    }

    /// The agent id that was known here, even if the rest of the identity is damaged or was revoked.
    pub fn previous_agent_id(&self) -> Option<Uuid> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Known {
            agent_id: Uuid,
        }
        let known = self.read::<Known>(IDENTITY).or_else(|| self.read::<Known>(REVOKED));
        known.map(|known| known.agent_id)
    }

    /// The key pair to enrol with: that of an attempt whose answer did not come, or a new one.
    ///
    /// # Errors
    /// The disk, or no random numbers.
    pub fn enrolling_key(&self) -> Result<(AgentKey, Vec<u8>), StateError> {
        let path = self.path.join(ENROLLING_KEY);
        if let Ok(stored) = fs::read(&path)
            && let Ok(key) = AgentKey::from_pkcs8(&stored)
        {
            return Ok((key, stored));
        }
        let random = |error: BadKey| StateError::Io { path, done: "made", error: io::Error::other(error) };
        let (key, stored) = AgentKey::generate().map_err(random)?;
        self.write(ENROLLING_KEY, &stored)?;
        Ok((key, stored))
    }

    /// Where the conversation stands; the beginning when that cannot be read.
    pub fn sync(&self) -> Sync {
        self.read(SYNC).unwrap_or_default()
    }

    /// Keeps where the conversation stands.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_sync(&self, sync: &Sync) -> Result<(), StateError> {
        self.write_json(SYNC, sync)
    }

    /// The inventory that the server has; `None` when it is not known for certain.
    pub fn accepted(&self) -> Option<Inventory> {
        let accepted: Accepted = self.read(ACCEPTED)?;
        if accepted.inventory.hash() != accepted.hash {
            log::warn("the last report on disk is damaged; a full one follows", &[]);
            return None;
        }
        Some(accepted.inventory)
    }

    /// Keeps the inventory that the server has.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_accepted(&self, inventory: Inventory) -> Result<(), StateError> {
        self.write_json(ACCEPTED, &Accepted { hash: inventory.hash(), inventory })
    }

    /// Removes everything but the note that the server uninstalled this agent.
    ///
    /// # Errors
    /// The disk.
    pub fn revoke(&self, revoked: &Revoked) -> Result<(), StateError> {
        self.write_json(REVOKED, revoked)?;
        for file in [IDENTITY, ENROLLING_KEY, SYNC, ACCEPTED] {
            self.remove(file)?;
        }
        Ok(())
    }

    /// Reads a file that may be missing; what is damaged counts as missing, with a word in the log.
    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.path.join(name);
        let bytes = fs::read(&path).ok()?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Some(value),
            Err(error) => {
                log::warn("a file of the state is damaged", &[("file", &path.display()), ("why", &error)]);
                None
            }
        }
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), StateError> {
        let path = || self.path.join(name);
        let bytes = serde_json::to_vec(value).map_err(|error| StateError::Io {
            path: path(),
            done: "written",
            error: error.into(),
        })?;
        self.write(name, &bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        self.make()?;
        let path = self.path.join(name);
        let beside = self.path.join(format!("{name}.new"));
        let write = || {
            let mut file =
                OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|error| StateError::Io { path: path.clone(), done: "written", error })
    }

    fn make(&self) -> Result<(), StateError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.map_err(|error| StateError::Io { path: self.path.clone(), done: "made", error })
    }

    fn remove(&self, name: &str) -> Result<(), StateError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(StateError::Io { path, done: "removed", error })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder() -> (tempfile::TempDir, StateDir) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(&folder.path().join("state"));
        (folder, state)
    }

    fn identity() -> Identity {
        let (_, key) = AgentKey::generate().unwrap();
        Identity::new(Uuid::from_u128(7), "http://localhost".parse().unwrap(), Trust::System, &key)
    }

    #[test]
    fn what_was_kept_is_there_again_and_for_its_owner_only() {
        let (folder, state) = folder();
        state.keep_identity(&identity()).unwrap();
        state.keep_sync(&Sync::sent(3, b"abc")).unwrap();
        let inventory = Inventory { memory_mb: Some(5), ..Inventory::default() };
        state.keep_accepted(inventory.clone()).unwrap();
        assert_eq!(state.identity().unwrap().agent_id, Uuid::from_u128(7));
        assert_eq!(state.sync().pending().unwrap(), b"abc");
        assert_eq!(state.accepted().unwrap(), inventory);
        for file in fs::read_dir(folder.path().join("state")).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
        }
    }

    #[test]
    fn a_file_cut_anywhere_counts_as_missing() {
        let (folder, state) = folder();
        state.keep_sync(&Sync::sent(3, b"abc")).unwrap();
        state.keep_accepted(Inventory { memory_mb: Some(5), ..Inventory::default() }).unwrap();
        for name in [SYNC, ACCEPTED] {
            let path = folder.path().join("state").join(name);
            let whole = fs::read(&path).unwrap();
            for end in 0..whole.len() {
                fs::write(&path, &whole[..end]).unwrap();
                assert!(state.sync() == Sync::default() || state.accepted().is_none());
            }
        }
    }

    #[test]
    fn an_inventory_that_differs_from_its_hash_is_not_believed() {
        let (folder, state) = folder();
        state.keep_accepted(Inventory { memory_mb: Some(5), ..Inventory::default() }).unwrap();
        let path = folder.path().join("state").join(ACCEPTED);
        let changed = fs::read_to_string(&path).unwrap().replace("\"memoryMb\":5", "\"memoryMb\":6");
        fs::write(&path, changed).unwrap();
        assert_eq!(state.accepted(), None);
    }

    #[test]
    fn an_uninstalled_agent_keeps_nothing_but_the_note() {
        let (folder, state) = folder();
        state.keep_identity(&identity()).unwrap();
        state.keep_sync(&Sync::answered(1)).unwrap();
        let Identity { agent_id, server, .. } = identity();
        state.revoke(&Revoked { agent_id, server }).unwrap();
        let files: Vec<_> =
            fs::read_dir(folder.path().join("state")).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(files, [REVOKED]);
        assert!(matches!(state.identity(), Err(StateError::Revoked(_))));
        assert_eq!(state.previous_agent_id(), Some(agent_id));
    }

    #[test]
    fn a_second_agent_is_kept_out() {
        let (_folder, state) = folder();
        let lock = state.lock().unwrap();
        assert!(matches!(state.lock(), Err(StateError::Locked(_))));
        drop(lock);
        assert!(state.lock().is_ok());
    }

    #[test]
    fn an_enrolment_is_tried_again_with_the_same_key() {
        let (_folder, state) = folder();
        let (first, _) = state.enrolling_key().unwrap();
        let (second, _) = state.enrolling_key().unwrap();
        assert_eq!(first.public(), second.public());
    }
}
