//! `redoubt discover`, ready for a binary to forward to.
//!
//! The result goes to `out`, progress and what went wrong to `err`. Exit status: 0 done; 2 the targets, options or file
//! can't be used; 130 stopped before the end.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cancel::Cancel;
use crate::model::{Host, Status};
use crate::ports::{BadPorts, Ports};
use crate::report::{self, Format, Report};
use crate::run::{Event, Options, Progress, Summary, discover};
use crate::targets::{BadTarget, Targets};

/// Exit status: done.
pub const OK: u8 = 0;
/// Exit status: nothing could be done.
pub const UNUSABLE: u8 = 2;
/// Exit status: stopped before the end.
pub const STOPPED: u8 = 130;

/// Time between two lines of progress where there is no terminal.
const LINE: Duration = Duration::from_secs(5);

/// Finds hosts, open ports and what answers on them.
#[derive(Debug, Clone, clap::Args)]
pub struct DiscoverArgs {
    /// Addresses, ranges (192.0.2.1-192.0.2.9), CIDR blocks and names, separated by blanks or commas
    #[arg(required_unless_present = "import", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// What to leave out, written like targets; may be repeated
    #[arg(long, value_name = "TARGETS")]
    pub exclude: Vec<String>,
    /// Ports such as 1-65535 or 22,80,443, or the lists web, well-known and all
    #[arg(long, value_name = "PORTS", default_value = "well-known")]
    pub ports: String,
    /// Connections a second at the most, 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub rate: u32,
    /// Attempts to connect at the same time, at the most
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub concurrency: u32,
    /// How often a port without an answer is asked again, at the least
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub retries: u8,
    /// Leave a host that never answered after so many ports without an answer
    #[arg(long, value_name = "PORTS")]
    pub silent_after: Option<u32>,
    /// Only look which ports are open, not what answers there
    #[arg(long)]
    pub no_services: bool,
    /// Ask no name servers
    #[arg(long)]
    pub no_dns: bool,
    /// Do not ask for NetBIOS names
    #[arg(long)]
    pub no_netbios: bool,
    /// Show addresses that gave no answer, too
    #[arg(long)]
    pub all: bool,
    /// How to write the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Read what Nmap found (`nmap -oX FILE`) instead of asking; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["exclude", "targets"])]
    pub import: Option<PathBuf>,
}

/// What a command found, and the exit status.
struct Found {
    report: Report,
    status: u8,
}

/// Runs `redoubt discover` and writes what it found.
///
/// # Errors
/// When the output can't be written.
pub fn run(args: &DiscoverArgs, cancel: &Cancel, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    run_and_take(args, cancel, out, err, &mut |_| true)
}

/// The same; gives each host that is up to `take` as soon as all is known of it. Where `take` wants no more, the discovery
/// is stopped. What is known of hosts that a stop cut off is not given.
///
/// # Errors
/// When the output can't be written.
pub fn run_and_take(
    args: &DiscoverArgs,
    cancel: &Cancel,
    out: &mut dyn Write,
    err: &mut dyn Write,
    take: &mut dyn FnMut(&Host) -> bool,
) -> io::Result<u8> {
    let found = match find(args, cancel, out, err, take)? {
        Ok(found) => found,
        Err(message) => {
            writeln!(err, "error: {message}")?;
            return Ok(UNUSABLE);
        }
    };
    match args.format {
        Format::Json => report::json(&found.report, out)?,
        Format::Table => write_table(&found.report, out)?,
        Format::Ndjson => {}
    }
    Ok(found.status)
}

/// Finds what the arguments say; in the format of lines, hosts are written as soon as they are known. Inside, what is
/// wrong with the arguments.
fn find(
    args: &DiscoverArgs,
    cancel: &Cancel,
    out: &mut dyn Write,
    err: &mut dyn Write,
    take: &mut dyn FnMut(&Host) -> bool,
) -> io::Result<Result<Found, String>> {
    if let Some(file) = &args.import {
        return import(file, args, out, take);
    }
    let (targets, excluded, options) = match arguments(args) {
        Ok(all) => all,
        Err(message) => return Ok(Err(message)),
    };
    let mut writing = Writing {
        args,
        out,
        err,
        take,
        told: Instant::now(),
        hosts: Vec::new(),
        notes: Vec::new(),
        failed: None,
    };
    let result =
        discover(&targets, &excluded, &options, cancel, &now, &mut |event| writing.take(event, cancel));
    if let Some(error) = writing.failed {
        return Err(error);
    }
    let (mut hosts, notes) = (writing.hosts, writing.notes);
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => return Ok(Err(error.to_string())),
    };
    hosts.sort_by_key(|host| host.address);
    writeln!(err, "{}", told(&summary))?;
    let status = if summary.cancelled { STOPPED } else { OK };
    let (targets, ports) = (targets.to_string(), options.ports.expression());
    Ok(Ok(Found { report: Report { targets, ports, summary: Some(summary), notes, hosts }, status }))
}

