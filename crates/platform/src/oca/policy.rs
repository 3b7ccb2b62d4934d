//! Posture by the policy compliance calls (`contract/oca.md 5.3`), for the devices that were uploaded.
//!
//! There is one policy, the built-in one: every control that ships, with its own expectations. The data points do not
//! know of it, so a posture is what the policy says now, without a new upload.

use std::ops::Bound;

use assess::{Policy, Status, Verdict};
use jiff::Timestamp;
use query::{Filter, Test, Value as Literal};
use serde_json::{Value, json};
use store::{Id, Reading};

use super::calls::verdicts;
use super::model::{Device, Upload, asset_key};
use super::{LIBRARY, fields, state, wire};
use crate::assets::{self, Asset};
use crate::gateway::{
    Body, Family, Fault, GatewayError, GatewayInput, GatewayOperation, GatewayReply, Member, Parameter, Place,
};
use crate::{Call, Error, Interrupted, Method, Permission, Result, State};

/// The built-in policy.
const POLICY: (&str, &str) = ("1", "Redoubt baseline");
/// The one subscription.
const SUBSCRIPTION: &str = "1";
/// The most hosts of one call.
const HOSTS: usize = 10_000;
const VERSIONS: [&str; 5] = ["1.0", "2.0", "3.0", "4.0", "5.0"];

/// The calls.
pub(crate) static POSTURE: Family = Family {
    name: "pcrs",
    version: "v1",
    title: "Compliance posture",
    about: "How hosts meet a policy. The built-in policy 1 holds every control that ships; the hosts are those of \
            out-of-band assessment.",
    root: "pcrs",
    retired: None,
    error_id,
    check: None,
    operations: &[
        GatewayOperation {
            method: Method::Get,
            path: "/pcrs/{version}/posture/hostids",
            name: "resolveHostIds",
            about: "The hosts that policies concern.",
            documented: true,
            permission: Permission::ReadAsset,
            parameters: &[
                VERSION,
                Parameter {
                    name: "policyId",
                    place: Place::Query,
                    required: true,
                    about: "The ids of policies, with commas between them.",
                    sample: "\"1\"",
                },
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
                flag("evidenceRequired", "1 for the lines that decided each record."),
                flag("compressionRequired", "Only 0; ask for gzip by Accept-Encoding instead."),
                date("lastEvaluationDate", "Only records that were evaluated at this time or later."),
                date("lastScanDate", "Only hosts that were assessed at this time or later."),
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
                "the built-in policy and uploaded devices only; no exceptions, no compressionRequired",
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

const fn flag(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, required: false, about, sample: "0" }
}

const fn date(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, required: false, about, sample: "\"2024-03-01T10:00:00Z\"" }
}

const SAMPLE: &str = r#"[{"id":"7900101","policyId":"1","policyTitle":"Redoubt baseline","hostId":"7","assetId":"7",
"ip":"192.0.2.14","dns":"r1.example.test","netBios":"R1","os":"Cisco IOS 15.x","trackingMethod":"OCA",
"controlId":"900101","controlStatement":"Remote terminal lines accept SSH only","category":"Access control",
"rationale":"Telnet shows passwords to anybody on the way.","remediation":"Permit only SSH on each line.",
"technology":{"id":2002,"name":"Cisco IOS 15.x"},"criticality":{"label":"SERIOUS","value":4},"instance":"os",
"status":"Failed","causeOfFailure":"expected: ssh","lastEvaluatedDate":"2024-03-01T10:00:00Z",
"complianceLastScanDate":"2024-03-01T10:00:00Z",
"evidence":{"actual":["telnet"],"expected":"ssh","lines":[{"line":17,"text":" transport input telnet"}]}}]"#;

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
    GatewayError::fault(&POSTURE, fault, message).into()
}

fn check_version(input: &GatewayInput) -> Result<()> {
    if VERSIONS.contains(&input.path("version")) {
        return Ok(());
    }
    Err(refused(Fault::NotFound, format!("This version is not served. Use one of {}.", VERSIONS.join(", "))))
}

fn check_policy(id: &str) -> Result<()> {
    if id == POLICY.0 {
        return Ok(());
    }
    let (shown, (known, title)) = (super::wanted::shown(id), POLICY);
    Err(refused(
        Fault::NotFound,
        format!("policyId: There is no policy '{shown}'. There is {known} ({title})."),
    ))
}

/// `GET posture/hostids`.
fn host_ids(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    check_version(&input)?;
    let given = input.query.get("policyId").filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| refused(Fault::Invalid, "policyId: Specify the id of a policy."))?;
    given.split(',').try_for_each(|id| check_policy(id.trim()))?;
    let uploaded = Filter::Field(
        fields::UPLOADS_COUNT,
        Test::Range(Bound::Included(Literal::Integer(1)), Bound::Unbounded),
    );
    let ids: Vec<u32> = call.store().index::<Device, _>(|index| index.select(&uploaded).iter().collect());
    let visible = assets::visible(call);
    let mut hosts = Vec::new();
    let mut reading = call.store().read()?;
    for chunk in ids.chunks(500) {
        for device in reading.get_many::<Device>(chunk)? {
            let asset = device.asset.get();
            if visible.as_ref().is_none_or(|visible| visible.contains(asset)) {
                hosts.push(asset.to_string());
            }
        }
    }
    let answer = json!([{ "policyId": POLICY.0, "subscriptionId": SUBSCRIPTION, "hostIds": hosts }]);
    Ok(GatewayReply::Json(answer))
}

