//! Remediation with the device's own names in it.

use super::judge::Verdict;
use super::point::{DataPoint, Group, Labelled, State};
use crate::rule::{Control, Value};

/// Instances that commands are written out for.
const WRITTEN: usize = 20;

/// The control's advice, then its commands for each failing instance.
pub(super) fn fill(control: &Control, point: &DataPoint, params: &[Value], verdict: &Verdict) -> String {
    let failing = failing(point, verdict);
    let first = failing.first().copied();
    let mut text = replace(&control.remediation, control, point, params, first);
    let Some(commands) = &control.commands else { return text };
    if failing.is_empty() {
        text.push('\n');
        text.push_str(replace(commands, control, point, params, None).trim_end());
        return text;
    }
    let mut seen: Vec<String> = Vec::new();
    for instance in failing.iter().take(WRITTEN) {
        let filled = replace(commands, control, point, params, Some(*instance)).trim_end().to_owned();
        if !seen.contains(&filled) {
            text.push('\n');
            text.push_str(&filled);
            seen.push(filled);
        }
    }
    if failing.len() > WRITTEN {
        text.push_str(&format!("\n(and {} more)", failing.len() - WRITTEN));
    }
    text
}

type Instance<'p> = (&'p Group, &'p Labelled);

fn failing<'p>(point: &'p DataPoint, verdict: &Verdict) -> Vec<Instance<'p>> {
    let State::Collected { groups, .. } = &point.state else { return Vec::new() };
    let all = groups.iter().flat_map(|g| g.instances.iter().map(move |i| (g, i)));
    if verdict.instances.is_empty() {
        return all.collect();
    }
    let failed: std::collections::HashSet<&str> = verdict
        .instances
        .iter()
        .filter(|i| i.status == super::Status::Failed)
        .map(|i| i.label.as_str())
        .collect();
    all.filter(|(_, i)| failed.contains(i.label.as_str())).collect()
}

/// Replaces `{name}`; a name without a value on this device stays readable as `<name>`.
fn replace(
    text: &str,
    control: &Control,
    point: &DataPoint,
    params: &[Value],
    instance: Option<Instance<'_>>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if is_name(name) => {
                let value = value(name, control, point, params, instance);
                out.push_str(&value.unwrap_or_else(|| format!("<{name}>")));
                rest = tail;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

fn value(
    name: &str,
    control: &Control,
    point: &DataPoint,
    params: &[Value],
    at: Option<Instance<'_>>,
) -> Option<String> {
    if let Some(position) = control.params.iter().position(|p| p.name == name) {
        return params.get(position).map(ToString::to_string);
    }
    match name {
        "hostname" => return point.hostname.clone(),
        "version" => return point.version.clone(),
        "instance" => return at.map(|(_, i)| i.label.clone()),
        _ => {}
    }
    let (group, labelled) = at?;
    if let Some((_, captured)) = labelled.captures.iter().find(|(n, _)| n == name) {
        return Some(captured.clone());
    }
    let probe = control.check.probes.iter().position(|p| p.name == name)?;
    let value = &group.observations.get(probe)?.value;
    (!matches!(value, Value::Missing | Value::Unknown(_))).then(|| value.to_string())
}
