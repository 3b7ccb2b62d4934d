//! Where the data is that a command beside a server works on.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::data_dir::DataDir;
use crate::database::Database;

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Directory of the data
    #[arg(long, value_name = "DIR", env = "REDOUBT_DATA", required_unless_present = "database")]
    data: Option<PathBuf>,
    /// PostgreSQL database instead of the embedded one
    #[arg(long, value_name = "URL", env = "REDOUBT_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

impl Place {
    /// The database, which nobody makes: it is there.
    pub(super) fn database(&self) -> Result<Database, Failure> {
        match (&self.database, &self.data) {
            (Some(url), _) => Ok(Database::at(url)?),
            (None, Some(data)) => Ok(Database::choose(&DataDir::existing(data)?, None)?),
            (None, None) => Err("--data DIR is missing".into()),
        }
    }
}
