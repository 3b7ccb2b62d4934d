//! What answers on an open port: first it may speak, then it is asked.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::asks::{ASKS, Ask};
use super::connection::{Heard, Knock, Line, hear};
use super::{http, words};
use crate::UNKNOWN;
use crate::known;
use crate::model::Port;
use crate::text::printable;
use crate::tls::{Handshake, Look, Stream, Version, accepting_any, look};

/// Printers print whatever they hear: these are listened to only.
const MUTE: std::ops::RangeInclusive<u16> = 9100..=9107;
/// A banner longer than this is no banner.
const BANNER: usize = 4 * 1024;
const SHOWN: usize = 160;
/// All questions at one port take no longer, beside the time of answers.
const WHOLE: Duration = Duration::from_millis(2_500);

/// Finds out what answers on a port. `name` is the host's name, if it has one.
pub(crate) fn detect(knock: &Knock<'_>, name: Option<&str>) -> Port {
    let mut talk = Talk {
        knock,
        name,
        port: knock.address.port(),
        until: Instant::now() + WHOLE + knock.round_trip * 9,
    };
    match talk.find() {
        Ok(Some(found)) => found,
        Ok(None) => {
            Port::open(talk.port, talk.unknown("it accepts, and answers neither words nor HTTP nor TLS"))
        }
        Err(error) => Port::open(talk.port, talk.unknown(&format!("it accepted once, then: {error}"))),
    }
}

struct Talk<'a> {
    knock: &'a Knock<'a>,
    name: Option<&'a str>,
    port: u16,
    until: Instant,
}

