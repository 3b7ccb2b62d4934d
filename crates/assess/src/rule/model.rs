//! A control as the engine uses it.

use super::op::Op;
use super::value::Value;
use crate::family::Family;
use crate::select::Pattern;
use crate::version::Range;

/// One check: what it asks of a device, what it expects, and the texts around it.
#[derive(Debug)]
pub struct Control {
    /// Stable number of the control.
    pub cid: u32,
    /// Counts up when what the control asks changes; kept in every data point.
    pub revision: u32,
    /// The family of devices it is for.
    pub family: Family,
    /// What should be true, as a statement.
    pub title: String,
    /// The topic it is listed under.
    pub category: String,
    /// From 1 (minimal) to 5 (urgent).
    pub criticality: u8,
    /// Why it matters.
    pub rationale: String,
    /// What to do; `{name}` stands for a value from the device.
    pub remediation: String,
    /// Commands that put it right, per failing instance; `{name}` stands for a value from the device.
    pub commands: Option<String>,
    /// Framework and its sections.
    pub references: Vec<(String, Vec<String>)>,
    /// Kept for old policies only.
    pub deprecated: bool,
    /// Versions it applies to.
    pub versions: Option<Range>,
    /// What a policy may set.
    pub params: Vec<Param>,
    /// Texts that must pass, fail and so on.
    pub samples: Vec<Sample>,
    /// Line of the control in its file.
    pub line: usize,
    pub(crate) source: String,
    pub(crate) missing: Missing,
    pub(crate) when: Option<Check>,
    pub(crate) scope: Option<Scope>,
    pub(crate) check: Check,
}

impl Control {
    /// The name of the criticality.
    #[must_use]
    pub fn severity(&self) -> &'static str {
        severity_name(self.criticality)
    }
}

/// The name of a criticality from 1 to 5.
#[must_use]
pub(crate) fn severity_name(criticality: u8) -> &'static str {
    match criticality {
        0 | 1 => "minimal",
        2 => "medium",
        3 => "serious",
        4 => "critical",
        _ => "urgent",
    }
}

/// Something a policy may set for a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name, written `$name` in tests.
    pub name: String,
    /// The value unless a policy sets another.
    pub default: Value,
    /// Least number allowed.
    pub min: Option<i64>,
    /// Greatest number allowed.
    pub max: Option<i64>,
}

/// An example that must come out as it says.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The expected status.
    pub expect: crate::engine::Status,
    /// Outputs by command id.
    pub outputs: Vec<(String, String)>,
    /// The version the device is taken to have.
    pub version: Option<String>,
    /// Its place in the file.
    pub line: usize,
    /// Its place in the line.
    pub column: usize,
}

/// What a missing command output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Error,
    Pass,
    Fail,
    NotApplicable,
}

/// Questions and what is expected of their answers.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) probes: Vec<Probe>,
    pub(crate) test: Test,
}

/// The blocks that are checked one by one.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) each: Vec<Pattern>,
    pub(crate) filter: Option<Check>,
    pub(crate) need: Need,
    /// What it means that there is no such block.
    pub(crate) none: Outcome,
    /// The capture that names an instance; the statement's text when there is none.
    pub(crate) label: Option<String>,
}

/// How many blocks must satisfy the test.
#[derive(Debug)]
pub(crate) enum Need {
    All,
    Any,
    None,
    Count(Vec<Op>),
}

/// What a test may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Pass,
    Fail,
    Error,
    NotApplicable,
}

/// One question.
#[derive(Debug)]
pub(crate) struct Probe {
    /// What it is called in tests, placeholders and evidence.
    pub(crate) name: String,
    pub(crate) ask: Ask,
    /// The command output it is put to; the control's own when none.
    pub(crate) from: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Ask {
    /// The value of a statement.
    Find {
        patterns: Vec<Pattern>,
        kind: Kind,
        pick: Pick,
        split: Option<char>,
        capture: Option<String>,
        defaults: Vec<(Option<Range>, Value)>,
    },
    /// Whether something is on, and what it is when nothing is said.
    Switch { on: Vec<Pattern>, off: Vec<Pattern>, defaults: Vec<(Option<Range>, Value)> },
    /// How many statements there are.
    Count { patterns: Vec<Pattern> },
    /// Whether what a statement names is defined.
    Ref { patterns: Vec<Pattern>, to: Vec<Pattern>, non_empty: bool, capture: String },
    /// Whether the first statement of one kind stands before the first of another.
    Order { first: Vec<Pattern>, then: Vec<Pattern> },
    /// A value captured by the block's selector.
    Captured { name: String, kind: Kind },
    /// The version of the device.
    Version,
}

/// How a captured text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    Duration,
    Bool,
    List,
    Ip,
    Cidr,
    Version,
    Hash,
    Secret,
}

/// Which of several statements counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    First,
    Last,
    Min,
    Max,
}

/// What is expected.
#[derive(Debug)]
pub(crate) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    None(Vec<Test>),
    Leaf { probe: usize, ops: Vec<Op>, absent: Absent },
}

/// What it means that there is no value to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Absent(pub(crate) Outcome);
