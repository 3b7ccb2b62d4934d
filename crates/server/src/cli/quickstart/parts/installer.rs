//! The agent that was built with this program, as installers that the API hands out, and the line with which another
//! host joins. Where `cargo run` built this program alone, the agent is built first.

use platform::Platform;

use super::Shown;
use crate::cli::{Failure, say};
use crate::first_start::ADMIN;
use crate::own_agent::{self, OwnAgentError, VERSION};
use crate::workshop::Workshop;

/// The author of these writes.
const AUTHOR: &str = "quickstart";

pub(super) fn print(shown: &Shown<'_>) -> Result<(), Failure> {
    say("\nInstallers of the agent, which the API hands out")?;
    let workshop = Workshop::of_this_run();
    if workshop.is_some() {
        say("  building the agent as this program was built ...")?;
    }
    match workshop.map_or(Ok(()), |workshop| own_agent::make(&workshop)).and_then(|()| register(shown)) {
        Ok(()) => {}
        Err(error @ (OwnAgentError::Missing(_) | OwnAgentError::NotBuilt)) => {
            return Ok(say(format_args!("  none: {error}"))?);
        }
        Err(error) => return Err(error.into()),
    }
    let installers = platform::installers::installers(shown.platform.store())?;
    for one in &installers {
        say(format_args!(
            "  {:<13} {:<8} {} {} ({} KiB)",
            one.platform,
            one.architecture,
            one.agent_version,
            one.file_name,
            one.length.div_ceil(1_024)
        ))?;
    }
    let Some(deb) = installers.iter().find(|one| one.platform.starts_with("LINUX_UBUNTU")) else {
        return Ok(());
    };
    say("\nOne line brings in another host (Debian, Ubuntu), as root on it")?;
    if is_of_this_machine_only(shown.client.url()) {
        say("  This server listens on this machine only: --listen 0.0.0.0:8080 lets others reach it.")?;
    }
    Ok(say(format_args!("  {}", line(shown, &deb.architecture)?))?)
}

/// Makes the installers anew, which gives the same bytes for the same agent.
fn register(shown: &Shown<'_>) -> Result<(), OwnAgentError> {
    let agent = own_agent::find()?;
    let folder = shown.data.join("packages");
    let made = own_agent::build(&agent, VERSION, &folder)?;
    let platform: &Platform = shown.platform;
    own_agent::register(&made, VERSION, platform.installers(), platform.store(), AUTHOR)?;
    // They are kept by their hashes now.
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        tracing::warn!(%error, folder = %folder.display(), "a folder with copies of installers is left");
    }
    Ok(())
}

fn line(shown: &Shown<'_>, architecture: &str) -> Result<String, Failure> {
    // Without a password, curl asks for it.
    let user = shown.password.map_or(ADMIN.to_owned(), |password| format!("{ADMIN}:{password}"));
    let key = platform::agents::open_key(shown.platform)?;
    let key = key.ok_or("no activation key lets agents in; enable one")?;
    let (url, customer) = (shown.client.url(), shown.platform.access().customer());
    Ok(format!(
        "curl -fsSu {user} -o /tmp/redoubt-agent.deb '{url}/qps/rest/1.0/download/ca/downloadbinary\
         ?platform=LINUX_UBUNTU&architecture={architecture}' && dpkg -i /tmp/redoubt-agent.deb && \
         redoubt-agent configure ActivationId={key} CustomerId={customer} ServerUri={url}"
    ))
}

fn is_of_this_machine_only(url: &str) -> bool {
    url.contains("://127.") || url.contains("://[::1]") || url.contains("://localhost")
}
