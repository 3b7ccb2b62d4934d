//! `redoubt-agent configure`: writes the file, joins the server, and lets the service report from now on.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

use crate::config::{Config, ConfigError, Wishes};
use crate::log;
use crate::state::StateDir;

/// The unit that the packages bring.
const UNIT: &str = "redoubt-agent.service";
/// Is there where systemd runs.
const SYSTEMD: &str = "/run/systemd/system";

/// Where things are.
#[derive(Debug)]
pub struct Places<'a> {
    /// The file of the configuration.
    pub config: &'a Path,
    /// The folder of the state.
    pub state: &'a Path,
    /// Whether the service is to be started.
    pub start: bool,
    /// Whether the metadata service of a cloud provider is left alone.
    pub no_cloud: bool,
}

/// It was not done.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A program could not be run.
    #[error("{what} cannot be run: {error}")]
    Program {
        /// What.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The enrolment failed, and said why.
    #[error("the agent could not join the server; see above")]
    NotJoined,
    /// The service did not stop or start.
    #[error("the service did not do as it was told: `systemctl status {UNIT}` says why")]
    NotStarted,
}

/// Does it.
///
/// # Errors
/// The configuration, the server, or the service. An agent that reports somewhere goes on there; of another one the file
/// stays, so that asking again needs no more than that.
pub fn configure(wishes: &Wishes, places: &Places<'_>) -> Result<(), ConfigureError> {
    for name in &wishes.ignored {
        log::warn("the option has no effect on this agent", &[("option", name)]);
    }
    let before = Config::read(places.config)?;
    let mut config = before.clone();
    config.take(&wishes.config);
    config.require()?;
    config.trust()?;
    let owner = owner(places.state);
    config.write(places.config, owner.map(|(_, group)| group))?;
    log::info("configured", &[("file", &places.config.display())]);
    if wishes.golden_image {
        log::info("this is an image: what is made of it enrols when it starts", &[]);
        return Ok(());
    }
    let is_known = StateDir::new(places.state).identity().is_ok();
    if is_known && config.joins_like(&before) {
        log::info("enrolled before; nothing is asked of the server", &[]);
    } else {
        let service = Service::of(places);
        // While it runs it has the state to itself.
        service.act("stop")?;
        if let Err(error) = join(places, owner, is_known) {
            if is_known {
                // It goes on where it was.
                before.write(places.config, owner.map(|(_, group)| group))?;
                service.act("start")?;
            }
            return Err(error);
        }
    }
    Service::of(places).start()
}

/// As the user that the service runs as: it must be able to read what enrolling writes.
fn join(places: &Places<'_>, owner: Option<(u32, u32)>, force: bool) -> Result<(), ConfigureError> {
    let failed = |error| ConfigureError::Program { what: "redoubt-agent enroll", error };
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.arg("enroll").arg("--config").arg(places.config).arg("--state").arg(places.state);
    if force {
        command.arg("--force");
    }
    if places.no_cloud {
        command.arg("--no-cloud");
    }
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    let ended = command.stdin(Stdio::null()).status().map_err(failed)?;
    if ended.success() { Ok(()) } else { Err(ConfigureError::NotJoined) }
}

/// The user and group that the state belongs to, if it is not ours and we may act for them.
pub fn owner(state: &Path) -> Option<(u32, u32)> {
    let of = fs::metadata(state).ok()?;
    let is_root = nix::unistd::geteuid().is_root();
    (is_root && of.uid() != 0).then(|| (of.uid(), of.gid()))
}

/// The service, where there is one to act on.
struct Service {
    is_there: bool,
    is_wanted: bool,
}

impl Service {
    fn of(places: &Places<'_>) -> Self {
        Self { is_there: Path::new(SYSTEMD).is_dir(), is_wanted: places.start }
    }

    fn start(&self) -> Result<(), ConfigureError> {
        if self.is_wanted && !self.is_there {
            log::info("there is no systemd here: start `redoubt-agent run` as the user of its state", &[]);
            return Ok(());
        }
        self.act("enable")?;
        self.act("restart")?;
        if self.is_wanted {
            log::info("the service reports from now on", &[("unit", &UNIT)]);
        }
        Ok(())
    }

    fn act(&self, action: &str) -> Result<(), ConfigureError> {
        if !self.is_wanted || !self.is_there {
            return Ok(());
        }
        let ended = Command::new("systemctl").args([action, UNIT]).stdin(Stdio::null()).status();
        let ended = ended.map_err(|error| ConfigureError::Program { what: "systemctl", error })?;
        if ended.success() { Ok(()) } else { Err(ConfigureError::NotStarted) }
    }
}
