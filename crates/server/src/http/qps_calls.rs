//! Calls below `/qps/rest/`: signed in, routed by the operation table, checked, and handed to their operation.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use jiff::Timestamp;
use platform::{Call, Operation, Permission, Platform, Routed};
use qps::ServiceError;

use super::body::{self, Body};
use super::download::Part;
use super::limits::{Crowd, Quota, Turn};
use super::operation::{self, Wishes, Work};
use super::origin::Origin;
use super::respond::{self, VERSION_SCHEMA};
use super::{App, door};

/// A refusal, and the schema that its answer names.
struct Refused {
    error: ServiceError,
    schema: &'static str,
    told: Limits,
}

/// What is told of the limits, where there are any.
#[derive(Clone, Copy, Default)]
struct Limits {
    quota: Option<Quota>,
    crowd: Option<Crowd>,
}

impl Limits {
    fn tell(self, response: &mut Response<Body>) {
        if let Some(quota) = self.quota {
            quota.tell(response);
        }
        if let Some(crowd) = self.crowd {
            crowd.tell(response);
        }
    }
}

impl From<ServiceError> for Refused {
    fn from(error: ServiceError) -> Self {
        Self { error, schema: VERSION_SCHEMA, told: Limits::default() }
    }
}

/// Answers a call.
pub(super) async fn serve(app: &Arc<App>, origin: &Origin, request: Request<Incoming>) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let wishes = wishes(&parts.headers);
    let format = wishes.format();
    match admit(app, origin, &parts, &mut body, wishes).await {
        Ok((work, told)) => {
            let mut response = operation::run(work).await;
            told.tell(&mut response);
            response
        }
        Err(refused) => {
            body::drain(&parts.headers, &mut body).await;
            let mut response = respond::refusal(origin, format, refused.schema, &refused.error);
            if refused.error.http_status() == 405 {
                respond::add_allowed(&mut response, methods_at(parts.uri.path()));
            }
            refused.told.tell(&mut response);
            response
        }
    }
}

/// Lets a call in: who, what, whether they may, and with what.
async fn admit(
    app: &Arc<App>,
    origin: &Origin,
    parts: &Parts,
    body: &mut Incoming,
    wishes: Wishes,
) -> Result<(Work, Limits), Refused> {
    let signed_in = door::sign_in(app, origin, &parts.headers).await?;
    let path = parts.uri.path();
    let (operation, id) = match Platform::route(parts.method.as_str(), path) {
        Routed::To(operation, id) => (operation, id),
        Routed::Refused(error) => return Err(error.into()),
    };
    let schema = operation.schema;
    let refused =
        |error: ServiceError| Refused { error: operation.refuse(error), schema, told: Limits::default() };
    let (caller, peer, now) = (signed_in.caller, Some(origin.peer), app.clock.now());
    let call = Call { platform: app.platform.clone(), caller, peer, now };
    for permission in [Permission::ApiAccess, operation.permission] {
        call.demand(permission).map_err(|error| refused(error.into_service()))?;
    }
    let (turn, told) =
        let_in(app, operation, now).map_err(|(error, told)| Refused { error, schema, told })?;
    let read = body::read(body, qps::Limits::default().bytes, &app.room).await;
    let body =
        read.map_err(|reason| Refused { error: operation.refuse(operation::unread(reason)), schema, told })?;
    let query = qps::Query::parse(parts.uri.query().unwrap_or_default());
    let (part, origin) = (Part::of(&parts.headers), origin.clone());
    Ok((Work { operation, call, id, query, body, wishes, part, origin, turn }, told))
}

/// Counts a call. How many run is looked at first, and its refusal wins (`contract/qps.md 12`).
fn let_in(
    app: &App,
    operation: &'static Operation,
    now: Timestamp,
) -> Result<(Option<Turn>, Limits), (ServiceError, Limits)> {
    let refused = |message: &str, resolution: &str, told: Limits| {
        (ServiceError::invalid_request(message, resolution).with_status(409), told)
    };
    let (mut told, mut turn) = (Limits::default(), None);
    if let Some((crowd, begun)) = app.qps_running.begin(operation) {
        told.crowd = Some(crowd);
        turn = Some(begun.ok_or_else(|| {
            let message = "Too many calls of this operation run at the moment.";
            refused(message, "Wait until one of them has ended, then repeat the request.", told)
        })?);
    }
    told.quota = app.qps_calls.take(operation, now);
    if told.quota.is_some_and(|quota| quota.wait > 0) {
        let message = "This operation was called too often in the last hour.";
        let resolution = "Wait for as many seconds as X-RateLimit-ToWait-Sec says, then repeat the request.";
        return Err(refused(message, resolution, told));
    }
    Ok((turn, told))
}

/// What the headers say about formats.
pub(super) fn wishes(headers: &HeaderMap) -> Wishes {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Wishes {
        content_type: text(CONTENT_TYPE),
        encoding: text(CONTENT_ENCODING),
        accept: text(ACCEPT),
        pack: headers.get_all(ACCEPT_ENCODING).iter().any(|value| value.to_str().is_ok_and(takes_gzip)),
    }
}

/// Whether an `Accept-Encoding` names gzip and does not exclude it.
fn takes_gzip(header: &str) -> bool {
    header.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        is_gzip
            && quality.is_none_or(|quality| quality.trim().parse::<f32>().is_ok_and(|quality| quality > 0.0))
    })
}

/// The methods that the operations at a path take.
fn methods_at(path: &str) -> impl Iterator<Item = &'static str> {
    let wanted = qps::Path::parse(path).ok();
    let here = Platform::operations().iter().filter(move |one| {
        wanted.is_some_and(|path| {
            let route = one.route;
            (route.version, route.verb, route.module, route.object)
                == (path.version, path.operation, path.module, path.object)
        })
    });
    here.flat_map(|one| one.methods).map(|method| method.name())
}

/// Refuses a method in the words of the QPS API, at a path that is no operation.
pub(super) fn refuse_method(
    origin: &Origin,
    request: &Request<Incoming>,
    taken: &[Method],
) -> Response<Body> {
    let names: Vec<_> = taken.iter().map(Method::as_str).collect();
    let error = ServiceError::invalid_request(
        format!("The method {} is not supported for {}.", request.method(), request.uri().path()),
        format!("Use {}.", names.join(" or ")),
    );
    let format = wishes(request.headers()).format();
    let mut response = respond::refusal(origin, format, VERSION_SCHEMA, &error.with_status(405));
    respond::add_allowed(&mut response, names.into_iter());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_used_for_those_who_name_it() {
        for header in ["gzip", "deflate, GZIP", "gzip;q=0.5, identity", "br, gzip; q=1"] {
            assert!(takes_gzip(header), "{header}");
        }
        for header in ["", "identity", "deflate", "gzip;q=0", "gzip; q=0.0", "*", "gzipped"] {
            assert!(!takes_gzip(header), "{header}");
        }
    }
}
