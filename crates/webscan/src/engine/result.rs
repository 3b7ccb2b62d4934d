//! What a scan brought.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::http::Target;
use crate::qid::Qid;

/// How a scan ended (`contract/was.md 6.3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResultsStatus {
    /// All was done.
    Finished,
    /// The host does not answer, or its name has no address.
    NoHostAlive,
    /// The host answers, but nothing there speaks HTTP.
    NoWebService,
    /// Too many answers did not come, or broke.
    ServiceError,
    /// The time was up; what was found until then is kept.
    TimeLimitReached,
    /// Cancelled before anything was found.
    Canceled,
    /// Cancelled; what was found until then is kept.
    CanceledWithResults,
    /// A fault of the scanner.
    ScanInternalError,
}

/// Whether the scan was logged in (`contract/was.md 6.3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthStatus {
    /// No record was given.
    None,
    /// A record was given, but no login was met.
    NotUsed,
    /// It was, from the beginning to the end.
    Successful,
    /// The login was rejected.
    Failed,
    /// The session was lost and could not be had again.
    Partial,
}

/// Information gathered (`contract/was.md 13.3`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Information {
    /// What it is about.
    pub qid: u32,
    /// The QID's title.
    pub title: String,
    /// 1 to 3.
    pub severity: u8,
    /// Its group.
    pub group: String,
    /// The text, line by line.
    pub data: String,
}

impl Information {
    /// A text under a QID; none when the QID is not known.
    #[must_use]
    pub fn new(qid: u32, data: String) -> Option<Self> {
        let qid = Qid::of(qid)?;
        let (title, group) = (qid.title.to_owned(), qid.group().to_owned());
        Some(Self { qid: qid.id, title, severity: qid.severity, group, data })
    }
}

/// What was tested, and what was not and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Pages that were there.
    pub links_crawled: usize,
    /// The pages, in the order of the alphabet.
    pub links: Vec<String>,
    /// States of pages without a URL of their own, such as routes after the `#`.
    pub states: Vec<String>,
    /// WebSocket addresses that pages opened.
    #[serde(default)]
    pub sockets: Vec<String>,
    /// Requests whose parameters were tested.
    pub requests_tested: usize,
    /// Parameters that were tested.
    pub parameters_tested: usize,
    /// Checks that ran, by name.
    pub checks: Vec<String>,
    /// Forms that were seen, and those that were sent.
    pub forms: usize,
    /// Forms that were sent.
    pub forms_submitted: usize,
    /// Pages that a browser opened.
    pub rendered: usize,
    /// Whether a browser was there.
    pub browser: String,
    /// What was not requested or not tested, and why.
    pub skipped: BTreeMap<String, String>,
}

/// A scan, ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanResult {
    /// The version of this form.
    pub version: u32,
    /// Where it began.
    pub target: Target,
    /// When it began, RFC 3339.
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// Requests that were sent, a browser's not counted.
    pub requests: u64,
    /// How it ended.
    pub results_status: ResultsStatus,
    /// Why, where there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it was logged in.
    pub auth_status: AuthStatus,
    /// What was tested.
    pub coverage: Coverage,
    /// Vulnerabilities and sensitive content, gravest first.
    pub findings: Vec<Finding>,
    /// Information gathered, by QID.
    pub information: Vec<Information>,
}
