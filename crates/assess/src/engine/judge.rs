//! Judging data points by what a control and a policy expect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::point::{DataPoint, Group, Labelled, Line, Observation, State};
use super::remedy;
use crate::rule::{Ask, Control, Missing, Need, Op, Outcome, Policy, Probe, Relation, Test, Value};

/// Lines shown with a verdict (`contract/oca.md` 5.4).
const EVIDENCE: usize = 50;
/// Instances listed with a verdict.
const INSTANCES: usize = 200;

/// How a control came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The device meets the expectation.
    Passed,
    /// It does not.
    Failed,
    /// It cannot be told.
    Error,
    /// The control does not concern the device.
    NotApplicable,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A judged control, with everything that a reader needs to believe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Number of the control.
    pub control: u32,
    /// What should be true.
    pub title: String,
    /// How it came out.
    pub status: Status,
    /// The name of its criticality, from `minimal` to `urgent`.
    pub severity: String,
    /// Its criticality, from 1 to 5.
    pub criticality: u8,
    /// Its topic.
    pub category: String,
    /// The lines that decided it, masked; at most 50.
    pub evidence: Vec<Line>,
    /// What was found, one value a line.
    pub actual: Vec<String>,
    /// What was expected, in words.
    pub expected: String,
    /// Why, where the lines do not say it: what is missing, or what kept it from being told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The blocks that were checked one by one, failing ones first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub instances: Vec<Instance>,
    /// What to do, with the device's own names; only for what failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remediation: Option<String>,
    /// Framework and sections.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub references: BTreeMap<String, Vec<String>>,
}

/// One block and how it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its name.
    pub label: String,
    /// How it came out.
    pub status: Status,
}

/// Judges a data point.
#[must_use]
pub fn judge(control: &Control, point: &DataPoint, policy: &Policy) -> Verdict {
    let params = policy.values(control);
    let mut verdict = Verdict {
        control: control.cid,
        title: control.title.clone(),
        status: Status::Error,
        severity: control.severity().to_owned(),
        criticality: control.criticality,
        category: control.category.clone(),
        evidence: Vec::new(),
        actual: Vec::new(),
        expected: describe(&control.check.test, &control.check.probes, &params),
        reason: None,
        instances: Vec::new(),
        remediation: None,
        references: control.references.iter().cloned().collect(),
    };
    match &point.state {
        _ if point.format > DataPoint::FORMAT => {
            let (theirs, ours) = (point.format, DataPoint::FORMAT);
            verdict.reason =
                Some(format!("stored in form {theirs}, of which this version knows up to {ours}"));
        }
        _ if point.control != control.cid => {
            verdict.reason = Some(format!("the data point is that of control {}", point.control));
        }
        State::Collected { .. } if point.revision != control.revision => {
            let (old, new) = (point.revision, control.revision);
            verdict.reason =
                Some(format!("collected by revision {old} of the control, which is now {new}: assess again"));
        }
        State::Collected { groups, incomplete } => {
            collected(control, point, groups, &params, &mut verdict);
            cut_off(incomplete.as_deref(), &mut verdict);
        }
        State::NotApplicable(reason) => {
            verdict.status = Status::NotApplicable;
            verdict.reason = Some(reason.clone());
        }
        State::Missing(reason) => {
            verdict.status = status(match control.missing {
                Missing::Error => Outcome::Error,
                Missing::Pass => Outcome::Pass,
                Missing::Fail => Outcome::Fail,
                Missing::NotApplicable => Outcome::NotApplicable,
            });
            verdict.reason = Some(reason.clone());
        }
        State::Error(reason) => verdict.reason = Some(reason.clone()),
    }
    if verdict.status == Status::Error
        && let Some(instead) = policy.on_error(control.cid)
    {
        verdict.status = instead;
    }
    if verdict.status == Status::Failed {
        verdict.remediation = Some(remedy::fill(control, point, &params, &verdict));
    }
    verdict
}

/// Nothing passes on a text that is cut off: the missing part may say otherwise. A failure stands when lines show it.
fn cut_off(incomplete: Option<&str>, verdict: &mut Verdict) {
    let Some(reason) = incomplete else { return };
    let stands = verdict.status == Status::Failed && !verdict.evidence.is_empty();
    // A block that passes may go on in the part that is missing.
    let passed = verdict.instances.iter_mut().filter(|instance| instance.status == Status::Passed);
    passed.for_each(|instance| instance.status = Status::Error);
    if !stands {
        verdict.status = Status::Error;
        verdict.reason = Some(format!("the text seems to be cut off: {reason}"));
    }
}

