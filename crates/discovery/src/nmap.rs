//! What Nmap found, from the XML that it writes (`-oX`), as the same hosts. Nmap's own document type line is passed over;
//! nothing in it is read, so an entity that it may declare stays unknown and is an error.

use std::borrow::Cow;

use jiff::Timestamp;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::UNKNOWN;
use crate::model::{Host, HttpService, Name, NameSource, OsGuess, Port, Protocol, Status};
use crate::text::printable;

/// Most bytes of a file.
pub const LARGEST: usize = 512 << 20;
const DEPTH: usize = 32;
const HOSTS: usize = 1 << 20;
const TEXT: usize = 512;

/// Why a file can't be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NmapError {
    /// Not XML, or XML that was cut off.
    #[error("this is not whole XML, at byte {at}: {problem}")]
    Broken {
        /// Where.
        at: u64,
        /// What is wrong.
        problem: String,
    },
    /// XML of something else.
    #[error("this is not Nmap's XML: the first element is {0:?}, not \"nmaprun\"")]
    NotNmap(String),
    /// A value that can't be.
    #[error("{element} {name}={value:?}: {wanted} is expected")]
    Value {
        /// The element.
        element: &'static str,
        /// The attribute.
        name: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// More than is read.
    #[error("the file has more than {0}")]
    TooMuch(&'static str),
}

/// Reads a file of Nmap: hosts with an address, in the order of the file.
///
/// # Errors
/// When it is no such file, or broken.
pub fn read(xml: &str) -> Result<Vec<Host>, NmapError> {
    if xml.len() > LARGEST {
        return Err(NmapError::TooMuch("512 MiB"));
    }
    let mut reader = Reader::from_str(xml);
    let mut import = Import::default();
    loop {
        let event = reader.read_event().map_err(|error| broken(&reader, &error))?;
        match event {
            Event::Start(element) => {
                let names = read_names(&element, &reader)?;
                import.open(&names)?;
            }
            Event::Empty(element) => {
                let names = read_names(&element, &reader)?;
                import.open(&names)?;
                import.close()?;
            }
            Event::End(_) => import.close()?,
            Event::Eof if import.path.is_empty() && import.seen_root => return Ok(import.hosts),
            Event::Eof => {
                return Err(NmapError::Broken {
                    at: reader.buffer_position(),
                    problem: "it ends too early".into(),
                });
            }
            Event::GeneralRef(name) if !is_known(&name) => {
                let problem = format!(
                    "the entity {:?} is not known, and none is resolved",
                    printable(name.as_bytes(), 40)
                );
                return Err(NmapError::Broken { at: reader.buffer_position(), problem });
            }
            _ => {}
        }
    }
}

fn is_known(name: &str) -> bool {
    name.starts_with('#') || ["lt", "gt", "amp", "quot", "apos"].contains(&name)
}

fn broken(reader: &Reader<&[u8]>, error: &dyn std::fmt::Display) -> NmapError {
    NmapError::Broken { at: reader.buffer_position(), problem: printable(error.to_string().as_bytes(), 200) }
}

/// An element: its name and its attributes.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| printable(value.as_bytes(), TEXT)).filter(|value| !value.is_empty())
    }
}

fn read_names(element: &BytesStart<'_>, reader: &Reader<&[u8]>) -> Result<Element, NmapError> {
    let mut attributes = Vec::new();
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| broken(reader, &error))?;
        let value: Cow<'_, str> =
            attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| broken(reader, &error))?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element { name: element.name().as_ref().to_owned(), attributes })
}

#[derive(Default)]
struct Import {
    path: Vec<String>,
    seen_root: bool,
    hosts: Vec<Host>,
    host: Option<Draft>,
    port: Option<(Port, String)>,
}

/// A host whose address may come later.
#[derive(Default)]
struct Draft {
    address: Option<std::net::IpAddr>,
    status: Option<(Status, String)>,
    names: Vec<Name>,
    os: Option<(u32, OsGuess)>,
    ports: Vec<Port>,
    closed: u32,
    filtered: u32,
    started: Timestamp,
    ended: Timestamp,
    round_trip_ms: Option<f64>,
}

