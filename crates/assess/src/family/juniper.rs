//! Juniper Junos.

use super::{Command, Family, PLAIN, Spec, Style};
use crate::tree::paths::Paths;

pub(super) static SPEC: Spec = Spec {
    family: Family::Junos,
    slug: "junos",
    name: "Junos",
    commands: &[
        Command::main(
            "configuration",
            "show configuration",
            &[
                "show configuration | display set",
                "show configuration | display omit",
                "show",
                "show | display set",
            ],
            Style::Paths(Paths { junos: true }),
        ),
        Command::main("version", "show version", &[], PLAIN),
        Command::optional("chassis", "show chassis hardware", PLAIN),
        Command::optional("license", "show system license", PLAIN),
    ],
    prompt: Some(r"^(?:\{[^}]{1,30}\}\s*)?[\w.\-]+@(?P<host>[A-Za-z0-9][\w.\-]*)[>#%] ?(?P<cmd>.*)$"),
    signs: &[
        (r"^## Last (?:commit|changed)", 8),
        (r"^(?:set )?version \d+\.\d+[A-Z]\S*;?\s*$", 8),
        (r"^(?:Junos|JUNOS)[: ]", 8),
        (r"^set system (?:host-name|root-authentication|services|login|syslog|ntp|authentication-order)", 6),
        (r"^system \{", 5),
        (r"^\s+host-name \S+;", 4),
        (r"^set (?:interfaces|protocols|routing-options|snmp|firewall|policy-options|security|chassis) ", 4),
        (r"^(?:interfaces|protocols|routing-options|policy-options|security|chassis) \{", 3),
        (r"^Model: (?:ex|mx|srx|qfx|acx|ptx|vsrx|vmx)", 5),
    ],
    versions: &[r"^Junos: (\S+)", r"^JUNOS .*\[([^\]]+)\]", r"^(?:set )?version (\d[^;\s]*)"],
    names: &[r"^set system host-name (\S+)", r"^\s+host-name (\S+);", r"^Hostname: (\S+)"],
    named_at: &["system host-name <v>"],
    negation: None,
    rejected: &["unknown command", "syntax error", "error: ", "                ^", "invalid command"],
    ordered: &[
        "policy-statement",
        "filter",
        "policy",
        "term",
        "rule-set",
        "authentication-order",
        "policies",
        "from-zone",
        "rule",
    ],
    ends_whole: true,
};
