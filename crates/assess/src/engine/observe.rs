//! Putting one question to one block of a device.

use std::collections::HashMap;
use std::collections::HashSet;

use super::point::{Line, Observation};
use crate::device::{Device, Found};
use crate::family::Family;
use crate::rule::{Ask, Kind, Pick, Probe, Value, hash_kind, seconds, secret, switch_word};
use crate::select::{Match, Pattern, find};
use crate::tree::{NodeId, ROOT, Tree};
use crate::version::Range;

/// Lines kept per answer (`contract/oca.md` 5.4).
const LINES: usize = 50;
/// Items kept of a list.
const ITEMS: usize = 1000;

/// One device being asked by one control.
pub(super) struct Observer<'d> {
    pub(super) device: &'d Device,
    /// Answers that are the same for every block.
    pub(super) shared: HashMap<usize, Observation>,
    /// Names defined by the targets of references.
    pub(super) defined: HashMap<usize, HashSet<String>>,
}

/// The block being asked about.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) tree: &'a Tree,
    pub(super) node: NodeId,
    /// What the block's selector captured.
    pub(super) captures: &'a [(String, String)],
}

impl<'d> Observer<'d> {
    pub(super) fn new(device: &'d Device) -> Self {
        Self { device, shared: HashMap::new(), defined: HashMap::new() }
    }

    /// The answers to all questions, in order.
    pub(super) fn all(&mut self, probes: &[Probe], block: Block<'_>) -> Vec<Observation> {
        probes.iter().enumerate().map(|(at, probe)| self.one(at, probe, block)).collect()
    }

    fn one(&mut self, at: usize, probe: &Probe, block: Block<'_>) -> Observation {
        if !is_shared(probe) {
            return self.ask(at, probe, block);
        }
        if let Some(known) = self.shared.get(&at) {
            return known.clone();
        }
        let answer = match probe.from.as_deref().map(|id| (id, self.device.output(id))) {
            None => self.ask(at, probe, Block { node: ROOT, ..block }),
            Some((_, Found::Here(parsed))) => {
                self.ask(at, probe, Block { tree: &parsed.tree, node: ROOT, captures: block.captures })
            }
            Some((id, Found::Missing(why) | Found::Unreadable(why))) => {
                nothing(Value::Unknown(format!("{id}: {why}")))
            }
        };
        self.shared.insert(at, answer.clone());
        answer
    }

    fn ask(&mut self, at: usize, probe: &Probe, block: Block<'_>) -> Observation {
        match &probe.ask {
            Ask::Find { patterns, kind, pick, split, capture, defaults } => {
                let matches = find(block.tree, block.node, patterns);
                if matches.is_empty() {
                    return nothing(self.default(defaults));
                }
                let reading = Reading { patterns, kind: *kind, split: *split, capture: capture.as_deref() };
                self.found(block.tree, &matches, reading, *pick)
            }
            Ask::Switch { on, off, defaults } => self.switch(block, on, off, defaults),
            Ask::Count { patterns } => {
                let matches = find(block.tree, block.node, patterns);
                let count = i64::try_from(matches.len()).unwrap_or(i64::MAX);
                Observation { value: Value::Int(count), lines: self.lines(block.tree, &matches) }
            }
            Ask::Ref { patterns, to, non_empty, capture } => {
                let matches = find(block.tree, block.node, patterns);
                if matches.is_empty() {
                    return nothing(Value::Missing);
                }
                let defined =
                    self.defined.entry(at).or_insert_with(|| defined(block.tree, to, capture, *non_empty));
                let resolves =
                    |m: &Match<'_>| m.value(patterns, capture).is_some_and(|name| defined.contains(name));
                let all = matches.iter().all(resolves);
                Observation { value: Value::Bool(all), lines: self.lines(block.tree, &matches) }
            }
            Ask::Order { first, then } => {
                let (early, late) = (find(block.tree, block.node, first), find(block.tree, block.node, then));
                let (Some(a), Some(b)) = (early.first(), late.first()) else {
                    return nothing(Value::Missing);
                };
                let lines = self.lines(block.tree, &[a.clone(), b.clone()]);
                Observation { value: Value::Bool(a.node < b.node), lines }
            }
            Ask::Captured { name, kind } => {
                let text = block.captures.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
                let open = matches!(kind, Kind::Hash | Kind::Secret);
                let value = match text {
                    None => Value::Missing,
                    Some(t) if !open && self.hides(block.tree, block.node, t) => {
                        Value::Text(crate::mask::MASK.to_owned())
                    }
                    Some(t) => read(t, *kind, None, self.device.family()),
                };
                let lines = if block.node == ROOT {
                    Vec::new()
                } else {
                    self.line_of(block.tree, block.node).into_iter().collect()
                };
                Observation { value, lines }
            }
            Ask::Version => nothing(match self.device.version() {
                Some(version) => Value::Text(version.to_owned()),
                None => Value::Unknown("the upload does not show the version of the device".to_owned()),
            }),
        }
    }

