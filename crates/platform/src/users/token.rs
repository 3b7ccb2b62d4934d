//! Bearer tokens: signed claims that say who calls, for four hours (`contract/gateway.md 2`, `contract/oca.md 2.2`).
//!
//! - A token is checked by its signature alone, so every server with the same secret knows it. Its claims are for
//!   clients to read; what the caller may do is looked up anew on each call.
//! - It carries a mark of the user's password hash: a new password ends the tokens of the old one.
//! - A shell client decodes the claims with a plain base64 tool that wants no padding and no `-` or `_`: they are ASCII
//!   without the letters that would need these, and blanks fill them up.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac::{self, HMAC_SHA256};
use serde::{Deserialize, Serialize};
use store::Id;
use uuid::{Builder, Uuid};

use super::User;
use crate::call::Caller;
use crate::keys::Keys;
use crate::text::hex;

/// How long a token is good, in seconds.
pub const TOKEN_LIFETIME: i64 = 4 * 3_600;
/// The longest token that is looked at.
const LONGEST: usize = 4_096;
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// Modules of a subscription that are here, by the names that clients look for.
const MODULES: &[&str] = &["ITAM", "CA", "OCA", "VM AGENT", "PC SCANNER", "ADMIN"];

/// A signed token. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token as clients send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Why a token does not let anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It is none, or another installation signed it.
    #[error("the token is not valid")]
    Invalid,
    /// Its time is over, or the user's password is another one now.
    #[error("the token has expired")]
    Expired,
}

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    sub: String,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    login_response: String,
    successful_authentication_handlers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<IpAddr>,
    portal_user_id: u32,
    qweb_user_id: u32,
    usertype: String,
    credential_type: String,
    user_uuid: Uuid,
    customer_uuid: Uuid,
    modules_allowed: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<String>>,
    /// Of the password that the user had.
    mark: String,
}

/// A token that was signed here and is not over.
pub(super) struct Signed {
    pub(super) user: Id<User>,
    pub(super) mark: String,
}

/// Makes and reads tokens.
pub(super) struct Tokens {
    key: hmac::Key,
    /// Of the installation.
    customer: Uuid,
}

impl Tokens {
    pub(super) fn new(keys: &Keys) -> Self {
        Self {
            key: hmac::Key::new(HMAC_SHA256, &keys.derive("tokens")),
            customer: uuid(&keys.derive("customer")),
        }
    }

    /// The id of the installation.
    pub(super) fn customer(&self) -> Uuid {
        self.customer
    }

    /// The mark of a password hash.
    pub(super) fn mark(&self, hash: &str) -> String {
        let tag = hmac::sign(&self.key, format!("password:{hash}").as_bytes());
        hex(tag.as_ref().get(..8).unwrap_or_default())
    }

