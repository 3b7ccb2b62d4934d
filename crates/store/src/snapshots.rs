//! The snapshot file: all indexes as of one place in the change log. Reading it and the changes since is quicker than
//! reading every object. It is never the truth: one that is missing, damaged or of another version is rebuilt.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use crc32fast::Hasher;

use crate::index::SnapshotError;
use crate::store::Shared;
use crate::{Error, Progress, Result, follow};

const MAGIC: &[u8; 8] = b"RDBTIDX1";
const BUFFER: usize = 1 << 20;

/// Brings the indexes up to date: from the snapshot if there is a good one, else from the objects; then by the
/// change log.
pub(crate) fn start(shared: &Shared, progress: &dyn Fn(Progress)) -> Result<()> {
    let mut session = shared.connect()?;
    let from_file = shared.options.snapshot.as_deref().map(|path| read(shared, path));
    let sequence = match from_file {
        Some(Ok(sequence)) if sequence <= session.last_sequence()? => sequence,
        other => {
            match other {
                Some(Err(SnapshotError::Io(error))) if error.kind() == io::ErrorKind::NotFound => {}
                Some(Err(error)) => tracing::warn!(%error, "the indexes are built anew"),
                Some(Ok(_)) => {
                    tracing::warn!("the snapshot is ahead of the database; the indexes are built anew")
                }
                None => {}
            }
            let sequence = session.last_sequence()?;
            for collection in shared.collections.all() {
                collection.rebuild(&|| shared.connect(), progress)?;
            }
            sequence
        }
    };
    shared.applied.store(sequence, Ordering::Release);
    follow::catch_up(shared, session.as_mut())
}

/// Writes the snapshot file anew, if there is to be one. A crash leaves the old one.
pub(crate) fn write(shared: &Shared) -> Result<()> {
    let Some(path) = &shared.options.snapshot else { return Ok(()) };
    let draft = path.with_extension("draft");
    let attempt = write_to(shared, &draft).and_then(|()| fs::rename(&draft, path).map_err(SnapshotError::Io));
    attempt.map_err(|error| {
        let source = match error {
            SnapshotError::Io(error) => error,
            other => io::Error::other(other.to_string()),
        };
        Error::File { what: format!("the snapshot {} can't be written", path.display()), source }
    })
}

fn write_to(shared: &Shared, path: &Path) -> Result<(), SnapshotError> {
    // Indexes may move on while they are written one by one; what is newer than this is taken in twice, which is the
    // same as once.
    let sequence = shared.applied.load(Ordering::Acquire);
    let mut out = Summed { inner: BufWriter::with_capacity(BUFFER, File::create(path)?), sum: Hasher::new() };
    out.write_all(MAGIC)?;
    out.write_all(&sequence.to_le_bytes())?;
    for collection in shared.collections.all() {
        let name = collection.kind().name();
        out.write_all(&(name.len() as u32).to_le_bytes())?;
        out.write_all(name.as_bytes())?;
        collection.write_snapshot(&mut out)?;
    }
    let sum = out.sum.finalize();
    out.inner.write_all(&sum.to_le_bytes())?;
    let file = out.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(file.sync_all()?)
}

fn read(shared: &Shared, path: &Path) -> Result<u64, SnapshotError> {
    let mut file = File::open(path)?;
    check(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    let mut input = BufReader::with_capacity(BUFFER, file);
    let (mut magic, mut sequence) = ([0; 8], [0; 8]);
    input.read_exact(&mut magic)?;
    input.read_exact(&mut sequence)?;
    for collection in shared.collections.all() {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let mut name = Vec::new();
        input.by_ref().take(u32::from_le_bytes(length).into()).read_to_end(&mut name)?;
        if name != collection.kind().name().as_bytes() {
            return Err(SnapshotError::Shape);
        }
        collection.read_snapshot(&mut input)?;
    }
    Ok(u64::from_le_bytes(sequence))
}

/// Whether the file is whole: its beginning, and the sum at its end.
fn check(file: &mut File) -> Result<(), SnapshotError> {
    let length = file.metadata()?.len();
    let Some(content) = length.checked_sub(4) else { return Err(SnapshotError::Damaged) };
    let mut sum = Hasher::new();
    let mut rest = Read::by_ref(file).take(content);
    let mut buffer = vec![0; BUFFER];
    let mut first = true;
    loop {
        let read = rest.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        if std::mem::take(&mut first) && !bytes.starts_with(MAGIC) {
            return Err(SnapshotError::Shape);
        }
        sum.update(bytes);
    }
    let mut expected = [0; 4];
    file.read_exact(&mut expected)?;
    if sum.finalize() == u32::from_le_bytes(expected) { Ok(()) } else { Err(SnapshotError::Damaged) }
}

/// Writes on and sums up what it writes.
struct Summed<W> {
    inner: W,
    sum: Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
