//! The older posture call: XML or CSV at `/api/2.0/fo/compliance/posture/info/` (`contract/oca.md 5.3`).
//!
//! Its parameters come in the URL or as a form. A parameter that it does not know is refused rather than overlooked: an
//! answer to another question would look like a good one.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use store::Reading;

use super::ask::{addresses, date, flag, holds, numbers};
use super::host::{CONTROLS, Host, Standing};
use super::{POLICY, fo_csv, fo_xml, hosts, interrupted};
use crate::gateway::{
    Body, Family, Fault, Form, GatewayError, GatewayInput, GatewayOperation, GatewayReply, Parameter, Place,
    Shape,
};
use crate::oca::wanted::shown;
use crate::{Call, Error, Gone, Interrupted, Method, Permission, Result, State};

/// The calls.
pub(crate) static FAMILY: Family = Family {
    name: "fo",
    version: "v2",
    title: "Compliance posture, by the older call",
    about: "How hosts meet a policy, as XML or CSV. Sign in with login and password, or with a token.",
    root: "api",
    shape: Shape::Simple,
    retired: None,
    error_id,
    check: None,
    operations: &[
        operation(Method::Get, "postureInfoList", Body::None),
        operation(Method::Post, "postureInfoListForm", Body::Fields),
    ],
};

/// The path of the call.
pub(super) const PATH: &str = "/api/2.0/fo/compliance/posture/info/";

const fn operation(method: Method, name: &'static str, body: Body) -> GatewayOperation {
    GatewayOperation {
        method,
        path: PATH,
        name,
        about: "How hosts meet a policy, control by control.",
        documented: true,
        permission: Permission::ReadAsset,
        parameters: PARAMETERS,
        body,
        sample: SAMPLE,
        refusals: &[400, 401, 403, 409],
        handler: list,
        state: State::Partial(
            "the_older_posture_call_answers_in_xml_and_csv",
            "the built-in policy and uploaded devices only; no asset groups, tags or exceptions",
        ),
    }
}

const PARAMETERS: &[Parameter] = &[
    parameter("action", "list.", "\"list\""),
    parameter("policy_id", "The id of a policy.", "\"1\""),
    parameter("policy_ids", "The ids of at most ten policies, instead.", "\"1\""),
    parameter("output_format", "xml, csv or csv_no_metadata.", "\"xml\""),
    parameter("details", "None, Basic, Light or All.", "\"Basic\""),
    parameter("ips", "Addresses and ranges.", "\"192.0.2.1-192.0.2.9\""),
    parameter("host_ids", "Ids and ranges.", "\"7\""),
    parameter("control_ids", "Ids and ranges.", "\"901001-901099\""),
    parameter("status", "Passed, Failed or Error.", "\"Failed\""),
    parameter("criticality_labels", "Names, such as SERIOUS,CRITICAL.", "\"URGENT\""),
    parameter("criticality_values", "Numbers from 0 to 5.", "\"4,5\""),
    parameter("status_changes_since", "Only records that changed at this time or later.", "\"2024-03-01\""),
    parameter("evaluation_date", "Only records that were evaluated at this time or later.", "\"2024-03-01\""),
    parameter("truncation_limit", "The most records; 0 for all.", "5000"),
    parameter("id_min", "Only records with this id or a later one.", "70901001"),
    parameter("hide_evidence", "1 for none, with details Light or All.", "0"),
    parameter("show_remediation_info", "1 to say what to do.", "0"),
    parameter("echo_request", "1 to repeat the parameters.", "0"),
];

const fn parameter(name: &'static str, about: &'static str, sample: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, required: false, about, sample }
}

const SAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<POSTURE_INFO_LIST_OUTPUT>
<RESPONSE>
<DATETIME>2024-03-01T10:00:00Z</DATETIME>
<INFO_LIST>
<INFO>
<ID>70901001</ID>
<HOST_ID>7</HOST_ID>
<CONTROL_ID>901001</CONTROL_ID>
<TECHNOLOGY_ID>2002</TECHNOLOGY_ID>
<INSTANCE>os</INSTANCE>
<STATUS>Failed</STATUS>
<POSTURE_MODIFIED_DATE>2024-03-01T10:00:00Z</POSTURE_MODIFIED_DATE>
<EVALUATION_DATE>2024-03-01T10:00:00Z</EVALUATION_DATE>
</INFO>
</INFO_LIST>
<GLOSSARY>
<HOST_LIST>
<HOST>
<ID>7</ID>
<IP>192.0.2.14</IP>
<TRACKING_METHOD>OCA</TRACKING_METHOD>
</HOST>
</HOST_LIST>
<CONTROL_LIST>
<CONTROL>
<ID>901001</ID>
<STATEMENT>Remote terminal lines accept SSH only</STATEMENT>
</CONTROL>
</CONTROL_LIST>
</GLOSSARY>
</RESPONSE>
</POSTURE_INFO_LIST_OUTPUT>
"#;

