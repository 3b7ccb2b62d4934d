//! The certificate of the TLS address: the one that somebody put into the data directory, or a self-signed one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inventory::ContentHash;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::data_dir::DataDir;

/// Agents pin this very certificate, so it lasts as long as an installation.
const YEARS: i64 = 10;

/// The server's side of TLS.
pub(crate) struct Certificate {
    pub(crate) config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, by which an agent can know this server.
    pub(crate) fingerprint: ContentHash,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
}

/// There is no certificate to use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("{} is there without {}: put both there, or neither for a self-signed certificate", there.display(), missing.display())]
    Half { there: PathBuf, missing: PathBuf },
    #[error("{} can't be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: rustls::pki_types::pem::Error },
    #[error("{} can't be written: {error}", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("certificate and key can't be used: {0}")]
    Unusable(#[from] rustls::Error),
    #[error("no certificate could be made: {0}")]
    Make(#[from] rcgen::Error),
    #[error("no certificate could be made: {0}")]
    Time(#[from] jiff::Error),
}

/// Reads the certificate of a data directory; makes one for these names where there is none.
pub(crate) fn read_or_make(
    dir: &DataDir,
    names: &[String],
    now: Timestamp,
) -> Result<Certificate, CertificateError> {
    let (certificate, key) = (dir.certificate(), dir.private_key());
    let is_new = match (certificate.exists(), key.exists()) {
        (true, true) => false,
        (false, false) => {
            make(&certificate, &key, names, now)?;
            true
        }
        (true, false) => return Err(CertificateError::Half { there: certificate, missing: key }),
        (false, true) => return Err(CertificateError::Half { there: key, missing: certificate }),
    };
    read(&certificate, &key, is_new)
}

/// The names under which this machine is reached: those of the loopback, its own, and the address it listens at.
pub(crate) fn own_names(listen: Option<IpAddr>) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    names.extend(nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()));
    names.extend(listen.filter(|address| !address.is_unspecified()).map(|address| address.to_string()));
    names.retain(|name| name.is_ascii() && !name.is_empty());
    names.sort();
    names.dedup();
    names
}

fn read(certificate: &Path, key: &Path, is_new: bool) -> Result<Certificate, CertificateError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |error| CertificateError::Unreadable { path, error }
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(unreadable(certificate))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let leaf =
        chain.first().ok_or(rustls::pki_types::pem::Error::NoItemsFound).map_err(unreadable(certificate))?;
    let fingerprint = ContentHash::of(leaf.as_ref());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Certificate { config: Arc::new(config), fingerprint, is_new })
}

fn make(certificate: &Path, key: &Path, names: &[String], now: Timestamp) -> Result<(), CertificateError> {
    let pair = KeyPair::generate()?;
    let made = parameters(names, now)?.self_signed(&pair)?;
    write(key, pair.serialize_pem().as_bytes(), 0o600)?;
    write(certificate, made.pem().as_bytes(), 0o644)
}

fn parameters(names: &[String], now: Timestamp) -> Result<CertificateParams, CertificateError> {
    let mut parameters = CertificateParams::new(names)?;
    let date = |date: jiff::civil::Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        date_time_ymd(date.year().into(), month, day)
    };
    let today = now.to_zoned(TimeZone::UTC).date();
    // A day earlier: the clocks of two machines differ.
    parameters.not_before = date(today.checked_sub(Span::new().days(1))?);
    parameters.not_after = date(today.checked_add(Span::new().years(YEARS))?);
    parameters.distinguished_name.push(DnType::CommonName, "Redoubt");
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

/// Whole or not at all: a certificate that is half written would keep the server from starting.
fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), CertificateError> {
    let draft = path.with_extension("draft");
    let attempt = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    attempt().map_err(|error| CertificateError::Unwritable { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_certificate_is_made_once_and_its_key_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::create(temp.path()).unwrap();
        let names = own_names(None);
        let first = read_or_make(&dir, &names, at("2024-02-29T12:00:00Z")).unwrap();
        let second = read_or_make(&dir, &names, at("2024-03-01T12:00:00Z")).unwrap();
        assert!(first.is_new && !second.is_new);
        assert_eq!(first.fingerprint, second.fingerprint);
        assert_eq!(fs::metadata(dir.private_key()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn half_a_pair_and_damaged_files_are_refused_by_name() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::create(temp.path()).unwrap();
        fs::write(dir.certificate(), "no certificate").unwrap();
        let refusal = read_or_make(&dir, &[], at("2024-01-01T00:00:00Z")).map(drop).unwrap_err().to_string();
        assert!(refusal.contains("tls.crt is there without"), "{refusal}");
        fs::write(dir.private_key(), "no key").unwrap();
        let refusal = read_or_make(&dir, &[], at("2024-01-01T00:00:00Z")).map(drop).unwrap_err().to_string();
        assert!(refusal.contains("can't be read"), "{refusal}");
    }

    #[test]
    fn the_loopback_and_the_address_are_among_the_names() {
        let names = own_names(Some("192.0.2.7".parse().unwrap()));
        for name in ["localhost", "127.0.0.1", "::1", "192.0.2.7"] {
            assert!(names.iter().any(|own| own == name), "{name}: {names:?}");
        }
        assert!(!own_names(Some("0.0.0.0".parse().unwrap())).iter().any(|name| name == "0.0.0.0"));
    }
}
