//! Reading a Linux machine, or a file tree that looks like one.
//!
//! One file for each source. In each, `parse` is a pure function over text or bytes that never fails as a whole: what it
//! cannot make sense of it skips, since a line that some tool wrote wrong must not hide the rest of the machine. What may
//! not be read at all becomes an [`crate::Omission`] with a text that stays the same while the reason stays the same.
//!
//! Everything is bounded: the bytes read of a file, the records of a log, the time that a program or metadata service has.

pub mod accounts;
pub mod apk;
pub mod boot;
pub mod cloud;
mod collect;
pub mod dmi;
pub mod docker;
pub mod dpkg;
pub mod hostname;
mod http;
pub mod interfaces;
pub mod logins;
pub mod memory;
pub mod os_release;
pub mod ports;
pub mod processes;
pub mod processors;
pub mod routes;
pub mod rpm;
pub mod services;
pub mod timezone;
mod tree;
pub mod volumes;

pub use collect::{Options, collect};

/// Name of the omission when no metadata service answered.
pub(crate) const CLOUD: &str = "cloud";
/// Name of the omission when the rpm database is there and could not be read.
pub(crate) const PACKAGES_RPM: &str = "packages.rpm";
