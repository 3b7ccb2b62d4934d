//! The command line: `redoubt load` and `redoubt bench`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use store::{Clock, SystemClock};

use crate::data::{Content, Data, content};
use crate::error::{Error, Result};
use crate::ground::{Ground, Served};
use crate::load::fill;
use crate::parts::assessing::{self, AssessArgs};
use crate::parts::cataloguing::{self, CatalogArgs};
use crate::parts::checkins::{self, Manner};
use crate::parts::discovering::{self, DiscoveryArgs};
use crate::parts::scanning::{self, WebscanArgs};
use crate::parts::uploads::{self, UploadArgs};
use crate::parts::{counts, pages, start, tags};
use crate::postgres::Cluster;
use crate::report::{Report, machine};
use crate::server::own_program;
use crate::synthetic::{Plan, Synthesizer};
use crate::tell::Teller;

/// The name of the report in documents.
const SECTION: &str = "redoubt bench search";

/// What to load.
#[derive(Debug, Args)]
pub struct LoadArgs {
    #[command(subcommand)]
    what: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Assets that nobody has, made from a seed: for trying things out, and for measuring
    Synthetic(SyntheticArgs),
}

#[derive(Debug, Args)]
struct SyntheticArgs {
    /// Directory of the data; made where it is missing. No server may work in it
    #[arg(long, value_name = "DIR", env = "REDOUBT_DATA")]
    data: PathBuf,
    /// How many assets
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    assets: u64,
    #[command(flatten)]
    shape: Shape,
}

/// What each asset has.
#[derive(Debug, Clone, Copy, Args)]
struct Shape {
    /// The same seed makes the same data on any machine
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Packages of each asset
    #[arg(long, value_name = "N", default_value_t = 100)]
    packages: usize,
    /// Open ports of each asset
    #[arg(long, value_name = "N", default_value_t = 6)]
    ports: usize,
    /// Detected vulnerabilities of each asset
    #[arg(long, value_name = "N", default_value_t = 20)]
    vulns: usize,
    /// Tags of each asset; about three of them come by rule
    #[arg(long, value_name = "N", default_value_t = 8)]
    tags: usize,
    /// The latest time in the data, which covers the year before
    #[arg(long, value_name = "TIME", default_value = "2026-06-30T12:00:00Z")]
    until: Timestamp,
}

impl Shape {
    fn plan(self, assets: u64) -> Plan {
        let Self { seed, packages, ports, vulns, tags, until } = self;
        Plan { seed, assets, packages, ports, vulnerabilities: vulns, tags, until }
    }
}

/// What to measure.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Everything: counts beside PostgreSQL, pages, start, memory, new dynamic tags, check-ins
    Search(SearchArgs),
    /// Starting with a snapshot, and memory
    Start(Common),
    /// Creating dynamic tags over all assets
    Tags(Common),
    /// Reports of agents
    Checkin(CheckInArgs),
    /// Uploads for out-of-band assessment
    Oca(UploadArgs),
    /// Assessing configurations, beside a well-known Python parser
    Assess(AssessArgs),
    /// Making the web catalog of many discovered services, while others search
    Catalog(CatalogArgs),
    /// Discovering hosts and ports on loopback, beside Nmap
    Discovery(DiscoveryArgs),
    /// Scanning the practice range: what is found, what is false, and what it costs
    Webscan(WebscanArgs),
}

#[derive(Debug, Args)]
struct Common {
    /// How many assets
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    assets: u64,
    #[command(flatten)]
    shape: Shape,
    /// Directory of the data, which is filled if it is empty and then kept; a temporary one if not given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The program whose `serve` is measured; this one if not given
    #[arg(long, value_name = "PROGRAM", hide = true)]
    server: Option<PathBuf>,
    /// Write the figures as JSON into this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Put the report into this Markdown document, in place of the last one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct SearchArgs {
    #[command(flatten)]
    common: Common,
    /// PostgreSQL database to compare with, in which a schema redoubt_bench is made; a throwaway server if not given
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Measure these parts only
    #[arg(long, value_enum, value_delimiter = ',')]
    parts: Vec<Part>,
    #[command(flatten)]
    load: AgentLoad,
}

#[derive(Debug, Args)]
struct CheckInArgs {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    load: AgentLoad,
}

