//! What a certificate says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;

/// Most names that are kept of one certificate.
const NAMES: usize = 500;
/// Most characters of a name.
const NAME: usize = 512;

/// A certificate as a server shows it. Nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// Whom it is for, such as `CN=shop.example.test, O=Lab`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The common name of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// The names it is valid for: DNS names and addresses of the subject's alternative names, in their order.
    #[serde(default)]
    pub names: Vec<String>,
    /// Serial number in hexadecimal digits.
    pub serial: String,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// The public key.
    pub key: Key,
    /// Signature algorithm, such as `ecdsa-with-SHA256`, or its object identifier.
    pub signature: String,
    /// SHA-256 of the DER in hexadecimal digits.
    pub sha256: String,
    /// Whether subject and issuer are the same name.
    pub self_issued: bool,
    /// Whether it may sign other certificates.
    pub is_authority: bool,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// `RSA`, `EC`, `DSA`, or an object identifier.
    pub algorithm: String,
    /// Size in bits, where it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
}

/// Bytes that are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server's certificate can't be read: {0}")]
pub struct BadCertificate(String);

impl Certificate {
    /// Reads a certificate in DER (RFC 5280).
    ///
    /// # Errors
    /// When the bytes are no certificate.
    pub fn read(der: &[u8]) -> Result<Self, BadCertificate> {
        let (_, x509) = X509Certificate::from_der(der).map_err(|error| BadCertificate(error.to_string()))?;
        let time = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|error| BadCertificate(error.to_string()))
        };
        Ok(Self {
            subject: name(x509.subject()),
            issuer: name(x509.issuer()),
            common_name: x509
                .subject()
                .iter_common_name()
                .next()
                .and_then(|one| one.as_str().ok())
                .map(clean),
            names: names(&x509),
            serial: hex(x509.raw_serial()),
            not_before: time(x509.validity().not_before)?,
            not_after: time(x509.validity().not_after)?,
            key: key(&x509),
            signature: algorithm(&x509.signature_algorithm.algorithm.to_id_string()),
            sha256: hex(ring::digest::digest(&ring::digest::SHA256, der).as_ref()),
            self_issued: x509.subject().as_raw() == x509.issuer().as_raw(),
            is_authority: x509.is_ca(),
        })
    }

    /// Whether it is valid at a moment, by its dates alone.
    #[must_use]
    pub fn is_valid_at(&self, moment: Timestamp) -> bool {
        self.not_before <= moment && moment <= self.not_after
    }

    /// Whole days from a moment to the end of validity; negative when it has ended.
    #[must_use]
    pub fn days_left(&self, moment: Timestamp) -> i64 {
        (self.not_after.as_second() - moment.as_second()).div_euclid(86_400)
    }
}

fn name(name: &X509Name<'_>) -> String {
    clean(&name.to_string())
}

/// Without control characters, and of a bounded length: it goes to terminals and tables.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(NAME).collect()
}

fn names(x509: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternative)) = x509.subject_alternative_name() else { return Vec::new() };
    let shown = alternative.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(clean(name)),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    shown.take(NAMES).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| Ipv6Addr::from(sixteen).to_string())
}

fn key(x509: &X509Certificate<'_>) -> Key {
    let bits = |bits: usize| u32::try_from(bits).ok();
    match x509.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) => Key { algorithm: "RSA".into(), bits: bits(rsa.key_size()) },
        Ok(PublicKey::EC(point)) => Key { algorithm: "EC".into(), bits: bits(point.key_size()) },
        Ok(PublicKey::DSA(_)) => Key { algorithm: "DSA".into(), bits: None },
        _ => Key { algorithm: algorithm(&x509.public_key().algorithm.algorithm.to_id_string()), bits: None },
    }
}

/// The names of algorithms that are met, by RFC 3279, 4055, 5758 and 8410.
fn algorithm(identifier: &str) -> String {
    let known = match identifier {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => other,
    };
    known.to_owned()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().take(64).fold(String::new(), |mut text, byte| {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
