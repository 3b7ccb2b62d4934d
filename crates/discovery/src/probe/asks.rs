//! Questions in the words of protocols whose servers wait for the client. They change nothing at the other side.

/// A question.
pub(super) struct Ask {
    /// The protocol that it speaks.
    pub(super) name: &'static str,
    /// Ports where it is asked first.
    pub(super) ports: &'static [u16],
    /// What is sent.
    pub(super) bytes: &'static [u8],
    /// Whether an answer of one letter counts, as PostgreSQL gives it.
    pub(super) letter: bool,
}

const fn ask(name: &'static str, ports: &'static [u16], bytes: &'static [u8]) -> Ask {
    Ask { name, ports, bytes, letter: false }
}

/// All of them; the common ones first.
pub(super) const ASKS: &[Ask] = &[
    // SSLRequest (PostgreSQL, 55.2): the answer is S or N.
    Ask { name: "postgresql", ports: &[5432, 5433, 6432, 26257], bytes: b"\x00\x00\x00\x08\x04\xd2\x16\x2f", letter: true },
    ask("redis", &[6379, 6380, 26379], b"*1\r\n$4\r\nPING\r\n"),
    // Negotiate of SMB 2.0.2 and 2.1 (MS-SMB2, 2.2.3).
    ask("smb", &[445], b"\x00\x00\x00\x68\xfeSMB\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x24\x00\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00rdbtrdbtrdbtrdbt\x00\x00\x00\x00\x00\x00\x00\x00\x02\x02\x10\x02"),
    // Connection request with a wish for TLS (MS-RDPBCGR, 2.2.1.1).
    ask("rdp", &[3389], b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"),
    // Anonymous search for the root's own entry (RFC 4511).
    ask("ldap", &[389, 3268], b"\x30\x25\x02\x01\x01\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\x87\x0bobjectclass\x30\x00"),
    ask("memcached", &[11211], b"version\r\n"),
    ask("zookeeper", &[2181], b"ruok"),
    // CONNECT of MQTT 3.1.1 with a clean session.
    ask("mqtt", &[1883], b"\x10\x13\x00\x04MQTT\x04\x02\x00\x05\x00\x07redoubt"),
    // NULL call of portmapper 2 (RFC 5531) with the transaction rdbt.
    ask("rpcbind", &[111, 2049], b"\x80\x00\x00\x28rdbt\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa0\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
    // isMaster as OP_QUERY, which servers of all ages answer.
    ask("mongodb", &[27017, 27018, 27019], b"\x3a\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00\x00\x00\x00\x00admin.$cmd\x00\x00\x00\x00\x00\xff\xff\xff\xff\x13\x00\x00\x00\x10ismaster\x00\x01\x00\x00\x00\x00"),
    ask("amqp", &[5672], b"AMQP\x00\x00\x09\x01"),
    // OPTIONS of the native protocol, version 4.
    ask("cassandra", &[9042], b"\x04\x00\x00\x00\x05\x00\x00\x00\x00"),
    // version.bind in the class CHAOS, over TCP.
    ask("dns", &[53], b"\x00\x1eRD\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03"),
    // PRELOGIN with the version alone (MS-TDS, 2.2.6.5).
    ask("mssql", &[1433], b"\x12\x01\x00\x1a\x00\x00\x00\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x0e\x00\x00\x00\x00\x00\x02"),
    // CPING.
    ask("ajp", &[8009], b"\x12\x34\x00\x01\x0a"),
    ask("java-rmi", &[1099], b"JRMI\x00\x02\x4b"),
    ask("sip", &[5060], b"OPTIONS sip:redoubt SIP/2.0\r\nVia: SIP/2.0/TCP redoubt;branch=z9hG4bKrd\r\nFrom: <sip:r@redoubt>;tag=r\r\nTo: <sip:r@redoubt>\r\nCall-ID: redoubt\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n"),
    ask("xmpp", &[5222, 5269], b"<?xml version='1.0'?><stream:stream to='redoubt' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"),
    ask("x11", &[6000, 6001, 6002], b"l\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
    ask("epmd", &[4369], b"\x00\x01n"),
    ask("socks5", &[1080], b"\x05\x01\x00"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(name: &str) -> &'static [u8] {
        ASKS.iter().find(|ask| ask.name == name).unwrap().bytes
    }

    #[test]
    fn questions_are_as_long_as_they_say() {
        let big = |bytes: &[u8]| bytes.iter().fold(0, |sum, b| sum << 8 | usize::from(*b));
        let little = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, b| sum << 8 | usize::from(*b));
        assert_eq!(big(&bytes("postgresql")[..4]), bytes("postgresql").len());
        assert_eq!(big(&bytes("smb")[1..4]), bytes("smb").len() - 4);
        assert_eq!(big(&bytes("rdp")[2..4]), bytes("rdp").len());
        assert_eq!(usize::from(bytes("ldap")[1]), bytes("ldap").len() - 2);
        assert_eq!(usize::from(bytes("mqtt")[1]), bytes("mqtt").len() - 2);
        assert_eq!(big(&bytes("rpcbind")[1..4]), bytes("rpcbind").len() - 4);
        assert_eq!(little(&bytes("mongodb")[..4]), bytes("mongodb").len());
        assert_eq!(big(&bytes("dns")[..2]), bytes("dns").len() - 2);
        assert_eq!(big(&bytes("mssql")[2..4]), bytes("mssql").len());
        assert_eq!(bytes("x11").len(), 12);
    }
}
