//! The practice range: deliberately vulnerable web applications with known truth, on loopback only.
//!
//! - Each case is a small route set `/case/FAMILY/NAME/`, vulnerable or a safe look-alike; index pages link to all.
//! - The truth comes from the weakness itself: real SQLite and PostgreSQL, the real shell, a file tree, evaluators with
//!   the real semantics. No case looks for particular payloads.
//! - Each case carries its own proof (`proof`), which the tests run without any scanner.
//! - The first half was written before the detections, the second after them.

pub mod case;
pub mod cli;
pub mod engine;
pub mod extra;
pub mod filter;
pub mod first;
pub mod http;
pub mod page;
pub mod proof;
pub mod range;
pub mod second;
pub mod tls;
pub mod world;

pub use case::{Case, Half};
pub use range::{Options, Range, Truth};
