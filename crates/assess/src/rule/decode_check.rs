//! Questions and tests, read from YAML.

use super::RuleError;
use super::fields::{Fields, texts, value};
use super::model::{Absent, Ask, Check, Kind as Type, Need, Outcome, Param, Pick, Probe, Test};
use super::op::{Arg, Op, RELATIONS, Relation};
use super::value::{Value, strength};
use super::yaml::{Kind, Mark, Yaml};
use crate::family::Family;
use crate::select::Pattern;
use crate::version::Range;

/// Most comparisons and questions of one control.
const LIMIT: usize = 200;

pub(crate) const FORMS: &[&str] =
    &["exists", "absent", "count", "switch", "find", "value", "ref", "order", "all", "any", "none"];
pub(crate) const PROBE_KEYS: &[&str] = &[
    "type",
    "default",
    "defaults",
    "pick",
    "split",
    "capture",
    "from",
    "negated",
    "to",
    "non-empty",
    "is",
    "when-absent",
];

/// Reads the tests of one control.
pub(super) struct CheckReader<'a> {
    pub(super) family: Family,
    pub(super) params: &'a [Param],
    /// Names captured by the block's selector.
    pub(super) captures: Vec<String>,
    pub(super) errors: &'a mut Vec<RuleError>,
}

impl CheckReader<'_> {
    pub(super) fn check(&mut self, test: &Yaml, extract: Option<&Yaml>) -> Option<Check> {
        let mut probes = Vec::new();
        if let Some(yaml) = extract {
            self.extract(yaml, &mut probes);
        }
        let test = self.test(test, &mut probes)?;
        if probes.len() > LIMIT {
            self.errors.push(Mark::default().error(format!("a control has more than {LIMIT} questions")));
        }
        Some(Check { probes, test })
    }

    fn extract(&mut self, yaml: &Yaml, probes: &mut Vec<Probe>) {
        let Kind::Map(pairs) = &yaml.kind else {
            self.errors.push(yaml.at.error("\"extract\" must be a map of names and questions"));
            return;
        };
        for (name, question) in pairs {
            let Some(mut fields) = Fields::of(question, "a question", self.errors) else { continue };
            let keys = Keys::take(&mut fields);
            fields.finish(PROBE_KEYS);
            if let Some(mut probe) = self.probe(question.at, &keys, Type::Text) {
                name.text().unwrap_or_default().clone_into(&mut probe.name);
                probes.push(probe);
            }
        }
    }

    fn test(&mut self, yaml: &Yaml, probes: &mut Vec<Probe>) -> Option<Test> {
        match &yaml.kind {
            Kind::Scalar { .. } => self.leaf_exists(yaml, probes),
            Kind::List(items) => Some(Test::All(self.tests(items, probes))),
            Kind::Map(pairs) => match pairs.as_slice() {
                [(key, inner)] if matches!(key.text(), Some("all" | "any" | "none")) => {
                    let Kind::List(items) = &inner.kind else {
                        self.errors
                            .push(inner.at.error("\"all\", \"any\" and \"none\" want a list of tests"));
                        return None;
                    };
                    let tests = self.tests(items, probes);
                    Some(match key.text() {
                        Some("all") => Test::All(tests),
                        Some("any") => Test::Any(tests),
                        _ => Test::None(tests),
                    })
                }
                _ => self.leaf(yaml, probes),
            },
        }
    }

    fn tests(&mut self, items: &[Yaml], probes: &mut Vec<Probe>) -> Vec<Test> {
        items.iter().filter_map(|item| self.test(item, probes)).collect()
    }

    fn leaf_exists(&mut self, yaml: &Yaml, probes: &mut Vec<Probe>) -> Option<Test> {
        let patterns = self.patterns(yaml);
        let name = shown_name(patterns.first()?.as_str());
        probes.push(Probe { name, ask: Ask::Count { patterns }, from: None });
        Some(leaf(probes.len() - 1, vec![number_op(Relation::Ge, 1)]))
    }

    fn leaf(&mut self, yaml: &Yaml, probes: &mut Vec<Probe>) -> Option<Test> {
        let mut fields = Fields::of(yaml, "a test", self.errors)?;
        let keys = Keys::take(&mut fields);
        let mut relations = Vec::new();
        while let Some((key, wanted)) = fields.take_any(|k| RELATIONS.iter().any(|(name, ..)| *name == k)) {
            let relation = RELATIONS.iter().find(|(name, ..)| Some(*name) == key.text());
            relations.extend(relation.map(|(_, relation, _)| (*relation, wanted)));
        }
        let known: Vec<&str> =
            FORMS.iter().chain(PROBE_KEYS).copied().chain(RELATIONS.iter().map(|(name, ..)| *name)).collect();
        fields.finish(&known);
        let mut ops: Vec<Op> =
            relations.iter().filter_map(|(relation, wanted)| self.op(*relation, wanted)).collect();
        let natural = natural_type(&relations.iter().map(|(r, _)| *r).collect::<Vec<_>>());
        let probe = match keys.value {
            Some(name) => self.named(name, natural, probes)?,
            None => {
                let probe = self.probe(yaml.at, &keys, natural)?;
                let captures = |p: &Pattern| !p.names().is_empty();
                if let Ask::Find { patterns, .. } = &probe.ask
                    && natural != Type::Text
                    && !patterns.iter().any(captures)
                {
                    let message =
                        "the selector captures no value to compare; write <v> where the value stands";
                    self.errors.push(yaml.at.error(message));
                }
                ops.extend(self.implied(&keys, ops.is_empty(), yaml.at)?);
                probes.push(probe);
                probes.len() - 1
            }
        };
        if ops.is_empty() {
            self.errors
                .push(yaml.at.error("the test compares nothing; add for example eq, le, in or subset-of"));
        }
        let absent = keys.when_absent.map_or(Some(Outcome::Fail), |y| self.outcome(y))?;
        Some(Test::Leaf { probe, ops, absent: Absent(absent) })
    }

    /// The comparison that the form itself makes.
    fn implied(&mut self, keys: &Keys<'_>, none_given: bool, at: Mark) -> Option<Option<Op>> {
        let constant = |relation, value| Some(Op { relation, args: vec![Arg::Const(value)] });
        Some(match () {
            () if keys.exists.is_some() => Some(number_op(Relation::Ge, 1)),
            () if keys.absent.is_some() => Some(number_op(Relation::Eq, 0)),
            () if keys.reference.is_some() || keys.order.is_some() => {
                constant(Relation::Eq, Value::Bool(true))
            }
            () if keys.switch.is_some() => match keys.is.map(|y| (y, switch_word(y))) {
                None => constant(Relation::Eq, Value::Bool(true)),
                Some((_, Some(on))) => constant(Relation::Eq, Value::Bool(on)),
                Some((yaml, None)) => {
                    self.errors.push(yaml.at.error("\"is\" must be on or off"));
                    return None;
                }
            },
            () if keys.count.is_some() && none_given => {
                self.errors.push(at.error("\"count\" wants a comparison such as ge: 2"));
                return None;
            }
            () => None,
        })
    }

    fn named(&mut self, yaml: &Yaml, kind: Type, probes: &mut Vec<Probe>) -> Option<usize> {
        let name = yaml.text().unwrap_or_default();
        if let Some(at) = probes.iter().position(|p| p.name == name) {
            return Some(at);
        }
        let ask = match name {
            "version" => Ask::Version,
            _ if self.captures.iter().any(|c| c == name) => Ask::Captured { name: name.to_owned(), kind },
            _ => {
                let known: Vec<&str> = probes
                    .iter()
                    .map(|p| p.name.as_str())
                    .chain(self.captures.iter().map(String::as_str))
                    .collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                self.errors.push(
                    yaml.at.error(format!("value {name:?} is not extracted; extracted: {known}, version")),
                );
                return None;
            }
        };
        probes.push(Probe { name: name.to_owned(), ask, from: None });
        Some(probes.len() - 1)
    }

    fn probe(&mut self, at: Mark, keys: &Keys<'_>, natural: Type) -> Option<Probe> {
        let from = keys.from.and_then(|y| self.from(y));
        let kind = keys.kind.map_or(Some(natural), |y| self.kind(y))?;
        let (form, name, ask) = match () {
            () if keys.find.is_some() => ("find", keys.find, self.ask_find(keys, kind)?),
            () if keys.switch.is_some() => ("switch", keys.switch, self.ask_switch(keys)?),
            () if keys.exists.is_some() || keys.absent.is_some() || keys.count.is_some() => {
                let selector = keys.exists.or(keys.absent).or(keys.count);
                ("count", selector, Ask::Count { patterns: self.patterns(selector?) })
            }
            () if keys.reference.is_some() => {
                let patterns = self.patterns(keys.reference?);
                let Some(to) = keys.to else {
                    self.errors.push(at.error("\"ref\" wants \"to\": where the name must be defined"));
                    return None;
                };
                let to = self.patterns(to);
                let capture = patterns.iter().flat_map(|p| p.names()).next().cloned().unwrap_or_default();
                if capture.is_empty() || to.iter().any(|p| !p.names().contains(&capture)) {
                    let message = format!("\"to\" must capture <{capture}> as \"ref\" does");
                    self.errors.push(at.error(message));
                }
                let non_empty = keys.non_empty.is_some_and(|y| y.text() == Some("true"));
                ("ref", keys.reference, Ask::Ref { patterns, to, non_empty, capture })
            }
            () if keys.order.is_some() => ("order", None, self.ask_order(keys.order?)?),
            () => {
                self.errors.push(at.error(format!("expected one of {}", FORMS.join(", "))));
                return None;
            }
        };
        let shown = name.and_then(texts).and_then(|t| t.first().map(|(t, _)| shown_name(t)));
        Some(Probe { name: shown.unwrap_or_else(|| form.to_owned()), ask, from })
    }

    fn ask_find(&mut self, keys: &Keys<'_>, kind: Type) -> Option<Ask> {
        let patterns = self.patterns(keys.find?);
        let capture = keys.capture.and_then(|y| y.text().map(str::to_owned));
        if let (Some(name), Some(yaml)) = (&capture, keys.capture)
            && !patterns.iter().any(|p| p.names().contains(name))
        {
            self.errors.push(yaml.at.error(format!("{name:?} is no capture of \"find\"")));
        }
        let pick = match keys.pick.map(|y| (y, y.text())) {
            None if self.family == Family::Junos || self.family == Family::Panos => Pick::First,
            None | Some((_, Some("last"))) => Pick::Last,
            Some((_, Some("first"))) => Pick::First,
            Some((_, Some("min"))) => Pick::Min,
            Some((_, Some("max"))) => Pick::Max,
            Some((yaml, _)) => {
                self.errors.push(yaml.at.error("\"pick\" must be first, last, min or max"));
                return None;
            }
        };
        let split = keys.split.and_then(|y| y.text()).and_then(|t| t.chars().next());
        Some(Ask::Find { patterns, kind, pick, split, capture, defaults: self.defaults(keys) })
    }

    fn ask_switch(&mut self, keys: &Keys<'_>) -> Option<Ask> {
        let on = self.patterns(keys.switch?);
        let off = match (keys.negated, self.family.spec().negation) {
            (Some(yaml), _) => self.patterns(yaml),
            (None, Some(word)) => on.iter().filter_map(|p| negated(p, word)).collect(),
            (None, None) => Vec::new(),
        };
        let mut defaults = self.defaults(keys);
        for (_, value) in &mut defaults {
            if let Value::Text(text) = value
                && let Some(on) = super::op::switch(text)
            {
                *value = Value::Bool(on);
            }
        }
        if defaults.is_empty() {
            defaults.push((None, Value::Bool(false)));
        }
        Some(Ask::Switch { on, off, defaults })
    }

    fn ask_order(&mut self, yaml: &Yaml) -> Option<Ask> {
        let Kind::List(items) = &yaml.kind else {
            self.errors.push(yaml.at.error("\"order\" wants two selectors: [first, then]"));
            return None;
        };
        let [first, then] = items.as_slice() else {
            self.errors.push(yaml.at.error("\"order\" wants two selectors: [first, then]"));
            return None;
        };
        Some(Ask::Order { first: self.patterns(first), then: self.patterns(then) })
    }

    fn defaults(&mut self, keys: &Keys<'_>) -> Vec<(Option<Range>, Value)> {
        if let Some(value) = keys.default.and_then(value) {
            return vec![(None, value)];
        }
        let Some(Kind::List(items)) = keys.defaults.map(|y| &y.kind) else { return Vec::new() };
        items.iter().filter_map(|item| self.default_for_versions(item)).collect()
    }

    fn default_for_versions(&mut self, yaml: &Yaml) -> Option<(Option<Range>, Value)> {
        let mut fields = Fields::of(yaml, "a default", self.errors)?;
        let (versions, wanted) = (fields.take("versions"), fields.require("value"));
        fields.finish(&["versions", "value"]);
        let range = match versions.map(|y| (y, Range::parse(y.text().unwrap_or_default()))) {
            None => None,
            Some((_, Ok(range))) => Some(range),
            Some((at, Err(message))) => {
                self.errors.push(at.at.error(message));
                None
            }
        };
        Some((range, value(wanted?)?))
    }

    fn from(&mut self, yaml: &Yaml) -> Option<String> {
        let id = yaml.text().unwrap_or_default();
        if !super::decode::known_source(self.family, id) {
            self.errors.push(yaml.at.error(super::decode::unknown_source(self.family, id)));
        }
        Some(id.to_owned())
    }

    fn kind(&mut self, yaml: &Yaml) -> Option<Type> {
        let kind = TYPES.iter().find(|(name, _)| Some(*name) == yaml.text()).map(|(_, kind)| *kind);
        if kind.is_none() {
            let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
            self.errors.push(yaml.at.error(format!("\"type\" must be one of {}", names.join(", "))));
        }
        kind
    }

    pub(super) fn outcome(&mut self, yaml: &Yaml) -> Option<Outcome> {
        let outcome = match yaml.text() {
            Some("pass") => Outcome::Pass,
            Some("fail") => Outcome::Fail,
            Some("error") => Outcome::Error,
            Some("not-applicable") => Outcome::NotApplicable,
            _ => {
                self.errors.push(yaml.at.error("expected pass, fail, error or not-applicable"));
                return None;
            }
        };
        Some(outcome)
    }

    pub(super) fn need(&mut self, yaml: &Yaml) -> Option<Need> {
        match (&yaml.kind, yaml.text()) {
            (_, Some("all")) => Some(Need::All),
            (_, Some("any")) => Some(Need::Any),
            (_, Some("none")) => Some(Need::None),
            (Kind::Map(pairs), _) => {
                let ops = pairs.iter().filter_map(|(key, wanted)| {
                    let relation = RELATIONS.iter().find(|(name, r, _)| {
                        Some(*name) == key.text() && (r.is_numeric() || *r == Relation::Eq)
                    });
                    self.op(relation?.1, wanted)
                });
                Some(Need::Count(ops.collect()))
            }
            _ => {
                self.errors.push(
                    yaml.at.error("\"need\" must be all, any, none, or a comparison such as { ge: 2 }"),
                );
                None
            }
        }
    }

    /// One selector or a list of them.
    pub(super) fn patterns(&mut self, yaml: &Yaml) -> Vec<Pattern> {
        let Some(list) = texts(yaml) else {
            self.errors.push(yaml.at.error("a selector is a text or a list of texts"));
            return Vec::new();
        };
        let mut patterns = Vec::new();
        for (text, at) in list {
            match Pattern::parse(text) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => self.errors.push(at.error(format!("selector {text:?}: {error}"))),
            }
        }
        patterns
    }

    fn op(&mut self, relation: Relation, yaml: &Yaml) -> Option<Op> {
        if matches!(relation, Relation::Matches | Relation::NotMatches) {
            return match crate::select::regex(yaml.text().unwrap_or_default()) {
                Ok(regex) => Some(Op { relation, args: vec![Arg::Pattern(regex)] }),
                Err(message) => {
                    self.errors
                        .push(yaml.at.error(format!("the regular expression is not accepted: {message}")));
                    None
                }
            };
        }
        let args = match (&yaml.kind, relation) {
            (Kind::List(pair), Relation::Between) if pair.len() == 2 => {
                pair.iter().map(|y| self.arg(y)).collect::<Option<Vec<_>>>()?
            }
            (_, Relation::Between) => {
                self.errors.push(yaml.at.error("\"between\" wants two numbers: [1, 10]"));
                return None;
            }
            _ => vec![self.arg(yaml)?],
        };
        for arg in &args {
            let value =
                arg.value(&self.params.iter().map(|p| p.default.clone()).collect::<Vec<_>>()).cloned();
            self.suits(relation, value, yaml.at);
        }
        Some(Op { relation, args })
    }

    /// Reports an expectation that no value could be compared with.
    fn suits(&mut self, relation: Relation, value: Option<Value>, at: Mark) {
        let Some(value) = value else { return };
        if relation.is_numeric() && super::op::number(&value).is_err() {
            self.errors.push(at.error(format!("{value} is no number")));
        }
        if let (Relation::StrengthAtLeast, Value::Text(name)) = (relation, &value)
            && strength(name).is_none()
        {
            self.errors
                .push(at.error(format!("{name:?} is no known kind of hash, such as sha512 or type-8")));
        }
    }

    fn arg(&mut self, yaml: &Yaml) -> Option<Arg> {
        if let Some(name) = yaml.text().and_then(|t| t.strip_prefix('$')) {
            let at = self.params.iter().position(|p| p.name == name);
            if at.is_none() {
                let known: Vec<&str> = self.params.iter().map(|p| p.name.as_str()).collect();
                self.errors.push(
                    yaml.at
                        .error(format!("parameter ${name} is not declared; declared: {}", known.join(", "))),
                );
            }
            return at.map(Arg::Param);
        }
        let found = value(yaml);
        if found.is_none() {
            self.errors.push(yaml.at.error("expected a value or a list of values"));
        }
        found.map(Arg::Const)
    }
}

