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
mod progress;
mod secret;
mod service;

use std::process::ExitCode;

/// Objects are read on one thread and let go on another, the one that writes: the system's allocator pays dearly for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
