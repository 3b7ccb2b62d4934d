//! What was found, on its way to a server.

use std::fs;
use std::io::{self, Write};

use agent::address::ServerAddress;
use agent::client::http_agent;
use agent::trust::Trust;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use discovery::{Host, Ports};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Arguments, Kind};
use crate::cli::Failure;

const PATH: &str = "/redoubt/discovery/v1/results";
/// The login and the password are read from these variables: other users of the machine see command lines.
const USER: &str = "REDOUBT_USER";
const PASSWORD: &str = "REDOUBT_PASSWORD";
/// Hosts and bytes that are sent in one call, at the most; a host may be more than that by itself.
const HOSTS: usize = 500;
const BYTES: usize = 4 << 20;

/// Sends hosts to a server as they come.
pub(super) struct Recorder {
    agent: ureq::Agent,
    server: ServerAddress,
    authorization: String,
    kind: Kind,
    /// What was asked, in words that the server reads; none if nobody knows.
    ports: Option<String>,
    /// Hosts that wait, each as its JSON text.
    hosts: Vec<String>,
    bytes: usize,
    recorded: Recorded,
    failed: Option<Failure>,
}

/// What the server says that it did.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    hosts: u64,
    outdated: u64,
    assets_created: u64,
    assets_merged: u64,
    web_services: u64,
}

impl Recorder {
    /// The way to a server, tried; none if nothing is to be recorded.
    pub(super) fn of(arguments: &Arguments) -> Result<Option<Self>, Failure> {
        let (true, Some(server)) = (arguments.record, &arguments.server) else { return Ok(None) };
        let variable = |name: &str| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            value.ok_or_else(|| {
                format!("--record needs {USER} and {PASSWORD} in the environment; {name} is not set")
            })
        };
        let login = STANDARD.encode(format!("{}:{}", variable(USER)?, variable(PASSWORD)?));
        if server.is_exposed() {
            writeln!(
                io::stderr(),
                "warning: {server} is reached without TLS: whoever is on the way can read the password"
            )?;
        }
        let trust = match (&arguments.ca, arguments.fingerprint) {
            (Some(file), _) => {
                let pem =
                    fs::read_to_string(file).map_err(|error| format!("--ca {}: {error}", file.display()))?;
                Trust::in_authorities(pem, file)?
            }
            (None, Some(fingerprint)) => Trust::Fingerprint(fingerprint),
            (None, None) => Trust::System,
        };
        let ports = match &arguments.discover.import {
            Some(_) => None,
            // What is wrong with it, the discovery itself says.
            None => Ports::parse(&arguments.discover.ports).ok().map(|ports| ports.expression()),
        };
        let mut recorder = Self {
            agent: http_agent(server, &trust, &format!("redoubt/{}", env!("CARGO_PKG_VERSION")))?,
            server: server.clone(),
            authorization: format!("Basic {login}"),
            kind: arguments.kind,
            ports,
            hosts: Vec::new(),
            bytes: 0,
            recorded: Recorded::default(),
            failed: None,
        };
        // Nothing, so that a wrong password is found before all is asked and not after it.
        recorder.send()?;
        Ok(Some(recorder))
    }

    /// Takes a host that is done. Tells whether more are wanted.
    pub(super) fn take(&mut self, host: &Host) -> bool {
        if self.failed.is_some() {
            return false;
        }
        let sent = match serde_json::to_string(host) {
            Ok(text) => self.push(text),
            Err(error) => Err(error.into()),
        };
        self.failed = sent.err();
        self.failed.is_none()
    }

    fn push(&mut self, host: String) -> Result<(), Failure> {
        if self.hosts.len() >= HOSTS || self.bytes + host.len() > BYTES {
            self.send()?;
        }
        self.bytes += host.len();
        self.hosts.push(host);
        Ok(())
    }

    /// Sends the rest; gives what was recorded, in words.
    pub(super) fn finish(&mut self) -> Result<String, Failure> {
        if let Some(failure) = self.failed.take() {
            let hosts = self.recorded.hosts;
            return Err(format!("{failure} ({hosts} hosts were recorded before that)").into());
        }
        if !self.hosts.is_empty() {
            self.send()?;
        }
        let Recorded { hosts, outdated, assets_created, assets_merged, web_services } = self.recorded;
        let (server, kind) = (&self.server, self.kind.told());
        let assets = match self.kind {
            Kind::Scan => format!(", {assets_created} assets made and {assets_merged} merged"),
            Kind::Map => String::new(),
        };
        let older = if outdated > 0 {
            format!("; of {outdated} more, something newer was there")
        } else {
            String::new()
        };
        Ok(format!(
            "recorded at {server} {kind}: {hosts} hosts with {web_services} web servers{assets}{older}"
        ))
    }

    fn send(&mut self) -> Result<(), Failure> {
        let mut body = json!({ "record": self.kind.wire() });
        if let (Some(ports), Some(members)) = (&self.ports, body.as_object_mut()) {
            members.insert("ports".to_owned(), ports.as_str().into());
        }
        // The hosts are JSON already.
        let head = body.to_string();
        let head = head.strip_suffix('}').unwrap_or_default();
        let body = format!("{head},\"hosts\":[{}]}}", self.hosts.join(","));
        self.hosts.clear();
        self.bytes = 0;
        let request = self
            .agent
            .post(self.server.url(PATH))
            .header("Authorization", &self.authorization)
            .header("Content-Type", "application/json");
        let answer = request.send(body.as_bytes());
        let mut answer = answer.map_err(|error| format!("{} can't be reached: {error}", self.server))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string()?;
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        if status == 200
            && let Some(data) = value.get("data")
        {
            let more = Recorded::deserialize(data)?;
            self.recorded.hosts += more.hosts;
            self.recorded.outdated += more.outdated;
            self.recorded.assets_created += more.assets_created;
            self.recorded.assets_merged += more.assets_merged;
            self.recorded.web_services += more.web_services;
            return Ok(());
        }
        let message = value.pointer("/_error/message").and_then(Value::as_str);
        let message = message.unwrap_or("the answer is not that of a Redoubt server");
        Err(format!("{} refused to record it ({status}): {message}", self.server).into())
    }
}

impl Kind {
    fn wire(self) -> &'static str {
        match self {
            Self::Scan => "SCAN",
            Self::Map => "MAP",
        }
    }

    fn told(self) -> &'static str {
        match self {
            Self::Scan => "as a scan",
            Self::Map => "as a map",
        }
    }
}
