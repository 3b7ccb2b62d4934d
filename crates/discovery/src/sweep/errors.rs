//! What the kernel says when a connection fails, and what that means.

use std::io::{self, ErrorKind};

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Accepted.
    Open,
    /// Refused by the host.
    Closed,
    /// Something on the way says no; the port may be anything.
    Prohibited,
    /// There is no way from here.
    NoRoute,
    /// The kernel itself gave up.
    TimedOut,
    /// This machine has no socket or port left: nothing was learned.
    Shortage,
}

/// Linux: no more open files (own, all), no memory for sockets.
const SHORTAGES: [i32; 4] = [24, 23, 105, 12];

impl Outcome {
    pub(super) fn of(error: &io::Error) -> Self {
        if error.raw_os_error().is_some_and(|code| SHORTAGES.contains(&code)) {
            return Self::Shortage;
        }
        match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Self::Closed,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Self::NoRoute,
            ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse | ErrorKind::WouldBlock => Self::Shortage,
            _ => Self::Prohibited,
        }
    }
}
