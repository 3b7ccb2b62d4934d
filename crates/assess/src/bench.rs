//! Inputs and timings for `redoubt bench assess`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::{Assessment, Device, Library, Limits, Policy, ReadOptions};

/// One measurement.
#[derive(Debug, Clone)]
pub struct Timing {
    /// What was measured.
    pub name: String,
    /// Bytes of the input.
    pub bytes: usize,
    /// Lines of the input.
    pub lines: usize,
    /// Controls that were judged.
    pub controls: usize,
    /// The median of the runs.
    pub median: Duration,
    /// The longest run.
    pub longest: Duration,
}

/// Times one input: reading, all controls of its family, verdicts. The library is loaded beforehand.
#[must_use]
pub fn time(name: &str, input: &str, technology: &str, runs: usize) -> Timing {
    let library = Library::builtin();
    let options = ReadOptions {
        technology: Some(technology.to_owned()),
        limits: Limits { bytes: 256 << 20 },
        trust_whole: false,
    };
    let once = || -> (Duration, usize) {
        let begin = Instant::now();
        let device = Device::read(input.as_bytes(), &options);
        let results = device.map(|d| Assessment::of(&d, &library, &Policy::default()).results.len());
        (begin.elapsed(), results.unwrap_or_default())
    };
    let (_, controls) = once();
    let mut times: Vec<Duration> = (0..runs.max(1)).map(|_| once().0).collect();
    times.sort();
    let at = |i: usize| times.get(i).copied().unwrap_or_default();
    Timing {
        name: name.to_owned(),
        bytes: input.len(),
        lines: input.lines().count(),
        controls,
        median: at(times.len() / 2),
        longest: at(times.len() - 1),
    }
}

/// A Cisco IOS configuration of about as many lines: interfaces, access lists, routes and what a real one begins with.
#[must_use]
pub fn ios_configuration(lines: usize) -> String {
    let mut text = String::from(IOS_HEAD);
    let mut written = text.lines().count();
    let mut block = 0_u32;
    while written + 40 < lines {
        let (a, b) = (block / 250 % 250, block % 250);
        let _ = write!(
            text,
            "interface GigabitEthernet{a}/{b}/1\n description uplink of room {block} towards the distribution layer\n \
             ip address 10.{a}.{b}.1 255.255.255.0\n ip access-group EDGE-{block} in\n no ip redirects\n no ip unreachables\n \
             no ip proxy-arp\n storm-control broadcast level 1.00\n switchport port-security maximum 4\n!\n\
             ip access-list extended EDGE-{block}\n"
        );
        for entry in 0..24 {
            let _ = writeln!(
                text,
                " {} permit tcp 10.{a}.{b}.0 0.0.0.255 host 192.0.2.{entry} eq {}",
                entry * 10 + 10,
                1000 + entry
            );
        }
        let _ = write!(
            text,
            " 250 deny   ip any any log\n!\nip route 172.{}.{b}.0 255.255.255.0 10.{a}.{b}.254 name site-{block}\n",
            16 + a % 16
        );
        written += 38;
        block += 1;
    }
    text.push_str(IOS_TAIL);
    text
}

const IOS_HEAD: &str = "version 15.2\nservice timestamps log datetime msec\nservice password-encryption\nhostname bench-1\n!\n\
    enable secret 9 $9$benchbenchbench\naaa new-model\naaa authentication login default group tacacs+ local\n!\nip domain-name example.test\n";
const IOS_TAIL: &str = "ip ssh version 2\nlogging host 192.0.2.5\nsnmp-server community bench RO 10\nntp server 192.0.2.6\n\
    banner login ^C\nAuthorised users only\n^C\nline con 0\n exec-timeout 5 0\nline vty 0 4\n exec-timeout 5 0\n transport input ssh\nend\n";

/// A family, and how a text of about as many bytes is made for it.
type Pathology = (&'static str, fn(usize) -> String);

/// Inputs that a careless parser is slow on, each with the family it is read as.
#[must_use]
pub fn pathological(count: usize) -> Vec<(String, &'static str, String)> {
    const SIZE: usize = 200_000;
    let kinds: [Pathology; 15] = [
        ("cisco-ios", |n| format!("version 15.2\nline vty 0 4\n{}\nend\n", "a".repeat(n))),
        ("cisco-ios", |n| {
            (0..n / 200).map(|i| format!("{}x\n", " ".repeat(i % 400))).collect::<String>()
                + "line con 0\nend\n"
        }),
        ("cisco-ios", |n| format!("version 15.2\nbanner motd ^C\n{}", "x\n".repeat(n / 2))),
        ("cisco-ios", |n| {
            format!("version 15.2\n{}end\n", "access-list 1 permit any any any\n".repeat(n / 33))
        }),
        ("cisco-ios", |n| format!("version 15.2\ndescription {}\nend\n", "\"".repeat(n))),
        ("cisco-ios", |n| format!("line con 0\n{}\nend\n", "\u{8}a\r".repeat(n / 3))),
        ("junos", |n| format!("version 20.4R3;\nsystem {}", "a { ".repeat(n / 4))),
        ("junos", |n| format!("set system host-name a\nset {}\n", "a ".repeat(n / 2))),
        ("junos", |n| format!("system {{\n  /* {}\n", "* ".repeat(n / 2))),
        ("junos", |n| (0..n / 30).map(|i| format!("set system login user u{i}\n")).collect()),
        ("fortios", |n| format!("#config-version=FGT-7.2\n{}", "config a\nedit 1\n".repeat(n / 16))),
        ("fortios", |n| format!("config system global\nset x \"{}\n", "\\\"".repeat(n / 2))),
        ("panos", |n| format!("<config version=\"10.1.0\">{}", "<a>".repeat(n / 3))),
        ("panos", |n| format!("set deviceconfig system hostname [ {}\n", "] [ ".repeat(n / 4))),
        ("f5", |n| format!("#TMSH-VERSION: 16.1\nltm pool a {}\n", "{ } ".repeat(n / 4))),
    ];
    (0..count)
        .filter_map(|at| {
            let (family, make) = kinds.get(at % kinds.len())?;
            let size = SIZE / (1 + at / kinds.len() % 4) + at * 7;
            Some((format!("pathological {at}"), *family, make(size)))
        })
        .collect()
}
