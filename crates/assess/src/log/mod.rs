//! Terminal logs taken apart into commands and their outputs (`contract/oca.md` 4.2 to 4.4).
//!
//! - A section is opened by a marker or by a prompt with a command. In a transcript the manifest decides: text that
//!   merely looks like a prompt opens nothing, unless the same prompt has answered a known command elsewhere.
//! - Every line of the text belongs to at most one section.

mod command;
mod detect;
mod marker;
mod transcript;

use std::ops::Range;

use crate::family::Spec;
use crate::text::{LineUse, Text};
pub(crate) use command::{matching, normal};
pub(crate) use detect::{Scores, scores, sign_line, stretch};
pub(crate) use marker::is_marker;

/// How the outputs are told apart in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Lines such as `=== show version ===`.
    Markers,
    /// A saved terminal: prompts with commands.
    Transcript,
    /// One configuration and nothing else.
    Bare,
}

/// The output of one command.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// What rules call it; none for a command that no rule knows.
    pub(crate) id: Option<String>,
    /// The command as typed, blanks collapsed.
    pub(crate) typed: String,
    /// The line that opened it; 0 when the text began with it.
    pub(crate) header: u32,
    /// Its lines.
    pub(crate) body: Range<u32>,
    /// The name in the prompt.
    pub(crate) host: Option<String>,
    /// Whether something follows that shows the output was complete.
    pub(crate) closed: bool,
}

/// Takes a text apart, and notes which lines are prompts, markers and noise. None when the text is neither a log with
/// a known command nor marked: then it may be a bare configuration.
pub(crate) fn split(text: &Text, spec: &Spec, uses: &mut [LineUse]) -> Option<(Layout, Vec<Section>)> {
    let (layout, sections) = match marker::split(text, spec) {
        Some(sections) => (Layout::Markers, sections),
        None => (Layout::Transcript, transcript::split(text, spec)?),
    };
    let mut inside = 1;
    for section in &sections {
        note(uses, inside..section.header, LineUse::Noise);
        note(uses, section.header..section.header + 1, LineUse::Command);
        inside = section.body.end.max(section.header + 1);
    }
    note(uses, inside..text.len() + 1, LineUse::Noise);
    Some((layout, sections))
}

/// The whole text as the main configuration.
pub(crate) fn bare(text: &Text, spec: &Spec) -> Section {
    let main = spec.main();
    Section {
        id: main.map(|c| c.id.to_owned()),
        typed: main.map_or_else(String::new, |c| c.text.to_owned()),
        header: 0,
        body: 1..text.len() + 1,
        host: None,
        closed: text.ends_whole,
    }
}

fn note(uses: &mut [LineUse], lines: Range<u32>, role: LineUse) {
    for line in lines {
        if let Some(slot) = line.checked_sub(1).and_then(|at| uses.get_mut(at as usize))
            && *slot == LineUse::Output
        {
            *slot = role;
        }
    }
}
