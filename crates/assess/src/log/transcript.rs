//! Saved terminals: a prompt with a command, then its output up to the next prompt.

use std::collections::HashSet;
use std::sync::OnceLock;

use regex::Regex;

use super::{Section, matching, normal};
use crate::family::{Family, Spec};
use crate::text::Text;

/// Longer lines are never prompts.
const PROMPT: usize = 300;

struct Prompt<'t> {
    line: u32,
    host: Option<&'t str>,
    typed: &'t str,
    id: Option<&'static str>,
}

/// The sections of a transcript; none when no prompt is followed by a command of the manifest.
pub(super) fn split(text: &Text, spec: &Spec) -> Option<Vec<Section>> {
    let regex = prompt(spec)?;
    let prompts: Vec<Prompt<'_>> =
        text.lines(1..text.len() + 1).filter_map(|(number, line)| read(regex, spec, number, line)).collect();
    let hosts: HashSet<&str> = prompts.iter().filter(|p| p.id.is_some()).filter_map(|p| p.host).collect();
    if !prompts.iter().any(|p| p.id.is_some()) {
        return None;
    }
    let mut sections: Vec<Section> = Vec::new();
    for found in prompts {
        let same_device = found.host.is_some_and(|h| hosts.contains(h));
        if found.id.is_none() && !same_device {
            continue;
        }
        if let Some(open) = sections.last_mut() {
            open.body.end = found.line;
            open.closed = true;
        }
        sections.push(Section {
            id: found.id.map(str::to_owned),
            typed: normal(found.typed),
            header: found.line,
            body: found.line + 1..text.len() + 1,
            host: found.host.map(str::to_owned),
            closed: false,
        });
    }
    Some(sections)
}

fn read<'t>(regex: &Regex, spec: &Spec, line: u32, text: &'t str) -> Option<Prompt<'t>> {
    if text.len() > PROMPT
        || memchr::memchr3(b'>', b'#', b'$', text.as_bytes()).is_none() && !text.contains([']', '%'])
    {
        return None;
    }
    let groups = regex.captures(text)?;
    let host = groups.name("host").or_else(|| groups.name("host2")).map(|m| m.as_str());
    let typed = groups.name("cmd").map_or("", |m| m.as_str()).trim();
    let id = if typed.is_empty() { None } else { matching(spec, typed).map(|c| c.id) };
    Some(Prompt { line, host, typed, id })
}

fn prompt(spec: &Spec) -> Option<&'static Regex> {
    static PROMPTS: [OnceLock<Option<Regex>>; Family::ALL.len()] =
        [const { OnceLock::new() }; Family::ALL.len()];
    let at = Family::ALL.iter().position(|f| *f == spec.family)?;
    PROMPTS.get(at)?.get_or_init(|| Regex::new(spec.prompt?).ok()).as_ref()
}
