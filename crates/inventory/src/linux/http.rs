//! One small HTTP exchange with a service on the machine itself or beside it: metadata services and the Docker socket.
//!
//! Plain text, HTTP/1.0, one request for each connection, a bounded answer, and one point in time by which all is done.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The most bytes of an answer.
const MAX_ANSWER: usize = 1 << 20;

/// A connection whose every read and write can be given a time.
pub(crate) trait Connection: Read + Write {
    fn allow(&self, time: Duration) -> io::Result<()>;
}

impl Connection for TcpStream {
    fn allow(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

impl Connection for UnixStream {
    fn allow(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

/// A request: a method, a path with its query, and headers.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) host: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

/// The time that is left, or an error when none is.
pub(crate) fn time_left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Sends the request and reads the body of an answer with status 200; any other answer is an error.
pub(crate) fn exchange(
    connection: &mut impl Connection,
    request: &Request,
    deadline: Instant,
) -> io::Result<Vec<u8>> {
    let mut text = format!("{} {} HTTP/1.0\r\nHost: {}\r\n", request.method, request.path, request.host);
    for (name, value) in request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("Connection: close\r\nContent-Length: 0\r\n\r\n");
    connection.allow(time_left(deadline)?)?;
    connection.write_all(text.as_bytes())?;

    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(body) = body(&answer)? {
            return Ok(body.to_vec());
        }
        connection.allow(time_left(deadline)?)?;
        let read = connection.read(&mut part)?;
        let Some(read) = part.get(..read).filter(|read| !read.is_empty()) else { break };
        answer.extend_from_slice(read);
        if answer.len() > MAX_ANSWER {
            return Err(ErrorKind::FileTooLarge.into());
        }
    }
    body_to_end(&answer)
}

struct Head {
    length: usize,
    content_length: Option<usize>,
}

/// The head of an answer with status 200, once it is there.
fn head(answer: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(answer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(ErrorKind::InvalidData.into()),
    };
    if response.code != Some(200) {
        return Err(ErrorKind::NotFound.into());
    }
    let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let content_length =
        header.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
    Ok(Some(Head { length, content_length }))
}

/// The body, if the head says how long it is and all of it is there.
fn body(answer: &[u8]) -> io::Result<Option<&[u8]>> {
    let Some(head) = head(answer)? else { return Ok(None) };
    let end = head.content_length.map(|length| head.length.saturating_add(length));
    Ok(end.and_then(|end| answer.get(head.length..end)))
}

/// The body of an answer that ends where the connection ends.
fn body_to_end(answer: &[u8]) -> io::Result<Vec<u8>> {
    match head(answer)? {
        Some(Head { length, content_length: None }) => Ok(answer.get(length..).unwrap_or_default().to_vec()),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_as_long_as_its_head_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc";
        assert_eq!(body(answer).unwrap(), Some(&b"ab"[..]));
        assert_eq!(body(&answer[..answer.len() - 2]).unwrap(), None);
    }

    #[test]
    fn without_a_length_the_body_ends_with_the_connection() {
        assert_eq!(body_to_end(b"HTTP/1.0 200 OK\r\n\r\nabc").unwrap(), b"abc");
        assert!(body_to_end(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabc").is_err());
    }

    #[test]
    fn any_other_status_is_an_error() {
        assert!(body(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(body(b"SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }
}
