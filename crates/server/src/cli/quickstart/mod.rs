//! `redoubt quickstart`: a server, this machine in its inventory through a real agent, tags that select it, and what can
//! be asked. Running it again on the same data makes nothing twice.

mod agent_process;
mod client;
mod parts;
mod way_on;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use platform::users::User;
use platform::{Caller, Permissions, Platform};

use super::serve::Choices;
use super::{Failure, say};
use crate::first_start::ADMIN;
use crate::log::{self, LogFormat};
use crate::secret;
use crate::service::{Plan, Service};
use agent_process::AgentProcess;
use client::Client;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Directory of the data; a place of your own where none is named, one that is removed afterwards with --exit
    #[arg(long, value_name = "DIR", env = "REDOUBT_DATA")]
    data: Option<PathBuf>,
    /// Address for HTTP; a free port of this machine's own with --exit
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// End after the summary
    #[arg(long)]
    exit: bool,
    /// Do not ask the metadata service of a cloud provider
    #[arg(long, env = "REDOUBT_AGENT_NO_CLOUD", value_parser = clap::builder::FalseyValueParser::new())]
    no_cloud: bool,
    #[command(flatten)]
    choices: Choices,
}

/// Where the data of this run is.
struct Data {
    path: PathBuf,
    is_temporary: bool,
}

/// Runs a server with this machine in its inventory.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    log::start(LogFormat::Text, "warn");
    let data = Data::choose(arguments.data, arguments.exit)?;
    let default = if arguments.exit { "127.0.0.1:0" } else { "127.0.0.1:8080" };
    let plan = Plan {
        data: data.path.clone(),
        database: None,
        listen: arguments.listen.unwrap_or_else(|| default.to_owned()),
        tls_listen: None,
        manners: arguments.choices.manners(),
        settings: arguments.choices.settings(),
    };
    let mut service = Service::start(&plan)?;
    let shown = show(&service, arguments.no_cloud, arguments.exit);
    let agent = match shown {
        Ok(agent) if !arguments.exit => Some(agent.stay()?),
        Ok(_) => None,
        Err(failure) => {
            service.stop()?;
            return Err(failure);
        }
    };
    if let Some(agent) = agent {
        service.wait();
        agent.stop();
    }
    Ok(service.stop()?)
}

/// Brings this machine in and tells what there is.
fn show(service: &Service, no_cloud: bool, ends: bool) -> Result<AgentProcess, Failure> {
    let url = service.urls.first().map(|url| reachable(url)).ok_or("the server has no address")?;
    say(format_args!(
        "Redoubt {} at {url}, data in {}",
        env!("CARGO_PKG_VERSION"),
        service.dir.path().display()
    ))?;
    super::serve::tell_first_start(&service.first_start)?;
    say("reading this machine ...")?;
    let agent = AgentProcess::new(service.dir.agent_state(), url.clone(), no_cloud);
    agent.report(&service.platform)?;
    let client = Client::new(url, session(service)?);
    let host = client.host_of_agent(&agent.id()?)?;
    parts::print(&parts::Shown {
        client: &client,
        host,
        platform: &service.platform,
        data: service.dir.path(),
        password: service.first_start.password.as_deref(),
    })?;
    way_on::print(service, &client, ends)?;
    Ok(agent)
}

/// A session of the manager. Made from inside, since the password is known at the first start only.
fn session(service: &Service) -> Result<String, Failure> {
    let user = manager(&service.platform)?;
    let caller = Caller { user: user.0, login: user.1, permissions: Permissions::all(), scope: None };
    let token = service.platform.access().open_session(&caller, service.clock.now());
    Ok(token.ok_or("the system gives no random numbers, which sessions need")?.reveal().to_owned())
}

fn manager(platform: &Platform) -> Result<(store::Id<User>, String), Failure> {
    let ids: Vec<u32> = platform.store().index::<User, _>(|index| index.ids().iter().collect());
    let users = platform.store().read()?.get_many::<User>(&ids)?;
    let admin = users.into_iter().find(|user| user.login == ADMIN);
    let admin = admin
        .ok_or_else(|| format!("there is no user {ADMIN} any more; use `redoubt serve` on this data"))?;
    Ok((admin.id, admin.object.login))
}

/// An address that listens everywhere is reached at this machine's own.
fn reachable(url: &str) -> String {
    url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
}

impl Data {
    fn choose(named: Option<PathBuf>, ends: bool) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Ok(Self { path, is_temporary: false });
        }
        if ends {
            return Ok(Self { path: temporary()?, is_temporary: true });
        }
        let of = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = of("XDG_DATA_HOME").or_else(|| of("HOME").map(|home| home.join(".local/share")));
        let path = base
            .ok_or("there is no home directory to keep data in; name one with --data DIR")?
            .join("redoubt");
        Ok(Self { path, is_temporary: false })
    }
}

fn temporary() -> Result<PathBuf, Failure> {
    let name = secret::password().ok_or("the system gives no random numbers")?;
    let path = std::env::temp_dir().join(format!("redoubt-{name}"));
    // Fails where something of that name exists, so that nobody can lay a directory out for us.
    DirBuilder::new().mode(0o700).create(&path)?;
    Ok(path)
}

impl Drop for Data {
    fn drop(&mut self) {
        if self.is_temporary {
            remove(&self.path);
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(%error, path = %path.display(), "the temporary data could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_listens_everywhere_is_reached_on_this_machine() {
        assert_eq!(reachable("http://0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(reachable("http://[::]:8080"), "http://[::1]:8080");
        assert_eq!(reachable("http://192.0.2.1:80"), "http://192.0.2.1:80");
    }

    #[test]
    fn temporary_data_is_removed_and_named_data_stays() {
        let temporary = Data::choose(None, true).unwrap();
        let path = temporary.path.clone();
        assert!(path.is_dir());
        drop(temporary);
        assert!(!path.exists());
        let named = tempfile::tempdir().unwrap();
        drop(Data::choose(Some(named.path().to_owned()), true).unwrap());
        assert!(named.path().is_dir());
    }
}
