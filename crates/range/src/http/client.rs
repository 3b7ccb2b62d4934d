//! The small client with which cases fetch (loopback only) and with which the truth is proven: it sends bytes as told
//! and follows nothing.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::server::read_up_to;

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body's text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a cookie that it sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case("set-cookie"));
        set.filter_map(|(_, value)| value.split(';').next()?.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }
}

/// Sends a request and reads the answer, at most 2 MB of it.
pub fn send(
    to: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> io::Result<Answer> {
    if !to.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{to} is not on loopback")));
    }
    let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {to}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    stream.write_all(&bytes)?;
    let answer = read_up_to(&mut stream, 2 << 20)?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer"))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..at)?).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| {
            line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect();
    Some(Answer { status, headers, body: bytes.get(at + 4..)?.to_vec() })
}

/// Fetches a URL as a server-side client does, on loopback only: `http://host:port/path`. Follows no redirect.
pub fn fetch(url: &str) -> Result<Answer, String> {
    let rest = strip_scheme(url).ok_or("only http: is supported")?;
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let with_port = if authority.contains("]:") || (!authority.starts_with('[') && authority.contains(':')) {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let address = resolve(&with_port).ok_or_else(|| format!("could not resolve host {authority}"))?;
    let path = path.split('#').next().unwrap_or("/");
    let headers =
        [("Host".to_owned(), authority.to_owned()), ("User-Agent".to_owned(), "range-fetch/1.0".to_owned())];
    send(address, "GET", path, &headers, b"").map_err(|error| format!("failed to open stream: {error}"))
}

fn strip_scheme(url: &str) -> Option<&str> {
    let scheme = url.get(..7)?;
    if scheme.eq_ignore_ascii_case("http://") { url.get(7..) } else { None }
}

/// Names are not looked up anywhere: only `localhost` and literal addresses of loopback are known.
fn resolve(authority: &str) -> Option<SocketAddr> {
    let (host, port) = authority.rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']);
    let host = match host {
        _ if host.eq_ignore_ascii_case("localhost") => "127.0.0.1".to_owned(),
        // The short and numeric forms that every C library takes.
        _ => crate::engine::net::ipv4(host).map_or_else(|| host.to_owned(), |ip| ip.to_string()),
    };
    let ip: std::net::IpAddr = host.parse().ok()?;
    (ip, port.parse().ok()?).to_socket_addrs().ok()?.next()
}
