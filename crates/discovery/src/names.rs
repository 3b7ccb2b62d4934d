//! Names and addresses: the machine's own file of hosts first, then the name servers of `resolv.conf`, over UDP with a
//! short time and, where an answer was too long for that, over TCP. Servers that never answer are not asked for ever.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, TYPE};

use crate::cancel::Cancel;
use crate::text::printable;

/// Time for an answer of one server.
const TIME: Duration = Duration::from_millis(1_000);
const TRIES: u32 = 2;
/// Questions without any answer, one after another, after which no more are asked.
const PATIENCE: u32 = 4;
/// Most servers, names of one address and addresses of one name.
const SERVERS: usize = 3;
const MOST: usize = 32;

/// Answers questions for names; shared by all who ask.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    servers: Vec<SocketAddr>,
    search: Vec<String>,
    names: HashMap<IpAddr, Vec<String>>,
    addresses: HashMap<String, Vec<IpAddr>>,
    failed: AtomicU32,
    answered: AtomicBool,
}

impl Resolver {
    /// The resolver of this machine; without `dns`, only its file of hosts.
    pub(crate) fn of_this_machine(dns: bool) -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let mut resolver = Self::default();
        resolver.read_hosts(&read("/etc/hosts"));
        if dns {
            resolver.read_servers(&read("/etc/resolv.conf"));
        }
        resolver
    }

    fn read_hosts(&mut self, text: &str) {
        for line in text.lines().take(100_000) {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else { continue };
            for name in words {
                let name = name.to_ascii_lowercase();
                self.names.entry(address).or_default().push(name.clone());
                self.addresses.entry(name).or_default().push(address);
            }
        }
    }

    fn read_servers(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    self.servers.extend(address.map(|address| SocketAddr::new(address, 53)));
                }
                Some("search" | "domain") => self.search = words.map(str::to_owned).collect(),
                _ => {}
            }
        }
        self.servers.truncate(SERVERS);
    }

    /// Whether servers were asked, and none ever answered.
    pub(crate) fn is_unreachable(&self) -> bool {
        !self.answered.load(Relaxed) && self.failed.load(Relaxed) >= PATIENCE
    }

    /// The addresses of a name.
    pub(crate) fn forward(&self, name: &str, cancel: &Cancel) -> BTreeSet<IpAddr> {
        if let Some(known) = self.addresses.get(name) {
            return known.iter().copied().collect();
        }
        let whole = if name.contains('.') {
            None
        } else {
            self.search.first().map(|domain| format!("{name}.{domain}"))
        };
        let mut found = BTreeSet::new();
        for candidate in whole.iter().map(String::as_str).chain([name]) {
            for kind in [TYPE::A, TYPE::AAAA] {
                let answer = self.ask(candidate, kind, cancel).unwrap_or_default();
                found.extend(answer.into_iter().filter_map(|one| match one {
                    Answer::Address(address) => Some(address),
                    Answer::Name(_) => None,
                }));
            }
            if !found.is_empty() {
                break;
            }
        }
        found.into_iter().take(MOST).collect()
    }

    /// The names of an address.
    pub(crate) fn reverse(&self, address: IpAddr, cancel: &Cancel) -> Vec<String> {
        if let Some(known) = self.names.get(&address) {
            return known.iter().take(MOST).cloned().collect();
        }
        // The loopback is nobody's but this machine's (RFC 6303).
        if address.is_loopback() {
            return Vec::new();
        }
        let answer = self.ask(&arpa(address), TYPE::PTR, cancel).unwrap_or_default();
        let names = answer.into_iter().filter_map(|one| match one {
            Answer::Name(name) => Some(name),
            Answer::Address(_) => None,
        });
        names.take(MOST).collect()
    }

    fn ask(&self, name: &str, kind: TYPE, cancel: &Cancel) -> Option<Vec<Answer>> {
        if self.servers.is_empty() || self.is_unreachable() {
            return None;
        }
        let id = number();
        let question = question(name, kind, id)?;
        for _ in 0..TRIES {
            for server in &self.servers {
                if cancel.is_cancelled() {
                    return None;
                }
                let answer = over_udp(*server, &question, id, cancel);
                let answer = match answer {
                    Ok(bytes) if is_cut(&bytes) => over_tcp(*server, &question).or(Ok(bytes)),
                    other => other,
                };
                if let Ok(bytes) = answer {
                    self.answered.store(true, Relaxed);
                    return read(&bytes, id, kind);
                }
            }
        }
        self.failed.fetch_add(1, Relaxed);
        None
    }
}

/// One record that answers a question.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Address(IpAddr),
    Name(String),
}

fn question(name: &str, kind: TYPE, id: u16) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(Name::new(name).ok()?, QTYPE::TYPE(kind), CLASS::IN.into(), false));
    packet.build_bytes_vec().ok()
}