fn collected(
    control: &Control,
    point: &DataPoint,
    groups: &[Group],
    params: &[Value],
    verdict: &mut Verdict,
) {
    let check = &control.check;
    let judged: Vec<(Judged, &Group)> =
        groups.iter().map(|g| (evaluate(&check.test, &check.probes, &g.observations, params), g)).collect();
    let outcome = match &control.scope {
        None => judged.first().map_or(Outcome::Error, |(j, _)| j.outcome),
        Some(scope) if judged.is_empty() => {
            let searched: Vec<&str> = scope.each.iter().map(crate::select::Pattern::as_str).collect();
            verdict.reason =
                Some(format!("no statement matches `{}` in {}", searched.join("` or `"), point.command));
            scope.none
        }
        Some(scope) => aggregate(&scope.need, &judged, params),
    };
    verdict.status = status(outcome);
    let decides = |j: &Judged| match (&control.scope, outcome) {
        (None, _) => true,
        (Some(scope), Outcome::Fail) if matches!(scope.need, Need::None) => j.outcome == Outcome::Pass,
        (Some(scope), Outcome::Pass) if matches!(scope.need, Need::None) => j.outcome == Outcome::Fail,
        (_, wanted) => j.outcome == wanted,
    };
    let mut reasons: Vec<String> = verdict.reason.take().into_iter().collect();
    for (judged, group) in &judged {
        if control.scope.is_some() {
            list_instances(&group.instances, status(judged.outcome), verdict);
        }
        if decides(judged) {
            for line in &judged.lines {
                push_line(&mut verdict.evidence, line);
            }
            if control.scope.is_some() && judged.lines.is_empty() {
                name_instances(&group.instances, verdict);
            }
            for (list, more) in [(&mut verdict.actual, &judged.actual), (&mut reasons, &judged.reasons)] {
                for text in more {
                    if !list.contains(text) && list.len() < EVIDENCE {
                        list.push(text.clone());
                    }
                }
            }
        }
    }
    verdict.instances.sort_by_key(|i| i.status != Status::Failed);
    verdict.instances.truncate(INSTANCES);
    verdict.evidence.sort();
    verdict.reason = (!reasons.is_empty()).then(|| reasons.join("; "));
}

fn aggregate(need: &Need, judged: &[(Judged, &Group)], params: &[Value]) -> Outcome {
    let count = |wanted: Outcome| -> u64 {
        judged.iter().filter(|(j, _)| j.outcome == wanted).map(|(_, g)| g.count).sum()
    };
    let (passed, failed, errors) = (count(Outcome::Pass), count(Outcome::Fail), count(Outcome::Error));
    match need {
        Need::All if failed > 0 => Outcome::Fail,
        Need::All | Need::Any | Need::None if passed + failed + errors == 0 => Outcome::NotApplicable,
        Need::All if errors > 0 => Outcome::Error,
        Need::All => Outcome::Pass,
        Need::Any if passed > 0 => Outcome::Pass,
        Need::None if passed > 0 => Outcome::Fail,
        _ if errors > 0 => Outcome::Error,
        Need::Any => Outcome::Fail,
        Need::None => Outcome::Pass,
        Need::Count(ops) => {
            let value = Value::Int(i64::try_from(passed).unwrap_or(i64::MAX));
            match ops.iter().map(|op| op.holds(&value, params)).collect::<Result<Vec<_>, _>>() {
                Ok(all) if all.iter().all(|held| *held) => Outcome::Pass,
                Ok(_) => Outcome::Fail,
                Err(_) => Outcome::Error,
            }
        }
    }
}

fn list_instances(instances: &[Labelled], status: Status, verdict: &mut Verdict) {
    // Failing instances come first in the end, so all kinds are collected before the list is cut.
    verdict
        .instances
        .extend(instances.iter().take(INSTANCES).map(|i| Instance { label: i.label.clone(), status }));
}

/// Where no line of a block decided, the line that begins it is shown.
fn name_instances(instances: &[Labelled], verdict: &mut Verdict) {
    for instance in instances {
        push_line(&mut verdict.evidence, &Line { line: instance.line, text: instance.text.clone() });
    }
}

fn push_line(evidence: &mut Vec<Line>, line: &Line) {
    if evidence.len() < EVIDENCE && !evidence.contains(line) {
        evidence.push(line.clone());
    }
}

fn status(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Pass => Status::Passed,
        Outcome::Fail => Status::Failed,
        Outcome::Error => Status::Error,
        Outcome::NotApplicable => Status::NotApplicable,
    }
}

/// What a test came to, and what decided it.
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    pub(super) lines: Vec<Line>,
    pub(super) actual: Vec<String>,
    pub(super) reasons: Vec<String>,
}

impl Judged {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, lines: Vec::new(), actual: Vec::new(), reasons: Vec::new() }
    }

    fn absorb(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.actual.extend(other.actual);
        self.reasons.extend(other.reasons);
    }
}

