//! TLS as cases need it: certificates with known faults, and servers that speak only some versions.
//!
//! What rustls can't do is said by `legacy`: a server that accepts SSL 3.0, TLS 1.0 or 1.1, or a weak cipher suite, answers the
//! client's hello with its own (version, suite, certificate) and can't finish the handshake. That shows what it accepts,
//! which is the weakness; a client that offers TLS 1.2 or 1.3 with modern suites is served in full.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::case::Case;
use crate::http::reply::Stream;
use crate::http::server::Accept;

/// The range's own certificate authority, made anew at each start; nobody trusts it.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate's properties.
struct Wanted {
    names: &'static [&'static str],
    /// Days from now.
    from: i64,
    to: i64,
    self_signed: bool,
}

const ORDINARY: Wanted =
    Wanted { names: &["localhost", "127.0.0.1", "::1"], from: -10, to: 80, self_signed: false };

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Whether a case is served over TLS on its own port.
pub fn is_tls(case: &Case) -> bool {
    case.family == "tls"
}

impl Authority {
    /// Makes one.
    pub fn new() -> Result<Self, Failed> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(Vec::<String>::new())?;
        parameters.distinguished_name.push(DnType::CommonName, "Practice range authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key)?.der().clone();
        Ok(Self { issuer: Issuer::new(parameters, key), certificate })
    }

    /// The authority's certificate, DER.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    fn config(
        &self,
        wanted: &Wanted,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Result<(ServerConfig, Vec<u8>), Failed> {
        let key = KeyPair::generate()?;
        let names: Vec<String> = wanted.names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names)?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, wanted.names.first().copied().unwrap_or("range"));
        let moment = |days: i64| {
            let distance = Duration::from_secs(days.unsigned_abs() * 86_400);
            let now = SystemTime::now();
            if days < 0 { now - distance } else { now + distance }
        };
        parameters.not_before = moment(wanted.from).into();
        parameters.not_after = moment(wanted.to).into();
        let leaf = if wanted.self_signed {
            parameters.self_signed(&key)?
        } else {
            parameters.signed_by(&key, &self.issuer)?
        };
        let der = leaf.der().to_vec();
        let mut chain = vec![leaf.der().clone()];
        if !wanted.self_signed {
            chain.push(self.certificate.clone());
        }
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok((config, der))
    }

    /// TLS 1.2 and 1.3 with a good certificate of this authority.
    pub fn ordinary(&self) -> Result<Accept, Failed> {
        Ok(accept(self.config(&ORDINARY, rustls::ALL_VERSIONS)?.0))
    }

    /// What a case with its own port accepts; none when it speaks in the clear.
    pub fn for_case(&self, id: &str) -> Result<Option<Accept>, Failed> {
        let Some(name) = id.strip_prefix("tls/") else { return Ok(None) };
        let all = rustls::ALL_VERSIONS;
        let only = |version| [version];
        let made = match name {
            "expired" => self.config(&Wanted { from: -400, to: -30, ..ORDINARY }, all)?,
            "expired-yesterday" => self.config(&Wanted { from: -90, to: -1, ..ORDINARY }, all)?,
            "not-yet-valid" => self.config(&Wanted { from: 30, to: 400, ..ORDINARY }, all)?,
            "wrong-name" => self.config(&Wanted { names: &["shop.example.test"], ..ORDINARY }, all)?,
            "wrong-wildcard" => {
                self.config(&Wanted { names: &["*.example.test", "example.test"], ..ORDINARY }, all)?
            }
            "self-signed" => self.config(&Wanted { self_signed: true, ..ORDINARY }, all)?,
            "self-signed-wrong-name" => {
                self.config(&Wanted { self_signed: true, names: &["printer.local"], ..ORDINARY }, all)?
            }
            "expires-soon" => self.config(&Wanted { from: -80, to: 3, ..ORDINARY }, all)?,
            "only-12" => self.config(&ORDINARY, &only(&rustls::version::TLS12))?,
            "only-13" => self.config(&ORDINARY, &only(&rustls::version::TLS13))?,
            _ => self.config(&ORDINARY, all)?,
        };
        let legacy = match name {
            "accepts-10" => Some(Legacy {
                versions: &[0x0301],
                suites: &[0xc013, 0x002f, 0x0035, 0xc009, 0xc00a, 0xc014],
                forced: false,
            }),
            "accepts-11" => Some(Legacy {
                versions: &[0x0302],
                suites: &[0xc013, 0x002f, 0x0035, 0xc009, 0xc00a, 0xc014],
                forced: false,
            }),
            "accepts-ssl3" => {
                Some(Legacy { versions: &[0x0300], suites: &[0x002f, 0x0035, 0x000a, 0x0005], forced: false })
            }
            "weak-rc4" => Some(Legacy {
                versions: &[0x0303, 0x0302, 0x0301],
                suites: &[0x0005, 0x0004, 0xc011, 0xc007],
                forced: true,
            }),
            "weak-3des" => Some(Legacy {
                versions: &[0x0303, 0x0302, 0x0301],
                suites: &[0x000a, 0xc012, 0xc008, 0x0016],
                forced: true,
            }),
            "weak-null" => Some(Legacy {
                versions: &[0x0303],
                suites: &[0x0001, 0x0002, 0x003b, 0xc010, 0xc006],
                forced: true,
            }),
            "weak-export" => Some(Legacy {
                versions: &[0x0303, 0x0301],
                suites: &[0x0003, 0x0008, 0x0006, 0x0014],
                forced: true,
            }),
            "weak-anonymous" => Some(Legacy {
                versions: &[0x0303, 0x0301],
                suites: &[0x0018, 0x0034, 0x003a, 0xc018, 0xc019],
                forced: true,
            }),
            _ => None,
        };
        let (config, der) = made;
        Ok(Some(match legacy {
            Some(legacy) => legacy_accept(config, der, legacy),
            None => accept(config),
        }))
    }
}

