//! The older posture call as XML.

use assess::TECHNOLOGIES;

use super::fo::{Ask, Details, PATH, Records, Told};
use super::host::{Host, Standing};
use super::{POLICY, interrupted};
use crate::oca::{LIBRARY, wire};
use crate::{Gone, Interrupted, Result};

/// The code of the warning that more records follow.
const TRUNCATED: &str = "1980";

/// Writes the answer.
pub(super) fn write(
    records: &mut Records,
    base: &str,
    out: &mut Vec<u8>,
    flush: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), Gone>,
) -> Result<(), Interrupted> {
    let now = wire::date(records.call.now);
    let mut xml = Xml(out);
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.open("POSTURE_INFO_LIST_OUTPUT");
    if let Some(echo) = &records.ask.echo {
        xml.open("REQUEST");
        xml.text("DATETIME", &now);
        xml.text("USER_LOGIN", &records.call.caller.login);
        xml.text("RESOURCE", &format!("{base}{PATH}"));
        xml.open("PARAM_LIST");
        for (name, value) in echo {
            xml.open("PARAM");
            xml.text("KEY", name);
            xml.text("VALUE", value);
            xml.close("PARAM");
        }
        xml.close("PARAM_LIST");
        xml.close("REQUEST");
    }
    xml.open("RESPONSE");
    xml.text("DATETIME", &now);
    if records.ask.several {
        xml.open("POLICY");
        xml.text("ID", &POLICY.to_string());
        xml.text("DATETIME", &now);
    }
    xml.open("INFO_LIST");
    let told = records.write(out, flush, info)?;
    let mut xml = Xml(out);
    xml.close("INFO_LIST");
    if records.ask.details == Details::All {
        summary(&told, &mut xml);
    }
    if let Some(next) = told.next {
        let limit = records.ask.limit.unwrap_or_default();
        xml.open("WARNING_LIST");
        xml.open("WARNING");
        xml.text("CODE", TRUNCATED);
        xml.text("TEXT", &format!("{limit} record limit exceeded. Use URL to get next batch of results."));
        xml.text("URL", &format!("{base}{PATH}?{}&id_min={next}", records.ask.again));
        xml.close("WARNING");
        xml.close("WARNING_LIST");
    }
    if records.ask.details > Details::None && !told.hosts.is_empty() {
        glossary(records, &told, &mut xml).map_err(interrupted)?;
    }
    if records.ask.several {
        xml.close("POLICY");
    }
    xml.close("RESPONSE");
    xml.close("POSTURE_INFO_LIST_OUTPUT");
    Ok(())
}

fn info(ask: &Ask, host: &Host, standing: &Standing, out: &mut Vec<u8>) {
    let (verdict, history) = (&standing.verdict, &standing.history);
    let mut xml = Xml(out);
    xml.open("INFO");
    xml.text("ID", &host.record_id(verdict.control).to_string());
    xml.text("HOST_ID", &host.id.to_string());
    xml.text("CONTROL_ID", &verdict.control.to_string());
    xml.text("TECHNOLOGY_ID", &host.device.technology.to_string());
    xml.text("INSTANCE", &standing.instance());
    xml.text("STATUS", standing.status);
    if ask.remediation {
        let general = LIBRARY.get(verdict.control).map(|control| control.remediation.as_str());
        xml.text("REMEDIATION", verdict.remediation.as_deref().or(general).unwrap_or_default());
    }
    xml.text("POSTURE_MODIFIED_DATE", &wire::date(history.changed));
    xml.text("EVALUATION_DATE", &wire::date(host.assessed()));
    if let Some(previous) = history.previous {
        xml.text("PREVIOUS_STATUS", previous);
    }
    let dates = [
        ("FIRST_FAIL_DATE", history.first_fail),
        ("LAST_FAIL_DATE", history.last_fail),
        ("FIRST_PASS_DATE", history.first_pass),
        ("LAST_PASS_DATE", history.last_pass),
    ];
    for (name, at) in dates {
        if let Some(at) = at {
            xml.text(name, &wire::date(at));
        }
    }
    if ask.evidence {
        xml.open("EVIDENCE");
        xml.text("BOOLEAN_EXPR", &verdict.expected);
        xml.open("DPV_LIST");
        xml.open_with("DPV", &format!("lastUpdated=\"{}\"", wire::date(host.assessed())));
        xml.text("LABEL", ":dp_1");
        match &verdict.reason {
            Some(reason) => xml.text("ERROR", reason),
            None => verdict.actual.iter().for_each(|value| xml.text("V", value)),
        }
        xml.close("DPV");
        xml.close("DPV_LIST");
        if !verdict.evidence.is_empty() {
            let lines: Vec<_> =
                verdict.evidence.iter().map(|one| format!("{}: {}", one.line, one.text)).collect();
            xml.text("EXTENDED_EVIDENCE", &lines.join("\n"));
        }
        xml.close("EVIDENCE");
    }
    if let Some((found, expected)) = standing.cause().filter(|_| ask.details >= Details::Light) {
        xml.open("CAUSE_OF_FAILURE");
        xml.open("UNEXPECTED");
        found.iter().for_each(|value| xml.text("V", value));
        xml.close("UNEXPECTED");
        xml.open_with("MISSING", "logic=\"OR\"");
        xml.text("V", &expected);
        xml.close("MISSING");
        xml.close("CAUSE_OF_FAILURE");
    }
    xml.close("INFO");
}

