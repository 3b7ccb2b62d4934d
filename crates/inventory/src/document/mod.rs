//! The inventory document.
//!
//! - Members that are empty are left out of the JSON, so a document of an older agent hashes alike at a newer server.
//! - Members that are not known are refused: dropping one in silence would change the content under its hash. So a server
//!   is upgraded before its agents.
//! - What changes while a machine idles (free space, clock speed) is here, but [`Inventory::settle`] holds it still.

mod address;
pub(crate) mod cloud;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

pub use address::{Cidr, CidrError};
use cloud::Cloud;

use crate::{List, Text};

/// Everything that is known about one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// What tells this machine from all others.
    #[serde(default)]
    pub identity: Identity,
    /// The operating system.
    #[serde(default)]
    pub os: OperatingSystem,
    /// The names of the host.
    #[serde(default)]
    pub host: HostNames,
    /// Network interfaces.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub interfaces: List<Interface>,
    /// Installed packages.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub packages: List<Package>,
    /// Ports that something listens on.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub ports: List<Port>,
    /// Local accounts.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub accounts: List<Account>,
    /// Mounted local file systems.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub volumes: List<Volume>,
    /// Processor sockets.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub processors: List<Processor>,
    /// Memory that the system can use, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "maybe_whole")]
    pub memory_mb: Option<u64>,
    /// Maker, model and firmware.
    #[serde(default)]
    pub hardware: Hardware,
    /// When the system was last started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_boot: Option<Timestamp>,
    /// Who logged on last, by the login records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_logged_on_user: Option<Text>,
    /// Name in the time zone database, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Text>,
    /// What the cloud provider says about this instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Cloud>,
    /// The Docker engine on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker: Option<Docker>,
    /// What is missing above, and why.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub omissions: List<Omission>,
}

/// What tells a machine from all others, as far as it may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// `/etc/machine-id`: 32 hex digits, made when the system was installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<Text>,
    /// SMBIOS system UUID, lower case. Most systems show it to root only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bios_uuid: Option<Text>,
    /// SMBIOS system serial number. Most systems show it to root only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bios_serial: Option<Text>,
}

/// The operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatingSystem {
    /// Text for people, such as `Debian GNU/Linux 12 (bookworm)`.
    pub name: Text,
    /// Identifier from `os-release`, such as `debian`.
    pub id: Text,
    /// Version from `os-release`, such as `12`. Empty for rolling distributions.
    pub version: Text,
    /// Release of the running kernel, such as `6.1.0-18-amd64`.
    pub kernel: Text,
    /// Machine architecture as the kernel calls it, such as `x86_64`.
    pub architecture: Text,
    /// `Linux`.
    pub family: Text,
}

/// The names of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostNames {
    /// The name that the kernel holds, up to the first dot.
    pub hostname: Text,
    /// Fully qualified name, if the machine itself knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<Text>,
    /// DNS domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Text>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Interface {
    /// Such as `eth0`.
    pub name: Text,
    /// Hardware address in lower case with colons. None for interfaces without one, such as `lo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Text>,
    /// What kind of addresses it has.
    pub kind: InterfaceKind,
    /// Addresses with their prefix length. Temporary IPv6 addresses are left out: they change every day.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub addresses: List<Cidr>,
    /// Default gateway over this interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
}

impl Interface {
    /// The hardware address, if it tells this host from others. Those of bridges and container links do not: they are
    /// made up when a container starts, in the same way on every host.
    pub fn identifying_mac(&self) -> Option<&Text> {
        const MADE_UP: [&str; 8] = ["docker", "veth", "br-", "virbr", "cni", "flannel", "cali", "vxlan"];
        let is_made_up = MADE_UP.iter().any(|prefix| self.name.starts_with(prefix));
        self.mac.as_ref().filter(|mac| !is_made_up && !mac.starts_with("02:42:"))
    }
}

/// What kind of addresses an interface has (`type` of `contract/am.md 5.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InterfaceKind {
    /// Reaches this host only.
    Loopback,
    /// Private, shared or link-local addresses only.
    Private,
    /// At least one address that is routed on the Internet.
    Public,
    /// No address.
    Unaddressed,
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Package {
    /// Name, without architecture.
    pub name: Text,
    /// Version as the package manager writes it: `[epoch:]version[-release]`.
    pub version: Text,
    /// Such as `amd64`, `all`, `noarch`. Empty where the package manager says none.
    pub architecture: Text,
    /// When this version was installed, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<Timestamp>,
    /// The package manager that knows it.
    pub source: PackageSource,
    /// Vendor or maintainer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<Text>,
}

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageSource {
    /// Debian, Ubuntu and relatives.
    Dpkg,
    /// Red Hat, SUSE and relatives.
    Rpm,
    /// Alpine.
    Apk,
}

/// A port that something listens on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Port {
    /// Port number.
    pub port: u16,
    /// Transport.
    pub protocol: Transport,
    /// The local address it is bound to; `0.0.0.0` and `::` mean all.
    pub address: IpAddr,
    /// Name of the process that listens, where it may be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Text>,
    /// Customary name of the port, such as `ssh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Text>,
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    /// TCP
    Tcp,
    /// UDP
    Udp,
}

/// A local account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Login name.
    pub username: Text,
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// The comment field: usually the person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Text>,
    /// Home directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Text>,
    /// Login shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Text>,
}

/// A mounted local file system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// Mount point.
    pub name: Text,
    /// Device or data set it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Text>,
    /// File system type, such as `ext4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_system: Option<Text>,
    /// Size in bytes.
    #[serde(deserialize_with = "whole")]
    pub size: u64,
    /// Bytes free for everyone (without root's reserve).
    #[serde(deserialize_with = "whole")]
    pub free: u64,
}

/// A processor socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Processor {
    /// Number of the socket, so that two alike are two.
    pub socket: u32,
    /// Model, such as `Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz`.
    pub name: Text,
    /// Clock speed in MHz; the highest, where the kernel tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mhz: Option<u32>,
    /// Cores.
    pub cores: u32,
    /// Hardware threads.
    pub threads: u32,
}

/// Maker, model and firmware, from SMBIOS (or the device tree).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hardware {
    /// System vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<Text>,
    /// Product name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Text>,
    /// Firmware vendor, version and date in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bios_description: Option<Text>,
    /// Vendor of the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_manufacturer: Option<Text>,
    /// Name of the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_model: Option<Text>,
}

/// The Docker engine (`dockerInfo` of `contract/am.md 5.1`). Counts are known only where its socket may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Docker {
    /// Version of the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Text>,
    /// Containers, running or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<u32>,
    /// Images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Omission {
    /// Member of the document, such as `identity.biosUuid` or `packages.rpm`.
    pub what: Text,
    /// The reason, for people.
    pub why: Text,
}

/// The largest whole number that a document holds: what a database's and XML schema's `long` can take.
pub(crate) const MAX_WHOLE: u64 = i64::MAX.unsigned_abs();

/// Reads a whole number that fits a signed 64-bit column.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number > MAX_WHOLE {
        let problem = format_args!("the number {number} is above {MAX_WHOLE}");
        return Err(serde::de::Error::custom(problem));
    }
    Ok(number)
}

fn maybe_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    whole(deserializer).map(Some)
}
