//! A real `redoubt` process on a free port with data of its own, and a client that says what it sends.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use tempfile::TempDir;
use testkit::process::Process;
use ureq::http::{HeaderMap, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// The password of `admin` in tests that do not look at the random one.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The program under test: the one that was built with the tests, unless `REDOUBT_BINARY` names another.
pub(crate) fn program() -> OsString {
    std::env::var_os("REDOUBT_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_redoubt").into())
}

/// A command of it.
pub(crate) fn redoubt() -> Command {
    command_of(program())
}

/// A command of a copy of it.
pub(crate) fn command_of(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_remove("REDOUBT_ADMIN_PASSWORD").env_remove("REDOUBT_DATA").env_remove("REDOUBT_DATABASE");
    // What cargo says of itself is said to the test, and would have the program build with it.
    for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
        command.env_remove(name);
    }
    command.env("REDOUBT_AGENT_NO_CLOUD", "1");
    command
}

/// Runs a command of the program to its end, with something on its standard input.
pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = redoubt();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// How to start a server.
pub(crate) struct Setup {
    dir: TempDir,
    arguments: Vec<String>,
    password: Option<String>,
    files: Option<u32>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            arguments: Vec::new(),
            password: Some(PASSWORD.into()),
            files: None,
        }
    }

    /// Adds arguments of the command line.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Lets the server make up the first password.
    pub(crate) fn with_random_password(mut self) -> Self {
        self.password = None;
        self
    }

    pub(crate) fn data(&self) -> &Path {
        self.dir.path()
    }

    /// Lets the server open only so many files.
    pub(crate) fn with_files(mut self, files: u32) -> Self {
        self.files = Some(files);
        self
    }

    /// Starts the server, and does not wait for it.
    pub(crate) fn spawn(&self) -> Process {
        let mut command = redoubt();
        if let Some(files) = self.files {
            command = Command::new("sh");
            command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")]).arg(program());
        }
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.dir.path())
            .args(&self.arguments);
        if let Some(password) = &self.password {
            command.env("REDOUBT_ADMIN_PASSWORD", password);
        }
        Process::start(&mut command)
    }

    /// Starts the server, and waits until it serves.
    pub(crate) fn start(self) -> Server {
        let process = self.spawn();
        let mut said = Vec::new();
        let secure = self.arguments.iter().any(|argument| argument == "--tls-listen");
        let mut urls = Vec::new();
        while urls.len() < if secure { 2 } else { 1 } {
            let line = process.wait_for(|line| Some(line.to_owned()));
            urls.extend(line.strip_prefix("listening on ").map(str::to_owned));
            said.push(line);
        }
        Server { id: process.id(), process: Mutex::new(process), setup: self, said, urls }
    }
}

/// A server that runs. It is killed when this is dropped.
pub(crate) struct Server {
    /// Behind a lock, so that threads may share the server.
    process: Mutex<Process>,
    id: u32,
    setup: Setup,
    /// What it said up to when it was ready.
    pub(crate) said: Vec<String>,
    urls: Vec<String>,
}

impl Server {
    /// A server on fresh data.
    pub(crate) fn start() -> Self {
        Setup::new().start()
    }

    /// A call without anybody signed in.
    pub(crate) fn call(&self, method: &'static str, path: &str) -> Call {
        Call::new(method, format!("{}{path}", self.urls[0]))
    }