/// The codes that clients of the older APIs know.
fn error_id(fault: Fault) -> &'static str {
    match fault {
        Fault::Unauthorized => "2000",
        Fault::Forbidden => "2003",
        Fault::TooMany => "1965",
        Fault::Invalid | Fault::Unreadable | Fault::TooLarge => "1905",
        Fault::NotFound | Fault::Retired => "1920",
        Fault::Method => "1908",
        Fault::Server => "999",
    }
}

/// A parameter that is not known.
const UNKNOWN: &str = "1901";
/// A parameter that must be there.
const MISSING: &str = "1903";
/// Parameters of which only one may be there.
const ONE_OF: &str = "1904";
/// A value that can't be taken.
const VALUE: &str = "1905";
/// Parameters that don't go together.
const TOGETHER: &str = "1907";

fn refused(id: &'static str, message: impl Into<String>) -> Error {
    GatewayError::new(400, id, message).into()
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Details {
    None,
    Basic,
    Light,
    All,
}

/// What is asked.
pub(super) struct Ask {
    /// Whether several policies were asked for: each then has an element of its own.
    pub(super) several: bool,
    pub(super) details: Details,
    pub(super) evidence: bool,
    pub(super) remediation: bool,
    /// The parameters, where they are to be repeated.
    pub(super) echo: Option<Vec<(String, String)>>,
    /// For the URL of the next page.
    pub(super) again: String,
    /// The most records.
    pub(super) limit: Option<usize>,
    ips: Option<Vec<RangeInclusive<IpAddr>>>,
    hosts: Option<Vec<RangeInclusive<u32>>>,
    controls: Option<Vec<RangeInclusive<u32>>>,
    statuses: Vec<String>,
    criticality: Option<Vec<u8>>,
    changed: Option<Timestamp>,
    evaluated: Option<Timestamp>,
    from: u64,
}

/// The parameters of the URL, and those of the form after them.
struct Given(Vec<(String, String)>);

impl Given {
    fn of(input: &GatewayInput) -> Result<Self> {
        let form = String::from_utf8(input.body.clone())
            .map_err(|_| refused(VALUE, "The body is no form in UTF-8."))?;
        let form = qps::Query::parse(&form);
        let mut all = Vec::new();
        for (name, value) in input.query.iter().chain(form.iter()) {
            if !PARAMETERS.iter().any(|known| known.name == name) {
                let (name, known) = (shown(name), PARAMETERS.iter().map(|one| one.name).collect::<Vec<_>>());
                return Err(refused(
                    UNKNOWN,
                    format!("Unrecognized parameter: {name}. Those that are taken: {}.", known.join(", ")),
                ));
            }
            if all.iter().any(|(known, other)| known == name && other != value) {
                return Err(refused(ONE_OF, format!("parameter: {name} is given twice.")));
            }
            all.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self(all))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn read<T>(&self, name: &str, value: impl Fn(&str) -> Option<T>, wanted: &str) -> Result<Option<T>> {
        let Some(given) = self.get(name) else { return Ok(None) };
        let bad = || {
            refused(
                VALUE,
                format!("parameter: {name} has invalid value: {} (wanted: {wanted}).", shown(given)),
            )
        };
        value(given).map(Some).ok_or_else(bad)
    }

    fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.read(name, flag, "0 or 1")?.unwrap_or_default())
    }
}

fn one_of<T: Copy>(choices: &[(&str, T)], given: &str) -> Option<T> {
    choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(given)).map(|(_, choice)| *choice)
}

const DETAILS: [(&str, Details); 4] =
    [("None", Details::None), ("Basic", Details::Basic), ("Light", Details::Light), ("All", Details::All)];
