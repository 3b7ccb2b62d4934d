//! `redoubt replay FINDING.json`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::{CLEAN, FOUND, UNUSABLE, read_json};
use crate::auth::AuthRecord;
use crate::cancel::Cancel;
use crate::engine::Help;
use crate::finding::Finding;
use crate::proof::Outcome;
use crate::retest::retest;

/// Show a finding again: send its replay and its control, and say what came of it.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit status: 0 it is not there any more; 1 it is there; 2 the finding can't be read or nothing answered."
)]
pub struct ReplayArgs {
    /// A finding, or a whole result of `redoubt scan --format json`
    pub file: PathBuf,
    /// Which finding of a result, by its id; all of them otherwise
    #[arg(long)]
    pub id: Option<String>,
    /// An authentication record, as JSON
    #[arg(long, value_name = "FILE")]
    pub auth_record: Option<PathBuf>,
}

fn findings(value: Value) -> Result<Vec<Finding>, String> {
    let wrong = |error: serde_json::Error| format!("this is no finding: {error}");
    let list = match &value {
        Value::Object(members) if members.contains_key("findings") => {
            value.get("findings").cloned().unwrap_or_default()
        }
        Value::Array(_) => value,
        _ => Value::Array(vec![value]),
    };
    serde_json::from_value(list).map_err(wrong)
}

/// Replays as the arguments say; gives the exit status.
///
/// # Errors
/// The output could not be written.
pub async fn replay(
    args: &ReplayArgs,
    help: &Help,
    stop: &Cancel,
    out: &mut (dyn Write + Send),
) -> io::Result<u8> {
    let told = |message: String| {
        // There is no other place to say it.
        let _ = writeln!(io::stderr(), "error: {message}");
        Ok(UNUSABLE)
    };
    let all = match read_json::<Value>(&args.file).and_then(findings) {
        Ok(all) => all,
        Err(message) => return told(message),
    };
    let record: Option<AuthRecord> = match args.auth_record.as_deref().map(read_json).transpose() {
        Ok(record) => record,
        Err(message) => return told(message),
    };
    let wanted: Vec<&Finding> =
        all.iter().filter(|f| args.id.as_ref().is_none_or(|id| f.id == *id)).collect();
    if wanted.is_empty() {
        return told(format!("{} has no such finding", args.file.display()));
    }
    let mut status = CLEAN;
    for finding in wanted {
        let outcome = retest(finding, record.as_ref(), &Arc::new(help.clone()), stop).await;
        let words = match outcome {
            Ok(Outcome::Shown(evidence)) => {
                status = status.max(FOUND);
                format!("shown: {}", evidence.text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            Ok(Outcome::NotShown) => "not there".to_owned(),
            Ok(Outcome::ControlShows) => "not proven: the control shows it, too".to_owned(),
            Err(error) => {
                status = UNUSABLE;
                format!("no answer: {error}")
            }
        };
        let words: String =
            words.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(400).collect();
        writeln!(out, "{} {} {} {words}", finding.qid, finding.method, finding.url)?;
    }
    Ok(status)
}
