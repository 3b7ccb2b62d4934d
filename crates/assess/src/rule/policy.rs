//! Policies: which controls count, and what they expect on this site.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Fields, texts, value};
use super::model::{Control, Param};
use super::value::Value;
use super::yaml::{self, Kind, Yaml};
use super::{RuleError, op};
use crate::engine::Status;

pub(crate) const POLICY_KEYS: &[&str] =
    &["policy", "controls", "exclude", "categories", "minimum-criticality", "set", "on-error"];

/// What a site expects. The default takes every control as it is written.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// What it is called.
    pub title: String,
    /// The controls it has; all when none is named.
    controls: BTreeSet<u32>,
    exclude: BTreeSet<u32>,
    categories: BTreeSet<String>,
    minimum: u8,
    values: BTreeMap<(u32, String), Value>,
    on_error: BTreeMap<u32, Status>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// Every mistake in it, with line and column.
    pub fn read(text: &str) -> Result<Self, Vec<RuleError>> {
        let yaml = yaml::read(text).map_err(|e| vec![e])?;
        let mut errors = Vec::new();
        let policy = Self::decode(&yaml, &mut errors);
        match policy {
            Some(policy) if errors.is_empty() => Ok(policy),
            _ => Err(errors),
        }
    }

    fn decode(yaml: &Yaml, errors: &mut Vec<RuleError>) -> Option<Self> {
        let mut fields = Fields::of(yaml, "a policy", errors)?;
        let mut policy = Self { title: fields.required_text("policy"), ..Self::default() };
        policy.controls = cids(&mut fields, "controls");
        policy.exclude = cids(&mut fields, "exclude");
        if let Some(list) = fields.take("categories").and_then(texts) {
            policy.categories = list.into_iter().map(|(t, _)| t.to_lowercase()).collect();
        }
        policy.minimum =
            fields.number("minimum-criticality").and_then(|n| u8::try_from(n).ok()).unwrap_or_default();
        let (set, on_error) = (fields.take("set"), fields.take("on-error"));
        fields.finish(POLICY_KEYS);
        for (cid, inner) in set.iter().flat_map(|y| entries(y, errors)).collect::<Vec<_>>() {
            for (name, wanted) in entries_by_name(inner) {
                match value(wanted) {
                    Some(value) => {
                        policy.values.insert((cid, name.to_owned()), value);
                    }
                    None => errors.push(wanted.at.error("expected a value or a list of values")),
                }
            }
        }
        for (cid, wanted) in on_error.iter().flat_map(|y| entries(y, errors)).collect::<Vec<_>>() {
            match wanted.text() {
                Some("pass") => drop(policy.on_error.insert(cid, Status::Passed)),
                Some("fail") => drop(policy.on_error.insert(cid, Status::Failed)),
                _ => errors.push(wanted.at.error("\"on-error\" must be pass or fail")),
            }
        }
        Some(policy)
    }

    /// Sets one parameter of a control.
    pub fn set(&mut self, cid: u32, name: &str, value: Value) {
        self.values.insert((cid, name.to_owned()), value);
    }

    /// Reads `CID.name=value`, as given on a command line, and sets it. Commas part the items of a list.
    ///
    /// # Errors
    /// A message when the text has another form.
    pub fn set_text(&mut self, text: &str) -> Result<(), String> {
        let form = || format!("{text:?} must have the form CID.name=value");
        let (target, wanted) = text.split_once('=').ok_or_else(form)?;
        let (cid, name) = target.split_once('.').ok_or_else(form)?;
        let cid = cid.trim().parse().map_err(|_| form())?;
        let value = match (wanted.parse(), wanted) {
            (Ok(number), _) => Value::Int(number),
            (_, "true") => Value::Bool(true),
            (_, "false") => Value::Bool(false),
            (_, list) if list.contains(',') => {
                Value::List(list.split(',').map(|p| p.trim().to_owned()).collect())
            }
            (_, other) => Value::Text(other.to_owned()),
        };
        self.set(cid, name.trim(), value);
        Ok(())
    }

    /// Names the only controls that count.
    pub fn only(&mut self, cids: impl IntoIterator<Item = u32>) {
        self.controls.extend(cids);
    }

    /// Leaves out controls below a criticality from 1 to 5.
    pub fn at_least(&mut self, criticality: u8) {
        self.minimum = criticality;
    }

    /// Whether a control belongs to the policy. A deprecated one does only when it is named.
    #[must_use]
    pub fn includes(&self, control: &Control) -> bool {
        let named = self.controls.contains(&control.cid);
        (named || (self.controls.is_empty() && !control.deprecated))
            && !self.exclude.contains(&control.cid)
            && (self.categories.is_empty() || self.categories.contains(&control.category.to_lowercase()))
            && control.criticality >= self.minimum
    }

    /// The values of a control's parameters under this policy.
    #[must_use]
    pub fn values(&self, control: &Control) -> Vec<Value> {
        let own = |p: &Param| self.values.get(&(control.cid, p.name.clone()));
        control.params.iter().map(|p| own(p).unwrap_or(&p.default).clone()).collect()
    }

    pub(crate) fn on_error(&self, cid: u32) -> Option<Status> {
        self.on_error.get(&cid).copied()
    }

    /// Checks the policy against the controls it speaks of.
    ///
    /// # Errors
    /// A message for each control, parameter or value that does not exist or is out of bounds.
    pub fn check(&self, controls: &[&Control]) -> Result<(), Vec<String>> {
        let find = |cid: u32| controls.iter().find(|c| c.cid == cid);
        let named = self.controls.iter().chain(&self.exclude).chain(self.on_error.keys());
        let mut problems: Vec<String> = named
            .filter(|cid| find(**cid).is_none())
            .map(|cid| format!("control {cid} is not known"))
            .collect();
        for ((cid, name), value) in &self.values {
            let Some(control) = find(*cid) else {
                problems.push(format!("control {cid} is not known"));
                continue;
            };
            match control.params.iter().find(|p| p.name == *name) {
                Some(param) => {
                    problems.extend(check_value(param, value).err().map(|m| format!("control {cid}: {m}")))
                }
                None => {
                    let known: Vec<&str> = control.params.iter().map(|p| p.name.as_str()).collect();
                    problems.push(format!(
                        "control {cid} has no parameter {name:?}; it has: {}",
                        known.join(", ")
                    ));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// Whether a value suits a parameter: its kind and its bounds.
pub(super) fn check_value(param: &Param, value: &Value) -> Result<(), String> {
    let same_kind = matches!(
        (&param.default, value),
        (Value::Int(_), Value::Int(_))
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Text(_), Value::Text(_) | Value::Int(_))
            | (Value::List(_), Value::List(_) | Value::Text(_) | Value::Int(_))
    );
    if !same_kind {
        return Err(format!("{value} is no value like {} for {:?}", param.default, param.name));
    }
    let Ok(number) = op::number(value) else { return Ok(()) };
    let outside = param.min.is_some_and(|min| number < min) || param.max.is_some_and(|max| number > max);
    if outside {
        let bound = |b: Option<i64>| b.map_or_else(|| "any".to_owned(), |n| n.to_string());
        let (min, max) = (bound(param.min), bound(param.max));
        return Err(format!("{number} for {:?} is not between {min} and {max}", param.name));
    }
    Ok(())
}

fn cids(fields: &mut Fields<'_, '_>, key: &'static str) -> BTreeSet<u32> {
    let Some(yaml) = fields.take(key) else { return BTreeSet::new() };
    let list = texts(yaml).unwrap_or_default();
    let mut found = BTreeSet::new();
    for (text, at) in list {
        match text.parse() {
            Ok(cid) => drop(found.insert(cid)),
            Err(_) => fields.error(at, format!("{text:?} is no control number")),
        }
    }
    found
}

fn entries<'y>(yaml: &'y Yaml, errors: &mut Vec<RuleError>) -> Vec<(u32, &'y Yaml)> {
    let Kind::Map(pairs) = &yaml.kind else {
        errors.push(yaml.at.error("expected a map of control numbers"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in pairs {
        match key.text().and_then(|t| t.parse().ok()) {
            Some(cid) => found.push((cid, value)),
            None => errors.push(key.at.error("expected a control number")),
        }
    }
    found
}

fn entries_by_name(yaml: &Yaml) -> Vec<(&str, &Yaml)> {
    match &yaml.kind {
        Kind::Map(pairs) => pairs.iter().filter_map(|(k, v)| Some((k.text()?, v))).collect(),
        _ => Vec::new(),
    }
}
