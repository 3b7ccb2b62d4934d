//! How a binary forwards to this crate: `cargo run -p assess --example assess -- assess FILE`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
enum Command {
    /// Assess what devices printed
    Assess(assess::cli::AssessArgs),
    /// Write, check and test controls
    Policy(assess::cli::PolicyArgs),
}

fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    let status = match Command::parse() {
        Command::Assess(args) => assess::cli::assess(&args, &mut out, &mut err),
        Command::Policy(args) => assess::cli::policy(&args, &mut out, &mut err),
    };
    let _ = out.flush();
    ExitCode::from(status.unwrap_or(assess::cli::UNUSABLE))
}
