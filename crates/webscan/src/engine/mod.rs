//! One scan, from its target to its result: login, crawl, checks.

mod checkpoint;
mod notes;
mod phases;
mod result;

pub use result::{AuthStatus, Coverage, Information, ResultsStatus, ScanResult};

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::auth::AuthRecord;
use crate::cancel::Cancel;
use crate::crawl::render::Renderer;
use crate::finding::Finding;
use crate::http::{Request, Target};
use crate::profile::Profile;
use crate::proof::{Listener, Transport};
use crate::scope::{Scope, ScopeError, ScopeRules, UrlEntry};

/// What is to be scanned, and how.
#[derive(Clone)]
pub struct Plan {
    /// Where it begins.
    pub target: Target,
    /// Other places to begin at.
    pub uris: Vec<Target>,
    /// Where it may go.
    pub rules: ScopeRules,
    /// The option profile.
    pub profile: Profile,
    /// Who logs in.
    pub auth: Option<AuthRecord>,
    /// Requests that a description of an API has.
    pub described: Vec<Request>,
    /// Headers for each request.
    pub headers: Vec<(String, String)>,
    /// Addresses of names, instead of the system's.
    pub names: BTreeMap<String, Vec<IpAddr>>,
    /// Where it notes how far it is, and goes on from after a kill.
    pub checkpoint: Option<PathBuf>,
    /// The address at which targets can reach our listener; none for none.
    pub callback: Option<IpAddr>,
    /// When it begins, RFC 3339; the engine asks no clock for the date.
    pub started: String,
}

/// Links that end a session, by the names that they go under; minded where a scan is logged in.
const LOGOUT: &str = r"(?i)[/?&=_.-](?:(?:log|sign)[_-]?(?:out|off)|abmelden|ausloggen|deconnexion|cerrar[_-]?sesion|end[_-]?session)(?:[/?&=._-]|$)";

impl Plan {
    /// A plan with everything as usual.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            callback: crate::listener::near(&target),
            target,
            uris: Vec::new(),
            rules: ScopeRules::default(),
            profile: Profile::default(),
            auth: None,
            described: Vec::new(),
            headers: Vec::new(),
            names: BTreeMap::new(),
            checkpoint: None,
            started: String::new(),
        }
    }

    /// The scope that it says.
    ///
    /// # Errors
    /// A list entry is no regular expression.
    pub fn scope(&self) -> Result<Scope, ScopeError> {
        let mut rules = self.rules.clone();
        if self.auth.is_some() {
            rules.logout.push(UrlEntry { value: LOGOUT.to_owned(), regex: true });
        }
        Scope::new(&self.target, &rules)
    }
}

/// What happens during a scan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A part of the scan begins.
    Phase(String),
    /// A page was fetched.
    Page {
        /// Where.
        url: String,
        /// The status of the answer.
        status: u16,
    },
    /// So much of the tests is done.
    Progress {
        /// Done.
        done: usize,
        /// In all.
        all: usize,
        /// Requests so far.
        requests: u64,
    },
    /// Something was found and proven.
    Found(Box<Finding>),
    /// Something that whoever watches should know.
    Note(String),
}

/// Hears of events.
pub type Hear = Arc<dyn Fn(Event) + Send + Sync>;

/// What helps a scan beside its own client.
#[derive(Default, Clone)]
pub struct Help {
    /// A browser.
    pub renderer: Option<Arc<dyn Renderer>>,
    /// Why there is none.
    pub no_renderer: Option<String>,
    /// Listens for calls of the target.
    pub listener: Option<Arc<dyn Listener>>,
    /// Looks at transports.
    pub transport: Option<Arc<dyn Transport>>,
}

/// Scans. Ends within a second after `cancel`.
///
/// # Errors
/// The plan's lists can't be used; all else is told by the result.
pub async fn scan(plan: &Plan, help: &Help, cancel: &Cancel, hear: Hear) -> Result<ScanResult, ScopeError> {
    let scope = Arc::new(plan.scope()?);
    Ok(phases::Run::new(plan, help, scope, cancel, hear).go().await)
}
