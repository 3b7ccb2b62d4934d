//! Assessments written down: for people, for programs and for code scanning.

mod sarif;
mod table;

use std::io::{self, Write};

use serde_json::json;

use crate::{Assessment, Difference};

/// How an assessment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people: what failed first, with its lines.
    #[default]
    Table,
    /// One object per file.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// An assessment and the file it is about.
#[derive(Debug)]
pub struct Assessed {
    /// Name of the file.
    pub file: String,
    /// The verdicts.
    pub assessment: Assessment,
    /// What changed since an earlier upload.
    pub difference: Option<Difference>,
}

/// Writes assessments.
///
/// # Errors
/// When the output cannot be written.
pub fn write(all: &[Assessed], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => all.iter().try_for_each(|one| table::write(one, out)),
        Format::Json => json(all, out),
        Format::Sarif => sarif::write(all, out),
    }
}

fn json(all: &[Assessed], out: &mut dyn Write) -> io::Result<()> {
    let value = |one: &Assessed| -> serde_json::Result<serde_json::Value> {
        let mut value = serde_json::to_value(&one.assessment)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("file".to_owned(), json!(one.file));
            if let Some(difference) = &one.difference {
                object.insert("difference".to_owned(), serde_json::to_value(difference)?);
            }
        }
        Ok(value)
    };
    let values: Vec<serde_json::Value> = all.iter().map(value).collect::<Result<_, _>>()?;
    match values.as_slice() {
        [one] => serde_json::to_writer_pretty(&mut *out, one)?,
        many => serde_json::to_writer_pretty(&mut *out, many)?,
    }
    writeln!(out)
}
