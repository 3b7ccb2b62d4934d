//! The client. Each request is held against the scope; names are looked up once, so that a name that changes its
//! address in the middle leads nowhere new.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::pace::Pace;
use super::request::Request;
use super::response::Response;
use super::target::{Origin, Scheme};
use super::unpack::unpack;
use crate::cancel::Cancel;
use crate::scope::{Ruling, Scope};
use crate::trust;

/// What a client may do.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Requests at once.
    pub concurrency: usize,
    /// Least time between the beginnings of two requests.
    pub delay: Duration,
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// When nothing is sent any more.
    pub deadline: Option<Instant>,
    /// How long an answer may take to begin.
    pub answer: Duration,
    /// How long a body may take as a whole.
    pub body: Duration,
    /// Most bytes of a body that are kept, packed and unpacked alike.
    pub limit: usize,
    /// Sent with each request, after what the request itself sets.
    pub headers: Vec<(String, String)>,
    /// The name that the scan gives itself.
    pub user_agent: String,
    /// Addresses of names, instead of the system's.
    pub names: BTreeMap<String, Vec<IpAddr>>,
    /// Whether methods that change or destroy data may be sent.
    pub destructive: bool,
    /// Whether a session is kept, so that what would end it is not requested.
    pub keeps_session: bool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            delay: Duration::ZERO,
            connect: Duration::from_secs(5),
            deadline: None,
            answer: Duration::from_secs(20),
            body: Duration::from_secs(20),
            limit: 2 << 20,
            headers: Vec::new(),
            user_agent: concat!("Redoubt/", env!("CARGO_PKG_VERSION"), " (web application scan)").to_owned(),
            names: BTreeMap::new(),
            destructive: false,
            keeps_session: false,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The scope does not have it; nothing was sent.
    #[error("not requested: {0}")]
    Refused(&'static str),
    /// The scan was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The name has no address.
    #[error("the name has no address: {0}")]
    Name(String),
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// No TLS on the connection.
    #[error("no TLS: {0}")]
    Tls(String),
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// What came is no HTTP, or the connection broke.
    #[error("no valid answer: {0}")]
    Broken(String),
    /// The request can't be written as HTTP.
    #[error("can't be sent: {0}")]
    Unsendable(String),
}

tokio::task_local! {
    /// On whose behalf requests are sent.
    static SENDER: &'static str;
}

/// What a sender's work took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// Requests.
    pub requests: u64,
    /// Time, the sum of all its work that ran side by side.
    pub time: Duration,
}

