//! `redoubt discover`: the engine, with the signals that stop it, and the way of what it finds to a server.

mod record;

use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;

use agent::address::ServerAddress;
use agent::trust::Fingerprint;
use clap::{Args, ValueEnum};
use discovery::Cancel;
use discovery::cli::{DiscoverArgs, run as discover, run_and_take};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use record::Recorder;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    discover: DiscoverArgs,
    /// Record what is found on a server; the login comes from REDOUBT_USER and REDOUBT_PASSWORD
    #[arg(long, requires = "server")]
    record: bool,
    /// As what it is recorded: VM results with host assets, or a network map
    #[arg(long = "as", value_name = "KIND", value_enum, default_value_t, requires = "record")]
    kind: Kind,
    /// Address of the server, such as `https://redoubt.example.org:8443`
    #[arg(long, value_name = "URL", requires = "record")]
    server: Option<ServerAddress>,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint", requires = "record")]
    ca: Option<PathBuf>,
    /// Trust the server's certificate with this SHA-256 fingerprint, and no other
    #[arg(long, value_name = "SHA256", requires = "record")]
    fingerprint: Option<Fingerprint>,
}

/// As what a discovery is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Kind {
    /// VM results: open ports, web servers and host assets.
    #[default]
    Scan,
    /// A network map.
    Map,
}

/// Runs it; gives the status to end with.
pub(super) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    // Before the first packet, so that nothing is asked in vain.
    let mut recorder = Recorder::of(arguments)?;
    let cancel = Cancel::default();
    stop_on_signals(cancel.clone())?;
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let Some(recorder) = &mut recorder else {
        return Ok(discover(&arguments.discover, &cancel, &mut out, &mut err)?);
    };
    let status =
        run_and_take(&arguments.discover, &cancel, &mut out, &mut err, &mut |host| recorder.take(host))?;
    writeln!(err, "{}", recorder.finish()?)?;
    Ok(status)
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
