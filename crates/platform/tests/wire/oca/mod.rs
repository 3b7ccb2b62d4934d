//! Out-of-band assessment (`contract/oca.md`).

mod bad_input;
mod concurrent;
mod gate;
mod posture;
mod provision;
mod reads;
mod samples;
mod secrets;
mod uploads;

pub(crate) use gate::{API, Gate, MANIFEST, Reply, Request, form, get, post, request, upload};

/// A saved terminal of a router.
pub(crate) const ROUTER: &str = include_str!("../../../../assess/samples/router.log");
