//! What must hold of every upload that was read, whatever it holds. The tests and the fuzz targets ask this module.

use crate::device::{Device, Found, Output};
use crate::engine::{State, Status, data_point, judge};
use crate::family::Style;
use crate::rule::{Missing, Policy};
use crate::text::{Limits, LineUse, Text};
use crate::tree::{Parsed, Shape, Source};
use crate::{Assessment, Library, difference, mask_text};

/// Everything below, on one device.
///
/// # Errors
/// What does not hold, in words.
pub fn check(device: &Device) -> Result<(), String> {
    no_line_is_lost(device)?;
    trees_print_back(device)?;
    nothing_passes_on_nothing(device)?;
    nothing_differs_from_itself(device)?;
    masking_keeps_lines(device)
}

/// Each line that is not blank is a statement of a tree, belongs to one, closes one, is output of another command, or
/// is listed as comment, prompt or noise.
///
/// # Errors
/// The first line that is lost.
pub fn no_line_is_lost(device: &Device) -> Result<(), String> {
    let mut stands = vec![false; device.text().len() as usize + 1];
    let mut parsed = vec![false; stands.len()];
    for output in device.outputs() {
        let tree = &output.parsed.tree;
        for (_, node) in tree.walk() {
            if let Some(slot) = stands.get_mut(tree.line(node) as usize) {
                *slot = true;
            }
        }
        for number in output.body.clone() {
            if let Some(slot) = parsed.get_mut(number as usize) {
                *slot = true;
            }
        }
    }
    let mut said = None;
    for (number, used) in (1..).zip(device.line_uses()) {
        let line = device.text().line(number);
        let at = |list: &[bool]| list.get(number as usize).copied().unwrap_or_default();
        let fine = match used {
            LineUse::Blank => line.trim().is_empty(),
            LineUse::Output => !at(&parsed),
            LineUse::Statement => at(&stands) || said.get_or_insert_with(|| Said::of(device)).repeats(line),
            LineUse::Body | LineUse::Close | LineUse::Comment | LineUse::Command | LineUse::Noise => true,
        };
        if !fine {
            return Err(format!("line {number} is lost, noted as {used:?}: {line:?}"));
        }
    }
    Ok(())
}

/// What the trees of a device say, to find lines that only repeat it: they make no node of their own.
struct Said {
    texts: String,
    /// It was read from elements, whose names and marks are no words.
    xml: bool,
}

impl Said {
    fn of(device: &Device) -> Self {
        let trees = device.outputs().iter().map(|o| &o.parsed.tree).filter(|t| t.shape() == Shape::Atoms);
        let mut texts = String::new();
        for (tree, node) in trees.flat_map(|t| t.walk().map(move |(_, id)| (t, id))) {
            texts.push_str(tree.text(node));
            texts.push('\n');
        }
        let begins = |o: &Output| device.text().slice(o.body.clone()).trim_start().starts_with('<');
        Self { texts, xml: device.outputs().iter().any(begins) }
    }

    /// Whether the words of a line stand in the trees: all of them, but for signs and comments. Of elements, one.
    fn repeats(&self, line: &str) -> bool {
        let known = |word: &str| self.texts.contains(word);
        if self.xml {
            let words = line.split(|c: char| c.is_whitespace() || "<>/=\"&;".contains(c));
            let mut words = words.filter(|word| !word.is_empty()).peekable();
            return words.peek().is_none() || words.any(|word| word == "entry" || known(word));
        }
        let after_comment = line.rsplit("*/").next().unwrap_or_default();
        let plain = after_comment.split(['#', '\\']).next().unwrap_or_default();
        let plain = plain.split("/*").next().unwrap_or_default();
        let mut words = plain.split(|c: char| c.is_whitespace() || "{}[];\"<>".contains(c));
        words.all(|word| word.is_empty() || KEYWORDS.contains(&word) || known(word))
    }
}

const KEYWORDS: [&str; 6] = ["set", "deactivate", "inactive:", "protect:", "replace:", "config"];

/// Every tree, printed, parses to the same tree.
///
/// # Errors
/// Both texts of the first that does not.
pub fn trees_print_back(device: &Device) -> Result<(), String> {
    for output in device.outputs() {
        let tree = &output.parsed.tree;
        let Some(style) = device.family().spec().style_of(&output.id) else { continue };
        if tree.is_empty() {
            continue;
        }
        let printed = tree.print();
        // Printed words may be fewer than those read, so that control characters weigh more: that is no text.
        let Some(again) = parse(style, &printed) else { continue };
        if again.tree != *tree {
            let (family, id) = (device.family(), &output.id);
            return Err(format!("{family} {id} changed:\n{printed}\n--- is now\n{}", again.tree.print()));
        }
    }
    Ok(())
}

fn parse(style: Style, text: &str) -> Option<Parsed> {
    let (text, mut uses) = Text::read(text.as_bytes(), Limits { bytes: usize::MAX }).ok()?;
    let range = 1..text.len() + 1;
    Some(style.parse(Source { text: &text, range, uses: &mut uses }))
}

/// No shipped control passes on an output that is not there, was refused, is cut off or holds no statement, or on a
/// device that contradicts itself; unless the control says what a missing output means.
///
/// # Errors
/// The first control that does.
pub fn nothing_passes_on_nothing(device: &Device) -> Result<(), String> {
    let main = device.family().spec().main().map_or("", |c| c.id);
    for control in Library::builtin().of(device.family()) {
        let point = data_point(device, control);
        if judge(control, &point, &Policy::default()).status != Status::Passed {
            continue;
        }
        let there = match device.output(&control.source) {
            Found::Here(parsed) => device.is_trusted() || control.source != main || !parsed.tree.is_empty(),
            Found::Missing(_) => matches!(control.missing, Missing::Pass),
            Found::Unreadable(_) => false,
        };
        let whole = match &point.state {
            State::Collected { incomplete, .. } => incomplete.is_none(),
            State::Missing(_) => true,
            State::NotApplicable(_) | State::Error(_) => false,
        };
        if !there || !whole || device.contradiction().is_some() {
            return Err(format!("control {} passes on nothing: {:?}", control.cid, point.state));
        }
    }
    Ok(())
}

/// A device has no differences from itself.
///
/// # Errors
/// The differences found.
pub fn nothing_differs_from_itself(device: &Device) -> Result<(), String> {
    let assessment = Assessment::of(device, &Library::builtin(), &Policy::default());
    let found = difference((device, &assessment), (device, &assessment));
    if found.changes.is_empty() && found.controls.is_empty() { Ok(()) } else { Err(format!("{found:?}")) }
}

/// A masked upload has the lines of the upload.
///
/// # Errors
/// Both counts.
pub fn masking_keeps_lines(device: &Device) -> Result<(), String> {
    let (masked, lines) = (mask_text(device).lines().count(), device.text().len() as usize);
    if masked == lines { Ok(()) } else { Err(format!("{lines} lines are {masked} when masked")) }
}
