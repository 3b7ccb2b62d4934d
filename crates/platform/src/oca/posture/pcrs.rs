//! Posture as a stream of JSON records: the policies, their hosts, and how these stand (`contract/oca.md 5.3`).

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::{date, flag};
use super::host::Host;
use super::record::{Evidence, Record};
use super::{DATED, POLICY, SUBSCRIPTION, TITLE, hosts, interrupted};
use crate::gateway::{
    Body, Family, Fault, Form, GatewayError, GatewayInput, GatewayOperation, GatewayReply, Member, Parameter,
    Place, Shape, TextStream,
};
use crate::oca::wanted::shown;
use crate::oca::wire;
use crate::{Call, Error, Method, Permission, Result, State};

/// The most hosts of one call.
const HOSTS: usize = 10_000;
/// The most policies of one call.
const POLICIES: usize = 10;
/// Those from the third on may leave out the policies of a call.
const VERSIONS: [&str; 5] = ["1.0", "2.0", "3.0", "4.0", "5.0"];

/// The calls.
pub(crate) static FAMILY: Family = Family {
    name: "pcrs",
    version: "v1",
    title: "Compliance posture",
    about: "How hosts meet a policy. The built-in policy 1 holds every control that ships; the hosts are those of \
            out-of-band assessment.",
    root: "pcrs",
    shape: Shape::Gateway,
    retired: None,
    error_id,
    check: None,
    operations: &[
        GatewayOperation {
            method: Method::Get,
            path: "/pcrs/{version}/posture/policy/list",
            name: "policyList",
            about: "The policies that hosts were judged by.",
            documented: true,
            permission: Permission::ReadAsset,
            parameters: &[
                VERSION,
                wanted(
                    "lastEvaluationDate",
                    "Only policies that were evaluated at this time or later.",
                    DATE,
                ),
            ],
            body: Body::None,
            sample: r#"{"subscriptionId":1,"policyList":[{"id":1,"title":"Redoubt baseline","createdBy":"redoubt","createdDate":"2026-11-25T00:00:00Z","modifiedBy":"redoubt","modifiedDate":"2026-11-25T00:00:00Z","lastEvaluatedDate":"2024-03-01T10:00:00Z","status":"active","locked":0}]}"#,
            refusals: &[400, 401, 403, 404],
            handler: policies,
            state: State::Done("posture_is_told_for_the_hosts_of_a_policy"),
        },
        GatewayOperation {
            method: Method::Get,
            path: "/pcrs/{version}/posture/hostids",
            name: "resolveHostIds",
            about: "The hosts that policies concern.",
            documented: true,
            permission: Permission::ReadAsset,
            parameters: &[
                VERSION,
                wanted(
                    "policyId",
                    "The ids of policies, with commas between them; from version 3.0 on, all policies without it.",
                    "\"1\"",
                ),
                wanted("lastScanDate", "Only hosts that were assessed at this time or later.", DATE),
                wanted(
                    "statusChangedSince",
                    "Only hosts of which a record changed at this time or later.",
                    DATE,
                ),
            ],
            body: Body::None,
            sample: r#"[{"policyId":"1","subscriptionId":"1","hostIds":["7"]}]"#,
            refusals: &[400, 401, 403, 404],
            handler: host_ids,
            state: State::Done("posture_is_told_for_the_hosts_of_a_policy"),
        },
        GatewayOperation {
            method: Method::Post,
            path: "/pcrs/{version}/posture/postureInfo",
            name: "postureInfo",
            about: "How hosts meet policies, control by control.",
            documented: true,
            permission: Permission::ReadAsset,
            parameters: &[
                VERSION,
                wanted("evidenceRequired", "1 for the lines that decided each record.", "0"),
                wanted("extendedEvidenceRequired", "The same.", "0"),
                wanted("evidenceTruncationLimit", "The most letters of each text of the evidence.", "1000"),
                wanted("compressionRequired", "1 for the answer as a gzip file.", "0"),
                wanted("lastEvaluationDate", "Only records that were evaluated at this time or later.", DATE),
                wanted("lastScanDate", "Only hosts that were assessed at this time or later.", DATE),
                wanted("lastScanDateFrom", "Only hosts that were assessed at this time or later.", DATE),
                wanted("lastScanDateTo", "Only hosts that were assessed at this time or earlier.", DATE),
                wanted("statusChangedSince", "Only records that changed at this time or later.", DATE),
                wanted(
                    "excludeInactiveControl",
                    "Says nothing here: every control of the policy is active.",
                    "0",
                ),
            ],
            body: Body::List(&[
                Member { name: "policyId", required: true, about: "The id of a policy.", sample: "\"1\"" },
                Member {
                    name: "subscriptionId",
                    required: false,
                    about: "As the other call gives it.",
                    sample: "\"1\"",
                },
                Member { name: "hostIds", required: true, about: "The ids of hosts.", sample: "[\"7\"]" },
            ]),
            sample: SAMPLE,
            refusals: &[400, 401, 403, 404],
            handler: posture_info,
            state: State::Partial(
                "posture_is_told_for_the_hosts_of_a_policy",
                "the built-in policy and uploaded devices only; no exceptions",
            ),
        },
    ],
};