    /// A token for a caller; with what they may do among the claims if they asked for that.
    pub(super) fn issue(
        &self,
        caller: &Caller,
        mark: String,
        peer: IpAddr,
        permissions: bool,
        now: Timestamp,
    ) -> Token {
        let of_user = hmac::sign(&self.key, format!("user:{}", caller.user).as_bytes());
        let names = || caller.permissions.iter().map(|one| one.name().to_owned()).collect();
        let claims = Claims {
            sub: caller.login.clone(),
            iss: "qas".into(),
            aud: "qas".into(),
            iat: now.as_second(),
            exp: now.as_second() + TOKEN_LIFETIME,
            jti: Uuid::new_v4(),
            login_response: "SUCCESSFUL".into(),
            successful_authentication_handlers: vec!["password".into()],
            ip_address: Some(peer),
            portal_user_id: caller.user.get(),
            qweb_user_id: caller.user.get(),
            usertype: "fo".into(),
            credential_type: "password".into(),
            user_uuid: uuid(of_user.as_ref()),
            customer_uuid: self.customer,
            modules_allowed: MODULES.iter().map(|name| (*name).to_owned()).collect(),
            permissions: permissions.then(names),
            mark,
        };
        // A struct of texts and numbers has no shape that JSON lacks.
        let claims = plain(&serde_json::to_string(&claims).unwrap_or_default());
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, signed.as_bytes()));
        Token(format!("{signed}.{signature}"))
    }

    /// Whom a token is of.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<Signed, BadToken> {
        let claims = self.verified(token).ok_or(BadToken::Invalid)?;
        if now.as_second() >= claims.exp {
            return Err(BadToken::Expired);
        }
        Ok(Signed { user: Id::new(claims.portal_user_id), mark: claims.mark })
    }

    /// The signature counts only together with the one header that tokens have here.
    fn verified(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        let (header, claims) = signed.split_once('.')?;
        (URL_SAFE_NO_PAD.decode(header).ok()? == HEADER.as_bytes()).then_some(())?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

/// JSON in letters that base64 writes without `-` and `_`, of a length that needs no padding.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len() + 2);
    for letter in json.chars() {
        match letter {
            // Outside of texts JSON has none of these, and in texts an escape says the same.
            '>' | '?' | '~' | '\u{7f}' => plain.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter if letter.is_ascii() => plain.push(letter),
            letter => letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| plain.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    while !plain.len().is_multiple_of(3) {
        plain.push(' ');
    }
    plain
}

fn uuid(bytes: &[u8]) -> Uuid {
    let bytes: [u8; 16] = bytes.get(..16).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::Permissions;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn tokens() -> Tokens {
        Tokens::new(&Keys::open(None).unwrap())
    }

    fn caller(login: &str) -> Caller {
        Caller { user: Id::new(7), login: login.into(), permissions: Permissions::all(), scope: None }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_good_for_four_hours() {
        let tokens = tokens();
        let token = tokens.issue(&caller("kim"), "m".into(), HERE, true, at(1_000));
        let read =
            |second| tokens.read(token.reveal(), at(second)).map(|signed| (signed.user.get(), signed.mark));
        assert_eq!(read(1_000), Ok((7, "m".to_owned())));
        assert_eq!(read(1_000 + 14_399).map(|(user, _)| user), Ok(7));
        assert_eq!(read(1_000 + 14_400), Err(BadToken::Expired));
    }

    #[test]
    fn nothing_of_a_token_can_be_changed() {
        let tokens = tokens();
        let token = tokens.issue(&caller("kim"), "m".into(), HERE, false, at(0)).reveal().to_owned();
        let bad =
            |token: &str| assert_eq!(tokens.read(token, at(1)).err(), Some(BadToken::Invalid), "{token}");
        for place in 0..token.len() {
            // The last letter of a part may carry bits that say nothing; those must be refused, too.
            let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
            let (before, rest) = token.split_at(place);
            bad(&format!("{before}{other}{}", rest.get(1..).unwrap()));
            bad(before);
        }
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let claims = token.split('.').nth(1).unwrap();
        bad(&format!("{none}.{claims}."));
        bad(&format!("{none}.{claims}"));
        bad("");
        bad("...");
        bad(&"a".repeat(100_000));
        assert!(super::tests::tokens().read(&token, at(1)).is_err(), "of another installation");
    }

    #[test]
    fn a_plain_base64_decoder_reads_the_claims_of_any_login() {
        let tokens = tokens();
        for login in ["kim", "a?~>b", "gr\u{fc}n\u{1f600}", "\u{7f}\"\\"] {
            for extra in 0..3 {
                let login = format!("{login}{}", "x".repeat(extra));
                let token = tokens.issue(&caller(&login), "m".into(), HERE, true, at(0));
                let claims = token.reveal().split('.').nth(1).unwrap();
                let json: serde_json::Value =
                    serde_json::from_slice(&STANDARD.decode(claims).unwrap()).unwrap();
                assert_eq!(json["sub"], login.as_str());
                assert_eq!(json["exp"], 14_400);
                assert_eq!(tokens.read(token.reveal(), at(1)).unwrap().user.get(), 7);
            }
        }
    }
}
