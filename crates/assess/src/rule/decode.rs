//! A rule file becomes controls.

use super::RuleError;
use super::decode_check::{CheckReader, placeholders};
use super::fields::{Fields, texts, value};
use super::model::{Check, Control, Missing, Need, Outcome, Param, Sample, Scope};
use super::value::Value;
use super::yaml::{self, Kind, Yaml};
use crate::engine::Status;
use crate::family::{self, Family};
use crate::version::Range;

pub(crate) const FILE_KEYS: &[&str] = &["family", "controls"];
pub(crate) const CONTROL_KEYS: &[&str] = &[
    "cid",
    "revision",
    "title",
    "category",
    "criticality",
    "rationale",
    "remediation",
    "commands",
    "references",
    "deprecated",
    "versions",
    "when",
    "source",
    "missing",
    "scope",
    "extract",
    "params",
    "test",
    "samples",
];
pub(crate) const SCOPE_KEYS: &[&str] = &["each", "where", "need", "none", "label"];
pub(crate) const PARAM_KEYS: &[&str] = &["default", "min", "max"];
pub(crate) const SAMPLE_KEYS: &[&str] = &["pass", "fail", "error", "not-applicable", "version"];

/// Reads a rule file.
///
/// # Errors
/// Every mistake in it, with line and column, in the order of the file.
pub fn read_rules(text: &str) -> Result<Vec<Control>, Vec<RuleError>> {
    let yaml = yaml::read(text).map_err(|e| vec![e])?;
    let mut errors = Vec::new();
    let controls = file(&yaml, &mut errors);
    errors.sort_by_key(|e| (e.line, e.column));
    if errors.is_empty() { Ok(controls) } else { Err(errors) }
}

fn file(yaml: &Yaml, errors: &mut Vec<RuleError>) -> Vec<Control> {
    let Some(mut fields) = Fields::of(yaml, "a rule file", errors) else { return Vec::new() };
    let family = fields.require("family").and_then(|slug| {
        let family = slug.text().and_then(Family::named);
        if family.is_none() {
            fields.error(slug.at, format!("the family is not known; known families are {}", family::known()));
        }
        family
    });
    let list = fields.require("controls").and_then(|list| match &list.kind {
        Kind::List(items) => Some(items),
        _ => {
            fields.error(list.at, format!("\"controls\" must be a list, not {}", list.what()));
            None
        }
    });
    fields.finish(FILE_KEYS);
    let (Some(family), Some(list)) = (family, list) else { return Vec::new() };
    let mut controls: Vec<Control> = Vec::new();
    for item in list {
        let Some(control) = control(item, family, errors) else { continue };
        if controls.iter().any(|c| c.cid == control.cid) {
            errors.push(item.at.error(format!("cid {} is given to two controls", control.cid)));
        }
        controls.push(control);
    }
    controls
}

fn control(yaml: &Yaml, family: Family, errors: &mut Vec<RuleError>) -> Option<Control> {
    let before = errors.len();
    let mut fields = Fields::of(yaml, "a control", errors)?;
    let cid = cid(&mut fields);
    let criticality = criticality(&mut fields);
    let title = fields.required_text("title");
    let category = fields.required_text("category");
    let rationale = fields.required_text("rationale");
    let (remediation_at, commands_at) = (fields.at_of("remediation"), fields.at_of("commands"));
    let remediation = fields.required_text("remediation");
    let commands = fields.text("commands");
    let references = references(&mut fields);
    let deprecated = fields.boolean("deprecated").unwrap_or_default();
    let revision = fields.number("revision").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let versions = fields.take("versions").and_then(|y| range(&mut fields, y));
    let source = source(&mut fields, family);
    let missing = missing(&mut fields);
    let params = params(&mut fields);
    let (when, scope, extract) = (fields.take("when"), fields.take("scope"), fields.take("extract"));
    let test = fields.require("test");
    let samples = samples(&mut fields, &source);
    fields.finish(CONTROL_KEYS);

    let mut reader = CheckReader { family, params: &params, captures: Vec::new(), errors };
    let when = when.and_then(|y| reader.check(y, None));
    let scope = scope.and_then(|y| scope_of(&mut reader, y));
    reader.captures = scope.iter().flat_map(|s| s.each.iter().flat_map(|p| p.names().to_vec())).collect();
    let check = test.and_then(|y| reader.check(y, extract))?;
    let mut known: Vec<String> = vec!["instance".into(), "hostname".into(), "version".into()];
    known.extend(reader.captures.iter().cloned());
    known.extend(params.iter().map(|p| p.name.clone()));
    // A question without a name of its own is called by its selector.
    let named = check
        .probes
        .iter()
        .map(|p| &p.name)
        .filter(|name| placeholders(&format!("{{{name}}}")).next().is_some());
    known.extend(named.cloned());
    // With other mistakes, names may only seem to be missing.
    let whole = errors.len() == before;
    for (text, at) in [(Some(&remediation), remediation_at), (commands.as_ref(), commands_at)] {
        for name in text.into_iter().flat_map(|t| placeholders(t)).filter(|_| whole) {
            if !known.iter().any(|k| k == name) {
                errors.push(
                    at.error(format!("placeholder {{{name}}} is not known; known: {}", known.join(", "))),
                );
            }
        }
    }
    (errors.len() == before).then_some(Control {
        cid,
        revision,
        family,
        title,
        category,
        criticality,
        rationale,
        remediation,
        commands,
        references,
        deprecated,
        versions,
        params,
        samples,
        line: yaml.at.line,
        source,
        missing,
        when,
        scope,
        check,
    })
}