/// The keys of a question or test, taken out of their map.
#[derive(Default)]
struct Keys<'y> {
    exists: Option<&'y Yaml>,
    absent: Option<&'y Yaml>,
    count: Option<&'y Yaml>,
    switch: Option<&'y Yaml>,
    find: Option<&'y Yaml>,
    value: Option<&'y Yaml>,
    reference: Option<&'y Yaml>,
    order: Option<&'y Yaml>,
    kind: Option<&'y Yaml>,
    default: Option<&'y Yaml>,
    defaults: Option<&'y Yaml>,
    pick: Option<&'y Yaml>,
    split: Option<&'y Yaml>,
    capture: Option<&'y Yaml>,
    from: Option<&'y Yaml>,
    negated: Option<&'y Yaml>,
    to: Option<&'y Yaml>,
    non_empty: Option<&'y Yaml>,
    is: Option<&'y Yaml>,
    when_absent: Option<&'y Yaml>,
}

impl<'y> Keys<'y> {
    fn take(fields: &mut Fields<'y, '_>) -> Self {
        Self {
            exists: fields.take("exists"),
            absent: fields.take("absent"),
            count: fields.take("count"),
            switch: fields.take("switch"),
            find: fields.take("find"),
            value: fields.take("value"),
            reference: fields.take("ref"),
            order: fields.take("order"),
            kind: fields.take("type"),
            default: fields.take("default"),
            defaults: fields.take("defaults"),
            pick: fields.take("pick"),
            split: fields.take("split"),
            capture: fields.take("capture"),
            from: fields.take("from"),
            negated: fields.take("negated"),
            to: fields.take("to"),
            non_empty: fields.take("non-empty"),
            is: fields.take("is"),
            when_absent: fields.take("when-absent"),
        }
    }
}

