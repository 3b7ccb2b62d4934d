//! Proof: what is sent again, what must be seen then, and the control that must not show it.
//!
//! A [`Proof`] can only be made by [`Prover::prove`], which sent the replay and its control and found both as they should
//! be. A finding needs a proof; so what can't be repeated is not reported.

pub(crate) mod executes;
mod expect;
pub(crate) mod leads;
pub(crate) mod policy;
mod prover;
mod regexes;
pub(crate) mod script;

pub(crate) use expect::likeness;
pub use expect::{Evidence, Expect, Seen};
pub use prover::{Listener, NotProven, Opener, Outcome, Proof, Prover, TOKEN, Transport};
pub(crate) use prover::{follow, led_to, with_callback};
pub(crate) use regexes::regex;

use serde::{Deserialize, Serialize};

use crate::http::Request;

/// One request of a replay. `{{name}}` in its URL, headers, cookies and body stands for what an earlier step captured;
/// `{{token}}` for letters that are new in each round, `{{callback}}` for the address of our listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is sent.
    pub request: Request,
    /// Whether it is sent as the user that the scan was logged in as.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub session: bool,
    /// Whether a redirect that answers it is followed, within the scope; what is seen is the page it leads to.
    #[serde(default, skip_serializing_if = "is_no")]
    pub follow: bool,
    /// What is taken from the answer for later steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Capture>,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_no(value: &bool) -> bool {
    !*value
}

/// Something taken from an answer, such as a token against forged requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Its name in later steps.
    pub name: String,
    /// A regular expression over header lines and body; its first group that took part is taken.
    pub regex: String,
}

impl Step {
    /// A request as the user of the scan.
    #[must_use]
    pub fn new(request: Request) -> Self {
        Self { request, session: true, follow: false, capture: Vec::new() }
    }

    /// A request as nobody: no cookies, no login.
    #[must_use]
    pub fn anonymous(request: Request) -> Self {
        Self { request, session: false, follow: false, capture: Vec::new() }
    }

    /// The same, following the redirect that answers it, or not.
    #[must_use]
    pub fn following(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// The same, with something taken from the answer.
    #[must_use]
    pub fn capturing(mut self, name: &str, regex: &str) -> Self {
        self.capture.push(Capture { name: name.to_owned(), regex: regex.to_owned() });
        self
    }
}

/// What must not show what the replay shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Other requests, harmless in the one point that matters.
    Requests(Vec<Step>),
    /// The same answer with these headers set: for what an answer lacks, or has in its head.
    Headers(Vec<(String, String)>),
    /// The same answer without this text: for what stands in an answer whatever is sent.
    Without(String),
    /// The same answer without all that this regular expression matches: for what should not stand in a replay itself.
    WithoutMatch(String),
    /// A property that the same transport must not have: what a server would show that says yes to everything.
    Transport(String),
}

/// The smallest thing that shows a finding again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// What is sent, in order. What must be seen is looked for in the last answer.
    pub steps: Vec<Step>,
    /// What must be seen.
    pub expect: Expect,
    /// What must not show it.
    pub control: Control,
    /// How many times replay and control must agree, in turns; more than once where time decides or chance could.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub rounds: u8,
}

fn once() -> u8 {
    1
}

fn is_once(rounds: &u8) -> bool {
    *rounds == 1
}

impl Replay {
    /// One request that must show something, and one that must not.
    #[must_use]
    pub fn pair(attack: Request, expect: Expect, control: Request) -> Self {
        Self {
            steps: vec![Step::new(attack)],
            expect,
            control: Control::Requests(vec![Step::new(control)]),
            rounds: 1,
        }
    }

    /// The requests of its steps and of those of its control.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        let others = match &self.control {
            Control::Requests(steps) => &steps[..],
            _ => &[],
        };
        self.steps.iter().chain(others).map(|step| &step.request)
    }

    /// The same, agreed on so many times.
    #[must_use]
    pub fn rounds(mut self, rounds: u8) -> Self {
        self.rounds = rounds;
        self
    }
}
