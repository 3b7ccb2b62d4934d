//! The calls with which clients find out whether they can sign in: `portal/version` (`contract/qps.md 13`) and
//! `/msp/about.php` (`contract/gateway.md 1`). The versions are our own.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderName, SET_COOKIE};
use hyper::{Request, Response, StatusCode};
use qps::{Head, Projection, ResponseCode, ServiceError, Writer};

use super::body::{self, Body};
use super::door::{SESSION_COOKIE, SignedIn};
use super::origin::Origin;
use super::respond::{self, VERSION_SCHEMA};
use super::{App, door, qps_calls};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What there is none of yet.
const NONE: &str = "0.0.0";

/// The limits that SDKs read as numbers. There are none here, so they are out of reach, and nothing counts.
const LIMITS: [(&str, &str); 6] = [
    ("x-ratelimit-limit", "1000000"),
    ("x-ratelimit-window-sec", "3600"),
    ("x-ratelimit-remaining", "1000000"),
    ("x-ratelimit-towait-sec", "0"),
    ("x-concurrency-limit-limit", "1000000"),
    ("x-concurrency-limit-running", "0"),
];

/// `GET /qps/rest/portal/version`. Whoever signs in by password gets a session to go on with.
pub(super) async fn portal_version(
    app: &Arc<App>,
    origin: &Origin,
    request: Request<Incoming>,
) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let format = qps_calls::wishes(&parts.headers).format();
    body::drain(&parts.headers, &mut body).await;
    let signed_in = match door::sign_in(app, origin, &parts.headers).await {
        Ok(signed_in) => signed_in,
        Err(error) => return respond::refusal(origin, format, VERSION_SCHEMA, &error),
    };
    let location = respond::schema_location(origin, VERSION_SCHEMA);
    let mut response = respond::content(StatusCode::OK, format.content_type(), versions(format, &location));
    if let Some(cookie) = session_cookie(app, origin, &signed_in) {
        respond::add(&mut response, SET_COOKIE, &cookie);
    }
    response
}

fn versions(format: qps::Format, location: &str) -> Vec<u8> {
    let mut writer = Writer::new(format, location, Projection::all());
    writer.success(Head::count(1));
    writer.record("Portal-Version", |versions| {
        versions.text("PortalApplication-VERSION", VERSION);
        versions.text("ITAM-VERSION", VERSION);
        versions.text("WAS-VERSION", VERSION);
        versions.text("CA-VERSION", VERSION);
    });
    writer.record("QWeb-Version", |versions| {
        versions.text("WEB-VERSION", VERSION);
        versions.text("SCANNER-VERSION", NONE);
        versions.text("VULNSIGS-VERSION", NONE);
    });
    writer.finish()
}

fn session_cookie(app: &Arc<App>, origin: &Origin, signed_in: &SignedIn) -> Option<String> {
    if !signed_in.by_password {
        return None;
    }
    let token = app.platform.access().open_session(&signed_in.caller, app.clock.now())?;
    let secure = if origin.is_secure { "; Secure" } else { "" };
    Some(format!("{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Strict{secure}", token.reveal()))
}

/// `GET /msp/about.php`.
pub(super) async fn about(app: &Arc<App>, origin: &Origin, request: Request<Incoming>) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    body::drain(&parts.headers, &mut body).await;
    if let Err(error) = door::sign_in(app, origin, &parts.headers).await {
        return simple_return(app, &error);
    }
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ABOUT>
  <API-VERSION MAJOR="1" MINOR="0"/>
  <WEB-VERSION>{VERSION}</WEB-VERSION>
  <SCANNER-VERSION>{NONE}</SCANNER-VERSION>
  <VULNSIGS-VERSION>{NONE}</VULNSIGS-VERSION>
</ABOUT>
"#
    );
    let mut response = respond::content(StatusCode::OK, "text/xml; charset=utf-8", body);
    add_limits(&mut response);
    response
}

/// A refusal in the words of the older APIs, whose clients go by the status alone.
fn simple_return(app: &App, error: &ServiceError) -> Response<Body> {
    let (status, code, text) = match error.code {
        ResponseCode::InvalidCredentials => (StatusCode::UNAUTHORIZED, 2000, "Bad Login/Password"),
        ResponseCode::AuthCredentialsNeeded => {
            (StatusCode::UNAUTHORIZED, 2000, "Login and password are required")
        }
        ResponseCode::Unauthorized => (StatusCode::FORBIDDEN, 2003, "This account may not use the API"),
        _ if error.http_status() == 429 => {
            (StatusCode::TOO_MANY_REQUESTS, 1965, "Too many sign-in attempts are waiting")
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, 999, "Internal error"),
    };
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<SIMPLE_RETURN>
  <RESPONSE>
    <DATETIME>{}</DATETIME>
    <CODE>{code}</CODE>
    <TEXT>{text}</TEXT>
  </RESPONSE>
</SIMPLE_RETURN>
"#,
        app.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    let mut response = respond::content(status, "text/xml; charset=utf-8", body);
    respond::add_advice(&mut response);
    add_limits(&mut response);
    response
}

fn add_limits(response: &mut Response<Body>) {
    for (name, value) in LIMITS {
        respond::add(response, HeaderName::from_static(name), value);
    }
}
