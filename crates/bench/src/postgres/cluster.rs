//! A PostgreSQL server of our own, for as long as a measurement takes.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::error::{Error, Result};

/// Where distributions put the programs of a server; newer versions sort last.
const PLACES: [&str; 2] = ["/usr/lib/postgresql", "/usr"];
/// Settings for a machine that serves nothing else meanwhile. Durability costs readers nothing; it is off to load
/// quicker.
const SETTINGS: &[&str] = &[
    "listen_addresses=''",
    "shared_buffers=4GB",
    "maintenance_work_mem=1GB",
    "max_wal_size=8GB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_parallel_workers=2",
    "effective_io_concurrency=200",
    "default_statistics_target=500",
];

/// A running server. It ends, and its data goes, with this.
pub struct Cluster {
    programs: PathBuf,
    home: TempDir,
    as_root: bool,
}

impl Cluster {
    /// Starts a server that listens on a socket in a temporary directory only.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self> {
        let programs = programs().ok_or_else(|| Error::Program {
            program: "PostgreSQL".to_owned(),
            problem:
                "it is not installed; install it (Debian: apt-get install postgresql), or give --postgres URL"
                    .to_owned(),
        })?;
        let as_root = effective_user().as_deref() == Some("0");
        let cluster =
            Self { programs, home: tempfile::Builder::new().prefix("redoubt-bench.").tempdir()?, as_root };
        if as_root {
            // PostgreSQL refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(cluster.home.path()))?;
        }
        let data = cluster.data();
        run(cluster
            .program("initdb")
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data))?;
        let socket = format!("unix_socket_directories='{}'", cluster.home.path().display());
        let settings = SETTINGS.iter().copied().chain([socket.as_str()]);
        let options: String = settings.map(|setting| format!("-c {setting} ")).collect();
        let log = cluster.home.path().join("log");
        run(cluster
            .program("pg_ctl")
            .args(["-w", "-t", "60", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(log)
            .arg("-o")
            .arg(options)
            .arg("start"))?;
        Ok(cluster)
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=postgres", self.home.path().display())
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if self.as_root {
            let mut other = Command::new("runuser");
            other.args(["-u", "postgres", "--"]).arg(program);
            other
        } else {
            Command::new(program)
        };
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // What does not stop now is left to the system; its directory goes all the same.
        let _ = self.program("pg_ctl").args(["-m", "immediate", "-D"]).arg(self.data()).arg("stop").output();
    }
}

/// The directory with a server's programs, the newest version's.
fn programs() -> Option<PathBuf> {
    let below = |place: &str| {
        let entries = fs::read_dir(place).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.path().join("bin")).collect();
        found.sort();
        found
    };
    let versioned = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with("pgsql-"));
    let debian = PLACES.first().map(|place| below(place)).unwrap_or_default();
    let other = PLACES.get(1).map(|place| below(place)).unwrap_or_default();
    let other =
        other.into_iter().filter(|path| path.parent().and_then(Path::file_name).is_some_and(versioned));
    other.chain(debian).rfind(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

fn effective_user() -> Option<String> {
    let output = Command::new("id").arg("-u").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn run(command: &mut Command) -> Result<()> {
    let program = format!("{:?}", command.get_program());
    // A server that stays must not keep our output open.
    let output = tempfile::tempfile()?;
    let status = command.stdout(Stdio::null()).stderr(output.try_clone()?).status();
    let problem = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("it ended with {status}: {}", tail(output)),
        Err(error) => error.to_string(),
    };
    Err(Error::Program { program, problem })
}

fn tail(mut output: fs::File) -> String {
    use std::io::{Read, Seek};
    let mut text = String::new();
    // Without it there is the status.
    let _ = output.rewind().and_then(|()| output.read_to_string(&mut text));
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().rev().take(5).rev().copied().collect::<Vec<_>>().join("; ")
}
