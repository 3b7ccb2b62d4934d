//! Tokens as they stand in requests (RFC 7519), and forged ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::named;
use super::secrets::{of_words, usual};
use crate::own_key;

/// A token, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// The header.
    pub(super) header: Value,
    /// The claims.
    pub(super) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

/// Longest token that is looked at.
const LONGEST: usize = 16 << 10;

impl Token {
    /// Reads a value that is a token, with or without `Bearer` before it.
    pub(super) fn read(value: &str) -> Option<Self> {
        let value = value.trim();
        let value = value.strip_prefix("Bearer ").unwrap_or(value);
        let mut parts = value.split('.');
        let (head, body, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || value.len() > LONGEST {
            return None;
        }
        let read = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).ok()?).ok();
        let (header, claims) = (read(head)?, read(body)?);
        header.get("alg")?.as_str()?;
        claims.as_object()?;
        let signature = BASE64.decode(signature).ok()?;
        Some(Self { header, claims, signed: format!("{head}.{body}"), signature })
    }

    /// The algorithm that it says it is signed with.
    pub(super) fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }

    /// When it ends, in seconds since 1970.
    pub(super) fn expires(&self) -> Option<i64> {
        self.claims.get("exp").and_then(Value::as_f64).map(|seconds| seconds as i64)
    }

    /// As it was issued.
    pub(super) fn whole(&self) -> String {
        format!("{}.{}", self.signed, BASE64.encode(&self.signature))
    }

    /// The same with a signature that nobody made.
    pub(super) fn unsigned(&self) -> String {
        let length = self.signature.len().max(32);
        let bytes: Vec<u8> = b"redoubt-probe-".iter().copied().cycle().take(length).collect();
        format!("{}.{}", self.signed, BASE64.encode(bytes))
    }

    /// The same with a signature of zeros, which holds for each key where nobody looks whether it is in range
    /// (CVE-2022-21449).
    pub(super) fn with_zeros(&self) -> String {
        format!("{}.{}", self.signed, BASE64.encode([0_u8; 64]))
    }

    /// The same without its signature.
    pub(super) fn cut(&self) -> String {
        format!("{}.", self.signed)
    }

    /// The same with other claims, and the signature that belongs to the old ones.
    pub(super) fn changed(&self) -> String {
        let mut claims = self.claims.clone();
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("rdbt".to_owned(), json!(1));
        }
        let head = self.signed.split('.').next().unwrap_or_default();
        format!("{head}.{}.{}", BASE64.encode(claims.to_string()), BASE64.encode(&self.signature))
    }

    /// The same with a word in place of each claim that is text, but for those that every token may have (RFC 7519, 4.1), or
    /// with those, too; signed by nobody. None where there is none.
    pub(super) fn saying(&self, word: &str, of_all: bool) -> Option<String> {
        const REGISTERED: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
        let mut claims = self.claims.clone();
        let texts = claims
            .as_object_mut()?
            .iter_mut()
            .filter(|(name, value)| value.is_string() && (of_all || !REGISTERED.contains(&name.as_str())));
        let count = texts.map(|(_, value)| *value = json!(word)).count();
        let head = self.signed.split('.').next().unwrap_or_default();
        let other = Self { signed: format!("{head}.{}", BASE64.encode(claims.to_string())), ..self.clone() };
        (count > 0).then(|| other.unsigned())
    }

    /// The same with the first four bytes of its signature, and others behind them or none; nothing for one hardly longer.
    pub(super) fn with_beginnings(&self) -> Vec<String> {
        let rest = self.signature.len().saturating_sub(4);
        let with = |others: usize| {
            let begin = self.signature.iter().take(4).copied();
            let bytes: Vec<u8> = begin.chain(std::iter::repeat_n(0x5a, others)).collect();
            format!("{}.{}", self.signed, BASE64.encode(bytes))
        };
        if rest >= 16 { vec![with(0), with(rest)] } else { Vec::new() }
    }

    /// The same claims with another header and no signature.
    pub(super) fn without_signature(&self, algorithm: &str) -> String {
        self.with_algorithm(Some(json!(algorithm)))
    }

    /// The same claims without a signature, with this for the algorithm, or without any.
    pub(super) fn with_algorithm(&self, algorithm: Option<Value>) -> String {
        let mut header = self.header.clone();
        if let Some(header) = header.as_object_mut() {
            match algorithm {
                Some(algorithm) => drop(header.insert("alg".to_owned(), algorithm)),
                None => drop(header.remove("alg")),
            }
        }
        format!("{}.{}.", BASE64.encode(header.to_string()), BASE64.encode(self.claims.to_string()))
    }

    /// The same claims and one more, signed with a shared secret; `header` overrides members of the header.
    pub(super) fn signed_with(&self, secret: &[u8], algorithm: &str, header: &[(&str, Value)]) -> String {
        let (mut head, mut claims) = (self.header.clone(), self.claims.clone());
        if let (Some(head), Some(claims)) = (head.as_object_mut(), claims.as_object_mut()) {
            head.insert("alg".to_owned(), json!(algorithm));
            for (name, value) in header {
                head.insert((*name).to_owned(), value.clone());
            }
            // What nobody else can have signed.
            claims.insert("rdbt".to_owned(), json!(1));
        }
        let signed = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hash(algorithm), secret), signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(tag))
    }

    /// The same claims and one more, signed with a key that the header itself brings along (RFC 7515, 4.1.3); and the same
    /// with a signature that nobody made.
    pub(super) fn with_own_key(&self) -> Option<(String, String)> {
        let chance = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).ok()?;
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &chance).ok()?;
        // An uncompressed point: one byte that says so, then both coordinates.
        let (x, y) = key.public_key().as_ref().get(1..)?.split_at_checked(32)?;
        let (mut head, mut claims) = (self.header.clone(), self.claims.clone());
        let members = head.as_object_mut()?;
        members.remove("kid");
        members.insert("alg".to_owned(), json!("ES256"));
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode(x), "y": BASE64.encode(y)});
        members.insert("jwk".to_owned(), jwk);
        claims.as_object_mut()?.insert("rdbt".to_owned(), json!(1));
        let signed = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let signature = key.sign(&chance, signed.as_bytes()).ok()?;
        let other = BASE64.encode([0x5a_u8; 64]);
        Some((format!("{signed}.{}", BASE64.encode(signature)), format!("{signed}.{other}")))
    }

    /// The same claims and one more, signed with our own RSA key, for which the header has what says where it is to be
    /// had; and the same with a signature that nobody made.
    pub(super) fn with_own_rsa(
        &self,
        kid: Option<&str>,
        header: &[(&str, Value)],
    ) -> Option<(String, String)> {
        let (mut head, mut claims) = (self.header.clone(), self.claims.clone());
        let members = head.as_object_mut()?;
        members.insert("alg".to_owned(), json!("RS256"));
        if let Some(kid) = kid {
            members.insert("kid".to_owned(), json!(kid));
        }
        for (name, value) in header {
            members.insert((*name).to_owned(), value.clone());
        }
        claims.as_object_mut()?.insert("rdbt".to_owned(), json!(1));
        let signed = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let signature = own_key::sign(signed.as_bytes())?;
        let other = BASE64.encode(vec![0x5a_u8; signature.len()]);
        Some((format!("{signed}.{}", BASE64.encode(signature)), format!("{signed}.{other}")))
    }

    /// The secret that it is signed with, where that is what the token says itself, what the site has `named` or shown, or made
    /// of its own `words`.
    pub(super) fn own_secret(&self, words: &[String], named: &[String]) -> Option<Vec<u8>> {
        let parts = [&self.header, &self.claims].into_iter().filter_map(Value::as_object);
        let parts = parts.flat_map(|part| part.values()).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let parts: Vec<String> = parts.collect();
        let said = parts.iter().chain(named).flat_map(|word| named::bytes(word));
        self.first_that_fits(said.chain(of_words(words)))
    }

    /// The secret that it is signed with, where that is a well-known word, made of some, or short.
    pub(super) fn usual_secret(&self) -> Option<Vec<u8>> {
        self.first_that_fits(usual())
    }

    fn first_that_fits(&self, mut candidates: impl Iterator<Item = Vec<u8>>) -> Option<Vec<u8>> {
        if !self.algorithm().starts_with("HS") {
            return None;
        }
        let fits = |secret: &Vec<u8>| {
            let key = hmac::Key::new(hash(self.algorithm()), secret);
            hmac::verify(&key, self.signed.as_bytes(), &self.signature).is_ok()
        };
        candidates.find(fits)
    }
}

