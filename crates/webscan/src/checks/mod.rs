//! The checks: one file each, which says what it means, why it matters and what to do.
//!
//! A check looks at what was fetched ([`Check::look`]), tests a parameter ([`Check::probe`]), a request as a whole
//! ([`Check::try_entry`]) or the site ([`Check::try_site`]). What it reports needs a [`Proof`], so it
//! makes a [`Replay`] with a control and lets the prover send both. Checks keep no state: the same target gives the same
//! findings, in whatever order they run.

pub(crate) mod callback;
pub(crate) mod dom;
pub(crate) mod injection;
pub(crate) mod passive;
pub(crate) mod pattern;
pub(crate) mod requests;
pub mod run;
pub(crate) mod site;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use crate::crawl::How;
use crate::finding::Finding;
use crate::http::{Client, Fault, Request, Response, Target};
use crate::page::Page;
use crate::point::Point;
use crate::profile::Profile;
use crate::program::program;
use crate::proof::{Listener, NotProven, Opener, Proof, Prover, Replay, Transport};
use crate::qid::Qid;
use crate::session::Session;

/// What a check is, in the product's words. Own words throughout: nothing is copied from elsewhere.
#[derive(Debug)]
pub struct About {
    /// Its name: lower case, with dashes.
    pub name: &'static str,
    /// The QIDs that it may report.
    pub qids: &'static [u32],
    /// What a finding means.
    pub means: &'static str,
    /// Why it matters.
    pub matters: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// How it is tested.
    pub technique: &'static str,
    /// Where the definition of the weakness is: a standard, an RFC, a CWE page.
    pub source: &'static str,
}

/// A request of the application, its usual answer, and how one gets there.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The request, without cookies of the session.
    pub request: Request,
    /// Its usual answer.
    pub response: Arc<Response>,
    /// The answer as a page, where it is one.
    pub page: Option<Arc<Page>>,
    /// What that page runs.
    pub program: Option<u64>,
    /// How it came to be known.
    pub how: How,
    /// Links that lead to it.
    pub access_path: Vec<Target>,
    /// The page with the form, where it is a form's.
    pub form_at: Option<Target>,
    /// Whether the scan was logged in.
    pub authenticated: bool,
    /// Steps that must go before, such as fetching a form's page for its token; `{{name}}` in `request` is filled from them.
    pub before: Vec<crate::proof::Step>,
    /// Whether it is answered by a redirect, and `response` is the page that this leads to.
    pub follows: bool,
}

impl Entry {
    /// A request with its answer, to which nothing led and before which nothing must go.
    #[must_use]
    pub fn new(request: Request, response: Response, page: Option<Arc<Page>>) -> Self {
        Self {
            request,
            response: Arc::new(response),
            program: page.as_deref().and_then(program),
            page,
            how: How::Linked,
            access_path: Vec::new(),
            form_at: None,
            authenticated: false,
            before: Vec::new(),
            follows: false,
        }
    }

    /// The steps that send a request of this entry: what must go before, then the request.
    #[must_use]
    pub fn steps(&self, request: Request) -> Vec<crate::proof::Step> {
        let mut steps = self.before.clone();
        steps.push(crate::proof::Step::new(request).following(self.follows));
        steps
    }

    /// A replay of an attack on this entry, with the same request made harmless as its control.
    #[must_use]
    pub fn replay(&self, attack: Request, expect: crate::proof::Expect, control: Request) -> Replay {
        let control = crate::proof::Control::Requests(self.steps(control));
        Replay { steps: self.steps(attack), expect, control, rounds: 1 }
    }
}

/// What all checks of a scan share.
pub struct Bench<'a> {
    /// Sends requests, within scope.
    pub client: &'a Client,
    /// Who the scan is logged in as.
    pub session: &'a Session,
    /// The option profile.
    pub profile: &'a Profile,
    /// Our listener, if there is one.
    pub listener: Option<&'a dyn Listener>,
    /// A browser, if there is one.
    pub opener: Option<&'a dyn Opener>,
    /// What looks at transports.
    pub transport: Option<&'a dyn Transport>,
    /// Everything that was crawled, in a fixed order.
    pub entries: &'a [Entry],
    /// Requests by which pages save something (PUT, PATCH), and that only a check sends that puts it back.
    pub withheld: &'a [Request],
    /// Where findings go.
    pub sink: &'a Sink,
}

/// A name that is nowhere.
const NOWHERE: &str = "redoubt-4d1f7e.nowhere";

