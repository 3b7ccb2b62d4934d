//! What a discovery finds on this machine's own loopback: every service that people here can reach.

use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::Duration;

use discovery::{Cancel, Event, Host, Options, Port, Ports, Targets, discover};
use store::{Clock, SystemClock};

use super::{Shown, catalog};
use crate::cli::{Failure, say};

/// How long the discovery may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The ports that are asked.
const PORTS: &str = "all";
/// How many services are named.
const NAMED: usize = 10;
/// The longest evidence that is shown, in characters.
const SHOWN: usize = 70;

pub(super) fn print(shown: &Shown<'_>) -> Result<(), Failure> {
    say("\nServices on this machine's loopback, by redoubt discover")?;
    let (host, is_whole) = look()?;
    let ports = host.as_ref().map(|host| host.ports.as_slice()).unwrap_or_default();
    for port in ports.iter().take(NAMED) {
        say(told(port))?;
    }
    if ports.len() > NAMED {
        say(format_args!("  ... and {} more", ports.len() - NAMED))?;
    }
    if !is_whole {
        let seconds = PATIENCE.as_secs();
        say(format_args!(
            "  Stopped after {seconds} s: redoubt discover 127.0.0.1 --ports all looks at the rest"
        ))?;
    }
    match &host {
        Some(host) => catalog::print(shown, host, is_whole.then_some(PORTS)),
        None => Ok(()),
    }
}

/// What is on loopback, and whether all of it was looked at.
fn look() -> Result<(Option<Host>, bool), Failure> {
    let targets = Targets::parse(&IpAddr::from(Ipv4Addr::LOCALHOST).to_string())?;
    let options = Options { netbios: false, dns: false, ..Options::new(Ports::parse(PORTS)?) };
    let cancel = Cancel::default();
    let switch = cancel.clone();
    thread::Builder::new().spawn(move || {
        thread::sleep(PATIENCE);
        switch.cancel();
    })?;
    let mut found = None;
    let mut tell = |event| {
        if let Event::Host(host) = event {
            found = Some(*host);
        }
    };
    let summary =
        discover(&targets, &Targets::default(), &options, &cancel, &|| SystemClock.now(), &mut tell)?;
    Ok((found, !summary.cancelled))
}

fn told(port: &Port) -> String {
    let program = [port.product.as_deref(), port.version.as_deref()];
    let program = program.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let evidence: String = port.evidence.chars().take(SHOWN).collect();
    format!("  {:>5}/tcp  {:<10} {program:<20} {evidence}", port.port, port.service)
}
