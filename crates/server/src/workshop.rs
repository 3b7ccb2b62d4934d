//! `cargo run` builds the program that it runs and nothing else; this builds the agent beside it, in the same way.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What marks the top of a folder that cargo builds in.
const MARK: &str = "CACHEDIR.TAG";

/// The cargo that runs this program, and how it built it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Workshop {
    cargo: PathBuf,
    manifest: PathBuf,
    target: PathBuf,
    profile: OsString,
    triple: Option<OsString>,
}

impl Workshop {
    /// The workshop that this program comes from; none where no cargo of its own workspace runs it.
    pub(crate) fn of_this_run() -> Option<Self> {
        Self::of(&std::env::current_exe().ok()?, |name| std::env::var_os(name))
    }

    /// `cargo run` says in the environment who it is and of which package the program is; the program lies in
    /// `TARGET[/TRIPLE]/PROFILE`.
    fn of(program: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let is = |name: &str, value: &str| variable(name).is_some_and(|found| found == value);
        if !is("CARGO_PKG_NAME", env!("CARGO_PKG_NAME"))
            || !is("CARGO_PKG_VERSION", env!("CARGO_PKG_VERSION"))
        {
            return None;
        }
        let cargo = PathBuf::from(variable("CARGO")?);
        let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
        let place = program.parent()?;
        let is_target = |folder: &Path| folder.join(MARK).is_file();
        let (target, triple) = match place.parent()? {
            folder if is_target(folder) => (folder, None),
            folder if is_target(folder.parent()?) => (folder.parent()?, folder.file_name()),
            _ => return None,
        };
        // The profile `dev` has a folder of another name.
        let profile = place.file_name().map(|name| if name == "debug" { OsStr::new("dev") } else { name })?;
        Some(Self {
            cargo,
            manifest,
            target: target.to_owned(),
            profile: profile.to_owned(),
            triple: triple.map(OsStr::to_owned),
        })
    }

    /// Builds a program of the package `agent`; what cargo has to say goes to the terminal.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(&self.cargo);
        command.arg("build").arg("--manifest-path").arg(&self.manifest);
        command.arg("--target-dir").arg(&self.target).arg("--profile").arg(&self.profile);
        if let Some(triple) = &self.triple {
            command.arg("--target").arg(triple);
        }
        // Both packages, as `cargo run` chose them: so the features are the same, and nothing is built twice.
        command.args(["--package", "server", "--package", "agent", "--bin", program]);
        // Build scripts look at some of what cargo said to this program, and would be run anew, now and at the next start.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_said_by_cargo(name)) {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Whether the program could be built; it lies beside this one then.
    pub(crate) fn builds(&self, program: &str) -> bool {
        self.command(program).status().is_ok_and(|status| status.success())
    }
}

/// Whether a variable is one that cargo says to the programs that it runs.
fn is_said_by_cargo(name: &OsStr) -> bool {
    const ALONE: [&str; 4] = ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    let begins = |start: &&str| name.as_encoded_bytes().starts_with(start.as_bytes());
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(begins) || ALONE.iter().any(|one| name == *one)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn variables(name: &str) -> Option<OsString> {
        let value = match name {
            "CARGO" => "/opt/cargo",
            "CARGO_MANIFEST_DIR" => "/src/crates/server",
            "CARGO_PKG_NAME" => "server",
            "CARGO_PKG_VERSION" => env!("CARGO_PKG_VERSION"),
            _ => return None,
        };
        Some(value.into())
    }

    #[test]
    fn the_profile_the_target_and_the_folder_are_those_of_the_program() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path();
        fs::write(target.join(MARK), "").unwrap();
        for (place, profile, triple) in [
            ("debug", "dev", None),
            ("release", "release", None),
            ("slim", "slim", None),
            ("aarch64-unknown-linux-gnu/release", "release", Some("aarch64-unknown-linux-gnu")),
        ] {
            let found = Workshop::of(&target.join(place).join("redoubt"), variables).unwrap();
            assert_eq!(
                (found.profile.to_str(), found.triple.as_ref().and_then(|one| one.to_str())),
                (Some(profile), triple)
            );
            assert_eq!((found.target.as_path(), found.cargo.to_str()), (target, Some("/opt/cargo")));
            assert_eq!(found.manifest, Path::new("/src/crates/server/Cargo.toml"));
            let shown = format!("{:?}", found.command("redoubt-agent"));
            assert!(shown.contains(&format!("\"--profile\" \"{profile}\"")), "{shown}");
        }
    }

    #[test]
    fn nothing_is_built_where_no_cargo_of_this_workspace_runs_the_program() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("release/redoubt");
        assert_eq!(Workshop::of(&program, variables), None, "not in a folder of cargo's");
        fs::write(dir.path().join(MARK), "").unwrap();
        assert_eq!(Workshop::of(&program, |_| None), None);
        for missing in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
            let without = |name: &str| variables(name).filter(|_| name != missing);
            assert_eq!(Workshop::of(&program, without), None, "{missing}");
        }
        let other = |name: &str| {
            if name == "CARGO_PKG_NAME" { Some("other".into()) } else { variables(name) }
        };
        assert_eq!(Workshop::of(&program, other), None);
        assert_ne!(Workshop::of(&program, variables), None);
    }
}
