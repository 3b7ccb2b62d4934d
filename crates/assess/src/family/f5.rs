//! F5 BIG-IP.

use super::{Command, Family, PLAIN, Spec, Style};

pub(super) static SPEC: Spec = Spec {
    family: Family::F5,
    slug: "f5",
    name: "F5 BIG-IP",
    commands: &[
        Command::main(
            "configuration",
            "tmsh -q list",
            &["list", "tmsh list", "tmsh show running-config", "show running-config"],
            Style::Braces,
        ),
        Command::main("version", "tmsh show sys version", &["show sys version"], PLAIN),
        Command::optional("hardware", "tmsh -q show sys hardware field-fmt", Style::Braces),
        Command::optional("db", "tmsh -q show running-config sys db all-properties", Style::Braces),
    ],
    prompt: Some(
        r"^(?:\[[\w.\-]+@(?P<host>[A-Za-z0-9][\w.\-]*):[^\]]+\] \S+ #|[\w.\-]+@\((?P<host2>[\w.\-]+)\)[^#]{0,120}#) ?(?P<cmd>.*)$",
    ),
    signs: &[
        (r"^#TMSH-VERSION:", 10),
        (r"^Sys::Version", 8),
        (r"^(?:ltm|sys|net|auth|cm|apm|security) [\w\-]+.*\{", 6),
    ],
    versions: &[r"^#TMSH-VERSION: (\S+)", r"^\s+Version\s+(\d\S+)"],
    names: &[r"^\s+hostname (\S+)"],
    named_at: &["sys global-settings / hostname <v>"],
    negation: None,
    rejected: &["Syntax Error", "Unexpected Error", "Data Input Error"],
    ordered: &["rules"],
    ends_whole: true,
};
