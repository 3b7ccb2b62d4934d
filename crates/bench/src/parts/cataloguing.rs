//! The web catalog over HTTP: how long `updateEntries` takes over many discovered services, and how long searches take
//! meanwhile.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use discovery::{Host, HttpService, Name, NameSource, OsGuess, Port, Status};
use jiff::{SignedDuration, Timestamp};
use platform::results::{Recording, record};
use platform::{Call, Caller, Permissions, Platform};
use serde::Serialize;
use store::Id;

use crate::error::{Error, Result};
use crate::ground::{Ground, Served};
use crate::http::Request;
use crate::report::{machine, put_section};
use crate::server::{Server, own_program};
use crate::stats::Times;
use crate::synthetic::{Plan, Synthesizer};
use crate::tell::Teller;

/// The name of the report in documents.
const SECTION: &str = "redoubt bench catalog";
/// What is wanted of an update, in seconds.
const WANTED: f64 = 2.0;
/// What is wanted of searches meanwhile, in milliseconds.
const SEARCH: f64 = 50.0;
/// Web services of a host.
const PORTS: [u16; 4] = [80, 443, 8080, 8443];
/// Hosts that are recorded at once.
const CHUNK: usize = 5_000;
/// Those who search, one after the other each, with a short pause as people and scripts have.
const SEARCHERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(5);

/// `redoubt bench catalog`.
#[derive(Debug, Args)]
pub(crate) struct CatalogArgs {
    /// Discovered web services, four on each host
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    services: usize,
    /// Other assets
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    assets: u64,
    /// Write the figures as JSON into this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Put the report into this Markdown document, in place of the last one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// One update, and the searches meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Update {
    seconds: f64,
    searches: Times,
}

/// The figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Figures {
    machine: String,
    date: String,
    command: String,
    services: usize,
    /// Into an empty catalog.
    new: Update,
    /// The same results again.
    again: Update,
    /// After a newer scan of all hosts.
    newer: Update,
    /// Searches while nothing else happens.
    idle: Times,
    /// MiB of the server at the most.
    peak: f64,
}

/// Measures and tells.
///
/// # Errors
/// When the server refuses something, or an entry is missing.
pub(crate) fn run(arguments: &CatalogArgs, date: String, command: String) -> Result<()> {
    let teller = Teller::new();
    let until: Timestamp = "2026-06-30T12:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let plan = Plan {
        seed: 1,
        assets: arguments.assets,
        packages: 20,
        ports: 4,
        vulnerabilities: 4,
        tags: 4,
        until,
    };
    let directory = tempfile::Builder::new().prefix("redoubt-bench-data.").tempdir()?;
    let synthesizer = Arc::new(Synthesizer::new(plan));
    let prepare = || Ground::prepare(synthesizer.clone(), Some(directory.path()), own_program()?, &teller);
    let hosts = arguments.services.div_ceil(PORTS.len());
    let services = hosts * PORTS.len();

    let ground = prepare()?;
    teller.now("recording a discovery");
    discovered(&ground.platform, hosts, until, "Debian 12")?;
    let (_, served) = ground.close()?;
    let server = served.start()?;
    teller.now("updating the catalog");
    let new = update(&server, &served, services)?;
    let again = update(&server, &served, services)?;
    let idle = searched_alone(&server, &served)?;
    server.stop()?;
    drop(served);

    let ground = prepare()?;
    teller.now("recording a newer discovery");
    discovered(&ground.platform, hosts, until + SignedDuration::from_hours(24), "Debian 13")?;
    let (_, served) = ground.close()?;
    let server = served.start()?;
    teller.now("updating the catalog");
    let newer = update(&server, &served, services)?;
    let peak = server.memory()?.peak;
    server.stop()?;

    let figures = Figures { machine: machine(), date, command, services, new, again, newer, idle, peak };
    drop(teller);
    crate::cli::say(&figures.markdown());
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    }
    match &arguments.out {
        Some(document) => Ok(put_section(document, SECTION, &figures.markdown())?),
        None => Ok(()),
    }
}

/// Records what a discovery of so many hosts with four web servers each found.
fn discovered(platform: &Arc<Platform>, hosts: usize, ended: Timestamp, os: &str) -> Result<()> {
    let caller =
        Caller { user: Id::new(1), login: "bench".into(), permissions: Permissions::all(), scope: None };
    let call = Call { platform: platform.clone(), caller, peer: None, now: ended };
    let recording = Recording::vm_scan(None);
    let all: Vec<u32> = (0..u32::try_from(hosts).unwrap_or(u32::MAX)).collect();
    for chunk in all.chunks(CHUNK) {
        let hosts = chunk.iter().map(|number| host(*number, ended, os)).collect();
        record(&call, &recording, hosts)?;
    }
    Ok(())
}

fn host(number: u32, ended: Timestamp, os: &str) -> Host {
    let address = IpAddr::V4(Ipv4Addr::from_bits(Ipv4Addr::new(172, 16, 0, 0).to_bits() + number));
    let web = |port: u16| {
        let http = HttpService {
            server: Some("nginx/1.22.1".to_owned()),
            title: Some("Welcome".to_owned()),
            status: 200,
            ..HttpService::default()
        };
        let tls = matches!(port, 443 | 8443).then(Box::default);
        Port { service: "http".to_owned(), http: Some(Box::new(http)), tls, ..Port::open(port, "an answer") }
    };
    Host {
        address,
        status: Status::Up,
        reason: "4 ports accept connections".to_owned(),
        names: vec![Name { name: format!("web-{number}.lab.example"), source: NameSource::Reverse }],
        netbios: None,
        os: Some(OsGuess { name: os.to_owned(), reason: "a banner".to_owned(), port: None }),
        ports: PORTS.into_iter().map(web).collect(),
        closed: 0,
        filtered: 0,
        tarpit: None,
        round_trip_ms: None,
        started: ended,
        ended,
    }
}

