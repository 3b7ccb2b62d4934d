//! The command line: one file for each command.

mod activation_key;
mod agent;
mod asset;
mod binaries;
mod compatibility;
mod discover;
mod place;
mod quickstart;
mod scan;
mod serve;
mod user;
mod verify;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use nix::sys::stat::{Mode, umask};

/// What ends a command early. The message is all that people get, so it says what to do.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The author of what commands write.
const AUTHOR: &str = "command line";

/// A security platform that speaks the Qualys-compatible API.
#[derive(Debug, Parser)]
#[command(name = "redoubt", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API
    Serve(serve::Arguments),
    /// Serve, bring this machine into the inventory, and show what can be asked
    Quickstart(quickstart::Arguments),
    /// Look after users
    User(user::Arguments),
    /// Look after the keys that let agents in
    ActivationKey(activation_key::Arguments),
    /// Name assets by hand where names follow by themselves
    Asset(asset::Arguments),
    /// Look after the agent's installers, which the API hands out
    Binaries(binaries::Arguments),
    /// Check that the index is what the data says
    Verify(verify::Arguments),
    /// Print which calls of the API are built, as COMPATIBILITY.md
    Compatibility,
    /// Load data into a data directory
    Load(bench::cli::LoadArgs),
    /// Measure this program on this machine
    Bench(bench::cli::BenchArgs),
    /// Assess the configuration that a device printed
    Assess(assess::cli::AssessArgs),
    /// Check, test and begin files of rules for assessments
    Policy(assess::cli::PolicyArgs),
    /// Find hosts, open ports and what answers on them
    Discover(Box<discover::Arguments>),
    /// Serve the practice range: vulnerable applications with known truth, on loopback
    Range(range::cli::RangeArgs),
    /// Scan a web application
    Scan(Box<webscan::cli::ScanArgs>),
    /// Show a finding of a scan again
    Replay(webscan::cli::ReplayArgs),
    /// The agent, for a machine that has no redoubt-agent
    #[command(hide = true)]
    Agent(agent::Arguments),
}

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    // Whatever is written is its owner's alone, unless somebody says otherwise.
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    match act(Arguments::parse().command) {
        Ok(code) => code,
        // Whoever reads has read enough.
        Err(failure) if is_closed_pipe(&failure) => ExitCode::SUCCESS,
        Err(failure) => {
            // There is no other place to say it.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(arguments) => serve::run(arguments)?,
        Command::Quickstart(arguments) => quickstart::run(arguments)?,
        Command::User(arguments) => user::run(arguments)?,
        Command::ActivationKey(arguments) => activation_key::run(arguments)?,
        Command::Asset(arguments) => asset::run(arguments)?,
        Command::Binaries(arguments) => binaries::run(arguments)?,
        Command::Verify(arguments) => return verify::run(&arguments),
        Command::Compatibility => say(compatibility::document().trim_end())?,
        Command::Load(arguments) => bench::cli::run_load(&arguments)?,
        Command::Bench(arguments) => bench::cli::run_bench(&arguments)?,
        Command::Assess(arguments) => return tell(|out, err| assess::cli::assess(&arguments, out, err)),
        Command::Policy(arguments) => return tell(|out, err| assess::cli::policy(&arguments, out, err)),
        Command::Range(arguments) => range::cli::run(&arguments, &mut io::stdout().lock())?,
        Command::Scan(arguments) => return scan::scan(&arguments),
        Command::Replay(arguments) => return scan::replay(&arguments),
        Command::Discover(arguments) => return Ok(ExitCode::from(discover::run(&arguments)?)),
        Command::Agent(arguments) => return agent::run(arguments),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command that writes what it has to say itself, and gives the status to end with.
fn tell(command: impl FnOnce(&mut dyn Write, &mut dyn Write) -> io::Result<u8>) -> Result<ExitCode, Failure> {
    Ok(ExitCode::from(command(&mut io::stdout().lock(), &mut io::stderr().lock())?))
}

/// Says a line on standard output.
fn say(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn is_closed_pipe(failure: &Failure) -> bool {
    failure.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
