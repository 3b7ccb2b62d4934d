//! What `redoubt load synthetic` and `redoubt bench` do: assets from a seed, and measurements that anybody can repeat.
//!
//! - [`synthetic`] makes assets; [`load`] puts them into a data directory by the same writes that everybody uses.
//! - [`parts`] are the measurements, each on a [`ground::Ground`] that is prepared once. The server that they measure is
//!   a process of its own; the relational comparison is in [`postgres`].
//! - [`report`] says what came out.

pub mod cli;
pub mod data;
pub mod error;
pub mod ground;
pub mod http;
pub mod load;
pub mod parts;
pub mod postgres;
pub mod questions;
pub mod report;
pub mod server;
pub mod stats;
pub mod synthetic;
pub mod tell;

pub use error::{Error, Result};
