//! `redoubt range`: serves the practice range, or prints the truth about it.

use std::io::{self, Write};
use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::case::Half;
use crate::range::{Options, Range, cases, truth};

/// A half of the range, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhichHalf {
    /// The first half
    First,
    /// The second half
    Second,
    /// Both
    All,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// For machines
    Json,
}

/// Serve deliberately vulnerable applications with known truth, on loopback only.
#[derive(Debug, Args)]
pub struct RangeArgs {
    /// Where to listen; only loopback addresses are taken
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Which half of the cases
    #[arg(long, value_enum, default_value = "all")]
    half: WhichHalf,
    /// One family only, such as sql-error
    #[arg(long)]
    family: Option<String>,
    /// A throwaway PostgreSQL for the cases that need one; the range makes schemas of its own there, and its cases let
    /// anybody on this machine run statements in it
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Print the truth about the cases and end
    #[arg(long)]
    list: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Runs the command; serves until the process ends.
pub fn run(arguments: &RangeArgs, out: &mut dyn Write) -> io::Result<()> {
    let half = match arguments.half {
        WhichHalf::First => Some(Half::First),
        WhichHalf::Second => Some(Half::Second),
        WhichHalf::All => None,
    };
    let options = Options {
        listen: arguments.listen,
        half,
        family: arguments.family.clone(),
        postgres: arguments.postgres.clone(),
    };
    if arguments.list {
        return list(&options, arguments.format, out);
    }
    let range = Range::start(&options)?;
    if range.cases().is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no case is like that; `redoubt range --list` shows all",
        ));
    }
    match arguments.format {
        Format::Json => {
            let all = json!({"base": range.base(), "secureBase": range.secure_base(), "cases": range.truth(), "extra": range.extra().truth()});
            writeln!(out, "{all}")?;
        }
        Format::Table => {
            writeln!(out, "{} cases at {} and {}", range.cases().len(), range.base(), range.secure_base())?;
            writeln!(
                out,
                "Deliberately vulnerable: anybody on this machine can run commands as you while this runs. End it with Ctrl-C."
            )?;
        }
    }
    out.flush()?;
    loop {
        std::thread::park();
    }
}

fn list(options: &Options, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let all: Vec<_> = cases(options).iter().map(|case| truth(case, "")).collect();
    match format {
        Format::Json => {
            writeln!(out, "{}", json!({"cases": all, "extra": crate::extra::truth(&|_| String::new())}))
        }
        Format::Table => {
            for case in &all {
                let word = if case.vulnerable { "vulnerable" } else { "safe" };
                let half = if case.half == Half::First { "first" } else { "second" };
                writeln!(out, "{:6} {word:10} {:45} {}{}", half, case.id, case.why, case.safe_because)?;
            }
            writeln!(out, "{} cases", all.len())
        }
    }
}
