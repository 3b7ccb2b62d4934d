//! What is stored of devices and uploads.

use std::net::IpAddr;

use assess::{TECHNOLOGIES, Technology};
use jiff::Timestamp;
use query::Fields;
use serde::{Deserialize, Serialize};
use store::{BlobId, Id, Kind, Object};
use uuid::Uuid;

use crate::assets::Asset;

/// A device that was registered for uploads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// What callers know it by.
    pub uuid: Uuid,
    /// Its address.
    pub host_ip: IpAddr,
    /// The number of its technology.
    pub technology: u32,
    /// What may change.
    #[serde(default)]
    pub details: Details,
    /// The host asset that it is.
    pub asset: Id<Asset>,
    /// When it was registered.
    pub requested: Timestamp,
    /// From when on it takes uploads.
    pub confirmed: Timestamp,
    /// How many uploads there were; also the number of the last one.
    #[serde(default)]
    pub uploads: u32,
    /// The upload that says how it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Id<Upload>>,
}

/// What a caller may say of a device, and change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netbios: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
}

impl Device {
    /// Its technology; none if a newer version knew it.
    pub fn technology(&self) -> Option<Technology> {
        TECHNOLOGIES.iter().copied().find(|one| one.id == self.technology)
    }

    /// The name of its technology.
    pub fn technology_name(&self) -> &'static str {
        self.technology().map_or("unknown", |technology| technology.name)
    }

    /// Whether it takes uploads.
    pub fn is_confirmed(&self, now: Timestamp) -> bool {
        self.confirmed <= now
    }
}

impl Object for Device {
    const KIND: Kind = Kind::new("oca_device");

    fn fields() -> &'static Fields<Self> {
        &super::fields::DEVICES
    }

    fn keys(&self) -> Vec<String> {
        vec![uuid_key(self.uuid), place_key(self.host_ip, self.technology), asset_key(self.asset)]
    }
}

pub(super) fn uuid_key(uuid: Uuid) -> String {
    format!("uuid:{uuid}")
}

pub(super) fn place_key(address: IpAddr, technology: u32) -> String {
    format!("place:{address}/{technology}")
}

pub(super) fn asset_key(asset: Id<Asset>) -> String {
    format!("asset:{asset}")
}

/// One upload. What it held is in a sealed file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Whose it is.
    pub device: Id<Device>,
    /// Counts the uploads of the device, from 1.
    pub number: u32,
    /// When it came.
    pub at: Timestamp,
    /// Who sent it.
    pub by: String,
    /// By which call.
    pub kind: UploadKind,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of these, in hexadecimal digits.
    pub sha256: String,
    /// What it held, and what was read from it.
    pub blob: BlobId,
    /// The commands whose output it held, as rules call them.
    pub commands: Vec<String>,
    /// The commands whose output is from earlier uploads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<String>,
    /// The name that the device shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The version that the device shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why nothing in it can be trusted, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<String>,
}

/// By which call an upload came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UploadKind {
    /// The output of all commands in one text.
    Bulk,
    /// The output of one command.
    Command,
    /// A configuration.
    Configuration,
}

impl UploadKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Command => "command",
            Self::Configuration => "configuration",
        }
    }
}

impl Object for Upload {
    const KIND: Kind = Kind::new("oca_upload");

    fn fields() -> &'static Fields<Self> {
        &super::fields::UPLOADS
    }
}
