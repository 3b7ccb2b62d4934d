//! Host facts: what a Linux collector reads, as text that rules can be put to.
//!
//! The text is sections between `=== name ===` lines, in the order of [`Facts::sections`]; `docs/rules.md` lists them.
//! A section whose content could not be had holds one line: `%absent`, or `%unreadable: why`. The JSON form carries
//! the same sections.

#[cfg(unix)]
mod accounts;
#[cfg(unix)]
mod collect;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod lists;
#[cfg(unix)]
mod system;

use serde::{Deserialize, Serialize};

#[cfg(unix)]
pub use collect::collect;

use crate::family::linux::{ABSENT, HEADER, UNREADABLE};
use crate::text::Limits;

/// The name of the JSON form.
pub const FORMAT: &str = "redoubt-host-facts/1";

/// What was read from a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Always [`FORMAT`].
    pub format: String,
    /// The sections, in order.
    pub sections: Vec<Section>,
}

/// One section of host facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What rules call it, such as `sysctl` or `file /etc/login.defs`.
    pub name: String,
    /// Its lines.
    pub text: String,
}

impl Default for Facts {
    fn default() -> Self {
        Self { format: FORMAT.to_owned(), sections: Vec::new() }
    }
}

impl Facts {
    /// Adds a section, in place of one of the same name: a collector that knows better, such as an agent with a
    /// package database that this crate does not read, puts its own here.
    pub fn set(&mut self, name: &str, text: impl Into<String>) {
        let text = text.into();
        match self.sections.iter_mut().find(|s| s.name == name) {
            Some(section) => section.text = text,
            None => self.sections.push(Section { name: name.to_owned(), text }),
        }
    }

    /// Notes that a section's subject does not exist on the host.
    pub fn absent(&mut self, name: &str) {
        self.set(name, format!("{ABSENT}\n"));
    }

    /// Notes that a section could not be read, and why.
    pub fn unreadable(&mut self, name: &str, why: &str) {
        self.set(name, format!("{UNREADABLE}: {why}\n"));
    }

    /// What could not be read, with the reason.
    pub fn unread(&self) -> impl Iterator<Item = (&str, &str)> {
        let reason = |s: &Section| s.text.lines().next().unwrap_or_default().to_owned();
        self.sections
            .iter()
            .filter(move |s| reason(s).starts_with(UNREADABLE))
            .map(|s| (s.name.as_str(), s.text.trim().trim_start_matches(UNREADABLE).trim_start_matches(": ")))
    }

    /// The text form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEADER}\n");
        for section in &self.sections {
            out.push_str(&format!("=== {} ===\n", section.name));
            for line in section.text.lines() {
                // A line of a file that looks like a marker is no marker.
                out.push_str(if crate::log::is_marker(line) { " " } else { "" });
                out.push_str(line);
                out.push('\n');
            }
        }
        out
    }
}

/// The text form of host facts in JSON; none when the bytes are something else.
pub(crate) fn json_as_text(bytes: &[u8], limits: Limits) -> Option<String> {
    let begins = bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    if !begins || bytes.len() > limits.bytes {
        return None;
    }
    let facts: Facts = serde_json::from_slice(bytes).ok()?;
    (facts.format == FORMAT).then(|| facts.to_text())
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
