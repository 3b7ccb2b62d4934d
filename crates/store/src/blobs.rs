//! What is too large for a row: sealed files in a folder.
//!
//! - A file is named by a keyed hash of what it holds and of whom it is for, so the same content for the same holder is
//!   stored once, and the name tells nothing to somebody without the key.
//! - What it holds is encrypted and authenticated under that name: a file that was changed, cut or put in another's
//!   place is not read.
//! - [`Blobs::put`] returns when the file is durable; a row may refer to it then. What no row refers to is swept.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};

use crate::folder::{BlobId, Folder, failed};
use crate::{Error, Result};

/// The first bytes of a file: its format.
const MAGIC: &[u8; 4] = b"RDB1";

/// A folder of sealed files.
pub struct Blobs {
    folder: Folder,
    names: hmac::Key,
    seal: LessSafeKey,
    random: SystemRandom,
}

impl Blobs {
    /// The blobs in a folder, made where it is missing. `names` and `seal` are keys of their own.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn open(folder: &Path, names: &[u8; 32], seal: &[u8; 32]) -> Result<Self> {
        let unfit = |_| failed("opening", folder, io::Error::other("the key does not fit the cipher"));
        let seal = UnboundKey::new(&AES_256_GCM, seal).map_err(unfit)?;
        Ok(Self {
            folder: Folder::open(folder)?,
            names: hmac::Key::new(HMAC_SHA256, names),
            seal: LessSafeKey::new(seal),
            random: SystemRandom::new(),
        })
    }

    /// Stores content for a holder; it is durable when this returns.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn put(&self, holder: &str, content: &[u8]) -> Result<BlobId> {
        let mut named = hmac::Context::with_key(&self.names);
        named.update(&(holder.len() as u64).to_le_bytes());
        named.update(holder.as_bytes());
        named.update(content);
        let id = BlobId::of(named.sign().as_ref());
        let write = || -> io::Result<()> {
            if self.folder.has(&id)? {
                return Ok(());
            }
            let sealed = self.sealed(&id, content)?;
            let (new, ()) = self.folder.fill(|file| file.write_all(&sealed))?;
            self.folder.name(&new, &id).inspect_err(|_| self.folder.forget(&new))
        };
        write().map_err(|error| failed("writing", &self.folder.place(&id), error))?;
        Ok(id)
    }

    fn sealed(&self, id: &BlobId, content: &[u8]) -> io::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| io::Error::other("the system gives no random numbers"))?;
        let mut sealed = Vec::with_capacity(MAGIC.len() + NONCE_LEN + content.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(content);
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(id), &mut sealed)
            .map_err(|_| io::Error::other("it is too large to be sealed"))?;
        let mut file = [MAGIC, &nonce[..]].concat();
        file.append(&mut sealed);
        Ok(file)
    }

    /// What a blob holds; none if there is no such blob.
    ///
    /// # Errors
    /// When the file can't be read, or is not what was written.
    pub fn get(&self, id: &BlobId) -> Result<Option<Vec<u8>>> {
        let path = self.folder.place(id);
        let file = match fs::read(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("reading", &path, error)),
        };
        self.unsealed(id, file).map(Some).ok_or_else(|| {
            Error::Corrupt(format!(
                "the file {} is not what was written, or the key is another",
                path.display()
            ))
        })
    }

    fn unsealed(&self, id: &BlobId, mut file: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = file.strip_prefix(MAGIC)?.get(..NONCE_LEN)?.try_into().ok()?;
        let mut content = file.split_off(MAGIC.len() + NONCE_LEN);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.seal.open_in_place(nonce, aad(id), &mut content).ok()?.len();
        content.truncate(length);
        Some(content)
    }

    /// Removes blobs. One that is gone already is no error. If not `durably`, one may be there again after the machine
    /// failed.
    ///
    /// # Errors
    /// When a folder can't be written; the others are removed all the same.
    pub fn remove(&self, ids: &[BlobId], durably: bool) -> Result<()> {
        self.folder.remove(ids, durably)
    }

    /// Removes what nobody refers to, unless it is younger than `age`: somebody may be about to. Says how many.
    ///
    /// # Errors
    /// When the folder can't be read or written.
    pub fn sweep(&self, age: Duration, is_wanted: impl Fn(&BlobId) -> bool) -> Result<usize> {
        self.folder.sweep(age, is_wanted)
    }
}