pub(crate) const TYPES: &[(&str, Type)] = &[
    ("string", Type::Text),
    ("int", Type::Int),
    ("duration", Type::Duration),
    ("bool", Type::Bool),
    ("list", Type::List),
    ("ip", Type::Ip),
    ("cidr", Type::Cidr),
    ("version", Type::Version),
    ("hash", Type::Hash),
    ("secret", Type::Secret),
];

/// The type that a comparison asks for when none is written.
fn natural_type(relations: &[Relation]) -> Type {
    let any = |wanted: &[Relation]| relations.iter().any(|r| wanted.contains(r));
    match () {
        () if any(&[Relation::WellKnown, Relation::MinLength]) => Type::Secret,
        () if relations.iter().any(|r| r.is_numeric()) => Type::Int,
        () if any(&[
            Relation::SubsetOf,
            Relation::SupersetOf,
            Relation::DisjointFrom,
            Relation::ListEqual,
        ]) =>
        {
            Type::List
        }
        () if any(&[Relation::CidrWithin]) => Type::Cidr,
        () if any(&[Relation::VersionGe]) => Type::Version,
        () => Type::Text,
    }
}

fn leaf(probe: usize, ops: Vec<Op>) -> Test {
    Test::Leaf { probe, ops, absent: Absent(Outcome::Fail) }
}

