//! The file that says which server to join, under the names that deployments use everywhere (`contract/ca.md 9.1`).
//!
//! `Name=Value` lines; what follows `#` at the beginning of a line is a remark. The command line of
//! `redoubt-agent configure` takes the same pairs.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use inventory::protocol::Secret;
use uuid::Uuid;

use crate::address::{NotAnAddress, ServerAddress};
use crate::trust::{Fingerprint, Trust, TrustError};

/// Where the file is unless somebody says otherwise.
pub const FILE: &str = "/etc/redoubt-agent/agent.conf";

/// The names that mean something here.
const KNOWN: [&str; 6] =
    ["ActivationId", "CustomerId", "ServerUri", "LogLevel", "CaFile", "CertificateFingerprint"];
/// The names that other agents take and that have no meaning here: this one logs to the journal, runs no commands as
/// root, and leaves priority and limits to systemd.
const OTHERS: [&str; 16] = [
    "LogFileDir",
    "LogDestType",
    "LogCompression",
    "CmdMaxTimeOut",
    "CmdStdOutSize",
    "ProcessPriority",
    "RequestTimeOut",
    "UseSudo",
    "SudoCommand",
    "SudoUser",
    "User",
    "UserGroup",
    "UseAuditDispatcher",
    "HostIdSearchDir",
    "QualysProxy",
    "EnableCgroup",
];
/// What a server of another make has at the end of its address; ours has nothing there.
const FOREIGN_PATH: &str = "/CloudAgent";

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// In the order in which they came, each name once.
    pairs: Vec<(String, String)>,
}

