//! HTTP: from a connection to an answer.
//!
//! It stands on hyper itself. The routes come from two tables (the platform's operations and [`endpoints`]), limits on
//! time and size belong to the connection, and answers stream from threads that may wait: a router and its
//! middleware would only stand between these.
//!
//! - Whoever is not signed in makes the server read no body, parse nothing and open no session.
//! - Nothing that may wait (hashing, the database, an operation) runs on a thread of the event loop; only what the
//!   platform offers as `async` does.
//! - An answer that was begun ends whole, or its connection is cut: half an answer never looks like a whole one.

mod agents;
mod apidocs;
mod body;
mod door;
mod download;
pub(crate) mod endpoints;
mod gate;
mod gateway;
mod health;
mod limits;
mod line;
mod listen;
mod operation;
mod origin;
mod patient;
mod probes;
mod qps_calls;
mod respond;
mod schemas;
mod sink;
mod tokens;

use std::sync::Arc;
use std::time::Instant;

use hyper::body::Incoming;
use hyper::{Request, Response};
use platform::Platform;
use store::Clock;
use tokio::sync::Semaphore;

use body::Room;
use endpoints::{Endpoint, Place};
use gate::Gate;
use limits::{Calls, Running};
use line::Line;
use origin::Origin;

pub(crate) use listen::{Connections, Listener};

/// Enrolments at once.
const ENROLMENTS: usize = 16;

/// What an administrator may choose about the way calls are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// The HTTP status of `INVALID_CREDENTIALS`: 401, or the recorded 200 (`contract/qps.md 3`).
    pub(crate) wrong_password_status: u16,
    /// Whether `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    pub(crate) trust_proxy: bool,
    /// How often each call of the gateway may be called in an hour; none for no limit.
    pub(crate) gateway_calls_per_hour: Option<u32>,
    /// How often each call of QPS may be called in an hour; none for no limit.
    pub(crate) qps_calls_per_hour: Option<u32>,
    /// How many of each call of QPS may run at once; none for no limit.
    pub(crate) qps_calls_at_once: Option<u32>,
}

/// What every call needs.
pub(crate) struct App {
    pub(crate) platform: Arc<Platform>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) manners: Manners,
    /// Whether what reads the database must not run on a thread of the event loop.
    readers_wait: bool,
    gate: Arc<Gate>,
    calls: Calls,
    qps_calls: Calls,
    qps_running: Running,
    /// For the bodies of requests.
    room: Room,
    /// How many enrolments are read at once: their senders are not known yet.
    enrolments: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(
        platform: Arc<Platform>,
        clock: Arc<dyn Clock>,
        manners: Manners,
        readers_wait: bool,
    ) -> Self {
        Self {
            platform,
            clock,
            manners,
            readers_wait,
            gate: Arc::new(Gate::default()),
            calls: Calls::of(manners.gateway_calls_per_hour),
            qps_calls: Calls::of(manners.qps_calls_per_hour),
            qps_running: Running::of(manners.qps_calls_at_once),
            room: Room::default(),
            enrolments: Arc::new(Semaphore::new(ENROLMENTS)),
        }
    }
}

/// Answers one request.
async fn answer(app: &Arc<App>, line: &Line, request: Request<Incoming>) -> Response<body::Body> {
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let origin = Origin::of(&request, line, app.manners.trust_proxy);
    let peer = origin.peer;
    let response = dispatch(app, origin, request).await;
    tracing::debug!(
        %method,
        path,
        status = response.status().as_u16(),
        milliseconds = begun.elapsed().as_secs_f64() * 1e3,
        %peer,
        "answered"
    );
    response
}

async fn dispatch(app: &Arc<App>, origin: Origin, request: Request<Incoming>) -> Response<body::Body> {
    let path = request.uri().path();
    let Some(endpoint) = endpoints::find(path) else {
        if endpoints::is_below(path, "qps") {
            return qps_calls::serve(app, &origin, request).await;
        }
        if let Some(family) = platform::gateway::family_at(Platform::gateway(), path) {
            return gateway::serve(app, &origin, family, request).await;
        }
        return respond::nothing_here(path);
    };
    if !endpoint.takes(request.method()) {
        return refuse_method(&origin, endpoint, &request);
    }
    match endpoint.place {
        Place::Root => health::welcome(),
        Place::Health => health::health(),
        Place::PortalVersion => probes::portal_version(app, &origin, request).await,
        Place::About => probes::about(app, &origin, request).await,
        Place::Schemas => schemas::serve(path),
        Place::Docs => apidocs::serve(&request),
        Place::Auth => tokens::auth(app, &origin, request).await,
        Place::AuthClient => tokens::auth_client(app, &origin, request).await,
        Place::Enroll => agents::enroll(app, &origin, request).await,
        Place::CheckIn => agents::check_in(app, &origin, request).await,
    }
}

fn refuse_method(origin: &Origin, endpoint: &Endpoint, request: &Request<Incoming>) -> Response<body::Body> {
    let method = request.method();
    match endpoint.place {
        Place::PortalVersion => qps_calls::refuse_method(origin, request, endpoint.methods),
        Place::Enroll | Place::CheckIn => agents::refuse_method(method, endpoint),
        Place::Auth | Place::AuthClient => tokens::refuse_method(method, endpoint),
        Place::Root | Place::Health | Place::About | Place::Schemas | Place::Docs => {
            respond::method_not_allowed(method, endpoint.path, endpoint.methods)
        }
    }
}
