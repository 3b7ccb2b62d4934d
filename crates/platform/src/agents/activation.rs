//! Activation keys, which let agents in (`contract/ca.md 4`), and agents that are told to remove themselves.

use inventory::protocol::PublicKey;
use jiff::Timestamp;
use query::{Field, Fields, Kind as Of, Source, ValueRef};
use serde::{Deserialize, Serialize};
use store::{Id, Job, Kind, Object};
use uuid::Uuid;

use crate::assets::{Agent, Asset};
use crate::{Error, Platform, Result};

/// The longest title of a key, in characters.
const LONGEST_TITLE: usize = 255;

/// A key that lets agents in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivationKey {
    /// What agents give.
    pub key: Uuid,
    /// What people call it.
    pub title: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it lets in no more agents.
    #[serde(default)]
    pub disabled: bool,
    /// The modules that its agents work for.
    #[serde(default)]
    pub modules: Vec<String>,
}

impl Object for ActivationKey {
    const KIND: Kind = Kind::new("activation_key");

    fn fields() -> &'static Fields<Self> {
        &KEYS
    }

    fn keys(&self) -> Vec<String> {
        vec![activation_key(self.key)]
    }
}

fn activation_key(key: Uuid) -> String {
    format!("key:{key}")
}

static KEYS: Fields<ActivationKey> = Fields {
    fields: &[
        Field::new(Of::Integer, Source::Id).criteria(&["id"]),
        Field::new(Of::Text, Source::Read(|key: &ActivationKey, out| out(ValueRef::Text(&key.title))))
            .criteria(&["title"]),
    ],
    lists: &[],
};

/// Makes a first key where there is none; gives it.
pub(crate) fn install(job: &mut Job<'_>) -> Result<Option<String>> {
    if !job.select::<ActivationKey>(&query::Filter::All).is_empty() {
        return Ok(None);
    }
    add_key(job, "Default").map(|key| Some(key.to_string()))
}

/// Makes a key.
///
/// # Errors
/// When the title is empty or too long, or the database fails.
pub fn add_key(job: &mut Job<'_>, title: &str) -> Result<Uuid> {
    let title = title.trim();
    if title.is_empty() || title.chars().nth(LONGEST_TITLE).is_some() {
        return Err(Error::invalid(
            format!("The title {title:?} can't be used."),
            format!("Use 1 to {LONGEST_TITLE} characters."),
        ));
    }
    let key = ActivationKey {
        key: Uuid::new_v4(),
        title: title.to_owned(),
        created: job.now(),
        disabled: false,
        modules: vec!["AGENT_VM".into()],
    };
    let uuid = key.key;
    job.insert(key)?;
    Ok(uuid)
}

/// Says whether a key lets agents in from now on. Those that are in stay.
///
/// # Errors
/// When there is no such key, or the database fails.
pub fn set_key_disabled(job: &mut Job<'_>, given: &str, disabled: bool) -> Result<()> {
    let unknown = || {
        Error::invalid(
            "There is no such activation key.",
            "Use one of those that `redoubt activation-key list` shows.",
        )
    };
    let key = Uuid::parse_str(given.trim()).map_err(|_| unknown())?;
    let id = job.find::<ActivationKey>(&activation_key(key))?.ok_or_else(unknown)?;
    let old = job.get(id)?.ok_or_else(unknown)?;
    Ok(job.update(&old, ActivationKey { disabled, ..old.object.clone() })?)
}

/// The key that an agent gave, if it lets agents in.
pub(super) fn open(job: &mut Job<'_>, given: &str) -> Result<Option<ActivationKey>> {
    let Ok(key) = Uuid::parse_str(given.trim()) else { return Ok(None) };
    let Some(id) = job.find::<ActivationKey>(&activation_key(key))? else { return Ok(None) };
    let found = job.get(id)?.map(|stored| stored.object.clone());
    Ok(found.filter(|key| !key.disabled))
}

/// Whether a key lets agents in.
///
/// # Errors
/// When the database fails.
pub(crate) fn lets_in(platform: &Platform, key: Uuid) -> Result<bool> {
    let mut reading = platform.store().read()?;
    let Some(id) = reading.find::<ActivationKey>(&activation_key(key))? else { return Ok(false) };
    Ok(reading.get(id)?.is_some_and(|key| !key.disabled))
}

/// A key that lets agents in, the oldest one; none if all are disabled.
///
/// # Errors
/// When the database fails.
pub fn open_key(platform: &Platform) -> Result<Option<Uuid>> {
    let ids: Vec<u32> = platform.store().index::<ActivationKey, _>(|index| index.ids().iter().collect());
    let keys = platform.store().read()?.get_many::<ActivationKey>(&ids)?;
    Ok(keys.into_iter().find(|key| !key.disabled).map(|key| key.object.key))
}

/// An agent whose asset is gone and which is told to remove itself when it comes next (`contract/ca.md 3.7`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Uninstalled {
    /// The agent's id.
    pub agent: Uuid,
    /// Its key: nobody else is told.
    pub public_key: PublicKey,
    /// The asset that it reported for.
    pub asset: Id<Asset>,
    /// Since when.
    pub at: Timestamp,
}

impl Object for Uninstalled {
    const KIND: Kind = Kind::new("uninstalled_agent");

    fn fields() -> &'static Fields<Self> {
        &UNINSTALLED
    }

    fn keys(&self) -> Vec<String> {
        vec![uninstalled_key(self.agent)]
    }
}

fn uninstalled_key(agent: Uuid) -> String {
    format!("agent:{agent}")
}

static UNINSTALLED: Fields<Uninstalled> =
    Fields { fields: &[Field::new(Of::Integer, Source::Id).criteria(&["id"])], lists: &[] };

/// Notes that an agent is to remove itself.
pub(crate) fn uninstall(job: &mut Job<'_>, asset: Id<Asset>, agent: &Agent) -> Result<()> {
    let at = job.now();
    job.insert(Uninstalled { agent: agent.id, public_key: agent.public_key, asset, at })?;
    Ok(())
}

/// The key of an agent that is to remove itself.
pub(super) fn uninstalled(platform: &Platform, agent: Uuid) -> Result<Option<PublicKey>> {
    if platform.store().index::<Uninstalled, _>(|index| index.ids().is_empty()) {
        return Ok(None);
    }
    let mut reading = platform.store().read()?;
    let Some(id) = reading.find::<Uninstalled>(&uninstalled_key(agent))? else { return Ok(None) };
    Ok(reading.get(id)?.map(|stored| stored.public_key))
}
