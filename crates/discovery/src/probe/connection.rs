//! Connections with an end: each read and write ends at a deadline, at a cancel, or when enough came.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::cancel::Cancel;
use crate::pace::{Leave, Pace};

/// Connecting takes less than a second, so that the kernel sends its SYN once, and longer only to whoever is that slow.
const CONNECT: Duration = Duration::from_millis(900);
/// The longest sleep, so that a cancel is seen.
const NAP: Duration = Duration::from_millis(100);

/// A door that may be knocked at.
pub(crate) struct Knock<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) pace: &'a Pace,
    pub(crate) cancel: &'a Cancel,
    /// Time of an answer, as measured.
    pub(crate) round_trip: Duration,
}

impl Knock<'_> {
    /// Connects; a first attempt that gets lost is repeated.
    pub(crate) fn open(&self) -> io::Result<Line<'_>> {
        let mut last = io::Error::from(ErrorKind::TimedOut);
        for _ in 0..3 {
            let leave = self.leave_for(CONNECT.max(self.round_trip * 2))?;
            let connected = connect(self.address, leave.patience, self.cancel);
            self.pace.end(&leave, Instant::now());
            match connected {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Line { stream, cancel: self.cancel, until: Instant::now() });
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Waits until one more packet may be sent.
    pub(crate) fn leave(&self) -> io::Result<()> {
        self.leave_for(Duration::ZERO).map(|_| ())
    }

    /// Waits until one more connection may be made, which may take so long.
    fn leave_for(&self, patience: Duration) -> io::Result<Leave> {
        while !self.cancel.is_cancelled() {
            match self.pace.take_for(Instant::now(), patience) {
                Ok(leave) => return Ok(leave),
                Err(wait) => std::thread::sleep(wait.min(NAP)),
            }
        }
        Err(ErrorKind::Interrupted.into())
    }

    /// A time to wait for an answer: so long, and longer where answers take their way.
    pub(crate) fn time(&self, milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds) + self.round_trip * 3
    }
}

/// Connects within a time, or until it is cancelled.
fn connect(address: SocketAddr, within: Duration, cancel: &Cancel) -> io::Result<TcpStream> {
    let until = Instant::now() + within;
    let mut stream = mio::net::TcpStream::connect(address)?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut stream, Token(0), Interest::WRITABLE)?;
    let mut events = Events::with_capacity(1);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match poll.poll(&mut events, Some(left.min(NAP))) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => other?,
        }
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        if stream.peer_addr().is_ok() {
            let stream = TcpStream::from(OwnedFd::from(stream));
            stream.set_nonblocking(false)?;
            return Ok(stream);
        }
        if cancel.is_cancelled() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
    }
}

/// A connection.
pub(crate) struct Line<'a> {
    stream: TcpStream,
    cancel: &'a Cancel,
    until: Instant,
}

impl Line<'_> {
    /// Sets the end of what is read and written from now on.
    pub(crate) fn within(&mut self, time: Duration) -> &mut Self {
        self.until = Instant::now() + time;
        self
    }

    fn nap(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if self.cancel.is_cancelled() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left.min(NAP)) }
    }
}

fn is_nap(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl Read for Line<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let nap = self.nap()?;
            self.stream.set_read_timeout(Some(nap.max(Duration::from_millis(1))))?;
            match self.stream.read(into) {
                Err(error) if is_nap(&error) => {}
                other => return other,
            }
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let nap = self.nap()?;
            self.stream.set_write_timeout(Some(nap.max(Duration::from_millis(1))))?;
            match self.stream.write(bytes) {
                Err(error) if is_nap(&error) => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What came of listening.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) bytes: Vec<u8>,
    /// The other side hung up.
    pub(crate) is_closed: bool,
}

/// Reads until `enough` says so, at most `most` bytes.
pub(crate) fn hear(from: &mut dyn Read, most: usize, enough: impl Fn(&[u8]) -> bool) -> Heard {
    let mut heard = Heard::default();
    let mut part = [0; 4096];
    while heard.bytes.len() < most && !enough(&heard.bytes) {
        match from.read(&mut part) {
            Ok(0) => {
                heard.is_closed = true;
                break;
            }
            Ok(count) => heard.bytes.extend(part.iter().take(count)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                heard.is_closed = !is_nap(&error);
                break;
            }
        }
    }
    heard
}
