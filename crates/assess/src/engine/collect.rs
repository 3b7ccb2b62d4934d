//! Reading the data points of a device.

use std::collections::HashMap;

use super::judge::evaluate;
use super::observe::{Block, Observer};
use super::point::{DataPoint, Group, Labelled, Observation, State};
use crate::device::{Device, Found};
use crate::rule::{Control, Outcome, Scope, Value, default_values};
use crate::select::find;
use crate::tree::{ROOT, Tree};

/// Instances kept by name in a group; the others are counted.
const NAMES: usize = 200;
/// Groups kept; a device with more different answers to one control is not assessed by it.
const GROUPS: usize = 50_000;

/// The data points of all controls that are for the device's family.
pub fn collect<'c>(device: &Device, controls: impl IntoIterator<Item = &'c Control>) -> Vec<DataPoint> {
    controls.into_iter().filter(|c| c.family == device.family()).map(|c| data_point(device, c)).collect()
}

/// The data point of one control.
#[must_use]
pub fn data_point(device: &Device, control: &Control) -> DataPoint {
    DataPoint {
        format: DataPoint::FORMAT,
        control: control.cid,
        revision: control.revision,
        parser: env!("CARGO_PKG_VERSION").to_owned(),
        family: control.family.slug().to_owned(),
        hostname: device.hostname().map(str::to_owned),
        version: device.version().map(str::to_owned),
        command: device.command_text(&control.source),
        state: state(device, control),
    }
}

fn state(device: &Device, control: &Control) -> State {
    if let Some(contradiction) = device.contradiction() {
        return State::Error(contradiction.to_owned());
    }
    if let Some(range) = &control.versions {
        match device.version() {
            None => {
                let reason = format!(
                    "it applies to versions {}, and the upload does not show the version",
                    range.as_str()
                );
                return State::Error(reason);
            }
            Some(version) if !range.contains(version) => {
                return State::NotApplicable(format!(
                    "it applies to versions {}, not {version}",
                    range.as_str()
                ));
            }
            Some(_) => {}
        }
    }
    let parsed = match device.output(&control.source) {
        Found::Here(parsed) => parsed,
        Found::Missing(why) => return State::Missing(why),
        Found::Unreadable(why) => return State::Error(why),
    };
    if let Some(when) = &control.when {
        let observed =
            Observer::new(device).all(&when.probes, Block { tree: &parsed.tree, node: ROOT, captures: &[] });
        let judged = evaluate(&when.test, &when.probes, &observed, &default_values(control));
        match judged.outcome {
            Outcome::Pass => {}
            Outcome::Error => return State::Error(judged.reasons.join("; ")),
            // What decides that a control does not apply may be in the part that was cut off.
            _ if parsed.cut.is_some() => return State::Error(parsed.cut.clone().unwrap_or_default()),
            _ => return State::NotApplicable("the device does not use what it is about".to_owned()),
        }
    }
    match instances(device, control, &parsed.tree) {
        Ok(groups) => State::Collected { groups, incomplete: parsed.cut.clone() },
        Err(reason) => State::Error(reason),
    }
}

fn instances(device: &Device, control: &Control, tree: &Tree) -> Result<Vec<Group>, String> {
    let mut observer = Observer::new(device);
    let Some(scope) = &control.scope else {
        let observations = observer.all(&control.check.probes, Block { tree, node: ROOT, captures: &[] });
        let whole = Labelled { label: "os".to_owned(), captures: Vec::new(), line: 0, text: String::new() };
        return Ok(vec![Group { instances: vec![whole], count: 1, observations }]);
    };
    let mut filter = Observer::new(device);
    let params = default_values(control);
    let mut groups: Vec<Group> = Vec::new();
    let mut by_values: HashMap<Vec<Value>, usize> = HashMap::new();
    for found in find(tree, ROOT, &scope.each) {
        let captures = captures(scope, &found);
        let block = Block { tree, node: found.node, captures: &captures };
        if let Some(check) = &scope.filter {
            let observed = filter.all(&check.probes, block);
            let judged = evaluate(&check.test, &check.probes, &observed, &params);
            match judged.outcome {
                Outcome::Pass => {}
                Outcome::Error => return Err(judged.reasons.join("; ")),
                _ => continue,
            }
        }
        let observations = observer.all(&control.check.probes, block);
        let labelled = label(&observer, scope, tree, found.node, captures);
        add(&mut groups, &mut by_values, labelled, observations)?;
    }
    Ok(groups)
}

fn captures(scope: &Scope, found: &crate::select::Match<'_>) -> Vec<(String, String)> {
    let names = scope.each.get(found.pattern).map(crate::select::Pattern::names).unwrap_or_default();
    let value = |name: &String| found.value(&scope.each, name).map(|v| v.trim_matches('"').to_owned());
    names.iter().filter_map(|name| Some((name.clone(), value(name)?))).collect()
}

/// Names an instance, unless its name is a secret itself.
fn label(
    observer: &Observer<'_>,
    scope: &Scope,
    tree: &Tree,
    node: crate::tree::NodeId,
    mut captures: Vec<(String, String)>,
) -> Labelled {
    let line = tree.line(node);
    for (_, value) in &mut captures {
        if observer.hides(tree, node, value) {
            crate::mask::MASK.clone_into(value);
        }
    }
    let chosen =
        scope.label.as_ref().and_then(|l| captures.iter().find(|(n, _)| n == l)).or_else(|| captures.first());
    let label = match chosen {
        Some((_, value)) if value == crate::mask::MASK => format!("line {line}"),
        Some((_, value)) => value.clone(),
        None => observer.line_of(tree, node).map(|l| l.text.trim().to_owned()).unwrap_or_default(),
    };
    let text = observer.line_of(tree, node).map(|l| l.text).unwrap_or_default();
    Labelled { label: crate::mask::shorten(&label), captures, line, text }
}

fn add(
    groups: &mut Vec<Group>,
    by_values: &mut HashMap<Vec<Value>, usize>,
    labelled: Labelled,
    observations: Vec<Observation>,
) -> Result<(), String> {
    let values: Vec<Value> = observations.iter().map(|o| o.value.clone()).collect();
    let known = by_values.get(&values).and_then(|at| groups.get_mut(*at));
    if let Some(group) = known {
        group.count += 1;
        if group.instances.len() < NAMES {
            group.instances.push(labelled);
        }
        for (have, more) in group.observations.iter_mut().zip(observations) {
            if have.lines.len() < 50 {
                have.lines.extend(more.lines);
                have.lines.truncate(50);
            }
        }
        return Ok(());
    }
    if groups.len() >= GROUPS {
        return Err(format!("more than {GROUPS} different answers"));
    }
    by_values.insert(values, groups.len());
    groups.push(Group { instances: vec![labelled], count: 1, observations });
    Ok(())
}