fn number_op(relation: Relation, number: i64) -> Op {
    Op { relation, args: vec![Arg::Const(Value::Int(number))] }
}

fn switch_word(yaml: &Yaml) -> Option<bool> {
    yaml.text().and_then(super::op::switch)
}

/// The form that takes a statement back: `no` before the last step.
fn negated(pattern: &Pattern, word: &str) -> Option<Pattern> {
    let source = pattern.as_str();
    let text = match source.rsplit_once(" / ") {
        Some((above, last)) => format!("{above} / {word} {last}"),
        None => match source.strip_prefix("/ ") {
            Some(rest) => format!("/ {word} {rest}"),
            None => format!("{word} {source}"),
        },
    };
    Pattern::parse(&text).ok()
}

/// A selector as people read it: without the signs that only the search needs.
fn shown_name(selector: &str) -> String {
    let text = selector.trim_start_matches(". ").trim_start_matches("/ ").trim_end_matches('$');
    if text.starts_with('^') {
        return format!("a line like {}", selector.trim_start_matches(". ").trim_start_matches("/ "));
    }
    let words: Vec<&str> =
        text.split_whitespace().filter(|w| !matches!(*w, "<v>" | "<v...>" | "...")).collect();
    words.join(" ")
}

/// The `{name}` placeholders of a text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|after| {
        let (name, _) = after.split_once('}')?;
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
        plain.then_some(name)
    })
}
