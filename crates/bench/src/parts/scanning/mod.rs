//! Scanning the practice range: what is found of what is there, what is reported that is not, and what that costs. The range
//! and the scanner are processes of their own, run as people run them.
//!
//! The second half is held out: of its cases only totals are told, so that nobody tunes on it.

mod ground;
mod judge;
mod latency;
mod maze;
mod report;
mod scanner;
mod wapiti;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::error::{Error, Result};
use crate::report::machine;
use crate::server::own_program;
use crate::tell::Teller;
use ground::Ground;
use judge::{Case, Found, Verdict};
use scanner::Scan;

/// `redoubt bench webscan`.
#[derive(Debug, Args)]
pub(crate) struct WebscanArgs {
    /// Which half of the cases
    #[arg(long, value_enum, default_value = "both")]
    half: WhichHalf,
    /// One family only, such as sql-error
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
    /// How often all is scanned; each run must find the same
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Scan the same targets with Wapiti, too; it is installed from PyPI into a directory for now
    #[arg(long)]
    wapiti: bool,
    /// Crawl the mazes as well
    #[arg(long)]
    mazes: bool,
    /// No browser
    #[arg(long)]
    no_browser: bool,
    /// Run these checks only
    #[arg(long, value_name = "NAME")]
    check: Vec<String>,
    /// The program whose `scan` and `range` are measured; this one if not given
    #[arg(long, value_name = "PROGRAM", hide = true)]
    program: Option<PathBuf>,
    /// Keep the scanner's results in this directory; only for the first half
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Put the report into this Markdown document, in place of the last one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A half of the range, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhichHalf {
    /// The first half
    First,
    /// The second half
    Second,
    /// Both
    Both,
}

impl WhichHalf {
    /// As `redoubt range --half` has it.
    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Both => "all",
        }
    }
}

/// What one tool brought.
struct Outcome {
    verdict: Verdict,
    /// What was found, told by what is the same in each run: see [`identity`].
    identity: BTreeSet<String>,
    scan: Scan,
    /// Requests that the range answered meanwhile, a browser's too.
    served: u64,
    idle: latency::Latency,
    busy: latency::Latency,
}

impl Outcome {
    /// The outcome of a scan of a range: judged by the cases of that range, whose ports are its own.
    fn of(
        ground: &Ground,
        scan: Scan,
        served: u64,
        (idle, busy): (latency::Latency, latency::Latency),
    ) -> Self {
        let verdict = judge::judge(&ground.cases, &scan.found);
        Self { verdict, identity: identity(&scan.found, &ground.cases), scan, served, idle, busy }
    }
}

/// Measures and tells.
///
/// # Errors
/// When a program can't be run or answers something else.
pub(crate) fn run(arguments: &WebscanArgs, date: &str, command: &str) -> Result<()> {
    if arguments.keep.is_some() && arguments.half != WhichHalf::First {
        let problem = "--keep goes with --half first: the second half is held out".to_owned();
        return Err(Error::Program { program: "redoubt bench webscan".to_owned(), problem });
    }
    let teller = Teller::new();
    let program = arguments.program.clone().map_or_else(own_program, Ok)?;
    let mut outcomes = Vec::new();
    let mut wapiti = None;
    let mut mazes = None;
    let mut cases = Vec::new();
    let mut missing = None;
    for run in 1..=arguments.runs {
        teller.now(format!("run {run} of {}: starting the range", arguments.runs));
        // A range of its own for each run: what one run stored must not help the next.
        let ground = Ground::start(&program, arguments)?;
        cases.clone_from(&ground.cases);
        missing = missing.or_else(|| ground.missing.clone());
        outcomes.push(ours(&ground, arguments, &program, &teller)?);
        if run == 1 && arguments.mazes {
            mazes = Some(maze::measure(&ground, &program, arguments, &teller)?);
        }
        if run == 1 && arguments.wapiti {
            teller.now("scanning with Wapiti");
            let fresh = Ground::start(&program, arguments)?;
            wapiti = Some(theirs(&fresh, &teller)?);
        }
    }
    let text = report::Told {
        machine: &machine(),
        date,
        command,
        cases: &cases,
        outcomes: &outcomes,
        wapiti: wapiti.as_ref(),
        mazes: mazes.as_deref(),
        missing: missing.as_deref(),
    }
    .markdown();
    drop(teller);
    crate::cli::say(&text);
    match &arguments.out {
        Some(document) => Ok(crate::report::put_section(document, "redoubt bench webscan", &text)?),
        None => Ok(()),
    }
}

fn ours(
    ground: &Ground,
    arguments: &WebscanArgs,
    program: &std::path::Path,
    teller: &Teller,
) -> Result<Outcome> {
    let idle = latency::idle(ground);
    let before = ground.served()?;
    let watch = latency::Watch::begin(ground);
    let scan = scanner::scan_all(ground, arguments, program, teller)?;
    let busy = watch.end();
    // The watch's own requests do not count.
    let served = ground.served()?.saturating_sub(before).saturating_sub(busy.asked);
    Ok(Outcome::of(ground, scan, served, (idle, busy)))
}

fn theirs(ground: &Ground, teller: &Teller) -> Result<Outcome> {
    let idle = latency::idle(ground);
    let before = ground.served()?;
    let watch = latency::Watch::begin(ground);
    let scan = wapiti::scan_all(ground, teller)?;
    let busy = watch.end();
    let served = ground.served()?.saturating_sub(before).saturating_sub(busy.asked);
    Ok(Outcome::of(ground, scan, served, (idle, busy)))
}

/// What a run found, without what differs from run to run by itself: ports.
fn identity(found: &[Found], cases: &[Case]) -> BTreeSet<String> {
    let place = |found: &Found| match judge::case_of(cases, found) {
        Some(case) if case.needs.as_deref() == Some("origin") => format!("{} {}", case.id, found.path),
        _ => found.path.clone(),
    };
    let of = |found: &Found| {
        format!(
            "{} {} {} {}",
            found.qid,
            found.method,
            place(found),
            found.parameter.as_deref().unwrap_or("-")
        )
    };
    found.iter().map(of).collect()
}
