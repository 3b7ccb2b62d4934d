//! The agent as a process of its own: it joins the server, reports, and stays if it is asked to.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use agent::address::ServerAddress;
use agent::state::{StateDir, StateError};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use platform::Platform;

use crate::cli::Failure;

/// An agent that is not running.
pub(super) struct AgentProcess {
    state: PathBuf,
    server: String,
    no_cloud: bool,
}

/// One that is.
pub(super) struct RunningAgent(Child);

impl AgentProcess {
    pub(super) fn new(state: PathBuf, server: String, no_cloud: bool) -> Self {
        Self { state, server, no_cloud }
    }

    /// Joins the server where that is needed, and reports once.
    pub(super) fn report(&self, platform: &Platform) -> Result<(), Failure> {
        let enrolled = self.enrolled()?;
        if enrolled != Some(true) {
            self.enroll(platform, enrolled.is_some())?;
        }
        if self.run(&["visit"])? {
            return Ok(());
        }
        // The server may be a new one that does not know this agent.
        self.enroll(platform, true)?;
        if self.run(&["visit"])? { Ok(()) } else { Err("the agent could not report; see above".into()) }
    }

    /// Whether there is an identity, and whether it is one at this very address.
    fn enrolled(&self) -> Result<Option<bool>, Failure> {
        match StateDir::new(&self.state).identity() {
            Ok(identity) => Ok(Some(identity.server == self.server.parse::<ServerAddress>()?)),
            Err(StateError::NotEnrolled(_) | StateError::Revoked(_)) => Ok(None),
            Err(StateError::Damaged { .. }) => Ok(Some(false)),
            Err(error) => Err(error.into()),
        }
    }

    fn enroll(&self, platform: &Platform, force: bool) -> Result<(), Failure> {
        let force = if force { &["--force"][..] } else { &[] };
        let mut command = self.command(&[&["enroll", "--server", &self.server], force].concat())?;
        // Not as an argument, which everybody on this machine can read.
        let ended = command.env("REDOUBT_ACTIVATION_KEY", activation_key(platform)?).status()?;
        if ended.success() { Ok(()) } else { Err("the agent could not join the server; see above".into()) }
    }

    /// The name that the server gave.
    pub(super) fn id(&self) -> Result<String, Failure> {
        Ok(StateDir::new(&self.state).identity()?.agent_id.to_string())
    }

    /// Lets it report from now on.
    pub(super) fn stay(&self) -> Result<RunningAgent, Failure> {
        Ok(RunningAgent(self.command(&["run"])?.spawn()?))
    }

    fn run(&self, action: &[&str]) -> Result<bool, Failure> {
        Ok(self.command(action)?.status()?.success())
    }

    fn command(&self, action: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("agent").arg("--state").arg(&self.state);
        if self.no_cloud {
            command.arg("--no-cloud");
        }
        command.args(action).stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }
}

fn activation_key(platform: &Platform) -> Result<String, Failure> {
    let key = platform::agents::open_key(platform)?;
    Ok(key.ok_or("no activation key lets agents in; enable one")?.to_string())
}

impl RunningAgent {
    /// Ends it.
    pub(super) fn stop(mut self) {
        let id = i32::try_from(self.0.id()).map(Pid::from_raw);
        // It may have ended by itself, with the same signal from the terminal.
        let _ = id.map(|id| kill(id, Signal::SIGTERM));
        let _ = self.0.wait();
    }
}
