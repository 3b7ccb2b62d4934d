//! `redoubt-agent`: reports this machine to a Redoubt server.

mod arguments;

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use agent::config::{Config, Wishes};
use agent::configure::{Places, configure, owner};
use agent::cycle::{self, Outcome};
use agent::enroll::{Enrolled, Enrolment, enroll};
use agent::log;
use agent::state::{StateDir, StateError};
use agent::supervisor::{self, Visits};
use agent::trust::Trust;
use arguments::{Action, Arguments, CloudArguments, RunArguments};
use clap::Parser;
use inventory::linux::{Options, collect};

/// The status of an agent that the server uninstalled: starting it again is of no use.
const REVOKED: u8 = 3;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match act(arguments.action) {
        Ok(code) => code,
        // Whoever reads has read enough.
        Err(failure) if is_closed_pipe(&failure) => ExitCode::SUCCESS,
        Err(failure) => {
            log::error(&failure.to_string(), &[]);
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(failure: &Failure) -> bool {
    failure.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn act(action: Action) -> Result<ExitCode, Failure> {
    match action {
        Action::Inventory { root, cloud } => print_inventory(&root, &cloud),
        Action::Enroll(arguments) => {
            go_on_as_owner(&arguments.state)?;
            let state = StateDir::new(&arguments.state);
            join(&state, &arguments.enrolment()?, &options(Path::new("/"), &arguments.cloud))?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Configure(arguments) => {
            let wishes = Wishes::read(&arguments.pairs)?;
            let places = Places {
                config: &arguments.config,
                state: &arguments.state,
                start: !arguments.no_start,
                no_cloud: arguments.cloud.no_cloud,
            };
            configure(&wishes, &places)?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Run(arguments) => run(&arguments),
        Action::Visit { state, config, cloud } => {
            supervisor::follow_parent()?;
            // Its supervisor has read the same file and said what is wrong with it.
            if let Ok(Some(level)) = Config::read(&config).and_then(|config| config.log_level()) {
                log::set_level(level);
            }
            let outcome = cycle::visit_and_tell(&StateDir::new(&state), &options(Path::new("/"), &cloud));
            print_line(&outcome)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn print_inventory(root: &Path, cloud: &CloudArguments) -> Result<ExitCode, Failure> {
    let inventory = collect(&options(root, cloud));
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &inventory).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

fn join(state: &StateDir, enrolment: &Enrolment, options: &Options) -> Result<(), Failure> {
    let (what, id) = match enroll(state, enrolment, options)? {
        Enrolled::Now(id) => ("enrolled", id),
        Enrolled::Already(id) => ("enrolled before; nothing was done (--force enrols again)", id),
    };
    log::info(what, &[("agent", &id), ("server", &enrolment.server)]);
    Ok(())
}

/// Joins the server that the configuration names, for an agent that starts without an identity: an image was made of its
/// machine, or somebody wrote the file.
fn join_as_configured(state: &StateDir, config: &Config, arguments: &RunArguments) -> Result<(), Failure> {
    let (Some(server), Some(activation_key)) = (config.server()?, config.activation_id()) else {
        return Ok(());
    };
    let trust = config.trust()?.unwrap_or(Trust::System);
    let customer_id = config.customer_id()?;
    let enrolment = Enrolment { server, trust, activation_key, customer_id, force: false };
    join(state, &enrolment, &options(Path::new("/"), &arguments.cloud))
}

/// Somebody who acts as root on a machine with the package must not write what the service can't read.
fn go_on_as_owner(state: &Path) -> Result<(), Failure> {
    let Some((user, group)) = owner(state) else { return Ok(()) };
    let mut again = Command::new(std::env::current_exe()?);
    // It comes back only if that can't be done.
    Err(again.args(std::env::args_os().skip(1)).uid(user).gid(group).exec().into())
}

fn run(arguments: &RunArguments) -> Result<ExitCode, Failure> {
    go_on_as_owner(&arguments.state)?;
    let state = StateDir::new(&arguments.state);
    let config = Config::read(&arguments.config)?;
    if let Some(level) = config.log_level()? {
        log::set_level(level);
    }
    match state.identity() {
        Err(StateError::NotEnrolled(_)) => join_as_configured(&state, &config, arguments)?,
        Err(revoked @ StateError::Revoked(_)) => {
            log::error(&revoked.to_string(), &[]);
            return Ok(ExitCode::from(REVOKED));
        }
        _ => {}
    }
    // Here and not in each visit only, so that someone who starts the agent by hand reads what is wrong.
    let identity = state.identity()?;
    let _lock = state.lock()?;
    log::info(
        "started",
        &[("agent", &identity.agent_id), ("server", &identity.server), ("version", &agent::VERSION)],
    );
    drop(identity);
    if arguments.once {
        let outcome = cycle::visit_and_tell(&state, &options(Path::new("/"), &arguments.cloud));
        return Ok(if matches!(outcome, Outcome::Failed { .. }) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        });
    }
    supervisor::stop_on_signals()?;
    supervisor::run(&Visits {
        program: std::env::current_exe()?,
        arguments: arguments.for_a_visit(),
        interval: arguments.interval,
    });
    Ok(ExitCode::SUCCESS)
}

fn options(root: &Path, cloud: &CloudArguments) -> Options {
    Options { root: root.to_path_buf(), metadata: (!cloud.no_cloud).then_some(Options::METADATA) }
}

fn print_line(outcome: &Outcome) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, outcome)?;
    Ok(writeln!(out)?)
}
