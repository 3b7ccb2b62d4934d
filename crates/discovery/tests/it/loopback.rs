//! Services on this machine's loopback.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use discovery::{Cancel, Event, Host, Options, Ports, Summary, Targets, discover};
use jiff::Timestamp;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

fn serve(address: &str, talk: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let talk = Arc::new(talk);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = talk.clone();
            thread::spawn(move || talk(stream));
        }
    });
    port
}

fn page(stream: &mut (impl Read + Write)) {
    let mut buffer = [0; 2048];
    let count = stream.read(&mut buffer).unwrap_or(0);
    if buffer[..count].starts_with(b"GET ") {
        let body = "<html><title>The shop</title></html>";
        let head = format!(
            "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1 (Debian)\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all((head + body).as_bytes());
    }
}

fn tls_page() -> impl Fn(TcpStream) + Send + Sync {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["shop.lab.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
    let config = Arc::new(config);
    move |stream| {
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        page(&mut rustls::StreamOwned::new(connection, stream));
    }
}

fn says(words: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync {
    move |mut stream| {
        let _ = stream.write_all(words);
        let _ = stream.read(&mut [0; 512]);
    }
}

fn answers(words: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync {
    move |mut stream| {
        if stream.read(&mut [0; 512]).unwrap_or(0) > 0 {
            let _ = stream.write_all(words);
        }
    }
}

fn scan(target: &str, ports: &[u16]) -> (Vec<Host>, Summary) {
    let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
    let options =
        Options { dns: false, netbios: false, ..Options::new(Ports::parse(&ports.join(",")).unwrap()) };
    let mut hosts = Vec::new();
    let clock = || "2031-02-03T04:05:06Z".parse::<Timestamp>().unwrap();
    let targets = Targets::parse(target).unwrap();
    let summary =
        discover(&targets, &Targets::default(), &options, &Cancel::default(), &clock, &mut |event| {
            if let Event::Host(host) = event {
                hosts.push(*host);
            }
        });
    (hosts, summary.unwrap())
}

#[test]
fn what_answers_is_told_by_its_own_words() {
    let ports: BTreeMap<u16, &str> = [
        (serve("127.0.0.1", |mut stream| page(&mut stream)), "http"),
        (serve("127.0.0.1", tls_page()), "https"),
        (serve("127.0.0.1", says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")), "ssh"),
        (serve("127.0.0.1", says(b"220 mail.lab.example ESMTP Postfix\r\n")), "smtp"),
        (serve("127.0.0.1", answers(b"-ERR unknown command 'GET'\r\n")), "redis"),
        (serve("127.0.0.1", |_stream| thread::sleep(std::time::Duration::from_secs(60))), "unknown"),
        (serve("127.0.0.1", drop), "unknown"),
        (serve("127.0.0.1", says(b"\x00\x01\x02garbage\xff\xfe")), "unknown"),
    ]
    .into();
    let numbers: Vec<_> = ports.keys().copied().collect();
    let (hosts, summary) = scan("127.0.0.1", &numbers);
    let host = &hosts[0];
    let found: BTreeMap<_, _> = host.ports.iter().map(|port| (port.port, port.service.as_str())).collect();
    assert_eq!(found, ports);
    assert!(host.ports.iter().all(|port| !port.evidence.is_empty()));
    let of = |service: &str| host.ports.iter().find(|port| port.service == service).unwrap();
    let https = of("https");
    assert_eq!(https.http.as_ref().unwrap().title.as_deref(), Some("The shop"));
    let tls = https.tls.as_ref().unwrap();
    assert_eq!(tls.certificates[0].names, ["shop.lab.example"]);
    assert_eq!(tls.versions.len(), 2);
    assert_eq!(discovery::information::web(https).unwrap().qid, 86001);
    assert_eq!(discovery::information::web(of("http")).unwrap().qid, 86000);
    let os = host.os.as_ref().unwrap();
    assert_eq!((os.name.as_str(), os.port), ("Debian 12", Some(of("ssh").port)));
    assert!(os.reason.contains("deb12u3"));
    assert_eq!((summary.up, summary.open), (1, 8));
}

#[test]
fn ipv6_and_excluded_addresses() {
    let port = serve("::1", says(b"SSH-2.0-x\r\n"));
    let (hosts, _) = scan("::1", &[port]);
    assert_eq!(hosts[0].ports[0].service, "ssh");
    let clock = || "2031-02-03T04:05:06Z".parse::<Timestamp>().unwrap();
    let (all, none) = (Targets::parse("127.0.0.1").unwrap(), Targets::parse("127.0.0.0/8").unwrap());
    let options = Options::new(Ports::parse("80").unwrap());
    let result =
        discover(&all, &none, &options, &Cancel::default(), &clock, &mut |_| panic!("nothing to tell"));
    assert!(result.unwrap_err().to_string().contains("excluded"));
}

#[test]
fn hostile_servers_end() {
    let endless = |mut stream: TcpStream| while stream.write_all(&[b'a'; 65536]).is_ok() {};
    let headers = |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"x-header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").is_ok() {}
    };
    let drip = |mut stream: TcpStream| {
        while stream.write_all(b"x").is_ok() {
            thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    let half_tls = |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 2048]);
        let _ = stream.write_all(b"\x16\x03\x03\xff\xff\x02\xff\xff\xff");
        thread::sleep(std::time::Duration::from_secs(30));
    };
    let ports = [
        serve("127.0.0.1", endless),
        serve("127.0.0.1", headers),
        serve("127.0.0.1", drip),
        serve("127.0.0.1", half_tls),
    ];
    let (hosts, summary) = scan("127.0.0.1", &ports);
    assert_eq!(hosts[0].ports.len(), 4);
    assert!(summary.seconds < 30.0, "{}", summary.seconds);
    assert!(hosts[0].ports.iter().all(|port| port.evidence.len() < 1_000));
}

#[test]
fn all_addresses_of_a_block_are_scanned_and_silent_ports_of_nobody_are_not_open() {
    let port = serve("0.0.0.0", says(b"220 FTP ready\r\n"));
    let (hosts, summary) = scan("127.0.3.0/26", &[port, 1]);
    assert_eq!((hosts.len(), summary.up, summary.open), (64, 64, 64));
    assert!(hosts.iter().all(|host| host.ports.len() == 1 && host.closed == 1));
}
