//! Looking at a TLS server over connections that the caller opens: version by version, and its certificates.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use serde::{Deserialize, Serialize};

use super::hello::ANSWER;
use super::{BadAnswer, Certificate, ClientHello, ServerAnswer, Version, cipher_name};

/// A connection. Its reads and writes must end by themselves (a read time-out, a deadline), or a silent server holds the
/// look for ever.
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// Opens one more connection to the same server. Whoever limits the rate of connections does it here.
pub type Connect<'a> = dyn FnMut() -> io::Result<Box<dyn Stream + 'a>> + 'a;

/// What is to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The name that is asked for (SNI).
    pub name: Option<&'a str>,
    /// The versions to try, one connection each.
    pub versions: &'a [Version],
}

/// What a TLS server showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// The versions that it accepted, oldest first.
    pub versions: Vec<Version>,
    /// The cipher suite that it chose with the newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// The certificates that it showed, its own first.
    #[serde(default)]
    pub certificates: Vec<Certificate>,
}

/// Looks at a server; none when it speaks no TLS. The newest version is tried first, so that something that is no TLS
/// server costs one connection.
///
/// # Errors
/// When no connection can be opened any more.
pub fn look(look: &Look<'_>, connect: &mut Connect<'_>) -> io::Result<Option<Handshake>> {
    let mut seen = Handshake::default();
    let mut newest: Option<(Version, u16)> = None;
    let mut ders: Vec<Vec<u8>> = Vec::new();
    let mut versions = look.versions.to_vec();
    versions.sort_unstable();
    let mut is_tls = false;
    for version in versions.into_iter().rev() {
        let hello = ClientHello { version, name: look.name, ciphers: &[] };
        match ask(&hello, &mut *connect()?) {
            Ok(ServerAnswer::Hello { version: chosen, cipher, certificates }) => {
                is_tls = true;
                if chosen == version {
                    seen.versions.push(chosen);
                    newest = newest.max(Some((chosen, cipher)));
                }
                if ders.is_empty() {
                    ders = certificates;
                }
            }
            Ok(ServerAnswer::Alert(_)) => is_tls = true,
            // Old servers hang up on a version that they do not know; the others tell.
            Err(Failed::Closed) => {}
            Err(Failed::NotTls | Failed::Silent) if !is_tls => return Ok(None),
            Err(Failed::NotTls | Failed::Silent) => {}
        }
    }
    if !is_tls {
        return Ok(None);
    }
    if ders.is_empty() && seen.versions.contains(&Version::Tls13) {
        ders = hidden(look.name, &mut *connect()?).unwrap_or_default();
    }
    seen.versions.sort_unstable();
    seen.cipher = newest
        .map(|(_, cipher)| cipher_name(cipher).map_or_else(|| format!("0x{cipher:04X}"), str::to_owned));
    seen.certificates = ders.iter().filter_map(|der| Certificate::read(der).ok()).collect();
    Ok(Some(seen))
}

/// No answer.
enum Failed {
    /// It hung up.
    Closed,
    /// It said nothing, or not enough, in time.
    Silent,
    /// It said something else.
    NotTls,
}

/// Sends a hello and reads until the answer is known.
fn ask(hello: &ClientHello<'_>, stream: &mut dyn Stream) -> Result<ServerAnswer, Failed> {
    let sent = stream.write_all(&hello.bytes()).and_then(|()| stream.flush());
    if sent.is_err() {
        return Err(Failed::Closed);
    }
    let (mut came, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part);
        let count = *read.as_ref().unwrap_or(&0);
        came.extend(part.iter().take(count));
        let is_last = count == 0 || came.len() >= ANSWER;
        match ServerAnswer::read(&came, is_last) {
            Ok(answer) => return Ok(answer),
            Err(BadAnswer::NotTls) => return Err(Failed::NotTls),
            Err(BadAnswer::Short) if is_last => return Err(Failed::of(&read)),
            Err(BadAnswer::Short) => {}
        }
    }
}

impl Failed {
    fn of(read: &io::Result<usize>) -> Self {
        match read {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Self::Silent
            }
            _ => Self::Closed,
        }
    }
}

/// The certificates of a server that shows them in TLS 1.3 only.
fn hidden(name: Option<&str>, stream: &mut dyn Stream) -> Option<Vec<Vec<u8>>> {
    let config: Arc<ClientConfig> = super::accepting_any(&[]).ok()?;
    let name = name.unwrap_or("server.invalid").to_owned();
    let name = ServerName::try_from(name).or_else(|_| ServerName::try_from("server.invalid")).ok()?;
    let mut connection = ClientConnection::new(config, name).ok()?;
    let mut read = 0;
    while connection.peer_certificates().is_none() && read < ANSWER {
        while connection.wants_write() {
            connection.write_tls(&mut Both(stream)).ok()?;
        }
        let count = connection.read_tls(&mut Both(stream)).ok()?;
        if count == 0 {
            return None;
        }
        read += count;
        connection.process_new_packets().ok()?;
    }
    Some(connection.peer_certificates()?.iter().map(|der| der.to_vec()).collect())
}

/// A stream behind a reference, as the library wants it.
struct Both<'s>(&'s mut dyn Stream);

impl Read for Both<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Both<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
