//! The older posture call as CSV: a line for each record.

use super::POLICY;
use super::fo::{Ask, Records};
use super::host::{Host, Standing};
use super::record::references;
use crate::oca::wire;
use crate::{Gone, Interrupted, Result};

const COLUMNS: [&str; 22] = [
    "ID",
    "Policy ID",
    "Control ID",
    "Control Statement",
    "Criticality Label",
    "Criticality Value",
    "Control References",
    "Technology ID",
    "Technology Name",
    "Instance",
    "Status",
    "Previous Status",
    "Posture Modified Date",
    "Evaluation Date",
    "Host ID",
    "IP",
    "DNS Name",
    "NetBIOS",
    "OS",
    "Tracking Method",
    "Evidence",
    "Cause of Failure",
];

/// Writes the answer, after what is said of it as a whole where that is wanted.
pub(super) fn write(
    records: &mut Records,
    head: bool,
    out: &mut Vec<u8>,
    flush: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), Gone>,
) -> Result<(), Interrupted> {
    if head {
        row(out, ["Policy ID", "Datetime"]);
        row(out, [POLICY.to_string(), wire::date(records.call.now)]);
        out.extend_from_slice(b"\r\n");
    }
    row(out, COLUMNS);
    let told = records.write(out, flush, line)?;
    if let (true, Some(next)) = (head, told.next) {
        out.extend_from_slice(b"\r\n");
        row(out, ["Warning", "Next ID"]);
        row(out, ["Record limit exceeded. Use id_min to get the next batch of results.", &next.to_string()]);
    }
    Ok(())
}

fn line(ask: &Ask, host: &Host, standing: &Standing, out: &mut Vec<u8>) {
    let (verdict, history, network) = (&standing.verdict, &standing.history, &host.asset.network);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let evidence = || {
        let lines = verdict.evidence.iter().map(|one| format!("{}: {}", one.line, one.text));
        lines.collect::<Vec<_>>().join("\n")
    };
    let cause = |(found, expected): (Vec<String>, String)| {
        format!("expected: {expected}; found: {}", found.join("; "))
    };
    row(
        out,
        [
            host.record_id(verdict.control).to_string(),
            POLICY.to_string(),
            verdict.control.to_string(),
            verdict.title.clone(),
            verdict.severity.to_uppercase(),
            verdict.criticality.to_string(),
            references(verdict),
            host.device.technology.to_string(),
            host.device.technology_name().to_owned(),
            standing.instance(),
            standing.status.to_owned(),
            history.previous.unwrap_or_default().to_owned(),
            wire::date(history.changed),
            wire::date(host.assessed()),
            host.id.to_string(),
            network.address.map(|address| address.to_string()).unwrap_or_default(),
            text(&network.dns_host_name),
            text(&network.netbios_name),
            text(&host.asset.os),
            host.asset.tracking_method.name().to_owned(),
            if ask.evidence { evidence() } else { String::new() },
            standing.cause().map(cause).unwrap_or_default(),
        ],
    );
}

/// A row, by RFC 4180: every field in quotes.
fn row<const N: usize>(out: &mut Vec<u8>, fields: [impl AsRef<str>; N]) {
    for (place, field) in fields.iter().enumerate() {
        let separator = if place == 0 { "" } else { "," };
        out.extend_from_slice(format!("{separator}\"{}\"", field.as_ref().replace('"', "\"\"")).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}
