//! What is stored of an asset (`contract/am.md 5.1 to 5.6`). Lists keep the order in which they were reported.

use std::collections::BTreeMap;
use std::net::IpAddr;

use inventory::protocol::{PublicKey, ResyncReason};
use inventory::{ContentHash, Inventory, PackageSource};
use jiff::{SignedDuration, Timestamp};
use query::Fields;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use store::{Id, Kind, Object};
use uuid::Uuid;

use crate::tags::Tag;

/// A host, or another thing that people group and watch. The wire shows it as `HostAsset` and as `Asset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// What people call it.
    pub name: String,
    /// What kind of thing it is.
    #[serde(default, rename = "type", skip_serializing_if = "is_default")]
    pub kind: AssetType,
    /// When it was first known.
    pub created: Timestamp,
    /// When anything about it last changed.
    pub modified: Timestamp,
    /// Tags that were put on it by hand. Those that a rule puts on it are not stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Id<Tag>>,
    /// How it is told from others.
    pub tracking_method: TrackingMethod,
    /// Whether its name stays when its key attributes change (`contract/am.md 5.8`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub prevent_auto_name: bool,
    /// The names and addresses by which it is found.
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: Network,
    /// The operating system, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// What is known of the operating system beyond its text.
    #[serde(default, skip_serializing_if = "is_default")]
    pub system: System,
    /// Maker, model and size of the machine.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hardware: Hardware,
    /// When it was last looked at, and by what.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scans: Scans,
    /// Its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
    /// Modules it was activated for without an agent (`QWEB_VM`, `QWEB_PC`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// Where the cloud says it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<CloudSource>,
    /// Open ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_ports: Vec<OpenPort>,
    /// Installed software.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub software: Vec<Software>,
    /// Detections of vulnerabilities.
    #[serde(default, deserialize_with = "numbered", skip_serializing_if = "Vec::is_empty")]
    pub detections: Vec<Detection>,
    /// Processors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<Processor>,
    /// Volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// Local accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<Account>,
    /// Network interfaces, one entry for each address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<Interface>,
    /// The Docker engine on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker: Option<Docker>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Asset {
    /// An asset of which only this is known.
    pub fn new(name: impl Into<String>, tracking_method: TrackingMethod, now: Timestamp) -> Self {
        Self {
            name: name.into(),
            kind: AssetType::Host,
            created: now,
            modified: now,
            tags: Vec::new(),
            tracking_method,
            prevent_auto_name: false,
            network: Network::default(),
            os: None,
            system: System::default(),
            hardware: Hardware::default(),
            scans: Scans::default(),
            agent: None,
            modules: Vec::new(),
            sources: Vec::new(),
            open_ports: Vec::new(),
            software: Vec::new(),
            detections: Vec::new(),
            processors: Vec::new(),
            volumes: Vec::new(),
            accounts: Vec::new(),
            interfaces: Vec::new(),
            docker: None,
        }
    }
}

impl Object for Asset {
    const KIND: Kind = Kind::new("asset");

    fn fields() -> &'static Fields<Self> {
        &super::fields::FIELDS
    }

    fn keys(&self) -> Vec<String> {
        let agent = self.agent.iter().flat_map(|agent| [agent_key(agent.id), public_key(&agent.public_key)]);
        let by_address =
            (self.tracking_method == TrackingMethod::Ip).then_some(self.network.address).flatten();
        agent.chain(by_address.map(address_key)).collect()
    }
}

/// What kind of thing an asset is (`contract/am.md 6`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AssetType {
    /// A host.
    #[default]
    Host,
    /// A web application, which has the same id in its own area.
    WebApp,
}

impl AssetType {
    /// The wire's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "HOST",
            Self::WebApp => "WEBAPP",
        }
    }
}

/// The unique key under which an asset is found by its agent.
pub(crate) fn agent_key(id: Uuid) -> String {
    format!("agent:{id}")
}

/// The unique key under which an asset is found by its agent's public key.
pub(crate) fn public_key(key: &PublicKey) -> String {
    format!("agentKey:{key}")
}

/// The unique key under which an asset that is tracked by its address is found.
pub(crate) fn address_key(address: IpAddr) -> String {
    format!("address:{address}")
}

