//! `redoubt replay FINDING.json`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::{CLEAN, FOUND, UNUSABLE, listen, read_json};
use crate::auth::AuthRecord;
use crate::cancel::Cancel;
use crate::engine::Help;
use crate::finding::Finding;
use crate::listener::near;
use crate::proof::Outcome;
use crate::retest::retest;
use crate::transport::TlsLook;

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
    /// The address of this machine at which the target can reach a listener, for findings that the target shows by calling
    /// it; not needed for targets on this machine
    #[arg(long, value_name = "ADDRESS")]
    pub callback: Option<IpAddr>,
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
pub async fn replay(args: &ReplayArgs, stop: &Cancel, out: &mut (dyn Write + Send)) -> io::Result<u8> {
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
    let transport = Some(Arc::new(TlsLook::new(BTreeMap::new())) as _);
    let mut helps: BTreeMap<Option<IpAddr>, Arc<Help>> = BTreeMap::new();
    for finding in wanted {
        let address = args.callback.or_else(|| near(&finding.url));
        let help = match helps.get(&address) {
            Some(help) => help.clone(),
            None => {
                let listener = listen(address).await;
                let help = Arc::new(Help { listener, transport: transport.clone(), ..Help::default() });
                helps.entry(address).or_insert(help).clone()
            }
        };
        if help.listener.is_none() && finding.replay.expect.wants_calls() {
            status = UNUSABLE;
            writeln!(
                out,
                "{} {} {} no listener: say with --callback at which address the target can reach this machine",
                finding.qid, finding.method, finding.url
            )?;
            continue;
        }
        let outcome = retest(finding, record.as_ref(), &help, stop).await;
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
