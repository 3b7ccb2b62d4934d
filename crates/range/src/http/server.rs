//! The server: a thread for each connection, on loopback only.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::Reply;
use super::reply::Stream;
use super::request::{Request, decode, pairs};

/// What answers requests.
pub trait App: Send + Sync + 'static {
    /// The reply to a request.
    fn answer(&self, request: &Request) -> Reply;
}

impl<F: Fn(&Request) -> Reply + Send + Sync + 'static> App for F {
    fn answer(&self, request: &Request) -> Reply {
        self(request)
    }
}

/// Looks at a fresh connection before the server reads from it: gives back a stream to speak HTTP on, or none when it
/// dealt with the connection itself.
pub type Accept = Arc<dyn Fn(TcpStream) -> io::Result<Option<Box<dyn Stream>>> + Send + Sync>;

/// Requests that this process was asked so far, on all its listeners: what a scan cost, whoever scans.
pub static ASKED: AtomicU64 = AtomicU64::new(0);

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_CONNECTIONS: usize = 400;

/// A listener that serves until it is dropped.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Listening {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
    }
}

/// Binds to a loopback address; any other is refused.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    if !address.ip().is_loopback() {
        let why = format!(
            "{address} is not a loopback address: the practice range is vulnerable by design and must not be reached by others; use 127.0.0.1 or [::1]"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    TcpListener::bind(address)
}

/// Serves on a listener.
pub fn serve(listener: TcpListener, app: Arc<dyn App>, accept: Option<Accept>) -> io::Result<Listening> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{address} is not a loopback address"),
        ));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let open = Arc::new(AtomicUsize::new(0));
    thread::Builder::new().name("range-accept".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            if stopped.load(Ordering::SeqCst) {
                break;
            }
            let Ok(stream) = stream else { continue };
            if open.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
                open.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (app, accept, stopped, counter) =
                (Arc::clone(&app), accept.clone(), Arc::clone(&stopped), Arc::clone(&open));
            let spawned = thread::Builder::new()
                .name("range-connection".to_owned())
                .stack_size(1 << 20)
                .spawn(move || {
                    // A client that goes away is no failure of ours.
                    let _ = connection(stream, &*app, accept.as_ref(), &stopped);
                    counter.fetch_sub(1, Ordering::SeqCst);
                });
            if spawned.is_err() {
                open.fetch_sub(1, Ordering::SeqCst);
            }
        }
    })?;
    Ok(Listening { address, stop })
}

fn connection(
    stream: TcpStream,
    app: &dyn App,
    accept: Option<&Accept>,
    stopped: &AtomicBool,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    stream.set_nodelay(true)?;
    let tls = accept.is_some();
    let mut stream: Box<dyn Stream> = match accept {
        Some(accept) => match accept(stream)? {
            Some(stream) => stream,
            None => return Ok(()),
        },
        None => Box::new(stream),
    };
    let mut buffer = Vec::new();
    while !stopped.load(Ordering::SeqCst) {
        let Some((mut request, close)) = (match read(&mut *stream, &mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Reply::refused("the request can't be read").write(&mut *stream, false, true);
            }
            Err(error) => return Err(error),
        }) else {
            return Ok(());
        };
        request.tls = tls;
        ASKED.fetch_add(1, Ordering::Relaxed);
        let reply = app.answer(&request);
        match reply.takeover {
            Some(act) => return act(&mut *stream),
            None => reply.write(&mut *stream, request.method == "HEAD", close)?,
        }
        if close {
            return Ok(());
        }
    }
    Ok(())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn fill(stream: &mut dyn Stream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; 8192];
    let read = stream.read(&mut chunk)?;
    buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
    Ok(read > 0)
}

/// Reads one request; says whether the connection ends after it. None at the end of the connection.
fn read(stream: &mut dyn Stream, buffer: &mut Vec<u8>) -> io::Result<Option<(Request, bool)>> {
    loop {
        if let Some((mut request, used)) = head(buffer)? {
            buffer.drain(..used.min(buffer.len()));
            if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            request.body = body(stream, buffer, &request)?;
            let close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            return Ok(Some((request, close)));
        }
        if buffer.len() > MAX_HEAD {
            return Err(invalid("the head is too long"));
        }
        if !fill(stream, buffer)? {
            return Ok(None);
        }
    }
}

fn head(buffer: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut parsed = httparse::Request::new(&mut headers);
    let used = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(invalid("not HTTP")),
    };
    let target = parsed.path.unwrap_or("/").to_owned();
    // The absolute form names the host again.
    let target = match target.strip_prefix("http://").or_else(|| target.strip_prefix("https://")) {
        Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/").to_owned(),
        None => target,
    };
    let mut request =
        Request { method: parsed.method.unwrap_or("GET").to_owned(), target, ..Request::default() };
    request.path = decode(request.raw_path(), false);
    request.query = pairs(request.raw_query());
    let lossy = |header: &httparse::Header<'_>| {
        (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned())
    };
    request.headers = parsed.headers.iter().map(lossy).collect();
    Ok(Some((request, used)))
}

fn body(stream: &mut dyn Stream, buffer: &mut Vec<u8>, request: &Request) -> io::Result<Vec<u8>> {
    if request.header("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked"))
    {
        return chunked(stream, buffer);
    }
    let length: usize = match request.header("content-length") {
        Some(value) => value.trim().parse().map_err(|_| invalid("no length"))?,
        None => 0,
    };
    if length > MAX_BODY {
        return Err(invalid("the body is too long"));
    }
    while buffer.len() < length {
        if !fill(stream, buffer)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(buffer.drain(..length).collect())
}

fn chunked(stream: &mut dyn Stream, buffer: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(buffer).map_err(|_| invalid("no chunk"))? {
            httparse::Status::Complete((start, size)) => {
                let size = usize::try_from(size).map_err(|_| invalid("chunk too long"))?;
                if body.len().saturating_add(size) > MAX_BODY {
                    return Err(invalid("the body is too long"));
                }
                while buffer.len() < start + size + 2 {
                    if !fill(stream, buffer)? {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                body.extend_from_slice(buffer.get(start..start + size).unwrap_or_default());
                buffer.drain(..start + size + 2);
                if size == 0 {
                    return Ok(body);
                }
            }
            httparse::Status::Partial => {
                if !fill(stream, buffer)? {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
    }
}

/// Reads from a connection to its end or to a limit.
pub(crate) fn read_up_to(stream: &mut dyn Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
