//! The messages themselves.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PublicKey;
use crate::document::whole;
use crate::{
    Cloud, ContentHash, Delta, HostNames, Identity, Interface, Inventory, List, OperatingSystem, Text, apply,
};

/// A value that is never printed: its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Text);

impl Secret {
    /// Takes the value, cleaned like every text.
    pub fn new(value: &str) -> Self {
        Self(value.into())
    }

    /// The value itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Asks for an identity: the key pair, the right to join, and what a server needs to find the asset that this host is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollRequest {
    /// The activation key that lets this host in.
    pub activation_key: Secret,
    /// The installation that is meant, where the agent was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Uuid>,
    /// The public half of the key pair that this agent signs with.
    pub public_key: PublicKey,
    /// Version of the agent program.
    pub agent_version: Text,
    /// The agent id that this state directory held before, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_agent_id: Option<Uuid>,
    /// Machine id, BIOS UUID and serial number, as far as readable.
    #[serde(default)]
    pub identity: Identity,
    /// Host names.
    #[serde(default)]
    pub host: HostNames,
    /// The operating system.
    #[serde(default)]
    pub os: OperatingSystem,
    /// Hardware addresses that tell this host from others ([`Interface::identifying_mac`]).
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub mac_addresses: List<Text>,
    /// Addresses of all interfaces, without those of the loopback.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub addresses: List<IpAddr>,
    /// The cloud instance, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Cloud>,
}

impl EnrollRequest {
    /// The request of a host with this inventory.
    pub fn of(
        inventory: &Inventory,
        activation_key: Secret,
        public_key: PublicKey,
        agent_version: Text,
        previous_agent_id: Option<Uuid>,
    ) -> Self {
        let interfaces = || inventory.interfaces.iter();
        let addresses =
            interfaces().flat_map(|interface| interface.addresses.iter()).map(|address| address.ip());
        Self {
            activation_key,
            customer_id: None,
            public_key,
            agent_version,
            previous_agent_id,
            identity: inventory.identity.clone(),
            host: inventory.host.clone(),
            os: inventory.os.clone(),
            mac_addresses: interfaces().filter_map(Interface::identifying_mac).cloned().collect(),
            addresses: addresses.filter(|address| !address.is_loopback()).collect(),
            cloud: inventory.cloud.clone(),
        }
    }
}

/// The identity that the server gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollResponse {
    /// Names the agent from now on.
    pub agent_id: Uuid,
}

/// Reports the state of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckIn {
    /// Greater than any that this agent used before; at least 1.
    #[serde(deserialize_with = "whole")]
    pub sequence: u64,
    /// Version of the agent program.
    pub agent_version: Text,
    /// When the inventory was read, by the agent's clock. Decides nothing.
    pub collected_at: Timestamp,
    /// Hash of the accepted inventory that the content builds on. Absent for a full content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ContentHash>,
    /// Hash of the inventory that results.
    pub state: ContentHash,
    /// What is new.
    pub content: Content,
}

/// What a check-in brings: `"unchanged"`, `{"delta": ...}` or `{"full": ...}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// The state is `base`.
    Unchanged,
    /// What changed since `base`.
    Delta(Box<Delta>),
    /// Everything.
    Full(Box<Inventory>),
}

impl CheckIn {
    /// The inventory after this check-in, made from the one `held` for this agent (the last accepted), or why it cannot
    /// be made.
    pub fn resolve(self, held: Option<Inventory>) -> Result<Inventory, ResyncReason> {
        self.resolve_known(held.map(|inventory| (inventory.hash(), inventory)))
    }

    /// [`CheckIn::resolve`] for one who keeps the hash beside the inventory, which saves half of the work.
    pub fn resolve_known(self, held: Option<(ContentHash, Inventory)>) -> Result<Inventory, ResyncReason> {
        let result = match self.content {
            Content::Full(inventory) => *inventory,
            Content::Unchanged => based_on(self.base, held)?,
            Content::Delta(delta) => {
                let mut inventory = based_on(self.base, held)?;
                apply(&mut inventory, &delta);
                inventory
            }
        };
        if result.hash() != self.state {
            return Err(ResyncReason::StateDiffers);
        }
        Ok(result)
    }
}

fn based_on(
    base: Option<ContentHash>,
    held: Option<(ContentHash, Inventory)>,
) -> Result<Inventory, ResyncReason> {
    let (hash, inventory) = held.ok_or(ResyncReason::NothingHeld)?;
    if base == Some(hash) { Ok(inventory) } else { Err(ResyncReason::BaseDiffers) }
}

/// Why a server asks for a full content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResyncReason {
    /// The server has no inventory of this agent.
    #[error("the server holds no inventory of this agent")]
    NothingHeld,
    /// The server has another inventory than the one that the delta builds on.
    #[error("the server holds another inventory than the delta builds on")]
    BaseDiffers,
    /// What came out has not the hash that was announced.
    #[error("the inventory that results has another hash than announced")]
    StateDiffers,
    /// A reason that this version does not know.
    #[error("the server asks for a full inventory")]
    #[serde(other)]
    Other,
}

/// What the server says to a check-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckInAnswer {
    /// What became of the check-in.
    pub verdict: Verdict,
    /// Seconds until the next check-in; absent: as the agent is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_in_seconds: Option<u32>,
    /// What the agent is to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
}

/// What became of a check-in: `"accepted"`, `{"resync": {"reason": ...}}` or `{"sequenceExpected": {"after": 7}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The server holds the announced state now.
    Accepted,
    /// The content could not be used; a full one is wanted, under a new sequence.
    Resync {
        /// Why.
        reason: ResyncReason,
    },
    /// The sequence was used before; nothing was read of it.
    SequenceExpected {
        /// The last sequence that was used: the next is greater.
        after: u64,
    },
}

/// What an agent is to do: `{"kind": "UNINSTALL"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Command {
    /// Remove the state, mark it revoked, stop.
    Uninstall,
    /// A command that this version does not know; it is skipped.
    #[serde(other)]
    Unknown,
}

/// Why a request was not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people: field, value, and what would be right.
    pub message: String,
}

/// Kinds of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// The message cannot be read.
    Malformed,
    /// The body is above the limits.
    TooLarge,
    /// No agent has this id; it must enrol again.
    UnknownAgent,
    /// The signature is missing, or does not belong to this body and key.
    BadSignature,
    /// The activation key is unknown, disabled, expired or used up.
    ActivationKeyRefused,
    /// Come again later.
    Busy,
    /// A code that this version does not know.
    #[serde(other)]
    Other,
}

impl RefusalCode {
    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::UnknownAgent | Self::BadSignature => 401,
            Self::ActivationKeyRefused => 403,
            Self::TooLarge => 413,
            Self::Busy => 503,
            Self::Other => 500,
        }
    }
}
