//! Cisco IOS and IOS-XE, ASA, NX-OS and IOS-XR.

use super::{Command, Family, PLAIN, Spec, Style};
use crate::tree::indent::Dialect;

const PROMPT: &str = r"^(?P<host>[A-Za-z0-9][\w.\-]*(?:/[\w.\-]+)*)(?:\([^)\s]{1,40}\))?[>#] ?(?P<cmd>.*)$";
const REJECTED: &[&str] = &[
    "% Invalid",
    "% Ambiguous",
    "% Incomplete",
    "% Unknown",
    "% Authorization",
    "Command authorization failed",
    "ERROR: %",
];

static IOS_LINES: Dialect = Dialect {
    comments: &['!'],
    noise: &[
        "Building configuration",
        "Current configuration",
        "Using ",
        "Load for five secs",
        "Time source is",
    ],
    end: Some("end"),
    banner: Some("banner"),
};
static ASA_LINES: Dialect =
    Dialect { comments: &['!', ':'], noise: &["Cryptochecksum:"], end: None, banner: None };
static NXOS_LINES: Dialect = Dialect { comments: &['!'], noise: &[], end: None, banner: Some("banner") };

pub(super) static IOS: Spec = Spec {
    family: Family::CiscoIos,
    slug: "cisco-ios",
    name: "Cisco IOS",
    commands: &[
        Command::main(
            "running-config",
            "show running-config",
            &[
                "show running-config all",
                "show startup-config",
                "show configuration",
                "more system:running-config",
                "write terminal",
            ],
            Style::Indent(&IOS_LINES),
        ),
        Command::main("version", "show version", &[], PLAIN),
        Command::optional("inventory", "show inventory", PLAIN),
        Command::optional("vtp-status", "show vtp status", PLAIN),
        Command::optional("ssh", "show ip ssh", PLAIN),
        Command::optional("snmp-user", "show snmp user", PLAIN),
        Command::optional("users", "show users", PLAIN),
    ],
    prompt: Some(PROMPT),
    signs: &[
        (r"^hostname \S+\s*$", 1),
        (r"^Cisco IOS (?:XE )?Software", 10),
        (r"^Cisco Internetwork Operating System Software", 10),
        (r"^boot-start-marker", 6),
        (r"^line con 0", 6),
        (r"^version 1[0-9]\.\d+\s*$", 6),
        (r"^Current configuration :", 5),
        (r"^(?:no )?service (?:pad|timestamps|password-encryption|tcp-keepalives|config)", 5),
        (r"^(?:no )?aaa new-model", 4),
        (r"^line vty", 3),
        (r"^(?:no )?ip (?:http server|source-route|domain[ -]lookup|cef)", 3),
        (r"^enable secret", 2),
        (r"^interface (?:GigabitEthernet|FastEthernet|TenGigabitEthernet|Serial|Vlan|Loopback|Tunnel)\d", 1),
    ],
    versions: &[
        r"^Cisco IOS XE Software, Version 0?(\d[^,\s]*)",
        r"^Cisco (?:IOS|Internetwork Operating System).*Version ([^,\s]+)",
        r"^IOS .*Version ([^,\s]+)",
        r"^version (\d+\.\d+)\s*$",
    ],
    names: &[r"^hostname (\S+)", r"^(\S+) uptime is "],
    named_at: &["hostname <v>"],
    negation: Some("no"),
    rejected: REJECTED,
    ordered: &[
        "access-list",
        "ip access-list",
        "ipv6 access-list",
        "ip prefix-list",
        "route-map",
        "policy-map",
        "aaa authentication",
        "aaa authorization",
    ],
    ends_whole: false,
};