/// How agents report.
#[derive(Debug, Clone, Copy, Args)]
struct AgentLoad {
    /// Agents that report
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    agents: u32,
    /// Connections that they share
    #[arg(long, value_name = "N", default_value_t = 128)]
    connections: usize,
    /// Seconds to report as fast as the server answers
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    flat_out: u64,
    /// Seconds to report at a steady rate
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    steady: u64,
    /// The steady rate, a second
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    rate: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Counts,
    Pages,
    Start,
    Tags,
    Checkins,
}

const ALL: [Part; 5] = [Part::Counts, Part::Pages, Part::Start, Part::Tags, Part::Checkins];

/// `redoubt load`.
///
/// # Errors
/// When the data directory can't be used, or holds assets already.
pub fn run_load(arguments: &LoadArgs) -> Result<()> {
    let Load::Synthetic(arguments) = &arguments.what;
    let synthesizer = Arc::new(Synthesizer::new(arguments.shape.plan(arguments.assets)));
    let (data, teller) = (Data::hold(&arguments.data)?, Teller::new());
    let platform = data.open(&|progress| teller.rebuilding(progress))?;
    if content(&platform, &synthesizer)? != Content::Empty {
        let problem = "it holds assets already; choose an empty directory".to_owned();
        return Err(Error::Directory { path: arguments.data.clone(), problem });
    }
    let begun = Instant::now();
    let bar = teller.bar("loading assets", synthesizer.assets());
    let loaded = fill(&platform, &synthesizer, |done| bar.set_position(done))?;
    bar.finish_and_clear();
    teller.now("writing the snapshot");
    platform.close()?;
    let seconds = begun.elapsed().as_secs_f64();
    let (assets, tags) = (loaded.assets, loaded.tags);
    say(&format!(
        "loaded {assets} assets and {tags} tags into {} in {seconds:.1} s ({:.0} assets a second)",
        data.path().display(),
        assets as f64 / seconds
    ));
    Ok(())
}

/// `redoubt bench`.
///
/// # Errors
/// When something can't be measured.
pub fn run_bench(arguments: &BenchArgs) -> Result<()> {
    let parts = |part: Part| vec![part];
    match &arguments.what {
        Bench::Search(search) => {
            let parts = if search.parts.is_empty() { ALL.to_vec() } else { search.parts.clone() };
            bench(&search.common, search.load, search.postgres.as_deref(), &parts)
        }
        Bench::Start(common) => bench(common, AgentLoad::NONE, None, &parts(Part::Start)),
        Bench::Tags(common) => bench(common, AgentLoad::NONE, None, &parts(Part::Tags)),
        Bench::Oca(arguments) => uploads::run(arguments, today(), command()),
        Bench::Discovery(arguments) => discovering::run(arguments, &today(), &command()),
        Bench::Catalog(arguments) => cataloguing::run(arguments, today(), command()),
        Bench::Webscan(arguments) => scanning::run(arguments, &today(), &command()),
        Bench::Assess(arguments) => assessing::run(arguments, today(), command()),
        Bench::Checkin(arguments) => bench(&arguments.common, arguments.load, None, &parts(Part::Checkins)),
    }
}

impl AgentLoad {
    const NONE: Self = Self { agents: 0, connections: 0, flat_out: 0, steady: 0, rate: 0 };

    fn manner(self) -> Manner {
        Manner {
            agents: self.agents,
            connections: self.connections,
            flat_out: Duration::from_secs(self.flat_out),
            steady: Duration::from_secs(self.steady),
            rate: self.rate,
        }
    }
}

fn bench(common: &Common, load: AgentLoad, postgres: Option<&str>, parts: &[Part]) -> Result<()> {
    let teller = Teller::new();
    let synthesizer = Arc::new(Synthesizer::new(common.shape.plan(common.assets)));
    let program = match &common.server {
        Some(program) => program.clone(),
        None => own_program()?,
    };
    let ground = Ground::prepare(synthesizer, common.data.as_deref(), program, &teller)?;
    let mut report = Report {
        machine: machine(),
        date: today(),
        command: command(),
        data: describe(common),
        ..Report::default()
    };
    if parts.contains(&Part::Counts) {
        report.counts = Some(compare(&ground, postgres, &teller)?);
    }
    teller.now("writing the snapshot");
    let (synthesizer, served) = ground.close()?;
    measure_server(&mut report, &synthesizer, &served, load, parts, &teller)?;
    drop(teller);
    say(&report.markdown());
    if let Some(file) = &common.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    match &common.out {
        Some(document) => Ok(report.put_into(document, SECTION)?),
        None => Ok(()),
    }
}

