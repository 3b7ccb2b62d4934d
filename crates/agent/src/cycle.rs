//! One visit to the server.
//!
//! What was sent without an answer is sent again first, byte for byte, so that the server recognizes it; then the machine
//! is read and what changed is reported. A sequence is on disk before it is used, and the accepted inventory is on disk
//! before the message counts as answered: a stop between any two steps is mended by the next visit.

use std::time::Duration;

use inventory::linux::{Options, collect};
use inventory::protocol::{
    AgentKey, CHECKIN_PATH, CheckIn, CheckInAnswer, Command, Content, MAX_BODY, MAX_UNPACKED, RefusalCode,
    Verdict, pack, read_checkin, unpack,
};
use inventory::{Inventory, diff};
use serde::{Deserialize, Serialize};

use crate::client::{Client, Trouble};
use crate::state::{Identity, Revoked, StateDir, StateError, Sync};
use crate::{VERSION, clock, log};

/// How often one visit starts over with a full report before it gives up.
const MAX_ATTEMPTS: u32 = 4;

/// What came of a visit; also what a child process tells its supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The server knows the state of this machine.
    Reported {
        /// When it wishes the next visit.
        next_in_seconds: Option<u32>,
    },
    /// The server uninstalled this agent; its state is gone.
    Uninstalled,
    /// Nothing was reported.
    Failed {
        /// How long the server wishes to be left alone.
        retry_after_seconds: Option<u64>,
    },
}

/// Why a visit failed.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The trust.
    #[error(transparent)]
    Trust(#[from] crate::trust::TrustError),
    /// The server.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The key.
    #[error(transparent)]
    Key(#[from] inventory::protocol::BadKey),
    /// The message could not be written down.
    #[error("the report cannot be packed: {0}")]
    Pack(#[from] std::io::Error),
    /// More than a message can carry.
    #[error("the report has {0} bytes, which is more than a server reads")]
    TooLarge(usize),
    /// The server asked to start over again and again.
    #[error("the server asked for a new report {MAX_ATTEMPTS} times; the next visit tries again")]
    NoAgreement,
}

impl VisitError {
    /// How long the server wishes to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Trouble(Trouble::Refused { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }

    /// What someone should do about it, where there is something to do.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Trouble(Trouble::Refused { code: RefusalCode::UnknownAgent, .. }) => {
                Some("the server does not know this agent: run `redoubt-agent enroll --server URL --force`")
            }
            Self::Trouble(Trouble::Refused { code: RefusalCode::BadSignature, .. }) => {
                Some("the key of this agent is not the one that it enrolled with: enroll with --force")
            }
            _ => None,
        }
    }
}

/// Visits the server once, and logs what came of it.
pub fn visit_and_tell(state: &StateDir, options: &Options) -> Outcome {
    match Visit::begin(state, options).and_then(Visit::run) {
        Ok(outcome) => outcome,
        Err(error) => {
            log::error("nothing was reported", &[("why", &error)]);
            if let Some(advice) = error.advice() {
                log::error(advice, &[]);
            }
            Outcome::Failed { retry_after_seconds: error.retry_after().map(|time| time.as_secs()) }
        }
    }
}

struct Visit<'a> {
    state: &'a StateDir,
    options: &'a Options,
    identity: Identity,
    key: AgentKey,
    client: Client,
    sequence: u64,
    accepted: Option<Inventory>,
}

/// What an answer means for the visit.
enum Step {
    Done(Outcome),
    StartOver,
}

impl<'a> Visit<'a> {
    fn begin(state: &'a StateDir, options: &'a Options) -> Result<Self, VisitError> {
        let identity = state.identity()?;
        let key = identity.key()?;
        let client = Client::new(&identity.server, &identity.trust)?;
        let (sequence, accepted) = (0, state.accepted());
        Ok(Self { state, options, identity, key, client, sequence, accepted })
    }

    fn run(mut self) -> Result<Outcome, VisitError> {
        let sync = self.state.sync();
        self.sequence = sync.sequence;
        if let Some(packed) = sync.pending()
            && let Some(Step::Done(Outcome::Uninstalled)) = self.repeat(&packed)?
        {
            return Ok(Outcome::Uninstalled);
        }
        let mut inventory = collect(self.options);
        if let Some(accepted) = &self.accepted {
            inventory.settle(accepted);
        }
        for _ in 0..MAX_ATTEMPTS {
            if let Step::Done(outcome) = self.report(&inventory)? {
                return Ok(outcome);
            }
        }
        Err(VisitError::NoAgreement)
    }

