//! `redoubt`: the HTTP server and the command line of Redoubt. Everything meets here and nothing is decided here: what
//! an operation is, who may call it and what it does stands in `platform`.
//!
//! - [`cli`] has a file for each command.
//! - [`service`] is a running server: its listeners, its clock work, and its clean end.
//! - [`http`] is the way of one request: sign in, find the operation, check, run, stream the answer.

mod certificate;
mod cli;
mod data_dir;
mod database;
mod first_start;
mod http;
mod log;
mod own_agent;
mod progress;
mod secret;
mod service;
mod workshop;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