fn aad(id: &BlobId) -> Aad<&[u8]> {
    Aad::from(id.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path) -> Blobs {
        Blobs::open(&folder.join("blobs"), &[1; 32], &[2; 32]).unwrap()
    }

    #[test]
    fn content_comes_back_and_neither_it_nor_its_name_can_be_read_from_the_folder() {
        let temp = tempfile::tempdir().unwrap();
        let blobs = open(temp.path());
        let content = b"snmp-server community hunter2 ".repeat(100);
        let id = blobs.put("one", &content).unwrap();
        assert_eq!(open(temp.path()).get(&id).unwrap().as_deref(), Some(&content[..]));
        let file = fs::read(blobs.folder.place(&id)).unwrap();
        assert!(memchr_free(&file, b"hunter2"));
        assert_ne!(blobs.put("other", &content).unwrap(), id, "each holder has its own");
        assert_eq!(blobs.put("one", &content).unwrap(), id, "and each content once");
        assert_eq!(blobs.get(&BlobId::of(&[0; 32])).unwrap(), None);
    }

    fn memchr_free(file: &[u8], text: &[u8]) -> bool {
        !file.windows(text.len()).any(|window| window == text)
    }

    #[test]
    fn a_file_that_was_changed_cut_or_exchanged_is_not_read() {
        let temp = tempfile::tempdir().unwrap();
        let blobs = open(temp.path());
        let (one, other) = (blobs.put("a", b"one").unwrap(), blobs.put("a", b"other").unwrap());
        let whole = fs::read(blobs.folder.place(&one)).unwrap();
        let bad = |file: &[u8]| {
            fs::write(blobs.folder.place(&one), file).unwrap();
            assert!(matches!(blobs.get(&one), Err(Error::Corrupt(_))));
        };
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            bad(&changed);
            bad(&whole[..place]);
        }
        bad(&fs::read(blobs.folder.place(&other)).unwrap());
        fs::write(blobs.folder.place(&one), &whole).unwrap();
        let foreign = Blobs::open(&temp.path().join("blobs"), &[1; 32], &[3; 32]).unwrap();
        assert!(matches!(foreign.get(&one), Err(Error::Corrupt(_))), "another key");
        assert_eq!(blobs.get(&one).unwrap().as_deref(), Some(&b"one"[..]));
    }

    #[test]
    fn what_is_removed_or_swept_is_gone_and_what_is_wanted_or_young_stays() {
        let temp = tempfile::tempdir().unwrap();
        let blobs = open(temp.path());
        let ids: Vec<_> = ["a", "b", "c"].iter().map(|holder| blobs.put(holder, b"x").unwrap()).collect();
        blobs.remove(&ids[..1], true).unwrap();
        blobs.remove(&ids[..1], false).unwrap();
        assert_eq!(blobs.get(&ids[0]).unwrap(), None);
        let half = blobs.folder.place(&ids[1]).with_file_name("1-1.new");
        fs::write(&half, "half").unwrap();
        assert_eq!(blobs.sweep(Duration::from_secs(3_600), |_| false).unwrap(), 0);
        assert_eq!(blobs.sweep(Duration::ZERO, |id| *id == ids[1]).unwrap(), 2);
        assert!(blobs.get(&ids[1]).unwrap().is_some() && !half.exists());
        assert_eq!(blobs.get(&ids[2]).unwrap(), None);
    }
}
