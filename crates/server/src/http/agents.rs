//! The agents' own calls. Thousands of them come every second, so they stay on the threads of the event loop; the
//! platform answers them without waiting.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use inventory::protocol::{AGENT_HEADER, MAX_BODY, Refusal, RefusalCode, SIGNATURE_HEADER};
use platform::agents::AgentRequest;
use tokio::task::spawn_blocking;

use super::App;
use super::body::{self, Body, Read, Unread};
use super::endpoints::Endpoint;
use super::origin::Origin;
use super::respond;

/// `POST /agent/v1/enroll`. Its sender is anybody, and it may unpack to a lot: it is read elsewhere, few at once.
pub(super) async fn enroll(app: &Arc<App>, origin: &Origin, request: Request<Incoming>) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let body = read(app, &parts, &mut body).await;
    let turn = app.enrolments.clone().acquire_owned().await;
    let (platform, peer) = (app.platform.clone(), origin.peer);
    let work = async move {
        let _turn = turn;
        platform::agents::enroll(&platform, asked(&parts, peer, &body?)).await
    };
    answer(elsewhere(work).await)
}

/// `POST /agent/v1/checkin`.
pub(super) async fn check_in(app: &Arc<App>, origin: &Origin, request: Request<Incoming>) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let body = read(app, &parts, &mut body).await;
    let (platform, peer) = (app.platform.clone(), origin.peer);
    let work = async move { platform::agents::check_in(&platform, asked(&parts, peer, &body?)).await };
    // Where the database is another machine, it may keep a reader waiting.
    answer(if app.readers_wait { elsewhere(work).await } else { work.await })
}

/// Does the work on a thread that may wait.
async fn elsewhere<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    let fault =
        |_| Refusal { code: RefusalCode::Other, message: "a fault in the server; its log says more".into() };
    spawn_blocking(move || wait(work)).await.unwrap_or_else(|error| Err(fault(error)))
}

/// Waits on this thread, outside of any runtime: the client of PostgreSQL brings one of its own, and they do not nest.
fn wait<T>(work: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

async fn read(app: &App, parts: &Parts, body: &mut Incoming) -> Result<Read, Refusal> {
    let reason = match body::read(body, MAX_BODY, &app.room).await {
        Ok(body) => return Ok(body),
        Err(reason) => reason,
    };
    body::drain(&parts.headers, body).await;
    let code = match reason {
        Unread::TooLarge(_) => RefusalCode::TooLarge,
        Unread::NoRoom => RefusalCode::Busy,
        _ => RefusalCode::Malformed,
    };
    Err(Refusal { code, message: format!("the body can't be read: {reason}") })
}

fn asked<'a>(parts: &'a Parts, peer: IpAddr, body: &'a Read) -> AgentRequest<'a> {
    let headers = &parts.headers;
    AgentRequest {
        agent: text(headers, AGENT_HEADER),
        signature: text(headers, SIGNATURE_HEADER),
        encoding: text(headers, CONTENT_ENCODING.as_str()),
        body: &body.bytes,
        peer: Some(peer),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn answer<T: serde::Serialize>(result: Result<T, Refusal>) -> Response<Body> {
    match result {
        Ok(answer) => json(StatusCode::OK, &answer),
        Err(refusal) => {
            let status =
                StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = json(status, &refusal);
            if status == StatusCode::SERVICE_UNAVAILABLE {
                respond::add_advice(&mut response);
            }
            response
        }
    }
}

fn json(status: StatusCode, message: &impl serde::Serialize) -> Response<Body> {
    // The messages of the protocol have no shape that JSON lacks.
    let body = serde_json::to_vec(message).unwrap_or_default();
    respond::content(status, "application/json", body)
}

/// Refuses a method in the words of the protocol.
pub(super) fn refuse_method(method: &Method, endpoint: &Endpoint) -> Response<Body> {
    let message = format!("the method {method} is not supported for {}; use POST", endpoint.path);
    let mut response =
        json(StatusCode::METHOD_NOT_ALLOWED, &Refusal { code: RefusalCode::Malformed, message });
    respond::add_allowed(&mut response, endpoint.methods.iter().map(Method::as_str));
    response
}