fn summary(told: &Told, xml: &mut Xml<'_>) {
    xml.open("SUMMARY");
    xml.text("TOTAL_ASSETS", &told.hosts.len().to_string());
    xml.text("TOTAL_CONTROLS", &told.controls.len().to_string());
    xml.open("CONTROL_INSTANCES");
    let total = told.passed + told.failed + told.errors;
    for (name, count) in [
        ("TOTAL", total),
        ("TOTAL_PASSED", told.passed),
        ("TOTAL_FAILED", told.failed),
        ("TOTAL_ERROR", told.errors),
        ("TOTAL_EXCEPTIONS", 0),
    ] {
        xml.text(name, &count.to_string());
    }
    xml.close("CONTROL_INSTANCES");
    xml.close("SUMMARY");
}

fn glossary(records: &mut Records, told: &Told, xml: &mut Xml<'_>) -> Result<()> {
    let (details, call) = (records.ask.details, records.call.clone());
    xml.open("GLOSSARY");
    xml.open("HOST_LIST");
    for id in &told.hosts {
        let Some(host) = Host::find(&call, &mut records.reading, *id)? else { continue };
        let network = &host.asset.network;
        xml.open("HOST");
        xml.text("ID", &host.id.to_string());
        xml.text("IP", &network.address.map(|address| address.to_string()).unwrap_or_default());
        xml.text("TRACKING_METHOD", host.asset.tracking_method.name());
        xml.text_opt("DNS", network.dns_host_name.as_deref());
        xml.text_opt("NETBIOS", network.netbios_name.as_deref());
        xml.text_opt("OS", host.asset.os.as_deref());
        xml.text("QG_HOSTID", &host.device.uuid.to_string());
        xml.text("LAST_COMPLIANCE_SCAN_DATETIME", &wire::date(host.assessed()));
        xml.close("HOST");
    }
    xml.close("HOST_LIST");
    xml.open("CONTROL_LIST");
    for control in told.controls.iter().filter_map(|number| LIBRARY.get(*number)) {
        xml.open("CONTROL");
        xml.text("ID", &control.cid.to_string());
        xml.text("STATEMENT", &control.title);
        if details == Details::All {
            xml.open("CRITICALITY");
            xml.text("LABEL", &control.severity().to_uppercase());
            xml.text("VALUE", &control.criticality.to_string());
            xml.close("CRITICALITY");
            xml.text("RATIONALE", &control.rationale);
        }
        xml.close("CONTROL");
    }
    xml.close("CONTROL_LIST");
    if details >= Details::Light {
        xml.open("TECHNOLOGY_LIST");
        for technology in TECHNOLOGIES.iter().filter(|one| told.technologies.contains(&one.id)) {
            xml.open("TECHNOLOGY");
            xml.text("ID", &technology.id.to_string());
            xml.text("NAME", technology.name);
            xml.close("TECHNOLOGY");
        }
        xml.close("TECHNOLOGY_LIST");
    }
    xml.close("GLOSSARY");
    Ok(())
}

/// Elements, one a line.
struct Xml<'o>(&'o mut Vec<u8>);

impl Xml<'_> {
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn open(&mut self, name: &str) {
        self.raw(&format!("<{name}>\n"));
    }

    fn open_with(&mut self, name: &str, attribute: &str) {
        self.raw(&format!("<{name} {attribute}>\n"));
    }

    fn close(&mut self, name: &str) {
        self.raw(&format!("</{name}>\n"));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(&format!("<{name}>{}</{name}>\n", crate::text::xml(text)));
    }

    fn text_opt(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }
}
