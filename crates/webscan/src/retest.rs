//! Retests: one finding, without a crawl.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::auth::{AuthRecord, LoginError, log_in};
use crate::browser::OnDemand;
use crate::cancel::Cancel;
use crate::engine::Help;
use crate::finding::Finding;
use crate::http::{Client, ClientOptions, Fault, Method, Request};
use crate::proof::{Opener, Outcome, Prover};
use crate::scope::{Reach, Scope, ScopeRules};
use crate::session::Session;

/// How long a retest may take.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Why a retest says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetestError {
    /// Nobody could be logged in.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// A request was not answered.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It took more than [`LIMIT`].
    #[error("it took more than 10 seconds")]
    TooLong,
}

/// Sends the replay of a finding and its control. The scope is the finding's own origin, nothing else.
///
/// # Errors
/// [`RetestError`]: nothing can be said of the finding.
pub async fn retest(
    finding: &Finding,
    record: Option<&AuthRecord>,
    help: &Arc<Help>,
    stop: &Cancel,
) -> Result<Outcome, RetestError> {
    let rules = ScopeRules { reach: Reach::Origin, ..ScopeRules::default() };
    let broken = |error: crate::scope::ScopeError| Fault::Unsendable(error.to_string());
    let scope = Arc::new(Scope::new(&finding.url, &rules).map_err(broken)?);
    let client = Client::new(scope, ClientOptions::default(), stop.clone());
    // The control of such a finding puts back what the attack changes.
    let saves = |request: &&Request| matches!(request.method, Method::Put | Method::Patch);
    finding.replay.requests().filter(saves).for_each(|request| client.answer_for(request));
    let work = async {
        let session = match record {
            Some(record) => log_in(&client, &finding.url, record, &[]).await?.session,
            None => Session::default(),
        };
        let browser = OnDemand::new(client.clone()).ok();
        let own = browser.as_ref().map(|browser| browser as &dyn Opener);
        let prover = Prover {
            client: &client,
            session: &session,
            listener: help.listener.as_deref().map(|listener| listener as _),
            opener: help.renderer.as_deref().map(|renderer| renderer as _).or(own),
            transport: help.transport.as_deref().map(|transport| transport as _),
        };
        Ok(prover.replay(&finding.replay).await?)
    };
    timeout(LIMIT, work).await.map_err(|_| RetestError::TooLong)?
}