/// What is asked of a posture.
struct Wish {
    hosts: Vec<u32>,
    with_evidence: bool,
    since: Option<Timestamp>,
}

impl Wish {
    fn read(input: &GatewayInput) -> Result<Self> {
        let is_set = |name: &str| match input.query.get(name) {
            None | Some("" | "0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(_) => Err(refused(Fault::Invalid, format!("{name}: Specify 0 or 1."))),
        };
        if is_set("compressionRequired")? {
            let advice = "Send Accept-Encoding: gzip, and compressionRequired=0.";
            return Err(refused(
                Fault::Invalid,
                format!("compressionRequired: 1 is not supported. {advice}"),
            ));
        }
        let since = |name: &str| -> Result<Option<Timestamp>> {
            let Some(given) = input.query.get(name).filter(|given| !given.is_empty()) else {
                return Ok(None);
            };
            let wanted = "Specify a date such as 2024-03-01T10:00:00Z.";
            let parsed = given.parse().map_err(|_| refused(Fault::Invalid, format!("{name}: {wanted}")));
            parsed.map(Some)
        };
        let since = since("lastEvaluationDate")?.max(since("lastScanDate")?);
        Ok(Self { hosts: hosts(input)?, with_evidence: is_set("evidenceRequired")?, since })
    }
}

fn hosts(input: &GatewayInput) -> Result<Vec<u32>> {
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
                let shown = super::wanted::shown(&host);
                refused(Fault::Invalid, format!("hostIds: '{shown}' is not the id of a host."))
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
    let mut reading = call.store().read()?;
    let call = call.clone();
    Ok(GatewayReply::Stream(Box::new(move |out, flush| {
        out.push(b'[');
        let mut separator = "";
        for host in wish.hosts {
            let Some(host) = Host::find(&call, &mut reading, host).map_err(interrupted)? else { continue };
            if wish.since.is_some_and(|since| host.upload.at < since) {
                continue;
            }
            let archive = state::archive(&call, &host.upload).map_err(interrupted)?;
            for verdict in verdicts(&archive, &Policy::default()) {
                if let Some(record) = host.record(&verdict, wish.with_evidence) {
                    out.extend_from_slice(format!("{separator}{record}").as_bytes());
                    separator = ",";
                }
            }
            flush(out)?;
        }
        out.push(b']');
        Ok(())
    })))
}

fn interrupted(error: Error) -> Interrupted {
    match error {
        Error::Store(error) => Interrupted::Store(error),
        other => Interrupted::Store(store::Error::Corrupt(other.to_string())),
    }
}

/// A host with something to judge.
struct Host {
    id: u32,
    asset: Asset,
    device: Device,
    upload: Upload,
}

impl Host {
    fn find(call: &Call, reading: &mut Reading, id: u32) -> Result<Option<Self>> {
        let Some(asset) = reading.get(Id::<Asset>::new(id))? else { return Ok(None) };
        if !assets::sees(call, asset.id, &asset) {
            return Ok(None);
        }
        let Some(device) = reading.find::<Device>(&asset_key(asset.id))? else { return Ok(None) };
        let Some(device) = reading.get(device)? else { return Ok(None) };
        let upload = state::current(reading, &device)?;
        Ok(upload.map(|upload| Self {
            id,
            asset: asset.object,
            device: device.object,
            upload: upload.object,
        }))
    }

    /// A record; none where the control does not concern the host.
    fn record(&self, verdict: &Verdict, with_evidence: bool) -> Option<Value> {
        let status = match verdict.status {
            Status::Passed => "Passed",
            Status::Failed => "Failed",
            Status::Error => "Error",
            Status::NotApplicable => return None,
        };
        let control = LIBRARY.get(verdict.control)?;
        let (network, host, evaluated) =
            (&self.asset.network, self.id.to_string(), wire::date(self.upload.at));
        let cause = (status != "Passed").then(|| match &verdict.reason {
            Some(reason) => reason.clone(),
            None => format!("expected: {}", verdict.expected),
        });
        let instances: Vec<_> = verdict.instances.iter().map(|one| one.label.as_str()).collect();
        let mut record = json!({
            "id": format!("{host}{:07}", verdict.control),
            "policyId": POLICY.0,
            "policyTitle": POLICY.1,
            "hostId": host,
            "assetId": host,
            "ip": network.address,
            "dns": network.dns_host_name,
            "netBios": network.netbios_name,
            "os": self.asset.os,
            "trackingMethod": self.asset.tracking_method.name(),
            "controlId": verdict.control.to_string(),
            "controlStatement": verdict.title,
            "category": verdict.category,
            "rationale": control.rationale,
            "remediation": verdict.remediation.as_ref().unwrap_or(&control.remediation),
            "technology": { "id": self.device.technology, "name": self.device.technology_name() },
            "criticality": { "label": verdict.severity.to_uppercase(), "value": verdict.criticality },
            "instance": if instances.is_empty() { "os".to_owned() } else { instances.join(", ") },
            "status": status,
            "causeOfFailure": cause,
            "lastEvaluatedDate": evaluated,
            "complianceLastScanDate": evaluated,
        });
        if let Some(record) = record.as_object_mut().filter(|_| with_evidence) {
            let evidence = json!({
                "actual": verdict.actual, "expected": verdict.expected, "lines": verdict.evidence,
            });
            record.insert("evidence".into(), evidence);
        }
        Some(record)
    }
}
