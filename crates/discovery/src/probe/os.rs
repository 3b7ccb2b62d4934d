//! Which operating system a host's own words give away. Nothing is guessed from open ports or timing.

use std::sync::OnceLock;

use regex::Regex;

use crate::model::{Host, OsGuess};

/// Words and the system that says them; `$1` and `$2` are parts of the words. Telling ones first.
const ROWS: &[(&str, &str)] = &[
    (r"(?i)\+deb(\d{1,2})u\d|[~+]deb(\d{1,2})(?:u\d|$|[^\d])", "Debian $1$2"),
    (r"(?i)ubuntu[ /-]?(\d{2}\.\d{2})", "Ubuntu $1"),
    (r"0ubuntu0\.(\d{2}\.\d{2})", "Ubuntu $1"),
    (r"(?i)debian gnu/linux (\d+)", "Debian $1"),
    (r"(?i)\bubuntu\b", "Ubuntu"),
    (r"(?i)raspbian", "Raspbian"),
    (r"(?i)\bdebian\b", "Debian"),
    (r"(?i)red hat enterprise linux(?: (\d+))?", "Red Hat Enterprise Linux $1"),
    (r"(?i)\(red ?hat", "Red Hat Linux"),
    (r"(?i)\brocky linux(?: (\d+))?", "Rocky Linux $1"),
    (r"(?i)\balmalinux(?: (\d+))?", "AlmaLinux $1"),
    (r"(?i)\bcentos(?: stream)?(?: (\d+))?", "CentOS $1"),
    (r"(?i)\bfedora\b", "Fedora"),
    (r"(?i)\bopensuse|\bsuse\b", "SUSE Linux"),
    (r"(?i)\balpine\b", "Alpine Linux"),
    (r"(?i)freebsd[- /]?(\d+\.\d+)?", "FreeBSD $1"),
    (r"(?i)\bopenbsd\b", "OpenBSD"),
    (r"(?i)\bnetbsd\b(?:[^_]|$)", "NetBSD"),
    (
        r"(?i)OpenSSH_for_Windows|Microsoft ESMTP|Microsoft FTP|Microsoft-HTTPAPI|Win(?:32|64)\b|\bWindows NT\b",
        "Windows",
    ),
    (r"(?i)Microsoft-IIS/10", "Windows Server 2016 or later"),
    (r"(?i)Microsoft-IIS/8\.5", "Windows Server 2012 R2"),
    (r"(?i)Microsoft-IIS/8\.0", "Windows Server 2012"),
    (r"(?i)Microsoft-IIS/7\.5", "Windows Server 2008 R2"),
    (r"(?i)Microsoft-IIS/7\.0", "Windows Server 2008"),
    (r"(?i)Microsoft-IIS/6\.0", "Windows Server 2003"),
    (r"(?i)SSH-[\d.]+-Cisco|User Access Verification", "Cisco IOS"),
    (r"(?i)ROSSSH|mikrotik", "MikroTik RouterOS"),
    (r"(?i)fortigate|fortissh", "FortiOS"),
    (r"(?i)\bpan-os\b", "PAN-OS"),
    (r"(?i)\bjunos\b", "Junos"),
    (r"(?i)vmware esxi ?(\d[\d.]*)?", "VMware ESXi $1"),
    (r"(?i)synology|diskstation", "Synology DSM"),
    (r"(?i)\bSunOS|Sun_SSH|Solaris", "Solaris"),
    (r"(?i)\(Unix\)", "Unix"),
];

/// The guess from the ports of a host; the most telling words win, then the lowest port.
pub(crate) fn guess(host: &Host) -> Option<OsGuess> {
    static MADE: OnceLock<Vec<Option<Regex>>> = OnceLock::new();
    let expressions =
        MADE.get_or_init(|| ROWS.iter().map(|(expression, _)| Regex::new(expression).ok()).collect());
    let texts: Vec<(u16, &str)> =
        host.ports.iter().flat_map(|port| texts(port).map(|text| (port.port, text))).collect();
    for (expression, (_, name)) in expressions.iter().zip(ROWS) {
        let Some(expression) = expression else { continue };
        for (port, text) in &texts {
            if let Some(found) = expression.captures(text) {
                let mut full = String::new();
                found.expand(name, &mut full);
                let reason = format!("port {port} says {text:?}");
                return Some(OsGuess { name: full.trim().to_owned(), reason, port: Some(*port) });
            }
        }
    }
    None
}

/// What a port says of itself. A page's title is no such thing: it may speak of anything.
fn texts(port: &crate::model::Port) -> impl Iterator<Item = &str> {
    let http = port.http.as_ref();
    let all = [
        port.banner.as_deref(),
        http.and_then(|h| h.server.as_deref()),
        http.and_then(|h| h.powered_by.as_deref()),
    ];
    all.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HttpService, Port};

    fn of(banner: &str) -> Option<String> {
        let mut host = crate::model::tests::host();
        host.ports = vec![Port { banner: Some(banner.to_owned()), ..Port::open(22, "x") }];
        guess(&host).map(|guess| guess.name)
    }

    #[test]
    fn words_give_systems_away() {
        for (words, system) in [
            ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "Debian 12"),
            ("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", "Ubuntu"),
            ("5.5.5-10.11.6-MariaDB-1~deb12u1", "Debian 12"),
            ("8.0.36-0ubuntu0.22.04.1", "Ubuntu 22.04"),
            ("SSH-2.0-OpenSSH_for_Windows_8.1", "Windows"),
            ("SSH-2.0-OpenSSH_9.6 FreeBSD-20240701", "FreeBSD"),
            ("Apache/2.4.57 (Rocky Linux)", "Rocky Linux"),
            ("Microsoft-IIS/10.0", "Windows Server 2016 or later"),
            ("SSH-2.0-Cisco-1.25", "Cisco IOS"),
        ] {
            assert_eq!(of(words).as_deref(), Some(system), "{words}");
        }
    }

    #[test]
    fn without_words_there_is_no_guess() {
        assert_eq!(of("SSH-2.0-OpenSSH_9.6"), None);
        assert_eq!(of("nginx/1.22.1"), None);
        let mut host = crate::model::tests::host();
        let http = HttpService { title: Some("Windows 11 tips".to_owned()), ..HttpService::default() };
        host.ports = vec![Port { http: Some(Box::new(http)), ..Port::open(80, "x") }];
        assert_eq!(guess(&host), None);
    }
}
