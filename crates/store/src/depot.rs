//! What is too large for a row and no secret: plain files in a folder, named by the SHA-256 of what they hold.
//!
//! - [`Depot::put`] returns when the file is durable; a row may refer to it then.
//! - [`Depot::open`] reads a file through before it gives it away, unless the file is still the very one that was read
//!   through before: what was changed on disk is never handed out under its old name.
//! - One process at a time changes which files there are and what refers to them ([`Depot::alone`]), so that nobody
//!   removes what another is about to refer to.

use std::collections::HashMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use ring::digest;

use crate::folder::{BlobId, Folder, failed};
use crate::{Error, Result};

/// How much is read at once.
const PART: usize = 256 << 10;
/// How old a change must be, in seconds, so that another one has another time.
const SETTLED: i64 = 2;
/// The file that is locked by whoever changes something.
const LOCK: &str = "lock";

/// A folder of plain files.
pub struct Depot {
    folder: Folder,
    /// Files as they were when they were read through.
    known: Mutex<HashMap<BlobId, Stamp>>,
}

/// What was put into a depot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of the content.
    pub id: BlobId,
    /// Its length in bytes.
    pub length: u64,
}

/// Keeps other processes from changing a depot for as long as it lives.
#[derive(Debug)]
pub struct Alone(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

/// A file as its file system tells it apart from any other, and from itself after any change.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            length: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a change from now on would show: clocks of file systems tick slowly.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_secs()).is_ok_and(|now| now - self.changed.0 >= SETTLED)
    }
}

impl Depot {
    /// The files in a folder, made where it is missing.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn new(folder: &Path) -> Result<Self> {
        Ok(Self { folder: Folder::open(folder)?, known: Mutex::default() })
    }

    /// Waits until no other process changes the depot, and keeps it so.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn alone(&self) -> Result<Alone> {
        let path = self.folder.path().join(LOCK);
        let open = || {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            file.lock()?;
            Ok(Alone(file))
        };
        open().map_err(|error| failed("locking", &path, error))
    }

    /// Stores a content; it is durable when this returns.
    ///
    /// # Errors
    /// When the content can't be read or the folder not be written.
    pub fn put(&self, content: &mut dyn Read) -> Result<Kept> {
        let fill = |file: &mut File| {
            let mut context = digest::Context::new(&digest::SHA256);
            let length = each_part(content, |part| {
                context.update(part);
                file.write_all(part)
            })?;
            Ok(Kept { id: BlobId::of(context.finish().as_ref()), length })
        };
        let put = || {
            let (new, kept) = self.folder.fill(fill)?;
            // In the place of what is there: that may be damaged.
            self.folder.name(&new, &kept.id).inspect_err(|_| self.folder.forget(&new))?;
            Ok(kept)
        };
        put().map_err(|error| failed("writing to", self.folder.path(), error))
    }

    /// Opens a file at its start; none if there is no such file.
    ///
    /// # Errors
    /// When it can't be read, or does not hold what it is named by.
    pub fn open(&self, id: &BlobId) -> Result<Option<File>> {
        let path = self.folder.place(id);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("reading", &path, error)),
        };
        let reading = |error| failed("reading", &path, error);
        let stamp = Stamp::of(&file.metadata().map_err(reading)?);
        if self.known.lock().get(id) == Some(&stamp) {
            return Ok(Some(file));
        }
        let mut context = digest::Context::new(&digest::SHA256);
        each_part(&mut file, |part| {
            context.update(part);
            Ok(())
        })
        .map_err(reading)?;
        if BlobId::of(context.finish().as_ref()) != *id {
            self.known.lock().remove(id);
            return Err(Error::Corrupt(format!(
                "the file {} does not hold what it is named by; add it again",
                path.display()
            )));
        }
        file.rewind().map_err(reading)?;
        if stamp.is_settled() {
            self.known.lock().insert(id.clone(), stamp);
        }
        Ok(Some(file))
    }

    /// Removes a file, durably. One that is gone already is no error, and who reads it reads on.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn remove(&self, id: &BlobId) -> Result<()> {
        self.known.lock().remove(id);
        self.folder.remove(std::slice::from_ref(id), true)
    }

    /// Removes what nobody refers to, unless it is younger than `age`: somebody may be about to. Says how many.
    ///
    /// # Errors
    /// When the folder can't be read or written.
    pub fn sweep(&self, age: Duration, is_wanted: impl Fn(&BlobId) -> bool) -> Result<usize> {
        self.folder.sweep(age, is_wanted)
    }
}

