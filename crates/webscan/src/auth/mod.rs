//! Logging in: authentication records (`contract/was.md 8`), and the proof that a scan is logged in.

mod form;
mod keep;
mod proof;
mod recorded;

pub use keep::Keeper;
pub use proof::LoginProof;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::{Client, Fault, Request, Response, Target};
use crate::session::Session;
use proof::is_refused;

/// A field of a form record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Field {
    /// The control's name; `username` and `password` stand for whatever controls are meant (STANDARD).
    pub name: String,
    /// What is typed.
    #[serde(default)]
    pub value: String,
}

/// How a form record works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FormKind {
    /// A user name and a password, in the form that asks for them.
    #[default]
    Standard,
    /// Fields by their names.
    Custom,
    /// A script in Selenium's side format, which a browser runs.
    Selenium,
}

/// A login form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormRecord {
    /// How it works.
    #[serde(default, rename = "type")]
    pub kind: FormKind,
    /// What is typed.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Whether it may be sent over TLS only.
    #[serde(default)]
    pub ssl_only: bool,
    /// Where the form is; searched for when it is not said.
    #[serde(default)]
    pub login_url: Option<String>,
    /// The script, for SELENIUM.
    #[serde(default)]
    pub selenium_script: Option<SideScript>,
}

/// A recorded script: the text of a `.side` file, or as on the wire (`contract/was.md 8`). `@@authusername@@` and
/// `@@authpassword@@` in it stand for the fields `username` and `password`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SideScript {
    /// The text alone.
    Text(String),
    /// With its name, and what is seen when it has worked.
    Named {
        /// Its name.
        #[serde(default)]
        name: Option<String>,
        /// The text.
        data: String,
        /// What the page shows in the end: a regular expression.
        #[serde(default)]
        regex: Option<String>,
    },
}

/// A login that is a call, and answers with a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRecord {
    /// The call.
    pub request: Request,
    /// Where the token is in the JSON answer (RFC 6901); the whole answer when empty.
    #[serde(default)]
    pub pointer: String,
    /// The header that carries it: `Authorization` unless told otherwise.
    #[serde(default)]
    pub header: Option<String>,
    /// What goes before it: `Bearer ` unless told otherwise.
    #[serde(default)]
    pub prefix: Option<String>,
}

/// An account of HTTP's own authentication.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BasicRecord {
    /// The user.
    pub username: String,
    /// The password.
    pub password: String,
}

/// How to see whether one is logged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckRecord {
    /// A page that users see.
    pub url: String,
    /// What it says to them alone: a regular expression.
    pub regex: String,
}

/// An authentication record. Several kinds may be there together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthRecord {
    /// Its name.
    pub name: Option<String>,
    /// A login form.
    pub form_record: Option<FormRecord>,
    /// HTTP Basic.
    pub basic: Option<BasicRecord>,
    /// A bearer token.
    pub bearer: Option<String>,
    /// A call that gives a token.
    pub token: Option<TokenRecord>,
    /// Headers that carry a login, `Name: value`.
    pub headers: Vec<String>,
    /// Cookies that carry a login, `name=value`.
    pub cookies: Vec<String>,
    /// How to see whether it worked; found out when it is not said.
    pub check: Option<CheckRecord>,
}

/// Why a login did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// No form was found.
    #[error("no login form was found at {0} or where it leads; say where it is with loginUrl")]
    NoForm(String),
    /// The form lacks a field.
    #[error("the login form at {0} has no field for '{1}'; name its fields with a CUSTOM record")]
    NoField(String, String),
    /// The record wants TLS.
    #[error("the login form at {0} is sent without TLS, and the record says sslOnly")]
    NoTls(String),
    /// It was sent, and nobody is logged in.
    #[error("the login was rejected: {0}")]
    Rejected(String),
    /// A browser is needed.
    #[error("a recorded script needs a browser: {0}")]
    Browser(String),
    /// The recorded script stopped.
    #[error("the recorded script did not come to its end: {0}")]
    Script(String),
    /// The record says nothing, or nonsense.
    #[error("the authentication record can't be used: {0}")]
    Record(String),
    /// There was no answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A login that worked.
#[derive(Debug, Clone)]
pub struct Login {
    /// Who the scan is now.
    pub session: Session,
    /// How it is seen.
    pub proof: LoginProof,
    /// How it was done, in words, for QID 150007.
    pub method: String,
}