fn compare(ground: &Ground, url: Option<&str>, teller: &Teller) -> Result<counts::Counts> {
    match url {
        Some(url) => counts::compare(ground, url, teller),
        None => {
            teller.now("starting PostgreSQL");
            let cluster = Cluster::start()?;
            counts::compare(ground, &cluster.url(), teller)
        }
    }
}

fn measure_server(
    report: &mut Report,
    synthesizer: &Synthesizer,
    served: &Served,
    load: AgentLoad,
    parts: &[Part],
    teller: &Teller,
) -> Result<()> {
    if parts.contains(&Part::Start) {
        teller.now("starting the server, several times");
        report.start = Some(start::measure(served)?);
    }
    let (server, login) = (served.start()?, &served.login);
    if let Some(counts) = &mut report.counts {
        teller.now("counting over HTTP");
        counts::over_http(counts, &server, login)?;
    }
    if parts.contains(&Part::Pages) {
        teller.now("reading pages");
        report.pages = Some(pages::measure(&server, login, synthesizer.assets())?);
    }
    if parts.contains(&Part::Tags) {
        teller.now("creating dynamic tags");
        let qids: Vec<u32> = (0..5).map(|rank| synthesizer.qid(rank)).collect();
        report.tags = Some(tags::measure(&server, login, &qids)?);
    }
    if parts.contains(&Part::Checkins) {
        let key = served.activation_key;
        report.checkins = Some(checkins::measure(&server, key, synthesizer, load.manner(), teller)?);
    }
    report.memory = Some(server.memory()?);
    teller.now("stopping the server");
    server.stop()
}

fn describe(common: &Common) -> String {
    let Shape { seed, packages, ports, vulns, tags, .. } = common.shape;
    format!(
        "{} assets of {packages} packages, {ports} ports, {vulns} vulnerabilities and {tags} tags, seed {seed}",
        common.assets
    )
}

/// The command as it was given, without the directories of this machine.
fn command() -> String {
    let named = ["--data", "--json", "--out", "--server", "--postgres", "--python", "--program", "--keep"];
    let mut words = vec!["redoubt".to_owned()];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let name = argument.split('=').next().unwrap_or_default();
        if !named.contains(&name) {
            words.push(argument);
        } else if !argument.contains('=') {
            arguments.next();
        }
    }
    words.join(" ")
}

fn today() -> String {
    let now = SystemClock.now().to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    enum Program {
        Load(LoadArgs),
        Bench(BenchArgs),
    }

    #[test]
    fn the_command_line_is_consistent() {
        Program::command().debug_assert();
        let given = ["x", "bench", "search", "--parts", "counts,start", "--assets", "5"];
        assert!(matches!(Program::parse_from(given), Program::Bench(_)));
        assert!(matches!(Program::parse_from(["x", "load", "synthetic", "--data", "d"]), Program::Load(_)));
    }

    #[test]
    fn synthetic_assets_are_loaded_once() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().to_str().unwrap();
        let load = || {
            let Program::Load(arguments) =
                Program::parse_from(["x", "load", "synthetic", "--assets", "700", "--data", data])
            else {
                panic!("another command")
            };
            run_load(&arguments)
        };
        load().unwrap();
        assert!(load().unwrap_err().to_string().contains("holds assets already"));
        let (held, teller) = (Data::hold(temp.path()).unwrap(), Teller::new());
        let platform = held.open(&|progress| teller.rebuilding(progress)).unwrap();
        let shape =
            Shape { seed: 1, packages: 100, ports: 6, vulns: 20, tags: 8, until: DEFAULT.parse().unwrap() };
        let same = Synthesizer::new(shape.plan(700));
        assert_eq!(content(&platform, &same).unwrap(), Content::Same);
        assert_eq!(content(&platform, &Synthesizer::new(shape.plan(800))).unwrap(), Content::Other);
        let other = Synthesizer::new(Shape { seed: 2, ..shape }.plan(700));
        assert_eq!(content(&platform, &other).unwrap(), Content::Other);
        assert!(platform.store().verify().unwrap().is_none());
    }

    const DEFAULT: &str = "2026-06-30T12:00:00Z";
}
