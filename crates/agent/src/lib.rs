//! The agent: it lives on other people's machines, so it is small, patient and quiet.
//!
//! - [`enroll`] gets an identity from a server; [`cycle`] is one visit to it: send what was left unanswered, read the
//!   machine, report what changed, do what the answer says.
//! - [`supervisor`] calls a cycle again and again, each in a child process of its own. So what a reading and a TLS
//!   connection need is given back to the system each time, and the process that stays is a few pages large.
//! - [`config`] is the file that says which server to join, under the names that deployments use; [`configure`] writes it,
//!   joins and starts the service.
//! - [`state`] is the folder between two visits. Every file in it is written whole or not at all, so the process may be
//!   stopped at any moment; every file but the identity can be lost, at the price of one full report.
//!
//! Invariants: no secret is printed; a sequence number is on disk before it is used; nothing depends on the clock.

pub mod address;
pub mod client;
mod clock;
pub mod config;
pub mod configure;
mod connector;
pub mod cycle;
pub mod enroll;
pub mod log;
pub mod schedule;
pub mod state;
pub mod supervisor;
pub mod trust;

/// Version of this program, as it is told to the server.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
