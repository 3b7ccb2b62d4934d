//! `redoubt verify`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use platform::Settings;
use store::SystemClock;

use super::{Failure, say};
use crate::data_dir::DataDir;
use crate::database::Database;
use crate::log::{self, LogFormat};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Directory of the data
    #[arg(long, value_name = "DIR", env = "REDOUBT_DATA")]
    data: PathBuf,
    /// PostgreSQL database instead of the embedded one
    #[arg(long, value_name = "URL", env = "REDOUBT_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

/// Opens the data as a server does, from its snapshot, and compares the index with one that is built anew. Writes
/// nothing, so that what is wrong can be looked at again.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    log::start(LogFormat::Text, "warn");
    let dir = match &arguments.database {
        None => DataDir::existing(&arguments.data)?,
        Some(_) => DataDir::create(&arguments.data)?,
    };
    let _lock = dir.lock()?;
    let database = Database::choose(&dir, arguments.database.as_deref())?;
    let platform = database.open(&dir, Arc::new(SystemClock), Settings::default())?;
    match platform.store().verify()? {
        None => {
            say(format_args!("the index equals one built anew, at change {}", platform.store().sequence()))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(difference) => {
            say(format_args!("the index differs from one built anew: {difference}"))?;
            say("remove index.snapshot in the data directory: the next start builds the index anew")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