pub(super) static ASA: Spec = Spec {
    family: Family::CiscoAsa,
    slug: "cisco-asa",
    name: "Cisco ASA",
    commands: &[
        Command::main(
            "running-config",
            "show running-config",
            &[
                "show running-config all",
                "more system:running-config",
                "show startup-config",
                "write terminal",
            ],
            Style::Indent(&ASA_LINES),
        ),
        Command::main("version", "show version", &[], PLAIN),
        Command::optional("mode", "show mode", PLAIN),
        Command::optional("inventory", "show inventory", PLAIN),
    ],
    prompt: Some(PROMPT),
    signs: &[
        (r"^hostname \S+\s*$", 1),
        (r"^ASA Version ", 10),
        (r"^Cisco Adaptive Security Appliance", 10),
        (r"^: Saved", 4),
        (r"^: (?:Serial Number|Hardware):", 5),
        (r"^ nameif ", 5),
        (r"^same-security-traffic ", 5),
        (r"^threat-detection ", 4),
        (r"^access-group \S+ (?:in|out) interface", 4),
        (r"^object(?:-group)? network ", 3),
        (r"^http server enable", 3),
        (r"^aaa authentication (?:ssh|http|serial|enable|telnet) console", 4),
        (r"^ssh \S+ \S+ \S+$", 2),
        (r"^nat \(", 4),
    ],
    versions: &[r"^Cisco Adaptive Security Appliance Software Version ([^\s<]+)", r"^ASA Version ([^\s<]+)"],
    names: &[r"^hostname (\S+)"],
    named_at: &["hostname <v>"],
    negation: Some("no"),
    rejected: REJECTED,
    ordered: &["access-list", "nat", "aaa authentication", "crypto map", "crypto ikev"],
    ends_whole: true,
};

pub(super) static NXOS: Spec = Spec {
    family: Family::CiscoNxos,
    slug: "cisco-nxos",
    name: "Cisco NX-OS",
    commands: &[
        Command::main(
            "running-config",
            "show running-config",
            &["show running-config all", "show startup-config"],
            Style::Indent(&NXOS_LINES),
        ),
        Command::main("version", "show version", &[], PLAIN),
        Command::optional("inventory", "show inventory all", PLAIN),
        Command::optional("snmp-user", "show snmp user", PLAIN),
    ],
    prompt: Some(PROMPT),
    signs: &[
        (r"^hostname \S+\s*$", 1),
        (r"^Cisco Nexus Operating System", 10),
        (r"^!Command: show running-config", 6),
        (r"^!Running configuration last done at", 6),
        (r"^vdc \S+ id \d+", 8),
        (r"^switchname ", 5),
        (r"^version \d+\.\d+\(\d+", 5),
        (r"^(?:no )?feature [a-z][\w-]*\s*$", 4),
        (r"^vrf context ", 4),
        (r"^username \S+ password 5 .* role ", 5),
        (r"^interface (?:Ethernet\d+/\d+|mgmt0)", 2),
        (r"^(?:copp profile|rmon event|boot nxos)", 5),
    ],
    versions: &[
        r"^\s*NXOS: version (\S+)",
        r"^\s*system:\s+version (\S+)",
        r"^version (\d\S+)",
        r"^!.*boot nxos",
    ],
    names: &[r"^(?:hostname|switchname) (\S+)", r"^\s*Device name: (\S+)"],
    named_at: &["hostname|switchname <v>"],
    negation: Some("no"),
    rejected: REJECTED,
    ordered: &[
        "ip access-list",
        "ipv6 access-list",
        "mac access-list",
        "ip prefix-list",
        "route-map",
        "policy-map",
        "aaa authentication",
    ],
    ends_whole: true,
};

pub(super) static XR: Spec = Spec {
    family: Family::CiscoXr,
    slug: "cisco-xr",
    name: "Cisco IOS XR",
    commands: &[
        Command::main(
            "running-config",
            "show running-config",
            &["show configuration running-config"],
            Style::Indent(&IOS_LINES),
        ),
        Command::main("version", "show version", &[], PLAIN),
        Command::optional("inventory", "show inventory", PLAIN),
    ],
    prompt: Some(r"^(?:RP/\S+?:)?(?P<host>[A-Za-z0-9][\w.\-]*)(?:\([^)\s]{1,40}\))?[>#] ?(?P<cmd>.*)$"),
    signs: &[
        (r"^hostname \S+\s*$", 1),
        (r"^!! IOS XR Configuration", 10),
        (r"^Cisco IOS XR Software", 10),
        (r"^RP/\d+/", 5),
        (r"^interface (?:MgmtEth|HundredGigE|TenGigE|Bundle-Ether)", 4),
        (r"^route-policy ", 3),
        (r"^router static", 3),
        (r"^line (?:console|default|template)", 4),
        (r"^taskgroup |^usergroup ", 4),
    ],
    versions: &[
        r"^Cisco IOS XR Software, Version ([^\s\[,]+)",
        r"^!! IOS XR Configuration (?:version = )?(\S+)",
    ],
    names: &[r"^hostname (\S+)"],
    named_at: &["hostname <v>"],
    negation: Some("no"),
    rejected: REJECTED,
    ordered: &[
        "ipv4 access-list",
        "ipv6 access-list",
        "prefix-set",
        "route-policy",
        "policy-map",
        "aaa authentication",
    ],
    ends_whole: false,
};
