//! Looks at the TLS of an origin: versions and cipher suites that nobody should offer, and the certificate.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use discovery::tls::{BadAnswer, CIPHERS, Certificate, ClientHello, ServerAnswer, Version, cipher_name};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::http::{Scheme, Target};
use crate::proof::Transport;
use crate::trust;

/// What a server shows that says yes to everything: then nothing it says counts.
pub const ANYTHING: &str = "says yes to everything";
/// A certificate whose dates are right.
pub const IN_DATE: &str = "certificate in date";
/// A certificate for the name that was asked for.
pub const NAMED: &str = "certificate for this name";
/// A certificate that another one signed.
pub const ISSUED: &str = "certificate of an issuer";
/// A certificate with a key and a signature of today's strength.
pub const STRONG: &str = "certificate of full strength";

/// Cipher suites that are rejected by every browser: a number that IANA gave nobody (RFC 8701 reserves it).
const NOBODYS: u16 = 0x0A0A;
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of an answer.
const ANSWER: usize = 64 << 10;

/// Looks at transports over connections of its own; names are looked up once.
#[derive(Debug, Default)]
pub struct TlsLook {
    names: Mutex<BTreeMap<String, Vec<IpAddr>>>,
}

impl TlsLook {
    /// One that knows addresses of names beside the system's.
    #[must_use]
    pub fn new(names: BTreeMap<String, Vec<IpAddr>>) -> Self {
        Self { names: Mutex::new(names) }
    }

    async fn connect(&self, url: &Target) -> Option<TcpStream> {
        let (host, port) = (&url.origin.host, url.origin.port);
        let known = self.names.lock().get(host).cloned();
        let addresses = match (url.origin.address(), known) {
            (Some(address), _) => vec![address],
            (None, Some(known)) => known,
            (None, None) => {
                let found =
                    timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), port))).await.ok()?.ok()?;
                let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
                self.names.lock().entry(host.clone()).or_insert(found).clone()
            }
        };
        let address = SocketAddr::new(*addresses.first()?, port);
        timeout(PATIENCE, TcpStream::connect(address)).await.ok()?.ok()
    }

    async fn ask(&self, url: &Target, version: Version, ciphers: &[u16]) -> Option<ServerAnswer> {
        let name = url.origin.address().is_none().then_some(url.origin.host.as_str());
        let hello = ClientHello { version, name, ciphers }.bytes();
        let mut stream = self.connect(url).await?;
        let exchange = async {
            stream.write_all(&hello).await.ok()?;
            let (mut came, mut part) = (Vec::new(), [0_u8; 4096]);
            loop {
                let count = stream.read(&mut part).await.unwrap_or(0);
                came.extend(part.iter().take(count));
                match ServerAnswer::read(&came, count == 0 || came.len() >= ANSWER) {
                    Err(BadAnswer::Short) if count > 0 && came.len() < ANSWER => {}
                    known => return known.ok(),
                }
            }
        };
        timeout(PATIENCE, exchange).await.ok()?
    }

    /// The cipher suite that the server takes of those offered.
    async fn takes(&self, url: &Target, version: Version, ciphers: &[u16]) -> Option<u16> {
        match self.ask(url, version, ciphers).await? {
            ServerAnswer::Hello { version: chosen, cipher, .. } if chosen == version => Some(cipher),
            _ => None,
        }
    }

    async fn properties(&self, url: &Target) -> Vec<String> {
        let mut all = Vec::new();
        let mut newest = None;
        for version in Version::ALL {
            if self.takes(url, version, &[]).await.is_some() {
                all.push(format!("protocol {version}"));
                newest = Some(version).filter(|version| *version != Version::Tls13).or(newest);
            }
        }
        if let Some(version) = newest {
            let mut weak: Vec<u16> = weak_ciphers().collect();
            // Each answer names one suite; it is taken out and the rest is offered again.
            while let Some(cipher) = self.takes(url, version, &weak).await {
                let before = weak.len();
                weak.retain(|offered| *offered != cipher);
                if weak.len() == before || weak.is_empty() {
                    break;
                }
                all.push(format!("cipher {}", cipher_name(cipher).unwrap_or("unknown")));
            }
            if self.takes(url, version, &[NOBODYS]).await.is_some() {
                all.push(ANYTHING.to_owned());
            }
        }
        if let Some(certificate) = self.certificate(url).await {
            all.extend(of_certificate(&certificate, &url.origin.host));
        }
        all
    }

    async fn certificate(&self, url: &Target) -> Option<Certificate> {
        for version in [Version::Tls12, Version::Tls11, Version::Tls10] {
            if let Some(ServerAnswer::Hello { certificates, .. }) = self.ask(url, version, &[]).await
                && let Some(der) = certificates.first()
            {
                return Certificate::read(der).ok();
            }
        }
        // TLS 1.3 hides it until keys are agreed on.
        let name = ServerName::try_from(url.origin.host.clone()).ok()?;
        let stream = self.connect(url).await?;
        let stream =
            timeout(PATIENCE, TlsConnector::from(trust::anybody()).connect(name, stream)).await.ok()?.ok()?;
        let (_, session) = stream.get_ref();
        Certificate::read(session.peer_certificates()?.first()?).ok()
    }
}

