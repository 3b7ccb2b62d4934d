//! As much HTTP/1.1 as measuring needs: requests made beforehand, one connection kept open, answers read whole.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::error::{Error, Result};

/// The most headers of an answer.
const HEADERS: usize = 32;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
const ROOM: usize = 64 * 1024;

/// A request, ready to be sent.
#[derive(Debug, Clone)]
pub struct Request(Vec<u8>);

impl Request {
    /// A request without a body.
    pub fn get(path: &str, headers: &[(&str, &str)]) -> Self {
        let mut head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self(head.into_bytes())
    }

    /// A request with a body.
    pub fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head =
            format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self([head.as_bytes(), body].concat())
    }
}

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    /// What was read and not used yet.
    buffer: Vec<u8>,
    body: Vec<u8>,
}

/// How the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Length(usize),
    Chunks,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::with_capacity(ROOM), body: Vec::new() })
    }

    /// Sends a request and reads the answer: its status and its body.
    ///
    /// # Errors
    /// When the connection breaks, or the answer can't be read.
    pub fn send(&mut self, request: &Request) -> Result<(u16, &[u8])> {
        self.stream.write_all(&request.0)?;
        self.body.clear();
        let (status, extent) = self.head()?;
        match extent {
            Extent::Length(length) => self.take(length)?,
            Extent::Chunks => while self.chunk()? {},
        }
        Ok((status, &self.body))
    }

    /// Sends a request that must succeed.
    ///
    /// # Errors
    /// As [`Connection::send`], or when the status is not 200.
    pub fn succeed(&mut self, request: &Request) -> Result<&[u8]> {
        match self.send(request)? {
            (200, body) => Ok(body),
            (status, body) => {
                let shown: String = String::from_utf8_lossy(body).chars().take(600).collect();
                Err(Error::Answer(format!("{status}: {shown}")))
            }
        }
    }

    /// Sends a request for a token; gives the token.
    ///
    /// # Errors
    /// As [`Connection::send`], or when the status is not 201.
    pub fn issued(&mut self, request: &Request) -> Result<String> {
        match self.send(request)? {
            (201, body) => Ok(String::from_utf8_lossy(body).into_owned()),
            (status, _) => Err(Error::Answer(format!("{status} instead of a token"))),
        }
    }

    fn head(&mut self) -> Result<(u16, Extent)> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            let parsed = response.parse(&self.buffer).map_err(|error| Error::Answer(error.to_string()))?;
            if let httparse::Status::Complete(length) = parsed {
                let found = (response.code.unwrap_or_default(), extent(response.headers)?);
                self.buffer.drain(..length);
                return Ok(found);
            }
            self.read()?;
        }
    }

    /// Moves so many bytes into the body.
    fn take(&mut self, mut length: usize) -> Result<()> {
        while length > 0 {
            if self.buffer.is_empty() {
                self.read()?;
            }
            let part = length.min(self.buffer.len());
            self.body.extend(self.buffer.drain(..part));
            length -= part;
        }
        Ok(())
    }

    /// Moves a chunk into the body; says whether it was not the last.
    fn chunk(&mut self) -> Result<bool> {
        loop {
            let bad = |_| Error::Answer("a chunk's size can't be read".to_owned());
            if let httparse::Status::Complete((head, size)) =
                httparse::parse_chunk_size(&self.buffer).map_err(bad)?
            {
                self.buffer.drain(..head);
                self.take(usize::try_from(size).unwrap_or(usize::MAX))?;
                while self.buffer.len() < 2 {
                    self.read()?;
                }
                self.buffer.drain(..2);
                return Ok(size > 0);
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> Result<()> {
        let before = self.buffer.len();
        self.buffer.resize(before + ROOM, 0);
        let read = self.stream.read(self.buffer.get_mut(before..).unwrap_or_default());
        self.buffer.truncate(before + read.as_ref().copied().unwrap_or_default());
        match read? {
            0 => Err(Error::Answer("the connection was closed in the middle".to_owned())),
            _ => Ok(()),
        }
    }
}

fn extent(headers: &[httparse::Header<'_>]) -> Result<Extent> {
    let find = |name: &str| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    if find("transfer-encoding").is_some() {
        return Ok(Extent::Chunks);
    }
    let length =
        find("content-length").and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    length.map(Extent::Length).ok_or_else(|| Error::Answer("it has no length".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers the bytes of one answer to each request, split into pieces that arrive one by one.
    fn served(answers: Vec<Vec<&'static [u8]>>) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            for pieces in answers {
                let _ = stream.read(&mut [0; 4_096]).unwrap();
                for piece in pieces {
                    stream.write_all(piece).unwrap();
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        Connection::open(address).unwrap()
    }

    #[test]
    fn answers_are_read_whole_however_they_arrive() {
        let mut connection = served(vec![
            vec![b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 5\r\n\r\nhe", b"llo"],
            vec![
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r",
                b"\nhello\r",
                b"\n3\r\n ab\r\n0\r\n",
                b"\r\n",
            ],
            vec![b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno"],
            vec![b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut"],
        ]);
        let request = Request::post("/x", &[("A", "b")], b"body");
        assert_eq!(connection.send(&request).unwrap(), (200, &b"hello"[..]));
        assert_eq!(connection.send(&request).unwrap(), (200, &b"hello ab"[..]));
        assert!(connection.succeed(&request).unwrap_err().to_string().contains("404: no"));
        assert!(connection.send(&request).unwrap_err().to_string().contains("closed in the middle"));
    }

    #[test]
    fn a_request_is_written_as_http_wants_it() {
        let request = Request::post("/a", &[("X", "y")], b"hi");
        assert_eq!(request.0, b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nX: y\r\n\r\nhi");
    }
}
