//! What the TLS listeners negotiate and which certificates they show, asked with rustls and with bare hellos.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on has failed")]
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use range::{Case, Options, Range};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Shakes hands as a client that trusts the range's authority; gives the error's text.
fn shake(range: &Range, case: &Case) -> Result<rustls::ProtocolVersion, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(range.authority_certificate().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = range.address_of(case);
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::from(address.ip())).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    connection.complete_io(&mut stream).map_err(|error| error.to_string())?;
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    tls.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    tls.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    Ok(connection.protocol_version().unwrap())
}

/// Sends a hello with a version and suites; gives the version and suite that the server chose.
fn choice(range: &Range, case: &Case, version: u16, suites: &[u16]) -> Option<(u16, u16)> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
    suites.iter().for_each(|suite| body.extend(suite.to_be_bytes()));
    body.extend([1, 0, 0, 0]);
    let mut hello = vec![22, 3, 1];
    hello.extend(u16::try_from(body.len() + 4).unwrap().to_be_bytes());
    hello.extend([1, 0]);
    hello.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    hello.extend(body);
    let mut stream = TcpStream::connect(range.address_of(case)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(&hello).unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).ok()?;
    // A handshake record with a ServerHello: version, random, session id, suite.
    (head[0] == 22 && body[0] == 2)
        .then(|| (u16::from_be_bytes([body[4], body[5]]), u16::from_be_bytes([body[39], body[40]])))
}

#[test]
fn each_tls_listener_is_as_bad_or_as_good_as_it_says() {
    assert!(UnixTime::now().as_secs() > 0);
    let range = Range::start(&Options { family: Some("tls".to_owned()), ..Options::default() }).unwrap();
    let (old, weak) = ([0xc013, 0x002f, 0x0035], [0x0001, 0x0003, 0x0005, 0x000a, 0x0018]);
    for case in range.cases() {
        let shaken = shake(&range, case);
        let told = shaken.as_ref().err().cloned().unwrap_or_default();
        let refused = |word: &str| assert!(told.to_lowercase().contains(word), "{}: {told:?}", case.id());
        match case.name.as_str() {
            "expired" | "expired-yesterday" => refused("expired"),
            "not-yet-valid" => refused("not valid yet"),
            "wrong-name" | "wrong-wildcard" => refused("not valid for"),
            name if name.starts_with("self-signed") => assert!(shaken.is_err(), "{}", case.id()),
            _ => assert!(shaken.is_ok(), "{}: {told}", case.id()),
        }
        let legacy = [0x0300, 0x0301, 0x0302]
            .into_iter()
            .filter(|version| choice(&range, case, *version, &old).is_some())
            .collect::<Vec<_>>();
        let poor = weak
            .into_iter()
            .filter(|suite| choice(&range, case, 0x0303, &[*suite]).is_some())
            .collect::<Vec<_>>();
        let (versions, suites): (&[u16], &[u16]) = match case.name.as_str() {
            "accepts-ssl3" => (&[0x0300], &[]),
            "accepts-10" => (&[0x0301], &[]),
            "accepts-11" => (&[0x0302], &[]),
            "weak-null" => (&[], &[0x0001]),
            "weak-export" => (&[], &[0x0003]),
            "weak-rc4" => (&[], &[0x0005]),
            "weak-3des" => (&[], &[0x000a]),
            "weak-anonymous" => (&[], &[0x0018]),
            _ => (&[], &[]),
        };
        assert_eq!((legacy.as_slice(), poor.as_slice()), (versions, suites), "{}", case.id());
    }
}

/// The answer to a request over TLS, as text.
fn get(range: &Range, path: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(range.authority_certificate().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address: std::net::SocketAddr = range.secure_base().trim_start_matches("https://").parse().unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::from(address.ip())).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    write!(tls, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // The server ends without a word, which a browser takes as well.
    let _ = tls.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether a page loads or sends something in the clear: attributes that load, styles, and forms.
fn is_mixed(page: &str) -> bool {
    let page = regex::Regex::new("(?s)<!--.*?-->").unwrap().replace_all(page, "").to_lowercase();
    let loads = [
        r#"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\ssrc=["']?http:"#,
        r#"<img\b[^>]*\ssrcset=["'][^"']*http:"#,
        r#"<object\b[^>]*\sdata=["']?http:"#,
        r#"<link\b[^>]*rel=["']?stylesheet[^>]*href=["']?http:"#,
        r#"<form\b[^>]*action=["']?http:"#,
        r#"<style>[^<]*(?:@import )?url\(["']?http:"#,
    ];
    loads.iter().any(|pattern| regex::Regex::new(pattern).unwrap().is_match(&page))
}

/// Whether Strict-Transport-Security holds for 120 days at least.
fn is_strict(answer: &str) -> bool {
    let line = regex::Regex::new(r#"(?im)^strict-transport-security:.*max-age="?(\d+)"#).unwrap();
    line.captures(answer)
        .and_then(|found| found[1].parse::<u64>().ok())
        .is_some_and(|seconds| seconds >= 120 * 86_400)
}

#[test]
fn pages_over_tls_are_as_bad_or_as_good_as_they_say() {
    let range = Range::start(&Options::default()).unwrap();
    let mut count = 0;
    for case in range.cases().iter().filter(|case| case.needs == Some("https")) {
        let answer = get(&range, &case.base());
        assert!(answer.starts_with("HTTP/1.1 200"), "{}: {answer}", case.id());
        let weak = if case.family == "mixed-content" { is_mixed(&answer) } else { !is_strict(&answer) };
        assert_eq!(weak, case.vulnerable, "{}: {answer}", case.id());
        count += 1;
    }
    assert!(count > 15, "{count} cases");
}
