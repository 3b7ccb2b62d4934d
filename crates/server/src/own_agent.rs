//! Installers of the agent that was built with this program.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use packaging::{Agent, Failed, Format, Machine, Package};
use platform::installers::{Addition, Installer, Installers, NotAdded};
use store::{Store, Stored};

use crate::workshop::Workshop;

/// The program.
const PROGRAM: &str = "redoubt-agent";
/// Both are made from one workspace, so they have one version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Says what packages are dated, where somebody wants to make the same ones again.
const DATE: &str = "SOURCE_DATE_EPOCH";

/// No installers could be made or registered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnAgentError {
    #[error("there is no {PROGRAM} beside {}: build it with `cargo build --release -p agent`, or name one with --agent", .0.display())]
    Missing(PathBuf),
    #[error("cargo could not build {PROGRAM}; what it says of it is above")]
    NotBuilt,
    #[error("{} can't be {done}: {error}", path.display())]
    File { path: PathBuf, done: &'static str, error: io::Error },
    #[error("{DATE}={0} is no number of seconds since 1970")]
    Date(String),
    #[error("{}: {error}", path.display())]
    Package { path: PathBuf, error: Failed },
    #[error(transparent)]
    Registry(#[from] NotAdded),
}

/// An installer that was made, and what it is for in the matrix of the API.
pub(crate) struct Made {
    pub(crate) path: PathBuf,
    pub(crate) target: Option<(&'static str, &'static str)>,
}

/// The agent beside this program.
pub(crate) fn find() -> Result<PathBuf, OwnAgentError> {
    let own = std::env::current_exe();
    let own = own.map_err(|error| OwnAgentError::File { path: PROGRAM.into(), done: "found", error })?;
    let beside = own.with_file_name(PROGRAM);
    if beside.is_file() { Ok(beside) } else { Err(OwnAgentError::Missing(own)) }
}

/// Builds the agent beside this program, so that both are of the same source.
pub(crate) fn make(workshop: &Workshop) -> Result<(), OwnAgentError> {
    if workshop.builds(PROGRAM) { Ok(()) } else { Err(OwnAgentError::NotBuilt) }
}

/// Makes installers in all formats and puts them into a folder.
pub(crate) fn build(agent: &Path, version: &str, folder: &Path) -> Result<Vec<Made>, OwnAgentError> {
    let reading = |error| OwnAgentError::File { path: agent.to_owned(), done: "read", error };
    let executable = fs::read(agent).map_err(reading)?;
    let date = date(agent)?;
    let failed = |error| OwnAgentError::Package { path: agent.to_owned(), error };
    let agent = Agent::new(&executable, version, date).map_err(failed)?;
    fs::create_dir_all(folder).map_err(|error| OwnAgentError::File {
        path: folder.to_owned(),
        done: "made",
        error,
    })?;
    let mut made = Vec::new();
    for format in [Format::Deb, Format::Rpm, Format::TarGz] {
        let package = agent.package(format).map_err(failed)?;
        let path = folder.join(&package.file_name);
        write(&path, &package)?;
        made.push(Made { path, target: target(format, agent.machine()) });
    }
    Ok(made)
}

/// Whole or not at all.
fn write(path: &Path, package: &Package) -> Result<(), OwnAgentError> {
    let new = path.with_file_name(format!("{}.new", package.file_name));
    let write = || {
        fs::write(&new, &package.bytes)?;
        // Nothing in it is secret, and whoever installs it may be somebody else.
        fs::set_permissions(&new, Permissions::from_mode(0o644))?;
        fs::rename(&new, path)
    };
    let written = write();
    written.map_err(|error| OwnAgentError::File { path: path.to_owned(), done: "written", error })
}

/// Registers what the API can hand out of it.
pub(crate) fn register(
    made: &[Made],
    version: &str,
    installers: &Installers,
    store: &Store,
    author: &str,
) -> Result<Vec<Stored<Installer>>, OwnAgentError> {
    let mut registered = Vec::new();
    for one in made {
        if let Some((platform, architecture)) = one.target {
            let addition = Addition { file: &one.path, platform, architecture, version };
            registered.push(installers.add(store, author, &addition)?);
        }
    }
    Ok(registered)
}

/// What installers of a format are for; the matrix has no place for some (`contract/ca.md 6.1`).
fn target(format: Format, machine: Machine) -> Option<(&'static str, &'static str)> {
    Some(match (format, machine) {
        (Format::Deb, Machine::X86_64) => ("LINUX_UBUNTU", "X_86_64"),
        (Format::Deb, Machine::Aarch64) => ("LINUX_UBUNTU", "ARM_64"),
        (Format::Deb, Machine::S390x) => ("LINUX_UBUNTU_S_390_X", "S_390_X"),
        (Format::Rpm, Machine::X86_64) => ("LINUX", "X_86_64"),
        (Format::Rpm, Machine::Aarch64) => ("LINUX", "ARM_64"),
        (Format::Rpm, Machine::Ppc64Le) => ("LINUX_PPC_64_LE", "PPC_64_LE"),
        (Format::Rpm, Machine::S390x) => ("LINUX_S_390_X", "S_390_X"),
        (Format::TarGz, Machine::X86_64) => ("GENTOO_LINUX", "X_86_64"),
        _ => return None,
    })
}

/// The date of the executable, unless somebody names one: so the same executable gives the same packages.
fn date(agent: &Path) -> Result<u32, OwnAgentError> {
    if let Ok(text) = std::env::var(DATE) {
        return text.trim().parse().map_err(|_| OwnAgentError::Date(text));
    }
    let modified = fs::metadata(agent).and_then(|metadata| metadata.modified());
    let since = modified.ok().and_then(|then| then.duration_since(SystemTime::UNIX_EPOCH).ok());
    Ok(since.and_then(|since| u32::try_from(since.as_secs()).ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use platform::installers::Target;

    use super::*;

    #[test]
    fn every_target_of_our_own_packages_is_in_the_matrix_and_of_their_format() {
        let endings = [(Format::Deb, ".deb"), (Format::Rpm, ".rpm"), (Format::TarGz, ".tar.gz")];
        for (format, ending) in endings {
            for machine in [Machine::X86_64, Machine::Aarch64, Machine::Ppc64Le, Machine::S390x] {
                if let Some((platform, architecture)) = target(format, machine) {
                    let known = Target::find(platform, architecture).unwrap();
                    assert_eq!(known.extension, Some(ending));
                }
            }
        }
    }
}