fn cid(fields: &mut Fields<'_, '_>) -> u32 {
    let at = fields.at_of("cid");
    if !fields.has("cid") {
        fields.error(at, "a control has no \"cid\"");
    }
    let number = fields.number("cid");
    let cid = number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    if number.is_some() && cid.is_none() {
        fields.error(at, "\"cid\" must be between 1 and 4294967295");
    }
    cid.unwrap_or_default()
}

fn criticality(fields: &mut Fields<'_, '_>) -> u8 {
    let at = fields.at_of("criticality");
    match fields.number("criticality").map(u8::try_from) {
        Some(Ok(level @ 1..=5)) => level,
        _ => {
            fields.error(at, "\"criticality\" must be a number from 1 (minimal) to 5 (urgent)");
            0
        }
    }
}

fn references(fields: &mut Fields<'_, '_>) -> Vec<(String, Vec<String>)> {
    let Some(yaml) = fields.take("references") else { return Vec::new() };
    let Kind::Map(pairs) = &yaml.kind else {
        fields.error(yaml.at, "\"references\" must be a map of framework and section numbers");
        return Vec::new();
    };
    let mut found = Vec::new();
    for (framework, sections) in pairs {
        match (framework.text(), texts(sections)) {
            (Some(name), Some(list)) => {
                found.push((name.to_owned(), list.into_iter().map(|(t, _)| t.to_owned()).collect()))
            }
            _ => fields.error(sections.at, "sections must be a list of numbers"),
        }
    }
    found
}

fn range(fields: &mut Fields<'_, '_>, yaml: &Yaml) -> Option<Range> {
    match Range::parse(yaml.text().unwrap_or_default()) {
        Ok(range) => Some(range),
        Err(message) => {
            fields.error(yaml.at, message);
            None
        }
    }
}

fn source(fields: &mut Fields<'_, '_>, family: Family) -> String {
    let main = family.spec().main().map_or("", |c| c.id).to_owned();
    let Some(yaml) = fields.take("source") else { return main };
    let id = yaml.text().unwrap_or_default();
    if !known_source(family, id) {
        fields.error(yaml.at, unknown_source(family, id));
    }
    id.to_owned()
}

pub(super) fn known_source(family: Family, id: &str) -> bool {
    family.commands().iter().any(|c| c.id == id) || (family == Family::Linux && id.starts_with("file /"))
}

pub(super) fn unknown_source(family: Family, id: &str) -> String {
    let known: Vec<&str> = family.commands().iter().map(|c| c.id).collect();
    format!("{family} has no command output {id:?}; known: {}", known.join(", "))
}

fn missing(fields: &mut Fields<'_, '_>) -> Missing {
    let Some(yaml) = fields.take("missing") else { return Missing::Error };
    match yaml.text() {
        Some("error") => Missing::Error,
        Some("pass") => Missing::Pass,
        Some("fail") => Missing::Fail,
        Some("not-applicable") => Missing::NotApplicable,
        _ => {
            fields.error(yaml.at, "\"missing\" must be error, pass, fail or not-applicable");
            Missing::Error
        }
    }
}

