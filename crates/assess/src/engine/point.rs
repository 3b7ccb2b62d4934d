//! Data points: what a device says about one control.

use serde::{Deserialize, Serialize};

use crate::rule::Value;

/// What was read for one control from one device. Holds no secret and no expectation, and can be judged again later.
///
/// Its JSON form is kept by whoever stores it, so it only ever grows: `tests/stored` holds what each version wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPoint {
    /// Version of this form, [`DataPoint::FORMAT`] when it was written.
    #[serde(default = "first_format")]
    pub format: u32,
    /// Number of the control.
    pub control: u32,
    /// Revision of the control that collected it.
    pub revision: u32,
    /// Version of this crate, as the parser's version.
    pub parser: String,
    /// Slug of the device's family.
    pub family: String,
    /// Name and version of the device, where it says them.
    pub hostname: Option<String>,
    /// Version of the device, where it says it.
    pub version: Option<String>,
    /// The command whose output was read.
    pub command: String,
    /// What was found.
    pub state: State,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Values were read.
    Collected {
        /// Instances with the same values, in the order of the text.
        groups: Vec<Group>,
        /// Why the text seems cut off: then nothing can pass.
        incomplete: Option<String>,
    },
    /// The control does not concern this device, and why.
    NotApplicable(String),
    /// The command's output is not in the upload; the control says what that means.
    Missing(String),
    /// Nothing can be told, and why.
    Error(String),
}

/// Instances of which the same was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The first of them.
    pub instances: Vec<Labelled>,
    /// How many there are.
    pub count: u64,
    /// One per question of the control.
    pub observations: Vec<Observation>,
}

/// One instance: a block that is checked on its own, or the whole device (`os`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// Its name.
    pub label: String,
    /// What the block's selector captured.
    pub captures: Vec<(String, String)>,
    /// The line it begins on; 0 for the whole device.
    pub line: u32,
    /// That line, masked.
    pub text: String,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The value.
    pub value: Value,
    /// Where it stands; empty for a default and for what is absent.
    pub lines: Vec<Line>,
}

/// A line of the upload, masked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Line {
    /// Its number, from 1.
    pub line: u32,
    /// Its text, secrets masked, at most 500 characters.
    pub text: String,
}

fn first_format() -> u32 {
    1
}

impl DataPoint {
    /// The version of the form that this library writes. Older ones are read; a newer one is an *error* verdict.
    pub const FORMAT: u32 = 1;

    /// Every observed value, in order, once: the data point as people read it.
    #[must_use]
    pub fn values(&self) -> Vec<&Value> {
        let State::Collected { groups, .. } = &self.state else { return Vec::new() };
        let mut seen = Vec::new();
        for observation in groups.iter().flat_map(|g| &g.observations) {
            if !seen.contains(&&observation.value) {
                seen.push(&observation.value);
            }
        }
        seen
    }
}
