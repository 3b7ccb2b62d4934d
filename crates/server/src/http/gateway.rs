//! Calls of the gateway: signed in, routed by the family's table, checked, counted, and handed to their operation.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use jiff::Timestamp;
use platform::gateway::{
    self, Family, Fault, Form, GatewayError, GatewayInput, GatewayOperation, GatewayReply, GatewayRouted,
    Place, Shape, TextStream,
};
use platform::{Call, Interrupted, Permission};
use qps::Format;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::body::{self, Body};
use super::door::Refusal;
use super::limits::Quota;
use super::operation::{Wishes, unread};
use super::origin::Origin;
use super::sink::{Begun, Content, Sink};
use super::{App, door, download, qps_calls, respond};

const JSON: &str = "application/json";

/// A call that was let in, with all that it brought.
struct Work {
    family: &'static Family,
    operation: &'static GatewayOperation,
    call: Call,
    input: GatewayInput,
    body: body::Read,
    wishes: Wishes,
    quota: Option<Quota>,
}

/// A refusal, and what is told of the limit.
struct Refused(GatewayError, Option<Quota>);

/// Answers a call.
pub(super) async fn serve(
    app: &Arc<App>,
    origin: &Origin,
    family: &'static Family,
    request: Request<Incoming>,
) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let (mut response, quota) = match admit(app, origin, family, &parts, &mut body).await {
        Ok(work) => {
            let quota = work.quota;
            (run(app, family, work).await, quota)
        }
        Err(Refused(error, quota)) => {
            body::drain(&parts.headers, &mut body).await;
            let mut response = refusal(family, &error, app.clock.now());
            if error.status == 405 {
                respond::add_allowed(&mut response, gateway::methods_at(family, parts.uri.path()));
            }
            (response, quota)
        }
    };
    if let Some(quota) = quota {
        quota.tell(&mut response);
    }
    response
}

/// Lets a call in: who, what, whether they may, how often, and with what.
async fn admit(
    app: &Arc<App>,
    origin: &Origin,
    family: &'static Family,
    parts: &Parts,
    body: &mut Incoming,
) -> Result<Work, Refused> {
    let refused = |error: GatewayError| Refused(error, None);
    let signed_in =
        door::enter(app, origin, &parts.headers).await.map_err(|why| refused(turned_away(family, why)))?;
    let (operation, path) = match gateway::route(family, parts.method.as_str(), parts.uri.path()) {
        GatewayRouted::To(operation, path) => (operation, path),
        GatewayRouted::Refused(error) => return Err(refused(error)),
    };
    let (caller, peer, now) = (signed_in.caller, Some(origin.peer), app.clock.now());
    let call = Call { platform: app.platform.clone(), caller, peer, now };
    for permission in [Permission::ApiAccess, operation.permission] {
        call.demand(permission).map_err(|error| refused(error.into_gateway(family)))?;
    }
    let quota = app.calls.take(operation, now);
    if quota.is_some_and(|quota| quota.wait > 0) {
        let message = "This call was called too often. Wait as long as X-RateLimit-ToWait-Sec says.";
        let error = GatewayError::fault(family, Fault::TooMany, message);
        // The older calls say it by another status (`contract/gateway.md 5.2`).
        let error = if family.shape == Shape::Simple { error.with_status(409) } else { error };
        return Err(Refused(error, quota));
    }
    let read = body::read(body, operation.body.limit(), &app.room).await;
    let body = read.map_err(|why| Refused(platform::Error::from(unread(why)).into_gateway(family), quota))?;
    let headers = operation.parameters.iter().filter(|one| one.place == Place::Header).filter_map(|one| {
        let value = parts.headers.get(one.name)?;
        // What is no text is no good value either; the operation says so.
        Some((one.name, value.to_str().unwrap_or("\u{fffd}").to_owned()))
    });
    let wishes = qps_calls::wishes(&parts.headers);
    let input = GatewayInput {
        path,
        query: qps::Query::parse(parts.uri.query().unwrap_or_default()),
        headers: headers.collect(),
        content_type: wishes.content_type.clone(),
        body: Vec::new(),
        base: origin.url(""),
    };
    Ok(Work { family, operation, call, input, body, wishes, quota })
}

