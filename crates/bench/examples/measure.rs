//! The two commands without the rest of the program; `--server` names the program whose server is measured.
#![expect(clippy::print_stderr, reason = "a program for the command line")]
use std::process::ExitCode;

use bench::cli::{BenchArgs, LoadArgs, run_bench, run_load};
use clap::Parser;

#[derive(Debug, Parser)]
enum Command {
    Load(LoadArgs),
    Bench(BenchArgs),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Load(arguments) => run_load(&arguments),
        Command::Bench(arguments) => run_bench(&arguments),
    };
    if let Err(error) = result {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