impl Talk<'_> {
    fn find(&mut self) -> io::Result<Option<Port>> {
        if known::TLS.contains(&self.port)
            && let Some(found) = self.over_tls()?
        {
            return Ok(Some(found));
        }
        let (mut line, heard) = self.listen()?;
        if !heard.bytes.is_empty() {
            return Ok(Some(self.said(&heard.bytes, "it says", heard.is_closed)));
        }
        if MUTE.contains(&self.port) {
            return Ok(None);
        }
        let first = ASKS.iter().find(|ask| ask.ports.contains(&self.port));
        if let Some(ask) = first
            && let Some(found) = self.ask(ask)?
        {
            return Ok(Some(found));
        }
        let heard = self.get(&mut line, heard.is_closed)?;
        if let Some(found) = self.answer_to_get(&heard)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.over_tls()? {
            return Ok(Some(found));
        }
        // Somebody slow may have thought about the page meanwhile.
        if !heard.is_closed {
            let heard = hear(line.within(self.knock.time(500)), http::MOST, http::is_enough);
            // Whoever says nothing to anything will not say more to other questions.
            return self.answer_to_get(&heard);
        }
        for ask in ASKS.iter().filter(|ask| !ask.ports.contains(&self.port)) {
            if Instant::now() >= self.until {
                break;
            }
            if let Some(found) = self.ask(ask)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Waits for the server to speak first, where that is usual.
    fn listen(&self) -> io::Result<(Line<'_>, Heard)> {
        let mut line = self.knock.open()?;
        let time = if known::WEB.contains(&self.port) { 0 } else { 400 };
        let mut heard = Heard::default();
        if time > 0 {
            heard = hear(line.within(self.knock.time(time)), BANNER, |bytes| {
                bytes.ends_with(b"\n") || bytes.len() > 64
            });
            if !heard.bytes.is_empty() && !heard.is_closed && words::read(&heard.bytes).is_none() {
                // The rest of a greeting in pieces.
                let rest = hear(line.within(self.knock.time(150)), BANNER, |_| false);
                heard.bytes.extend(rest.bytes);
            }
        }
        Ok((line, heard))
    }

    fn get(&self, line: &mut Line<'_>, is_closed: bool) -> io::Result<Heard> {
        if is_closed {
            return Ok(Heard { is_closed, ..Heard::default() });
        }
        let time = self.knock.time(if known::WEB.contains(&self.port) { 2_000 } else { 700 });
        let sent = line.within(time).write_all(&http::request(&self.host()));
        if sent.is_err() {
            return Ok(Heard { is_closed: true, ..Heard::default() });
        }
        Ok(hear(line.within(time), http::MOST, http::is_enough))
    }

    /// Reads the answer to a GET, which may be of any protocol.
    fn answer_to_get(&self, heard: &Heard) -> io::Result<Option<Port>> {
        let bytes = &heard.bytes;
        if bytes.is_empty() {
            return Ok(None);
        }
        let Some(page) = http::read(bytes, &self.url("http")) else {
            // An alert: whoever is there speaks TLS.
            let is_alert = matches!(bytes.as_slice(), [21, 3, ..]);
            let tls = if is_alert { self.over_tls()? } else { None };
            return Ok(tls.or_else(|| Some(self.said(bytes, "to GET / it answers", heard.is_closed))));
        };
        let hints = ["https", "ssl", "tls"];
        let is_wrong_scheme = page.status == 400 && {
            let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
            hints.iter().any(|hint| text.contains(hint))
        };
        if is_wrong_scheme && let Some(found) = self.over_tls()? {
            return Ok(Some(found));
        }
        Ok(Some(self.web("http", page, None)))
    }

    fn ask(&self, ask: &Ask) -> io::Result<Option<Port>> {
        let mut line = self.knock.open()?;
        if line.within(self.knock.time(500)).write_all(ask.bytes).is_err() {
            return Ok(None);
        }
        let heard = hear(&mut line, BANNER, |bytes| !bytes.is_empty());
        if ask.letter && matches!(heard.bytes.as_slice(), [b'S' | b'N']) {
            let evidence = format!(
                "to a request for TLS it answers {:?}, as PostgreSQL does",
                printable(&heard.bytes, 1)
            );
            return Ok(Some(Port {
                service: ask.name.to_owned(),
                product: Some("PostgreSQL".to_owned()),
                ..Port::open(self.port, evidence)
            }));
        }
        if words::read(&heard.bytes).is_some() {
            let lead = format!("to a question in {} it answers", ask.name);
            return Ok(Some(self.said(&heard.bytes, &lead, heard.is_closed)));
        }
        Ok(None)
    }

    /// Looks at TLS, and at what answers behind it.
    fn over_tls(&self) -> io::Result<Option<Port>> {
        let asked = Look { name: self.name, versions: &Version::ALL };
        let time = self.knock.time(if known::TLS.contains(&self.port) { 2_000 } else { 700 });
        let mut connect = || {
            let mut line = self.knock.open()?;
            line.within(time);
            Ok(Box::new(line) as Box<dyn Stream + '_>)
        };
        let Some(shown) = look(&asked, &mut connect)? else { return Ok(None) };
        let mut found = self.behind_tls(&shown).unwrap_or_else(|error| Port {
            service: "tls".to_owned(),
            ..Port::open(self.port, format!("it speaks TLS; inside: {error}"))
        });
        found.tls = Some(Box::new(shown));
        Ok(Some(found))
    }

    fn behind_tls(&self, shown: &Handshake) -> io::Result<Port> {
        if !shown.versions.iter().any(|version| *version >= Version::Tls12) {
            let evidence = "it speaks only versions of TLS too old to look behind";
            return Ok(Port { service: "tls".to_owned(), ..Port::open(self.port, evidence) });
        }
        let mut line = self.knock.open()?;
        line.within(self.knock.time(2_500));
        let config = accepting_any(&[]).map_err(io::Error::other)?;
        let name = ServerName::try_from(self.name.unwrap_or_default().to_owned());
        let name = name.unwrap_or_else(|_| ServerName::from(self.knock.address.ip()));
        let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, line);
        stream.write_all(&http::request(&self.host()))?;
        stream.flush()?;
        let heard = hear(&mut stream as &mut dyn Read, http::MOST, http::is_enough);
        if let Some(page) = http::read(&heard.bytes, &self.url("https")) {
            return Ok(self.web("https", page, Some(shown)));
        }
        let mut found = if heard.bytes.is_empty() {
            Port {
                service: "tls".to_owned(),
                ..Port::open(self.port, "it speaks TLS, and inside it is silent")
            }
        } else {
            self.said(&heard.bytes, "inside TLS it says", heard.is_closed)
        };
        found.service = match found.service.as_str() {
            UNKNOWN => "tls".to_owned(),
            known @ ("imap" | "pop3" | "smtp" | "ftp" | "irc") => format!("{known}s"),
            other => other.to_owned(),
        };
        Ok(found)
    }

    fn web(&self, scheme: &str, page: crate::model::HttpService, tls: Option<&Handshake>) -> Port {
        let server = page.server.as_deref().map(|server| format!(", Server: {server}")).unwrap_or_default();
        let mut evidence = format!("GET / answers HTTP status {}{server}", page.status);
        if let Some(tls) = tls {
            let newest = tls.versions.last().map_or("TLS", |version| version.name());
            evidence = format!("{evidence}, over {newest}");
        }
        let (product, version) = page.server.as_deref().map(product).unwrap_or_default();
        let banner = page.server.clone();
        Port {
            service: scheme.to_owned(),
            product,
            version,
            banner,
            http: Some(Box::new(page)),
            ..Port::open(self.port, evidence)
        }
    }

    fn said(&self, bytes: &[u8], lead: &str, is_closed: bool) -> Port {
        let shown = printable(bytes, SHOWN);
        let mut evidence = if shown.is_empty() {
            format!("{lead} {} bytes that are no text", bytes.len())
        } else {
            format!("{lead} {shown:?}")
        };
        if is_closed && shown.is_empty() {
            evidence += ", and hangs up";
        }
        let told = words::read(bytes);
        Port {
            service: told.as_ref().map_or(UNKNOWN, |told| told.service).to_owned(),
            product: told.as_ref().and_then(|told| told.product.clone()),
            version: told.and_then(|told| told.version),
            banner: (!shown.is_empty()).then_some(shown),
            ..Port::open(self.port, evidence)
        }
    }

    fn unknown(&self, evidence: &str) -> String {
        let usual = known::usual(self.port).map(|name| format!(" (on this port usually {name})"));
        format!("{evidence}{}", usual.unwrap_or_default())
    }

    fn host(&self) -> String {
        self.name.map_or_else(|| self.bracketed(), str::to_owned)
    }

    fn bracketed(&self) -> String {
        let ip = self.knock.address.ip();
        if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
    }

    fn url(&self, scheme: &str) -> String {
        match (scheme, self.port) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{}/", self.host()),
            (_, port) => format!("{scheme}://{}:{port}/", self.host()),
        }
    }
}

/// Program and version of a `Server` header such as `nginx/1.22.1`.
fn product(server: &str) -> (Option<String>, Option<String>) {
    let first = server.split(['(', ' ']).next().unwrap_or_default();
    let (name, version) = match first.split_once('/') {
        Some((name, version)) => (name, Some(version.to_owned())),
        None => (server.split('(').next().unwrap_or_default().trim(), None),
    };
    ((!name.is_empty()).then(|| name.to_owned()), version.filter(|version| !version.is_empty()))
}
