//! What was found in the words of scan results: the QIDs that a discovery can prove (contract/was.md 13.3, 15).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Host, Port, Protocol, Web};

/// DNS host name.
pub const DNS_HOST_NAME: u32 = 6;
/// Operating system detected.
pub const OPERATING_SYSTEM: u32 = 45017;
/// Host scan time.
pub const HOST_SCAN_TIME: u32 = 45038;
/// Web server version: a web server on a port.
pub const WEB_SERVER: u32 = 86000;
/// SSL web server version: a web server behind TLS.
pub const SSL_WEB_SERVER: u32 = 86001;

/// One finding of the kind "information gathered".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Information {
    /// Its number.
    pub qid: u32,
    /// Its title.
    pub title: String,
    /// Its severity, 1 or 2.
    pub severity: u8,
    /// The port it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The protocol of the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// What was found, in the layout of the QID.
    pub result: String,
}

/// What is known of a host.
#[must_use]
pub fn of(host: &Host) -> Vec<Information> {
    let mut all = vec![about(DNS_HOST_NAME, "DNS Host Name", 1, names(host))];
    if let Some(os) = &host.os {
        let id = os.port.map_or_else(|| "-".to_owned(), |port| format!("port_{port}"));
        let result = format!(
            "#table cols=\"3\"\nOperating_System Technique ID\n\n{} Banner {id}\n",
            os.name.replace(' ', "_")
        );
        all.push(about(OPERATING_SYSTEM, "Operating System Detected", 2, result));
    }
    all.push(about(HOST_SCAN_TIME, "Host Scan Time", 1, times(host.started, host.ended)));
    all.extend(host.ports.iter().filter_map(web));
    all
}

/// The information about a web server; none for other ports.
#[must_use]
pub fn web(port: &Port) -> Option<Information> {
    let (qid, title) = match port.web()? {
        Web::Plain => (WEB_SERVER, "Web Server Version"),
        Web::Tls => (SSL_WEB_SERVER, "SSL Web Server Version"),
    };
    let server =
        port.http.as_ref().and_then(|http| http.server.as_deref()).unwrap_or("HTTP server without a name");
    let result = format!(
        "#table cols=\"2\"\nServer_Version Server_Banner\n\n{} {}\n",
        server.replace(' ', "_"),
        server.replace(' ', "_")
    );
    let (port, protocol) = (Some(port.port), Some(port.protocol));
    Some(Information { port, protocol, ..about(qid, title, 1, result) })
}

fn about(qid: u32, title: &str, severity: u8, result: String) -> Information {
    Information { qid, title: title.to_owned(), severity, port: None, protocol: None, result }
}

fn names(host: &Host) -> String {
    let mut text = "#table\nIP_address Host_name\n\n".to_owned();
    if host.names.is_empty() {
        text += &format!("{} No_registered_hostname\n", host.address);
    }
    for name in &host.names {
        text += &format!("{} {}\n", host.address, name.name);
    }
    text
}

fn times(started: Timestamp, ended: Timestamp) -> String {
    let told = |moment: Timestamp| moment.strftime("%a, %b %d %Y, %H:%M:%S GMT").to_string();
    let seconds = (ended.as_second() - started.as_second()).max(0);
    format!(
        "Scan duration: {seconds} seconds\n\nStart time: {}\n\nEnd time: {}\n",
        told(started),
        told(ended)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HttpService, Name, NameSource, OsGuess};

    #[test]
    fn findings_have_the_layouts_of_the_contract() {
        let mut host = crate::model::tests::host();
        host.ended = "2031-02-03T04:05:36Z".parse().unwrap();
        host.names = vec![Name { name: "shop.lab.example".to_owned(), source: NameSource::Reverse }];
        host.os = Some(OsGuess { name: "Debian 12".to_owned(), reason: "x".to_owned(), port: Some(22) });
        let http = || {
            Some(Box::new(HttpService { server: Some("nginx/1.22.1".to_owned()), ..HttpService::default() }))
        };
        host.ports = vec![
            Port { http: http(), ..Port::open(80, "x") },
            Port { http: http(), tls: Some(Box::default()), ..Port::open(443, "x") },
            Port::open(22, "x"),
        ];
        let all = of(&host);
        let told: Vec<_> = all.iter().map(|one| (one.qid, one.port)).collect();
        assert_eq!(told, [(6, None), (45017, None), (45038, None), (86000, Some(80)), (86001, Some(443))]);
        assert_eq!(all[0].result, "#table\nIP_address Host_name\n\n192.0.2.17 shop.lab.example\n");
        assert_eq!(
            all[1].result,
            "#table cols=\"3\"\nOperating_System Technique ID\n\nDebian_12 Banner port_22\n"
        );
        assert_eq!(
            all[2].result,
            "Scan duration: 30 seconds\n\nStart time: Mon, Feb 03 2031, 04:05:06 GMT\n\nEnd time: Mon, Feb 03 2031, 04:05:36 GMT\n"
        );
    }

    #[test]
    fn a_host_without_a_name_says_so() {
        assert!(of(&crate::model::tests::host())[0].result.ends_with("192.0.2.17 No_registered_hostname\n"));
    }
}
