//! Crawling with a browser: one Chromium, driven over pipes, whose only way out is a proxy that minds the scope.
//!
//! The protocol is spoken here and not through a crate: the crates that speak it bring thousands of generated types and
//! reach the browser over a port that anybody on the machine could use.

mod cdp;
mod events;
mod explore;
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

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::crawl::render::{Rendered, Renderer};
use crate::http::{Client, Request};
use crate::proof::Opener;
use crate::session::Session;
use cdp::Connection;
use explore::{Tried, Visit};
use proxy::Proxy;
use tab::Tab;
use tabs::Tabs;

/// Where Debian and others put the browser.
const PROGRAMS: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
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
    /// What was tried on the pages that were explored.
    tried: Mutex<Tried>,
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
            tried: Mutex::default(),
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
            tab.open(&dressed).await?;
            let mut visit = Visit::new(tab, &dressed, &self.tried);
            visit.explore(depth).await?;
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