const STATUSES: [(&str, &str); 3] = [("Passed", "Passed"), ("Failed", "Failed"), ("Error", "Error")];
const CRITICALITY: [(&str, u8); 6] =
    [("UNDEFINED", 0), ("MINIMAL", 1), ("MEDIUM", 2), ("SERIOUS", 3), ("CRITICAL", 4), ("URGENT", 5)];
/// The most records of an answer where the caller does not say.
const PAGE: usize = 5_000;

impl Ask {
    fn read(given: &Given) -> Result<(Self, Output)> {
        let missing = |name: &str| refused(MISSING, format!("Missing required parameter: {name}."));
        given.get("action").ok_or_else(|| missing("action"))?;
        given.read("action", |action| (action == "list").then_some(()), "list")?;
        let several = match (given.get("policy_id"), given.get("policy_ids")) {
            (Some(_), Some(_)) => {
                return Err(refused(ONE_OF, "Specify only one of the parameters policy_id and policy_ids."));
            }
            (None, None) => return Err(missing("policy_id or policy_ids")),
            (one, _) => one.is_none(),
        };
        let policies = if several { "policy_ids" } else { "policy_id" };
        let is_known = |text: &str| {
            let count = text.split(',').count();
            let known = text.split(',').all(|id| id.trim() == POLICY.to_string());
            (known && (count == 1 || several && count <= 10)).then_some(())
        };
        given.read(policies, is_known, "1, the built-in policy")?;
        let output =
            given.read("output_format", |text| one_of(&OUTPUTS, text), "xml, csv or csv_no_metadata")?;
        let output = output.unwrap_or(Output::Xml);
        if several && output != Output::Xml {
            return Err(refused(TOGETHER, "output_format: CSV needs policy_id instead of policy_ids."));
        }
        let limit = given.read("truncation_limit", |text| text.parse::<usize>().ok(), "a number")?;
        if several && limit.is_some() {
            return Err(refused(TOGETHER, "truncation_limit needs policy_id instead of policy_ids."));
        }
        let limit = if several { 0 } else { limit.unwrap_or(PAGE) };
        let details = given.read("details", |text| one_of(&DETAILS, text), "None, Basic, Light or All")?;
        let details = details.unwrap_or(Details::Basic);
        let statuses = |text: &str| {
            text.split(',').map(|one| one_of(&STATUSES, one.trim()).map(str::to_owned)).collect::<Option<_>>()
        };
        let dates = "a date such as 2024-03-01 or 2024-03-01T10:00:00Z";
        let ranges = "numbers and ranges such as 7,10-12";
        let is_hidden = given.flag("hide_evidence")?;
        let evidence = details >= Details::Light && !is_hidden;
        let ask = Self {
            several,
            details,
            evidence,
            remediation: given.flag("show_remediation_info")?,
            echo: given.flag("echo_request")?.then(|| given.0.clone()),
            again: again(given),
            limit: (limit > 0).then_some(limit),
            ips: given.read("ips", addresses, "addresses and ranges such as 192.0.2.1-192.0.2.9")?,
            hosts: given.read("host_ids", numbers, ranges)?,
            controls: given.read("control_ids", numbers, ranges)?,
            statuses: given.read("status", statuses, "Passed, Failed or Error")?.unwrap_or_default(),
            criticality: criticality(given)?,
            changed: given.read("status_changes_since", date, dates)?,
            evaluated: given.read("evaluation_date", date, dates)?,
            from: given.read("id_min", |text| text.parse().ok(), "a number")?.unwrap_or_default(),
        };
        Ok((ask, output))
    }

    /// Whether a host can have records that are asked for.
    fn is_of(&self, id: u32) -> bool {
        holds(&self.hosts, &id) && (u64::from(id) + 1) * CONTROLS > self.from
    }

    fn is_meant(&self, host: &Host, standing: &Standing) -> bool {
        let verdict = &standing.verdict;
        host.record_id(verdict.control) >= self.from
            && holds(&self.controls, &verdict.control)
            && (self.statuses.is_empty() || self.statuses.iter().any(|one| one == standing.status))
            && self.criticality.as_ref().is_none_or(|wanted| wanted.contains(&verdict.criticality))
            && self.changed.is_none_or(|since| standing.history.changed >= since)
    }
}

