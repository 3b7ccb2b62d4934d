//! Signing in: HTTP Basic, a bearer token (`contract/gateway.md 4`), the headers `user` and `password`, or the cookie of
//! a session (`contract/qps.md 3`). What is given first in this order decides: a wrong password is wrong even beside a
//! good cookie.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName};
use platform::Caller;
use platform::users::{BadToken, Credentials, SignInError};
use qps::ServiceError;
use tokio::task::spawn_blocking;

use super::App;
use super::gate::counted;
use super::origin::Origin;

/// The cookie that clients know (`contract/qps.md 3`).
pub(super) const SESSION_COOKIE: &str = "JSESSIONID";
const USER: HeaderName = HeaderName::from_static("user");
const PASSWORD: HeaderName = HeaderName::from_static("password");
/// Some clients leave out the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Somebody who signed in.
pub(super) struct SignedIn {
    /// Who.
    pub(super) caller: Caller,
    /// Whether by password; else by a session.
    pub(super) by_password: bool,
}

/// Why nobody was let in. Each door says it in its own words.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nothing to sign in with came.
    Needed,
    /// The login or the password is wrong.
    Wrong,
    /// The token is not good (any more).
    Token(BadToken),
    /// Too many wait already.
    TooMany,
    /// They may not use the API.
    NoApiAccess,
    /// The server failed.
    Fault(platform::Error),
}

impl Refusal {
    /// In the words of the QPS API.
    fn into_service(self, app: &App) -> ServiceError {
        match self {
            Self::Needed => ServiceError::credentials_needed(),
            Self::Wrong => ServiceError::invalid_credentials().with_status(app.manners.wrong_password_status),
            Self::Token(_) => ServiceError::invalid_credentials(),
            Self::TooMany => ServiceError::invalid_request(
                "Too many sign-in attempts from this address are waiting already.",
                "Wait a few seconds, check the password, and try again.",
            )
            .with_status(429),
            Self::NoApiAccess => ServiceError::unauthorized(),
            Self::Fault(error) => error.into_service(),
        }
    }

    fn broken() -> Self {
        Self::Fault(ServiceError::other("Signing in failed because of a fault in the server.").into())
    }
}

/// What a request brings to sign in with.
#[derive(Debug, PartialEq, Eq)]
enum Given {
    Password(Credentials),
    /// Meant as a password, and unreadable.
    Unreadable,
    Token(String),
    Session(String),
    Nothing,
}

/// Signs a request in.
///
/// # Errors
/// The refusal, in the words of the QPS API.
pub(super) async fn sign_in(
    app: &Arc<App>,
    origin: &Origin,
    headers: &HeaderMap,
) -> Result<SignedIn, ServiceError> {
    enter(app, origin, headers).await.map_err(|refusal| refusal.into_service(app))
}

/// Signs a request in.
///
/// # Errors
/// Why not.
pub(super) async fn enter(app: &Arc<App>, origin: &Origin, headers: &HeaderMap) -> Result<SignedIn, Refusal> {
    match given(headers) {
        Given::Password(credentials) => {
            by_password(app, origin, credentials).await.map(|caller| SignedIn { caller, by_password: true })
        }
        Given::Unreadable => Err(Refusal::Wrong),
        Given::Token(token) => {
            let caller = by_token(app, token).await?;
            Ok(SignedIn { caller, by_password: false })
        }
        Given::Session(token) => {
            let caller = by_session(app, token).await?.ok_or(Refusal::Needed)?;
            Ok(SignedIn { caller, by_password: false })
        }
        Given::Nothing => Err(Refusal::Needed),
    }
}

/// Whoever a login and a password belong to.
pub(super) async fn by_password(
    app: &Arc<App>,
    origin: &Origin,
    credentials: Credentials,
) -> Result<Caller, Refusal> {
    if let Some(caller) = app.platform.access().recall(&credentials, app.clock.now()) {
        return Ok(caller);
    }
    let peer = counted(origin.peer);
    let turn = app.gate.turn(peer).await.map_err(|_| Refusal::TooMany)?;
    let inside = app.clone();
    let work = move || {
        let _turn = turn;
        let (access, now) = (inside.platform.access(), inside.clock.now());
        // Somebody may have verified the same password while this one waited.
        match access.recall(&credentials, now) {
            Some(caller) => Ok(caller),
            None => access.sign_in(inside.platform.store(), &credentials, peer, now),
        }
    };
    match spawn_blocking(work).await {
        Ok(Ok(caller)) => Ok(caller),
        Ok(Err(SignInError::Wrong)) => Err(Refusal::Wrong),
        Ok(Err(SignInError::TooMany)) => Err(Refusal::TooMany),
        Ok(Err(SignInError::NoApiAccess)) => Err(Refusal::NoApiAccess),
        Ok(Err(SignInError::Store(error))) => Err(Refusal::Fault(error.into())),
        Err(_) => Err(Refusal::broken()),
    }
}

async fn by_token(app: &Arc<App>, token: String) -> Result<Caller, Refusal> {
    let inside = app.clone();
    let work = move || inside.platform.access().by_token(inside.platform.store(), &token, inside.clock.now());
    match spawn_blocking(work).await {
        Ok(Ok(found)) => found.map_err(Refusal::Token),
        Ok(Err(error)) => Err(Refusal::Fault(error.into())),
        Err(_) => Err(Refusal::broken()),
    }
}