impl Client {
    /// Counts the requests and the time of some work as a sender's.
    pub async fn on_behalf<T>(&self, sender: &'static str, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let done = SENDER.scope(sender, work).await;
        self.0.counters.by_sender.lock().entry(sender).or_default().time += begun.elapsed();
        done
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub struct Counters {
    /// By sender, where there is one: see [`Client::on_behalf`].
    pub by_sender: Mutex<BTreeMap<&'static str, Spent>>,
    /// Requests that were sent.
    pub requests: AtomicU64,
    /// Answers that did not come in time.
    pub timeouts: AtomicU64,
    /// Connections that failed or broke.
    pub errors: AtomicU64,
    /// Bytes of bodies that came.
    pub received: AtomicU64,
}

/// The client of one scan. Clones share all.
#[derive(Clone)]
pub struct Client(Arc<Inner>, Option<Arc<dyn KeepsLogin>>);

/// Keeps a client's user logged in.
pub trait KeepsLogin: Send + Sync {
    /// Sends a request; logs in again and sends it once more where the answer is that of a stranger.
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Fault>>;
}

struct Inner {
    scope: Arc<Scope>,
    options: ClientOptions,
    cancel: Cancel,
    pace: Pace,
    counters: Counters,
    names: Mutex<HashMap<String, Vec<IpAddr>>>,
    idle: Mutex<HashMap<Origin, Vec<Connection>>>,
    tls: Arc<ClientConfig>,
    turn: tokio::sync::Mutex<()>,
    /// What may be sent though its method changes data: see [`Client::answer_for`].
    answered_for: Mutex<BTreeSet<String>>,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    peer: SocketAddr,
    since: Instant,
}

/// A connection that nobody used for so long is made anew.
const STALE: Duration = Duration::from_secs(4);
/// Most headers of an answer.
const HEADERS: usize = 256;
/// Most bytes of an answer's head.
const HEAD: usize = 256 << 10;

impl Client {
    /// A client that stays in a scope.
    #[must_use]
    pub fn new(scope: Arc<Scope>, options: ClientOptions, cancel: Cancel) -> Self {
        let pace = Pace::new(options.concurrency, options.delay);
        Self(
            Arc::new(Inner {
                scope,
                cancel,
                pace,
                counters: Counters::default(),
                names: Mutex::new(options.names.clone().into_iter().collect()),
                idle: Mutex::default(),
                tls: trust::anybody(),
                turn: tokio::sync::Mutex::default(),
                answered_for: Mutex::default(),
                options,
            }),
            None,
        )
    }

    /// The same client, whose user is kept logged in.
    #[must_use]
    pub fn kept(&self, keeper: Arc<dyn KeepsLogin>) -> Self {
        Self(self.0.clone(), Some(keeper))
    }

    /// Lets requests of the same method to the same URL through though the method changes data: whoever calls it puts back
    /// what they change.
    pub(crate) fn answer_for(&self, request: &Request) {
        self.0.answered_for.lock().insert(format!("{} {}", request.method, request.url));
    }

    /// The lock of what only one may do at a time, as the same user.
    pub(super) fn user(&self) -> &tokio::sync::Mutex<()> {
        &self.0.turn
    }

    /// The scope.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// The switch that ends it.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.0.cancel
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// The pace.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.0.options
    }

    /// Sends a request and reads the answer whole, within limits. Redirects are not followed.
    ///
    /// # Errors
    /// See [`Fault`]; after [`Fault::Refused`] nothing was sent.
    pub async fn send(&self, request: &Request) -> Result<Response, Fault> {
        self.admit(request)?;
        if let Some(keeper) = &self.1 {
            return keeper.send(request).await;
        }
        let cancelled = pin!(self.0.cancel.cancelled());
        let work = pin!(self.exchange(request));
        tokio::select! {
            biased;
            () = cancelled => Err(Fault::Cancelled),
            answer = work => answer,
        }
    }

    /// The addresses of a host, looked up once for the whole scan.
    ///
    /// # Errors
    /// [`Fault::Name`].
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, Fault> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if let Some(known) = self.0.names.lock().get(host) {
            return Ok(known.clone());
        }
        let look_up = timeout(self.0.options.connect, tokio::net::lookup_host((host, port))).await;
        let found = look_up.map_err(|_| Fault::Name("no answer in time".into()))?;
        let mut found: Vec<IpAddr> = found.map_err(|e| Fault::Name(e.to_string()))?.map(|a| a.ip()).collect();
        found.dedup();
        if found.is_empty() {
            return Err(Fault::Name(host.to_owned()));
        }
        // Whoever was first stays.
        Ok(self.0.names.lock().entry(host.to_owned()).or_insert(found).clone())
    }

