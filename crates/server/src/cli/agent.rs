//! `redoubt agent`: the agent itself, in this program. `redoubt quickstart` runs it as a process of its own, so that one
//! command is enough on a machine where nothing else was built or installed.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use agent::address::ServerAddress;
use agent::cycle::{self, Outcome};
use agent::enroll::{Enrolment, enroll};
use agent::state::StateDir;
use agent::supervisor::{self, Visits};
use agent::trust::Trust;
use clap::{Args, Subcommand};
use inventory::linux::Options;
use inventory::protocol::Secret;

use super::Failure;

/// Time between reports, unless the server asks for another.
const INTERVAL: Duration = Duration::from_secs(900);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder of the agent's state
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Do not ask the metadata service of a cloud provider
    #[arg(long)]
    no_cloud: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Join a server
    Enroll {
        #[arg(long)]
        server: ServerAddress,
        #[arg(long, env = "REDOUBT_ACTIVATION_KEY", hide_env_values = true)]
        activation_key: String,
        #[arg(long)]
        force: bool,
    },
    /// Report from now on
    Run,
    /// Report once
    Visit,
}

/// Acts as the agent.
pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let state = StateDir::new(&arguments.state);
    let metadata = (!arguments.no_cloud).then_some(Options::METADATA);
    let options = Options { root: "/".into(), metadata };
    match arguments.action {
        Action::Enroll { server, activation_key, force } => {
            let activation_key = Secret::new(&activation_key);
            let enrolment =
                Enrolment { server, trust: Trust::System, activation_key, customer_id: None, force };
            enroll(&state, &enrolment, &options)?;
        }
        Action::Run => {
            supervisor::follow_parent()?;
            supervisor::stop_on_signals()?;
            let _lock = state.lock()?;
            let program = std::env::current_exe()?;
            let visit =
                ["agent", "--state"].map(Into::into).into_iter().chain([arguments.state.into_os_string()]);
            let cloud = arguments.no_cloud.then(|| "--no-cloud".into());
            let arguments = visit.chain(cloud).chain(["visit".into()]).collect();
            supervisor::run(&Visits { program, arguments, interval: INTERVAL });
        }
        Action::Visit => {
            supervisor::follow_parent()?;
            let outcome = cycle::visit_and_tell(&state, &options);
            let mut out = io::stdout().lock();
            serde_json::to_writer(&mut out, &outcome)?;
            writeln!(out)?;
            if matches!(outcome, Outcome::Failed { .. }) {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