/// Reads to the end; gives the length.
fn each_part(from: &mut dyn Read, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let (mut buffer, mut length) = (vec![0; PART], 0);
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        take(buffer.get(..read).unwrap_or_default())?;
        length += u64::try_from(read).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn content(depot: &Depot, id: &BlobId) -> Vec<u8> {
        let mut bytes = Vec::new();
        depot.open(id).unwrap().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn depot(folder: &Path) -> Depot {
        Depot::new(&folder.join("files")).unwrap()
    }

    #[test]
    fn a_file_is_named_by_its_hash_and_is_there_once() {
        let temp = tempfile::tempdir().unwrap();
        let one = depot(temp.path());
        let kept = one.put(&mut &b"abc"[..]).unwrap();
        assert_eq!(kept.length, 3);
        // The test vector of FIPS 180.
        assert_eq!(kept.id.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(one.put(&mut &b"abc"[..]).unwrap(), kept);
        let large: Vec<u8> = (0..PART * 2 + 17).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let kept = one.put(&mut large.as_slice()).unwrap();
        assert_eq!(content(&depot(temp.path()), &kept.id), large);
        assert_eq!(content(&one, &kept.id), large);
        assert!(one.open(&BlobId::of(&[0; 32])).unwrap().is_none());
    }

    #[test]
    fn a_file_that_was_changed_is_not_handed_out_and_putting_it_again_mends_it() {
        let temp = tempfile::tempdir().unwrap();
        let one = depot(temp.path());
        let kept = one.put(&mut &b"hello"[..]).unwrap();
        assert_eq!(content(&one, &kept.id), b"hello");
        let place = one.folder.place(&kept.id);
        for damaged in ["jello", "hell", "hello!", ""] {
            fs::write(&place, damaged).unwrap();
            assert!(matches!(one.open(&kept.id), Err(Error::Corrupt(_))), "{damaged}");
            assert!(matches!(one.open(&kept.id), Err(Error::Corrupt(_))), "{damaged}, again");
        }
        one.put(&mut &b"hello"[..]).unwrap();
        assert_eq!(content(&one, &kept.id), b"hello");
    }

    #[test]
    fn what_breaks_off_leaves_nothing_and_what_is_swept_is_gone() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("on purpose"));
                }
                to[0] = b'x';
                Ok(1)
            }
        }
        let temp = tempfile::tempdir().unwrap();
        let one = depot(temp.path());
        assert!(one.put(&mut Broken(false)).is_err());
        let _alone = one.alone().unwrap();
        let (a, b) = (one.put(&mut &b"a"[..]).unwrap(), one.put(&mut &b"b"[..]).unwrap());
        let mut open = one.open(&a.id).unwrap().unwrap();
        assert_eq!(one.sweep(Duration::ZERO, |id| *id == b.id).unwrap(), 1);
        assert!(one.open(&a.id).unwrap().is_none() && one.open(&b.id).unwrap().is_some());
        let mut text = String::new();
        open.read_to_string(&mut text).unwrap();
        assert_eq!(text, "a", "who reads it reads on");
        one.remove(&b.id).unwrap();
        one.remove(&b.id).unwrap();
        assert!(one.open(&b.id).unwrap().is_none());
    }
}
