//! Discoveries that were run elsewhere, such as by `redoubt discover --record`.

use discovery::{Host, Ports};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::error::{Code, shown};
use crate::gateway::{GatewayInput, GatewayReply};
use crate::results::{self, Recording};
use crate::{Call, Result};

/// Hosts of one call at the most.
const HOSTS: usize = 20_000;
/// How far the clock of who ran a discovery may be ahead, in seconds.
const AHEAD: i64 = 300;
/// The longest part of an error of the reader that is shown, in characters.
const SHOWN: usize = 300;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    #[serde(default)]
    record: Option<String>,
    #[serde(default)]
    ports: Option<String>,
    hosts: Vec<Host>,
}

/// `POST results`.
pub(super) fn results(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let given: Given =
        serde_json::from_slice(&input.body).map_err(|error| unreadable(&input.body, &error))?;
    drop(input);
    let asked = match given.ports.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(ports) => {
            Some(Ports::parse(ports).map_err(|error| Code::Value.error(format!("ports: {error}.")))?)
        }
    };
    let recording = match given.record.as_deref() {
        None | Some("SCAN") => Recording::vm_scan(asked.as_ref()),
        Some("MAP") => Recording::map(asked.as_ref()),
        Some(other) => {
            let other = shown(other);
            return Err(Code::Value.error(format!("record: '{other}' is none. Values expected: SCAN, MAP.")));
        }
    };
    if given.hosts.len() > HOSTS {
        let count = given.hosts.len();
        return Err(
            Code::TooMany.error(format!("hosts: there are {count}; at most {HOSTS} are taken in one call."))
        );
    }
    for (number, host) in given.hosts.iter().enumerate() {
        check(host, call.now).map_err(|problem| Code::Value.error(format!("hosts[{number}].{problem}.")))?;
    }
    let recorded = results::record(call, &recording, given.hosts)?;
    Ok(GatewayReply::Json(json!({ "code": 200, "data": recorded })))
}

fn unreadable(body: &[u8], error: &serde_json::Error) -> crate::Error {
    if body.is_empty() || error.is_eof() {
        return Code::Body.error("The body is empty or cut off. Send one JSON object.");
    }
    let problem: String = error.to_string().chars().take(SHOWN).collect();
    let code = if error.is_data() { Code::Value } else { Code::Body };
    code.error(format!(
        "The body can't be read: {problem}. Send an object with hosts, as `redoubt discover --format json` writes them."
    ))
}

/// What is wrong with a host, if anything.
fn check(host: &Host, now: Timestamp) -> Result<(), String> {
    if host.address.is_unspecified() || host.address.is_multicast() {
        return Err(format!("address: {} is the address of no host", host.address));
    }
    if host.ended < host.started {
        return Err(format!("ended: {} is before started, which is {}", host.ended, host.started));
    }
    if host.ended.as_second() > now.as_second() + AHEAD {
        return Err(format!("ended: {} is still to come; the time is {now}", host.ended));
    }
    match host.ports.iter().position(|port| port.port == 0) {
        Some(place) => Err(format!("ports[{place}].port: 0 is the number of no port")),
        None => Ok(()),
    }
}
