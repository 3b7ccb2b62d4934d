//! Following the change log: what other processes on the same database wrote comes into this one's indexes.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use crate::Result;
use crate::backend::Session;
use crate::store::Shared;

/// How many entries are read at once.
const CHUNK: usize = 10_000;

/// Takes in all changes that the indexes do not know yet. Runs inside a writing transaction or before the store is
/// open, so nothing changes between reading the log and reading the objects.
pub(crate) fn catch_up(shared: &Shared, session: &mut dyn Session) -> Result<()> {
    loop {
        let known = shared.applied.load(Ordering::Acquire);
        if session.last_sequence()? <= known {
            return Ok(());
        }
        let changes = session.changes(known, CHUNK)?;
        let Some(last) = changes.last().map(|change| change.sequence) else { return Ok(()) };
        let mut touched: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for change in changes {
            touched.entry(change.kind).or_default().push(change.id);
        }
        for (kind, mut ids) in touched {
            ids.sort_unstable();
            ids.dedup();
            // A kind that this process does not hold belongs to a newer one beside it.
            if let Some(collection) = shared.collections.named(&kind) {
                collection.refresh(&ids, session)?;
            }
        }
        shared.applied.fetch_max(last, Ordering::AcqRel);
    }
}
