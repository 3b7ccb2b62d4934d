//! What is found. These names are stored and sent: they stay as they are.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::tls::Handshake;

/// A host and what was found on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Its address.
    pub address: IpAddr,
    /// Whether it is there.
    pub status: Status,
    /// How that was told.
    pub reason: String,
    /// Its names and where they come from.
    #[serde(default)]
    pub names: Vec<Name>,
    /// What it says of itself over NetBIOS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netbios: Option<NetBios>,
    /// Which operating system its own words give away; absent when they give nothing away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<OsGuess>,
    /// The open ports, in ascending order.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// How many ports refused.
    #[serde(default)]
    pub closed: u32,
    /// How many ports gave no answer.
    #[serde(default)]
    pub filtered: u32,
    /// Why its open ports mean little, when that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tarpit: Option<String>,
    /// Time of an answer in milliseconds, smoothed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
    /// When it was begun.
    pub started: Timestamp,
    /// When it was done.
    pub ended: Timestamp,
}

/// Whether a host is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Something answered.
    Up,
    /// Nothing answered: not there, or hidden.
    Silent,
    /// The network says that there is no way to it.
    Unreachable,
}

/// A name of a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    /// The name, in lower case, without the dot at the end.
    pub name: String,
    /// Where it comes from.
    pub source: NameSource,
}

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameSource {
    /// It was the target.
    Target,
    /// The PTR record of the address, or the machine's own file of hosts.
    Reverse,
}

/// What a host says of itself over NetBIOS (RFC 1002, node status).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetBios {
    /// The name of the computer.
    pub name: String,
    /// Its workgroup or domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The address of its network card, where it tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
}

/// A guess of the operating system, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsGuess {
    /// The system, such as `Debian 12`.
    pub name: String,
    /// What gave it away.
    pub reason: String,
    /// The port that said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// An open port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// Its number.
    pub port: u16,
    /// `tcp`.
    pub protocol: Protocol,
    /// What answers there, such as `ssh` or `https`; `unknown` when it did not say.
    pub service: String,
    /// What that was told by.
    pub evidence: String,
    /// The program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it said first, printable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
    /// What it answers over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Box<HttpService>>,
    /// What it shows over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Box<Handshake>>,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// What a web server answers to `GET /`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpService {
    /// What was asked.
    pub url: String,
    /// Status code.
    pub status: u16,
    /// Title of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The header `Server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The header `Location` of a redirect, which is not followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// The header `X-Powered-By`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub powered_by: Option<String>,
    /// The header `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

impl Port {
    /// A port of which nothing is known but that it is open.
    #[must_use]
    pub fn open(port: u16, evidence: impl Into<String>) -> Self {
        Self {
            port,
            protocol: Protocol::Tcp,
            service: crate::UNKNOWN.to_owned(),
            evidence: evidence.into(),
            product: None,
            version: None,
            banner: None,
            http: None,
            tls: None,
        }
    }

    /// Whether it is a web server, and whether behind TLS.
    #[must_use]
    pub fn web(&self) -> Option<Web> {
        match (&self.http, &self.tls) {
            (Some(_), None) => Some(Web::Plain),
            (Some(_), Some(_)) => Some(Web::Tls),
            (None, _) => None,
        }
    }
}

/// A web server, plain or behind TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Web {
    /// HTTP.
    Plain,
    /// HTTPS.
    Tls,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A host of which nothing is known but that it is up.
    pub(crate) fn host() -> Host {
        let moment: Timestamp = "2031-02-03T04:05:06Z".parse().unwrap();
        Host {
            address: "192.0.2.17".parse().unwrap(),
            status: Status::Up,
            reason: "1 ports accept connections".to_owned(),
            names: Vec::new(),
            netbios: None,
            os: None,
            ports: Vec::new(),
            closed: 0,
            filtered: 0,
            tarpit: None,
            round_trip_ms: None,
            started: moment,
            ended: moment,
        }
    }
}
