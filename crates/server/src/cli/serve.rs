//! `redoubt serve`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use platform::Settings;

use super::{Failure, say};
use crate::first_start::{ADMIN, FirstStart};
use crate::http::Manners;
use crate::log::{self, LogFormat};
use crate::service::{Plan, Service};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Directory of the data; made where it is missing
    #[arg(long, value_name = "DIR", env = "REDOUBT_DATA")]
    data: PathBuf,
    /// Address for HTTP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Address for HTTPS, with DIR/tls.crt and DIR/tls.key, which are made where they are missing
    #[arg(long, value_name = "ADDR")]
    tls_listen: Option<String>,
    /// PostgreSQL database, such as postgres://user@host/name, instead of the embedded one
    #[arg(long, value_name = "URL", env = "REDOUBT_DATABASE", hide_env_values = true)]
    database: Option<String>,
    #[command(flatten)]
    choices: Choices,
    /// How log lines are written; REDOUBT_LOG says which, such as debug
    #[arg(long, value_enum, default_value_t)]
    log_format: LogFormat,
}

/// What an administrator may choose.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Choices {
    /// HTTP status of an answer to a wrong password; 200 is what some old clients expect
    #[arg(long, value_name = "STATUS", default_value = "401", value_parser = status_parser())]
    auth_failure_status: u16,
    /// Let asset names follow DNS names, NetBIOS names, instance ids and addresses
    #[arg(long)]
    automatic_names: bool,
    /// Believe X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host; only behind a proxy that sets them
    #[arg(long)]
    trust_proxy: bool,
    /// How long an asset of out-of-band assessment waits for its confirmation, in seconds; to test clients
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    oca_confirmation_seconds: u32,
    /// How often each call of the gateway may be called in an hour; without it there is no limit
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    gateway_calls_per_hour: Option<u32>,
    /// How often each call below /qps/rest may be called in an hour; without it there is no limit
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    qps_calls_per_hour: Option<u32>,
    /// How many of each call below /qps/rest may run at once; without it there is no limit
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    qps_calls_at_once: Option<u32>,
}

impl Choices {
    pub(super) fn manners(self) -> Manners {
        Manners {
            wrong_password_status: self.auth_failure_status,
            trust_proxy: self.trust_proxy,
            gateway_calls_per_hour: self.gateway_calls_per_hour,
            qps_calls_per_hour: self.qps_calls_per_hour,
            qps_calls_at_once: self.qps_calls_at_once,
        }
    }

    pub(super) fn settings(self) -> Settings {
        Settings {
            automatic_names: self.automatic_names,
            oca_confirmation_seconds: self.oca_confirmation_seconds,
        }
    }
}

fn status_parser() -> impl TypedValueParser<Value = u16> {
    PossibleValuesParser::new(["200", "401"]).map(|status| if status == "200" { 200 } else { 401 })
}

/// Serves until a signal comes.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    log::start(arguments.log_format, "info");
    let Arguments { data, listen, tls_listen, database, choices, .. } = arguments;
    let plan =
        Plan { data, database, listen, tls_listen, manners: choices.manners(), settings: choices.settings() };
    let mut service = Service::start(&plan)?;
    announce(&service)?;
    service.wait();
    Ok(service.stop()?)
}

fn announce(service: &Service) -> Result<(), Failure> {
    say(format_args!("Redoubt {}, data in {}", env!("CARGO_PKG_VERSION"), service.dir.path().display()))?;
    tell_first_start(&service.first_start)?;
    if let Some((fingerprint, is_new)) = &service.certificate {
        let new = if *is_new { "new self-signed certificate" } else { "certificate" };
        say(format_args!("{new} {}, SHA-256 {fingerprint}", service.dir.certificate().display()))?;
    }
    for url in &service.urls {
        say(format_args!("listening on {url}"))?;
    }
    Ok(())
}

/// What a first start made is said once; only hashes of passwords are kept.
pub(super) fn tell_first_start(made: &FirstStart) -> Result<(), Failure> {
    match &made.password {
        Some(password) => {
            say(format_args!("first start: login {ADMIN}, password {password} (not shown again)"))?
        }
        None if made.admin => say(format_args!("first start: login {ADMIN}, password as given"))?,
        None => {}
    }
    if let Some(key) = &made.activation_key {
        say(format_args!("first start: activation key for agents {key}"))?;
    }
    Ok(())
}
