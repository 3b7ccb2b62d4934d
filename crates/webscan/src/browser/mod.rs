//! Crawling with a browser: one Chromium, driven over pipes, whose only way out is a proxy that minds the scope.
//!
//! The protocol is spoken here and not through a crate: the crates that speak it bring thousands of generated types and
//! reach the browser over a port that anybody on the machine could use.

mod cdp;
mod events;
mod on_demand;
mod play;
mod proxy;
mod side;
mod tab;
mod tabs;

pub use cdp::BrowserError;
pub use on_demand::OnDemand;
pub use play::{PlayError, Played};
pub use side::{Script, SideError};

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::crawl::render::{Rendered, Renderer};
use crate::crawl::shape::words;
use crate::http::{Client, Request, Target};
use crate::proof::Opener;
use crate::session::Session;
use cdp::Connection;
use proxy::Proxy;
use tab::{Gathered, Tab};
use tabs::Tabs;

/// Where Debian and others put the browser.
const PROGRAMS: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/// Most events that are tried on one page, and the time for all of them.
const ACTIONS: usize = 120;
const PAGE_TIME: Duration = Duration::from_secs(40);
/// How often a browser that is being started is asked whether it is there.
const STARTING: usize = 3;
/// How long one opening of a page may take as a whole.
const OPEN_TIME: Duration = Duration::from_secs(12);

/// A browser.
pub struct Browser {
    tabs: Tabs,
    client: Client,
    /// Two pages at a time: memory is what a browser has least of.
    turn: Semaphore,
    _proxy: Proxy,
    _home: TempDir,
}

impl Browser {
    /// The browser's program, where there is one.
    ///
    /// # Errors
    /// [`BrowserError::Missing`].
    pub fn program() -> Result<PathBuf, BrowserError> {
        let given = std::env::var_os("REDOUBT_BROWSER").map(PathBuf::from);
        let all = given.into_iter().chain(PROGRAMS.iter().map(PathBuf::from));
        all.into_iter().find(|path| path.exists()).ok_or_else(|| BrowserError::Missing(PROGRAMS.join(", ")))
    }

    /// Starts a browser that reaches what the client's scope reaches.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub async fn start(client: Client) -> Result<Self, BrowserError> {
        let program = Self::program()?;
        let failed = |error: std::io::Error| BrowserError::Start(error.to_string());
        let home = tempfile::Builder::new().prefix("redoubt-browser-").tempdir().map_err(failed)?;
        let proxy = Proxy::start(client.clone()).await.map_err(failed)?;
        let connection = Connection::start(&program, home.path(), &proxy.url())?;
        // A busy machine may take long to start it.
        let mut answer = Err(BrowserError::Gone);
        for _ in 0..STARTING {
            answer = connection.call("", "Browser.getVersion", serde_json::json!({})).await;
            if answer.is_ok() {
                break;
            }
        }
        answer?;
        Ok(Self {
            tabs: Tabs::new(Arc::new(connection), client.clone()),
            client,
            turn: Semaphore::new(2),
            _proxy: proxy,
            _home: home,
        })
    }

    /// Does something with a page that was made ready for a request; a page on which that fails is not used again.
    async fn on_a_page<T, E: From<BrowserError>>(
        &self,
        request: &Request,
        is_brief: bool,
        work: impl AsyncFnOnce(&Tab) -> Result<T, E>,
    ) -> Result<T, E> {
        let Ok(_turn) = self.turn.acquire().await else { return Err(BrowserError::Gone.into()) };
        let tab = self.tabs.take(request, is_brief).await?;
        let done = work(&tab).await;
        self.tabs.give_back(tab, done.is_ok()).await;
        done
    }

    async fn rendered(
        &self,
        request: &Request,
        session: &Session,
        depth: usize,
    ) -> Result<Rendered, BrowserError> {
        let dressed = session.dress(request);
        self.on_a_page(&dressed, false, async |tab| {
            let until = Instant::now() + PAGE_TIME;
            tab.open(&dressed).await?;
            let mut visit = Visit {
                tab,
                request: &dressed,
                rendered: Rendered::default(),
                states: BTreeSet::new(),
                tried: BTreeSet::new(),
            };
            visit.explore(depth, until).await?;
            let mut rendered = visit.rendered;
            let happened = tab.happened();
            rendered.requests = happened.requests;
            rendered.stopped = happened.stopped;
            rendered.sockets.extend(happened.sockets);
            Ok(rendered)
        })
        .await
    }

    async fn opened(&self, request: &Request, markers: &[&str]) -> Result<Vec<String>, BrowserError> {
        let mut ran: Vec<String> = Vec::new();
        // What failed at once may have failed by the page that was visited before; what took too long would again.
        for _ in 0..2 {
            let begun = Instant::now();
            let visit = async |tab: &Tab| {
                tab.want(markers);
                let work = async {
                    tab.open(request).await?;
                    if tab.is_over() { Ok(Vec::new()) } else { tab.tempt(markers).await }
                };
                let seen = timeout(OPEN_TIME, work).await;
                let happened = tab.happened();
                let shown = |marker: &&&str| happened.dialogs.iter().any(|text| text.contains(**marker));
                ran.extend(markers.iter().filter(shown).map(|marker| (*marker).to_owned()));
                let left = |marker: &&&str| {
                    let host = marker.strip_prefix("left:");
                    host.is_some_and(|host| happened.left.iter().any(|went| went == host))
                };
                ran.extend(markers.iter().filter(left).map(|marker| (*marker).to_owned()));
                if markers.contains(&"sinks") {
                    // Where a page goes is a sink that no hook in it sees.
                    ran.extend(happened.went.iter().map(|url| format!("sink:goes\u{1}{url}")));
                }
                seen.map_err(|_| BrowserError::Gone)?
            };
            let done = self.on_a_page(request, true, visit).await;
            // What was shown before it went wrong was shown.
            let is_over = done.is_ok() || !ran.is_empty() || begun.elapsed() >= OPEN_TIME;
            ran.extend(done.unwrap_or_default());
            if is_over {
                break;
            }
        }
        if ran.is_empty() && self.is_gone() { Err(BrowserError::Gone) } else { Ok(ran) }
    }

    /// Whether it has ended, or does not answer any more.
    fn is_gone(&self) -> bool {
        self.tabs.connection().is_gone()
    }
}

