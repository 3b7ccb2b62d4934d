//! Getting an identity.

use inventory::linux::{Options, collect};
use inventory::protocol::{ENROLL_PATH, EnrollRequest, EnrollResponse, Secret, pack};
use uuid::Uuid;

use crate::VERSION;
use crate::address::ServerAddress;
use crate::client::{Client, Trouble};
use crate::log;
use crate::state::{Identity, StateDir, StateError};
use crate::trust::{Trust, TrustError};

/// What is needed to join a server.
#[derive(Debug)]
pub struct Enrolment {
    /// The server.
    pub server: ServerAddress,
    /// How to know it.
    pub trust: Trust,
    /// The right to join.
    pub activation_key: Secret,
    /// The installation that is meant, where it was told; the server refuses when it is another.
    pub customer_id: Option<Uuid>,
    /// Whether to join again where there is an identity.
    pub force: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolled {
    /// The agent has an identity now.
    Now(Uuid),
    /// It had one before; nothing was done.
    Already(Uuid),
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The trust.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The server.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The request could not be written down.
    #[error("the request cannot be packed: {0}")]
    Pack(#[from] std::io::Error),
}

/// Joins a server and keeps the identity in `state`.
///
/// # Errors
/// The state, the trust, or the server; asking again does no harm.
pub fn enroll(state: &StateDir, enrolment: &Enrolment, options: &Options) -> Result<Enrolled, EnrollError> {
    let _lock = state.lock()?;
    if !enrolment.force {
        match state.identity() {
            Ok(identity) => return Ok(Enrolled::Already(identity.agent_id)),
            Err(StateError::NotEnrolled(_) | StateError::Revoked(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if enrolment.server.is_exposed() {
        let advice = "use https, or http on this machine only";
        log::warn(
            "the way to the server is not encrypted",
            &[("server", &enrolment.server), ("advice", &advice)],
        );
    }
    let client = Client::new(&enrolment.server, &enrolment.trust)?;
    let (key, stored) = state.enrolling_key()?;
    let mut request = EnrollRequest::of(
        &collect(options),
        enrolment.activation_key.clone(),
        key.public(),
        VERSION.into(),
        state.previous_agent_id(),
    );
    request.customer_id = enrolment.customer_id;
    let body = pack(&serde_json::to_vec(&request).map_err(std::io::Error::from)?)?;
    let response: EnrollResponse = client.post(ENROLL_PATH, &body, &key, None)?;
    let identity =
        Identity::new(response.agent_id, enrolment.server.clone(), enrolment.trust.clone(), &stored);
    state.keep_identity(&identity)?;
    Ok(Enrolled::Now(response.agent_id))
}