fn hash(algorithm: &str) -> hmac::Algorithm {
    match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    }
}

/// A public key of a JWK (RFC 7517) as PEM, the form in which libraries keep it: one of RSA, or of the curve P-256.
pub(super) fn pem(key: &Value) -> Option<String> {
    let part = |name: &str| BASE64.decode(key.get(name)?.as_str()?.trim_end_matches('=')).ok();
    if key.get("crv").and_then(Value::as_str) == Some("P-256") {
        let (x, y) = (part("x")?, part("y")?);
        // id-ecPublicKey and prime256v1 (RFC 5480, 2.1.1), then an uncompressed point.
        let algorithm = [
            &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1][..],
            &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        ];
        let point = [vec![0, 4], x, y].concat();
        return Some(armored(&der(0x30, &[der(0x30, &algorithm.concat()), der(0x03, &point)].concat())));
    }
    let (modulus, exponent) = (part("n")?, part("e")?);
    let key = der(0x30, &[integer(&modulus), integer(&exponent)].concat());
    // rsaEncryption (RFC 8017, A.1).
    let algorithm = der(0x30, &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0]);
    Some(armored(&der(0x30, &[algorithm, der(0x03, &[vec![0], key].concat())].concat())))
}

/// A public key as text.
fn armored(whole: &[u8]) -> String {
    let text = base64::prelude::BASE64_STANDARD.encode(whole);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).filter_map(|at| text.get(at..(at + 64).min(text.len()))).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    der(0x02, &bytes)
}

