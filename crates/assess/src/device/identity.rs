//! Which device it is: family, version, name, and whether that agrees with what was declared.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use super::{Device, Refusal};
use crate::error::InputError;
use crate::family::{self, Family, Spec};
use crate::log::{Scores, Section, sign_line, stretch};
use crate::select::{Pattern, find};
use crate::text::{LineUse, Text};
use crate::tree::ROOT;

/// A text with fewer points is not taken for a family on its own.
const RECOGNISED: u32 = 5;
/// Points of another family that contradict the declared one.
const CONTRADICTS: u32 = 6;
/// Points of another family that show a second device beside one that is recognised.
const MIXED: u32 = 12;
/// Bytes of a text in which name and version are looked for.
const PROBE: usize = 1 << 20;

/// The family that an undeclared text shows.
pub(super) fn guess(scores: &Scores, text: &Text) -> Result<Family, InputError> {
    let best = scores.best().filter(|(_, score)| *score >= RECOGNISED);
    // A short log may show its family by prompts and commands alone.
    let by_log = || {
        let mut uses = vec![LineUse::Output; text.len() as usize];
        let mut fit = Family::ALL
            .into_iter()
            .filter(|f| scores.of(*f) > 0 && crate::log::split(text, f.spec(), &mut uses).is_some());
        fit.next().filter(|_| fit.next().is_none())
    };
    best.map(|(family, _)| family)
        .or_else(by_log)
        .ok_or_else(|| InputError::Unrecognised { known: family::known() })
}

/// Another family that the text shows rather than this one.
pub(super) fn foreign(family: Family, scores: &Scores) -> Option<Family> {
    let (other, score) = scores.best_other(family)?;
    let own = scores.of(family);
    (score >= CONTRADICTS && score > 2 * own).then_some(other)
}

/// Notes name, version and contradictions.
pub(super) fn identify(device: &mut Device, scores: &Scores) {
    name_and_version(device);
    device.contradiction = contradiction(device, scores);
}

/// Why nothing can be trusted, when that is so.
pub(super) fn contradiction(device: &Device, scores: &Scores) -> Option<String> {
    let family = device.family;
    if let Some(other) = foreign(family, scores) {
        let line = sign_line(device.text.slice(1..device.text.len() + 1), other).unwrap_or_default() + 1;
        return Some(format!("the text is that of {other} (line {line}), not of {family}"));
    }
    if let Some((a, b)) = two_names(device) {
        return Some(format!(
            "the text holds two devices, {:?} (line {}) and {:?} (line {})",
            a.0, a.1, b.0, b.1
        ));
    }
    let (other, score) = scores.best_other(family)?;
    if score < MIXED || scores.of(family) < CONTRADICTS {
        return None;
    }
    let text = device.text.slice(1..device.text.len() + 1);
    let among = || (score * 2 > scores.of(family)).then(|| sign_line(text, other).unwrap_or_default());
    let line = stretch(text, other, family, MIXED).or_else(among)? + 1;
    Some(format!("the text holds a {family} device and a {other} device (line {line})"))
}

type Named = (String, u32);

/// Two different names: in prompts, or in main configurations.
fn two_names(device: &Device) -> Option<(Named, Named)> {
    let mut names: Vec<Named> = Vec::new();
    for section in &device.sections {
        if let (Some(host), true) = (&section.host, section.id.is_some()) {
            // A context behind the name (`fw/admin`) is still the same device.
            let name = host.split('/').next().unwrap_or_default();
            names.push((name.to_owned(), section.header));
        }
    }
    if let Some(two) = differing(&names) {
        return Some(two);
    }
    differing(&names_in_configuration(device))
}

fn differing(names: &[Named]) -> Option<(Named, Named)> {
    let first = names.first()?;
    let other = names.iter().find(|(name, _)| !name.eq_ignore_ascii_case(&first.0))?;
    Some((first.clone(), other.clone()))
}

fn names_in_configuration(device: &Device) -> Vec<Named> {
    let spec = device.family.spec();
    let patterns: Vec<Pattern> = spec.named_at.iter().filter_map(|p| Pattern::parse(p).ok()).collect();
    let main = spec.main().map_or("", |c| c.id);
    let trees = device.outputs.iter().filter(|o| o.id == main && o.refused.is_none()).map(|o| &o.parsed.tree);
    let mut names = Vec::new();
    for tree in trees {
        for found in find(tree, ROOT, &patterns) {
            // What a group or template would set is no name of its own.
            if !tree.is_inherited(found.node) {
                names.extend(found.value(&patterns, "v").map(|v| (v.to_owned(), tree.line(found.node))));
            }
        }
    }
    names
}

