//! What a browser sees of a page, for the crawl.

use futures_util::future::BoxFuture;

use crate::http::{Request, Target};
use crate::proof::Opener;
use crate::session::Session;

/// What a browser brought from one page: all that happened while it was opened and its events were tried.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The documents as scripts have made them, one for each state of the page that differed; the first is the first.
    pub documents: Vec<String>,
    /// Where links and client-side routes led, without their fragments.
    pub links: Vec<Target>,
    /// Routes after the `#`, and other states that have no URL of their own.
    pub states: Vec<String>,
    /// Requests that scripts made (fetch, XHR, forms made by scripts), within scope and not sent on where the profile forbids.
    pub requests: Vec<Request>,
    /// WebSocket addresses.
    pub sockets: Vec<String>,
    /// Requests that were stopped because they leave the scope.
    pub stopped: Vec<String>,
}

/// A browser that crawls.
pub trait Renderer: Opener {
    /// Opens a page as the user of a session, lets scripts run, and tries what can be clicked, `depth` events deep.
    fn render<'a>(
        &'a self,
        request: &'a Request,
        session: &'a Session,
        depth: usize,
    ) -> BoxFuture<'a, Rendered>;

    /// What went wrong with the browser itself so far, in order.
    fn troubles(&self) -> Vec<String> {
        Vec::new()
    }
}
