//! The summary: a list of parts, one file each, in the order in which people read them.

mod assessment;
mod catalog;
mod installer;
mod inventory;
mod questions;
mod services;
mod tags;
mod upload;
mod web_scan;

use std::path::Path;

use platform::Platform;
use serde_json::Value;

use super::client::Client;
use crate::cli::Failure;

/// What the parts tell of.
pub(super) struct Shown<'s> {
    /// A session of the manager.
    pub(super) client: &'s Client,
    /// This machine's asset.
    pub(super) host: Value,
    /// The product, for what only whoever has the machine may do.
    pub(super) platform: &'s Platform,
    /// The directory of its data.
    pub(super) data: &'s Path,
    /// The manager's password, where it was made just now.
    pub(super) password: Option<&'s str>,
}

/// Tells one thing, under a title of its own.
type Part = fn(&Shown<'_>) -> Result<(), Failure>;

const PARTS: [Part; 8] = [
    inventory::print,
    tags::print,
    services::print,
    web_scan::print,
    assessment::print,
    questions::print,
    upload::print,
    installer::print,
];

/// Tells everything.
pub(super) fn print(shown: &Shown<'_>) -> Result<(), Failure> {
    PARTS.iter().try_for_each(|part| part(shown))
}
