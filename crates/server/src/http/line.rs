//! The connection that a request came over.

use std::net::SocketAddr;

/// A connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The other end.
    pub(super) peer: SocketAddr,
    /// This end.
    pub(super) local: SocketAddr,
    /// Whether it is encrypted.
    pub(super) is_tls: bool,
}
