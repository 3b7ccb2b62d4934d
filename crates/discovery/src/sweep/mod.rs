//! The sweep: which ports of which hosts accept a connection.
//!
//! One thread holds all attempts. A host has a window, as in TCP's congestion control: it grows with answers, and halves
//! when a repeated attempt is answered, since then an earlier one was lost, by a full queue or by a limit at the other
//! side. Hosts take turns, so that one that swallows everything holds up nobody else. Each SYN is let through by the
//! [`crate::Pace`]; an attempt that lives long enough for the kernel to send its SYN again asks for that one, too.

mod attempt;
mod errors;
mod host;
mod neighbours;
mod run;

pub(crate) use host::Ended;
pub(crate) use run::{Found, Sweep};
