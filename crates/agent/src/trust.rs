//! How the agent knows that a server is the right one.

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use inventory::ContentHash;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme};
use serde::{Deserialize, Serialize};

/// Where distributions keep the certificates of public authorities.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What makes a server's certificate the right one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// An authority that this machine trusts.
    System,
    /// One of these certificates (PEM), or an authority among them.
    Authorities(String),
    /// This very certificate, whatever its names and dates: for a server that signs its own.
    Fingerprint(Fingerprint),
}

/// SHA-256 of a certificate in DER form, as `openssl x509 -fingerprint -sha256` prints it (colons may be missing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(ContentHash);

/// A trust cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not a fingerprint.
    #[error("`{0}` is not a SHA-256 fingerprint: 64 hex digits, with or without colons")]
    NotAFingerprint(String),
    /// No certificate in what was given.
    #[error("{0} holds no certificate in PEM form")]
    NoCertificate(String),
    /// The machine has no authorities.
    #[error("this machine has no file of trusted authorities; give --ca FILE or --fingerprint SHA256")]
    NoSystemBundle,
    /// The TLS library refused.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] TlsError),
}

impl FromStr for Fingerprint {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        let lower = text.trim().to_ascii_lowercase();
        let value = lower.rsplit('=').next().unwrap_or_default();
        let digits: String =
            value.strip_prefix("sha256:").unwrap_or(value).chars().filter(|c| *c != ':').collect();
        digits.parse().map(Self).map_err(|_| TrustError::NotAFingerprint(text.to_owned()))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = TrustError;

    fn try_from(text: String) -> Result<Self, TrustError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0.to_string()
    }
}

impl Trust {
    /// The client side of TLS under this trust.
    ///
    /// # Errors
    /// There is no certificate to trust.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let config = match self {
            Self::System => builder.with_root_certificates(system_authorities()?),
            Self::Authorities(pem) => builder.with_root_certificates(authorities(pem, "the given file")?),
            Self::Fingerprint(pinned) => {
                let verifier = Pinned { fingerprint: pinned.0, provider };
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        Ok(config.with_no_client_auth())
    }

    /// Trust in the certificates of a PEM file.
    ///
    /// # Errors
    /// There is none in it.
    pub fn in_authorities(pem: String, file: &Path) -> Result<Self, TrustError> {
        authorities(&pem, &file.display().to_string())?;
        Ok(Self::Authorities(pem))
    }
}

fn system_authorities() -> Result<RootCertStore, TrustError> {
    let readable = |path: &'static str| Some((fs::read_to_string(path).ok()?, path));
    let (pem, path) = SYSTEM_BUNDLES.into_iter().find_map(readable).ok_or(TrustError::NoSystemBundle)?;
    authorities(&pem, path)
}

fn authorities(pem: &str, whence: &str) -> Result<RootCertStore, TrustError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).flatten());
    if store.is_empty() {
        return Err(TrustError::NoCertificate(whence.to_owned()));
    }
    Ok(store)
}

/// Takes one certificate and no other. The handshake still proves that the server holds its key.
#[derive(Debug)]
struct Pinned {
    fingerprint: ContentHash,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let shown = ContentHash::of(certificate.as_ref());
        if shown == self.fingerprint {
            return Ok(ServerCertVerified::assertion());
        }
        Err(TlsError::General(format!(
            "the server shows the certificate {shown}, which is not the pinned one"
        )))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_in_the_forms_that_tools_print() {
        let plain = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let pairs: Vec<&str> =
            plain.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
        let colons = pairs.join(":").to_ascii_uppercase();
        for text in [plain, &colons, &format!("sha256 Fingerprint={colons}"), &format!("SHA256:{plain}")] {
            assert_eq!(String::from(text.parse::<Fingerprint>().unwrap()), plain, "{text}");
        }
        assert!("ba78".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let error = Trust::in_authorities("hello".into(), Path::new("/tmp/x.pem")).unwrap_err();
        assert_eq!(error.to_string(), "/tmp/x.pem holds no certificate in PEM form");
    }
}
