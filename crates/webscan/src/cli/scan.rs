//! `redoubt scan URL`.

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::{CLEAN, CUT, FOUND, UNUSABLE, header, listen, read, read_json};
use crate::api::{self, Kind};
use crate::cancel::Cancel;
use crate::engine::{self, Event, Hear, Help, Plan, ResultsStatus, ScanResult};
use crate::http::{Body, Client, ClientOptions, Method, Request, Target};
use crate::profile::{BrowserUse, Profile};
use crate::report::{self, Format};
use crate::scope::{Reach, UrlEntry};
use crate::transport::TlsLook;

/// Scan a web application: crawl it, test it, and show each finding with its proof.
///
/// Scan only what is yours, or what you were asked to scan.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit status: 0 nothing grave was found; 1 something was; 2 the scan could not be done; 3 it ended before its end."
)]
pub struct ScanArgs {
    /// Where the application starts, such as <https://shop.example.test/>
    pub url: String,
    /// How the result is written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write the result to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Other places to begin at
    #[arg(long, value_name = "URL")]
    pub uri: Vec<String>,
    /// What belongs to the application
    #[arg(long, value_enum, default_value_t)]
    pub scope: ScopeArg,
    /// Domains that belong to it as well (with `--scope subdomain` or `domains`)
    #[arg(long, value_name = "NAME")]
    pub domain: Vec<String>,
    /// Do not request what matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub exclude: Vec<String>,
    /// An authentication record, as JSON
    #[arg(long, value_name = "FILE")]
    pub auth_record: Option<PathBuf>,
    /// An option profile, as JSON
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// A description of the application's API: a file or URL of OpenAPI 2 or 3, in JSON or YAML
    #[arg(long, value_name = "FILE-or-URL")]
    pub openapi: Option<String>,
    /// A Postman collection
    #[arg(long, value_name = "FILE")]
    pub postman: Option<PathBuf>,
    /// A recording of a browser's requests (HAR)
    #[arg(long, value_name = "FILE")]
    pub har: Option<PathBuf>,
    /// A GraphQL endpoint, whose schema is asked for
    #[arg(long, value_name = "URL")]
    pub graphql: Option<String>,
    /// A header for each request, 'Name: value'
    #[arg(long, value_name = "HEADER")]
    pub header: Vec<String>,
    /// A cookie for each request, 'name=value'
    #[arg(long, value_name = "COOKIE")]
    pub cookie: Vec<String>,
    /// Most links and forms that are crawled
    #[arg(long, value_name = "N")]
    pub max_links: Option<usize>,
    /// Most seconds that the scan may take
    #[arg(long, value_name = "SECONDS")]
    pub time_limit: Option<u64>,
    /// The address of this machine at which the target can reach the scan's listener, to find what shows only by the calls
    /// that the target makes; a target on this machine needs none
    #[arg(long, value_name = "ADDRESS")]
    pub callback: Option<IpAddr>,
    /// When a browser crawls
    #[arg(long, value_enum)]
    pub browser: Option<BrowserArg>,
    /// Crawl only, and report what the answers show
    #[arg(long)]
    pub discovery: bool,
    /// Run these checks only
    #[arg(long, value_name = "NAME")]
    pub check: Vec<String>,
    /// Note how far the scan is in this file, and go on from there after a kill
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// The least severity that makes the exit status 1
    #[arg(long, value_name = "1-5", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub fail_on: u8,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

/// Scopes on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ScopeArg {
    /// The scheme, host and port of the URL
    #[default]
    Origin,
    /// The host of the URL, on any port
    All,
    /// The directory of the URL and what is below
    Limit,
    /// The host, and a sub-domain with what is below it
    Subdomain,
    /// The host, and the named domains
    Domains,
}

/// The use of a browser on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BrowserArg {
    /// Not at all
    Never,
    /// Where a page needs it
    Auto,
    /// On every page
    Always,
}

impl ScanArgs {
    /// The plan that the arguments say; `started` is the time, RFC 3339.
    ///
    /// # Errors
    /// What is wrong with an argument, in words.
    pub fn plan(&self, started: String) -> Result<Plan, String> {
        let target = Target::parse(&self.url).map_err(|error| error.to_string())?;
        let mut plan = Plan::new(target);
        plan.started = started;
        let uri = |text: &String| Target::parse(text).map_err(|error| error.to_string());
        plan.uris = self.uri.iter().map(uri).collect::<Result<_, _>>()?;
        plan.rules.reach = self.reach()?;
        plan.rules.exclude =
            self.exclude.iter().map(|value| UrlEntry { value: value.clone(), regex: true }).collect();
        plan.profile = match &self.profile {
            Some(path) => read_json::<Profile>(path)?,
            None => Profile::default(),
        };
        let profile = &mut plan.profile;
        profile.max_crawl_requests = self.max_links.unwrap_or(profile.max_crawl_requests);
        profile.time_limit = self.time_limit.unwrap_or(profile.time_limit);
        profile.tests = profile.tests && !self.discovery;
        profile.include.extend(self.check.iter().cloned());
        profile.browser = match self.browser {
            None => profile.browser,
            Some(BrowserArg::Never) => BrowserUse::Never,
            Some(BrowserArg::Auto) => BrowserUse::Auto,
            Some(BrowserArg::Always) => BrowserUse::Always,
        };
        self.check_names(&plan.profile)?;
        plan.auth = self.auth_record.as_deref().map(read_json).transpose()?;
        plan.headers = self.header.iter().map(|text| header(text)).collect::<Result<_, _>>()?;
        if !self.cookie.is_empty() {
            plan.headers.push(("Cookie".to_owned(), self.cookie.join("; ")));
        }
        plan.checkpoint.clone_from(&self.checkpoint);
        plan.callback = self.callback.or(plan.callback);
        Ok(plan)
    }

