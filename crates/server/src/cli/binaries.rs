//! `redoubt binaries`: the agent's installers. Works beside a running server, which hands out what is there at the moment,
//! and without one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use platform::installers::{Addition, Installer, Installers, installers};
use store::Store;

use super::{AUTHOR, Failure, say};
use crate::data_dir::DataDir;
use crate::database::Database;
use crate::log::{self, LogFormat};
use crate::own_agent;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add an installer, in the place of the one that its platform and architecture have
    Add {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        target: Target,
        /// Version of the agent in it
        #[arg(long)]
        version: String,
        #[command(flatten)]
        place: Place,
    },
    /// List the installers
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Remove an installer
    Remove {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        place: Place,
    },
    /// Make installers (deb, rpm, tar.gz) of an agent for Linux
    Build {
        /// The agent; the one beside this program where none is named
        #[arg(long, value_name = "FILE")]
        agent: Option<PathBuf>,
        /// Version of the agent; this program's where none is named
        #[arg(long, default_value = own_agent::VERSION)]
        version: String,
        /// Folder for the installers
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
        /// Directory of the data of a server, to add them there
        #[arg(long, value_name = "DIR", env = "REDOUBT_DATA")]
        data: Option<PathBuf>,
        /// PostgreSQL database instead of the embedded one
        #[arg(long, value_name = "URL", env = "REDOUBT_DATABASE", hide_env_values = true, requires = "data")]
        database: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Target {
    /// Platform, such as LINUX_UBUNTU; case matters
    #[arg(long)]
    platform: String,
    /// Architecture, such as X_86_64; case matters
    #[arg(long)]
    architecture: String,
}

#[derive(Debug, Args)]
struct Place {
    /// Directory of the data
    #[arg(long, value_name = "DIR", env = "REDOUBT_DATA")]
    data: PathBuf,
    /// PostgreSQL database instead of the embedded one
    #[arg(long, value_name = "URL", env = "REDOUBT_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

impl Place {
    /// The files and the rows.
    fn open(&self) -> Result<(Installers, Store), Failure> {
        let dir = match &self.database {
            None => DataDir::existing(&self.data)?,
            Some(_) => DataDir::create(&self.data)?,
        };
        let store = Database::choose(&dir, self.database.as_deref())?.open_installers()?;
        Ok((Installers::open(Some(dir.path()))?, store))
    }
}

/// Looks after installers.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    log::start(LogFormat::Text, "warn");
    match arguments.action {
        Action::Add { file, target, version, place } => {
            let (files, store) = place.open()?;
            let Target { platform, architecture } = &target;
            let new = Addition { file: &file, platform, architecture, version: &version };
            let added = files.add(&store, AUTHOR, &new)?;
            tell_added(&added)?;
            store.close()?;
        }
        Action::List { place } => {
            let (_, store) = place.open()?;
            list(&store)?;
            store.close()?;
        }
        Action::Remove { target, place } => {
            let (files, store) = place.open()?;
            let gone = files.remove(&store, AUTHOR, &target.platform, &target.architecture)?;
            store.close()?;
            say(format_args!("removed {} for {} on {}", gone.file_name, gone.platform, gone.architecture))?;
        }
        Action::Build { agent, version, output, data, database } => {
            let agent = agent.map_or_else(own_agent::find, Ok)?;
            let made = own_agent::build(&agent, &version, &output)?;
            for one in &made {
                say(one.path.display())?;
            }
            let Some(data) = data else { return Ok(()) };
            let (files, store) = Place { data, database }.open()?;
            for one in own_agent::register(&made, &version, &files, &store, AUTHOR)? {
                tell_added(&one)?;
            }
            store.close()?;
            for one in made.iter().filter(|one| one.target.is_none()) {
                say(format_args!("the API has no platform for {}", one.path.display()))?;
            }
        }
    }
    Ok(())
}

fn tell_added(one: &Installer) -> Result<(), Failure> {
    Ok(say(format_args!(
        "added {} {} for {} on {}: {} bytes, SHA-256 {}",
        one.file_name, one.agent_version, one.platform, one.architecture, one.length, one.sha256
    ))?)
}

fn list(store: &Store) -> Result<(), Failure> {
    say(format_args!(
        "{:<20} {:<12} {:<12} {:>10} {:<64} {:<20} FILE",
        "PLATFORM", "ARCHITECTURE", "VERSION", "BYTES", "SHA-256", "ADDED"
    ))?;
    for one in installers(store)? {
        let added = format!("{:.0}", one.added);
        say(format_args!(
            "{:<20} {:<12} {:<12} {:>10} {:<64} {:<20} {}",
            one.platform, one.architecture, one.agent_version, one.length, one.sha256, added, one.file_name
        ))?;
    }
    Ok(())
}