/// One value of DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
            out.extend(bytes);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn tokens_are_taken_apart_and_known_secrets_found() {
        // The example of RFC 7515, A.1, and one signed with a word.
        let rfc = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let token = Token::read(&format!("Bearer {rfc}")).unwrap();
        assert_eq!(
            (token.algorithm(), token.expires(), token.usual_secret()),
            ("HS256", Some(1_300_819_380), None)
        );
        let signed_with = |secret: &str, words: &[String]| {
            let token = Token::read(&token.signed_with(secret.as_bytes(), "HS256", &[])).unwrap();
            token.own_secret(words, &[]).or_else(|| token.usual_secret())
        };
        for secret in [
            "my-super-secret-key",
            "JWT_SECRET_KEY",
            "jwtSecretKey",
            "secret2024",
            "Admin@123",
            "c2VjcmV0",
            "20180612",
            "483920",
            "abcd",
            "S3cr3t2019",
        ] {
            assert_eq!(signed_with(secret, &[]).as_deref(), Some(secret.as_bytes()), "{secret}");
        }
        for (secret, word) in [("5ebe2294ecd0e0f08eab7690d2a6ee69", "secret"), ("kingfisher", "kingfisher")] {
            let words = if word == "secret" { vec![] } else { vec![word.to_owned()] };
            assert_eq!(signed_with(secret, &words).as_deref(), Some(secret.as_bytes()), "{secret}");
        }
        assert_eq!(signed_with("joe", &[]).as_deref(), Some(b"joe".as_slice()), "its own claim");
        assert_eq!(signed_with("Walrus123", &[]).as_deref(), Some(b"Walrus123".as_slice()));
        assert_eq!(signed_with("bookshop_secret", &["bookshop".to_owned()]).unwrap(), b"bookshop_secret");
        assert_eq!(signed_with("bookshop_secret", &[]), None);
        assert_eq!(signed_with("0b7d5e1c9f3a48e2a6d4c8b1f0e39a75", &["bookshop".to_owned()]), None);
        let weak = Token::read(&token.signed_with(b"changeme", "HS512", &[])).unwrap();
        assert_eq!((weak.algorithm(), weak.usual_secret()), ("HS512", Some(b"changeme".to_vec())));
        assert_eq!(Token::read(&token.without_signature("none")).unwrap().algorithm(), "none");
        assert!(Token::read(&token.unsigned()).is_some());
        let (own, wrong) = token.with_own_key().unwrap();
        let verify = |text: &str| {
            let (signed, signature) = text.rsplit_once('.').unwrap();
            let jwk = Token::read(text).unwrap().header["jwk"].clone();
            let part = |name: &str| BASE64.decode(jwk[name].as_str().unwrap()).unwrap();
            let point = [vec![4], part("x"), part("y")].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            key.verify(signed.as_bytes(), &BASE64.decode(signature).unwrap()).is_ok()
        };
        assert!(verify(&own) && !verify(&wrong));
        let (ours, none) = token.with_own_rsa(Some("k"), &[("jku", json!("http://a.test/k.json"))]).unwrap();
        let read = Token::read(&ours).unwrap();
        assert_eq!(
            (read.algorithm(), &read.header["kid"], &read.header["jku"]),
            ("RS256", &json!("k"), &json!("http://a.test/k.json"))
        );
        assert_eq!(read.whole(), ours);
        assert_ne!(ours, none);
        for other in ["a.b.c", "1.2.3", "", "eyJhIjoxfQ.e30.x", "www.example.test"] {
            assert_eq!(Token::read(other), None, "{other}");
        }
    }

    #[test]
    fn keys_are_written_as_pem() {
        let key = json!({"kty": "RSA", "e": "AQAB", "n": BASE64.encode([0xc3_u8; 256])});
        let pem = pem(&key).unwrap();
        assert!(
            pem.starts_with("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"),
            "{pem}"
        );
        assert!(pem.ends_with("wIDAQAB\n-----END PUBLIC KEY-----\n") || pem.contains("IDAQAB\n"), "{pem}");
    }
}