impl Transport for TlsLook {
    fn look<'a>(&'a self, url: &'a Target) -> BoxFuture<'a, Vec<String>> {
        async move { if url.origin.scheme == Scheme::Https { self.properties(url).await } else { Vec::new() } }.boxed()
    }
}

/// Suites that are broken, without encryption, without authentication, or with a block of 64 bits.
fn weak_ciphers() -> impl Iterator<Item = u16> {
    let weak = ["RC4", "RC2", "DES", "EXPORT", "NULL", "_anon_"];
    CIPHERS
        .iter()
        .filter(move |(_, name)| weak.iter().any(|part| name.contains(part)))
        .map(|(number, _)| *number)
}

/// What there is to say of a certificate for a host, good and bad.
fn of_certificate(certificate: &Certificate, host: &str) -> Vec<String> {
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut all = Vec::new();
    if certificate.not_after < now {
        all.push(format!("certificate expired on {}", day(certificate.not_after)));
    } else if certificate.not_before > now {
        all.push(format!("certificate not valid before {}", day(certificate.not_before)));
    } else {
        all.push(IN_DATE.to_owned());
    }
    let names: Vec<&String> = match certificate.names.as_slice() {
        [] => certificate.common_name.iter().collect(),
        names => names.iter().collect(),
    };
    if names.iter().any(|name| covers(name, host)) {
        all.push(NAMED.to_owned());
    } else {
        let shown: Vec<&str> = names.iter().take(5).map(|name| name.as_str()).collect();
        all.push(format!("certificate for other names: {}", shown.join(", ")));
    }
    if certificate.self_issued {
        all.push("certificate signed by itself".to_owned());
    } else {
        all.push(ISSUED.to_owned());
    }
    let weak_key = match (certificate.key.algorithm.as_str(), certificate.key.bits) {
        ("RSA", Some(bits)) => bits < 2_048,
        ("EC", Some(bits)) => bits < 224,
        ("DSA", _) => true,
        _ => false,
    };
    let signature = &certificate.signature;
    let weak_signature = ["md2", "md5", "sha1", "SHA1"].iter().any(|hash| signature.contains(hash));
    if weak_key {
        let bits = certificate.key.bits.unwrap_or(0);
        all.push(format!("certificate with a weak key: {} {bits}", certificate.key.algorithm));
    }
    if weak_signature {
        all.push(format!("certificate with a weak signature: {signature}"));
    }
    if !weak_key && !weak_signature {
        all.push(STRONG.to_owned());
    }
    all
}

fn day(moment: Timestamp) -> String {
    moment.to_string().chars().take(10).collect()
}

/// Whether a name of a certificate covers a host (RFC 6125: a star is the whole first label).
fn covers(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    if let (Ok(one), Ok(other)) = (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        return one == other;
    }
    match name.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest == domain),
        None => name == host,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    async fn serve(name: &str, year: i32) -> Target {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
            }
        });
        Target::parse(&format!("https://{address}/")).unwrap()
    }

    #[tokio::test]
    async fn versions_ciphers_and_certificates_are_seen() {
        let look = TlsLook::default();
        let good = look.look(&serve("127.0.0.1", 2099).await).await;
        let wanted =
            ["protocol TLSv1.2", "protocol TLSv1.3", IN_DATE, NAMED, "certificate signed by itself", STRONG];
        assert_eq!(good, wanted);
        let old = look.look(&serve("shop.example", 2000).await).await;
        assert!(old.contains(&"certificate expired on 2000-01-01".to_owned()), "{old:?}");
        assert!(old.contains(&"certificate for other names: shop.example".to_owned()), "{old:?}");
    }

    #[test]
    fn names_cover_hosts_label_by_label() {
        assert!(covers("*.example.test", "shop.example.test") && covers("Shop.test", "shop.test"));
        assert!(!covers("*.example.test", "a.b.example.test") && !covers("*.example.test", "example.test"));
        assert!(covers("::1", "::1") && !covers("127.0.0.1", "127.0.0.2"));
    }
}
