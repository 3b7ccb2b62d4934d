//! The way from one inventory to the next.

use serde::{Deserialize, Serialize};

use crate::{
    Account, Cloud, Docker, Hardware, HostNames, Identity, Interface, Inventory, List, Omission,
    OperatingSystem, Package, Port, Processor, Text, Volume,
};

/// What changed: objects are replaced whole, lists say what was added and removed. What did not change is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the members are those of Inventory")]
pub struct Delta {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<OperatingSystem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostNames>,
    #[serde(default, skip_serializing_if = "ListDelta::is_empty")]
    pub interfaces: ListDelta<Interface>,
    #[serde(default, skip_serializing_if = "ListDelta::is_empty")]
    pub packages: ListDelta<Package>,
    #[serde(default, skip_serializing_if = "ListDelta::is_empty")]
    pub ports: ListDelta<Port>,
    #[serde(default, skip_serializing_if = "ListDelta::is_empty")]
    pub accounts: ListDelta<Account>,
    #[serde(default, skip_serializing_if = "ListDelta::is_empty")]
    pub volumes: ListDelta<Volume>,
    #[serde(default, skip_serializing_if = "ListDelta::is_empty")]
    pub processors: ListDelta<Processor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<Change<u64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<Hardware>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_boot: Option<Change<jiff::Timestamp>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_logged_on_user: Option<Change<Text>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Change<Text>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Change<Cloud>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker: Option<Change<Docker>>,
    #[serde(default, skip_serializing_if = "ListDelta::is_empty")]
    pub omissions: ListDelta<Omission>,
}

/// What happened to a member that may be absent: `{"set": value}` or `"cleared"` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change<T> {
    /// It has this value now.
    Set(T),
    /// It is absent now.
    Cleared,
}

/// What happened to a list. An item that changed is removed in its old form and added in its new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "T: Ord + Deserialize<'de>"))]
pub struct ListDelta<T> {
    /// Items that are new.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub added: List<T>,
    /// Items that are gone.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub removed: List<T>,
}

/// The delta that makes `new` of `old`.
pub fn diff(old: &Inventory, new: &Inventory) -> Delta {
    Delta {
        identity: replaced(&old.identity, &new.identity),
        os: replaced(&old.os, &new.os),
        host: replaced(&old.host, &new.host),
        interfaces: ListDelta::between(&old.interfaces, &new.interfaces),
        packages: ListDelta::between(&old.packages, &new.packages),
        ports: ListDelta::between(&old.ports, &new.ports),
        accounts: ListDelta::between(&old.accounts, &new.accounts),
        volumes: ListDelta::between(&old.volumes, &new.volumes),
        processors: ListDelta::between(&old.processors, &new.processors),
        memory_mb: Change::between(&old.memory_mb, &new.memory_mb),
        hardware: replaced(&old.hardware, &new.hardware),
        last_boot: Change::between(&old.last_boot, &new.last_boot),
        last_logged_on_user: Change::between(&old.last_logged_on_user, &new.last_logged_on_user),
        timezone: Change::between(&old.timezone, &new.timezone),
        cloud: Change::between(&old.cloud, &new.cloud),
        docker: Change::between(&old.docker, &new.docker),
        omissions: ListDelta::between(&old.omissions, &new.omissions),
    }
}

/// Changes `inventory` as the delta says. Whether the result is what the sender has, its hash tells.
pub fn apply(inventory: &mut Inventory, delta: &Delta) {
    replace(&mut inventory.identity, &delta.identity);
    replace(&mut inventory.os, &delta.os);
    replace(&mut inventory.host, &delta.host);
    delta.interfaces.apply(&mut inventory.interfaces);
    delta.packages.apply(&mut inventory.packages);
    delta.ports.apply(&mut inventory.ports);
    delta.accounts.apply(&mut inventory.accounts);
    delta.volumes.apply(&mut inventory.volumes);
    delta.processors.apply(&mut inventory.processors);
    Change::apply(&delta.memory_mb, &mut inventory.memory_mb);
    replace(&mut inventory.hardware, &delta.hardware);
    Change::apply(&delta.last_boot, &mut inventory.last_boot);
    Change::apply(&delta.last_logged_on_user, &mut inventory.last_logged_on_user);
    Change::apply(&delta.timezone, &mut inventory.timezone);
    Change::apply(&delta.cloud, &mut inventory.cloud);
    Change::apply(&delta.docker, &mut inventory.docker);
    delta.omissions.apply(&mut inventory.omissions);
}

impl Delta {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<T> ListDelta<T> {
    /// Whether nothing was added or removed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl<T: Ord + Clone> ListDelta<T> {
    fn between(old: &List<T>, new: &List<T>) -> Self {
        Self {
            added: new.difference(old).cloned().collect(),
            removed: old.difference(new).cloned().collect(),
        }
    }

    fn apply(&self, list: &mut List<T>) {
        for item in &self.removed {
            list.remove(item);
        }
        list.extend(self.added.iter().cloned());
    }
}

impl<T> Default for ListDelta<T> {
    fn default() -> Self {
        Self { added: List::new(), removed: List::new() }
    }
}

impl<T: Clone + PartialEq> Change<T> {
    fn between(old: &Option<T>, new: &Option<T>) -> Option<Self> {
        match new {
            _ if old == new => None,
            Some(value) => Some(Self::Set(value.clone())),
            None => Some(Self::Cleared),
        }
    }

    fn apply(change: &Option<Self>, member: &mut Option<T>) {
        match change {
            None => {}
            Some(Self::Set(value)) => *member = Some(value.clone()),
            Some(Self::Cleared) => *member = None,
        }
    }
}

fn replaced<T: Clone + PartialEq>(old: &T, new: &T) -> Option<T> {
    (old != new).then(|| new.clone())
}

fn replace<T: Clone>(member: &mut T, replacement: &Option<T>) {
    if let Some(value) = replacement {
        member.clone_from(value);
    }
}
