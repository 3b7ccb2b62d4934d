//! One attempt to connect.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

use super::errors::Outcome;
use super::host::Ask;
use crate::pace::Leave;

/// An attempt that is under way.
pub(super) struct Attempt {
    pub(super) host: usize,
    pub(super) ask: Ask,
    pub(super) stream: TcpStream,
    pub(super) begun: Instant,
    pub(super) leave: Leave,
    /// Tells it from others that had its place before.
    pub(super) generation: u32,
}

/// What came of beginning one.
pub(super) enum Begun {
    /// It is known already.
    Known(Outcome),
    /// It is under way.
    Pending(TcpStream),
}

/// Begins to connect. A near address answers while we ask, which saves waiting for it.
pub(super) fn begin(address: IpAddr, port: u16) -> Begun {
    match connect(SocketAddr::new(address, port), address.is_loopback()) {
        Ok(begun) => begun,
        Err(error) => Begun::Known(Outcome::of(&error)),
    }
}

fn connect(address: SocketAddr, is_near: bool) -> io::Result<Begun> {
    let kind = Type::STREAM.nonblocking();
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP))?;
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
        Err(error) => return Err(error),
    }
    let stream = TcpStream::from_std(socket.into());
    if is_near && let Some(outcome) = look(&stream) {
        return Ok(Begun::Known(outcome));
    }
    Ok(Begun::Pending(stream))
}

/// Linux: the connection is being made.
const IN_PROGRESS: i32 = 115;

/// What is known of a connection; none while it is being made.
pub(super) fn look(stream: &TcpStream) -> Option<Outcome> {
    match stream.take_error() {
        Ok(None) => {}
        Ok(Some(error)) | Err(error) => return Some(Outcome::of(&error)),
    }
    let peer = stream.peer_addr().ok()?;
    // A socket whose own port happens to be the one it asks for meets itself (RFC 9293, 3.5, simultaneous open).
    if stream.local_addr().is_ok_and(|own| own == peer) {
        return Some(Outcome::Closed);
    }
    // Ends by a reset: nothing lingers here or there.
    let _ = socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO));
    Some(Outcome::Open)
}
