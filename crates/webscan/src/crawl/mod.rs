//! The crawl: pages within scope, breadth first, each once.
//!
//! It goes in small rounds. The requests of a round are sent at once, and their answers are read in the order of the
//! requests, so that the same site gives the same crawl, whatever the network does. When nothing waits any more, a browser
//! opens the pages that want one, and what they lead to makes new rounds; what scripts and comments only name comes last.

pub mod fill;
mod harvest;
mod literal;
pub mod render;
pub mod robots;
pub mod scripts;
pub mod shape;
mod soft;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::checks::Entry;
use crate::http::{Body, Client, Fault, Method, Request, Response, Target, encode};
use crate::page::Page;
use crate::point::Point;
use crate::profile::{BrowserUse, Profile};
use crate::program::{Programs, Waiting};
use crate::proof::{Step, follow, led_to};
use crate::scope::Ruling;
use crate::session::Session;
use render::Renderer;
use shape::{Purposes, Shapes};

/// How a place came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A page leads there: a link, a frame, a redirect, a form.
    Linked,
    /// A page loads it.
    Resource,
    /// A script, a comment, robots.txt or a guess names it: it may not be there.
    Named,
    /// A description of an API has it.
    Described,
}

/// A request that waits to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The request.
    pub request: Request,
    /// How many links from the start.
    pub depth: usize,
    /// The links that lead there.
    pub access_path: Vec<Target>,
    /// The page with the form, where it is a form's.
    pub form_at: Option<Target>,
    /// What must be sent before it.
    pub before: Vec<Step>,
    /// How it came to be known.
    pub how: How,
}

impl Job {
    /// A request to begin with.
    #[must_use]
    pub fn start(request: Request, how: How) -> Self {
        Self { request, depth: 0, access_path: Vec::new(), form_at: None, before: Vec::new(), how }
    }
}

/// A form that was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeenForm {
    /// The page that it is on.
    pub page: Target,
    /// Where it is sent.
    pub action: Target,
    /// The names of its fields.
    pub fields: Vec<String>,
    /// Whether it was sent.
    pub is_sent: bool,
}

/// What a crawl brought.
#[derive(Default)]
pub struct Crawled {
    /// Requests with answers, for the checks.
    pub entries: Vec<Entry>,
    /// Every page that was there, by its URL as it was asked for.
    pub pages: Vec<Target>,
    /// States of pages that have no URL of their own.
    pub states: BTreeSet<String>,
    /// Links out of scope.
    pub external: BTreeSet<String>,
    /// Forms that are sent out of scope.
    pub external_forms: BTreeSet<String>,
    /// Links that a list keeps out, or that are not followed, and why.
    pub rejected: BTreeMap<String, String>,
    /// Requests by which pages save something (PUT, PATCH), and that were not sent.
    pub withheld: Vec<Request>,
    /// Forms.
    pub forms: BTreeSet<SeenForm>,
    /// WebSocket addresses.
    pub sockets: BTreeSet<String>,
    /// Places that did not answer, and why.
    pub failed: BTreeMap<String, String>,
    /// Statuses of 4xx and 5xx answers, by URL.
    pub refused: BTreeMap<String, u16>,
    /// Whether the limit of links was reached.
    pub limit_reached: bool,
    /// Pages that want a browser, where there was none.
    pub without_browser: BTreeSet<String>,
    /// Pages that were opened in a browser.
    pub rendered: usize,
    /// Requests that scripts made and that leave the scope.
    pub stopped: BTreeSet<String>,
}

/// How often it is asked whether a page that is open in the browser may stay so.
const ASKED_EVERY: Duration = Duration::from_millis(200);
/// Requests of a round.
const ROUND: usize = 16;
/// Most directories above each other that are asked whether they answer alike.
const MOST_ALIKE: usize = 8;
/// Most requests that are withheld for a check.
const WITHHELD: usize = 100;
/// Most requests that wait.
const WAITING: usize = 20_000;

