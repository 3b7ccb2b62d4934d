//! The node status of NetBIOS over UDP 137 (RFC 1002, 4.2.17 and 4.2.18): a computer's name, and who it belongs to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::model::NetBios;
use crate::text::printable;

const PORT: u16 = 137;
/// Name, scope and type of a node status question for `*`, after the header.
const QUESTION: &[u8] = b"\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00\x21\x00\x01";
const TRANSACTION: [u8; 2] = [0x52, 0x44];

/// Asks a host for its names; none when it does not answer. Only IPv4 has NetBIOS.
pub(crate) fn ask(address: IpAddr, time: Duration, cancel: &Cancel) -> Option<NetBios> {
    let IpAddr::V4(_) = address else { return None };
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Connected, so that only this host can answer, and a refusal is heard at once.
    socket.connect(SocketAddr::new(address, PORT)).ok()?;
    socket.set_read_timeout(Some(Duration::from_millis(100))).ok()?;
    let mut buffer = [0; 2048];
    for _ in 0..2 {
        socket.send(&request()).ok()?;
        let until = Instant::now() + time;
        while Instant::now() < until && !cancel.is_cancelled() {
            match socket.recv(&mut buffer) {
                Ok(count) => {
                    if let Some(found) = buffer.get(..count).and_then(read) {
                        return Some(found);
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                }
                Err(_) => return None,
            }
        }
    }
    None
}

fn request() -> Vec<u8> {
    let mut bytes = TRANSACTION.to_vec();
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    bytes.extend(QUESTION);
    bytes
}

/// Reads an answer; none when it is not one to this question.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<NetBios> {
    let (header, mut rest) = bytes.split_at_checked(12)?;
    let is_answer = header.starts_with(&TRANSACTION)
        && header.get(2)? & 0x80 != 0
        && header.get(3)? & 0x0F == 0
        && header.get(6..8)? == [0, 1];
    // The question is not repeated as a rule; the name of the answer is, in full or as a pointer.
    if !is_answer || header.get(4..6)? != [0, 0] {
        return None;
    }
    rest = match rest.first()? {
        length if length & 0xC0 == 0xC0 => rest.get(2..)?,
        length => rest.get(usize::from(*length) + 2..)?,
    };
    let (fixed, rest) = rest.split_at_checked(10)?;
    if fixed.get(..4)? != [0, 0x21, 0, 1] {
        return None;
    }
    let (count, rest) = rest.split_first()?;
    let mut found = NetBios { name: String::new(), group: None, mac: None };
    let (names, statistics) = rest.split_at_checked(usize::from(*count) * 18)?;
    for entry in names.chunks_exact(18) {
        let (name, kind) = (printable(entry.get(..15)?, 15), *entry.get(15)?);
        let is_group = entry.get(16)? & 0x80 != 0;
        match (kind, is_group) {
            // The workstation's own name stands under 0x00 and, where files are shared, under 0x20.
            (0x00 | 0x20, false) if found.name.is_empty() => found.name = name,
            (0x00, true) if found.group.is_none() => found.group = Some(name),
            _ => {}
        }
    }
    if found.name.is_empty() {
        return None;
    }
    let mac = statistics.get(..6).filter(|mac| mac.iter().any(|b| *b != 0));
    found.mac = mac.map(|mac| mac.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":"));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Vec<u8> {
        let mut bytes = b"RD\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00".to_vec();
        bytes.extend(b"\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00\x21\x00\x01\x00\x00\x00\x00\x00\x00\x02");
        bytes.extend(b"SHOP17         \x00\x04\x00LAB            \x00\x84\x00");
        bytes.extend(b"\x02\xfc\x00\x00\x00\x05");
        bytes
    }

    #[test]
    fn an_answer_is_read_and_cuts_are_survived() {
        let found = read(&answer()).unwrap();
        assert_eq!((found.name.as_str(), found.group.as_deref()), ("SHOP17", Some("LAB")));
        assert_eq!(found.mac.as_deref(), Some("02:fc:00:00:00:05"));
        for end in 0..answer().len() - 6 {
            assert_eq!(read(&answer()[..end]), None, "{end} bytes");
        }
    }

    #[test]
    fn the_question_is_as_the_standard_has_it() {
        let bytes = request();
        assert_eq!(
            (bytes.len(), &bytes[12..14], &bytes[46..]),
            (50, &b"\x20C"[..], &[0, 0x21, 0, 1][..]),
            "{bytes:?}"
        );
    }
}
