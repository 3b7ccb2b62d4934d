//! The command line.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use agent::address::ServerAddress;
use agent::config::{self, Config};
use agent::enroll::Enrolment;
use agent::trust::{Fingerprint, Trust};
use clap::{Args, Parser, Subcommand};
use inventory::protocol::Secret;
use jiff::SignedDuration;

/// Reports this machine to a Redoubt server.
#[derive(Debug, Parser)]
#[command(name = "redoubt-agent", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Print what the agent sees of this machine, as JSON
    Inventory {
        /// Read this file tree instead of the running machine
        #[arg(long, default_value = "/", value_name = "DIR")]
        root: PathBuf,
        #[command(flatten)]
        cloud: CloudArguments,
    },
    /// Join a server: make a key pair and get an identity
    Enroll(EnrollArguments),
    /// Say which server to join, join it, and let the service report from now on
    Configure(ConfigureArguments),
    /// Report to the server, now and from then on
    Run(RunArguments),
    /// One visit, for a supervisor
    #[command(hide = true)]
    Visit {
        #[arg(long)]
        state: PathBuf,
        #[arg(long, default_value = config::FILE)]
        config: PathBuf,
        #[command(flatten)]
        cloud: CloudArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CloudArguments {
    /// Do not ask the metadata service of a cloud provider
    #[arg(long, env = "REDOUBT_AGENT_NO_CLOUD", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_cloud: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EnrollArguments {
    /// Address of the server, such as `https://redoubt.example.org:8443`; the one in the configuration otherwise
    #[arg(long, value_name = "URL")]
    server: Option<ServerAddress>,
    /// The activation key that lets this machine in; the one in the configuration otherwise
    #[arg(long, value_name = "KEY", env = "REDOUBT_ACTIVATION_KEY", hide_env_values = true)]
    activation_key: Option<String>,
    /// File with the configuration
    #[arg(long, value_name = "FILE", default_value = config::FILE)]
    config: PathBuf,
    /// Folder of the agent's state
    #[arg(long, value_name = "DIR", default_value = "/var/lib/redoubt-agent", env = "REDOUBT_AGENT_STATE")]
    pub(crate) state: PathBuf,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    ca: Option<PathBuf>,
    /// Trust the certificate with this SHA-256 fingerprint, and no other
    #[arg(long, value_name = "SHA256")]
    fingerprint: Option<Fingerprint>,
    /// Join again even if there is an identity
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(crate) cloud: CloudArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigureArguments {
    /// What to configure: ActivationId, ServerUri, CustomerId, CaFile, CertificateFingerprint, LogLevel, GoldenImage
    #[arg(value_name = "NAME=VALUE", required = true)]
    pub(crate) pairs: Vec<String>,
    /// File of the configuration
    #[arg(long, value_name = "FILE", default_value = config::FILE)]
    pub(crate) config: PathBuf,
    /// Folder of the agent's state
    #[arg(long, value_name = "DIR", default_value = "/var/lib/redoubt-agent", env = "REDOUBT_AGENT_STATE")]
    pub(crate) state: PathBuf,
    /// Do not start the service
    #[arg(long)]
    pub(crate) no_start: bool,
    #[command(flatten)]
    pub(crate) cloud: CloudArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Folder of the agent's state
    #[arg(long, value_name = "DIR", default_value = "/var/lib/redoubt-agent", env = "REDOUBT_AGENT_STATE")]
    pub(crate) state: PathBuf,
    /// File of the configuration: an agent without an identity joins the server that it names
    #[arg(long, value_name = "FILE", default_value = config::FILE)]
    pub(crate) config: PathBuf,
    /// Time between reports, such as 15m or 4h, unless the server asks for another
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = interval)]
    pub(crate) interval: Duration,
    /// Report once and stop
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) cloud: CloudArguments,
}

impl EnrollArguments {
    /// What they ask for; what they leave open the configuration says, if it speaks of the same server.
    pub(crate) fn enrolment(&self) -> Result<Enrolment, Box<dyn std::error::Error>> {
        let config = Config::read(&self.config)?;
        let configured = config.server()?;
        let server = self.server.clone().or_else(|| configured.clone());
        let server = server.ok_or("--server URL is missing, and so is ServerUri in the configuration")?;
        let config = if configured.as_ref() == Some(&server) { config } else { Config::default() };
        let given = self.activation_key.as_deref().map(Secret::new).or_else(|| config.activation_id());
        let activation_key =
            given.ok_or("--activation-key KEY is missing, and so is ActivationId in the configuration")?;
        let trust = match (&self.ca, self.fingerprint) {
            (Some(file), _) => {
                let pem =
                    fs::read_to_string(file).map_err(|error| format!("--ca {}: {error}", file.display()))?;
                Trust::in_authorities(pem, file)?
            }
            (None, Some(fingerprint)) => Trust::Fingerprint(fingerprint),
            (None, None) => config.trust()?.unwrap_or(Trust::System),
        };
        let customer_id = config.customer_id()?;
        Ok(Enrolment { server, trust, activation_key, customer_id, force: self.force })
    }
}

impl RunArguments {
    /// The arguments with which this program makes one visit.
    pub(crate) fn for_a_visit(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["visit".into(), "--state".into(), self.state.clone().into()];
        arguments.extend(["--config".into(), self.config.clone().into()]);
        if self.cloud.no_cloud {
            arguments.push("--no-cloud".into());
        }
        arguments
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration =
        text.parse().map_err(|_| format!("`{text}` is not a time such as 15m or 4h"))?;
    match Duration::try_from(duration) {
        Ok(duration) if duration >= Duration::from_millis(100) => Ok(duration),
        _ => Err(format!("`{text}` is too short for an interval")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_interval_is_written_as_people_write_it() {
        assert_eq!(interval("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(interval("4h"), Ok(Duration::from_secs(4 * 3600)));
        assert_eq!(interval("1h 30m"), Ok(Duration::from_secs(5400)));
        for text in ["", "15", "-5m", "0s", "soon"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }
}