pub(super) fn name_and_version(device: &mut Device) {
    let spec = device.family.spec();
    let main = spec.main().map_or("", |c| c.id);
    let mut slices: Vec<&str> = Vec::new();
    for wanted_main in [false, true] {
        for section in &device.sections {
            if section.id.as_deref().is_some_and(|id| (id == main) == wanted_main) {
                slices.push(device.text.slice(section.body.clone()));
            }
        }
    }
    let patterns = patterns(spec);
    let first = |regexes: &[Regex]| {
        slices.iter().find_map(|slice| {
            let slice = start(slice);
            regexes.iter().find_map(|r| r.captures(slice)?.get(1).map(|m| m.as_str().to_owned()))
        })
    };
    device.version = first(&patterns.versions);
    let by_tree = names_in_configuration(device).into_iter().next().map(|(name, _)| name);
    let by_prompt = || device.sections.iter().find_map(|s| s.host.clone());
    device.hostname =
        by_tree.or_else(|| first(&patterns.names)).or_else(by_prompt).map(|n| n.trim_matches('"').to_owned());
}

fn start(text: &str) -> &str {
    let end = (0..=PROBE.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

struct Patterns {
    versions: Vec<Regex>,
    names: Vec<Regex>,
}

fn patterns(spec: &Spec) -> &'static Patterns {
    static ALL: [OnceLock<Patterns>; Family::ALL.len()] = [const { OnceLock::new() }; Family::ALL.len()];
    let compile = |sources: &[&str]| -> Vec<Regex> {
        sources.iter().filter_map(|s| RegexBuilder::new(s).multi_line(true).build().ok()).collect()
    };
    let make = || Patterns { versions: compile(spec.versions), names: compile(spec.names) };
    let at = Family::ALL.iter().position(|f| *f == spec.family).unwrap_or_default();
    static EMPTY: Patterns = Patterns { versions: Vec::new(), names: Vec::new() };
    ALL.get(at).map_or(&EMPTY, |slot| slot.get_or_init(make))
}

/// Why a section says nothing about the device: its command was rejected, or it is empty.
pub(super) fn refusal(spec: &Spec, text: &Text, section: &Section, id: &str) -> Option<Refusal> {
    let mut lines = text.lines(section.body.clone()).map(|(_, l)| l).filter(|l| !l.trim().is_empty());
    let first: Vec<&str> = lines.by_ref().take(4).collect();
    let short = first.len() < 4;
    let command = &section.typed;
    let starts =
        |mark: &str| first.iter().any(|line| line.starts_with(mark) || line.trim_start().starts_with(mark));
    if spec.family == Family::Linux {
        let reply = first.first().copied().unwrap_or_default();
        if let Some(why) = reply.strip_prefix(family::linux::UNREADABLE) {
            return Some(Refusal::Unreadable(format!("{id} could not be read{why}")));
        }
        return reply
            .starts_with(family::linux::ABSENT)
            .then(|| Refusal::Missing(format!("{id} does not exist")));
    }
    if first.is_empty() {
        return Some(Refusal::Missing(format!("the output of `{command}` is empty")));
    }
    (short && spec.rejected.iter().any(|mark| starts(mark)))
        .then(|| Refusal::Missing(format!("the device rejected the command `{command}`")))
}

/// Whether the few lines that answered the main command have nothing of the family's language.
pub(super) fn is_no_configuration(spec: &Spec, text: &Text, section: &Section) -> bool {
    let slice = text.slice(section.body.clone());
    slice.lines().filter(|l| !l.trim().is_empty()).nth(8).is_none()
        && crate::log::scores(slice).of(spec.family) == 0
}

/// Whether the last thing on the screen was a pager: the operator left it before the end.
pub(super) fn stopped_at_pager(text: &Text, uses: &[LineUse], section: &Section) -> bool {
    let last = text
        .lines(section.body.clone())
        .map(|(number, _)| number)
        .filter(|number| uses.get(*number as usize - 1).is_some_and(|u| *u != LineUse::Blank));
    last.last().is_some_and(|number| {
        text.line(number).trim().is_empty() && uses.get(number as usize - 1) == Some(&LineUse::Noise)
    })
}
