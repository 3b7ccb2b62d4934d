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
    /// The first run, which reads the rules too if nothing did before.
    pub first: Duration,
    /// The median of the runs after it.
    pub median: Duration,
    /// The longest run.
    pub longest: Duration,
}

/// Times one input, once and then `runs` times: reading, all controls of its family, verdicts.
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
    let (first, controls) = once();
    let mut times: Vec<Duration> = (0..runs).map(|_| once().0).collect();
    times.sort();
    let at = |i: usize| times.get(i).copied().unwrap_or_default();
    Timing {
        name: name.to_owned(),
        bytes: input.len(),
        lines: input.lines().count(),
        controls,
        first,
        median: at(times.len() / 2),
        longest: at(times.len().saturating_sub(1)),
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
            "interface GigabitEthernet{a}/{b}/1\n description uplink of room {block} towards the distribution layer, patched by the field team\n \
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

/// An input that a careless parser is slow on.
#[derive(Debug, Clone)]
pub struct Pathological {
    /// What is hard about it.
    pub name: &'static str,
    /// The family it is read as.
    pub family: &'static str,
    size: usize,
    make: fn(usize) -> String,
}

impl Pathological {
    /// The input.
    #[must_use]
    pub fn text(&self) -> String {
        (self.make)(self.size)
    }

    /// One of the same kind with twice the size.
    #[must_use]
    pub fn twice(&self) -> String {
        (self.make)(self.size * 2)
    }
}

/// Inputs of all kinds, in several sizes.
#[must_use]
pub fn pathological(count: usize) -> Vec<Pathological> {
    const SIZE: usize = 200_000;
    (0..count)
        .filter_map(|at| {
            let (name, family, make) = *KINDS.get(at % KINDS.len())?;
            let size = SIZE / (1 + at / KINDS.len() % 4) + at * 7;
            Some(Pathological { name, family, size, make })
        })
        .collect()
}

/// What is hard, a family, and how a text of about as many bytes is made.
type Kind = (&'static str, &'static str, fn(usize) -> String);

const KINDS: [Kind; 30] = [
    ("one endless line", "cisco-ios", |n| format!("version 15.2\nline vty 0 4\n{}\nend\n", "a".repeat(n))),
    ("one endless line of words", "cisco-ios", |n| {
        format!("version 15.2\nusername {}\nend\n", "key secret password ".repeat(n / 20))
    }),
    ("ever deeper", "cisco-ios", |n| {
        let mut text = String::new();
        let mut depth = 0;
        while text.len() < n {
            text.push_str(&format!("{}x\n", " ".repeat(depth % 400)));
            depth += 1;
        }
        text + "line con 0\nend\n"
    }),
    ("a banner that never ends", "cisco-ios", |n| {
        format!("version 15.2\nbanner motd ^C\n{}", "x\n".repeat(n / 2))
    }),
    ("the same line again", "cisco-ios", |n| {
        format!("version 15.2\n{}end\n", "access-list 1 permit any any any\n".repeat(n / 33))
    }),
    ("nothing but quotes", "cisco-ios", |n| format!("version 15.2\ndescription {}\nend\n", "\"".repeat(n))),
    ("typed over and over", "cisco-ios", |n| format!("line con 0\n{}\nend\n", "\u{8}a\r".repeat(n / 3))),
    ("escapes", "cisco-ios", |n| {
        format!("version 15.2\nline con 0\n{}x\nend\n", "\u{1b}[999C\u{1b}[1K".repeat(n / 10))
    }),
    ("pagers on one line", "cisco-ios", |n| {
        format!("version 15.2\nline con 0\n{}x\nend\n", " --More-- ".repeat(n / 10))
    }),
    ("nothing but prompts", "cisco-ios", |n| "R1#show running-config\n".repeat(n / 23)),
    ("almost prompts", "cisco-nxos", |n| {
        format!("version 9.3\nfeature ssh\n{}", "a-b.c-d.e#f>g#h>i$j\n".repeat(n / 20))
    }),
    ("as many lines for one control", "cisco-ios", |n| {
        format!(
            "version 15.2\n{}end\n",
            (0..n / 24).map(|i| format!("line vty {i} {i}\n login\n")).collect::<String>()
        )
    }),
    ("as many names to look up", "cisco-ios", |n| {
        let lines = (0..n / 40)
            .map(|i| format!("line vty {i}\n access-class A{i} in\nip access-list standard A{i}\n"));
        format!("version 15.2\n{}end\n", lines.collect::<String>())
    }),
    ("nothing but commas", "cisco-asa", |n| {
        format!("ASA Version 9.12(4)\nhostname a\nnames {}\n: end\n", ",".repeat(n))
    }),
    ("blocks that never end", "junos", |n| format!("version 20.4R3;\nsystem {}", "a { ".repeat(n / 4))),
    ("a path without end", "junos", |n| format!("set system host-name a\nset {}\n", "a ".repeat(n / 2))),
    ("a comment that never ends", "junos", |n| format!("system {{\n  /* {}\n", "* ".repeat(n / 2))),
    ("as many users", "junos", |n| (0..n / 30).map(|i| format!("set system login user u{i}\n")).collect()),
    ("groups for as many blocks", "junos", |n| {
        let interfaces = (0..n / 40).map(|i| format!("set interfaces ge-0/0/{i} unit 0\n"));
        format!(
            "set system host-name a\nset groups G interfaces <*> unit <*> family inet\nset apply-groups G\n{}",
            interfaces.collect::<String>()
        )
    }),
    ("entries that never end", "fortios", |n| {
        format!("#config-version=FGT-7.2\n{}", "config a\nedit 1\n".repeat(n / 16))
    }),
    ("a quote that never ends", "fortios", |n| {
        format!("config system global\nset x \"{}\n", "\\\"".repeat(n / 2))
    }),
    ("ends without beginnings", "fortios", |n| {
        format!("config system global\n{}", "end\nnext\n".repeat(n / 9))
    }),
    ("elements that never end", "panos", |n| format!("<config version=\"10.1.0\">{}", "<a>".repeat(n / 3))),
    ("an element with endless attributes", "panos", |n| {
        format!("<config version=\"10.1.0\"><entry {}/></config>", "a=\"b\" ".repeat(n / 6))
    }),
    ("lists in lists", "panos", |n| format!("set deviceconfig system hostname [ {}\n", "] [ ".repeat(n / 4))),
    ("empty blocks", "f5", |n| format!("#TMSH-VERSION: 16.1\nltm pool a {}\n", "{ } ".repeat(n / 4))),
    ("nothing but separators", "comware", |n| {
        format!("version 7.1.070\nsysname a\n{}return\n", "#\n".repeat(n / 2))
    }),
    ("a table of as many columns as rows", "ontap", |n| {
        format!("User/Group Authentication\n{}\n{}", "-- ".repeat(n / 6), "a b\n".repeat(n / 8))
    }),
    ("nothing but keys", "fabric-os", |n| {
        format!(
            "[Boot Parameters]\n{}",
            (0..n / 30).map(|i| format!("fabric.ops.{i}:{i}\n")).collect::<String>()
        )
    }),
    ("key material", "linux", |n| {
        format!(
            "# redoubt host facts 1\n=== accounts ===\n{}",
            "Zk41 deadbeef cafe0123 AAAA+/==:x:\n".repeat(n / 36)
        )
    }),
];
