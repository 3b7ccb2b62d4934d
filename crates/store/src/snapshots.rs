//! The snapshot file: all indexes as of one place in the change log. Reading it and the changes since is quicker than
//! reading every object. It is never the truth: one that is missing, damaged, of another version or of another
//! database is rebuilt.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use crate::backend::Session;
use crate::index::SnapshotError;
use crate::store::Shared;
use crate::{Error, Progress, Result, follow};

const MAGIC: &[u8; 8] = b"RDBTIDX2";
const BUFFER: usize = 1 << 20;

/// Which state of which database a snapshot shows: the place in the change log, and a sum of the entry there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    sequence: u64,
    mark: u32,
}

impl State {
    /// The state after the change of this sequence; `None` when this database never made it.
    fn find(session: &mut dyn Session, sequence: u64) -> Result<Option<Self>> {
        let Some(before) = sequence.checked_sub(1) else { return Ok(Some(Self { sequence, mark: 0 })) };
        let entry = session.changes(before, 1)?.pop().filter(|entry| entry.sequence == sequence);
        Ok(entry.map(|entry| Self { sequence, mark: crc32fast::hash(format!("{entry:?}").as_bytes()) }))
    }
}

/// Brings the indexes up to date: from the snapshot if there is a good one, else from the objects; then by the
/// change log.
pub(crate) fn start(shared: &Shared, progress: &dyn Fn(Progress)) -> Result<()> {
    let mut session = shared.connect()?;
    if let Some(path) = shared.options.snapshot.as_deref() {
        session.begin_read()?;
        let loaded = load(shared, path, session.as_mut())?;
        session.end()?;
        match loaded {
            Ok(()) => return Ok(()),
            Err(SnapshotError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "the indexes are built anew"),
        }
    }
    let sequence = session.last_sequence()?;
    for collection in shared.collections.all() {
        collection.rebuild(&|| shared.connect(), progress)?;
    }
    shared.applied.store(sequence, Ordering::Release);
    follow::catch_up(shared, session.as_mut())
}

/// Reads the snapshot and the changes since. The inner result says why the snapshot is of no use.
fn load(shared: &Shared, path: &Path, session: &mut dyn Session) -> Result<Result<(), SnapshotError>> {
    let state = match read(shared, path) {
        Ok(state) => state,
        Err(error) => return Ok(Err(error)),
    };
    if State::find(session, state.sequence)? != Some(state) {
        return Ok(Err(SnapshotError::Foreign));
    }
    shared.applied.store(state.sequence, Ordering::Release);
    follow::catch_up(shared, session)?;
    for collection in shared.collections.all() {
        if !collection.agrees(session)? {
            return Ok(Err(SnapshotError::Foreign));
        }
    }
    Ok(Ok(()))
}

/// Writes the snapshot file anew, if there is to be one. A crash leaves the old one.
pub(crate) fn write(shared: &Shared) -> Result<()> {
    let Some(path) = &shared.options.snapshot else { return Ok(()) };
    // Indexes may move on while they are written one by one; what is newer than this is taken in twice, which is the
    // same as once.
    let sequence = shared.applied.load(Ordering::Acquire);
    let state = State::find(shared.connect()?.as_mut(), sequence)?
        .ok_or_else(|| Error::Corrupt(format!("the change log lacks its entry {sequence}")))?;
    let draft = path.with_extension("draft");
    let attempt =
        write_to(shared, state, &draft).and_then(|()| fs::rename(&draft, path).map_err(SnapshotError::Io));
    attempt.map_err(|error| {
        let source = match error {
            SnapshotError::Io(error) => error,
            other => io::Error::other(other.to_string()),
        };
        Error::File { what: format!("the snapshot {} can't be written", path.display()), source }
    })
}

fn write_to(shared: &Shared, state: State, path: &Path) -> Result<(), SnapshotError> {
    let mut out = BufWriter::with_capacity(BUFFER, File::create(path)?);
    out.write_all(MAGIC)?;
    out.write_all(&state.sequence.to_le_bytes())?;
    out.write_all(&state.mark.to_le_bytes())?;
    for collection in shared.collections.all() {
        let name = collection.kind().name();
        out.write_all(&(name.len() as u32).to_le_bytes())?;
        out.write_all(name.as_bytes())?;
        collection.write_snapshot(&mut out)?;
    }
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(file.sync_all()?)
}

fn read(shared: &Shared, path: &Path) -> Result<State, SnapshotError> {
    let mut input = BufReader::with_capacity(BUFFER, File::open(path)?);
    let (mut magic, mut sequence, mut mark) = ([0; 8], [0; 8], [0; 4]);
    input.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(SnapshotError::Shape);
    }
    input.read_exact(&mut sequence)?;
    input.read_exact(&mut mark)?;
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
    if input.read(&mut magic)? > 0 {
        return Err(SnapshotError::Damaged);
    }
    Ok(State { sequence: u64::from_le_bytes(sequence), mark: u32::from_le_bytes(mark) })
}
