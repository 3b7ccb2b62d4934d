//! The phases of a scan, in order.

mod points;
mod trials;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::checkpoint::Checkpoint;
use super::result::{AuthStatus, Coverage, ResultsStatus, ScanResult};
use super::{Event, Hear, Help, Plan, notes};
use crate::auth::{Keeper, Login, LoginError, log_in};
use crate::browser::OnDemand;
use crate::cancel::Cancel;
use crate::checks::{Entry, Sink};
use crate::crawl::{Crawled, Crawler, How, Job, robots};
use crate::http::{Client, ClientOptions, Fault, Method, Request, Target};
use crate::profile::BrowserUse;
use crate::scope::Scope;
use crate::session::{Cookie, Session};

/// How far the scan came.
pub(super) struct Run<'a> {
    plan: &'a Plan,
    help: Help,
    hear: Hear,
    client: Client,
    begun: Instant,
    auth: AuthStatus,
    login: Option<Login>,
    login_error: Option<String>,
    keeper: Option<Arc<Keeper>>,
    /// Cookies that the crawl was given.
    given: Session,
    skipped: Vec<(String, String)>,
    diagnostics: Vec<String>,
    checkpoint: Checkpoint,
}

/// Why a scan ends before its end.
struct End(ResultsStatus, String);

impl<'a> Run<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        help: &'a Help,
        scope: Arc<Scope>,
        cancel: &Cancel,
        hear: Hear,
    ) -> Self {
        let profile = &plan.profile;
        let patience = Duration::from_secs(profile.answer_timeout.max(1));
        let mut options = ClientOptions {
            deadline: Instant::now().checked_add(Duration::from_secs(profile.time_limit)),
            answer: patience,
            body: patience,
            connect: patience.min(ClientOptions::default().connect),
            concurrency: profile.performance.concurrency(),
            delay: Duration::from_millis(profile.request_delay),
            headers: plan.headers.clone(),
            names: plan.names.clone(),
            destructive: profile.destructive_methods,
            keeps_session: plan.auth.is_some(),
            ..ClientOptions::default()
        };
        if let Some(name) = &profile.user_agent {
            options.user_agent.clone_from(name);
        }
        let client = Client::new(scope, options, cancel.clone());
        let mut help = help.clone();
        if help.renderer.is_none() && profile.browser != BrowserUse::Never {
            match OnDemand::new(client.clone()) {
                Ok(browser) => help.renderer = Some(Arc::new(browser)),
                Err(error) => help.no_renderer = Some(error.to_string()),
            }
        }
        let resumed = plan.checkpoint.as_deref().and_then(|path| Checkpoint::read(path, &plan.target));
        Self {
            plan,
            help,
            hear,
            client,
            begun: Instant::now(),
            auth: AuthStatus::None,
            login: None,
            login_error: None,
            keeper: None,
            given: Session::default(),
            skipped: Vec::new(),
            diagnostics: Vec::new(),
            checkpoint: resumed.unwrap_or_else(|| Checkpoint::of(&plan.target)),
        }
    }

    fn tell(&self, event: Event) {
        (self.hear)(event);
    }

    fn phase(&mut self, name: &str) {
        self.tell(Event::Phase(name.to_owned()));
        let (requests, seconds) = (self.requests(), self.begun.elapsed().as_secs());
        self.diagnostics.push(format!("{name}: begins after {requests} requests and {seconds} seconds."));
    }

    fn requests(&self) -> u64 {
        self.client.counters().requests.load(Ordering::Relaxed)
    }

    pub(super) async fn go(mut self) -> ScanResult {
        let hear = self.hear.clone();
        let sink = Sink::telling(move |finding| hear(Event::Found(Box::new(finding.clone()))));
        std::mem::take(&mut self.checkpoint.findings).into_iter().for_each(|finding| sink.report(finding));
        std::mem::take(&mut self.checkpoint.notes).into_iter().for_each(|(qid, line)| sink.note(qid, line));
        let mut crawled = Crawled::default();
        let mut coverage = Coverage::default();
        let end = match self.phases(&sink, &mut crawled, &mut coverage).await {
            Ok(()) => self.ended(),
            Err(end) => Some(end),
        };
        self.mind_login();
        self.result(end, &sink, &crawled, coverage)
    }

    /// Whether something ended the scan: cancel, time, errors.
    fn ended(&self) -> Option<End> {
        let counters = self.client.counters();
        let profile = &self.plan.profile;
        if self.client.cancel().is_cancelled() {
            return Some(End(ResultsStatus::Canceled, "cancelled".to_owned()));
        }
        if self.begun.elapsed() >= Duration::from_secs(profile.time_limit) {
            return Some(End(
                ResultsStatus::TimeLimitReached,
                format!("{} seconds are over", profile.time_limit),
            ));
        }
        let timeouts = counters.timeouts.load(Ordering::Relaxed);
        let errors = counters.errors.load(Ordering::Relaxed);
        if timeouts > profile.timeout_error_threshold || errors > profile.unexpected_error_threshold {
            let reason = format!("{timeouts} answers did not come in time, {errors} connections broke");
            return Some(End(ResultsStatus::ServiceError, reason));
        }
        None
    }

    async fn phases(
        &mut self,
        sink: &Sink,
        crawled: &mut Crawled,
        coverage: &mut Coverage,
    ) -> Result<(), End> {
        self.phase("host and service");
        self.alive().await?;
        self.phase("login");
        self.authenticate().await;
        self.phase("crawl");
        *crawled = self.crawl(sink).await;
        if let Some(end) = self.ended() {
            return Err(end);
        }
        self.phase("tests");
        self.test(sink, crawled, coverage).await;
        Ok(())
    }

    async fn alive(&mut self) -> Result<(), End> {
        let request = Request::get(self.plan.target.clone());
        let mut last = None;
        for _ in 0..2 {
            match self.client.send(&request).await {
                Ok(_) => return Ok(()),
                Err(Fault::Cancelled) => return Err(End(ResultsStatus::Canceled, "cancelled".to_owned())),
                Err(fault) => last = Some(fault),
            }
        }
        let Some(fault) = last else { return Ok(()) };
        let status = match &fault {
            Fault::Connect(text) if text.to_lowercase().contains("refused") => ResultsStatus::NoWebService,
            Fault::Name(_) | Fault::Connect(_) => ResultsStatus::NoHostAlive,
            Fault::Timeout if self.connects().await => ResultsStatus::NoWebService,
            Fault::Timeout => ResultsStatus::NoHostAlive,
            _ => ResultsStatus::NoWebService,
        };
        Err(End(status, fault.to_string()))
    }

    async fn connects(&self) -> bool {
        let origin = &self.plan.target.origin;
        let Ok(addresses) = self.client.addresses(&origin.host, origin.port).await else { return false };
        let Some(address) = addresses.first() else { return false };
        let connect = tokio::net::TcpStream::connect((*address, origin.port));
        matches!(tokio::time::timeout(Duration::from_secs(3), connect).await, Ok(Ok(_)))
    }

    async fn authenticate(&mut self) {
        let Some(record) = &self.plan.auth else { return };
        // Interfaces without pages have no links: what their description names is asked.
        let described = self.plan.described.iter().filter(|request| request.method == Method::Get);
        let places: Vec<Target> = described.map(|request| request.url.clone()).collect();
        match log_in(&self.client, &self.plan.target, record, &places).await {
            Ok(login) => {
                self.tell(Event::Note(format!("logged in: {}", login.method)));
                if let Some(keeper) = Keeper::new(&self.client, &self.plan.target, record, &login).await {
                    let keeper = Arc::new(keeper);
                    self.client = self.client.kept(keeper.clone());
                    self.keeper = Some(keeper);
                }
                (self.auth, self.login) = (AuthStatus::Successful, Some(login));
            }
            Err(error) => {
                self.tell(Event::Note(format!("not logged in: {error}")));
                self.auth = if matches!(error, LoginError::NoForm(_)) {
                    AuthStatus::NotUsed
                } else {
                    AuthStatus::Failed
                };
                self.skipped.push(("pages behind the login".to_owned(), error.to_string()));
                self.login_error = Some(error.to_string());
            }
        }
    }

    fn session(&self) -> Session {
        let mut session = self.login.as_ref().map(|login| login.session.clone()).unwrap_or_default();
        // What was set on the way belongs to the session; the login itself is as it was.
        for cookie in &self.given.cookies {
            let same = |have: &&Cookie| {
                have.name == cookie.name && have.path == cookie.path && have.domain == cookie.domain
            };
            if session.cookies.iter().find(same).is_none() {
                session.cookies.push(cookie.clone());
            }
        }
        session
    }

    /// Whether the login was lost for good.
    fn mind_login(&mut self) {
        if self.keeper.as_ref().is_some_and(|keeper| keeper.is_lost()) {
            self.auth = AuthStatus::Partial;
        }
    }

    async fn crawl(&mut self, sink: &Sink) -> Crawled {
        let renderer = self.help.renderer.clone();
        let profile = &self.plan.profile;
        let mut crawler =
            Crawler::new(&self.client, profile, renderer.as_deref(), self.session(), self.login.is_some());
        let start = |url: &Target, how| Job::start(Request::get(url.clone()), how);
        if self.checkpoint.crawled.is_empty() {
            crawler.add(start(&self.plan.target, How::Linked));
            self.plan.uris.iter().for_each(|url| crawler.add(start(url, How::Linked)));
            self.plan
                .described
                .iter()
                .for_each(|request| crawler.add(Job::start(request.clone(), How::Described)));
            for place in self.files(sink).await {
                crawler.add(start(&place, How::Named));
            }
        } else {
            self.tell(Event::Note(format!("goes on from {} requests", self.checkpoint.crawled.len())));
            self.checkpoint.crawled.iter().for_each(|job| crawler.add(job.clone()));
        }
        let hear = self.hear.clone();
        let heard = move |url: &Target, status| hear(Event::Page { url: url.to_string(), status });
        // The other half is for what tests find there.
        let half = Duration::from_secs(profile.time_limit) / 2;
        let was_over = AtomicBool::new(false);
        let is_over = || {
            let is_over = self.begun.elapsed() >= half;
            was_over.fetch_or(is_over, Ordering::Relaxed);
            is_over
        };
        let (mut crawled, session) = crawler.run(&heard, &|| self.ended().is_none() && !is_over()).await;
        if was_over.into_inner() {
            self.skipped
                .push(("what else links lead to".to_owned(), "half of the time limit was over".to_owned()));
        }
        self.given = session;
        crawled.entries.sort_by_cached_key(|entry| entry.request.url.to_string());
        crawled.withheld.sort_by_cached_key(|request| request.url.to_string());
        self.checkpoint.crawled = crawled.entries.iter().map(job_of).collect();
        self.note_checkpoint(sink);
        crawled
    }

    /// Places that robots.txt and the sitemap name, when the profile wants them; their texts are noted either way.
    async fn files(&self, sink: &Sink) -> Vec<Target> {
        let profile = &self.plan.profile;
        let root = self.plan.target.at("/robots.txt");
        let (mut places, mut maps) = (Vec::new(), vec![self.plan.target.at("/sitemap.xml")]);
        let fetch = async |url: &Target| {
            let answer = self.client.send(&Request::get(url.clone())).await.ok()?;
            (answer.status == 200 && !answer.is_html()).then(|| answer.text().to_owned())
        };
        if let Some(text) = fetch(&root).await {
            sink.note(150_077, text.chars().take(10_000).collect::<String>());
            let (paths, more) = robots::robots(&text, &root);
            maps.extend(more);
            if profile.use_robots {
                places.extend(paths);
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(map) = maps.pop().filter(|_| seen.len() < 20) {
            if !seen.insert(map.clone()) || self.client.scope().rule(&map) != crate::scope::Ruling::Inside {
                continue;
            }
            let Some(text) = fetch(&map).await else { continue };
            sink.note(150_078, text.chars().take(10_000).collect::<String>());
            for place in robots::sitemap(&text, &map) {
                if place.path.ends_with(".xml") {
                    maps.push(place)
                } else if profile.use_sitemap {
                    places.push(place)
                }
            }
        }
        places
    }

    /// Writes how far the scan is.
    fn note_checkpoint(&mut self, sink: &Sink) {
        let mut checkpoint = std::mem::take(&mut self.checkpoint);
        self.note_progress(&mut checkpoint, sink);
        self.checkpoint = checkpoint;
    }

    fn note_progress(&self, checkpoint: &mut Checkpoint, sink: &Sink) {
        let Some(path) = &self.plan.checkpoint else { return };
        (checkpoint.findings, checkpoint.notes) = (sink.findings(), sink.notes());
        if let Err(error) = checkpoint.write(path) {
            self.tell(Event::Note(format!(
                "how far the scan is can't be noted in {}: {error}",
                path.display()
            )));
        }
    }

    fn result(self, end: Option<End>, sink: &Sink, crawled: &Crawled, mut coverage: Coverage) -> ScanResult {
        let findings = sink.findings();
        let (status, reason) = match end {
            None => (ResultsStatus::Finished, None),
            Some(End(ResultsStatus::Canceled, why)) if !findings.is_empty() => {
                (ResultsStatus::CanceledWithResults, Some(why))
            }
            Some(End(status, why)) => (status, Some(why)),
        };
        if status == ResultsStatus::Finished
            && let Some(path) = &self.plan.checkpoint
        {
            // Nothing is left to go on with.
            let _ = std::fs::remove_file(path);
        }
        coverage.links =
            crawled.pages.iter().map(ToString::to_string).collect::<BTreeSet<_>>().into_iter().collect();
        coverage.links_crawled = coverage.links.len();
        coverage.states = crawled.states.iter().cloned().collect();
        coverage.sockets = crawled.sockets.iter().cloned().collect();
        coverage.forms = crawled.forms.len();
        coverage.forms_submitted = crawled.forms.iter().filter(|form| form.is_sent).count();
        coverage.rendered = crawled.rendered;
        coverage.browser = match (&self.help.renderer, &self.help.no_renderer) {
            (Some(browser), _) => match &browser.troubles()[..] {
                [] => "used where a page needs it".to_owned(),
                troubles => format!("used where a page needs it; {}", troubles.join("; ")),
            },
            (None, Some(why)) => why.clone(),
            (None, None) => "not wanted".to_owned(),
        };
        coverage.skipped.extend(crawled.rejected.clone());
        coverage.skipped.extend(crawled.failed.clone());
        coverage.skipped.extend(self.skipped.iter().cloned());
        for page in &crawled.without_browser {
            coverage
                .skipped
                .insert(format!("scripts of {page}"), "there is no browser to run them".to_owned());
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        let told = notes::Told {
            plan: self.plan,
            crawled,
            coverage: &coverage,
            auth: self.auth,
            login: self.login.as_ref(),
            login_error: self.login_error.as_deref(),
            status,
            reason: reason.as_deref(),
            diagnostics: &self.diagnostics,
            seconds,
            requests: self.requests(),
        };
        let information = told.information(sink.notes());
        ScanResult {
            version: 1,
            target: self.plan.target.clone(),
            started: self.plan.started.clone(),
            seconds: (seconds * 1000.0).round() / 1000.0,
            requests: self.requests(),
            results_status: status,
            reason,
            auth_status: self.auth,
            information,
            findings,
            coverage,
        }
    }
}

fn job_of(entry: &Entry) -> Job {
    Job {
        request: entry.request.clone(),
        depth: entry.access_path.len(),
        access_path: entry.access_path.clone(),
        form_at: entry.form_at.clone(),
        before: entry.before.clone(),
        how: entry.how,
    }
}
