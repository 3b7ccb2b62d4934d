//! Keys and signatures of agents: Ed25519.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ContentHash, Text};

/// The public half of an agent's key pair; base64 of its 32 bytes in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// An agent's key pair. Never printed.
pub struct AgentKey(Ed25519KeyPair);

/// A key pair or public key cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The system gave no random numbers.
    #[error("no key pair could be made: the system gives no random numbers")]
    NoRandom,
    /// Not a stored key pair.
    #[error("this is not an Ed25519 key pair in PKCS#8")]
    NotPkcs8,
    /// Not a public key.
    #[error("an Ed25519 public key is base64 of 32 bytes")]
    NotPublic,
}

/// A signature does not belong to the request and key, or is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not belong to this request and key")]
pub struct BadSignature;

impl AgentKey {
    /// Makes a new key pair; the bytes (PKCS#8) are what to store.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<(Self, Vec<u8>), BadKey> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| BadKey::NoRandom)?;
        let key = Self::from_pkcs8(document.as_ref())?;
        Ok((key, document.as_ref().to_vec()))
    }

    /// Reads a stored key pair.
    ///
    /// # Errors
    /// It is not one.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, BadKey> {
        Ed25519KeyPair::from_pkcs8(bytes).map(Self).map_err(|_| BadKey::NotPkcs8)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey(bytes)
    }

    /// The value of the signature header for a request with this body (as sent, so after packing).
    pub fn sign(&self, method: &str, path: &str, body: &[u8]) -> String {
        BASE64.encode(self.0.sign(signed_text(method, path, body).as_bytes()))
    }
}

/// Whether `signature` (the header's value) was made by the holder of `key` for exactly this request.
///
/// # Errors
/// It was not.
pub fn verify(
    key: &PublicKey,
    method: &str,
    path: &str,
    body: &[u8],
    signature: &str,
) -> Result<(), BadSignature> {
    let signature = BASE64.decode(signature.trim()).map_err(|_| BadSignature)?;
    let text = signed_text(method, path, body);
    UnparsedPublicKey::new(&ED25519, key.0).verify(text.as_bytes(), &signature).map_err(|_| BadSignature)
}

fn signed_text(method: &str, path: &str, body: &[u8]) -> String {
    format!("redoubt-agent-v1\n{method}\n{path}\n{}", ContentHash::of(body))
}

impl PublicKey {
    /// Takes the 32 bytes of a key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads base64 of 32 bytes.
    ///
    /// # Errors
    /// It is something else.
    pub fn from_base64(text: &str) -> Result<Self, BadKey> {
        let bytes = BASE64.decode(text).map_err(|_| BadKey::NotPublic)?;
        bytes.try_into().map(Self).map_err(|_| BadKey::NotPublic)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for AgentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgentKey(of {})", self.public())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Self::from_base64(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_own_request_and_key_only() {
        let (key, stored) = AgentKey::generate().unwrap();
        let signature = AgentKey::from_pkcs8(&stored).unwrap().sign("POST", "/a", b"body");
        let public = key.public();
        assert_eq!(verify(&public, "POST", "/a", b"body", &signature), Ok(()));
        assert_eq!(verify(&public, "PUT", "/a", b"body", &signature), Err(BadSignature));
        assert_eq!(verify(&public, "POST", "/b", b"body", &signature), Err(BadSignature));
        assert_eq!(verify(&public, "POST", "/a", b"bodY", &signature), Err(BadSignature));
        let (other, _) = AgentKey::generate().unwrap();
        assert_eq!(verify(&other.public(), "POST", "/a", b"body", &signature), Err(BadSignature));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let (key, _) = AgentKey::generate().unwrap();
        for text in ["", "=", "AAAA", "no base64 at all", &"A".repeat(88)] {
            assert_eq!(verify(&key.public(), "POST", "/", b"", text), Err(BadSignature), "{text}");
        }
    }

    /// RFC 8032, 7.1, test 1: the key pair whose public half everyone knows.
    #[test]
    fn the_public_half_is_the_one_that_the_standard_gives() {
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
            .parse::<ContentHash>()
            .unwrap();
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
            .parse::<ContentHash>()
            .unwrap();
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed.as_bytes(), public.as_bytes()).unwrap();
        assert_eq!(AgentKey(pair).public().as_bytes(), public.as_bytes());
    }

    #[test]
    fn a_public_key_reads_as_it_prints() {
        let (key, _) = AgentKey::generate().unwrap();
        assert_eq!(PublicKey::from_base64(&key.public().to_string()).unwrap(), key.public());
        for text in ["", "AAAA", "***"] {
            assert_eq!(PublicKey::from_base64(text), Err(BadKey::NotPublic));
        }
    }
}
