//! `redoubt discover` alone, for trying things out: `cargo run --release -p discovery --example discover -- TARGETS`.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use discovery::Cancel;
use discovery::cli::{DiscoverArgs, run};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    discover: DiscoverArgs,
}

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::parse();
    let status = run(&arguments.discover, &Cancel::default(), &mut io::stdout(), &mut io::stderr())?;
    Ok(ExitCode::from(status))
}