    pub(super) fn admit(&self, request: &Request) -> Result<(), Fault> {
        if self.0.options.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Fault::Refused("the time limit of the scan is reached"));
        }
        match self.0.scope.rule(&request.url) {
            Ruling::Inside => {}
            Ruling::Outside => return Err(Fault::Refused("out of scope")),
            Ruling::Excluded => return Err(Fault::Refused("an exclude list has it")),
            Ruling::Logout if self.0.options.keeps_session => {
                return Err(Fault::Refused("it would end the session"));
            }
            Ruling::Logout => {}
        }
        let is_answered_for =
            || self.0.answered_for.lock().contains(&format!("{} {}", request.method, request.url));
        if request.method.is_destructive() && !self.0.options.destructive && !is_answered_for() {
            return Err(Fault::Refused("the method may destroy data, and the profile does not allow it"));
        }
        if !self.0.scope.allows_body(&String::from_utf8_lossy(&request.body.bytes())) {
            return Err(Fault::Refused("the list of excluded bodies has it"));
        }
        Ok(())
    }

    async fn exchange(&self, request: &Request) -> Result<Response, Fault> {
        let message = self.message(request)?;
        let _turn = self.request_turn().await?;
        self.0.counters.requests.fetch_add(1, Ordering::Relaxed);
        if let Ok(sender) = SENDER.try_with(|sender| *sender) {
            self.0.counters.by_sender.lock().entry(sender).or_default().requests += 1;
        }
        let result = self.over_a_connection(&request.url.origin, message).await;
        match &result {
            Ok(response) => {
                self.0.counters.received.fetch_add(response.body.len() as u64, Ordering::Relaxed);
                let place = format!("{} {}", request.method, request.url.path);
                self.0.pace.answered(&place, response.elapsed);
                if matches!(response.status, 429 | 503) {
                    let after = response.header("retry-after").and_then(|text| text.trim().parse().ok());
                    self.0
                        .pace
                        .back_off(Duration::from_secs_f64(f64::from(after.unwrap_or(0_u16)).max(0.25)));
                }
            }
            Err(Fault::Timeout) => drop(self.0.counters.timeouts.fetch_add(1, Ordering::Relaxed)),
            Err(_) => drop(self.0.counters.errors.fetch_add(1, Ordering::Relaxed)),
        }
        result
    }

    fn message(&self, request: &Request) -> Result<hyper::Request<Full<Bytes>>, Fault> {
        let unsendable = |error: hyper::http::Error| Fault::Unsendable(error.to_string());
        let body = request.body.bytes();
        let mut builder = hyper::Request::builder()
            .method(request.method.name())
            .uri(printable(&request.url.request_target()))
            .header(
                "host",
                request.header("host").map_or_else(|| request.url.origin.authority(), str::to_owned),
            );
        let mut given: Vec<(&str, String)> = Vec::new();
        let own = request.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
        given.extend(own.filter(|(name, _)| !is_ours(name)));
        for (name, value) in &self.0.options.headers {
            if !given.iter().any(|(have, _)| have.eq_ignore_ascii_case(name)) && !is_ours(name) {
                given.push((name, value.clone()));
            }
        }
        let mut default = |name: &'static str, value: String| {
            if !given.iter().any(|(have, _)| have.eq_ignore_ascii_case(name)) {
                given.push((name, value));
            }
        };
        default("user-agent", self.0.options.user_agent.clone());
        default("accept", "*/*".to_owned());
        default("accept-encoding", "gzip, deflate".to_owned());
        default("x-redoubt-scan", "1".to_owned());
        if let Some(kind) = request.body.content_type() {
            default("content-type", kind);
        }
        if !request.cookies.is_empty() {
            let mut cookies: Vec<String> =
                request.cookies.iter().map(|(n, v)| format!("{n}={}", cookie_safe(v))).collect();
            // Those that the user gave for all requests stay, unless the application set them anew.
            let is_set = |pair: &&str| {
                let name = pair.split('=').next().unwrap_or_default();
                request.cookies.iter().any(|(have, _)| have == name)
            };
            for (_, value) in given.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
                let pairs = value.split(';').map(str::trim).filter(|pair| !pair.is_empty() && !is_set(pair));
                cookies.extend(pairs.map(str::to_owned));
            }
            given.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
            given.push(("cookie", cookies.join("; ")));
        }
        for (name, value) in given {
            builder = builder.header(name, header_safe(&value).as_slice());
        }
        builder.body(Full::new(Bytes::from(body))).map_err(unsendable)
    }

    async fn over_a_connection(
        &self,
        origin: &Origin,
        message: hyper::Request<Full<Bytes>>,
    ) -> Result<Response, Fault> {
        if let Some(mut connection) = self.take(origin) {
            let begun = Instant::now();
            match self.ask(&mut connection, message.clone(), begun).await {
                Ok(response) => return Ok(self.done(origin, connection, response)),
                // It was closed while it lay idle: nobody has seen the request.
                Err(Fault::Broken(_)) if begun.elapsed() < Duration::from_millis(200) => {}
                Err(fault) => return Err(fault),
            }
        }
        let mut connection = self.connect(origin).await?;
        let response = self.ask(&mut connection, message, Instant::now()).await?;
        Ok(self.done(origin, connection, response))
    }

    fn take(&self, origin: &Origin) -> Option<Connection> {
        let mut idle = self.0.idle.lock();
        let waiting = idle.get_mut(origin)?;
        while let Some(connection) = waiting.pop() {
            if connection.since.elapsed() < STALE && connection.sender.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    fn done(
        &self,
        origin: &Origin,
        mut connection: Connection,
        (response, whole): (Response, bool),
    ) -> Response {
        if whole {
            connection.since = Instant::now();
            self.0.idle.lock().entry(origin.clone()).or_default().push(connection);
        }
        response
    }

    async fn connect(&self, origin: &Origin) -> Result<Connection, Fault> {
        let until = Instant::now() + self.0.options.connect;
        let mut last = Fault::Timeout;
        for address in self.addresses(&origin.host, origin.port).await? {
            let peer = SocketAddr::new(address, origin.port);
            match timeout_at(until, TcpStream::connect(peer)).await {
                Err(_) => return Err(Fault::Timeout),
                Ok(Err(error)) => last = Fault::Connect(error.to_string()),
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    let made = timeout_at(until, self.speak(origin, stream, peer)).await;
                    return made.map_err(|_| Fault::Timeout)?;
                }
            }
        }
        Err(last)
    }

    async fn speak(&self, origin: &Origin, stream: TcpStream, peer: SocketAddr) -> Result<Connection, Fault> {
        let mut builder = http1::Builder::new();
        builder.max_headers(HEADERS).max_buf_size(HEAD).allow_obsolete_multiline_headers_in_responses(true);
        builder.allow_spaces_after_header_name_in_responses(true).ignore_invalid_headers_in_responses(true);
        let broken = |error: hyper::Error| Fault::Broken(error.to_string());
        let sender = match origin.scheme {
            Scheme::Http => {
                let (sender, driver) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
                tokio::spawn(driver);
                sender
            }
            Scheme::Https => {
                let name =
                    ServerName::try_from(origin.host.clone()).map_err(|e| Fault::Tls(e.to_string()))?;
                let connector = TlsConnector::from(self.0.tls.clone());
                let stream = connector.connect(name, stream).await.map_err(|e| Fault::Tls(e.to_string()))?;
                let (sender, driver) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
                tokio::spawn(driver);
                sender
            }
        };
        Ok(Connection { sender, peer, since: Instant::now() })
    }

    async fn ask(
        &self,
        connection: &mut Connection,
        message: hyper::Request<Full<Bytes>>,
        begun: Instant,
    ) -> Result<(Response, bool), Fault> {
        let is_head = message.method() == hyper::Method::HEAD;
        let broken = |error: hyper::Error| Fault::Broken(error.to_string());
        let answer = timeout(self.0.options.answer, connection.sender.send_request(message)).await;
        let answer = answer.map_err(|_| Fault::Timeout)?.map_err(broken)?;
        let elapsed = begun.elapsed();
        let (head, body) = answer.into_parts();
        let headers =
            head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), latin(value.as_bytes())));
        let mut response = Response::default();
        (response.status, response.headers) = (head.status.as_u16(), headers.collect());
        (response.elapsed, response.peer) = (elapsed, Some(connection.peer));
        let whole = is_head || self.read(body, &mut response).await;
        response.total = begun.elapsed();
        Ok((response, whole))
    }

    /// Reads a body; false when the connection can't be used again.
    async fn read(&self, body: Incoming, response: &mut Response) -> bool {
        let limit = self.0.options.limit;
        let until = Instant::now() + self.0.options.body;
        let mut body = pin!(body);
        let mut bytes = BytesMut::new();
        let mut is_whole = body.is_end_stream();
        while !is_whole && bytes.len() < limit {
            match timeout_at(until, body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        let room = limit - bytes.len();
                        bytes.extend_from_slice(data.get(..data.len().min(room)).unwrap_or_default());
                    }
                }
                Ok(None) => is_whole = true,
                _ => break,
            }
        }
        let encoding = response.header("content-encoding").unwrap_or_default().to_owned();
        let (body, was_cut) = unpack(bytes.freeze(), &encoding, limit);
        (response.body, response.is_cut) = (body, was_cut || !is_whole);
        is_whole
    }
}

fn is_ours(name: &str) -> bool {
    ["host", "content-length", "transfer-encoding", "connection"]
        .iter()
        .any(|ours| name.eq_ignore_ascii_case(ours))
}

/// Letters that no request line may have, encoded; all else stays as the payload wants it.
fn printable(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for byte in target.bytes() {
        match byte {
            b'#' | b'"' | b'<' | b'>' | b'`' | b'\\' | b'^' | 0..=0x20 | 0x7f..=0xff => {
                out += &format!("%{byte:02X}")
            }
            _ => out.push(char::from(byte)),
        }
    }
    out
}

/// Bytes that a header value may have; line ends and zeros become blanks.
fn header_safe(value: &str) -> Vec<u8> {
    value
        .bytes()
        .map(|byte| if matches!(byte, b'\r' | b'\n' | 0 | 0x7f) || byte < 9 { b' ' } else { byte })
        .collect()
}

fn cookie_safe(value: &str) -> String {
    value.replace(';', "%3B").replace(['\r', '\n', '\0'], " ")
}

fn latin(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}
