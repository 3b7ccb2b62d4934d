//! `redoubt-agent`: reports this machine to a Redoubt server.

mod arguments;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use agent::cycle::{self, Outcome};
use agent::enroll::{Enrolled, enroll};
use agent::log;
use agent::state::StateDir;
use agent::supervisor::{self, Visits};
use arguments::{Action, Arguments, CloudArguments, RunArguments};
use clap::Parser;
use inventory::linux::{Options, collect};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match act(arguments.action) {
        Ok(code) => code,
        Err(failure) => {
            log::error(&failure.to_string(), &[]);
            ExitCode::FAILURE
        }
    }
}

fn act(action: Action) -> Result<ExitCode, Failure> {
    match action {
        Action::Inventory { root, cloud } => print_inventory(&root, &cloud),
        Action::Enroll(arguments) => {
            let enrolment = arguments.enrolment()?;
            let enrolled = enroll(
                &StateDir::new(&arguments.state),
                &enrolment,
                &options(Path::new("/"), &arguments.cloud),
            )?;
            let (what, id) = match enrolled {
                Enrolled::Now(id) => ("enrolled", id),
                Enrolled::Already(id) => ("enrolled before; nothing was done (--force enrols again)", id),
            };
            log::info(what, &[("agent", &id), ("server", &enrolment.server)]);
            Ok(ExitCode::SUCCESS)
        }
        Action::Run(arguments) => run(&arguments),
        Action::Visit { state, cloud } => {
            supervisor::follow_parent()?;
            let outcome = cycle::visit_and_tell(&StateDir::new(&state), &options(Path::new("/"), &cloud));
            print_line(&outcome)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn print_inventory(root: &Path, cloud: &CloudArguments) -> Result<ExitCode, Failure> {
    let inventory = collect(&options(root, cloud));
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &inventory)?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

fn run(arguments: &RunArguments) -> Result<ExitCode, Failure> {
    let state = StateDir::new(&arguments.state);
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
