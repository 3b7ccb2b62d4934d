//! A browser that starts when it is first needed, and anew when it has ended.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::{Browser, BrowserError};
use crate::crawl::render::{Rendered, Renderer};
use crate::http::{Client, Request};
use crate::proof::Opener;
use crate::session::Session;

/// How often one is started, for all pages together: what ends one browser after the other is the pages.
const STARTS: usize = 4;
/// How often in a row one is started in vain.
const IN_VAIN: usize = 2;

/// A browser for as long as it lasts, then another one.
pub struct OnDemand {
    client: Client,
    slot: Mutex<Slot>,
    troubles: parking_lot::Mutex<Vec<String>>,
}

#[derive(Default)]
struct Slot {
    browser: Option<Arc<Browser>>,
    starts: usize,
}

impl OnDemand {
    /// For pages within the client's scope.
    ///
    /// # Errors
    /// There is no browser on this machine.
    pub fn new(client: Client) -> Result<Self, BrowserError> {
        Browser::program()?;
        Ok(Self { client, slot: Mutex::default(), troubles: parking_lot::Mutex::default() })
    }

    /// The browser that runs; none where none starts, or each has ended.
    async fn browser(&self) -> Option<Arc<Browser>> {
        let mut slot = self.slot.lock().await;
        if let Some(browser) = &slot.browser {
            if !browser.is_gone() {
                return Some(Arc::clone(browser));
            }
            self.note("the browser ended or did not answer any more".to_owned());
            // What it holds is free before there is another one.
            slot.browser = None;
        }
        for _ in 0..IN_VAIN {
            if slot.starts >= STARTS {
                return None;
            }
            slot.starts += 1;
            match Browser::start(self.client.clone()).await {
                Ok(browser) => {
                    let browser = Arc::new(browser);
                    slot.browser = Some(Arc::clone(&browser));
                    return Some(browser);
                }
                Err(error) => self.note(error.to_string()),
            }
        }
        // One that does not start is missed once and for all.
        slot.starts = STARTS;
        self.note("no further pages were opened".to_owned());
        None
    }

    /// What a visit brings; nothing once the scan is cancelled, however long the page would take.
    async fn unless_cancelled<T: Default>(&self, visit: impl Future<Output = T>) -> T {
        tokio::select! {
            brought = visit => brought,
            () = self.client.cancel().cancelled() => T::default(),
        }
    }

    fn note(&self, trouble: String) {
        tracing::warn!(trouble, "browser");
        self.troubles.lock().push(trouble);
    }
}

/// How often a page is opened: once more with another browser where the first one ended meanwhile.
const TRIES: usize = 2;

impl Opener for OnDemand {
    fn open<'a>(&'a self, request: &'a Request, markers: &'a [&'a str]) -> BoxFuture<'a, Vec<String>> {
        self.unless_cancelled(async move {
            for _ in 0..TRIES {
                let Some(browser) = self.browser().await else { break };
                match browser.opened(request, markers).await {
                    Ok(ran) => return ran,
                    Err(_) if browser.is_gone() => {}
                    Err(_) => break,
                }
            }
            Vec::new()
        })
        .boxed()
    }
}

impl Renderer for OnDemand {
    fn render<'a>(
        &'a self,
        request: &'a Request,
        session: &'a Session,
        depth: usize,
    ) -> BoxFuture<'a, Rendered> {
        self.unless_cancelled(async move {
            for _ in 0..TRIES {
                let Some(browser) = self.browser().await else { break };
                match browser.rendered(request, session, depth).await {
                    Ok(rendered) => return rendered,
                    Err(_) if browser.is_gone() => {}
                    Err(_) => break,
                }
            }
            Rendered::default()
        })
        .boxed()
    }

    fn troubles(&self) -> Vec<String> {
        self.troubles.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::cancel::Cancel;
    use crate::http::{ClientOptions, Target};
    use crate::scope::{Scope, ScopeRules};
    use crate::testing::{Answer, serve};

    #[tokio::test]
    async fn a_browser_that_ends_or_falls_silent_is_replaced() {
        let server = serve(|_| Answer::html("<script>alert('mark' + 7)</script>")).await;
        let url = Target::parse(&format!("http://{server}/")).unwrap();
        let scope = Arc::new(Scope::new(&url, &ScopeRules::default()).unwrap());
        let client = Client::new(scope, ClientOptions::default(), Cancel::default());
        let browsers = OnDemand::new(client).unwrap();
        let (request, marks) = (Request::get(url), ["mark7"]);
        assert_eq!(browsers.open(&request, &marks).await, marks);
        assert_eq!(browsers.troubles(), Vec::<String>::new());
        for (signal, troubles) in [("-KILL", 1), ("-STOP", 2)] {
            let process = browsers.browser().await.unwrap().tabs.connection().process().unwrap();
            let sent = Command::new("kill").args([signal, &process.to_string()]).status().unwrap();
            assert!(sent.success());
            // A silent one is waited for: some pages are lost to it.
            let mut seen = Vec::new();
            for _ in 0..8 {
                seen = browsers.open(&request, &marks).await;
                if !seen.is_empty() {
                    break;
                }
            }
            assert_eq!(seen, marks, "{signal}");
            assert_eq!(browsers.troubles().len(), troubles, "{signal}: {:?}", browsers.troubles());
        }
    }
}