/// A crawl under way.
pub struct Crawler<'a> {
    client: &'a Client,
    profile: &'a Profile,
    renderer: Option<&'a dyn Renderer>,
    /// Who crawls; takes in the cookies of answers.
    pub session: Session,
    authenticated: bool,
    waiting: VecDeque<Job>,
    /// What was only named somewhere, and may turn out to be linked.
    guesses: VecDeque<Job>,
    guessed: BTreeSet<String>,
    seen: BTreeSet<String>,
    shapes: Shapes,
    purposes: Purposes,
    rendered: BTreeSet<String>,
    programs: Programs,
    /// What the requests that waited were for, and how many purposes there were.
    known: Purposes,
    purposes_known: usize,
    /// Pages that a browser is to open.
    to_render: Vec<Waiting<Job>>,
    /// Directories in which something that is linked is not there.
    missing: BTreeSet<String>,
    soft: soft::Soft,
    shells: BTreeSet<(String, u64)>,
    sent: usize,
    crawled: Crawled,
}

impl<'a> Crawler<'a> {
    /// A crawl as a user.
    #[must_use]
    pub fn new(
        client: &'a Client,
        profile: &'a Profile,
        renderer: Option<&'a dyn Renderer>,
        session: Session,
        authenticated: bool,
    ) -> Self {
        Self {
            client,
            profile,
            renderer,
            session,
            authenticated,
            waiting: VecDeque::new(),
            guesses: VecDeque::new(),
            guessed: BTreeSet::new(),
            seen: BTreeSet::new(),
            shapes: Shapes::default(),
            purposes: Purposes::default(),
            rendered: BTreeSet::new(),
            programs: Programs::default(),
            known: Purposes::default(),
            purposes_known: 0,
            to_render: Vec::new(),
            missing: BTreeSet::new(),
            soft: soft::Soft::default(),
            shells: BTreeSet::new(),
            sent: 0,
            crawled: Crawled::default(),
        }
    }

    /// Adds a request to the waiting ones, unless it was there before or the scope does not have it.
    pub fn add(&mut self, job: Job) {
        let text = job.request.url.to_string();
        match self.client.scope().rule(&job.request.url) {
            Ruling::Inside => {}
            Ruling::Outside => {
                let list = if job.form_at.is_some() {
                    &mut self.crawled.external_forms
                } else {
                    &mut self.crawled.external
                };
                if list.len() < WAITING {
                    list.insert(text);
                }
                return;
            }
            Ruling::Excluded => return self.reject(text, "an exclude list has it"),
            Ruling::Logout => return self.reject(text, "it would end the session"),
        }
        if job.depth > self.profile.max_depth {
            return self.reject(text, "it is deeper than the profile allows");
        }
        if shape::is_circular(&job.request.url.path) {
            return self.reject(text, "its path goes round in circles");
        }
        if job.request.method.is_destructive() && !self.profile.destructive_methods {
            let is_told =
                matches!(job.request.method, Method::Put | Method::Patch) && job.how != How::Described;
            if is_told
                && self.crawled.withheld.len() < WITHHELD
                && !self.crawled.withheld.contains(&job.request)
            {
                self.crawled.withheld.push(job.request);
            }
            return self.reject(text, "its method may destroy data");
        }
        let key = shape::key(&job.request);
        if job.how == How::Named {
            if self.guesses.len() < WAITING && !self.seen.contains(&key) && self.guessed.insert(key) {
                self.guesses.push_back(job);
            }
        } else if self.waiting.len() < WAITING && self.seen.insert(key) {
            self.purposes_known += usize::from(self.known.is_new(&job.request));
            self.waiting.push_back(job);
        }
    }

    fn reject(&mut self, url: String, why: &str) {
        if self.crawled.rejected.len() < WAITING {
            self.crawled.rejected.entry(url).or_insert_with(|| why.to_owned());
        }
    }

