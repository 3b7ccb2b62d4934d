//! Assessing configurations: speed, memory, inputs made to be slow, and a well-known Python parser on the same files.

mod python;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use assess::bench::{Timing, ios_configuration, pathological, time};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::report::machine;
use crate::server::own_program;
use crate::tell::Teller;

/// The family of the files that are measured.
const FAMILY: &str = "cisco-ios";
/// Lines of the files that are measured, the largest first, and how often each is assessed.
const FILES: [(usize, usize); 3] = [(200_000, 7), (20_000, 15), (2_000, 41)];
/// Inputs made to be slow.
const PATHOLOGICAL: usize = 300;
/// How much longer an input of twice the size may take. Twice is linear; the rest is chance and caches.
const TWICE: f64 = 3.0;
/// Shorter times say nothing about how they grow.
const NOTICEABLE: Duration = Duration::from_millis(5);

/// `redoubt bench assess`.
#[derive(Debug, Args)]
pub(crate) struct AssessArgs {
    /// A Python with the package ciscoconfparse2, to compare with
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Write the figures as JSON into this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Put the report into this Markdown document, in place of the last one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Assess one file, say what it took, and end
    #[arg(long, value_name = "FILE", hide = true)]
    once: Option<PathBuf>,
}

/// What one process took for one file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Once {
    /// From its bytes to all verdicts, in seconds; the first time, with the rules read.
    seconds: f64,
    /// The most memory that the process occupied, in MiB.
    peak: f64,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    bytes: usize,
    lines: usize,
    controls: usize,
    runs: usize,
    /// In seconds, from the bytes to all verdicts.
    median: f64,
    longest: f64,
    first: Once,
    /// Reading the file into objects, in seconds; none when there was nothing to compare with.
    python: Option<f64>,
}

/// Inputs made to be slow.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Hard {
    inputs: usize,
    /// In seconds.
    slowest: f64,
    slowest_bytes: usize,
    /// The most that twice the size took, as a multiple.
    growth: f64,
    /// Names of inputs that grew by more than is allowed.
    not_linear: Vec<String>,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Figures {
    machine: String,
    date: String,
    command: String,
    rows: Vec<Row>,
    hard: Hard,
    /// Version of the compared parser.
    python: Option<String>,
}

/// Measures and tells.
///
/// # Errors
/// When files cannot be written or a program cannot be run.
pub(crate) fn run(arguments: &AssessArgs, date: String, command: String) -> Result<()> {
    if let Some(file) = &arguments.once {
        let once = serde_json::to_string(&once(file)?)?;
        crate::cli::say(&once);
        return Ok(());
    }
    let teller = Teller::new();
    let folder = tempfile::tempdir()?;
    let python = arguments.python.as_deref().map(python::Parser::new).transpose()?;
    let mut rows = Vec::new();
    for (lines, runs) in FILES {
        teller.now(format!("assessing {lines} lines"));
        let (text, file) = (ios_configuration(lines), folder.path().join(format!("{lines}.cfg")));
        fs::write(&file, &text)?;
        let first = in_a_process(&file)?;
        let timing = time("router", &text, FAMILY, runs);
        drop(text);
        teller.now(format!("ciscoconfparse2 reads {lines} lines"));
        let python = python.as_ref().map(|parser| parser.seconds(&file)).transpose()?;
        rows.push(row(&timing, runs, first, python));
    }
    let hard = hard(&teller);
    drop(teller);
    let python = python.map(|parser| parser.version);
    let figures = Figures { machine: machine(), date, command, rows, hard, python };
    crate::cli::say(&figures.markdown());
    if let Some(file) = &arguments.json {
        fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    }
    match &arguments.out {
        Some(document) => {
            Ok(crate::report::put_section(document, "redoubt bench assess", &figures.markdown())?)
        }
        None => Ok(()),
    }
}

fn row(timing: &Timing, runs: usize, first: Once, python: Option<f64>) -> Row {
    Row {
        bytes: timing.bytes,
        lines: timing.lines,
        controls: timing.controls,
        runs,
        median: timing.median.as_secs_f64(),
        longest: timing.longest.as_secs_f64(),
        first,
        python,
    }
}

/// Assesses a file in a process of its own, so that its memory is its own.
fn in_a_process(file: &Path) -> Result<Once> {
    let program = own_program()?;
    let mut command = Command::new(&program);
    command.args(["bench", "assess", "--once"]).arg(file).stdin(Stdio::null());
    let output = command.output()?;
    let failed = || Error::Program {
        program: program.display().to_string(),
        problem: format!("assessing {} ended with {}", file.display(), output.status),
    };
    if !output.status.success() {
        return Err(failed());
    }
    serde_json::from_slice(&output.stdout).map_err(|_| failed())
}

fn once(file: &Path) -> Result<Once> {
    let text = fs::read_to_string(file)?;
    let timing = time("once", &text, FAMILY, 0);
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    let unknown = || Error::Answer("the system does not say how much memory it uses".to_owned());
    Ok(Once { seconds: timing.first.as_secs_f64(), peak: kib.ok_or_else(unknown)? / 1024.0 })
}

/// Each kind of input at one size and at twice that size.
fn hard(teller: &Teller) -> Hard {
    let mut hard = Hard { inputs: 0, slowest: 0.0, slowest_bytes: 0, growth: 0.0, not_linear: Vec::new() };
    for input in pathological(PATHOLOGICAL) {
        let (name, family) = (input.name, input.family);
        teller.now(format!("made to be slow: {name}"));
        let timing = time(name, &input.text(), family, 3);
        hard.inputs += 1;
        if timing.longest.as_secs_f64() > hard.slowest {
            (hard.slowest, hard.slowest_bytes) = (timing.longest.as_secs_f64(), timing.bytes);
        }
        if timing.median < NOTICEABLE {
            continue;
        }
        let double = time(name, &input.twice(), family, 3);
        let growth = double.median.as_secs_f64() / timing.median.as_secs_f64();
        hard.growth = hard.growth.max(growth);
        if growth > TWICE {
            hard.not_linear.push(format!("{name} ({family}): {growth:.1}"));
        }
    }
    hard
}
