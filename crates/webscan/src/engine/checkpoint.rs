//! How far a scan is, on disk: what was crawled and which tests are done, so that a kill costs a little only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::crawl::Job;
use crate::finding::Finding;
use crate::http::Target;
use crate::point::Place;

/// The version of this form; another one is not read.
const VERSION: u32 = 2;
/// Most bytes that are read.
const MAX: u64 = 512 << 20;

/// A point without its value, which may be another one when the scan goes on.
pub(super) type Spot = (Place, String);

/// What is noted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    version: u32,
    /// The target: another one's checkpoint is of no use.
    target: Option<Target>,
    /// The requests that were found, in the order in which they were crawled.
    pub(super) crawled: Vec<Job>,
    /// Where each of them is tested, by what it is; empty while that is not known.
    pub(super) points: BTreeMap<String, BTreeSet<Spot>>,
    /// Tests that are done.
    pub(super) done: BTreeSet<String>,
    /// What was found.
    pub(super) findings: Vec<Finding>,
    /// What was noted.
    pub(super) notes: Vec<(u32, String)>,
}

impl Checkpoint {
    pub(super) fn of(target: &Target) -> Self {
        Self { version: VERSION, target: Some(target.clone()), ..Self::default() }
    }

    /// Reads a checkpoint of a target; none when there is none that fits.
    pub(super) fn read(path: &Path, target: &Target) -> Option<Self> {
        if fs::metadata(path).ok()?.len() > MAX {
            return None;
        }
        let checkpoint: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let fits = checkpoint.version == VERSION && checkpoint.target.as_ref() == Some(target);
        fits.then_some(checkpoint)
    }

    /// Writes it beside the old one, then in its place.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        fs::rename(new, path)
    }
}