    fn reach(&self) -> Result<Reach, String> {
        Ok(match self.scope {
            ScopeArg::Origin => Reach::Origin,
            ScopeArg::All => Reach::All,
            ScopeArg::Limit => Reach::Limit,
            ScopeArg::Subdomain => {
                let domain = self.domain.first().ok_or("--scope subdomain wants a --domain")?;
                Reach::Subdomain(domain.clone())
            }
            ScopeArg::Domains => Reach::Domains(self.domain.clone()),
        })
    }

    fn check_names(&self, profile: &Profile) -> Result<(), String> {
        let known: Vec<&str> = crate::checks::all().into_iter().map(|check| check.about().name).collect();
        match profile.include.iter().chain(&profile.exclude).find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!("there is no check '{name}'; there are {}", known.join(", "))),
            None => Ok(()),
        }
    }

    fn status(&self, result: &ScanResult) -> u8 {
        match result.results_status {
            ResultsStatus::NoHostAlive | ResultsStatus::NoWebService | ResultsStatus::ScanInternalError => {
                UNUSABLE
            }
            _ if result.findings.iter().any(|finding| finding.severity >= self.fail_on) => FOUND,
            ResultsStatus::Finished => CLEAN,
            _ => CUT,
        }
    }
}

/// Scans as the arguments say; gives the exit status. `stop` ends the scan early.
///
/// # Errors
/// The output could not be written.
pub async fn scan(
    args: &ScanArgs,
    started: String,
    stop: &Cancel,
    out: &mut (dyn Write + Send),
) -> io::Result<u8> {
    let told = |message: String| {
        // There is no other place to say it.
        let _ = writeln!(io::stderr(), "error: {message}");
        Ok(UNUSABLE)
    };
    let plan = match args.plan(started) {
        Ok(plan) => plan,
        Err(message) => return told(message),
    };
    let mut plan = plan;
    match describe(args, &plan, stop).await {
        Ok(described) => plan.described = described,
        Err(message) => return told(message),
    }
    let listener = listen(plan.callback).await;
    let transport = Some(Arc::new(TlsLook::new(plan.names.clone())) as _);
    let help = Help { listener, transport, ..Help::default() };
    let hear: Hear = if args.quiet { Arc::new(|_| {}) } else { Arc::new(show) };
    let result = match engine::scan(&plan, &help, stop, hear).await {
        Ok(result) => result,
        Err(error) => return told(error.to_string()),
    };
    match &args.output {
        Some(path) => {
            let mut file = io::BufWriter::new(std::fs::File::create(path)?);
            report::write(args.format, &result, &mut file)?;
            file.flush()?;
        }
        None => report::write(args.format, &result, out)?,
    }
    Ok(args.status(&result))
}

/// The requests of the descriptions that the arguments name.
async fn describe(args: &ScanArgs, plan: &Plan, stop: &Cancel) -> Result<Vec<Request>, String> {
    let scope = Arc::new(plan.scope().map_err(|error| error.to_string())?);
    let options =
        ClientOptions { headers: plan.headers.clone(), limit: api::MAX_BYTES, ..ClientOptions::default() };
    let client = Client::new(scope, options, stop.clone());
    let mut all = Vec::new();
    let mut add = |kind, text: &str, base: &Target, place: &str| {
        let requests = api::read(kind, text, base).map_err(|error| format!("{place}: {error}"))?;
        all.extend(requests);
        Ok::<_, String>(())
    };
    if let Some(place) = &args.openapi {
        let url = place.contains("://").then(|| plan.target.join(place)).flatten();
        let text = match &url {
            Some(url) => fetch(&client, &Request::get(url.clone())).await?,
            None => read(std::path::Path::new(place))?,
        };
        add(Kind::OpenApi, &text, url.as_ref().unwrap_or(&plan.target), place)?;
    }
    for (kind, path) in [(Kind::Postman, &args.postman), (Kind::Har, &args.har)] {
        if let Some(path) = path {
            add(kind, &read(path)?, &plan.target, &path.display().to_string())?;
        }
    }
    if let Some(place) = &args.graphql {
        let url = plan.target.join(place).ok_or_else(|| format!("'{place}' is no URL"))?;
        let body = Body::Json(serde_json::json!({"query": api::INTROSPECTION}));
        let ask = Request { method: Method::Post, body, ..Request::get(url.clone()) };
        add(Kind::GraphQl, &fetch(&client, &ask).await?, &url, place)?;
    }
    Ok(all)
}

async fn fetch(client: &Client, request: &Request) -> Result<String, String> {
    let answer = client.send(request).await.map_err(|error| format!("{}: {error}", request.url))?;
    if answer.status != 200 {
        return Err(format!("{} answered with status {}", request.url, answer.status));
    }
    Ok(answer.text().to_owned())
}

/// Shows progress on standard error.
fn show(event: Event) {
    let line = match event {
        Event::Phase(name) => format!("== {name}"),
        Event::Page { url, status } => format!("   {status} {url}"),
        Event::Progress { done, all, requests } => format!("   {done} of {all} tests, {requests} requests"),
        Event::Found(finding) => format!(" ! {} {} {}", finding.severity, finding.title, finding.url),
        Event::Note(text) => format!("   {text}"),
    };
    let line: String = line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(300).collect();
    // Whoever does not read it goes without.
    let _ = writeln!(io::stderr(), "{line}");
}
