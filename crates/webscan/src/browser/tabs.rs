//! Pages, used one after the other: a new one costs the browser a process. Each has cookies and storage of its own, and
//! what a visit left behind is cleared away before the next one.

use std::sync::Arc;

use parking_lot::Mutex;

use super::cdp::{BrowserError, Connection};
use super::tab::Tab;
use crate::http::{Client, Request};

/// How many visits a page sees before it is given up, with all that may have gathered in it.
const VISITS: u32 = 64;

/// The pages of a browser.
pub(super) struct Tabs {
    connection: Arc<Connection>,
    client: Client,
    free: Mutex<Vec<Tab>>,
}

impl Tabs {
    pub(super) fn new(connection: Arc<Connection>, client: Client) -> Self {
        Self { connection, client, free: Mutex::default() }
    }

    /// The browser that they are in.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A page for requests like this one: see [`Tab::dress`].
    ///
    /// # Errors
    /// The browser does not answer.
    pub(super) async fn take(&self, request: &Request, is_brief: bool) -> Result<Tab, BrowserError> {
        let free = self.free.lock().pop();
        let mut tab = match free {
            Some(tab) => tab,
            None => Tab::new(self.connection.clone(), self.client.clone()).await?,
        };
        tab.dress(request, is_brief).await?;
        Ok(tab)
    }

    /// Takes a page back; one that is not well is given up.
    pub(super) async fn give_back(&self, mut tab: Tab, is_well: bool) {
        if is_well && tab.visits < VISITS && tab.leave().await.is_ok() {
            self.free.lock().push(tab);
        } else {
            tab.close().await;
        }
    }
}