fn accept(config: ServerConfig) -> Accept {
    let config = Arc::new(config);
    Arc::new(move |stream| handshake(&config, stream).map(Some))
}

fn handshake(config: &Arc<ServerConfig>, mut stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    connection.complete_io(&mut stream)?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
}

/// What an old server accepts besides.
#[derive(Clone, Copy)]
struct Legacy {
    versions: &'static [u16],
    suites: &'static [u16],
    /// Whether a suite of these is chosen although better ones are offered, too.
    forced: bool,
}

fn legacy_accept(config: ServerConfig, certificate: Vec<u8>, legacy: Legacy) -> Accept {
    let config = Arc::new(config);
    Arc::new(move |mut stream| {
        let mut start = [0; 1024];
        let length = stream.peek(&mut start)?;
        let chosen = start.get(..length).and_then(hello).and_then(|offer| legacy.choose(&offer));
        let Some((version, suite)) = chosen else { return handshake(&config, stream).map(Some) };
        stream.write_all(&flight(version, suite, &certificate))?;
        // The client goes on or away; neither can be answered.
        let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
        let _ = stream.read(&mut start);
        let _ = stream.read(&mut start);
        Ok(None)
    })
}

/// What a client offers: its highest version, and its suites.
struct Offer {
    version: u16,
    suites: Vec<u16>,
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn hello(bytes: &[u8]) -> Option<Offer> {
    // Record (5), handshake (4), version (2), random (32), session id.
    if bytes.first() != Some(&22) || bytes.get(5) != Some(&1) {
        return None;
    }
    let mut version = number(bytes, 9)?;
    let session = usize::from(*bytes.get(43)?);
    let at = 44 + session;
    let length = usize::from(number(bytes, at)?);
    let suites: Vec<u16> = (0..length / 2).filter_map(|i| number(bytes, at + 2 + 2 * i)).collect();
    // supported_versions raises the version.
    let compression = at + 2 + length;
    let mut extension = compression + 1 + usize::from(*bytes.get(compression)?) + 2;
    while let (Some(kind), Some(size)) = (number(bytes, extension), number(bytes, extension + 2)) {
        if kind == 43 {
            let count = usize::from(*bytes.get(extension + 4)?) / 2;
            let known = (0..count)
                .filter_map(|i| number(bytes, extension + 5 + 2 * i))
                .filter(|v| (0x0300..=0x0304).contains(v));
            version = known.max().unwrap_or(version);
        }
        extension += 4 + usize::from(size);
    }
    Some(Offer { version, suites })
}

impl Legacy {
    fn choose(&self, offer: &Offer) -> Option<(u16, u16)> {
        let suite = *offer.suites.iter().find(|suite| self.suites.contains(suite))?;
        let modern =
            offer.suites.iter().any(|suite| matches!(suite, 0x1301..=0x1303 | 0xc02b | 0xc02c | 0xcca9));
        if self.forced {
            // Weak suites are taken where nothing better is offered.
            return (!modern).then_some((offer.version.min(*self.versions.first()?), suite));
        }
        self.versions.contains(&offer.version).then_some((offer.version, suite))
    }
}

/// ServerHello, Certificate, ServerHelloDone.
fn flight(version: u16, suite: u16, certificate: &[u8]) -> Vec<u8> {
    let message = |kind: u8, body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        [&[kind], length.get(1..).unwrap_or_default(), body].concat()
    };
    let mut hello = version.to_be_bytes().to_vec();
    hello.extend(crate::world::token().bytes());
    hello.push(0);
    hello.extend(suite.to_be_bytes());
    hello.push(0);
    let size = |length: usize| {
        u32::try_from(length).unwrap_or(0).to_be_bytes().get(1..).unwrap_or_default().to_vec()
    };
    let list = [size(certificate.len() + 3), size(certificate.len()), certificate.to_vec()].concat();
    let messages = [message(2, &hello), message(11, &list), message(14, &[])].concat();
    let length = u16::try_from(messages.len()).unwrap_or(0).to_be_bytes();
    [&[22][..], &version.to_be_bytes(), &length, &messages].concat()
}
