//! Agents: letting them in, and taking in what they report (`contract/ca.md 3 and 9`; the protocol is the one of
//! [`inventory::protocol`]).
//!
//! - An agent is known by its id and key, both part of its asset; the map in memory is derived.
//! - One host is one asset: an agent that enrols anew on a host finds the asset that the host already is.
//! - A message is taken in exactly once: its sequence rises, and the last one again gets the last answer again.

mod activation;
mod enroll;
mod identity;
mod report;

pub use activation::{ActivationKey, Uninstalled, add_key, open_key, set_key_disabled};
pub(crate) use activation::{install, lets_in, uninstall};

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use inventory::ContentHash;
use inventory::protocol::{
    CHECKIN_PATH, CheckIn, CheckInAnswer, Command, EnrollResponse, Judgement, LastCheckIn, PublicKey,
    ReadError, Refusal, RefusalCode, Verdict, judge, read_checkin, unpack, verify,
};
use jiff::Timestamp;
use parking_lot::RwLock;
use store::{Changed, Id};
use uuid::Uuid;

use crate::assets::{Agent, Asset, agent_key};
use crate::{Error, Platform, Result};

/// What came over the wire from an agent.
#[derive(Debug, Clone, Copy)]
pub struct AgentRequest<'a> {
    /// The agent that it names.
    pub agent: Option<&'a str>,
    /// Its signature.
    pub signature: Option<&'a str>,
    /// The encoding of its body.
    pub encoding: Option<&'a str>,
    /// Its body as sent.
    pub body: &'a [u8],
    /// Where it came from.
    pub peer: Option<IpAddr>,
}

/// The agents that may report.
#[derive(Default)]
pub struct Agents {
    known: RwLock<HashMap<Uuid, Known>>,
    by_asset: RwLock<HashMap<u32, Uuid>>,
}

#[derive(Clone, Copy)]
struct Known {
    asset: u32,
    key: PublicKey,
}

impl Agents {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Follows changes of assets.
    pub(crate) fn assets_changed(&self, changes: &[Changed<Asset>]) {
        for change in changes {
            let agent = change.object.as_ref().and_then(|asset| asset.agent.as_ref());
            let before = self.by_asset.read().get(&change.id).copied();
            if before == agent.map(|agent| agent.id) {
                continue;
            }
            let (mut known, mut by_asset) = (self.known.write(), self.by_asset.write());
            if let Some(old) = by_asset.remove(&change.id) {
                known.remove(&old);
            }
            if let Some(agent) = agent {
                known.insert(agent.id, Known { asset: change.id, key: agent.public_key });
                by_asset.insert(change.id, agent.id);
            }
        }
    }

    /// An agent, from memory or from the store.
    fn find(&self, platform: &Platform, id: Uuid) -> Result<Option<Known>> {
        if let Some(known) = self.known.read().get(&id) {
            return Ok(Some(*known));
        }
        let mut reading = platform.store().read()?;
        let Some(asset) = reading.find::<Asset>(&agent_key(id))? else { return Ok(None) };
        let Some(stored) = reading.get(asset)? else { return Ok(None) };
        let agent = stored.agent.as_ref().filter(|agent| agent.id == id);
        Ok(agent.map(|agent| Known { asset: asset.get(), key: agent.public_key }))
    }
}

/// Lets an agent in.
///
/// # Errors
/// When the message can't be read, its signature is wrong, or the activation key does not let it in.
pub async fn enroll(platform: &Arc<Platform>, request: AgentRequest<'_>) -> Result<EnrollResponse, Refusal> {
    enroll::enroll(platform, request).await
}

