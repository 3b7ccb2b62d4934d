//! The sweep: which ports of which hosts accept a connection.
//!
//! One thread holds all attempts. A host has a window, as in TCP's congestion control: it grows with answers, and halves
//! when a repeated attempt is answered, since then an earlier one was lost, by a full queue or by a limit at the other
//! side. Hosts take turns, so that one that swallows everything holds up nobody else. How long an answer may take is learned
//! from those that came; who never answered is taken for slow, not for quick: each port is waited for at least once for
//! as long as a far and busy host may need. Each SYN is let through by the [`crate::Pace`], and those that the kernel
//! repeats while an attempt lives have leave before it begins.

mod attempt;
mod errors;
mod host;
mod neighbours;
mod run;

pub(crate) use host::Ended;
pub(crate) use run::{Found, Sweep};
