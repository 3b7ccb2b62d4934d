//! Reading the keys of a map: each is asked for once, and what nobody asked for is a mistake.

use super::RuleError;
use super::value::Value;
use super::yaml::{Kind, Mark, Yaml};

/// A map whose keys are being taken out. Mistakes are collected, so that one run shows them all.
pub(super) struct Fields<'y, 'e> {
    pub(super) at: Mark,
    what: &'static str,
    pairs: Vec<Option<&'y (Yaml, Yaml)>>,
    pub(super) errors: &'e mut Vec<RuleError>,
}

impl<'y, 'e> Fields<'y, 'e> {
    pub(super) fn of(yaml: &'y Yaml, what: &'static str, errors: &'e mut Vec<RuleError>) -> Option<Self> {
        let Kind::Map(pairs) = &yaml.kind else {
            errors
                .push(yaml.at.error(format!("{what} must be a map of keys and values, not {}", yaml.what())));
            return None;
        };
        Some(Self { at: yaml.at, what, pairs: pairs.iter().map(Some).collect(), errors })
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.pairs.iter().flatten().any(|(k, _)| k.text() == Some(key))
    }

    /// Where the value of a key stands; the map itself where there is none.
    pub(super) fn at_of(&self, key: &str) -> Mark {
        let found = self.pairs.iter().flatten().find(|(k, _)| k.text() == Some(key));
        found.map_or(self.at, |(_, value)| value.at)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<&'y Yaml> {
        let slot = self.pairs.iter_mut().find(|p| p.is_some_and(|(k, _)| k.text() == Some(key)))?;
        slot.take().map(|(_, value)| value)
    }

    /// The next key that was not asked for by name.
    pub(super) fn take_any(&mut self, known: impl Fn(&str) -> bool) -> Option<(&'y Yaml, &'y Yaml)> {
        let slot = self.pairs.iter_mut().find(|p| p.is_some_and(|(k, _)| k.text().is_some_and(&known)))?;
        slot.take().map(|(key, value)| (key, value))
    }

    pub(super) fn require(&mut self, key: &'static str) -> Option<&'y Yaml> {
        let found = self.take(key);
        if found.is_none() {
            self.errors.push(self.at.error(format!("{} has no {key:?}", self.what)));
        }
        found
    }

    pub(super) fn error(&mut self, at: Mark, message: impl Into<String>) {
        self.errors.push(at.error(message));
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let yaml = self.take(key)?;
        self.as_text(yaml, key)
    }

    pub(super) fn required_text(&mut self, key: &'static str) -> String {
        let Some(yaml) = self.require(key) else { return String::new() };
        let text = self.as_text(yaml, key).unwrap_or_default();
        if text.trim().is_empty() && yaml.text().is_some() {
            self.error(yaml.at, format!("{key:?} is empty"));
        }
        text.trim().to_owned()
    }

    fn as_text(&mut self, yaml: &Yaml, key: &str) -> Option<String> {
        if yaml.text().is_none() {
            self.error(yaml.at, format!("{key:?} must be a text, not {}", yaml.what()));
        }
        yaml.text().map(str::to_owned)
    }

    pub(super) fn number(&mut self, key: &'static str) -> Option<i64> {
        let yaml = self.take(key)?;
        let number = yaml.text().and_then(|t| t.parse().ok());
        if number.is_none() {
            self.error(yaml.at, format!("{key:?} must be a whole number"));
        }
        number
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let yaml = self.take(key)?;
        match yaml.text() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.error(yaml.at, format!("{key:?} must be true or false"));
                None
            }
        }
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self, known: &[&str]) {
        for (key, _) in self.pairs.into_iter().flatten() {
            let name = key.text().unwrap_or_default();
            self.errors.push(key.at.error(format!(
                "{} has no key {name:?}; known keys: {}",
                self.what,
                known.join(", ")
            )));
        }
    }
}

/// A scalar or list as a value: plain `10` is a number, plain `true` a switch, everything else a text.
pub(super) fn value(yaml: &Yaml) -> Option<Value> {
    match &yaml.kind {
        Kind::Scalar { text, plain: true } => Some(match (text.as_str(), text.parse()) {
            ("true", _) => Value::Bool(true),
            ("false", _) => Value::Bool(false),
            ("null" | "~", _) => Value::Missing,
            (_, Ok(number)) => Value::Int(number),
            (text, Err(_)) => Value::Text(text.to_owned()),
        }),
        Kind::Scalar { text, .. } => Some(Value::Text(text.clone())),
        Kind::List(items) => {
            items.iter().map(|i| i.text().map(str::to_owned)).collect::<Option<_>>().map(Value::List)
        }
        Kind::Map(_) => None,
    }
}

/// One text or a list of texts.
pub(super) fn texts(yaml: &Yaml) -> Option<Vec<(&str, Mark)>> {
    match &yaml.kind {
        Kind::Scalar { text, .. } => Some(vec![(text, yaml.at)]),
        Kind::List(items) => items.iter().map(|i| Some((i.text()?, i.at))).collect(),
        Kind::Map(_) => None,
    }
}
