use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::*;

fn certificate() -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let names = ["shop.lab.example", "*.lab.example", "127.0.0.1", "2001:db8::7"].map(str::to_owned);
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "shop.lab.example");
    params.not_before = date_time_ymd(2030, 1, 1);
    params.not_after = date_time_ymd(2031, 1, 1);
    (params.self_signed(&key).unwrap(), key)
}

fn server(versions: &[&'static rustls::SupportedProtocolVersion]) -> u16 {
    let (certificate, key) = certificate();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let config = Arc::new(config);
    serve(move |mut stream| {
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
    })
}

fn serve(mut talk: impl FnMut(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(&mut talk));
    port
}

fn seen(port: u16) -> Option<Handshake> {
    let mut connect = || -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        Ok(Box::new(stream))
    };
    look(&Look { name: Some("shop.lab.example"), versions: &Version::ALL }, &mut connect).unwrap()
}

#[test]
fn a_certificate_says_what_was_put_into_it() {
    let (made, _) = certificate();
    let read = Certificate::read(made.der()).unwrap();
    assert_eq!(read.common_name.as_deref(), Some("shop.lab.example"));
    assert_eq!(read.names, ["shop.lab.example", "*.lab.example", "127.0.0.1", "2001:db8::7"]);
    assert_eq!(read.not_after, "2031-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
    assert_eq!((read.key.algorithm.as_str(), read.key.bits), ("EC", Some(256)));
    assert_eq!(read.signature, "ecdsa-with-SHA256");
    assert!(read.self_issued && !read.is_authority);
    let moment = "2030-12-30T12:00:00Z".parse().unwrap();
    assert!(read.is_valid_at(moment) && read.days_left(moment) == 1);
    assert_eq!(read.days_left("2031-01-01T00:00:01Z".parse().unwrap()), -1);
}

#[test]
fn cut_and_broken_certificates_are_refused_not_fatal() {
    let (made, _) = certificate();
    let der = made.der();
    for end in 0..der.len() {
        assert!(Certificate::read(&der[..end]).is_err(), "{end} bytes");
    }
    for at in 0..der.len() {
        let mut broken = der.to_vec();
        broken[at] ^= 0xFF;
        let _ = Certificate::read(&broken);
    }
}

#[test]
fn versions_and_certificates_of_a_server_are_seen() {
    let both = seen(server(&[&rustls::version::TLS12, &rustls::version::TLS13])).unwrap();
    assert_eq!(both.versions, [Version::Tls12, Version::Tls13]);
    assert!(both.cipher.as_deref().unwrap().starts_with("TLS_"));
    assert_eq!(both.certificates[0].names[0], "shop.lab.example");
}

#[test]
fn a_server_of_one_version_shows_its_certificate_too() {
    let new = seen(server(&[&rustls::version::TLS13])).unwrap();
    assert_eq!((new.versions.as_slice(), new.certificates.len()), (&[Version::Tls13][..], 1));
    let old = seen(server(&[&rustls::version::TLS12])).unwrap();
    assert_eq!((old.versions.as_slice(), old.certificates.len()), (&[Version::Tls12][..], 1));
}

#[test]
fn another_protocol_is_not_tls() {
    let http = serve(|mut stream| {
        let _ = io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    assert_eq!(seen(http), None);
    assert_eq!(seen(serve(drop)), None);
}

/// ServerHello of TLS 1.0 with RC4, then a certificate message in a second record, as RFC 2246 has it.
fn old_answer(version: u16, certificate: &[u8]) -> Vec<u8> {
    let number = version.to_be_bytes();
    let mut hello = vec![2, 0, 0, 38];
    hello.extend(number);
    hello.extend([7; 32]);
    hello.extend([0, 0, 5, 0]);
    let sized = |length: usize| [0, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 255).unwrap()];
    let mut message = vec![11];
    message.extend(sized(certificate.len() + 6));
    message.extend(sized(certificate.len() + 3));
    message.extend(sized(certificate.len()));
    message.extend(certificate);
    let mut bytes = Vec::new();
    for part in [hello, message] {
        bytes.extend([22, number[0], number[1]]);
        bytes.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend(part);
    }
    bytes
}

#[test]
fn old_versions_are_read_wherever_the_answer_is_cut() {
    let (made, _) = certificate();
    for version in [Version::Ssl3, Version::Tls10, Version::Tls11] {
        let bytes = old_answer(version.number(), made.der());
        let whole = ServerAnswer::read(&bytes, false).unwrap();
        let certificates = vec![made.der().to_vec()];
        assert_eq!(whole, ServerAnswer::Hello { version, cipher: 5, certificates });
        for end in 0..bytes.len() {
            assert_eq!(ServerAnswer::read(&bytes[..end], false), Err(BadAnswer::Short), "{end} bytes");
        }
    }
    assert_eq!(ServerAnswer::read(&[21, 3, 1, 0, 2, 2, 70], false), Ok(ServerAnswer::Alert(70)));
    assert_eq!(ServerAnswer::read(b"SSH-2.0-x\r\n", false), Err(BadAnswer::NotTls));
}

#[test]
fn the_name_is_asked_for_only_when_it_is_one() {
    let with = |name| ClientHello { version: Version::Tls12, name, ciphers: &[] }.bytes();
    let contains = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    assert!(contains(&with(Some("shop.lab.example")), "shop.lab.example"));
    assert!(!contains(&with(Some("192.0.2.1")), "192.0.2.1"));
    assert_eq!(with(None).len(), with(Some("2001:db8::1")).len());
}
