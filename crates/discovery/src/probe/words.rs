//! The table of services: by which words each is known, and where program and version stand in them.

use std::sync::OnceLock;

use regex::bytes::Regex;

use crate::text::printable;

/// What a service told of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Its name, such as `ssh`.
    pub service: &'static str,
    /// The program.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
}

/// One row: how the words begin or what they hold, and what may be learned from them.
struct Row {
    service: &'static str,
    known_by: By,
    /// Named groups `product` and `version`.
    detail: &'static str,
    /// The program, where the words need not name it.
    product: Option<&'static str>,
}

enum By {
    /// They begin so.
    Start(&'static [u8]),
    /// They match this expression.
    Match(&'static str),
}

const fn row(
    service: &'static str,
    known_by: By,
    product: Option<&'static str>,
    detail: &'static str,
) -> Row {
    Row { service, known_by, detail, product }
}

use By::{Match, Start};

/// Telling rows before general ones.
const ROWS: &[Row] = &[
    row(
        "ssh",
        Start(b"SSH-"),
        None,
        r"^SSH-[\d.]+-(?P<product>OpenSSH(?:_for_Windows)?|dropbear|libssh|Cisco|ROSSSH|[A-Za-z][A-Za-z ]*)[_\-/]?(?P<version>\d[^\s]*)?",
    ),
    row("vnc", Start(b"RFB 0"), None, r"^RFB (?P<version>\d{3}\.\d{3})"),
    row("rsync", Start(b"@RSYNCD: "), Some("rsync"), r"^@RSYNCD: (?P<version>[\d.]+)"),
    row("svn", Start(b"( success ( "), Some("Subversion"), ""),
    row(
        "mysql",
        Match(r"(?s-u)^.\x00\x00\x00\x0a[0-9][^\x00]{2,60}-MariaDB"),
        Some("MariaDB"),
        r"(?s-u)^.{5}(?:5\.5\.5-)?(?P<version>[\d.]+)",
    ),
    row(
        "mysql",
        Match(r"(?s-u)^.\x00\x00\x00\x0a[0-9][^\x00]{1,60}\x00"),
        Some("MySQL"),
        r"(?s-u)^.{5}(?P<version>[\d.]+)",
    ),
    row("mysql", Match(r"(?s-u)^.\x00\x00[\x00\x01]\xff.{2}(?:#\w{5})?Host "), Some("MySQL"), ""),
    row("mysqlx", Match(r"(?s-u)^\x05\x00\x00\x00\x0b\x08\x05\x1a\x00"), Some("MySQL"), ""),
    row(
        "ftp",
        Match(r"(?i)^220[ -].*(?:ftp|filezilla)"),
        None,
        r"(?i)^220[ -].*?(?P<product>vsFTPd|ProFTPD|Pure-FTPd|FileZilla Server|Microsoft FTP Service|pyftpdlib)[ (]*v?(?P<version>\d[\w.]*)?",
    ),
    row(
        "smtp",
        Match(r"(?i)^220[ -].*(?:smtp|mail|postfix|exim|sendmail)"),
        None,
        r"(?i)^220[ -].*?(?P<product>Postfix|Exim|Sendmail|OpenSMTPD|Haraka|Microsoft ESMTP MAIL Service|qmail|Dovecot)[ /]*(?P<version>\d[\w.]*)?",
    ),
    row("smtp", Match(r"(?s)^220[ -].*\n50[0-3] "), None, ""),
    row("ftp", Match(r"(?s)^220[ -].*\n530 "), None, ""),
    row(
        "pop3",
        Start(b"+OK"),
        None,
        r"(?i)(?P<product>Dovecot|Cyrus|Courier|qpopper)[ a-z0-9]*(?P<version>\d+\.[\w.]+)?",
    ),
    row(
        "imap",
        Match(r"(?i)^\* (?:OK|PREAUTH|BYE)\b"),
        None,
        r"(?i)(?P<product>Dovecot|Cyrus IMAP|Courier-IMAP|Zimbra)[ a-z]*(?P<version>\d[\w.]*)?",
    ),
    row(
        "nntp",
        Match(r"(?i)^20[01][ -].*(?:nntp|news|inn)"),
        None,
        r"(?i)(?P<product>INN|Leafnode)\s*(?P<version>\d[\w.]*)?",
    ),
    row("irc", Match(r"(?i)^:\S+ (?:NOTICE|0\d\d|4\d\d) |^NOTICE AUTH|^ERROR :"), None, ""),
    row("xmpp", Match(r"<stream:(?:stream|error)|jabber"), None, r"from=.(?P<product>[A-Za-z]+)\b"),
    row("telnet", Match(r"(?s-u)^\xff[\xfb-\xfe]."), None, ""),
    row("telnet", Match(r"(?i)(?:User Access Verification|^\s*login: ?$|Username: ?$)"), None, ""),
    row(
        "redis",
        Match(
            r"^(?:-ERR (?:unknown command|wrong number|unbalanced)|-NOAUTH|-DENIED|\+PONG|\$\d+\r\n# Server)",
        ),
        Some("Redis"),
        r"redis_version:(?P<version>[\d.]+)",
    ),
    row("memcached", Match(r"^VERSION [\d.]+"), Some("Memcached"), r"^VERSION (?P<version>[\w.\-]+)"),
    row("memcached", Match(r"^ERROR\r\n$"), None, ""),
    row("amqp", Start(b"AMQP"), None, ""),
    row(
        "amqp",
        Match(r"(?s-u)^\x01\x00\x00.{4}\x00\x0a\x00\x0a"),
        None,
        r"(?s-u)product.{1,5}?(?P<product>RabbitMQ|ActiveMQ).*?version.{1,5}?(?P<version>\d+\.[\d.]+)",
    ),
    row("mqtt", Match(r"(?s-u)^\x20\x02[\x00\x01][\x00-\x05]$"), None, ""),
    row(
        "zookeeper",
        Match(r"^imok$|is not executed because it is not in the whitelist"),
        Some("ZooKeeper"),
        "",
    ),
    row("nats", Start(b"INFO {"), Some("NATS"), r#""version":"(?P<version>[\d.]+)""#),
    row("beanstalk", Start(b"UNKNOWN_COMMAND\r\n"), Some("beanstalkd"), ""),
    row("rtsp", Start(b"RTSP/1."), None, r"(?i)Server: (?P<product>[^\r\n/]+)/?(?P<version>[\d.]+)?"),
    row(
        "sip",
        Start(b"SIP/2.0"),
        None,
        r"(?i)(?:Server|User-Agent): (?P<product>[^\r\n/]+)/?(?P<version>[\d.]+)?",
    ),
    row(
        "postgresql",
        Match(r"(?s-u)^E\x00\x00.{2}S(?:FATAL|ERROR)\x00|^E\x00\x00.{2}SFEHLER\x00|^EFATAL:"),
        Some("PostgreSQL"),
        "",
    ),
    row("rdp", Match(r"(?s-u)^\x03\x00\x00[\x0b\x13].\xd0"), None, ""),
    row("smb", Match(r"(?s-u)^\x00\x00..(?:\xfe|\xff)SMB"), None, ""),
    row("netbios-ssn", Match(r"(?s-u)^(?:\x83\x00\x00\x01[\x80-\x8f]|\x82\x00\x00\x00$)"), None, ""),
    row("ldap", Match(r"(?s-u)^\x30.{1,5}\x02\x01\x01[\x61\x64\x65]"), None, ""),
    row(
        "mongodb",
        Match(
            r"(?s-u)^.{4}.{4}\x07\x00\x00\x00(?:\xdd\x07|\x01\x00)\x00\x00.*(?:ismaster|isWritablePrimary|maxBsonObjectSize)",
        ),
        Some("MongoDB"),
        r"(?s-u)version\x00.{4}(?P<version>\d+\.[\d.]+)",
    ),
    row("mongodb", Match(r"It looks like you are trying to access MongoDB over HTTP"), Some("MongoDB"), ""),
    row(
        "cassandra",
        Match(r"(?s-u)^[\x83-\x85]\x00..[\x00\x06]"),
        Some("Cassandra"),
        r"(?s-u)CQL_VERSION.*?(?P<version>\d+\.[\d.]+)",
    ),
    row("rpcbind", Match(r"(?s-u)^\x80\x00\x00.rdbt\x00\x00\x00\x01"), None, ""),
    row("msrpc", Match(r"(?s-u)^\x05\x00[\x0c\x0d\x0e]\x03\x10\x00\x00\x00"), None, ""),
    row(
        "mssql",
        Match(r"(?s-u)^\x04\x01\x00.\x00\x00[\x00\x01]\x00\x00\x00"),
        Some("Microsoft SQL Server"),
        "",
    ),
    row(
        "dns",
        Match(r"(?s-u)^..\x52\x44[\x80-\x85].\x00"),
        None,
        r"(?s-u)\x00\x10\x00\x03.{4,8}(?P<product>dnsmasq|PowerDNS|unbound|NSD|Knot DNS)?[ -]?(?P<version>\d+\.[\w.\-+]+)",
    ),
    row("x11", Match(r"(?s-u)^[\x00-\x02].\x0b\x00"), None, ""),
    row("ajp", Match(r"(?s-u)^AB\x00\x01\x09$"), None, ""),
    row("java-rmi", Match(r"(?s-u)^N\x00.[\w.:]{3,}\x00\x00"), None, ""),
    row("socks5", Match(r"(?s-u)^\x05[\x00\x01\x02\xff]$"), None, ""),
    row("jetdirect", Start(b"@PJL INFO"), None, r#"ID\r?\n"?(?P<product>[^"\r\n]+)"#),
    row("git", Match(r"^[0-9a-f]{4}ERR "), Some("git"), ""),
    row("adb", Start(b"CNXN"), None, ""),
    row("epmd", Match(r"(?s-u)^\x00\x00..name \S+ at port"), Some("Erlang"), ""),
    row(
        "daytime",
        Match(r"^(?:\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}|\d\d \w{3} \d{4} \d\d:\d\d:\d\d \w+)\r?\n$"),
        None,
        "",
    ),
];

/// What service these words are of; none when no row knows them.
#[must_use]
pub fn read(words: &[u8]) -> Option<Told> {
    let words = words.get(..words.len().min(8 * 1024)).unwrap_or_default();
    if words.is_empty() {
        return None;
    }
    let (row, expressions) =
        ROWS.iter().zip(expressions()).find(|(row, expressions)| match row.known_by {
            Start(start) => words.starts_with(start),
            Match(_) => expressions.known_by.as_ref().is_some_and(|expression| expression.is_match(words)),
        })?;
    let mut told = Told { service: row.service, product: row.product.map(str::to_owned), ..Told::default() };
    if let Some(found) = expressions.detail.as_ref().and_then(|detail| detail.captures(words)) {
        let part =
            |name| found.name(name).map(|part| printable(part.as_bytes(), 80)).filter(|p| !p.is_empty());
        told.product = told.product.or_else(|| part("product"));
        told.version = part("version");
    }
    Some(told)
}

struct Expressions {
    known_by: Option<Regex>,
    detail: Option<Regex>,
}

/// The compiled expressions of each row; a test sees to it that they compile.
fn expressions() -> &'static [Expressions] {
    static MADE: OnceLock<Vec<Expressions>> = OnceLock::new();
    MADE.get_or_init(|| {
        let made = ROWS.iter().map(|row| Expressions {
            known_by: if let Match(expression) = row.known_by { Regex::new(expression).ok() } else { None },
            detail: if row.detail.is_empty() { None } else { Regex::new(row.detail).ok() },
        });
        made.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &[u8]) -> (String, Option<String>, Option<String>) {
        let told = read(words).unwrap_or_else(|| panic!("unknown: {}", String::from_utf8_lossy(words)));
        (told.service.to_owned(), told.product, told.version)
    }

    #[test]
    fn every_expression_is_one() {
        for row in ROWS {
            Regex::new(row.detail).unwrap();
            if let Match(expression) = row.known_by {
                Regex::new(expression).unwrap();
            }
        }
    }

    #[test]
    fn services_are_known_by_their_words() {
        let cases: &[(&[u8], &str, &str, &str)] = &[
            (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "ssh", "OpenSSH", "9.2p1"),
            (b"SSH-2.0-dropbear_2022.83\r\n", "ssh", "dropbear", "2022.83"),
            (b"220 (vsFTPd 3.0.3)\r\n", "ftp", "vsFTPd", "3.0.3"),
            (b"220 mail.example.test ESMTP Postfix (Debian/GNU)\r\n", "smtp", "Postfix", ""),
            (b"+OK Dovecot ready.\r\n", "pop3", "Dovecot", ""),
            (b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "imap", "Dovecot", ""),
            (b"RFB 003.008\n", "vnc", "", "003.008"),
            (b"-ERR unknown command 'GET'\r\n", "redis", "Redis", ""),
            (b"VERSION 1.6.18\r\n", "memcached", "Memcached", "1.6.18"),
            (b"\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00", "mysql", "MySQL", "8.0.36"),
            (b"\x59\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\x00\x1f", "mysql", "MariaDB", "10.11.6"),
            (b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00", "rdp", "", ""),
            (b"\x20\x02\x00\x00", "mqtt", "", ""),
            (b"@RSYNCD: 31.0\n", "rsync", "rsync", "31.0"),
        ];
        for (words, service, product, version) in cases {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            assert_eq!(told(words), ((*service).to_owned(), some(product), some(version)));
        }
    }

    #[test]
    fn words_of_nobody_are_unknown() {
        for words in [&b""[..], b"\r\n", b"hello", b"\x00\x00\x00\x00", b"200", &[0xFF; 9000]] {
            if let Some(told) = read(words) {
                panic!("{words:?} taken for {}", told.service);
            }
        }
    }
}