    /// Sends again what has no answer yet. `None` when it is given up.
    fn repeat(&mut self, packed: &[u8]) -> Result<Option<Step>, VisitError> {
        let message = unpack(packed, Some("gzip")).and_then(|body| read_checkin(&body));
        let Ok(message) = message else {
            log::warn("the message that awaits its answer is damaged; it is dropped", &[]);
            return Ok(None);
        };
        match self.send(packed) {
            Ok(answer) => {
                let result = message.resolve(self.accepted.clone());
                // When it cannot be resolved, what the server has now is not known here.
                self.take(&answer, result.ok()).map(Some)
            }
            Err(Trouble::Refused {
                code: RefusalCode::Malformed | RefusalCode::TooLarge, message, ..
            }) => {
                log::warn("the server cannot read the last message; it is dropped", &[("why", &message)]);
                self.start_over(self.sequence)?;
                Ok(None)
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    fn report(&mut self, inventory: &Inventory) -> Result<Step, VisitError> {
        let sequence = self.sequence.saturating_add(1);
        let message = message(sequence, self.accepted.as_ref(), inventory);
        let body = serde_json::to_vec(&message).map_err(std::io::Error::from)?;
        let packed = pack(&body)?;
        if body.len() > MAX_UNPACKED || packed.len() > MAX_BODY {
            return Err(VisitError::TooLarge(body.len()));
        }
        self.state.keep_sync(&Sync::sent(sequence, &packed))?;
        self.sequence = sequence;
        let answer = self.send(&packed)?;
        let content = match message.content {
            Content::Unchanged => "unchanged",
            Content::Delta(_) => "delta",
            Content::Full(_) => "full",
        };
        let facts: log::Facts = &[
            ("agent", &self.identity.agent_id),
            ("sequence", &sequence),
            ("content", &content),
            ("bytes", &packed.len()),
        ];
        log::info("reported", facts);
        self.take(&answer, Some(inventory.clone()))
    }

    fn send(&self, packed: &[u8]) -> Result<CheckInAnswer, Trouble> {
        self.client.post(CHECKIN_PATH, packed, &self.key, Some(self.identity.agent_id))
    }

    /// Does what the answer says; `result` is the inventory that the message made, where it is known.
    fn take(&mut self, answer: &CheckInAnswer, result: Option<Inventory>) -> Result<Step, VisitError> {
        if answer.commands.contains(&Command::Uninstall) {
            let Identity { agent_id, server, .. } = &self.identity;
            self.state.revoke(&Revoked { agent_id: *agent_id, server: server.clone() })?;
            log::info(
                "uninstalled by the server; the state is removed",
                &[("agent", agent_id), ("server", server)],
            );
            return Ok(Step::Done(Outcome::Uninstalled));
        }
        match answer.verdict {
            Verdict::Accepted => {
                if let Some(inventory) = result.filter(|inventory| self.accepted.as_ref() != Some(inventory))
                {
                    self.state.keep_accepted(inventory.clone())?;
                    self.accepted = Some(inventory);
                }
                self.state.keep_sync(&Sync::answered(self.sequence))?;
                Ok(Step::Done(Outcome::Reported { next_in_seconds: answer.next_in_seconds }))
            }
            Verdict::Resync { reason } => {
                log::warn("the server asks for a full report", &[("why", &reason)]);
                self.start_over(self.sequence)?;
                Ok(Step::StartOver)
            }
            Verdict::SequenceExpected { after } => {
                log::warn("the server has seen later messages of this agent", &[("after", &after)]);
                self.start_over(after)?;
                Ok(Step::StartOver)
            }
        }
    }

    /// The next message is a full one, under a sequence after this one.
    fn start_over(&mut self, sequence: u64) -> Result<(), VisitError> {
        self.accepted = None;
        self.sequence = sequence;
        Ok(self.state.keep_sync(&Sync::answered(sequence))?)
    }
}

fn message(sequence: u64, accepted: Option<&Inventory>, inventory: &Inventory) -> CheckIn {
    let content = match accepted {
        Some(accepted) if accepted == inventory => Content::Unchanged,
        Some(accepted) => Content::Delta(Box::new(diff(accepted, inventory))),
        None => Content::Full(Box::new(inventory.clone())),
    };
    CheckIn {
        sequence,
        agent_version: VERSION.into(),
        collected_at: clock::now(),
        base: accepted.map(Inventory::hash),
        state: inventory.hash(),
        content,
    }
}