impl Opener for Browser {
    fn open<'a>(&'a self, request: &'a Request, markers: &'a [&'a str]) -> BoxFuture<'a, Vec<String>> {
        async move { self.opened(request, markers).await.unwrap_or_default() }.boxed()
    }
}

impl Renderer for Browser {
    fn render<'a>(
        &'a self,
        request: &'a Request,
        session: &'a Session,
        depth: usize,
    ) -> BoxFuture<'a, Rendered> {
        async move { self.rendered(request, session, depth).await.unwrap_or_default() }.boxed()
    }
}

/// What is done to get to a state of a page.
type Actions = Vec<(String, Vec<String>)>;

/// The exploring of one page.
struct Visit<'a> {
    tab: &'a Tab,
    request: &'a Request,
    rendered: Rendered,
    states: BTreeSet<(String, u64)>,
    tried: BTreeSet<String>,
}

impl Visit<'_> {
    /// Tries what can be clicked, state by state, breadth first.
    async fn explore(&mut self, depth: usize, until: Instant) -> Result<(), BrowserError> {
        let first = self.tab.gather().await?;
        let mut waiting: VecDeque<(Actions, Gathered)> = VecDeque::new();
        self.take(&first);
        waiting.push_back((Vec::new(), first));
        let mut count = 0;
        while let Some((actions, state)) = waiting.pop_front() {
            let mut is_there = actions.is_empty() && count == 0;
            for target in &state.targets {
                if Instant::now() >= until || count >= ACTIONS {
                    return Ok(());
                }
                if actions.len() >= depth.max(1)
                    || !self.tried.insert(format!("{} {} {}", target.path, target.text, target.href))
                {
                    continue;
                }
                if !is_there && !self.go_back(&actions).await? {
                    break;
                }
                count += 1;
                let acted = self.tab.act(&target.path, &target.on).await?;
                let now = self.tab.gather().await?;
                is_there = !acted
                    || (now.url == state.url
                        && words(&now.text) == words(&state.text)
                        && now.targets.len() == state.targets.len());
                if self.take(&now) {
                    let mut longer = actions.clone();
                    longer.push((target.path.clone(), target.on.clone()));
                    waiting.push_back((longer, now));
                }
            }
        }
        Ok(())
    }

    /// Opens the page anew and does what leads to a state.
    async fn go_back(&self, actions: &Actions) -> Result<bool, BrowserError> {
        self.tab.open(self.request).await?;
        for (path, kinds) in actions {
            if !self.tab.act(path, kinds).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes in a state; true when it is a new one.
    fn take(&mut self, state: &Gathered) -> bool {
        let place = state.url.clone();
        for url in state.links.iter().chain(&state.routes).chain([&place]) {
            let is_here = url.split('#').next() == Some(self.request.url.to_string().as_str());
            if let (Some((_, fragment)), true) = (url.split_once('#'), is_here) {
                if !fragment.is_empty() {
                    self.rendered.states.push(format!("#{fragment}"));
                }
                continue;
            }
            if let Ok(target) = Target::parse(url)
                && !self.rendered.links.contains(&target)
                && target != self.request.url
            {
                self.rendered.links.push(target);
            }
        }
        self.rendered.sockets.extend(state.sockets.iter().cloned());
        let is_new = self.states.insert((place, words(&state.text)));
        if is_new {
            self.rendered.documents.push(state.html.clone());
        }
        is_new
    }
}