/// Redirects that are followed after a login.
const REDIRECTS: usize = 6;

/// Logs in; whether it worked is seen where links lead, and at the `places` that are known otherwise.
///
/// # Errors
/// [`LoginError`]: no form, a rejected login, no answer.
pub async fn log_in(
    client: &Client,
    start: &Target,
    record: &AuthRecord,
    places: &[Target],
) -> Result<Login, LoginError> {
    let mut session = Session::default();
    let mut landed = None;
    let mut methods = Vec::new();
    for header in &record.headers {
        let (name, value) =
            header.split_once(':').ok_or_else(|| LoginError::Record(format!("'{header}' is no header")))?;
        session.headers.push((name.trim().to_owned(), value.trim().to_owned()));
        methods.push(format!("header {}", name.trim()));
    }
    for cookie in &record.cookies {
        if let Some((cookie, _)) = crate::session::Cookie::read(&format!("{cookie}; path=/"), start) {
            methods.push(format!("cookie {}", cookie.name));
            session.cookies.push(cookie);
        }
    }
    if let Some(basic) = &record.basic {
        let pair = BASE64_STANDARD.encode(format!("{}:{}", basic.username, basic.password));
        session.headers.push(("Authorization".to_owned(), format!("Basic {pair}")));
        methods.push("HTTP Basic".to_owned());
    }
    if let Some(bearer) = &record.bearer {
        session.headers.push(("Authorization".to_owned(), format!("Bearer {bearer}")));
        methods.push("bearer token".to_owned());
    }
    if let Some(token) = &record.token {
        session.headers.push(fetch_token(client, &session, token).await?);
        methods.push(format!("token from {}", token.request.url));
    }
    if let Some(form) = &record.form_record {
        if form.kind == FormKind::Selenium {
            landed = Some(recorded::play(client, start, form, &mut session).await?);
            methods.push("recorded script".to_owned());
        } else {
            let (url, page) = form::submit(client, start, form, &mut session).await?;
            methods.push(format!("form {url}"));
            landed = Some(page);
        }
    }
    let fields = record.form_record.iter().flat_map(|form| &form.fields);
    session.secrets = fields
        .filter(|field| matches!(field.name.as_str(), "username" | "password"))
        .map(|field| (format!("auth{}", field.name), field.value.clone()))
        .collect();
    if methods.is_empty() {
        return Err(LoginError::Record(
            "it has no form, basic, bearer, token, headers or cookies".to_owned(),
        ));
    }
    let proof =
        proof::find(client, start, landed.as_ref(), &session, (record.check.as_ref(), places)).await?;
    Ok(Login { session, proof, method: methods.join(", ") })
}

async fn fetch_token(
    client: &Client,
    session: &Session,
    record: &TokenRecord,
) -> Result<(String, String), LoginError> {
    let answer = client.send(&session.dress(&record.request)).await?;
    let rejected = |why: &str| {
        LoginError::Rejected(format!(
            "{} answered with status {} and {why}",
            record.request.url, answer.status
        ))
    };
    if answer.status >= 400 {
        return Err(rejected("no token"));
    }
    let token = if record.pointer.is_empty() {
        answer.text().trim().to_owned()
    } else {
        let value: Value = serde_json::from_str(answer.text()).map_err(|_| rejected("no JSON"))?;
        let token = value.pointer(&record.pointer).and_then(Value::as_str).map(str::to_owned);
        token.ok_or_else(|| rejected(&format!("nothing at {}", record.pointer)))?
    };
    let header = record.header.clone().unwrap_or_else(|| "Authorization".to_owned());
    Ok((header, format!("{}{token}", record.prefix.as_deref().unwrap_or("Bearer "))))
}

/// Sends a request and follows where it is sent on to; takes in the cookies on the way.
pub(crate) async fn follow(
    client: &Client,
    session: &mut Session,
    request: Request,
) -> Result<(Target, Response), Fault> {
    let mut request = request;
    for _ in 0..REDIRECTS {
        let response = client.send(&session.dress(&request)).await?;
        session.absorb(&request.url, &response);
        let Some(next) = response.location().and_then(|place| request.url.join(place)) else {
            return Ok((request.url, response));
        };
        request = Request::get(next);
    }
    Err(Fault::Broken("too many redirects".to_owned()))
}
