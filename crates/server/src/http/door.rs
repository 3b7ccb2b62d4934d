//! Signing in: HTTP Basic, the headers `user` and `password`, or the cookie of a session (`contract/qps.md 3`). What is
//! given first in this order decides: a wrong password is wrong even beside a good cookie.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName};
use platform::Caller;
use platform::users::{Credentials, SignInError};
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

/// What a request brings to sign in with.
#[derive(Debug, PartialEq, Eq)]
enum Given {
    Password(Credentials),
    /// Meant as a password, and unreadable.
    Unreadable,
    Session(String),
    Nothing,
}

/// Signs a request in.
///
/// # Errors
/// The refusal, in the words of the wire.
pub(super) async fn sign_in(
    app: &Arc<App>,
    origin: &Origin,
    headers: &HeaderMap,
) -> Result<SignedIn, ServiceError> {
    match given(headers) {
        Given::Password(credentials) => {
            by_password(app, origin, credentials).await.map(|caller| SignedIn { caller, by_password: true })
        }
        Given::Unreadable => Err(wrong(app)),
        Given::Session(token) => {
            let caller = by_session(app, token).await?.ok_or_else(ServiceError::credentials_needed)?;
            Ok(SignedIn { caller, by_password: false })
        }
        Given::Nothing => Err(ServiceError::credentials_needed()),
    }
}

async fn by_password(
    app: &Arc<App>,
    origin: &Origin,
    credentials: Credentials,
) -> Result<Caller, ServiceError> {
    if let Some(caller) = app.platform.access().recall(&credentials, app.clock.now()) {
        return Ok(caller);
    }
    let peer = counted(origin.peer);
    let turn = app.gate.turn(peer).await.map_err(|_| too_many())?;
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
        Ok(Err(SignInError::Wrong)) => Err(wrong(app)),
        Ok(Err(SignInError::TooMany)) => Err(too_many()),
        Ok(Err(SignInError::NoApiAccess)) => Err(ServiceError::unauthorized()),
        Ok(Err(SignInError::Store(error))) => Err(platform::Error::from(error).into_service()),
        Err(_) => Err(ServiceError::other("Signing in failed because of a fault in the server.")),
    }
}

async fn by_session(app: &Arc<App>, token: String) -> Result<Option<Caller>, ServiceError> {
    let inside = app.clone();
    let work =
        move || inside.platform.access().by_session(inside.platform.store(), &token, inside.clock.now());
    match spawn_blocking(work).await {
        Ok(found) => found.map_err(|error| platform::Error::from(error).into_service()),
        Err(_) => Err(ServiceError::other("Signing in failed because of a fault in the server.")),
    }
}

fn wrong(app: &App) -> ServiceError {
    ServiceError::invalid_credentials().with_status(app.manners.wrong_password_status)
}

fn too_many() -> ServiceError {
    ServiceError::invalid_request(
        "Too many sign-in attempts from this address are waiting already.",
        "Wait a few seconds, check the password, and try again.",
    )
    .with_status(429)
}

fn given(headers: &HeaderMap) -> Given {
    if let Some(basic) = headers.get(AUTHORIZATION).and_then(|value| basic(value.as_bytes())) {
        return credentials(basic).map_or(Given::Unreadable, Given::Password);
    }
    if let (Some(user), Some(password)) = (headers.get(USER), headers.get(PASSWORD)) {
        let (login, password) = (text(user.as_bytes()).into_owned(), text(password.as_bytes()).into_owned());
        return Given::Password(Credentials { login, password });
    }
    session(headers).map_or(Given::Nothing, Given::Session)
}

/// What follows the word `Basic`; other schemes are not ours to judge.
fn basic(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked("Basic ".len())?;
    scheme.eq_ignore_ascii_case(b"Basic ").then(|| rest.trim_ascii())
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
        assert_eq!(given(&headers(&[(AUTHORIZATION, b"Bearer abc")])), Given::Nothing);
        assert_eq!(given(&headers(&[(AUTHORIZATION, b"Basic")])), Given::Nothing);
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
