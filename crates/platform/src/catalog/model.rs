//! Entries of the catalog as they are stored (`contract/was.md 4.2`).

use std::net::IpAddr;

use jiff::Timestamp;
use query::Fields;
use serde::{Deserialize, Serialize};
use store::{Id, Kind, Object};

use crate::assets::Asset;
use crate::comments::{Author, Comment};
use crate::results::Source;

/// A web service that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The address of its host.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// Whether it speaks TLS (QID 86001).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls: bool,
    /// What found it first.
    pub source: Source,
    /// The asset of its host, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id<Asset>>,
    /// The operating system of its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// The fully qualified name of its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<String>,
    /// The NetBIOS name of its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netbios_name: Option<String>,
    /// What people make of it.
    pub status: Status,
    /// What was said of it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Who last changed it; nobody if only discoveries did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<Author>,
    /// When its host was looked at, as far as this entry knows.
    pub seen: Timestamp,
}

/// What people make of an entry (`contract/was.md 4.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Found; nobody has looked at it.
    New,
    /// Not expected.
    Rogue,
    /// Known and accepted.
    Approved,
    /// Of no interest.
    Ignored,
    /// There is a web application of it.
    InSubscription,
}

impl Status {
    /// The wire's names.
    pub const NAMES: &'static [&'static str] = &["NEW", "ROGUE", "APPROVED", "IGNORED", "IN_SUBSCRIPTION"];

    const ALL: [Self; 5] = [Self::New, Self::Rogue, Self::Approved, Self::Ignored, Self::InSubscription];

    /// The wire's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Rogue => "ROGUE",
            Self::Approved => "APPROVED",
            Self::Ignored => "IGNORED",
            Self::InSubscription => "IN_SUBSCRIPTION",
        }
    }

    /// The status of this name, in any case of letters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name().eq_ignore_ascii_case(name))
    }
}

/// The unique key of an entry.
pub(super) fn service_key(address: IpAddr, port: u16) -> String {
    format!("{address} {port}")
}

impl Entry {
    /// The name or address of its host.
    pub(super) fn host(&self) -> String {
        self.fqdn.clone().unwrap_or_else(|| self.address.to_string())
    }

    /// The URL of its web application (`contract/was.md 4.5`).
    pub(super) fn url(&self) -> String {
        let tls = self.tls || crate::results::is_usual_for_tls(self.port);
        let (scheme, usual) = if tls { ("https", 443) } else { ("http", 80) };
        let host = match (&self.fqdn, self.address) {
            (Some(name), _) => name.clone(),
            (None, IpAddr::V4(address)) => address.to_string(),
            (None, IpAddr::V6(address)) => format!("[{address}]"),
        };
        if self.port == usual {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{host}:{}", self.port)
        }
    }

    /// The name of its web application, as the samples have it.
    pub(super) fn web_app_name(&self) -> String {
        format!("Catalog Web Application: {}, Port {}", self.host(), self.port)
    }
}

impl Object for Entry {
    const KIND: Kind = Kind::new("catalog_entry");

    fn fields() -> &'static Fields<Self> {
        &super::fields::FIELDS
    }

    fn keys(&self) -> Vec<String> {
        vec![service_key(self.address, self.port)]
    }
}
