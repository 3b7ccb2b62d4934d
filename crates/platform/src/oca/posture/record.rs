//! A record of the streaming calls. Members stand in the order in which clients that read a stream piece by piece expect
//! them: `id` comes first.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::host::{Host, Standing};
use super::{POLICY, SUBSCRIPTION, TITLE};
use crate::oca::{LIBRARY, wire};

/// How a control stands on a host.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    id: u64,
    instance: String,
    policy_id: u32,
    policy_title: &'static str,
    net_bios: &'a str,
    control_id: u32,
    control_statement: &'a str,
    rationale: &'a str,
    remediation: &'a str,
    control_reference: String,
    technology_id: u32,
    status: &'static str,
    previous_status: &'static str,
    first_fail_date: String,
    last_fail_date: String,
    first_pass_date: String,
    last_pass_date: String,
    posture_modified_date: String,
    last_evaluated_date: String,
    created: String,
    host_id: u32,
    ip: String,
    tracking_method: &'static str,
    os: &'a str,
    os_cpe: &'static str,
    domain_name: &'a str,
    dns: &'a str,
    qg_hostid: String,
    network_id: u32,
    network_name: &'static str,
    compliance_last_scan_date: String,
    customer_id: String,
    asset_id: u32,
    technology: Value,
    criticality: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Value>,
    cause_of_failure: Value,
}

/// How evidence is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    /// Whether at all.
    pub(super) wanted: bool,
    /// The most letters of each text; none for all.
    pub(super) letters: Option<usize>,
}

impl<'a> Record<'a> {
    pub(super) fn of(host: &'a Host, standing: &'a Standing, evidence: Evidence) -> Self {
        let (verdict, history, network) = (&standing.verdict, &standing.history, &host.asset.network);
        let control = LIBRARY.get(verdict.control);
        let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
        let date = |at: Option<Timestamp>| at.map(wire::date).unwrap_or_default();
        let assessed = wire::date(host.assessed());
        Self {
            id: host.record_id(verdict.control),
            instance: standing.instance(),
            policy_id: POLICY,
            policy_title: TITLE,
            net_bios: text(&network.netbios_name),
            control_id: verdict.control,
            control_statement: &verdict.title,
            rationale: control.map_or("", |control| &control.rationale),
            remediation: verdict
                .remediation
                .as_deref()
                .or(control.map(|control| control.remediation.as_str()))
                .unwrap_or_default(),
            control_reference: references(verdict),
            technology_id: host.device.technology,
            status: standing.status,
            previous_status: history.previous.unwrap_or_default(),
            first_fail_date: date(history.first_fail),
            last_fail_date: date(history.last_fail),
            first_pass_date: date(history.first_pass),
            last_pass_date: date(history.last_pass),
            posture_modified_date: wire::date(history.changed),
            last_evaluated_date: assessed.clone(),
            created: assessed.clone(),
            host_id: host.id,
            ip: network.address.map(|address| address.to_string()).unwrap_or_default(),
            tracking_method: host.asset.tracking_method.name(),
            os: text(&host.asset.os),
            os_cpe: "",
            domain_name: text(&network.domain),
            dns: text(&network.dns_host_name),
            qg_hostid: host.device.uuid.to_string(),
            network_id: 0,
            network_name: "Global Default Network",
            compliance_last_scan_date: assessed,
            customer_id: SUBSCRIPTION.to_string(),
            asset_id: host.id,
            technology: json!({ "id": host.device.technology, "name": host.device.technology_name() }),
            criticality: json!({ "label": verdict.severity.to_uppercase(), "value": verdict.criticality }),
            evidence: evidence.wanted.then(|| evidence.of(standing)),
            cause_of_failure: match standing.cause() {
                None => json!({}),
                Some((found, expected)) => json!({
                    "unexpected": { "value": found },
                    "missing": { "logic": "OR", "value": [expected] },
                }),
            },
        }
    }
}

impl Evidence {
    /// What was expected, what was found, and the lines that say so.
    fn of(self, standing: &Standing) -> Value {
        let verdict = &standing.verdict;
        let cut = |text: &str| match self.letters {
            Some(letters) => text.chars().take(letters).collect(),
            None => text.to_owned(),
        };
        let lines = verdict.evidence.iter().map(|one| json!({ "line": one.line, "text": cut(&one.text) }));
        json!({
            "booleanExpr": cut(&verdict.expected),
            "dpv": [{ "label": ":dp_1", "value": verdict.actual.iter().map(|one| cut(one)).collect::<Vec<_>>() }],
            "lines": lines.collect::<Vec<_>>(),
        })
    }
}

/// `NIST 800-53: AC-17, SC-8`, for each framework.
pub(super) fn references(verdict: &assess::Verdict) -> String {
    let told: Vec<_> = verdict
        .references
        .iter()
        .map(|(name, sections)| format!("{name}: {}", sections.join(", ")))
        .collect();
    told.join("; ")
}