/// Reads an answer: records of the asked kind, also those behind an alias.
fn read(bytes: &[u8], id: u16, kind: TYPE) -> Option<Vec<Answer>> {
    let packet = Packet::parse(bytes).ok()?;
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    let records = packet.answers.iter().take(MOST * 4).filter_map(|record| match &record.rdata {
        RData::A(a) if kind == TYPE::A => Some(Answer::Address(Ipv4Addr::from(a.address).into())),
        RData::AAAA(a) if kind == TYPE::AAAA => Some(Answer::Address(Ipv6Addr::from(a.address).into())),
        RData::PTR(name) if kind == TYPE::PTR => {
            let name =
                printable(name.0.to_string().trim_end_matches('.').to_ascii_lowercase().as_bytes(), 255);
            (!name.is_empty()).then_some(Answer::Name(name))
        }
        _ => None,
    });
    Some(records.collect())
}

/// Whether an answer says that not all of it fitted.
fn is_cut(bytes: &[u8]) -> bool {
    bytes.get(2).is_some_and(|flags| flags & 0x02 != 0)
}

fn over_udp(server: SocketAddr, question: &[u8], id: u16, cancel: &Cancel) -> io::Result<Vec<u8>> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    socket.send(question)?;
    let until = Instant::now() + TIME;
    let mut buffer = [0; 4096];
    while Instant::now() < until && !cancel.is_cancelled() {
        match socket.recv(&mut buffer) {
            Ok(count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                if bytes.starts_with(&id.to_be_bytes()) {
                    return Ok(bytes.to_vec());
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::TimedOut.into())
}

fn over_tcp(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, TIME)?;
    stream.set_read_timeout(Some(TIME))?;
    stream.set_write_timeout(Some(TIME))?;
    let length = u16::try_from(question.len()).map_err(|_| ErrorKind::InvalidInput)?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(question)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The name under which the names of an address stand (RFC 1035, 3.5; RFC 3596, 2.5).
fn arpa(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let digits = v6.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            digits.map(|digit| format!("{digit:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}

/// A number that nobody can guess, so that nobody else can answer.
fn number() -> u16 {
    let mut bytes = [0x52, 0x44];
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    u16::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, PTR};

    /// A name server on loopback that knows one name; over UDP it says that its answer was too long.
    fn server(cut: bool) -> SocketAddr {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = udp.local_addr().unwrap();
        let tcp = std::net::TcpListener::bind(address).unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((count, from)) = udp.recv_from(&mut buffer) {
                let mut answer = answer_to(&buffer[..count]);
                if cut {
                    answer[2] |= 2;
                    answer[6..12].fill(0);
                }
                udp.send_to(&answer, from).unwrap();
            }
        });
        std::thread::spawn(move || {
            for mut stream in tcp.incoming().flatten() {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut question).unwrap();
                let answer = answer_to(&question);
                stream.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes()).unwrap();
                stream.write_all(&answer).unwrap();
            }
        });
        address
    }

    fn answer_to(question: &[u8]) -> Vec<u8> {
        let asked = Packet::parse(question).unwrap();
        let mut packet = Packet::new_reply(asked.id());
        packet.questions = asked.questions.clone();
        let name = asked.questions[0].qname.clone();
        let data = match asked.questions[0].qtype {
            QTYPE::TYPE(TYPE::A) => Some(RData::A(A { address: 0xC000_0207 })),
            QTYPE::TYPE(TYPE::PTR) => Some(RData::PTR(PTR(Name::new_unchecked("Shop.Lab.Example")))),
            _ => None,
        };
        packet.answers.extend(data.map(|data| ResourceRecord::new(name, CLASS::IN, 60, data)));
        packet.build_bytes_vec().unwrap()
    }

    #[test]
    fn names_and_addresses_are_asked_over_udp_and_tcp() {
        for cut in [false, true] {
            let resolver = Resolver { servers: vec![server(cut)], ..Resolver::default() };
            let cancel = Cancel::default();
            let address: IpAddr = "192.0.2.7".parse().unwrap();
            assert_eq!(resolver.forward("shop.lab.example", &cancel), BTreeSet::from([address]));
            assert_eq!(resolver.reverse(address, &cancel), ["shop.lab.example"]);
        }
    }

    #[test]
    fn servers_that_never_answer_are_left_alone() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let resolver = Resolver { servers: vec![silent.local_addr().unwrap()], ..Resolver::default() };
        resolver.failed.store(PATIENCE, Relaxed);
        assert!(resolver.is_unreachable());
        assert!(resolver.reverse("192.0.2.7".parse().unwrap(), &Cancel::default()).is_empty());
    }

    #[test]
    fn the_file_of_hosts_comes_first() {
        let mut resolver = Resolver::default();
        resolver.read_hosts("127.0.0.1 localhost # here\n\n::1 localhost ip6-localhost\nbroken line\n");
        let cancel = Cancel::default();
        assert_eq!(resolver.reverse("::1".parse().unwrap(), &cancel), ["localhost", "ip6-localhost"]);
        assert_eq!(resolver.forward("localhost", &cancel).len(), 2);
    }

    #[test]
    fn reverse_names_are_as_the_standards_have_them() {
        assert_eq!(arpa("192.0.2.7".parse().unwrap()), "7.2.0.192.in-addr.arpa");
        let v6 = arpa("2001:db8::567:89ab".parse().unwrap());
        assert_eq!(v6, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    }
}