    /// A GET by the manager.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call("GET", path).basic("admin", PASSWORD).send()
    }

    /// A POST by the manager, in XML.
    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        self.call("POST", path).basic("admin", PASSWORD).header("Content-Type", "text/xml").body(body).send()
    }

    /// A POST by the manager, in JSON.
    pub(crate) fn post_json(&self, path: &str, body: &str) -> Reply {
        self.call("POST", path)
            .basic("admin", PASSWORD)
            .header("Content-Type", "application/json")
            .body(body)
            .send()
    }

    /// Address and port of HTTP.
    pub(crate) fn address(&self) -> &str {
        self.urls[0].strip_prefix("http://").unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.urls[0]
    }

    pub(crate) fn tls_url(&self) -> &str {
        &self.urls[1]
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.setup.data().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// What follows a text on one of the lines that the server said.
    pub(crate) fn said_after(&self, text: &str) -> Option<String> {
        self.said
            .iter()
            .find_map(|line| Some(line.split_once(text)?.1.split(',').next()?.split(' ').next()?.to_owned()))
    }

    /// Asks it to stop, and says whether it ended well.
    pub(crate) fn stop(self) -> (bool, Setup) {
        signal(self.id, "TERM");
        (self.process.into_inner().unwrap().finish().0, self.setup)
    }

    /// Waits for the end of a server that was signalled already.
    pub(crate) fn stop_after_signal(self) -> (bool, Setup) {
        (self.process.into_inner().unwrap().finish().0, self.setup)
    }

    /// Stops it and starts another on the same data.
    pub(crate) fn restart(self) -> Self {
        let (ended_well, setup) = self.stop();
        assert!(ended_well);
        setup.start()
    }

    /// Kills it.
    pub(crate) fn kill(self) -> Setup {
        self.process.into_inner().unwrap().kill();
        self.setup
    }

    /// Memory of the process in KiB, by a name of `/proc/PID/status` such as `VmHWM`.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

/// Sends a signal to a process that a test started.
pub(crate) fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status().unwrap().success());
}

/// A request.
pub(crate) struct Call {
    method: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    authority: Option<PathBuf>,
}

impl Call {
    pub(crate) fn new(method: &'static str, url: String) -> Self {
        Self { method, url, headers: Vec::new(), body: None, authority: None }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn basic(self, login: &str, password: &str) -> Self {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{login}:{password}"));
        self.header("Authorization", &format!("Basic {text}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Trusts the certificate in this file, and no other.
    pub(crate) fn trusting(mut self, file: PathBuf) -> Self {
        self.authority = Some(file);
        self
    }

    pub(crate) fn send(self) -> Reply {
        self.try_send().unwrap()
    }

    pub(crate) fn try_send(self) -> Result<Reply, ureq::Error> {
        let mut config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
        config = config.timeout_global(Some(Duration::from_secs(120)));
        if let Some(file) = self.authority {
            let certificate = Certificate::from_pem(&std::fs::read(file).unwrap()).unwrap();
            let roots = RootCerts::new_with_certs(&[certificate]);
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        let agent: Agent = config.allow_non_standard_methods(true).build().into();
        let mut request = ureq::http::Request::builder().method(self.method).uri(self.url);
        // Nothing that was not asked for: the client's own wishes would hide the server's defaults.
        for name in ["accept", "accept-encoding"] {
            if !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                request = request.header(name, "");
            }
        }
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let response = match self.body {
            Some(body) => agent.run(request.body(body).unwrap())?,
            None => agent.run(request.body(()).unwrap())?,
        };
        Reply::read(response)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    fn read(mut response: Response<Body>) -> Result<Self, ureq::Error> {
        let body = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
        Ok(Self { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `responseCode`, of either format.
    pub(crate) fn code(&self) -> &str {
        let of =
            |begin: &str, end: &str| self.body.split_once(begin)?.1.split_once(end).map(|(code, _)| code);
        of("<responseCode>", "</").or_else(|| of("\"responseCode\":\"", "\"")).unwrap_or_default()
    }

    /// The text of the first element, or of the first JSON member, of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let element = || self.body.split_once(&format!("<{name}>"))?.1.split_once("</").map(|(text, _)| text);
        let member = || {
            let rest = self.body.split_once(&format!("\"{name}\":"))?.1;
            Some(rest.split([',', '}']).next()?.trim_matches('"'))
        };
        element().or_else(member)
    }

    /// Panics unless this is a success.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!((self.status, self.code()), (200, "SUCCESS"), "{}", self.body);
        self
    }

    /// Panics unless this is a refusal of this code, with both texts.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        for name in ["errorMessage", "errorResolution"] {
            assert!(self.text(name).is_some_and(|text| !text.is_empty()), "{name}: {}", self.body);
        }
        self
    }
}
