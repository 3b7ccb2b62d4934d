//! The server as a process of its own, as it runs for everybody.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::http::{Connection, Request};

/// How long a start may take; without a snapshot the index is built first.
const PATIENCE: Duration = Duration::from_secs(600);
const LISTENING: &str = "listening on http://";

/// Who asks.
#[derive(Debug, Clone)]
pub struct Login {
    /// The value of the header `Authorization`.
    pub basic: String,
    /// The form that asks for a token.
    pub form: String,
}

/// A running server; it is killed if it is dropped without [`Server::stop`].
pub struct Server {
    child: Child,
    address: SocketAddr,
    started: Instant,
}

/// What a server occupies, in MiB.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Memory {
    /// Now.
    pub resident: f64,
    /// At the most since its start.
    pub peak: f64,
}

impl Server {
    /// Starts `program serve` on a data directory and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(program: &Path, data: &Path) -> Result<Self> {
        let started = Instant::now();
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("REDOUBT_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped());
        let failed = |problem: String| Error::Program { program: program.display().to_string(), problem };
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let (send, lines) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody listens once the address is known; what else it says is read all the same.
                    let _ = send.send(line);
                }
            });
        }
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), started };
        let until = started + PATIENCE;
        while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if let Some(address) = line.strip_prefix(LISTENING) {
                let address = address.trim_end_matches('/');
                server.address = address.parse().map_err(|_| failed(format!("it listens on {address:?}")))?;
                return Ok(server);
            }
        }
        let ended =
            server.child.try_wait()?.map_or_else(String::new, |status| format!("; it ended with {status}"));
        Err(failed(format!("it did not say where it listens{ended}")))
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not listen any more.
    pub fn connect(&self) -> Result<Connection> {
        Ok(Connection::open(self.address)?)
    }

    /// What it occupies.
    ///
    /// # Errors
    /// When it is gone, or the system does not say.
    pub fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let read = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok())
                .map(|kib| kib / 1024.0)
        };
        let unknown = || Error::Answer("the system does not say how much memory it uses".to_owned());
        Ok(Memory { resident: read("VmRSS").ok_or_else(unknown)?, peak: read("VmHWM").ok_or_else(unknown)? })
    }

    /// Ends it as an administrator would, and waits for that.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Program {
            program: "redoubt serve".to_owned(),
            problem: format!("it ended with {status}"),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Login {
    /// A login and its password.
    pub fn new(login: &str, password: &str) -> Self {
        let basic = format!("Basic {}", base64(format!("{login}:{password}").as_bytes()));
        Self { basic, form: format!("username={login}&password={password}&token=true") }
    }

    /// A call of the API with a request in XML.
    pub fn call(&self, path: &str, xml: &str) -> Request {
        self.call_at("2.0", path, xml)
    }

    /// The same of another version of the API.
    pub fn call_at(&self, version: &str, path: &str, xml: &str) -> Request {
        let headers = [
            ("Authorization", self.basic.as_str()),
            ("Content-Type", "text/xml"),
            ("Accept", "application/xml"),
        ];
        Request::post(&format!("/qps/rest/{version}/{path}"), &headers, xml.as_bytes())
    }
}

/// The program that runs now.
///
/// # Errors
/// When the system does not say.
pub fn own_program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
