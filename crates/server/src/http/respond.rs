//! Making responses.

use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Method, Response, StatusCode};
use qps::{Format, ServiceError};

use super::body::Body;
use super::origin::Origin;

/// The schema of answers that belong to no object, below `/qps/xsd/` (`contract/qps.md 15`).
pub(super) use platform::VERSION_SCHEMA;
/// How long to stay away after "too many" and "busy", in seconds.
const STAY_AWAY: &str = "5";
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"Redoubt\", charset=\"UTF-8\"");

/// A response of this type and content.
pub(super) fn content(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    with_body(status, content_type, Body::whole(body.into()))
}

/// A response of this type; its body may be still to come.
pub(super) fn with_body(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

/// The URL of a schema on the host that the caller used.
pub(super) fn schema_location(origin: &Origin, schema: &str) -> String {
    origin.url(&format!("/qps/xsd/{schema}"))
}

/// A refusal in the words of the QPS API.
pub(super) fn refusal(origin: &Origin, format: Format, schema: &str, error: &ServiceError) -> Response<Body> {
    let body = qps::error(format, &schema_location(origin, schema), error);
    let mut response = content(status(error), format.content_type(), body);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    add_advice(&mut response);
    response
}

/// The status of an error.
pub(super) fn status(error: &ServiceError) -> StatusCode {
    StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Adds the headers that belong to a status.
pub(super) fn add_advice(response: &mut Response<Body>) {
    match response.status() {
        StatusCode::UNAUTHORIZED => drop(response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE)),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(STAY_AWAY));
        }
        _ => {}
    }
}

/// Says which methods a path takes.
pub(super) fn add_allowed<'m>(response: &mut Response<Body>, methods: impl Iterator<Item = &'m str>) {
    let mut names: Vec<_> = methods.collect();
    names.sort_unstable();
    names.dedup();
    add(response, ALLOW, &names.join(", "));
}

/// Adds a header; text that no header can hold is left out.
pub(super) fn add(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// A few lines for people.
pub(super) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    content(status, "text/plain; charset=utf-8", text)
}

/// A path of no API.
pub(super) fn nothing_here(path: &str) -> Response<Body> {
    let shown: String = path.chars().take(200).collect();
    text(StatusCode::NOT_FOUND, format!("There is nothing at {shown}. The API is below /qps/rest/.\n"))
}

/// A method that a path outside the QPS API does not take.
pub(super) fn method_not_allowed(method: &Method, path: &str, taken: &[Method]) -> Response<Body> {
    let names: Vec<_> = taken.iter().map(Method::as_str).collect();
    let body = format!("The method {method} is not supported for {path}. Use {}.\n", names.join(" or "));
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, body);
    add_allowed(&mut response, names.into_iter());
    response
}
