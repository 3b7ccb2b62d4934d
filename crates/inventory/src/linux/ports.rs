//! `/proc/net/{tcp,tcp6,udp,udp6}`: ports that something listens on.
//!
//! A UDP socket has no listening state: one without a peer may be a server, or a client that waits for its answer. A client
//! takes a port of the ephemeral range and is gone in a moment, so such a port counts only when the same socket is still
//! there at the end of the reading.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

use super::processes;
use super::services::{self, Services};
use super::tree::{Omissions, Tree};
use crate::{List, Port, Text, Transport};

const TABLES: [(&str, Transport); 4] = [
    ("/proc/net/tcp", Transport::Tcp),
    ("/proc/net/tcp6", Transport::Tcp),
    ("/proc/net/udp", Transport::Udp),
    ("/proc/net/udp6", Transport::Udp),
];
const TCP_LISTEN: &str = "0A";
const UDP_UNCONNECTED: &str = "07";
/// What the kernel uses unless it is told otherwise.
const USUAL_EPHEMERAL: RangeInclusive<u16> = 32768..=60999;
/// The most sockets of one table: a busy server has hundreds of thousands of connections, but fewer listeners.
const MAX_SOCKETS: usize = 10_000;

/// A socket that waits for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Socket {
    /// Transport.
    pub transport: Transport,
    /// Local address.
    pub address: IpAddr,
    /// Local port.
    pub port: u16,
    /// The number that names it among the open files of processes.
    pub inode: u64,
}

/// The sockets as they are now; to be finished with [`finish`] when everything else has been read.
pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> HashSet<Socket> {
    let mut sockets = HashSet::new();
    let mut tables = 0;
    for (path, transport) in TABLES {
        // A kernel without IPv6 has half of the tables.
        let Ok(text) = tree.text(path) else { continue };
        tables += 1;
        sockets.extend(parse(&text, transport));
    }
    if tables == 0 {
        omissions.note("ports", "there is no /proc/net here");
    }
    sockets
}

/// Names the ports of `sockets`, without the passing ones.
pub(crate) fn finish(tree: &Tree, omissions: &mut Omissions, mut sockets: HashSet<Socket>) -> List<Port> {
    let still_there = read(tree, omissions);
    let ephemeral = ephemeral_range(&tree.text("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default());
    sockets.retain(|socket| {
        let may_be_client = socket.transport == Transport::Udp && ephemeral.contains(&socket.port);
        !may_be_client || still_there.contains(socket)
    });
    let wanted = sockets.iter().map(|socket| socket.inode).collect();
    let owners = processes::owners(tree, wanted);
    if sockets.iter().any(|socket| !owners.contains_key(&socket.inode)) {
        let why =
            "some sockets belong to the kernel or to other users, whose processes only root may look at";
        omissions.note("ports.process", why);
    }
    named(&sockets, &owners, &services::read(tree))
}

fn named(sockets: &HashSet<Socket>, owners: &HashMap<u64, Text>, services: &Services) -> List<Port> {
    let port = |socket: &Socket| Port {
        port: socket.port,
        protocol: socket.transport,
        address: socket.address,
        process: owners.get(&socket.inode).cloned(),
        service: services.get(&(socket.port, socket.transport)).cloned(),
    };
    sockets.iter().map(port).collect()
}

/// The two numbers of `ip_local_port_range`.
pub fn ephemeral_range(text: &str) -> RangeInclusive<u16> {
    let mut numbers = text.split_whitespace().map_while(|number| number.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(low), Some(high)) => low..=high,
        _ => USUAL_EPHEMERAL,
    }
}

/// The waiting sockets of one table.
pub fn parse(text: &str, transport: Transport) -> impl Iterator<Item = Socket> {
    text.lines().skip(1).filter_map(move |line| socket(line, transport)).take(MAX_SOCKETS)
}

fn socket(line: &str, transport: Transport) -> Option<Socket> {
    let mut fields = line.split_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    let (_, peer_port) = fields.next()?.split_once(':')?;
    let waits = match transport {
        Transport::Tcp => fields.next()? == TCP_LISTEN,
        Transport::Udp => fields.next()? == UDP_UNCONNECTED && peer_port == "0000",
    };
    let port = u16::from_str_radix(port, 16).ok()?;
    let inode = fields.nth(5)?.parse().ok()?;
    (waits && port != 0).then_some(Socket { transport, address: parse_address(address)?, port, inode })
}

/// Addresses are printed as 32-bit numbers in the byte order of the machine.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let [a, b, c, d] =
                [word(0)?, word(8)?, word(16)?, word(24)?].map(u32::from_be_bytes).map(u128::from);
            Some(Ipv6Addr::from(a << 96 | b << 64 | c << 32 | d).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21434 1 0 100 0 0 10 0
   1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   105        0 22 1 0 100 0 0 10 0
   2: 0F02000A:0016 0202000A:C353 01 00000000:00000000 02:000A7214 00000000     0        0 23 4 0 20 4 31 10 -1
";

    fn texts(sockets: impl Iterator<Item = Socket>) -> Vec<String> {
        sockets.map(|s| format!("{} {} {}", s.address, s.port, s.inode)).collect()
    }

    #[test]
    fn listeners_are_ports_and_connections_are_not() {
        assert_eq!(texts(parse(TCP, Transport::Tcp)), ["0.0.0.0 22 21434", "127.0.0.1 5432 22"]);
    }

    #[test]
    fn an_ipv6_address_is_put_together_from_its_words() {
        let line = "h\n 0: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 9 1\n\
                    1: B80D0120000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 8 1\n";
        assert_eq!(texts(parse(line, Transport::Tcp)), ["127.0.0.1 80 9", "2001:db8::1 81 8"]);
    }

    #[test]
    fn a_udp_socket_with_a_peer_is_a_client() {
        let text = "h\n 0: 00000000:0035 00000000:0000 07 0:0 0:0 0 0 0 5 2 x 0\n 1: 00000000:9999 0101A8C0:0035 01 0:0 0:0 0 0 0 6 2 x 0\n";
        assert_eq!(texts(parse(text, Transport::Udp)), ["0.0.0.0 53 5"]);
    }

    #[test]
    fn the_ephemeral_range_is_the_kernels() {
        assert_eq!(ephemeral_range("1024\t2048\n"), 1024..=2048);
        assert_eq!(ephemeral_range("x"), USUAL_EPHEMERAL);
    }

    #[test]
    fn a_table_cut_anywhere_is_read_as_far_as_it_goes() {
        for end in 0..TCP.len() {
            let cut = TCP.get(..end).unwrap();
            assert!(parse(cut, Transport::Tcp).count() <= 2);
        }
    }
}
