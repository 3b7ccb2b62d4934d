//! The range that is scanned, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use super::judge::Case;
use super::{WebscanArgs, WhichHalf};
use crate::error::{Error, Result};
use crate::postgres::Cluster;

/// A maze of the range.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Maze {
    pub(super) name: String,
    pub(super) base: String,
    pub(super) pages: Vec<String>,
    pub(super) browser: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Extra {
    #[serde(default)]
    mazes: Vec<Maze>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    base: String,
    secure_base: String,
    cases: Vec<Case>,
    #[serde(default)]
    extra: Extra,
}

/// A running range. It ends with this.
pub(super) struct Ground {
    pub(super) base: String,
    pub(super) secure_base: String,
    pub(super) cases: Vec<Case>,
    pub(super) mazes: Vec<Maze>,
    /// What could not be had.
    pub(super) missing: Option<String>,
    process: Child,
    _postgres: Option<Cluster>,
}

impl Ground {
    /// Starts the part of the range that the arguments name, with a throwaway PostgreSQL where there is one.
    ///
    /// # Errors
    /// When the range does not start.
    pub(super) fn start(program: &Path, arguments: &WebscanArgs) -> Result<Self> {
        let (postgres, missing) = match Cluster::start() {
            Ok(cluster) => (Some(cluster), None),
            Err(error) => (None, Some(format!("cases on PostgreSQL: {error}"))),
        };
        let mut command = Command::new(program);
        command.args(["range", "--format", "json", "--half", arguments.half.name()]);
        command.args(arguments.family.iter().flat_map(|family| ["--family", family]));
        let url = postgres.as_ref().map(Cluster::url);
        command.args(url.iter().flat_map(|url| ["--postgres", url]));
        let mut ground = Self {
            base: String::new(),
            secure_base: String::new(),
            cases: Vec::new(),
            mazes: Vec::new(),
            missing,
            process: command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?,
            _postgres: postgres,
        };
        let out = ground.process.stdout.take().ok_or_else(|| problem(program, "it has no output"))?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        if line.is_empty() {
            return Err(problem(
                program,
                "the range did not start; `redoubt range` with the same arguments says why",
            ));
        }
        let told: Told = serde_json::from_str(&line)?;
        let Told { base, secure_base, cases, extra } = told;
        (ground.base, ground.secure_base, ground.cases, ground.mazes) =
            (base, secure_base, cases, extra.mazes);
        // Mazes stand beside a whole range only.
        if arguments.mazes && (arguments.half != WhichHalf::Both || arguments.family.is_some()) {
            return Err(problem(program, "--mazes goes with both halves and all families"));
        }
        Ok(ground)
    }

    /// How many requests the range answered so far, on all its addresses.
    ///
    /// # Errors
    /// When it does not say.
    pub(super) fn served(&self) -> Result<u64> {
        let answer = get(&self.base, "/range-requests")?;
        answer.trim().parse().map_err(|_| Error::Answer(format!("the range counted {answer:?} requests")))
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // It holds nothing that must be kept.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn problem(program: &Path, problem: &str) -> Error {
    Error::Program { program: program.display().to_string(), problem: problem.to_owned() }
}

/// The body of a small answer, asked on a connection of its own.
pub(super) fn get(base: &str, path: &str) -> Result<String> {
    use std::io::{Read, Write};
    let host = base.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(text.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
}
