//! Arista EOS.

use super::{Command, Family, PLAIN, Spec, Style};
use crate::tree::indent::Dialect;

static LINES: Dialect = Dialect { comments: &['!'], noise: &[], end: Some("end"), banner: Some("banner") };

pub(super) static SPEC: Spec = Spec {
    family: Family::AristaEos,
    slug: "arista-eos",
    name: "Arista EOS",
    commands: &[
        Command::main(
            "running-config",
            "show running-config",
            &["show running-config all", "show startup-config"],
            Style::Indent(&LINES),
        ),
        Command::main("version", "show version", &["show version detail"], PLAIN),
        Command::optional("inventory", "show inventory", PLAIN),
    ],
    prompt: Some(r"^(?P<host>[A-Za-z0-9][\w.\-:]*)(?:\([^)\s]{1,40}\))?[>#] ?(?P<cmd>.*)$"),
    signs: &[
        (r"^hostname \S+\s*$", 1),
        (r"^! device: \S+ \(.*EOS-", 10),
        (r"^Arista ", 8),
        (r"^! Command: show running-config", 5),
        (r"^service routing protocols model", 6),
        (r"^transceiver qsfp default-mode", 6),
        (r"^daemon TerminAttr", 6),
        (r"^management (?:api|ssh|console|security|telnet|defaults)", 6),
        (r"^! boot system flash:", 5),
        (r"^vrf instance ", 3),
        (r"^aaa authorization exec default local", 2),
        (r"^(?:no )?aaa root", 6),
        (r"^username \S+ (?:privilege \d+ )?role \S+ (?:secret|nopassword)", 4),
        (r"^Software image version:", 8),
    ],
    versions: &[r"^Software image version: (\S+)", r"^! device: .*EOS-(\d[^)\s]*)"],
    names: &[r"^hostname (\S+)"],
    named_at: &["hostname <v>"],
    negation: Some("no"),
    rejected: &["% Invalid", "% Incomplete", "% Ambiguous", "% Unavailable", "% Authorization"],
    ordered: &[
        "ip access-list",
        "ipv6 access-list",
        "mac access-list",
        "ip prefix-list",
        "route-map",
        "aaa authentication",
    ],
    ends_whole: false,
};