/// Takes in what an agent reports.
///
/// # Errors
/// When the agent is unknown, its signature wrong, or the message can't be read.
pub async fn check_in(platform: &Arc<Platform>, request: AgentRequest<'_>) -> Result<CheckInAnswer, Refusal> {
    let named = request.agent.and_then(|name| Uuid::parse_str(name.trim()).ok());
    let id = named.ok_or_else(|| {
        refusal(RefusalCode::UnknownAgent, "the header X-Redoubt-Agent names no agent; enrol first")
    })?;
    if let Some(key) = activation::uninstalled(platform, id).map_err(internal)? {
        check_signature(&key, CHECKIN_PATH, request)?;
        return Ok(CheckInAnswer {
            verdict: Verdict::Accepted,
            next_in_seconds: None,
            commands: vec![Command::Uninstall],
        });
    }
    let known = platform.agents().find(platform, id).map_err(internal)?;
    let known = known.ok_or_else(|| {
        refusal(RefusalCode::UnknownAgent, format!("no agent has the id {id}; enrol again"))
    })?;
    check_signature(&known.key, CHECKIN_PATH, request)?;
    let body = unpack(request.body, request.encoding).map_err(unreadable)?;
    let message = read_checkin(&body).map_err(unreadable)?;
    let this = LastCheckIn { sequence: message.sequence, body: ContentHash::of(request.body) };
    let (author, peer) = (format!("agent {id}"), request.peer);
    let (work, asset) = (platform.clone(), Id::<Asset>::new(known.asset));
    let answer = platform.store().revise(&author, asset, move |old, now| {
        let gone = || Error::invalid("The agent was removed meanwhile.", "Enrol again.");
        let old = old.ok_or_else(gone)?;
        let agent = old.agent.as_ref().filter(|agent| agent.id == id).ok_or_else(gone)?;
        let last = agent.body.map(|body| LastCheckIn { sequence: agent.sequence, body });
        let (new, verdict) = match judge(last, this) {
            Judgement::Used { after } => (None, Verdict::SequenceExpected { after }),
            Judgement::Repeated => (None, verdict_of(agent)),
            Judgement::New => {
                let (new, verdict) = take(&work, old, this, &message, peer, now);
                (Some(new), verdict)
            }
        };
        Ok((new, CheckInAnswer { verdict, next_in_seconds: None, commands: Vec::new() }))
    });
    answer.await.map_err(internal)
}

/// The asset as the message leaves it.
fn take(
    platform: &Platform,
    old: &Asset,
    this: LastCheckIn,
    message: &CheckIn,
    peer: Option<IpAddr>,
    now: Timestamp,
) -> (Asset, Verdict) {
    let mut new = old.clone();
    let taken = report::take(&mut new, message.clone(), now);
    if taken.is_err() {
        // Whatever of it fitted: half a delta is no state that anybody had.
        new.clone_from(old);
    }
    let verdict = new.agent.as_mut().map_or(Verdict::Accepted, |agent| {
        (agent.sequence, agent.body, agent.refused) = (this.sequence, Some(this.body), taken.err());
        agent.last_checked_in = now;
        agent.connected_from = peer;
        verdict_of(agent)
    });
    crate::assets::follow_names(platform.settings(), old, &mut new);
    (new, verdict)
}

fn verdict_of(agent: &Agent) -> Verdict {
    agent.refused.map_or(Verdict::Accepted, |reason| Verdict::Resync { reason })
}

fn check_signature(key: &PublicKey, path: &str, request: AgentRequest<'_>) -> Result<(), Refusal> {
    let signature = request.signature.unwrap_or_default();
    verify(key, "POST", path, request.body, signature).map_err(|_| {
        refusal(
            RefusalCode::BadSignature,
            "the signature is missing or was not made with the agent's key for this body",
        )
    })
}

fn refusal(code: RefusalCode, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into() }
}

fn unreadable(error: ReadError) -> Refusal {
    let code = match error {
        ReadError::TooLarge { .. } | ReadError::UnpacksTooLarge => RefusalCode::TooLarge,
        _ => RefusalCode::Malformed,
    };
    refusal(code, error.to_string())
}

/// A fault of ours: told in general, and in the log in detail.
fn internal(error: Error) -> Refusal {
    match error {
        Error::Service(error) => refusal(RefusalCode::UnknownAgent, error.message),
        Error::Gateway(error) => refusal(RefusalCode::UnknownAgent, error.message),
        Error::Store(error) => {
            tracing::error!(%error, "an agent's message could not be taken in");
            refusal(RefusalCode::Busy, "the server can't take this in just now; come again later")
        }
    }
}