    fn switch(
        &self,
        block: Block<'_>,
        on: &[Pattern],
        off: &[Pattern],
        defaults: &[(Option<Range>, Value)],
    ) -> Observation {
        let (on, off) = (find(block.tree, block.node, on), find(block.tree, block.node, off));
        let last = |found: &[Match<'_>]| found.last().map(|m| m.node);
        let (value, matches) = match (last(&on), last(&off)) {
            (None, None) => return nothing(self.default(defaults)),
            (a, b) if a > b => (true, on),
            _ => (false, off),
        };
        Observation { value: Value::Bool(value), lines: self.lines(block.tree, &matches) }
    }

    /// What the device does when nothing is said, by its version.
    fn default(&self, defaults: &[(Option<Range>, Value)]) -> Value {
        let Some(version) = self.device.version() else {
            return match defaults {
                [] => Value::Missing,
                [(None, value)] => value.clone(),
                [(_, first), rest @ ..]
                    if rest.iter().all(|(_, v)| v == first) && defaults.iter().any(|(r, _)| r.is_none()) =>
                {
                    first.clone()
                }
                _ => Value::Unknown(
                    "the default depends on the version, which the upload does not show".to_owned(),
                ),
            };
        };
        let fits = |range: &Option<Range>| range.as_ref().is_none_or(|r| r.contains(version));
        defaults.iter().find(|(range, _)| fits(range)).map_or(Value::Missing, |(_, value)| value.clone())
    }

    fn found(&self, tree: &Tree, matches: &[Match<'_>], reading: Reading<'_>, pick: Pick) -> Observation {
        let value =
            |m: &Match<'_>| self.visible(tree, m, reading.value(m, self.device.family()), reading.kind);
        if reading.kind == Kind::List {
            let mut items = Vec::new();
            for m in matches.iter().take(ITEMS) {
                match value(m) {
                    Value::List(more) => items.extend(more),
                    Value::Text(one) => items.push(one),
                    _ => {}
                }
            }
            items.truncate(ITEMS);
            return Observation { value: Value::List(items), lines: self.lines(tree, matches) };
        }
        let number = |m: &&Match<'_>| match value(m) {
            Value::Int(n) => n,
            _ => i64::MAX,
        };
        let chosen = match pick {
            Pick::First => matches.first(),
            Pick::Last => matches.last(),
            Pick::Min => matches.iter().min_by_key(number),
            Pick::Max => matches.iter().max_by_key(number),
        };
        let Some(chosen) = chosen else { return nothing(Value::Missing) };
        Observation { value: value(chosen), lines: self.lines(tree, std::slice::from_ref(chosen)) }
    }

    /// A captured text is kept only when masking leaves it to be seen on its line.
    fn visible(&self, tree: &Tree, found: &Match<'_>, value: Value, kind: Kind) -> Value {
        if matches!(kind, Kind::Hash | Kind::Secret) {
            return value;
        }
        match value {
            Value::Text(text) if self.hides(tree, found.node, &text) => {
                Value::Text(crate::mask::MASK.to_owned())
            }
            Value::List(items) => Value::List(
                items
                    .into_iter()
                    .map(|i| if self.hides(tree, found.node, &i) { crate::mask::MASK.to_owned() } else { i })
                    .collect(),
            ),
            other => other,
        }
    }

    /// Whether masking a statement's line takes this text away.
    pub(super) fn hides(&self, tree: &Tree, node: NodeId, text: &str) -> bool {
        self.device.hides(tree, node, text)
    }

    fn lines(&self, tree: &Tree, matches: &[Match<'_>]) -> Vec<Line> {
        matches.iter().take(LINES).filter_map(|m| self.line_of(tree, m.node)).collect()
    }

    pub(super) fn line_of(&self, tree: &Tree, node: NodeId) -> Option<Line> {
        let (_, masked) = self.device.shown(tree, node);
        Some(Line { line: tree.line(node), text: crate::mask::shorten(&masked) })
            .filter(|l| !l.text.is_empty())
    }
}

/// An answer without a line.
pub(super) fn nothing(value: Value) -> Observation {
    Observation { value, lines: Vec::new() }
}

/// Whether a question has the same answer for every block.
fn is_shared(probe: &Probe) -> bool {
    let absolute = |patterns: &[Pattern]| patterns.iter().all(Pattern::is_absolute);
    probe.from.is_some()
        || match &probe.ask {
            Ask::Find { patterns, .. } | Ask::Count { patterns } | Ask::Ref { patterns, .. } => {
                absolute(patterns)
            }
            Ask::Switch { on, .. } => absolute(on),
            Ask::Order { first, then } => absolute(first) && absolute(then),
            Ask::Captured { .. } | Ask::Version => false,
        }
}

/// The names that the targets of a reference define.
fn defined(tree: &Tree, to: &[Pattern], capture: &str, non_empty: bool) -> HashSet<String> {
    let matches = find(tree, ROOT, to);
    let names = matches.iter().filter(|m| {
        // A target with words after the name has content of its own; a block needs children.
        !non_empty || tree.children(m.node).next().is_some() || has_more(tree, m, to, capture)
    });
    names.filter_map(|m| m.value(to, capture).map(str::to_owned)).collect()
}

fn has_more(tree: &Tree, found: &Match<'_>, to: &[Pattern], capture: &str) -> bool {
    let name = found.value(to, capture).unwrap_or_default();
    tree.words(found.node).last().is_some_and(|last| last != name)
}

#[derive(Clone, Copy)]
struct Reading<'a> {
    patterns: &'a [Pattern],
    kind: Kind,
    split: Option<char>,
    capture: Option<&'a str>,
}

impl Reading<'_> {
    fn value(&self, found: &Match<'_>, family: Family) -> Value {
        let get = |name: &str| found.value(self.patterns, name);
        let names = self.patterns.get(found.pattern).map(Pattern::names).unwrap_or_default();
        if self.kind == Kind::Duration {
            let part = |name: &str, unit: i64| {
                get(name).and_then(|t| t.parse::<i64>().ok()).and_then(|n| n.checked_mul(unit))
            };
            let parts = [part("hours", 3600), part("minutes", 60), part("seconds", 1)];
            if parts.iter().any(Option::is_some) {
                return Value::Int(parts.into_iter().flatten().fold(0, i64::saturating_add));
            }
        }
        let name = self
            .capture
            .or_else(|| names.iter().map(String::as_str).find(|n| *n == "v"))
            .or_else(|| names.first().map(String::as_str));
        match name.and_then(get) {
            Some(text) => read(text, self.kind, self.split, family),
            // A statement without a value says only that it is there; in its negated form, that it is not.
            None => {
                let source = self.patterns.get(found.pattern).map_or("", Pattern::as_str);
                let last = source.rsplit(" / ").next().unwrap_or_default();
                let word = family.spec().negation.unwrap_or("no");
                Value::Bool(last.split_whitespace().next() != Some(word))
            }
        }
    }
}

fn read(text: &str, kind: Kind, split: Option<char>, family: Family) -> Value {
    let bare = text.trim().trim_matches('"');
    match kind {
        Kind::Int => bare.parse().map_or_else(|_| Value::Text(bare.to_owned()), Value::Int),
        Kind::Duration => seconds(bare).map_or_else(|| Value::Text(bare.to_owned()), Value::Int),
        Kind::Bool => switch_word(bare).map_or_else(|| Value::Text(bare.to_owned()), Value::Bool),
        Kind::List => {
            let parts: Vec<String> = match split {
                Some(mark) => {
                    bare.split(mark).map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
                }
                None => text.split_whitespace().map(|p| p.trim_matches('"').to_owned()).collect(),
            };
            Value::List(parts)
        }
        Kind::Hash => Value::Text(hash_kind(text, family).to_owned()),
        Kind::Secret => secret(bare),
        Kind::Text | Kind::Ip | Kind::Cidr | Kind::Version => Value::Text(bare.to_owned()),
    }
}