    /// Crawls until nothing waits, the limits are reached, or `go_on` says no; `heard` hears of each page.
    pub async fn run(
        mut self,
        heard: &(dyn Fn(&Target, u16) + Sync),
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> (Crawled, Session) {
        while go_on() && !self.client.cancel().is_cancelled() {
            let round = self.next_round();
            if round.is_empty() {
                // Rounds would wait for their slowest page: all that is linked without a browser comes first, and what is
                // only named comes last.
                let pages = std::mem::take(&mut self.to_render);
                if !pages.is_empty() {
                    self.render_all(pages, go_on).await;
                } else if !self.take_guesses() {
                    break;
                }
                continue;
            }
            let answers = join_all(round.iter().map(|job| self.fetch(job))).await;
            for (job, answer) in round.into_iter().zip(answers) {
                match answer {
                    Ok(response) => {
                        heard(&job.request.url, response.status);
                        let page = self.take(job, response).await;
                        self.to_render.extend(page);
                    }
                    Err(Fault::Cancelled) => {}
                    Err(fault) => {
                        drop(self.crawled.failed.insert(job.request.url.to_string(), fault.to_string()))
                    }
                }
            }
        }
        (self.crawled, self.session)
    }

    /// Makes some of the guesses wait for their turn; false when there are none left.
    fn take_guesses(&mut self) -> bool {
        while self.waiting.len() < ROUND
            && let Some(job) = self.guesses.pop_front()
        {
            if self.seen.insert(shape::key(&job.request)) {
                self.waiting.push_back(job);
            }
        }
        !self.waiting.is_empty()
    }

    fn next_round(&mut self) -> Vec<Job> {
        let mut round = Vec::new();
        while round.len() < ROUND {
            let Some(job) = self.waiting.pop_front() else { break };
            let is_page = job.how != How::Resource;
            if is_page && self.sent >= self.profile.max_crawl_requests.min(8_000) {
                self.crawled.limit_reached = true;
                self.reject(job.request.url.to_string(), "the maximum number of links was reached");
                continue;
            }
            if !self.shapes.admit(&job.request) {
                self.reject(job.request.url.to_string(), "enough pages of this kind were seen");
                continue;
            }
            self.sent += usize::from(is_page);
            // Steps that go before a request share its user: such a request goes alone.
            let is_alone = !job.before.is_empty() || job.request.body != Body::None;
            if is_alone && !round.is_empty() {
                self.sent -= usize::from(is_page);
                self.waiting.push_front(job);
                break;
            }
            round.push(job);
            if is_alone {
                break;
            }
        }
        round
    }

    async fn fetch(&self, job: &Job) -> Result<Response, Fault> {
        if job.before.is_empty() {
            return self.client.send(&self.session.dress(&job.request)).await;
        }
        let mut steps = job.before.clone();
        steps.push(Step::new(job.request.clone()));
        let (client, session) = (self.client, &self.session);
        let prover = crate::proof::Prover { client, session, listener: None, opener: None, transport: None };
        Ok(prover.walk(&steps).await?.0)
    }

    /// Takes in an answer; gives the page back when a browser should open it.
    async fn take(&mut self, job: Job, response: Response) -> Option<Waiting<Job>> {
        let url = job.request.url.clone();
        let is_login = matches!(&job.request.body, Body::Form(fields) if fields.iter().any(|(name, _)| name.to_ascii_lowercase().contains("pass")));
        if !is_login {
            self.session.absorb(&url, &response);
        }
        // What asks for a schema is a question of ours, not the application's.
        if matches!(&job.request.body, Body::Json(body) if body.get("query").is_some_and(|query| query == crate::api::INTROSPECTION))
        {
            self.harvest(&job, &response, None);
            return None;
        }
        if response.status >= 400 {
            self.crawled.refused.insert(url.to_string(), response.status);
        }
        let is_missing = matches!(response.status, 404 | 410 | 501);
        let is_guess = job.how == How::Named;
        if is_missing || (is_guess && self.is_soft(&url, &response).await) {
            if !is_guess {
                self.harvest(&job, &response, None);
                // What a page leads to is tested, also where this value of it is not there; but not each dead link.
                let kind = format!("{} missing", url.directory());
                if is_missing && job.how != How::Resource && self.missing.insert(kind) {
                    self.entry(job, response, None, false);
                }
            }
            return None;
        }
        if is_guess && response.status == 405 && job.request.method == Method::Get {
            return None;
        }
        let is_new = self.shapes.learn(&job.request, response.text());
        let page = response.is_html().then(|| Arc::new(Page::read(&url, response.text())));
        self.harvest(&job, &response, page.as_deref());
        if job.how == How::Resource && response.media_type().starts_with("image/") {
            if response.status < 400 {
                self.crawled.pages.push(url);
            }
            return None;
        }
        let is_page = job.how != How::Resource && response.status < 400 && response.location().is_none();
        if is_page && self.is_unread(&job, &response).await {
            return None;
        }
        if is_page && response.media_type() != "text/css" {
            self.crawled.pages.push(url.clone());
        }
        let is_soft = is_page
            && job.request.points().is_empty()
            && url.path != "/"
            && self.is_soft(&url, &response).await;
        // What answers every path alike is looked at once, and below where it does: it may read a part of the path.
        let is_shell = is_soft && {
            let place = format!("{}{}", url.origin, self.alike_from(&url, &response).await);
            !self.shells.insert((place, shape::words(response.text())))
        };
        if !is_shell {
            match self.behind(&job, &response, is_login).await {
                Some((shown, page)) => self.entry(job.clone(), shown, page, true),
                None => self.entry(job.clone(), response, page.clone(), false),
            }
        }
        let page = page.filter(|_| is_page && job.request.method == Method::Get && job.before.is_empty())?;
        let wanted = match self.profile.browser {
            BrowserUse::Never => false,
            BrowserUse::Always => is_new,
            BrowserUse::Auto => {
                is_new
                    && (page.wants_browser || (!page.inline_scripts.is_empty() || !page.scripts.is_empty()))
            }
        };
        if wanted
            && self.renderer.is_none()
            && page.wants_browser
            && self.profile.browser != BrowserUse::Never
        {
            self.crawled.without_browser.insert(url.to_string());
        }
        (wanted
            && self.renderer.is_some()
            && !is_shell
            && self.rendered.insert(self.purposes.of(&job.request)))
        .then(|| Waiting::new(job, page))
    }

    fn entry(&mut self, job: Job, response: Response, page: Option<Arc<Page>>, follows: bool) {
        self.crawled.entries.push(Entry {
            how: job.how,
            access_path: job.access_path,
            form_at: job.form_at,
            authenticated: self.authenticated,
            before: job.before,
            follows,
            ..Entry::new(job.request, response, page)
        });
    }

    /// The page on which an application shows what came of a form: where a redirect leads that does not depend on what was
    /// filled in, and that is no login.
    async fn behind(
        &mut self,
        job: &Job,
        response: &Response,
        is_login: bool,
    ) -> Option<(Response, Option<Arc<Page>>)> {
        let (request, url) = (&job.request, &job.request.url);
        let is_read = request.method == Method::Get && request.url.query.is_some();
        let place =
            led_to(url, response).filter(|_| (request.method == Method::Post || is_read) && !is_login)?;
        let shown = encode::unpercent(&place.to_string());
        let depends = |point: &Point| point.value.len() > 2 && shown.contains(&point.value);
        let asks = |word: &&str| place.path.to_ascii_lowercase().contains(word);
        if ["login", "signin", "sign-in", "logout"].iter().any(asks)
            || request.points().iter().any(depends)
            || self.client.scope().rule(&place) != Ruling::Inside
        {
            return None;
        }
        let page = follow(self.client, &mut self.session, url, response.clone()).await.ok()?;
        let read = page.is_html().then(|| Arc::new(Page::read(&place, page.text())));
        // A link that leads on is of interest itself, unless what it carried is shown there.
        let is_shown = |point: &Point| point.value.len() > 2 && page.text().contains(&point.value);
        let is_worth_it = !is_read || request.points().iter().any(is_shown);
        (is_worth_it && page.status < 400 && page.location().is_none()).then_some((page, read))
    }

    /// The directory from which on every path is answered like one in it. A page of a directory that answers alike below is one of
    /// its own, as is a value in a path that is not looked at.
    async fn alike_from(&mut self, url: &Target, response: &Response) -> String {
        let mut from = url.directory().to_owned();
        for _ in 0..MOST_ALIKE {
            let above = url.at(from.trim_end_matches('/'));
            if above.path.is_empty() || !self.is_soft(&above, response).await {
                break;
            }
            above.directory().clone_into(&mut from);
        }
        from
    }

    /// Whether a form was only answered by the page that a client-side application has for every path: its fields were for a
    /// script, and nobody on the server read them.
    async fn is_unread(&mut self, job: &Job, response: &Response) -> bool {
        let url = &job.request.url;
        job.form_at.is_some() && job.request.method == Method::Get && self.is_soft(url, response).await && {
            let words = shape::words(response.text());
            self.shells.iter().any(|(_, have)| *have == words)
        }
    }

    async fn is_soft(&mut self, url: &Target, response: &Response) -> bool {
        self.soft.is_missing(self.client, &self.session, url, response).await
    }

    /// Opens pages in the browser, some at once; what they lead to is taken in in their order. Those that must wait for what
    /// others of their program bring stay.
    async fn render_all(&mut self, pages: Vec<Waiting<Job>>, go_on: &(dyn Fn() -> bool + Sync)) {
        let Some(renderer) = self.renderer else { return };
        let (session, depth) = (self.session.clone(), self.profile.smart_scan_depth);
        let open = |waiting: Waiting<Job>| {
            let session = &session;
            async move {
                if !go_on() {
                    return None;
                }
                let may_stay = async {
                    while go_on() {
                        sleep(ASKED_EVERY).await;
                    }
                };
                let rendered = tokio::select! {
                    rendered = renderer.render(&waiting.item.request, session, depth) => rendered,
                    () = may_stay => return None,
                };
                Some((waiting, rendered))
            }
        };
        let chosen = if self.profile.browser == BrowserUse::Always {
            pages
        } else {
            let (chosen, waiting) = self.programs.choose(pages);
            self.to_render = waiting;
            chosen
        };
        // How many are open at once, the browser knows.
        let at_once = self.profile.performance.concurrency();
        let opened: Vec<_> = stream::iter(chosen).map(open).buffered(at_once).collect().await;
        for (waiting, rendered) in opened.into_iter().flatten() {
            let known = self.finds();
            self.take_rendered(&waiting.item, &waiting.page, rendered);
            self.programs.learn(&waiting, self.finds() > known);
        }
    }

    /// How much of different kinds was found.
    fn finds(&self) -> usize {
        self.purposes_known + self.crawled.states.len() + self.crawled.sockets.len()
    }

    fn take_rendered(&mut self, job: &Job, page: &Page, rendered: render::Rendered) {
        self.crawled.rendered += 1;
        let url = &job.request.url;
        let whole = |state: String| if state.starts_with('#') { format!("{url}{state}") } else { state };
        self.crawled.states.extend(rendered.states.into_iter().map(whole));
        self.crawled.sockets.extend(rendered.sockets);
        self.crawled.stopped.extend(rendered.stopped);
        for link in rendered.links {
            self.add(self.follow(job, Request::get(link), How::Linked));
        }
        for request in rendered.requests {
            self.add(self.follow(job, request, How::Linked));
        }
        for document in rendered.documents {
            let made = Page::read(&job.request.url, &document);
            if made != *page {
                self.links_and_forms(job, &made);
            }
        }
    }
}