const VERSION: Parameter = Parameter {
    name: "version",
    place: Place::Path,
    required: true,
    about: "1.0 to 5.0; all answer alike.",
    sample: "\"3.0\"",
};
const DATE: &str = "\"2024-03-01T10:00:00Z\"";

const fn wanted(name: &'static str, about: &'static str, sample: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, required: false, about, sample }
}

const SAMPLE: &str = r#"[{"id":70900101,"instance":"os","policyId":1,"policyTitle":"Redoubt baseline","netBios":"R1",
"controlId":900101,"controlStatement":"Remote terminal lines accept SSH only",
"rationale":"Telnet shows passwords to anybody on the way.","remediation":"Permit only SSH on each line.",
"controlReference":"nist-800-53: AC-17","technologyId":2002,"status":"Failed","previousStatus":"Passed",
"firstFailDate":"2024-03-01T10:00:00Z","lastFailDate":"2024-03-01T10:00:00Z","firstPassDate":"2024-02-01T10:00:00Z",
"lastPassDate":"2024-02-01T10:00:00Z","postureModifiedDate":"2024-03-01T10:00:00Z",
"lastEvaluatedDate":"2024-03-01T10:00:00Z","created":"2024-03-01T10:00:00Z","hostId":7,"ip":"192.0.2.14",
"trackingMethod":"OCA","os":"Cisco IOS 15.x","osCpe":"","domainName":"","dns":"r1.example.test",
"qgHostid":"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e","networkId":0,"networkName":"Global Default Network",
"complianceLastScanDate":"2024-03-01T10:00:00Z","customerId":"1","assetId":7,
"technology":{"id":2002,"name":"Cisco IOS 15.x"},"criticality":{"label":"CRITICAL","value":4},
"evidence":{"booleanExpr":"ssh","dpv":[{"label":":dp_1","value":["telnet"]}],
"lines":[{"line":17,"text":" transport input telnet"}]},
"causeOfFailure":{"unexpected":{"value":["telnet"]},"missing":{"logic":"OR","value":["ssh"]}}}]"#;

fn error_id(fault: Fault) -> &'static str {
    match fault {
        Fault::Unauthorized => "ERR-3014",
        Fault::Forbidden => "ERR-3015",
        Fault::NotFound => "ERR-3018",
        Fault::Method => "ERR-3019",
        Fault::Retired => "ERR-3020",
        Fault::TooMany => "ERR-3021",
        Fault::Server => "ERR-3099",
        Fault::Unreadable | Fault::TooLarge | Fault::Invalid => "ERR-3001",
    }
}

fn refused(fault: Fault, message: impl Into<String>) -> Error {
    GatewayError::fault(&FAMILY, fault, message).into()
}

