//! Agents that exist for the measurement only: enrolled over HTTP like any other, with their messages written, packed
//! and signed before anything is measured.

use std::net::{IpAddr, Ipv4Addr};

use inventory::protocol::{
    AGENT_HEADER, AgentKey, BadKey, CHECKIN_PATH, CheckIn, Content, ENROLL_PATH, EnrollRequest,
    EnrollResponse, SIGNATURE_HEADER, Secret, pack,
};
use inventory::{
    Cidr, Hardware, HostNames, Identity, Interface, InterfaceKind, Inventory, OperatingSystem, Package, Port,
    Text, Transport, diff,
};
use jiff::Timestamp;
use platform::assets::{Asset, Software};
use serde::Serialize;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::http::{Connection, Request};

/// What agents say they are.
const VERSION: &str = "0.1.0";
/// How many of a hundred packages change from one message to the next.
const CHANGED: usize = 1;

/// An agent with everything that it will send.
pub(super) struct Agent {
    /// Messages, in their order.
    pub(super) messages: Vec<Request>,
}

impl Agent {
    /// Enrols an agent for a host like this asset, reports it in full, and prepares so many deltas.
    pub(super) fn enrol(
        number: u32,
        like: &Asset,
        activation_key: Uuid,
        deltas: usize,
        connection: &mut Connection,
    ) -> Result<Self> {
        let (key, _) = AgentKey::generate().map_err(unusable)?;
        let mut inventory = inventory(number, like);
        let secret = Secret::new(&activation_key.to_string());
        let message = EnrollRequest::of(&inventory, secret, key.public(), VERSION.into(), None);
        let answer = connection.succeed(&signed(&key, ENROLL_PATH, None, &message)?)?;
        let id = serde_json::from_slice::<EnrollResponse>(answer)?.agent_id;
        let full = check_in(1, &inventory, None, Content::Full(Box::new(inventory.clone())));
        let answer = connection.succeed(&signed(&key, CHECKIN_PATH, Some(id), &full)?)?;
        accepted(answer)?;
        let mut messages = Vec::with_capacity(deltas);
        for round in 0..deltas {
            let old = inventory.clone();
            upgrade(&mut inventory, round);
            let delta = Content::Delta(Box::new(diff(&old, &inventory)));
            let message = check_in(round as u64 + 2, &inventory, Some(&old), delta);
            messages.push(signed(&key, CHECKIN_PATH, Some(id), &message)?);
        }
        Ok(Self { messages })
    }
}

/// Whether an answer says that the message was taken.
pub(super) fn accepted(answer: &[u8]) -> Result<()> {
    if answer.windows(10).any(|part| part == b"\"accepted\"") {
        return Ok(());
    }
    Err(Error::Answer(String::from_utf8_lossy(answer).into_owned()))
}

fn unusable(error: BadKey) -> Error {
    Error::Answer(error.to_string())
}

fn check_in(sequence: u64, inventory: &Inventory, base: Option<&Inventory>, content: Content) -> CheckIn {
    CheckIn {
        sequence,
        agent_version: VERSION.into(),
        collected_at: Timestamp::UNIX_EPOCH,
        base: base.map(Inventory::hash),
        state: inventory.hash(),
        content,
    }
}

/// Packed and signed as the agent does it.
fn signed(key: &AgentKey, path: &str, agent: Option<Uuid>, message: &impl Serialize) -> Result<Request> {
    let body = pack(&serde_json::to_vec(message)?)?;
    let (signature, id) = (key.sign("POST", path, &body), agent.map(|id| id.to_string()));
    let mut headers = vec![
        ("Content-Type", "application/json"),
        ("Content-Encoding", "gzip"),
        (SIGNATURE_HEADER, signature.as_str()),
    ];
    headers.extend(id.as_deref().map(|id| (AGENT_HEADER, id)));
    Ok(Request::post(path, &headers, &body))
}

/// Gives some packages a newer version, others in every round.
fn upgrade(inventory: &mut Inventory, round: usize) {
    let all: Vec<Package> = inventory.packages.iter().cloned().collect();
    let changed = (all.len() * CHANGED / 100).max(1);
    for package in all.iter().cycle().skip(round * changed * 7).take(changed) {
        inventory.packages.remove(package);
        let version = format!("{}+r{}", package.version.as_str(), round % 5).as_str().into();
        inventory.packages.insert(Package { version, ..package.clone() });
    }
}

fn inventory(number: u32, like: &Asset) -> Inventory {
    let text = |text: &Option<String>| Text::from(text.as_deref().unwrap_or_default());
    let optional = |value: &Option<String>| value.as_deref().map(Text::from);
    let address = IpAddr::V4(Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(10, 192, 0, 2)) + number));
    let [_, a, b, c] = number.to_be_bytes();
    let name = format!("measured-{number:06}");
    let interface = Interface {
        name: "eth0".into(),
        mac: Some(format!("00:16:3e:{a:02x}:{b:02x}:{c:02x}").as_str().into()),
        kind: InterfaceKind::Private,
        addresses: Cidr::new(address, 24).into_iter().collect(),
        gateway: None,
    };
    Inventory {
        identity: Identity {
            machine_id: Some(format!("{number:032x}").as_str().into()),
            ..Identity::default()
        },
        os: OperatingSystem {
            name: text(&like.os),
            id: text(&like.system.id),
            version: text(&like.system.version),
            kernel: text(&like.system.kernel),
            architecture: text(&like.system.architecture),
            family: text(&like.system.family),
        },
        host: HostNames {
            hostname: name.as_str().into(),
            fqdn: Some(format!("{name}.measured.example").as_str().into()),
            domain: Some("measured.example".into()),
        },
        interfaces: [interface].into_iter().collect(),
        packages: like.software.iter().filter_map(package).collect(),
        ports: like.open_ports.iter().map(port).collect(),
        memory_mb: like.hardware.total_memory,
        hardware: Hardware {
            manufacturer: optional(&like.hardware.manufacturer),
            model: optional(&like.hardware.model),
            ..Hardware::default()
        },
        ..Inventory::default()
    }
}

fn package(software: &Software) -> Option<Package> {
    Some(Package {
        name: software.name.as_str().into(),
        version: software.version.as_deref().unwrap_or_default().into(),
        architecture: software.architecture.as_deref().unwrap_or_default().into(),
        installed_at: software.installed,
        source: software.source?,
        publisher: software.publisher.as_deref().map(Text::from),
    })
}

fn port(open: &platform::assets::OpenPort) -> Port {
    Port {
        port: open.port,
        protocol: if open.protocol == "UDP" { Transport::Udp } else { Transport::Tcp },
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        process: open.service_name.as_deref().map(Text::from),
        service: None,
    }
}