/// What is asked meanwhile: the catalog by address and status, and host assets.
fn questions(served: &Served) -> Vec<Request> {
    let ask = |version: &str, path: &str, criteria: &str| {
        let xml = format!(
            "<ServiceRequest><filters>{criteria}</filters><preferences><limitResults>20</limitResults></preferences></ServiceRequest>"
        );
        served.login.call_at(version, path, &xml)
    };
    let criterion = |field: &str, operator: &str, value: &str| {
        format!("<Criteria field=\"{field}\" operator=\"{operator}\">{value}</Criteria>")
    };
    vec![
        ask("3.0", "search/was/catalog", &criterion("ipAddress", "EQUALS", "172.16.7.*")),
        ask("3.0", "count/was/catalog", &criterion("status", "EQUALS", "NEW")),
        ask("3.0", "search/was/catalog", &criterion("fqdn", "CONTAINS", "web-99")),
        ask("2.0", "search/am/hostasset", &criterion("os", "CONTAINS", "debian")),
    ]
}

/// Asks until `done`, and at least so many times.
fn searched(server: &Server, served: &Served, done: &AtomicBool, least: usize) -> Result<Vec<Duration>> {
    let questions = questions(served);
    let mut connection = server.connect()?;
    let mut times = Vec::new();
    while !done.load(Ordering::Acquire) || times.len() < least {
        let Some(question) = questions.get(times.len() % questions.len().max(1)) else { break };
        let begun = Instant::now();
        connection.succeed(question)?;
        times.push(begun.elapsed());
        thread::sleep(PAUSE);
    }
    Ok(times)
}

fn searched_alone(server: &Server, served: &Served) -> Result<Times> {
    Ok(Times::of(searched(server, served, &AtomicBool::new(true), 400)?))
}

/// Updates the catalog, while others search; looks whether every service is there.
fn update(server: &Server, served: &Served, services: usize) -> Result<Update> {
    let done = AtomicBool::new(false);
    // Whoever signs in for the first time waits for the password's hash.
    searched(server, served, &AtomicBool::new(true), 8)?;
    let mut connection = server.connect()?;
    let (seconds, times) = thread::scope(|scope| -> Result<_> {
        let searchers: Vec<_> =
            (0..SEARCHERS).map(|_| scope.spawn(|| searched(server, served, &done, 1))).collect();
        thread::sleep(Duration::from_millis(100));
        let begun = Instant::now();
        let answer =
            connection.succeed(&served.login.call_at("3.0", "updateEntries/was/catalog", "")).map(drop);
        let seconds = begun.elapsed().as_secs_f64();
        done.store(true, Ordering::Release);
        let mut times = Vec::new();
        for searcher in searchers {
            let ended = |_| Error::Answer("a searcher's thread ended early".to_owned());
            times.extend(searcher.join().map_err(ended)??);
        }
        answer?;
        Ok((seconds, times))
    })?;
    let answer = connection.succeed(&served.login.call_at("3.0", "count/was/catalog", ""))?;
    let answer = String::from_utf8_lossy(answer).into_owned();
    if !answer.contains(&format!("<count>{services}</count>")) {
        return Err(Error::Answer(format!(
            "not every one of {services} services is in the catalog: {answer}"
        )));
    }
    Ok(Update { seconds, searches: Times::of(times) })
}

impl Figures {
    fn markdown(&self) -> String {
        let Self { machine, date, command, services, new, again, newer, idle, peak } = self;
        let met = |is: bool| if is { "met" } else { "missed" };
        let slowest = new.searches.p99.max(again.searches.p99).max(newer.searches.p99);
        let longest = new.seconds.max(again.seconds).max(newer.seconds);
        let row = |what: &str, seconds: String, times: &Times| {
            format!(
                "| {what} | {seconds} | {} | {:.1} ms | {:.1} ms | {:.1} ms |\n",
                times.runs, times.median, times.p99, times.max
            )
        };
        let timed = |update: &Update| format!("{:.2} s", update.seconds);
        format!(
            "## The web catalog\n\n{machine}, {date}. Made by `{command}`.\n\n\
             `updateEntries` over {services} discovered web services, four on each host, answered when all are durable. \
             {SEARCHERS} others search meanwhile: the catalog by address, status and name, and host assets.\n\n\
             | figure | wanted | measured | |\n| --- | ---: | ---: | --- |\n\
             | longest update | {WANTED:.0} s | {longest:.2} s | {} |\n\
             | searches meanwhile, p99 | {SEARCH:.0} ms | {slowest:.1} ms | {} |\n\n\
             | | update | searches | median | p99 | longest |\n| --- | ---: | ---: | ---: | ---: | ---: |\n\
             {}{}{}{}\nMemory of the server at the most: {peak:.0} MiB.\n",
            met(longest <= WANTED),
            met(slowest <= SEARCH),
            row("into an empty catalog", timed(new), &new.searches),
            row("the same results again", timed(again), &again.searches),
            row("after a newer scan of all hosts", timed(newer), &newer.searches),
            row("searches alone", String::new(), idle),
        )
    }
}