fn params(fields: &mut Fields<'_, '_>) -> Vec<Param> {
    let Some(yaml) = fields.take("params") else { return Vec::new() };
    let Kind::Map(pairs) = &yaml.kind else {
        fields.error(yaml.at, "\"params\" must be a map of names and defaults");
        return Vec::new();
    };
    pairs.iter().filter_map(|(name, yaml)| param(fields, name.text().unwrap_or_default(), yaml)).collect()
}

fn param(fields: &mut Fields<'_, '_>, name: &str, yaml: &Yaml) -> Option<Param> {
    let name = name.to_owned();
    if !matches!(yaml.kind, Kind::Map(_)) {
        return Some(Param { name, default: value(yaml)?, min: None, max: None });
    }
    let mut inner = Fields::of(yaml, "a parameter", fields.errors)?;
    let default = inner.require("default").and_then(value);
    let (min, max) = (inner.number("min"), inner.number("max"));
    inner.finish(PARAM_KEYS);
    let param = Param { name, default: default?, min, max };
    if let Err(message) = super::policy::check_value(&param, &param.default) {
        fields.error(yaml.at, message);
    }
    Some(param)
}

fn samples(fields: &mut Fields<'_, '_>, source: &str) -> Vec<Sample> {
    let Some(yaml) = fields.require("samples") else { return Vec::new() };
    let Kind::List(items) = &yaml.kind else {
        fields.error(yaml.at, "\"samples\" must be a list such as - pass: \"text\"");
        return Vec::new();
    };
    let samples: Vec<Sample> = items.iter().filter_map(|item| sample(item, source, fields.errors)).collect();
    for (status, word) in [(Status::Passed, "pass"), (Status::Failed, "fail")] {
        if !samples.iter().any(|s| s.expect == status) {
            fields.error(
                yaml.at,
                format!("no sample must {word}; a control needs one that passes and one that fails"),
            );
        }
    }
    samples
}

fn sample(yaml: &Yaml, source: &str, errors: &mut Vec<RuleError>) -> Option<Sample> {
    let mut fields = Fields::of(yaml, "a sample", errors)?;
    let statuses = [
        ("pass", Status::Passed),
        ("fail", Status::Failed),
        ("error", Status::Error),
        ("not-applicable", Status::NotApplicable),
    ];
    let found = statuses.into_iter().find_map(|(key, status)| Some((status, fields.take(key)?)));
    let version = fields.text("version");
    let Some((expect, text)) = found else {
        fields.error(yaml.at, "a sample needs one of pass, fail, error, not-applicable");
        return None;
    };
    let outputs = match &text.kind {
        Kind::Scalar { text, .. } => vec![(source.to_owned(), text.clone())],
        Kind::Map(pairs) => {
            pairs.iter().filter_map(|(k, v)| Some((k.text()?.to_owned(), v.text()?.to_owned()))).collect()
        }
        Kind::List(_) => {
            fields.error(text.at, "a sample is a text, or a map of command outputs");
            Vec::new()
        }
    };
    fields.finish(SAMPLE_KEYS);
    Some(Sample { expect, outputs, version, line: yaml.at.line, column: yaml.at.column })
}

fn scope_of(reader: &mut CheckReader<'_>, yaml: &Yaml) -> Option<Scope> {
    let mut fields = Fields::of(yaml, "\"scope\"", reader.errors)?;
    let (each, filter, need) = (fields.require("each"), fields.take("where"), fields.take("need"));
    let (none, label) = (fields.take("none"), fields.text("label"));
    fields.finish(SCOPE_KEYS);
    let each = reader.patterns(each?);
    reader.captures = each.iter().flat_map(|p| p.names().to_vec()).collect();
    if let Some(label) = label.as_ref().filter(|l| !reader.captures.contains(l)) {
        reader.errors.push(yaml.at.error(format!("label {label:?} is no capture of \"each\"")));
    }
    let filter: Option<Check> = filter.and_then(|y| reader.check(y, None));
    let need = need.map_or(Some(Need::All), |y| reader.need(y))?;
    let none = none.map_or(Some(Outcome::NotApplicable), |y| reader.outcome(y))?;
    Some(Scope { each, filter, need, none, label })
}

/// The values of a control's parameters before a policy sets any.
pub(crate) fn default_values(control: &Control) -> Vec<Value> {
    control.params.iter().map(|p| p.default.clone()).collect()
}
