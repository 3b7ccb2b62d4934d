//! The secret of an installation: one file beside the database, from which a key is derived for each purpose.
//!
//! - Nothing that it seals or signs can be read or made without it, so a copy of the database alone gives nothing away.
//! - Several servers on one database need the same file, since one must know what another signed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ring::hmac::{self, HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};

use crate::text::{hex, unhex};

/// The file below the installation's directory.
const FILE: &str = "secret.key";

/// The secret.
pub(crate) struct Keys(hmac::Key);

impl Keys {
    /// The secret of the installation in `home`, made where it is missing; without a home, one that lives as long as
    /// the process.
    ///
    /// # Errors
    /// When the file can't be read or made, is damaged, or the system gives no randomness.
    pub(crate) fn open(home: Option<&Path>) -> Result<Self, store::Error> {
        let secret = match home {
            Some(home) => read_or_make(&home.join(FILE))?,
            None => random().map_err(|error| failed("making a secret", error))?,
        };
        Ok(Self(hmac::Key::new(HMAC_SHA256, &secret)))
    }

    /// The key for a purpose.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.0, purpose.as_bytes());
        tag.as_ref().try_into().unwrap_or_default()
    }
}

fn read_or_make(path: &Path) -> Result<[u8; 32], store::Error> {
    let using = |error| failed(&format!("the secret {}", path.display()), error);
    match fs::read_to_string(path) {
        Ok(text) => unhex(text.trim()).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
            using(io::Error::other(
                "it is damaged: 64 hexadecimal digits are expected; restore it from a backup",
            ))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path).map_err(using),
        Err(error) => Err(using(error)),
    }
}

/// Under another name first: what was not written whole must not look like a secret.
fn make(path: &Path) -> io::Result<[u8; 32]> {
    let secret = random()?;
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    writeln!(file, "{}", hex(&secret))?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(secret)
}

fn random() -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    let none = |_| io::Error::other("the system gives no random numbers");
    SystemRandom::new().fill(&mut secret).map_err(none)?;
    Ok(secret)
}

fn failed(what: &str, source: io::Error) -> store::Error {
    store::Error::File { what: what.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_for_its_owner_alone_and_a_damaged_one_is_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let key = || Keys::open(Some(home.path())).map(|keys| keys.derive("test"));
        let first = key().unwrap();
        assert_eq!(key().unwrap(), first);
        let path = home.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "abc").unwrap();
        assert!(key().unwrap_err().to_string().contains("damaged"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "abc");
    }

    #[test]
    fn keys_differ_by_purpose_and_installation() {
        let keys = Keys::open(None).unwrap();
        assert_ne!(keys.derive("a"), keys.derive("b"));
        assert_ne!(keys.derive("a"), Keys::open(None).unwrap().derive("a"));
    }
}