fn check_version(input: &GatewayInput) -> Result<()> {
    if VERSIONS.contains(&input.path("version")) {
        return Ok(());
    }
    Err(refused(Fault::NotFound, format!("This version is not served. Use one of {}.", VERSIONS.join(", "))))
}

fn check_policy(id: &str) -> Result<()> {
    if id == POLICY.to_string() {
        return Ok(());
    }
    let given = shown(id);
    Err(refused(
        Fault::NotFound,
        format!("policyId: There is no policy '{given}'. There is {POLICY} ({TITLE})."),
    ))
}

/// A parameter that may be missing or empty.
fn read<T>(
    input: &GatewayInput,
    name: &str,
    value: impl Fn(&str) -> Option<T>,
    wanted: &str,
) -> Result<Option<T>> {
    let Some(given) = input.query.get(name).filter(|given| !given.is_empty()) else { return Ok(None) };
    let bad =
        || refused(Fault::Invalid, format!("{name}: '{}' can't be taken. Specify {wanted}.", shown(given)));
    value(given).map(Some).ok_or_else(bad)
}

fn read_date(input: &GatewayInput, name: &str) -> Result<Option<Timestamp>> {
    read(input, name, date, "a date such as 2024-03-01 or 2024-03-01T10:00:00Z")
}

fn read_flag(input: &GatewayInput, name: &str) -> Result<bool> {
    Ok(read(input, name, flag, "0 or 1")?.unwrap_or_default())
}

/// `GET posture/policy/list`.
fn policies(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    check_version(&input)?;
    let since = read_date(&input, "lastEvaluationDate")?;
    let mut reading = call.store().read()?;
    let mut last = None;
    for id in hosts(call)? {
        last = last.max(Host::find(call, &mut reading, id)?.map(|host| host.assessed()));
    }
    let is_meant = since.is_none_or(|since| last.is_some_and(|last| last >= since));
    let policy = json!({
        "id": POLICY,
        "title": TITLE,
        "createdBy": "redoubt",
        "createdDate": DATED,
        "modifiedBy": "redoubt",
        "modifiedDate": DATED,
        "lastEvaluatedDate": last.map(wire::date).unwrap_or_default(),
        "status": "active",
        "locked": 0,
    });
    let list: Vec<_> = is_meant.then_some(policy).into_iter().collect();
    Ok(GatewayReply::Json(json!({ "subscriptionId": SUBSCRIPTION, "policyList": list })))
}

/// `GET posture/hostids`.
fn host_ids(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    check_version(&input)?;
    match input.query.get("policyId").filter(|given| !given.is_empty()) {
        Some(given) if given.split(',').count() > POLICIES => {
            return Err(refused(Fault::Invalid, format!("policyId: at most {POLICIES} policies are taken.")));
        }
        Some(given) => given.split(',').try_for_each(|id| check_policy(id.trim()))?,
        None if input.query.get("policyId").is_none() && input.path("version") >= "3.0" => {}
        None => return Err(refused(Fault::Invalid, "policyId: Specify the id of a policy.")),
    }
    let (scanned, changed) = (read_date(&input, "lastScanDate")?, read_date(&input, "statusChangedSince")?);
    let mut ids = hosts(call)?;
    if scanned.is_some() || changed.is_some() {
        let mut reading = call.store().read()?;
        let mut is_meant = |id: u32| -> Result<bool> {
            let Some(host) = Host::find(call, &mut reading, id)? else { return Ok(false) };
            let is_new = |at: Timestamp, since: Option<Timestamp>| since.is_none_or(|since| at >= since);
            Ok(is_new(host.assessed(), scanned)
                && (changed.is_none()
                    || host.standings(call)?.iter().any(|one| is_new(one.history.changed, changed))))
        };
        let mut meant = Vec::new();
        for id in ids {
            if is_meant(id)? {
                meant.push(id);
            }
        }
        ids = meant;
    }
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    let answer = json!([{
        "policyId": POLICY.to_string(), "subscriptionId": SUBSCRIPTION.to_string(), "hostIds": ids,
    }]);
    Ok(GatewayReply::Json(answer))
}