/// Evaluates a test on the answers to its questions.
pub(super) fn evaluate(test: &Test, probes: &[Probe], observed: &[Observation], params: &[Value]) -> Judged {
    let inner = |tests: &[Test]| -> Vec<Judged> {
        tests.iter().map(|t| evaluate(t, probes, observed, params)).collect()
    };
    match test {
        Test::All(tests) => join(inner(tests), Outcome::Fail, Outcome::Pass),
        Test::Any(tests) => join(inner(tests), Outcome::Pass, Outcome::Fail),
        Test::None(tests) => {
            let mut judged = join(inner(tests), Outcome::Pass, Outcome::Fail);
            judged.outcome = match judged.outcome {
                Outcome::Pass => Outcome::Fail,
                Outcome::Fail => Outcome::Pass,
                other => other,
            };
            judged
        }
        Test::Leaf { probe, ops, absent } => match probes.get(*probe).zip(observed.get(*probe)) {
            Some((asked, answer)) => leaf(asked, answer, ops, absent.0, params),
            None => Judged::of(Outcome::Error),
        },
    }
}

/// `decisive` settles the whole as soon as one part has it; `otherwise` is what remains when none has.
fn join(parts: Vec<Judged>, decisive: Outcome, otherwise: Outcome) -> Judged {
    let any = |wanted: Outcome| parts.iter().any(|p| p.outcome == wanted);
    let outcome = match () {
        () if any(decisive) => decisive,
        () if any(Outcome::Error) => Outcome::Error,
        () if !parts.is_empty() && parts.iter().all(|p| p.outcome == Outcome::NotApplicable) => {
            Outcome::NotApplicable
        }
        () => otherwise,
    };
    let mut whole = Judged::of(outcome);
    parts.into_iter().filter(|p| p.outcome == outcome).for_each(|p| whole.absorb(p));
    whole
}

fn leaf(probe: &Probe, answer: &Observation, ops: &[Op], absent: Outcome, params: &[Value]) -> Judged {
    let answers_missing = ops.iter().any(|op| op.relation.answers_missing());
    if answer.value == Value::Missing && !answers_missing {
        let mut judged = Judged::of(absent);
        judged.actual.push(format!("{}: not set", probe.name));
        if absent != Outcome::Pass {
            judged.reasons.push(format!("nothing matches `{}`", probe.name));
        }
        return judged;
    }
    let mut outcome = Outcome::Pass;
    let mut reasons = Vec::new();
    for op in ops {
        match op.holds(&answer.value, params) {
            Ok(true) => {}
            Ok(false) if outcome == Outcome::Pass => outcome = Outcome::Fail,
            Ok(false) => {}
            Err(reason) => {
                outcome = Outcome::Error;
                reasons.push(reason);
            }
        }
    }
    let counted = matches!(probe.ask, Ask::Count { .. });
    if counted && answer.lines.is_empty() && outcome == Outcome::Fail {
        reasons.push(format!("nothing matches `{}`", probe.name));
    }
    let shown = match (&answer.value, counted) {
        (Value::Int(0), true) => format!("{}: none", probe.name),
        (Value::Int(count), true) => format!("{}: {count} found", probe.name),
        (value, _) if answer.lines.is_empty() => format!("{}: {value} (default)", probe.name),
        (value, _) => format!("{}: {value}", probe.name),
    };
    Judged { outcome, lines: answer.lines.clone(), actual: vec![shown], reasons }
}

/// A test in words.
pub(super) fn describe(test: &Test, probes: &[Probe], params: &[Value]) -> String {
    let many = |tests: &[Test], word: &str| -> String {
        let parts: Vec<String> = tests
            .iter()
            .map(|t| match t {
                Test::Leaf { .. } => describe(t, probes, params),
                inner if tests.len() > 1 => format!("({})", describe(inner, probes, params)),
                inner => describe(inner, probes, params),
            })
            .collect();
        parts.join(word)
    };
    match test {
        Test::All(tests) => many(tests, " and "),
        Test::Any(tests) => many(tests, " or "),
        Test::None(tests) => format!("none of: {}", many(tests, ", ")),
        Test::Leaf { probe, ops, .. } => {
            probes.get(*probe).map_or_else(String::new, |p| describe_leaf(p, ops, params))
        }
    }
}

fn describe_leaf(probe: &Probe, ops: &[Op], params: &[Value]) -> String {
    let name = &probe.name;
    let wanted = ops.first().and_then(|op| op.args.first()).and_then(|arg| arg.value(params));
    match (&probe.ask, ops, wanted) {
        (Ask::Count { .. }, [Op { relation: Relation::Ge, .. }], Some(Value::Int(1))) => {
            format!("present: {name}")
        }
        (Ask::Count { .. }, [Op { relation: Relation::Eq, .. }], Some(Value::Int(0))) => {
            format!("absent: {name}")
        }
        (Ask::Ref { .. }, ..) => format!("defined: what `{name}` names"),
        (Ask::Order { .. }, ..) => "in the right order".to_owned(),
        _ => {
            let ops: Vec<String> = ops.iter().map(|op| op.describe(params)).collect();
            format!("{name} {}", ops.join(" and "))
        }
    }
}
