//! A server for tests: the rules of the protocol in memory, with faults on demand.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use inventory::protocol::{
    CHECKIN_PATH, CheckInAnswer, Command as AgentCommand, Content, ENROLL_PATH, EnrollRequest,
    EnrollResponse, Judgement, LastCheckIn, PublicKey, Refusal, RefusalCode, Verdict, judge, read_checkin,
    read_enroll, unpack, verify,
};
use inventory::{ContentHash, Inventory};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde::Serialize;
use uuid::Uuid;

pub(crate) const KEY: &str = "f3b0c442-98fc-4c14-9afb-f4c8996fb924";

/// What the server knows and what it is to do wrong.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) agents: HashMap<Uuid, Known>,
    pub(crate) enrolments: Vec<EnrollRequest>,
    /// Sequence and kind of each message that was processed.
    pub(crate) processed: Vec<(u64, &'static str)>,
    /// Messages that came again.
    pub(crate) repeated: usize,
    /// So many requests are processed, and their answer is not sent.
    pub(crate) lose_answers: usize,
    /// So many requests are refused as if the server were busy.
    pub(crate) busy: usize,
    pub(crate) commands: Vec<AgentCommand>,
    pub(crate) next_in_seconds: Option<u32>,
}

pub(crate) struct Known {
    pub(crate) public_key: PublicKey,
    pub(crate) held: Option<Inventory>,
    last: Option<(LastCheckIn, CheckInAnswer)>,
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    world: Arc<Mutex<World>>,
}

struct Request {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

type Reply = (u16, Vec<u8>);

impl Server {
    pub(crate) fn start() -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), None)
    }

    pub(crate) fn listen(listener: TcpListener, tls: Option<Arc<ServerConfig>>) -> Self {
        let server = Self { address: listener.local_addr().unwrap(), world: Arc::default() };
        server.also_at(listener, tls);
        server
    }

    /// The same server at one more address.
    pub(crate) fn also_at(&self, listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
        let copy = self.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                match &tls {
                    Some(tls) => {
                        let connection =
                            StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), connection);
                        copy.serve(connection);
                    }
                    None => copy.serve(connection),
                }
            }
        });
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The inventory that the server holds of its only agent.
    pub(crate) fn held(&self) -> Option<Inventory> {
        self.world().agents.values().next().and_then(|known| known.held.clone())
    }

    fn serve(&self, mut connection: impl Read + Write) {
        let Some(request) = read_request(&mut connection) else { return };
        let mut world = self.world();
        let (status, body) = if world.busy > 0 {
            world.busy -= 1;
            refusal(RefusalCode::Busy, "come again")
        } else {
            world.answer(&request)
        };
        if world.lose_answers > 0 {
            world.lose_answers -= 1;
            return;
        }
        let head =
            format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = connection.write_all(&[head.as_bytes(), &body].concat());
        let _ = connection.flush();
    }
}

fn read_request(connection: &mut impl Read) -> Option<Request> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Request { path, headers, body })
}

fn json(value: &impl Serialize) -> Reply {
    (200, serde_json::to_vec(value).unwrap())
}

fn refusal(code: RefusalCode, message: &str) -> Reply {
    let body = serde_json::to_vec(&Refusal { code, message: message.into() }).unwrap();
    (code.status(), body)
}

impl World {
    fn answer(&mut self, request: &Request) -> Reply {
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        let signature = header("x-redoubt-signature").unwrap();
        let body = unpack(&request.body, header("content-encoding")).unwrap();
        let is_signed =
            |key: &PublicKey| verify(key, "POST", &request.path, &request.body, signature).is_ok();
        if request.path == ENROLL_PATH {
            let enrolment = read_enroll(&body).unwrap();
            assert!(is_signed(&enrolment.public_key), "an enrolment is signed by the key that it enrols");
            return self.enroll(enrolment);
        }
        assert_eq!(request.path, CHECKIN_PATH);
        let id: Uuid = header("x-redoubt-agent").unwrap().parse().unwrap();
        match self.agents.get(&id) {
            Some(known) if is_signed(&known.public_key) => self.check_in(id, &request.body, &body),
            _ => refusal(RefusalCode::UnknownAgent, "no agent has this id"),
        }
    }

    fn enroll(&mut self, enrolment: EnrollRequest) -> Reply {
        if enrolment.activation_key.reveal() != KEY {
            return refusal(RefusalCode::ActivationKeyRefused, "the activation key is not known here");
        }
        let same = self.agents.iter().find(|(_, known)| known.public_key == enrolment.public_key);
        let agent_id = same.map_or_else(Uuid::new_v4, |(id, _)| *id);
        let public_key = enrolment.public_key;
        self.agents.entry(agent_id).or_insert(Known { public_key, held: None, last: None });
        self.enrolments.push(enrolment);
        json(&EnrollResponse { agent_id })
    }

    fn check_in(&mut self, id: Uuid, sent: &[u8], body: &[u8]) -> Reply {
        let message = read_checkin(body).unwrap();
        let known = self.agents.get_mut(&id).unwrap();
        let this = LastCheckIn { sequence: message.sequence, body: ContentHash::of(sent) };
        let answer = |verdict| CheckInAnswer {
            verdict,
            next_in_seconds: self.next_in_seconds,
            commands: self.commands.clone(),
        };
        match judge(known.last.as_ref().map(|(last, _)| *last), this) {
            Judgement::Used { after } => return json(&answer(Verdict::SequenceExpected { after })),
            Judgement::Repeated => {
                self.repeated += 1;
                return json(&known.last.as_ref().unwrap().1);
            }
            Judgement::New => {}
        }
        let kind = match message.content {
            Content::Unchanged => "unchanged",
            Content::Delta(_) => "delta",
            Content::Full(_) => "full",
        };
        self.processed.push((message.sequence, kind));
        let verdict = match message.resolve(known.held.clone()) {
            Ok(inventory) => {
                known.held = Some(inventory);
                Verdict::Accepted
            }
            Err(reason) => Verdict::Resync { reason },
        };
        let answer = answer(verdict);
        known.last = Some((this, answer.clone()));
        json(&answer)
    }
}

/// The agent program with these arguments, away from any cloud and proxy.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redoubt-agent"));
    command.args(arguments).env("REDOUBT_AGENT_NO_CLOUD", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    command
}

/// Runs the agent to its end: whether it succeeded, and what it printed to the log.
pub(crate) fn agent(arguments: &[&str]) -> (bool, String) {
    let Output { status, stderr, .. } = command(arguments).output().unwrap();
    let log = String::from_utf8(stderr).unwrap();
    assert!(!log.contains(KEY), "the log shows the activation key: {log}");
    (status.success(), log)
}

pub(crate) fn enroll(server: &str, state: &Path, more: &[&str]) -> (bool, String) {
    let state = state.to_str().unwrap();
    agent(&[&["enroll", "--server", server, "--activation-key", KEY, "--state", state], more].concat())
}

/// One visit.
pub(crate) fn visit(state: &Path) -> (bool, String) {
    agent(&["run", "--once", "--state", state.to_str().unwrap()])
}

/// The agent as a service; ended with the test.
pub(crate) struct Service(pub(crate) Child);

impl Service {
    pub(crate) fn start(state: &Path, interval: &str) -> Self {
        let arguments = ["run", "--state", state.to_str().unwrap(), "--interval", interval];
        Self(command(&arguments).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Its exit status, once it ends by itself.
    pub(crate) fn end(&mut self) -> Option<i32> {
        eventually("the service ends", || self.0.try_wait().unwrap().is_some());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nothing listens on (for now).
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