/// How a host is told from others (`contract/am.md 5.7`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the wire's")]
pub enum TrackingMethod {
    None,
    Ip,
    Dnsname,
    Netbios,
    InstanceId,
    VirtualMachineId,
    GcpInstanceId,
    Qagent,
    Oca,
    Sem,
    PassiveSensor,
}

impl TrackingMethod {
    /// The wire's names.
    pub const NAMES: &'static [&'static str] = &[
        "NONE",
        "IP",
        "DNSNAME",
        "NETBIOS",
        "INSTANCE_ID",
        "VIRTUAL_MACHINE_ID",
        "GCP_INSTANCE_ID",
        "QAGENT",
        "OCA",
        "SEM",
        "PASSIVE_SENSOR",
    ];

    /// All, in the order of [`TrackingMethod::NAMES`].
    const ALL: [Self; 11] = [
        Self::None,
        Self::Ip,
        Self::Dnsname,
        Self::Netbios,
        Self::InstanceId,
        Self::VirtualMachineId,
        Self::GcpInstanceId,
        Self::Qagent,
        Self::Oca,
        Self::Sem,
        Self::PassiveSensor,
    ];

    /// The wire's name.
    pub fn name(self) -> &'static str {
        let place = Self::ALL.iter().position(|method| *method == self);
        place.and_then(|place| Self::NAMES.get(place)).copied().unwrap_or_default()
    }

    /// The method of this name.
    pub fn named(name: &str) -> Option<Self> {
        let place = Self::NAMES.iter().position(|known| *known == name)?;
        Self::ALL.get(place).copied()
    }
}

/// The names and addresses by which a host is found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Network {
    /// The primary address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The DNS host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_host_name: Option<String>,
    /// The fully qualified name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<String>,
    /// The domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The NetBIOS name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netbios_name: Option<String>,
    /// The NetBIOS network id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netbios_network_id: Option<String>,
    /// The network it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_guid: Option<Uuid>,
}

/// What is known of the operating system beyond its text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct System {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// `Linux`, `Windows`, `Mac`, `Unix` or `Network`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_boot: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_logged_on_user: Option<String>,
}

/// Maker, model and size of the machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Hardware {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_serial: Option<String>,
    /// In MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_memory: Option<u64>,
}

/// When the host was last looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the wire's")]
pub struct Scans {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_compliance_scan: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_vuln_scan: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vulns_updated: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub information_gathered_updated: Option<Timestamp>,
}

/// The agent of a host (`contract/am.md 5.3`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// The identity that enrolment gave.
    pub id: Uuid,
    /// The key that its messages are signed with.
    pub public_key: PublicKey,
    /// Its version.
    pub version: String,
    /// The platform it runs on.
    pub platform: String,
    /// When it last reported.
    pub last_checked_in: Timestamp,
    /// The address it reported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_from: Option<IpAddr>,
    /// What it did last.
    pub chirp_status: String,
    /// The modules it works for (`AGENT_VM` ...).
    #[serde(default)]
    pub modules: Vec<String>,
    /// The key that let it in.
    pub activation_id: Uuid,
    /// What that key was called then.
    pub activation_title: String,
    /// The machine's own id, by which a new installation of the agent is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// The sequence of its last message; a message that does not rise is a repetition.
    #[serde(default)]
    pub sequence: u64,
    /// The hash of that message, by which a repetition of it is told from a forgery; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<ContentHash>,
    /// Why that message was not taken; none if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<ResyncReason>,
    /// The hash of the inventory that the next delta must build on; none before the first full one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ContentHash>,
    /// The inventory as reported, without its packages, which stand in the asset's software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl Agent {
    /// An agent that was silent for longer is shown as inactive. The contract leaves the time open.
    const ACTIVE: SignedDuration = SignedDuration::from_hours(24);

    /// Whether it still reports.
    pub(crate) fn is_active(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_checked_in) <= Self::ACTIVE
    }
}

/// An inventory as JSON text: it is read only when a delta changes it, so a check-in that changes packages alone does
/// not pay for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Report(Box<RawValue>);