/// A pair, or the file, can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error("{} cannot be {done}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What failed.
        done: &'static str,
        /// Why.
        error: io::Error,
    },
    /// Not `Name=Value`.
    #[error("`{0}` is not a pair; write Name=Value, such as ServerUri=https://redoubt.example.org:8443")]
    NotAPair(String),
    /// No such name.
    #[error("there is no option `{0}`; the options are {list} and GoldenImage", list = KNOWN.join(", "))]
    Unknown(String),
    /// A value can't be read.
    #[error("{name}={value}: {wanted}")]
    Value {
        /// The name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// The server's address.
    #[error("ServerUri: {0}")]
    Address(#[from] NotAnAddress),
    /// The trust.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A value that is needed.
    #[error("{0} is missing: give {0}=VALUE")]
    Missing(&'static str),
}

/// What is asked of `redoubt-agent configure`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What the file is to say.
    pub config: Config,
    /// Whether this is an image: then what is made of it enrols when it starts.
    pub golden_image: bool,
    /// Names that have no meaning here.
    pub ignored: Vec<String>,
}

impl Wishes {
    /// Reads pairs as the command line has them.
    ///
    /// # Errors
    /// The first pair that can't be read.
    pub fn read(pairs: &[String]) -> Result<Self, ConfigError> {
        let mut wishes = Self::default();
        for pair in pairs {
            let (name, value) = split(pair).ok_or_else(|| ConfigError::NotAPair(pair.clone()))?;
            if name.eq_ignore_ascii_case("GoldenImage") {
                wishes.golden_image = boolean(value)?;
            } else if let Some(known) = known(name, &OTHERS) {
                wishes.ignored.push(known.to_owned());
            } else {
                let known = known(name, &KNOWN).ok_or_else(|| ConfigError::Unknown(name.to_owned()))?;
                wishes.config.set(known, value);
            }
        }
        wishes.config.check()?;
        Ok(wishes)
    }
}

impl Config {
    /// Reads a file; a missing one says nothing.
    ///
    /// # Errors
    /// When it can't be read, or a line is no pair.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(ConfigError::File { path: path.to_owned(), done: "read", error }),
        };
        let mut config = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, value) = split(line).ok_or_else(|| ConfigError::NotAPair(line.to_owned()))?;
            // A name that only others know was written by somebody else, and does no harm.
            if let Some(known) = known(name, &KNOWN) {
                config.set(known, value);
            }
        }
        config.check()?;
        Ok(config)
    }

    /// Takes over what another says.
    pub fn take(&mut self, other: &Self) {
        other.pairs.iter().for_each(|(name, value)| self.set(name, value));
    }

    /// Writes the file, for its owner and the group of the agent: it holds the activation key.
    ///
    /// # Errors
    /// The disk.
    pub fn write(&self, path: &Path, group: Option<u32>) -> Result<(), ConfigError> {
        let failed = |error| ConfigError::File { path: path.to_owned(), done: "written", error };
        let mut text = String::from("# Written by redoubt-agent configure.\n");
        for (name, value) in &self.pairs {
            // Memory takes everything.
            let _ = writeln!(text, "{name}={value}");
        }
        let write = || -> io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let new = path.with_extension("new");
            // Anew, so that nobody has it open who could read an older one.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o640).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            if let Some(group) = group {
                chown(&new, None, Some(group))?;
            }
            fs::rename(&new, path)
        };
        write().map_err(failed)
    }

    /// The activation key.
    pub fn activation_id(&self) -> Option<Secret> {
        self.get("ActivationId").map(Secret::new)
    }

    /// The installation that is meant.
    ///
    /// # Errors
    /// When it is no UUID.
    pub fn customer_id(&self) -> Result<Option<Uuid>, ConfigError> {
        self.uuid("CustomerId")
    }

    /// The server. What the address of a server of another make ends in is left out.
    ///
    /// # Errors
    /// When it is no address.
    pub fn server(&self) -> Result<Option<ServerAddress>, ConfigError> {
        let Some(text) = self.get("ServerUri") else { return Ok(None) };
        let text = text.trim_end_matches('/');
        Ok(Some(text.strip_suffix(FOREIGN_PATH).unwrap_or(text).parse()?))
    }

    /// How to know the server.
    ///
    /// # Errors
    /// When the file or the fingerprint is none.
    pub fn trust(&self) -> Result<Option<Trust>, ConfigError> {
        if let Some(fingerprint) = self.get("CertificateFingerprint") {
            return Ok(Some(Trust::Fingerprint(fingerprint.parse::<Fingerprint>()?)));
        }
        let Some(path) = self.get("CaFile").map(Path::new) else { return Ok(None) };
        let read = |error| ConfigError::File { path: path.to_owned(), done: "read", error };
        Ok(Some(Trust::in_authorities(fs::read_to_string(path).map_err(read)?, path)?))
    }

    /// How much to log, from 0 (what is fatal) to 5 (everything).
    ///
    /// # Errors
    /// When it is no such number.
    pub fn log_level(&self) -> Result<Option<u8>, ConfigError> {
        let Some(value) = self.get("LogLevel") else { return Ok(None) };
        let level = value.parse().ok().filter(|level: &u8| *level <= 5);
        level.map(Some).ok_or_else(|| ConfigError::Value {
            name: "LogLevel",
            value: value.to_owned(),
            wanted: "a number from 0 (fatal) to 5 (trace)",
        })
    }

    /// Whether it says enough to join a server.
    ///
    /// # Errors
    /// What is missing.
    pub fn require(&self) -> Result<(), ConfigError> {
        match ["ActivationId", "ServerUri"].into_iter().find(|name| self.get(name).is_none()) {
            Some(name) => Err(ConfigError::Missing(name)),
            None => Ok(()),
        }
    }

    /// Whether it joins the same server in the same way as another one.
    pub fn joins_like(&self, other: &Self) -> bool {
        KNOWN.iter().filter(|name| **name != "LogLevel").all(|name| self.get(name) == other.get(name))
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.uuid("ActivationId")?;
        self.customer_id()?;
        self.server()?;
        self.log_level()?;
        if let Some(fingerprint) = self.get("CertificateFingerprint") {
            fingerprint.parse::<Fingerprint>()?;
        }
        Ok(())
    }

    fn uuid(&self, name: &'static str) -> Result<Option<Uuid>, ConfigError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let wanted = "a UUID, as the server shows it";
        // A key that was mistyped is nearly one.
        let shown = || if name == "ActivationId" { "..." } else { value };
        let read = Uuid::parse_str(value);
        read.map(Some).map_err(|_| ConfigError::Value { name, value: shown().to_owned(), wanted })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// An empty value takes the name out.
    fn set(&mut self, name: &str, value: &str) {
        self.pairs.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.pairs.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// Quotes around a value are what a shell left over.
fn split(pair: &str) -> Option<(&str, &str)> {
    let (name, value) = pair.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let is_line = !bare.contains(|letter: char| letter.is_control());
    (!name.is_empty() && is_line).then_some((name, bare))
}

fn known(name: &str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

fn boolean(value: &str) -> Result<bool, ConfigError> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => {
            Err(ConfigError::Value { name: "GoldenImage", value: value.to_owned(), wanted: "true or false" })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const KEY: &str = "c2b9d1a0-7c1e-4a3e-9f7c-0d8e1f2a3b4c";

    fn wishes(pairs: &[&str]) -> Result<Wishes, ConfigError> {
        Wishes::read(&pairs.iter().map(|pair| (*pair).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_pairs_of_deployments_are_taken_as_they_are_written() {
        let wishes = wishes(&[
            &format!("ActivationId={KEY}"),
            &format!("CustomerId=\"{KEY}\""),
            "serveruri=https://redoubt.example.test:8443/CloudAgent/",
            "GoldenImage=true",
            "EnableCgroup=1",
            "LogLevel=5",
        ])
        .unwrap();
        assert!(wishes.golden_image);
        assert_eq!(wishes.ignored, ["EnableCgroup"]);
        let config = wishes.config;
        assert_eq!(config.activation_id().unwrap().reveal(), KEY);
        assert_eq!(config.customer_id().unwrap().unwrap().to_string(), KEY);
        assert_eq!(config.server().unwrap().unwrap().to_string(), "https://redoubt.example.test:8443");
        assert_eq!(config.log_level().unwrap(), Some(5));
        config.require().unwrap();
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        for (pair, word) in [
            ("ActivationId", "Name=Value"),
            ("=x", "Name=Value"),
            ("ActivationId=a\nServerUri=b", "Name=Value"),
            ("ActivationID_=x", "no option"),
            ("ActivationId=abc", "a UUID"),
            ("CustomerId=1", "a UUID"),
            ("ServerUri=example", "not the address"),
            ("LogLevel=9", "from 0"),
            ("GoldenImage=maybe", "true or false"),
            ("CertificateFingerprint=xyz", "fingerprint"),
        ] {
            let refusal = wishes(&[pair]).unwrap_err().to_string();
            assert!(refusal.contains(word), "{pair}: {refusal}");
        }
        let missing = wishes(&["LogLevel=3"]).unwrap().config.require().unwrap_err();
        assert!(missing.to_string().contains("ActivationId is missing"));
    }

    #[test]
    fn a_file_comes_back_and_is_for_its_owner_and_group() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("etc/agent.conf");
        assert_eq!(Config::read(&path).unwrap(), Config::default());
        let mut config =
            wishes(&[&format!("ActivationId={KEY}"), "ServerUri=http://127.0.0.1:1"]).unwrap().config;
        config.write(&path, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(Config::read(&path).unwrap(), config);
        let before = config.clone();
        config.take(&wishes(&["ServerUri=http://127.0.0.1:2", "LogLevel=1"]).unwrap().config);
        assert!(!config.joins_like(&before) && config.joins_like(&config.clone()));
        config.write(&path, None).unwrap();
        assert_eq!(Config::read(&path).unwrap().server().unwrap().unwrap().to_string(), "http://127.0.0.1:2");
        // Another agent's file, with a name of its own.
        fs::write(&path, "# x\n\nLogFileDir=/var/log\n ServerUri = http://127.0.0.1:3 \n").unwrap();
        assert_eq!(Config::read(&path).unwrap().server().unwrap().unwrap().to_string(), "http://127.0.0.1:3");
        fs::write(&path, "nonsense\n").unwrap();
        assert!(Config::read(&path).is_err());
    }
}
