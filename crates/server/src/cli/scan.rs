//! `redoubt scan` and `redoubt replay`: the web scanner on its own.

use std::io;
use std::process::ExitCode;

use store::{Clock, SystemClock};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use webscan::cancel::Cancel;
use webscan::cli::{ReplayArgs, ScanArgs};

use super::Failure;

pub(super) fn scan(arguments: &ScanArgs) -> Result<ExitCode, Failure> {
    let started = SystemClock.now().to_string();
    run(async |stop: Cancel, out: &mut io::Stdout| webscan::cli::scan(arguments, started, &stop, out).await)
}

pub(super) fn replay(arguments: &ReplayArgs) -> Result<ExitCode, Failure> {
    run(async |stop: Cancel, out: &mut io::Stdout| webscan::cli::replay(arguments, &stop, out).await)
}

/// Runs a command until it ends; an interrupt asks it to end early.
fn run(command: impl AsyncFnOnce(Cancel, &mut io::Stdout) -> io::Result<u8>) -> Result<ExitCode, Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let status = runtime.block_on(async {
        let stop = Cancel::default();
        let (mut interrupt, mut end) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let switch = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = end.recv() => {}
            }
            switch.cancel();
        });
        command(stop, &mut io::stdout()).await
    });
    runtime.shutdown_background();
    Ok(ExitCode::from(status?))
}
