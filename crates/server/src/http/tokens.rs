//! Bearer tokens: `POST /auth` for a login and a password, `/auth/oidc` and `/auth/oauth` for a client's id and secret
//! (`contract/gateway.md 2 and 3`).

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::HeaderName;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use platform::users::{Credentials, Token};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::body::{self, Body};
use super::door::{self, Refusal};
use super::endpoints::Endpoint;
use super::origin::Origin;
use super::{App, respond};

/// The longest form.
const LONGEST: usize = 64 << 10;
const CLIENT_ID: HeaderName = HeaderName::from_static("clientid");
const CLIENT_SECRET: HeaderName = HeaderName::from_static("clientsecret");
const TEXT: &str = "text/plain;charset=UTF-8";

/// A refusal: status and words.
struct Refused(StatusCode, String);

impl Refused {
    fn bad(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, message.into())
    }
}

/// `POST /auth`.
pub(super) async fn auth(app: &Arc<App>, origin: &Origin, request: Request<Incoming>) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let read = body::read(&mut body, LONGEST, &app.room).await;
    let form = match read {
        Ok(read) => Form::read(&parts.headers, &read.bytes),
        Err(reason) => {
            body::drain(&parts.headers, &mut body).await;
            Err(Refused::bad(format!("The form can't be read: {reason}.")))
        }
    };
    answer(StatusCode::CREATED, async { issue(app, origin, form?).await }.await)
}

/// `POST /auth/oidc` and `/auth/oauth`. A client is a user here, its id their login and its secret their password.
pub(super) async fn auth_client(
    app: &Arc<App>,
    origin: &Origin,
    request: Request<Incoming>,
) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    body::drain(&parts.headers, &mut body).await;
    let header = |name: HeaderName| {
        let value = parts.headers.get(&name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if value.is_empty() {
            Err(Refused::bad(format!("The header {name} is missing.")))
        } else {
            Ok(value.to_owned())
        }
    };
    let form = || {
        let credentials = Credentials { login: header(CLIENT_ID)?, password: header(CLIENT_SECRET)? };
        Ok(Form { credentials, permissions: false, names: "client id or client secret" })
    };
    answer(StatusCode::OK, async { issue(app, origin, form()?).await }.await)
}

/// What a caller signs in with.
struct Form {
    credentials: Credentials,
    /// Whether their permissions shall be among the claims.
    permissions: bool,
    /// What the two are called here.
    names: &'static str,
}

impl Form {
    /// Reads a form. Its `Content-Type` may be missing or misspelt, as a sample of the documentation has it; JSON is
    /// refused in words, as clients that tried it need them.
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        let content_type = headers.get(hyper::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|given| given.contains("json")) || body.trim_ascii().starts_with(b"{") {
            let message = "Send a form: Content-Type application/x-www-form-urlencoded with the fields username, \
                           password and token=true.";
            return Err(Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, message.into()));
        }
        let text = std::str::from_utf8(body).map_err(|_| Refused::bad("The form is not UTF-8."))?;
        let form = qps::Query::parse_form(text.trim_end_matches(['\r', '\n']));
        let field = |name: &str| {
            let value = form.get(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| Refused::bad(format!("The field {name} is missing.")))
        };
        let (login, password) = (field("username")?.to_owned(), field("password")?.to_owned());
        if !field("token")?.eq_ignore_ascii_case("true") {
            return Err(Refused::bad("The field token must be true."));
        }
        let permissions = form.get("permissions").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(Self { credentials: Credentials { login, password }, permissions, names: "user name or password" })
    }
}

async fn issue(app: &Arc<App>, origin: &Origin, form: Form) -> Result<Token, Refused> {
    let (permissions, names, peer) = (form.permissions, form.names, origin.peer);
    let caller =
        door::by_password(app, origin, form.credentials).await.map_err(|refusal| refused(refusal, names))?;
    let inside = app.clone();
    let work = move || {
        let (access, store) = (inside.platform.access(), inside.platform.store());
        access.issue(store, &caller, peer, permissions, inside.clock.now())
    };
    match spawn_blocking(work).await {
        Ok(Ok(Some(token))) => Ok(token),
        Ok(Ok(None)) => Err(refused(Refusal::Wrong, names)),
        Ok(Err(error)) => Err(refused(Refusal::Fault(error.into()), names)),
        Err(_) => Err(Refused(StatusCode::INTERNAL_SERVER_ERROR, "The server failed.".into())),
    }
}

fn refused(refusal: Refusal, names: &str) -> Refused {
    match refusal {
        Refusal::Wrong | Refusal::Needed | Refusal::Token(_) => {
            Refused(StatusCode::UNAUTHORIZED, format!("Authentication failed: invalid {names}."))
        }
        Refusal::NoApiAccess => Refused(StatusCode::FORBIDDEN, "You have no access to the API.".into()),
        Refusal::TooMany => {
            let message = "Too many sign-in attempts from this address are waiting already.";
            Refused(StatusCode::TOO_MANY_REQUESTS, message.into())
        }
        Refusal::Fault(error) => {
            let error = error.into_service();
            let status =
                StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Refused(status, error.message)
        }
    }
}

/// A token goes out bare: clients take the whole body for it.
fn answer(success: StatusCode, issued: Result<Token, Refused>) -> Response<Body> {
    match issued {
        Ok(token) => respond::content(success, TEXT, token.reveal().to_owned()),
        Err(Refused(status, message)) => {
            let mut response = refusal(status, &message);
            respond::add_advice(&mut response);
            // A browser that is asked for Basic would open a window of its own over the page that signs in here.
            response.headers_mut().remove(hyper::header::WWW_AUTHENTICATE);
            response
        }
    }
}

/// In all shapes that clients know (`contract/gateway.md 6.1`).
fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let code = status.as_u16();
    let body = json!({
        "_error": { "code": code, "message": message },
        "errorCode": code.to_string(),
        "message": message,
    });
    respond::content(status, "application/json", body.to_string())
}

/// Refuses a method.
pub(super) fn refuse_method(method: &Method, endpoint: &Endpoint) -> Response<Body> {
    let message = format!("The method {method} is not supported for {}. Use POST.", endpoint.path);
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, &message);
    respond::add_allowed(&mut response, endpoint.methods.iter().map(Method::as_str));
    response
}