async fn by_session(app: &Arc<App>, token: String) -> Result<Option<Caller>, Refusal> {
    let inside = app.clone();
    let work =
        move || inside.platform.access().by_session(inside.platform.store(), &token, inside.clock.now());
    match spawn_blocking(work).await {
        Ok(found) => found.map_err(|error| Refusal::Fault(error.into())),
        Err(_) => Err(Refusal::broken()),
    }
}

fn given(headers: &HeaderMap) -> Given {
    if let Some(basic) = headers.get(AUTHORIZATION).and_then(|value| basic(value.as_bytes())) {
        return credentials(basic).map_or(Given::Unreadable, Given::Password);
    }
    if let Some(token) = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes())) {
        return Given::Token(token);
    }
    if let (Some(user), Some(password)) = (headers.get(USER), headers.get(PASSWORD)) {
        let (login, password) = (text(user.as_bytes()).into_owned(), text(password.as_bytes()).into_owned());
        return Given::Password(Credentials { login, password });
    }
    session(headers).map_or(Given::Nothing, Given::Session)
}

/// What follows the word `Basic`; other schemes than this and `Bearer` are not ours to judge.
fn basic(header: &[u8]) -> Option<&[u8]> {
    after(header, b"Basic ")
}

/// A token, after the word `Bearer` or without it, as one sample of the documentation sends it.
fn bearer(header: &[u8]) -> Option<String> {
    let is_bare = || header.starts_with(b"eyJ") && header.iter().filter(|byte| **byte == b'.').count() == 2;
    let token = after(header, b"Bearer ").or_else(|| is_bare().then(|| header.trim_ascii()))?;
    Some(text(token).into_owned())
}

fn after<'h>(header: &'h [u8], word: &[u8]) -> Option<&'h [u8]> {
    let (scheme, rest) = header.split_at_checked(word.len())?;
    scheme.eq_ignore_ascii_case(word).then(|| rest.trim_ascii())
}

fn credentials(encoded: &[u8]) -> Option<Credentials> {
    let decoded = BASE64.decode(encoded).ok()?;
    let text = text(&decoded);
    let (login, password) = text.split_once(':')?;
    Some(Credentials { login: login.to_owned(), password: password.to_owned() })
}

/// UTF-8; what is none is Latin-1, as older clients write it.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

fn session(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, token) = pairs.find(|(name, _)| *name == SESSION_COOKIE)?;
    Some(token.trim_matches('"').to_owned()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(list: &[(HeaderName, &[u8])]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap())).collect()
    }

    fn password(login: &str, password: &str) -> Given {
        Given::Password(Credentials { login: login.into(), password: password.into() })
    }

    #[test]
    fn a_password_may_hold_colons_and_letters_of_any_kind() {
        let basic = |decoded: &[u8]| {
            let header =
                format!("bAsIc  {}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(decoded));
            given(&headers(&[(AUTHORIZATION, header.as_bytes())]))
        };
        assert_eq!(basic(b"kim:a:b"), password("kim", "a:b"));
        assert_eq!(basic("kim:gr\u{fc}n".as_bytes()), password("kim", "gr\u{fc}n"));
        assert_eq!(basic(b"kim:gr\xfcn"), password("kim", "gr\u{fc}n"));
        assert_eq!(basic(b"kim"), Given::Unreadable);
    }

    #[test]
    fn what_can_not_be_decoded_is_a_wrong_password_and_other_schemes_are_none() {
        assert_eq!(given(&headers(&[(AUTHORIZATION, b"Basic ***")])), Given::Unreadable);
        assert_eq!(given(&headers(&[(AUTHORIZATION, b"Digest abc")])), Given::Nothing);
        assert_eq!(given(&headers(&[(AUTHORIZATION, b"Basic")])), Given::Nothing);
    }

    #[test]
    fn a_token_may_lack_the_word_before_it() {
        for header in ["Bearer eyJa.b.c", "bearer  eyJa.b.c", "eyJa.b.c"] {
            assert_eq!(
                given(&headers(&[(AUTHORIZATION, header.as_bytes())])),
                Given::Token("eyJa.b.c".into())
            );
        }
        assert_eq!(given(&headers(&[(AUTHORIZATION, b"eyJa.b")])), Given::Nothing);
    }

    #[test]
    fn basic_goes_before_the_header_pair_and_that_before_the_cookie() {
        let cookie: (HeaderName, &[u8]) = (COOKIE, b"a=b; JSESSIONID=\"T1\"; c=d");
        let pair: [(HeaderName, &[u8]); 2] = [(USER, b"lee"), (PASSWORD, b"secret")];
        assert_eq!(given(&headers(std::slice::from_ref(&cookie))), Given::Session("T1".into()));
        let [user, secret] = pair;
        assert_eq!(
            given(&headers(&[cookie.clone(), user.clone(), secret.clone()])),
            password("lee", "secret")
        );
        assert_eq!(given(&headers(&[cookie.clone(), user.clone()])), Given::Session("T1".into()));
        let all = headers(&[cookie, user, secret, (AUTHORIZATION, b"Basic a2ltOng=")]);
        assert_eq!(given(&all), password("kim", "x"));
        assert_eq!(given(&HeaderMap::new()), Given::Nothing);
    }
}
