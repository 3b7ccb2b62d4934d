//! Explicit markers around commands: `=== show version ===` and its cousins.

use super::{Section, matching, normal};
use crate::family::{Family, Spec};
use crate::text::Text;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Equals,
    Hashes,
    Bang,
    Command,
    Begin,
    End,
}

/// The command that a line marks, when it is a marker. An indented line is none.
fn marker(line: &str) -> Option<(Kind, &str)> {
    let line = line.trim_end();
    let framed = |mark: char| {
        let inner = line.trim_matches(mark);
        let long = line.len() >= inner.len() + 6 && line.starts_with(mark) && line.ends_with(mark);
        (long && inner.starts_with(' ') && inner.ends_with(' '))
            .then(|| inner.trim())
            .filter(|i| !i.is_empty())
    };
    let begin = |word: &str| line.strip_prefix("-----")?.strip_suffix("-----")?.strip_prefix(word);
    if let Some(command) = framed('=') {
        return Some((Kind::Equals, command));
    }
    if let Some(command) = framed('#') {
        return Some((Kind::Hashes, command));
    }
    if let Some(command) = line.strip_prefix("!---") {
        return Some((Kind::Bang, command.trim_start_matches('-').trim()));
    }
    if let Some(command) = line.strip_prefix("# COMMAND:") {
        return Some((Kind::Command, command.trim()));
    }
    if let Some(command) = begin("BEGIN ") {
        return Some((Kind::Begin, command));
    }
    begin("END ").map(|command| (Kind::End, command))
}

/// Whether a line would be taken for a marker.
pub(crate) fn is_marker(line: &str) -> bool {
    marker(line).is_some()
}

/// What rules call the command of a marker.
fn id(spec: &Spec, command: &str) -> Option<String> {
    if spec.family == Family::Linux {
        let named = spec.commands.iter().any(|c| c.id == command) || command.starts_with("file /");
        return named.then(|| command.to_owned());
    }
    matching(spec, command).map(|c| c.id.to_owned())
}

/// The sections of a text with markers; none when no marker names a command of the manifest.
pub(super) fn split(text: &Text, spec: &Spec) -> Option<Vec<Section>> {
    let marks: Vec<(u32, Kind, &str, Option<String>)> = text
        .lines(1..text.len() + 1)
        .filter(|(_, line)| line.starts_with(['=', '#', '!', '-']))
        .filter_map(|(number, line)| {
            marker(line).map(|(kind, command)| (number, kind, command, id(spec, command)))
        })
        .collect();
    // Only kinds of marker that name a known command somewhere are markers here; others are text.
    let known: Vec<Kind> = marks.iter().filter(|(.., id)| id.is_some()).map(|(_, kind, ..)| *kind).collect();
    if known.is_empty() {
        return None;
    }
    let counts = |kind: Kind, id: &Option<String>| match kind {
        Kind::Begin | Kind::End => id.is_some(),
        other => known.contains(&other),
    };
    let mut sections: Vec<Section> = Vec::new();
    for (number, kind, command, id) in marks.into_iter().filter(|(_, kind, _, id)| counts(*kind, id)) {
        if let Some(open) = sections.last_mut() {
            open.body.end = open.body.end.min(number);
            open.closed = true;
        }
        if kind != Kind::End {
            let body = number + 1..text.len() + 1;
            sections.push(Section {
                id,
                typed: normal(command),
                header: number,
                body,
                host: None,
                closed: text.ends_whole,
            });
        }
    }
    Some(sections)
}
