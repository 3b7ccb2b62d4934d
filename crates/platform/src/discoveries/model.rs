//! What is stored of a schedule.

use discovery::Progress;
use jiff::Timestamp;
use query::{Field, FieldId, Fields, Filter, Kind as Of, Source as From, Test, Value, ValueRef};
use serde::{Deserialize, Serialize};
use store::{Id, Kind, Object};
use uuid::Uuid;

use super::timing::Timing;
use crate::results::{Recorded, Source};
use crate::users::User;

/// Runs of which a schedule tells.
const KEPT: usize = 20;
/// A run whose server gave no sign of life for so long is over, in seconds.
const LEASE: i64 = 60;

/// A discovery that the server runs by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// What people call it; no two have the same name.
    pub name: String,
    /// In whose name it runs.
    pub owner: Id<User>,
    /// Their login, as it was.
    pub owner_login: String,
    /// What it does.
    pub what: What,
    /// When it does so; none for only when somebody asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Whether it runs when it is due.
    pub is_active: bool,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Who asked for a run that has not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_by: Option<String>,
    /// The run that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Running>,
    /// The last runs, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Run>,
    /// How many runs there were.
    #[serde(default)]
    pub count: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When somebody last changed it.
    pub updated: Timestamp,
}

/// What a scheduled discovery does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct What {
    /// Addresses, ranges, blocks and names.
    pub targets: String,
    /// What is left out of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exclude: String,
    /// The ports.
    pub ports: String,
    /// Connections a second at the most.
    pub rate: u32,
    /// As what it is recorded: a scan or a map.
    pub record: Source,
}

/// A run that is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Counts the runs of its schedule, from 1.
    pub number: u64,
    /// The server that runs it.
    pub node: Uuid,
    /// Who asked for it; none when it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// The last sign of life.
    pub beat: Timestamp,
    /// Addresses in all.
    #[serde(default)]
    pub addresses: u64,
    /// Addresses of which all is known.
    #[serde(default)]
    pub done: u64,
    /// Open ports so far.
    #[serde(default)]
    pub open: u64,
    /// Connections so far.
    #[serde(default)]
    pub connections: u64,
    /// Whether somebody wants it to end.
    #[serde(default)]
    pub is_cancelled: bool,
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Counts the runs of its schedule, from 1.
    pub number: u64,
    /// Who asked for it; none when it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, or was found to have.
    pub ended: Timestamp,
    /// How it ended.
    pub state: RunState,
    /// Why it ended like that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Addresses in all.
    #[serde(default)]
    pub addresses: u64,
    /// Addresses of which all is known.
    #[serde(default)]
    pub done: u64,
    /// Open ports.
    #[serde(default)]
    pub open: u64,
    /// Connections.
    #[serde(default)]
    pub connections: u64,
    /// What was recorded.
    #[serde(default)]
    pub recorded: Recorded,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    /// All was asked.
    Finished,
    /// Somebody stopped it.
    Canceled,
    /// It could not be done.
    Failed,
    /// Its server ended.
    Interrupted,
}

impl RunState {
    /// The wire's name (as the states of scans, `contract/was.md 6.3`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "FINISHED",
            Self::Canceled => "CANCELED",
            Self::Failed => "FAILED",
            Self::Interrupted => "INTERRUPTED",
        }
    }
}

impl Running {
    /// Whether its server still gives signs of life.
    pub(super) fn is_alive(&self, now: Timestamp) -> bool {
        now.as_second() - self.beat.as_second() < LEASE
    }

    /// Notes how far it is.
    pub(super) fn advance(&mut self, progress: Progress) {
        let Progress { addresses, done, open, connections } = progress;
        (self.addresses, self.done, self.open, self.connections) = (addresses, done, open, connections);
    }
}

impl Schedule {
    /// Whether a run should begin.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.wanted_by.is_some() || self.is_active && self.next.is_some_and(|next| next <= now)
    }

    /// Works out anew when it is due after a moment.
    pub(super) fn plan(&mut self, moment: Timestamp) {
        self.next = self.timing.as_ref().filter(|_| self.is_active).and_then(|timing| timing.after(moment));
    }

    /// Ends its run.
    pub(super) fn end(
        &mut self,
        state: RunState,
        problem: Option<String>,
        recorded: Recorded,
        now: Timestamp,
    ) {
        let Some(running) = self.running.take() else { return };
        let Running { number, by, started, addresses, done, open, connections, .. } = running;
        let run = Run {
            number,
            by,
            started,
            ended: now,
            state,
            problem,
            addresses,
            done,
            open,
            connections,
            recorded,
        };
        self.runs.insert(0, run);
        self.runs.truncate(KEPT);
    }

    /// Ends the run of a server that is gone. It is repeated, but not again and again: it may have been the reason.
    pub(super) fn interrupt(&mut self, now: Timestamp) {
        let by = self.running.as_ref().and_then(|running| running.by.clone());
        let is_second = self.runs.first().is_some_and(|run| run.state == RunState::Interrupted);
        let problem = "The server that ran it ended before it did.";
        self.end(RunState::Interrupted, Some(problem.to_owned()), Recorded::default(), now);
        if !is_second {
            match by {
                Some(by) => self.wanted_by = Some(by),
                None => self.next = Some(now),
            }
        }
    }
}

impl Object for Schedule {
    const KIND: Kind = Kind::new("discovery_schedule");

    fn fields() -> &'static Fields<Self> {
        &FIELDS
    }

    fn keys(&self) -> Vec<String> {
        vec![name_key(&self.name)]
    }
}

/// The unique key of a name.
pub(super) fn name_key(name: &str) -> String {
    format!("name:{}", name.to_lowercase())
}

const OWNER: FieldId = FieldId(1);

/// The schedules of one owner.
pub(super) fn owned_by(user: Id<User>) -> Filter {
    Filter::Field(OWNER, Test::Equals(Value::Integer(user.get().into())))
}

static FIELDS: Fields<Schedule> = Fields {
    fields: &[
        Field::new(Of::Integer, From::Id),
        Field::new(
            Of::Integer,
            From::Read(|schedule: &Schedule, out| out(ValueRef::Integer(schedule.owner.get().into()))),
        ),
    ],
    lists: &[],
};
