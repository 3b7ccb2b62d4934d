//! How a store is opened.

use std::path::PathBuf;
use std::sync::Arc;

use crate::{Clock, Kind, SystemClock};

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// The file that index snapshots go to; none when every start may build the index anew.
    pub snapshot: Option<PathBuf>,
    /// The directory for what does not belong into the database: keys, and what is too large for it. None where
    /// nothing of these outlives the process.
    pub home: Option<PathBuf>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// How many changes make a new snapshot worth writing while the store is open.
    pub snapshot_every: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { snapshot: None, home: None, clock: Arc::new(SystemClock), snapshot_every: 250_000 }
    }
}

/// How far building an index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The kind of object being read.
    pub kind: Kind,
    /// How many have been.
    pub done: u64,
}
