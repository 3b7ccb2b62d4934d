//! Palo Alto PAN-OS.

use super::{Command, Family, PAIRS, Spec, Style};

pub(super) static SPEC: Spec = Spec {
    family: Family::Panos,
    slug: "panos",
    name: "PAN-OS",
    commands: &[
        Command::main(
            "configuration",
            "show config running",
            &["show", "show config effective-running-config", "show config merged"],
            Style::XmlOrPaths,
        ),
        Command::main("system-info", "show system info", &[], PAIRS),
    ],
    prompt: Some(r"^[\w.\-]+@(?P<host>[A-Za-z0-9][\w.\-]*)(?:\([\w\-]+\))?[>#] ?(?P<cmd>.*)$"),
    signs: &[
        (r"^set (?:config devices \S+ )?deviceconfig (?:system|setting)", 12),
        (r"^set (?:config )?mgt-config", 6),
        (r#"^\s*<config [^>]*version=""#, 8),
        (r"^\s*<deviceconfig>", 8),
        (r"^sw-version: ", 6),
        (r"^model: PA-", 6),
        (r"^\s*(?:deviceconfig|mgt-config) \{", 7),
        (r"^set (?:vsys \S+ )?rulebase ", 5),
        (r"^set network (?:profiles|interface|virtual-router|ike)", 3),
        (r"^set (?:shared|zone|address|vsys) ", 2),
    ],
    versions: &[r"^sw-version: (\S+)", r#"^\s*<config [^>]*version="(\d+\.\d+)"#],
    names: &[
        r"^hostname: (\S+)",
        r"^set (?:config devices \S+ )?deviceconfig system hostname (\S+)",
        r"^\s*<hostname>([^<]+)</hostname>",
    ],
    named_at: &["deviceconfig system hostname <v>"],
    negation: None,
    rejected: &["Unknown command", "Invalid syntax", "Server error"],
    ordered: &["rules", "authentication-sequence"],
    ends_whole: true,
};