fn arguments(args: &DiscoverArgs) -> Result<(Targets, Targets, Options), String> {
    let targets = Targets::parse(&args.targets.join(",")).map_err(|error: BadTarget| error.to_string())?;
    let excluded = Targets::parse(&args.exclude.join(",")).map_err(|error| format!("--exclude: {error}"))?;
    let ports = Ports::parse(&args.ports).map_err(|error: BadPorts| format!("--ports: {error}"))?;
    let options = Options {
        rate: (args.rate > 0).then_some(args.rate),
        concurrency: args.concurrency.min(sockets()),
        retries: args.retries,
        silent_after: args.silent_after,
        services: !args.no_services,
        dns: !args.no_dns,
        netbios: !args.no_netbios,
        ..Options::new(ports)
    };
    Ok((targets, excluded, options))
}

/// How many sockets this process may have, after asking for as many as it may ask for; some are left for others.
fn sockets() -> u32 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 200 };
    let is_raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let most = if is_raised { hard } else { soft };
    u32::try_from(most.saturating_sub(128)).unwrap_or(u32::MAX).max(16)
}

#[expect(clippy::disallowed_methods, reason = "the command line is where the clock of the machine comes in")]
fn now() -> Timestamp {
    Timestamp::now()
}

struct Writing<'a> {
    args: &'a DiscoverArgs,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    take: &'a mut dyn FnMut(&Host) -> bool,
    told: Instant,
    hosts: Vec<Host>,
    notes: Vec<String>,
    failed: Option<io::Error>,
}

impl Writing<'_> {
    fn take(&mut self, event: Event, cancel: &Cancel) {
        let result = match event {
            Event::Note(note) => {
                let said = writeln!(self.err, "note: {note}");
                self.notes.push(note);
                said
            }
            Event::Progress(progress) => self.progress(progress),
            Event::Host(host) => {
                if host.status == Status::Up && !cancel.is_cancelled() && !(self.take)(&host) {
                    cancel.cancel();
                }
                self.host(*host)
            }
            Event::Port(..) => Ok(()),
        };
        if let Err(error) = result {
            // Nobody reads any more.
            self.failed.get_or_insert(error);
            cancel.cancel();
        }
    }

    fn host(&mut self, host: Host) -> io::Result<()> {
        if host.status != Status::Up && !self.args.all {
            return Ok(());
        }
        if self.args.format == Format::Ndjson {
            return report::line(&host, self.out);
        }
        self.hosts.push(host);
        Ok(())
    }

    fn progress(&mut self, progress: Progress) -> io::Result<()> {
        if self.told.elapsed() < LINE {
            return Ok(());
        }
        self.told = Instant::now();
        let Progress { addresses, done, open, connections } = progress;
        writeln!(self.err, "{done} of {addresses} addresses, {open} open ports, {connections} connections")
    }
}

fn import(
    file: &Path,
    args: &DiscoverArgs,
    out: &mut dyn Write,
    take: &mut dyn FnMut(&Host) -> bool,
) -> io::Result<Result<Found, String>> {
    let text = match text(file) {
        Ok(text) => text,
        Err(error) => return Ok(Err(format!("{}: {error}", file.display()))),
    };
    let mut hosts = match crate::nmap::read(&text) {
        Ok(hosts) => hosts,
        Err(error) => return Ok(Err(format!("{}: {error}", file.display()))),
    };
    hosts.retain(|host| args.all || host.status == Status::Up);
    let _ = hosts.iter().filter(|host| host.status == Status::Up).all(take);
    if args.format == Format::Ndjson {
        hosts.iter().try_for_each(|host| report::line(host, out))?;
    }
    let targets = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let report = Report { targets, ports: String::new(), summary: None, notes: Vec::new(), hosts };
    Ok(Ok(Found { report, status: OK }))
}

fn text(file: &Path) -> io::Result<String> {
    let most = crate::nmap::LARGEST as u64 + 1;
    let mut text = String::new();
    if file == Path::new("-") {
        io::stdin().lock().take(most).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(file)?.take(most).read_to_string(&mut text)?;
    }
    Ok(text)
}

fn write_table(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    report.hosts.iter().try_for_each(|host| report::table(host, out))?;
    match &report.summary {
        Some(summary) => writeln!(out, "{}", told(summary)),
        None => writeln!(out, "{} hosts", report.hosts.len()),
    }
}

fn told(summary: &Summary) -> String {
    let Summary { addresses, up, silent, unreachable, open, connections, seconds, .. } = summary;
    let stopped = if summary.cancelled { "stopped: " } else { "" };
    format!(
        "{stopped}{addresses} addresses: {up} up with {open} open ports, {silent} silent, {unreachable} unreachable; \
         {connections} connections in {seconds:.2} s"
    )
}
