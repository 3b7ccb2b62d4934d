//! Fortinet FortiOS.

use super::{Command, Family, PAIRS, Spec, Style};

pub(super) static SPEC: Spec = Spec {
    family: Family::Fortios,
    slug: "fortios",
    name: "FortiOS",
    commands: &[
        Command::main("configuration", "show full-configuration", &["show", "show system"], Style::Forti),
        Command::main("status", "get system status", &[], PAIRS),
        Command::optional("performance", "get system performance status", PAIRS),
    ],
    prompt: Some(r"^(?P<host>[A-Za-z0-9][\w.\-]*)(?: \([^)]{1,60}\))? [#$] ?(?P<cmd>.*)$"),
    signs: &[
        (r"^#config-version=", 10),
        (r"^Version: Forti", 10),
        (r"^config system (?:global|interface|admin|settings|dns|ntp)", 6),
        (r"^config firewall (?:policy|address|service)", 5),
        (r"^config (?:vdom|global)\s*$", 5),
        (r"^    edit \S", 2),
        (r"^    set \S+ \S", 1),
    ],
    versions: &[
        r"^Version: Forti\S+ v(\d+\.\d+(?:\.\d+)?)",
        r"^#config-version=[^-]+-(\d+\.\d+(?:\.\d+)?)",
        r"^#config-version=[^-]+-[^-]*?(\d+\.\d+\.\d+)",
    ],
    names: &[r#"^\s+set hostname "?([^"\s]+)"#, r"^Hostname: (\S+)"],
    named_at: &["config system global / set hostname <v>"],
    negation: Some("unset"),
    rejected: &["Unknown action", "Command fail", "command parse error", "Parsing error"],
    ordered: &[
        "config firewall policy",
        "config firewall policy6",
        "config firewall security-policy",
        "config router policy",
        "config firewall local-in-policy",
    ],
    ends_whole: true,
};
