//! A host with a posture: how each control stands, and how it stood before.

use std::collections::HashMap;

use assess::{Policy, Verdict};
use jiff::Timestamp;
use store::{Id, Reading, Stored};

use super::word;
use crate::assets::{self, Asset};
use crate::oca::calls::verdicts;
use crate::oca::model::{Device, Upload, asset_key};
use crate::oca::state;
use crate::{Call, Result};

/// A host with something to judge.
pub(super) struct Host {
    pub(super) id: u32,
    pub(super) asset: Asset,
    pub(super) device: Device,
    /// The uploads that are kept, oldest first.
    uploads: Vec<Stored<Upload>>,
}

/// How a control stands.
pub(super) struct Standing {
    pub(super) verdict: Verdict,
    /// `Passed`, `Failed` or `Error`.
    pub(super) status: &'static str,
    pub(super) history: History,
}

/// How a control stood, as far as uploads are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct History {
    /// At the last upload that said something of it.
    now: &'static str,
    /// At the one before.
    pub(super) previous: Option<&'static str>,
    /// When it came to stand as it does.
    pub(super) changed: Timestamp,
    pub(super) first_fail: Option<Timestamp>,
    pub(super) last_fail: Option<Timestamp>,
    pub(super) first_pass: Option<Timestamp>,
    pub(super) last_pass: Option<Timestamp>,
}

impl History {
    fn begun(status: &'static str, at: Timestamp) -> Self {
        let (first_fail, last_fail, first_pass, last_pass) = (None, None, None, None);
        let begun =
            Self { now: status, previous: None, changed: at, first_fail, last_fail, first_pass, last_pass };
        begun.noted(status, at)
    }

    fn went_on(self, status: &'static str, at: Timestamp) -> Self {
        let changed = if status == self.now { self.changed } else { at };
        Self { now: status, previous: Some(self.now), changed, ..self }.noted(status, at)
    }

    fn noted(mut self, status: &'static str, at: Timestamp) -> Self {
        match status {
            "Failed" => (self.first_fail, self.last_fail) = (self.first_fail.or(Some(at)), Some(at)),
            "Passed" => (self.first_pass, self.last_pass) = (self.first_pass.or(Some(at)), Some(at)),
            _ => {}
        }
        self
    }
}

impl Host {
    /// A host that the caller may see; none where nothing is known of it.
    pub(super) fn find(call: &Call, reading: &mut Reading, id: u32) -> Result<Option<Self>> {
        let Some(asset) = reading.get(Id::<Asset>::new(id))? else { return Ok(None) };
        if !assets::sees(call, asset.id, &asset) {
            return Ok(None);
        }
        let Some(device) = reading.find::<Device>(&asset_key(asset.id))? else { return Ok(None) };
        let Some(device) = reading.get(device)? else { return Ok(None) };
        let mut uploads = state::uploads(call, reading, device.id)?;
        uploads.retain(|upload| upload.number <= device.uploads);
        if uploads.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { id, asset: asset.object, device: device.object, uploads }))
    }

    /// When it was last assessed.
    pub(super) fn assessed(&self) -> Timestamp {
        self.uploads.last().map_or(Timestamp::UNIX_EPOCH, |upload| upload.at)
    }

    /// How each control stands that concerns it, by number.
    pub(super) fn standings(&self, call: &Call) -> Result<Vec<Standing>> {
        let Some((latest, earlier)) = self.uploads.split_last() else { return Ok(Vec::new()) };
        let mut histories: HashMap<u32, History> = HashMap::new();
        let mut note = |control: u32, status, at| -> History {
            let next = match histories.get(&control) {
                None => History::begun(status, at),
                Some(known) => known.went_on(status, at),
            };
            histories.insert(control, next);
            next
        };
        for upload in earlier {
            // One that was removed meanwhile says nothing any more.
            let Ok(Some(archive)) = state::archive(call, upload) else { continue };
            for verdict in verdicts(&archive, &Policy::default()) {
                if let Some(status) = word(verdict.status) {
                    note(verdict.control, status, upload.at);
                }
            }
        }
        let stands = |verdict: Verdict| {
            let status = word(verdict.status)?;
            let history = note(verdict.control, status, latest.at);
            Some(Standing { verdict, status, history })
        };
        let Some(archive) = state::archive(call, latest)? else { return Ok(Vec::new()) };
        let mut standings: Vec<_> =
            verdicts(&archive, &Policy::default()).into_iter().filter_map(stands).collect();
        standings.sort_by_key(|standing| standing.verdict.control);
        Ok(standings)
    }

    /// The number of a record.
    pub(super) fn record_id(&self, control: u32) -> u64 {
        u64::from(self.id) * CONTROLS + u64::from(control)
    }
}

/// Numbers of controls stay below.
pub(super) const CONTROLS: u64 = 10_000_000;

impl Standing {
    /// `os` for what holds of the whole device, or the names of the blocks that were checked one by one.
    pub(super) fn instance(&self) -> String {
        let labels: Vec<_> = self.verdict.instances.iter().map(|one| one.label.as_str()).collect();
        if labels.is_empty() { "os".to_owned() } else { labels.join(", ") }
    }

    /// Why it did not pass: what was found instead of what was expected, or what kept it from being told.
    pub(super) fn cause(&self) -> Option<(Vec<String>, String)> {
        match (self.status, &self.verdict.reason) {
            ("Passed", _) => None,
            (_, Some(reason)) => Some((vec![reason.clone()], self.verdict.expected.clone())),
            _ => Some((self.verdict.actual.clone(), self.verdict.expected.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_tells_first_and_last_and_since_when() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let history = History::begun("Failed", at(1))
            .went_on("Failed", at(2))
            .went_on("Passed", at(3))
            .went_on("Error", at(4))
            .went_on("Passed", at(5))
            .went_on("Passed", at(6));
        assert_eq!((history.now, history.previous, history.changed), ("Passed", Some("Passed"), at(5)));
        assert_eq!((history.first_fail, history.last_fail), (Some(at(1)), Some(at(2))));
        assert_eq!((history.first_pass, history.last_pass), (Some(at(3)), Some(at(6))));
    }
}
