//! Results, written for people and programs: table, JSON, SARIF, HTML.

mod html;
mod sarif;
mod table;

use std::io::{self, Write};

use crate::engine::ScanResult;

/// The forms of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal
    #[default]
    Table,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// One page for a browser
    Html,
}

/// Writes a result.
///
/// # Errors
/// The output could not be written.
pub fn write(format: Format, result: &ScanResult, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table::write(result, out),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, result)?;
            writeln!(out)
        }
        Format::Sarif => {
            serde_json::to_writer_pretty(&mut *out, &sarif::of(result))?;
            writeln!(out)
        }
        Format::Html => html::write(result, out),
    }
}

/// The name of a severity (`contract/was.md 14`).
#[must_use]
pub fn severity_name(severity: u8) -> &'static str {
    match severity {
        0 | 1 => "Minimal",
        2 => "Medium",
        3 => "Serious",
        4 => "Critical",
        _ => "Urgent",
    }
}

/// Text from a target, safe for a terminal: control characters are shown, not sent.
fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter })
        .collect()
}