impl Report {
    /// The report of an inventory, its packages aside.
    pub(crate) fn of(inventory: &Inventory) -> Option<Self> {
        serde_json::value::to_raw_value(inventory).ok().map(Self)
    }

    /// The inventory; none if another version wrote what this one can't read.
    pub(crate) fn read(&self) -> Option<Inventory> {
        serde_json::from_str(self.0.get()).ok()
    }
}

impl PartialEq for Report {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// What a cloud says of a host (`contract/am.md 5.6`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudSource {
    /// Which cloud.
    pub provider: Provider,
    /// When the cloud first named it.
    pub first_discovered: Timestamp,
    /// When the cloud last did.
    pub last_updated: Timestamp,
    /// The members that the wire knows for this provider, by their names there.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    /// The tags that it has in the cloud.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<CloudTag>,
}

/// A cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Provider {
    Ec2,
    Azure,
    Gcp,
    Ibm,
    Oci,
}

/// A tag in a cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CloudTag {
    pub key: String,
    pub value: String,
}

/// An open port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenPort {
    /// 1 to 65535.
    pub port: u16,
    /// `TCP` or `UDP`.
    pub protocol: String,
    /// The service behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
}

/// Installed software.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Software {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<Timestamp>,
    /// The package manager that knows it; none for software that was not reported by an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PackageSource>,
}

/// A detection of a vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detection {
    /// Its number among those that the host ever had, from 1; with the host's id it makes the wire's
    /// `hostInstanceVulnId`.
    #[serde(default)]
    pub number: u32,
    /// What was detected.
    pub qid: u32,
    /// 1 to 5.
    pub severity: u8,
    /// When first.
    pub first_found: Timestamp,
    /// When last.
    pub last_found: Timestamp,
    /// Whether it was still there at the last look.
    pub found: bool,
    /// On which port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `TCP` or `UDP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Whether it was seen through TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ssl: bool,
    /// Whether somebody chose to ignore it on this host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
    /// Whether it is switched off for all hosts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// When something about it last changed, where that is not when it was last found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
}

/// Reads detections as any version stored them: those of the first have no number, and get the next ones of their host
/// in the order in which they stand, so that they keep them from then on.
fn numbered<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Detection>, D::Error> {
    let mut detections = Vec::<Detection>::deserialize(deserializer)?;
    let mut last = detections.iter().map(|one| one.number).max().unwrap_or_default();
    for detection in detections.iter_mut().filter(|one| one.number == 0) {
        last += 1;
        detection.number = last;
    }
    Ok(detections)
}

impl Detection {
    /// How many bits of the wire's id are the number; a host's id is in those above. Together they stay below 2^53,
    /// up to which every JSON reader is exact.
    pub(crate) const NUMBER_BITS: u32 = 20;

    /// What was found just now.
    pub fn new(number: u32, qid: u32, severity: u8, now: Timestamp) -> Self {
        Self {
            number,
            qid,
            severity,
            first_found: now,
            last_found: now,
            found: true,
            port: None,
            protocol: None,
            ssl: false,
            ignored: false,
            disabled: false,
            updated: None,
        }
    }

    /// The wire's `hostInstanceVulnId`.
    pub(crate) fn wire_id(&self, host: u32) -> u64 {
        u64::from(host) << Self::NUMBER_BITS | u64::from(self.number)
    }

    /// The host and the number in an id of the wire.
    pub(crate) fn of_wire(id: u64) -> Option<(u32, u32)> {
        let number = id & ((1 << Self::NUMBER_BITS) - 1);
        Some((u32::try_from(id >> Self::NUMBER_BITS).ok()?, u32::try_from(number).ok()?))
    }

    /// When something about it last changed.
    pub(crate) fn updated(&self) -> Timestamp {
        self.updated.unwrap_or(self.last_found)
    }
}

/// A processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Processor {
    /// Its model.
    pub name: String,
    /// In MHz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<u32>,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Where it is mounted.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// In bytes.
    pub free: u64,
}

/// A local account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub username: String,
}

/// One address of a network interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the wire's")]
pub struct Interface {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_address: Option<IpAddr>,
}

/// The Docker engine on a host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the wire's")]
pub struct Docker {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_of_containers: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_of_images: Option<u32>,
}