impl Import {
    fn open(&mut self, element: &Element) -> Result<(), NmapError> {
        if self.path.is_empty() {
            if element.name != "nmaprun" || self.seen_root {
                return Err(NmapError::NotNmap(printable(element.name.as_bytes(), 40)));
            }
            self.seen_root = true;
        }
        if self.path.len() >= DEPTH {
            return Err(NmapError::TooMuch("32 elements within each other"));
        }
        self.path.push(element.name.clone());
        if element.name == "host" && self.path.len() == 2 {
            let started = time(element, "starttime")?.unwrap_or_default();
            let ended = time(element, "endtime")?.unwrap_or(started);
            self.host = Some(Draft { started, ended, ..Draft::default() });
        } else if let Some(host) = &mut self.host {
            match element.name.as_str() {
                "port" => self.port = port(element)?,
                _ => about(host, self.port.as_mut(), element)?,
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), NmapError> {
        let name = self.path.pop().unwrap_or_default();
        match name.as_str() {
            "port" => {
                if let (Some((port, state)), Some(host)) = (self.port.take(), &mut self.host) {
                    match state.as_str() {
                        "open" => host.ports.push(port),
                        "closed" => host.closed += 1,
                        _ => host.filtered += 1,
                    }
                }
            }
            "host" if self.path.len() == 1 => {
                if let Some(host) = self.host.take().and_then(Draft::host) {
                    if self.hosts.len() >= HOSTS {
                        return Err(NmapError::TooMuch("1,048,576 hosts"));
                    }
                    self.hosts.push(host);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Draft {
    fn host(mut self) -> Option<Host> {
        self.ports.sort_by_key(|port| (port.port, port.protocol));
        self.ports.dedup_by_key(|port| (port.port, port.protocol));
        let is_up = !self.ports.is_empty() || self.closed > 0;
        let fallback = if is_up { Status::Up } else { Status::Silent };
        let (status, reason) = self.status.unwrap_or((fallback, "not told".to_owned()));
        Some(Host {
            address: self.address?,
            status,
            reason: format!("Nmap: {reason}"),
            names: self.names,
            netbios: None,
            os: self.os.map(|(_, guess)| guess),
            ports: self.ports,
            closed: self.closed,
            filtered: self.filtered,
            tarpit: None,
            round_trip_ms: self.round_trip_ms,
            started: self.started,
            ended: self.ended,
        })
    }
}

fn number<N: std::str::FromStr>(
    element: &'static str,
    name: &'static str,
    value: &str,
) -> Result<N, NmapError> {
    let wanted = "a number that fits";
    value.parse().map_err(|_| NmapError::Value {
        element,
        name,
        value: printable(value.as_bytes(), 40),
        wanted,
    })
}

fn time(element: &Element, name: &'static str) -> Result<Option<Timestamp>, NmapError> {
    let Some(value) = element.get(name) else { return Ok(None) };
    let bad = || NmapError::Value {
        element: "host",
        name,
        value: printable(value.as_bytes(), 40),
        wanted: "seconds since 1970",
    };
    let seconds: i64 = value.parse().map_err(|_| bad())?;
    Timestamp::from_second(seconds).map(Some).map_err(|_| bad())
}

/// A port; none of a protocol that this model has no name for.
fn port(element: &Element) -> Result<Option<(Port, String)>, NmapError> {
    let protocol = match element.get("protocol") {
        Some("tcp") => Protocol::Tcp,
        Some("udp") => Protocol::Udp,
        _ => return Ok(None),
    };
    let port: u16 = number("port", "portid", element.get("portid").unwrap_or_default())?;
    Ok(Some((Port { protocol, ..Port::open(port, "Nmap: open") }, String::new())))
}

fn about(host: &mut Draft, port: Option<&mut (Port, String)>, element: &Element) -> Result<(), NmapError> {
    match (element.name.as_str(), port) {
        ("status", None) => {
            let status = if element.get("state") == Some("up") { Status::Up } else { Status::Silent };
            host.status = Some((status, element.text("reason").unwrap_or_default()));
        }
        ("address", None) if element.get("addrtype") != Some("mac") => {
            let value = element.get("addr").unwrap_or_default();
            let bad = || NmapError::Value {
                element: "address",
                name: "addr",
                value: printable(value.as_bytes(), 60),
                wanted: "an address",
            };
            host.address = Some(value.parse().map_err(|_| bad())?);
        }
        ("hostname", None) => {
            let source =
                if element.get("type") == Some("user") { NameSource::Target } else { NameSource::Reverse };
            let name = element.text("name").map(|name| name.trim_end_matches('.').to_ascii_lowercase());
            host.names.extend(name.map(|name| Name { name, source }));
        }
        ("osmatch", None) => {
            let accuracy: u32 = number("osmatch", "accuracy", element.get("accuracy").unwrap_or("0"))?;
            if let Some(name) = element.text("name")
                && host.os.as_ref().is_none_or(|(best, _)| *best < accuracy)
            {
                let reason = format!("Nmap: its fingerprint, accuracy {accuracy} %");
                host.os = Some((accuracy, OsGuess { name, reason, port: None }));
            }
        }
        ("extraports", None) => {
            let count: u32 = number("extraports", "count", element.get("count").unwrap_or("0"))?;
            let sum =
                if element.get("state") == Some("closed") { &mut host.closed } else { &mut host.filtered };
            *sum = sum.saturating_add(count);
        }
        ("times", None) => {
            let microseconds =
                element.get("srtt").map(|value| number::<i64>("times", "srtt", value)).transpose()?;
            host.round_trip_ms = microseconds.filter(|value| *value > 0).map(|value| value as f64 / 1e3);
        }
        ("state", Some((port, state))) => {
            *state = element.get("state").unwrap_or_default().to_owned();
            port.evidence = format!("Nmap: {}", element.text("reason").unwrap_or_else(|| state.clone()));
        }
        ("service", Some((port, _))) => service(port, element),
        ("script", Some((port, _))) => script(port, element),
        _ => {}
    }
    Ok(())
}

fn service(port: &mut Port, element: &Element) {
    let is_probed = element.get("method") == Some("probed");
    let name = element.text("name").unwrap_or_else(|| UNKNOWN.to_owned());
    let has_tls = element.get("tunnel") == Some("ssl");
    if !is_probed {
        // A name from a table of ports proves nothing.
        port.evidence += &format!("; on this port usually {name}");
        return;
    }
    port.evidence = format!("Nmap: probed as {name}{}", if has_tls { " over TLS" } else { "" });
    port.product = element.text("product");
    port.version = element.text("version");
    let is_web = name == "http" || name.starts_with("http-") || name == "https";
    if is_web {
        let server = port.product.as_ref().map(|product| match &port.version {
            Some(version) => format!("{product}/{version}"),
            None => product.clone(),
        });
        port.http = Some(Box::new(HttpService { server, ..HttpService::default() }));
    }
    if has_tls || name == "https" {
        port.tls = Some(Box::default());
    }
    port.service = match (name.as_str(), has_tls) {
        ("http", true) => "https".to_owned(),
        ("imap" | "pop3" | "smtp" | "ftp" | "ldap" | "irc", true) => format!("{name}s"),
        _ => name,
    };
}

fn script(port: &mut Port, element: &Element) {
    let output = element.text("output");
    match (element.get("id"), &mut port.http) {
        (Some("http-title"), Some(http)) => http.title = output,
        (Some("http-server-header"), Some(http)) => http.server = output.or(http.server.take()),
        (Some("banner"), _) => port.banner = output,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="nmap.xsl" type="text/xsl"?>
<!-- Nmap 7.93 scan -->
<nmaprun scanner="nmap" start="1795645537" version="7.93" xmloutputversion="1.05">
<host starttime="1795645537" endtime="1795645540"><status state="up" reason="syn-ack" reason_ttl="0"/>
<address addr="192.0.2.17" addrtype="ipv4"/><address addr="02:FC:00:00:00:01" addrtype="mac"/>
<hostnames><hostname name="Shop.lab.example" type="PTR"/></hostnames>
<ports><extraports state="closed" count="995"/>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack"/><service name="http" product="nginx" version="1.22.1" tunnel="ssl" method="probed" conf="10"/><script id="http-title" output="Shop &amp; Lab"/></port>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/><service name="ssh" product="OpenSSH" version="9.2p1" method="probed"/></port>
<port protocol="tcp" portid="8080"><state state="open" reason="syn-ack"/><service name="http-proxy" method="table" conf="3"/></port>
<port protocol="tcp" portid="25"><state state="filtered" reason="no-response"/></port></ports>
<os><osmatch name="Linux 5.0 - 6.2" accuracy="97"/><osmatch name="Linux 4" accuracy="90"/></os>
<times srtt="136" rttvar="2871" to="100000"/></host>
<host><status state="down" reason="no-response"/><address addr="2001:db8::1" addrtype="ipv6"/></host>
<runstats><hosts up="1" down="1" total="2"/></runstats>
</nmaprun>"#;

    #[test]
    fn nmaps_own_file_becomes_hosts() {
        let hosts = read(FILE).unwrap();
        let [host, down] = hosts.as_slice() else { panic!("{hosts:?}") };
        assert_eq!((host.address.to_string().as_str(), host.status), ("192.0.2.17", Status::Up));
        assert_eq!(host.names[0].name, "shop.lab.example");
        assert_eq!((host.closed, host.filtered, host.round_trip_ms), (995, 1, Some(0.136)));
        assert_eq!(host.os.as_ref().unwrap().name, "Linux 5.0 - 6.2");
        let services: Vec<_> = host.ports.iter().map(|p| (p.port, p.service.as_str())).collect();
        assert_eq!(services, [(22, "ssh"), (443, "https"), (8080, UNKNOWN)]);
        let https = &host.ports[1];
        assert_eq!(https.http.as_ref().unwrap().title.as_deref(), Some("Shop & Lab"));
        assert_eq!(crate::information::web(https).unwrap().qid, 86001);
        assert_eq!((down.address.to_string().as_str(), down.status), ("2001:db8::1", Status::Silent));
    }

    #[test]
    fn entities_are_not_resolved() {
        let declared = FILE.replace(
            "<!DOCTYPE nmaprun>",
            "<!DOCTYPE nmaprun [<!ENTITY x SYSTEM \"file:///etc/hostname\"><!ENTITY y \"z\">]>",
        );
        assert_eq!(read(&declared).unwrap(), read(FILE).unwrap(), "a declaration alone does nothing");
        for use_of in ["name=\"&x;\"", "name=\"&y;\""] {
            let used = declared.replace("name=\"Shop.lab.example\"", use_of);
            assert!(matches!(read(&used), Err(NmapError::Broken { .. })), "{use_of}");
        }
        let inside = declared.replace("<hostnames>", "<hostnames>&x;");
        assert!(matches!(read(&inside), Err(NmapError::Broken { .. })));
    }

    #[test]
    fn cut_and_strange_files_are_refused() {
        for end in (0..FILE.len()).filter(|end| FILE.is_char_boundary(*end)) {
            assert!(read(FILE.get(..end).unwrap()).is_err(), "{end} bytes");
        }
        assert!(matches!(read("<html></html>"), Err(NmapError::NotNmap(name)) if name == "html"));
        let wrong = FILE.replace("portid=\"22\"", "portid=\"70000\"");
        assert!(read(&wrong).unwrap_err().to_string().contains("70000"));
    }
}
