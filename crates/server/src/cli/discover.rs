//! `redoubt discover`: the engine, with the signals that stop it.

use std::io;
use std::thread;

use discovery::Cancel;
use discovery::cli::{DiscoverArgs, run as discover};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Runs it; gives the status to end with.
pub(super) fn run(arguments: &DiscoverArgs) -> io::Result<u8> {
    let cancel = Cancel::default();
    stop_on_signals(cancel.clone())?;
    discover(arguments, &cancel, &mut io::stdout().lock(), &mut io::stderr().lock())
}

/// The first signal stops the discovery, which then tells what it found.
fn stop_on_signals(cancel: Cancel) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut end) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::Builder::new().spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = end.recv() => {}
            }
        });
        cancel.cancel();
    })?;
    Ok(())
}