fn turned_away(family: &'static Family, why: Refusal) -> GatewayError {
    let fault = |fault, message: String| GatewayError::fault(family, fault, message);
    match why {
        Refusal::Needed => fault(
            Fault::Unauthorized,
            "Unauthorized user: send Authorization: Bearer with a token of POST /auth.".into(),
        ),
        Refusal::Wrong => fault(Fault::Unauthorized, "Unauthorized user: login or password is wrong.".into()),
        Refusal::Token(bad) => {
            fault(Fault::Unauthorized, format!("Unauthorized user: {bad}. Get a new one with POST /auth."))
        }
        Refusal::TooMany => fault(
            Fault::TooMany,
            "Too many sign-in attempts from this address are waiting already. Wait a few seconds.".into(),
        ),
        Refusal::NoApiAccess => fault(Fault::Forbidden, "You have no access to the API.".into()),
        Refusal::Fault(error) => error.into_gateway(family),
    }
}

async fn run(app: &App, family: &'static Family, work: Work) -> Response<Body> {
    let (tell, told) = oneshot::channel();
    spawn_blocking(move || work.carry_out(tell));
    let (content, form) = match told.await {
        Ok(Begun { content, form, .. }) => (content, form),
        // A thread that ends without a word panicked, and its log entry says where.
        Err(_) => {
            let message = "The request could not be carried out because of a fault in the server.";
            return refusal(family, &GatewayError::fault(family, Fault::Server, message), app.clock.now());
        }
    };
    match content {
        Content::Refused(error) => refusal(family, &error.into_gateway(family), app.clock.now()),
        Content::Whole { body, is_packed } => success(Body::whole(body), form, is_packed),
        Content::Coming { pieces, is_packed } => success(Body::Coming(pieces), form, is_packed),
        Content::File(file) => download::part_of(file, None),
    }
}

impl Work {
    fn carry_out(mut self, tell: oneshot::Sender<Begun>) {
        let mut sink = Sink::new(Format::Json, self.wishes.pack, tell);
        let body = std::mem::take(&mut self.body.bytes);
        match body::unpack(body, self.wishes.encoding.as_deref(), self.operation.body.limit()) {
            Ok(body) => self.input.body = body,
            Err(reason) => return sink.refuse(unread(reason)),
        }
        match self.family.carry_out(self.operation, &self.call, self.input) {
            Ok(GatewayReply::Json(value)) => sink.finish(value.to_string().into_bytes()),
            Ok(GatewayReply::Stream(write)) => stream(write, sink),
            Ok(GatewayReply::Text(form, write)) => {
                sink.set_form(form);
                stream(write, sink);
            }
            Err(error) => sink.refuse(error),
        }
    }
}

fn stream(write: TextStream, mut sink: Sink) {
    let mut text = Vec::new();
    match write(&mut text, &mut |text| sink.flush_text(text)) {
        Ok(()) => sink.finish(text),
        Err(Interrupted::Gone) => tracing::debug!("the caller went away in the middle of an answer"),
        Err(Interrupted::Store(error)) => sink.refuse(error),
    }
}

fn success(body: Body, form: Option<Form>, is_packed: bool) -> Response<Body> {
    let content_type = match form {
        None => JSON,
        Some(Form::Xml) => "text/xml; charset=utf-8",
        Some(Form::Csv) => "text/csv; charset=utf-8",
        // A file that is packed, not a text that is packed on its way: clients unpack it themselves.
        Some(Form::PackedJson) => return respond::with_body(StatusCode::OK, "application/gzip", body),
    };
    let mut response = respond::with_body(StatusCode::OK, content_type, body);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_packed {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn refusal(family: &Family, error: &GatewayError, now: Timestamp) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match family.shape {
        Shape::Gateway => respond::content(status, JSON, error.body().to_string()),
        Shape::Simple => respond::content(status, "text/xml; charset=utf-8", error.simple_return(now)),
    };
    respond::add_advice(&mut response);
    if status == StatusCode::UNAUTHORIZED && family.shape == Shape::Gateway {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Redoubt\""));
    }
    response
}