impl Bench<'_> {
    /// Sends a request as the user of the scan.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let response = self.client.send(&self.session.dress(request)).await?;
        passive::errors::keep(self.sink, request, &response);
        Ok(response)
    }

    /// Sends a request of an entry, after what must go before it.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_of(&self, entry: &Entry, request: &Request) -> Result<Response, Fault> {
        if entry.before.is_empty() && !entry.follows {
            return self.send(request).await;
        }
        let (response, _) = self.prover().walk(&entry.steps(request.clone())).await?;
        passive::errors::keep(self.sink, request, &response);
        Ok(response)
    }

    /// The prover.
    #[must_use]
    pub fn prover(&self) -> Prover<'_> {
        let Self { client, session, listener, opener, transport, .. } = *self;
        Prover { client, session, listener, opener, transport }
    }

    /// Sends a replay and its control.
    ///
    /// # Errors
    /// It proves nothing.
    pub async fn prove(&self, replay: Replay) -> Result<Proof, NotProven> {
        self.prover().prove(replay).await
    }

    /// Reports a proven finding at a request.
    pub fn report(&self, qid: u32, entry: &Entry, proof: Proof) {
        self.report_at(qid, entry, None, proof);
    }

    /// Reports a proven finding in a parameter, with what was put in.
    pub fn report_at(&self, qid: u32, entry: &Entry, at: Option<(&Point, &str)>, proof: Proof) {
        let Some(qid) = Qid::of(qid) else { return };
        let mut finding = Finding::new(qid, &entry.request, proof);
        if let Some((point, payload)) = at {
            finding = finding.at(point, payload);
        }
        self.hand_in(finding, entry);
    }

    /// Reports a proven finding of something that has a name of its own, such as a cookie.
    pub fn report_named(&self, qid: u32, entry: &Entry, name: &str, proof: Proof) {
        let Some(qid) = Qid::of(qid) else { return };
        self.hand_in(Finding::new(qid, &entry.request, proof).named(name), entry);
    }

    /// Reports a proven finding at a place that need not have been crawled, reached as the entry was.
    pub fn report_place(&self, qid: u32, entry: &Entry, request: &Request, proof: Proof) {
        let Some(qid) = Qid::of(qid) else { return };
        self.hand_in(Finding::new(qid, request, proof), entry);
    }

    fn hand_in(&self, mut finding: Finding, entry: &Entry) {
        finding.access_path.clone_from(&entry.access_path);
        finding.authenticated = entry.authenticated;
        self.sink.report(finding);
    }
}

type Heard = Box<dyn Fn(&Finding) + Send + Sync>;

/// Takes findings and notes.
#[derive(Default)]
pub struct Sink {
    findings: Mutex<Vec<Finding>>,
    notes: Mutex<Vec<(u32, String)>>,
    heard: Option<Heard>,
    tokens: AtomicU64,
    /// What the injection checks learnt about points.
    pub(crate) memo: injection::Memo,
    /// Requests of all checks whose answers show errors.
    pub(crate) provoked: passive::errors::Provoked,
}

impl Sink {
    /// A sink that tells each new finding.
    #[must_use]
    pub fn telling(heard: impl Fn(&Finding) + Send + Sync + 'static) -> Self {
        Self { heard: Some(Box::new(heard)), ..Self::default() }
    }

    /// Takes a finding; of two with one identity, the one whose URL and payload come first in the alphabet stays, so that
    /// the order of arrival does not matter.
    pub fn report(&self, finding: Finding) {
        let mut findings = self.findings.lock();
        let rank = |f: &Finding| (f.url.to_string(), f.payload.clone(), f.evidence.text.clone());
        match findings.iter_mut().find(|have| have.id == finding.id) {
            Some(have) if rank(&finding) < rank(have) => *have = finding,
            Some(_) => {}
            None => {
                if let Some(heard) = &self.heard {
                    heard(&finding);
                }
                findings.push(finding);
            }
        }
    }

    /// Notes a line of information gathered under a QID (`contract/was.md 13.3`); lines are sorted, each stays once.
    pub fn note(&self, qid: u32, line: impl Into<String>) {
        self.notes.lock().push((qid, line.into()));
    }

    /// A number that no other call gets; for tokens, not for what findings show.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.tokens.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a finding with one of these QIDs is already there at a path.
    #[must_use]
    pub fn has(&self, qids: &[u32], path: &str) -> bool {
        self.findings.lock().iter().any(|finding| qids.contains(&finding.qid) && finding.url.path == path)
    }

    /// The same for one parameter.
    #[must_use]
    pub fn has_at(&self, qids: &[u32], path: &str, parameter: &str) -> bool {
        let at =
            |finding: &Finding| finding.parameter.as_deref() == Some(parameter) && finding.url.path == path;
        self.findings.lock().iter().any(|finding| qids.contains(&finding.qid) && at(finding))
    }

    /// All findings in a fixed order.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.lock().clone();
        findings.sort_by(|a, b| {
            let key = |f: &Finding| {
                (std::cmp::Reverse(f.severity), f.qid, f.url.to_string(), f.parameter.clone(), f.id.clone())
            };
            key(a).cmp(&key(b))
        });
        findings
    }

    /// All notes, sorted, each once.
    #[must_use]
    pub fn notes(&self) -> Vec<(u32, String)> {
        let mut notes = self.notes.lock().clone();
        notes.sort();
        notes.dedup();
        notes
    }
}

/// A check. All but [`about`](Check::about) do nothing unless a check says otherwise.
pub trait Check: Send + Sync {
    /// What it is.
    fn about(&self) -> &'static About;

    /// Looks at an entry as it was crawled, without sending anything but the replay that proves what it saw.
    fn look<'a>(&'a self, _bench: &'a Bench<'a>, _entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        None
    }

    /// Tests one parameter.
    fn probe<'a>(
        &'a self,
        _bench: &'a Bench<'a>,
        _entry: &'a Entry,
        _point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        None
    }

    /// Tests a request as a whole.
    fn try_entry<'a>(&'a self, _bench: &'a Bench<'a>, _entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        None
    }

    /// Tests the site, once; after all parameters were tested.
    fn try_site<'a>(&'a self, _bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        None
    }

    /// Whether nothing else may be sent while the site is tested: a log of the last visits, say, would forget what was
    /// stored in it.
    fn wants_quiet(&self) -> bool {
        false
    }
}

/// All checks, in the order in which they run.
#[must_use]
pub fn all() -> Vec<&'static dyn Check> {
    [injection::CHECKS, requests::CHECKS, dom::CHECKS, passive::CHECKS, site::CHECKS].concat()
}