/// What is asked of a posture.
struct Wish {
    hosts: Vec<u32>,
    evidence: Evidence,
    assessed: RangeInclusive<Timestamp>,
    changed: Option<Timestamp>,
    packed: bool,
}

impl Wish {
    fn read(input: &GatewayInput) -> Result<Self> {
        read_flag(input, "excludeInactiveControl")?;
        let from = ["lastEvaluationDate", "lastScanDate", "lastScanDateFrom"];
        let from = from.into_iter().map(|name| read_date(input, name)).collect::<Result<Vec<_>>>()?;
        let to = read_date(input, "lastScanDateTo")?.unwrap_or(Timestamp::MAX);
        let from = from.into_iter().flatten().max().unwrap_or(Timestamp::MIN);
        let wanted = read_flag(input, "evidenceRequired")? | read_flag(input, "extendedEvidenceRequired")?;
        let letters = read(input, "evidenceTruncationLimit", |text| text.parse().ok(), "a number")?;
        Ok(Self {
            hosts: listed(input)?,
            evidence: Evidence { wanted, letters: letters.filter(|letters| *letters > 0) },
            assessed: from..=to,
            changed: read_date(input, "statusChangedSince")?,
            packed: read_flag(input, "compressionRequired")?,
        })
    }
}

/// The hosts that the body names.
fn listed(input: &GatewayInput) -> Result<Vec<u32>> {
    let wanted = "Send a list of objects with policyId and hostIds, as posture/hostids gives it.";
    let bad = || refused(Fault::Invalid, wanted);
    let entries: Vec<Value> = serde_json::from_slice(&input.body).map_err(|_| bad())?;
    if entries.is_empty() {
        return Err(bad());
    }
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut hosts = Vec::new();
    for entry in &entries {
        check_policy(&entry.get("policyId").and_then(text).ok_or_else(bad)?)?;
        for host in entry.get("hostIds").and_then(Value::as_array).ok_or_else(bad)? {
            let host = text(host).ok_or_else(bad)?;
            let number = host.parse().map_err(|_| {
                refused(Fault::Invalid, format!("hostIds: '{}' is not the id of a host.", shown(&host)))
            })?;
            hosts.push(number);
        }
    }
    if hosts.len() > HOSTS {
        return Err(refused(Fault::Invalid, format!("hostIds: at most {HOSTS} hosts are taken at once.")));
    }
    hosts.sort_unstable();
    hosts.dedup();
    Ok(hosts)
}

/// `POST posture/postureInfo`. Hosts that nothing is known of, or that are not for the caller's eyes, have no records.
fn posture_info(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    check_version(&input)?;
    let wish = Wish::read(&input)?;
    let packed = wish.packed;
    let mut reading = call.store().read()?;
    let call = call.clone();
    let write: TextStream = Box::new(move |out, flush| {
        out.push(b'[');
        let mut separator = "";
        for id in wish.hosts {
            let Some(host) = Host::find(&call, &mut reading, id).map_err(interrupted)? else { continue };
            if !wish.assessed.contains(&host.assessed()) {
                continue;
            }
            for standing in host.standings(&call).map_err(interrupted)? {
                if wish.changed.is_some_and(|since| standing.history.changed < since) {
                    continue;
                }
                out.extend_from_slice(separator.as_bytes());
                // A record is texts, numbers and lists of these.
                let _ = serde_json::to_writer(&mut *out, &Record::of(&host, &standing, wish.evidence));
                separator = ",";
            }
            flush(out)?;
        }
        out.push(b']');
        Ok(())
    });
    Ok(if packed { GatewayReply::Text(Form::PackedJson, write) } else { GatewayReply::Stream(write) })
}