fn criticality(given: &Given) -> Result<Option<Vec<u8>>> {
    let labels = |text: &str| -> Option<Vec<u8>> {
        text.split(',').map(|one| one_of(&CRITICALITY, one.trim())).collect()
    };
    let values = |text: &str| -> Option<Vec<u8>> {
        text.split(',').map(|one| one.trim().parse().ok().filter(|value| *value <= 5)).collect()
    };
    let labels = given.read("criticality_labels", labels, "names such as SERIOUS,CRITICAL")?;
    let values = given.read("criticality_values", values, "numbers from 0 to 5")?;
    if labels.is_some() && values.is_some() {
        return Err(refused(ONE_OF, "Specify only one of criticality_labels and criticality_values."));
    }
    Ok(labels.or(values))
}

/// The parameters as a query, without where the page begins.
fn again(given: &Given) -> String {
    let escaped = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~,:".contains(&byte);
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect::<String>()
    };
    let kept = given.0.iter().filter(|(name, _)| name != "id_min");
    kept.map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Xml,
    Csv { head: bool },
}

const OUTPUTS: [(&str, Output); 3] = [
    ("xml", Output::Xml),
    ("csv", Output::Csv { head: true }),
    ("csv_no_metadata", Output::Csv { head: false }),
];

/// What records were told.
#[derive(Default)]
pub(super) struct Told {
    pub(super) hosts: Vec<u32>,
    pub(super) controls: BTreeSet<u32>,
    pub(super) technologies: BTreeSet<u32>,
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) errors: u64,
    /// The id of the first record that is not told, if any is not.
    pub(super) next: Option<u64>,
}

type Flush<'f> = &'f mut dyn FnMut(&mut Vec<u8>) -> Result<(), Gone>;

/// The records that are asked for, host by host.
pub(super) struct Records {
    pub(super) call: Call,
    pub(super) reading: Reading,
    pub(super) ask: Ask,
    hosts: Vec<u32>,
}

impl Records {
    /// Writes each record, and says what they told.
    pub(super) fn write(
        &mut self,
        out: &mut Vec<u8>,
        flush: Flush<'_>,
        each: impl Fn(&Ask, &Host, &Standing, &mut Vec<u8>),
    ) -> Result<Told, Interrupted> {
        let mut told = Told::default();
        let mut left = self.ask.limit.unwrap_or(usize::MAX);
        for id in &self.hosts {
            let found = Host::find(&self.call, &mut self.reading, *id).map_err(interrupted)?;
            let Some(host) = found.filter(|host| self.is_meant(host)) else { continue };
            for standing in host.standings(&self.call).map_err(interrupted)? {
                if !self.ask.is_meant(&host, &standing) {
                    continue;
                }
                if left == 0 {
                    told.next = Some(host.record_id(standing.verdict.control));
                    return Ok(told);
                }
                left -= 1;
                told.note(&host, &standing);
                each(&self.ask, &host, &standing, out);
            }
            flush(out)?;
        }
        Ok(told)
    }

    fn is_meant(&self, host: &Host) -> bool {
        let address = host.asset.network.address;
        let is_there = match (&self.ask.ips, address) {
            (None, _) => true,
            (Some(_), None) => false,
            (ips, Some(address)) => holds(ips, &address),
        };
        is_there && self.ask.evaluated.is_none_or(|since| host.assessed() >= since)
    }
}

impl Told {
    fn note(&mut self, host: &Host, standing: &Standing) {
        if self.hosts.last() != Some(&host.id) {
            self.hosts.push(host.id);
        }
        self.controls.insert(standing.verdict.control);
        self.technologies.insert(host.device.technology);
        match standing.status {
            "Passed" => self.passed += 1,
            "Failed" => self.failed += 1,
            _ => self.errors += 1,
        }
    }
}

/// `GET` and `POST` of the call.
fn list(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let (ask, output) = Ask::read(&Given::of(&input)?)?;
    let mut hosts = hosts(call)?;
    hosts.retain(|id| ask.is_of(*id));
    let mut records = Records { call: call.clone(), reading: call.store().read()?, ask, hosts };
    Ok(match output {
        Output::Xml => {
            let base = input.base;
            let write =
                move |out: &mut Vec<u8>, flush: Flush<'_>| fo_xml::write(&mut records, &base, out, flush);
            GatewayReply::Text(Form::Xml, Box::new(write))
        }
        Output::Csv { head } => {
            let write =
                move |out: &mut Vec<u8>, flush: Flush<'_>| fo_csv::write(&mut records, head, out, flush);
            GatewayReply::Text(Form::Csv, Box::new(write))
        }
    })
}
