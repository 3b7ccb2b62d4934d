//! Discovering on loopback: all ports of one host, and many ports of many addresses, by the program as people run it,
//! with Nmap's connect scan beside it where Nmap is installed.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;

use crate::error::{Error, Result};
use crate::report::machine;
use crate::server::own_program;
use crate::tell::Teller;

/// Scans, what is wanted of each in seconds, and how often each is done.
const SCANS: [(&str, &str, &str, f64, usize); 2] = [
    ("all 65,535 ports of one live host", "127.0.0.1", "1-65535", 3.0, 7),
    ("256 hosts, 1,000 ports each", "127.0.1.0/24", "1-1000", 10.0, 3),
];
/// Memory that is wanted at the most, in MiB.
const MEMORY: f64 = 64.0;

/// `redoubt bench discovery`.
#[derive(Debug, Args)]
pub(crate) struct DiscoveryArgs {
    /// Put the report into this Markdown document, in place of the last one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

struct Run {
    seconds: f64,
    /// The most memory, in MiB.
    peak: f64,
    open: Vec<u64>,
}

/// Measures and tells.
///
/// # Errors
/// When the program can't be run or answers something else.
pub(crate) fn run(arguments: &DiscoveryArgs, date: &str, command: &str) -> Result<()> {
    let teller = Teller::new();
    let mut text = format!("{}, {date}.\n\nMade by `{command}`, services, names and all.\n\n", machine());
    text += "| scan | runs | wanted | median | longest | peak memory | open ports | Nmap -sT -Pn -n |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n";
    let mut peak = 0.0f64;
    for (name, targets, ports, wanted, runs) in SCANS {
        teller.now(format!("discovering {name}"));
        let mut all = Vec::new();
        for _ in 0..runs {
            all.push(once(targets, ports)?);
        }
        all.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        peak = all.iter().fold(peak, |most, run| most.max(run.peak));
        let (Some(median), Some(longest)) = (all.get(all.len() / 2), all.last()) else { continue };
        let (open, nmap) = (median.open.len(), nmap(targets, ports, &median.open));
        // Writing to a text can't fail.
        let _ = writeln!(
            text,
            "| {name} | {runs} | {wanted:.0} s | {:.2} s | {:.2} s | {:.1} MiB | {open} | {nmap} |",
            median.seconds,
            longest.seconds,
            all.iter().fold(0.0, |most, run| run.peak.max(most)),
        );
        let met = if longest.seconds <= wanted { "met" } else { "missed" };
        teller.now(format!("{name}: {met}"));
    }
    let met = if peak <= MEMORY { "met" } else { "missed" };
    let _ = write!(text, "\nPeak memory {peak:.1} MiB of {MEMORY:.0} MiB wanted: {met}.");
    drop(teller);
    crate::cli::say(&text);
    match &arguments.out {
        Some(document) => Ok(crate::report::put_section(document, "redoubt bench discovery", &text)?),
        None => Ok(()),
    }
}

fn once(targets: &str, ports: &str) -> Result<Run> {
    let program = own_program()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("report");
    let begun = Instant::now();
    let mut child = Command::new(&program)
        .args(["discover", targets, "--ports", ports, "--format", "json"])
        .stdin(Stdio::null())
        .stdout(fs::File::create(&file)?)
        .stderr(Stdio::null())
        .spawn()?;
    let mut peak = 0.0f64;
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        sleep(Duration::from_millis(5));
    };
    let seconds = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(Error::Program { program: program.display().to_string(), problem: status.to_string() });
    }
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
    let list = |value: &serde_json::Value, name| value.get(name).and_then(|v| v.as_array()).cloned();
    let hosts = list(&report, "hosts").unwrap_or_default();
    let ports = hosts.iter().flat_map(|host| list(host, "ports").unwrap_or_default());
    let open = ports.filter_map(|port| port.get("port")?.as_u64()).collect();
    Ok(Run { seconds, peak, open })
}

/// The most memory that a process had so far, in MiB; 0 when it has ended.
fn high_water(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1_024.0
}

/// Time of Nmap for the same ports, and whether it found the same open ones.
fn nmap(targets: &str, ports: &str, ours: &[u64]) -> String {
    let begun = Instant::now();
    let output = Command::new("nmap").args(["-sT", "-Pn", "-n", "-oG", "-", "-p", ports, targets]).output();
    let Ok(output) = output else { return "not installed".to_owned() };
    let seconds = begun.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lists = text.lines().filter_map(|line| line.split_once("Ports: "));
    let open = lists.flat_map(|(_, list)| list.split(", ")).filter(|port| port.contains("/open/"));
    let mut theirs: Vec<u64> = open.filter_map(|port| port.trim().split('/').next()?.parse().ok()).collect();
    let mut ours = ours.to_vec();
    theirs.sort_unstable();
    ours.sort_unstable();
    let same = if theirs == ours { "the same open ports" } else { "other open ports" };
    format!("{seconds:.2} s, {same}")
}
