//! HPE and H3C Comware.

use super::{Command, Family, PLAIN, Spec, Style};
use crate::tree::indent::Dialect;

static LINES: Dialect = Dialect { comments: &['#'], noise: &[], end: Some("return"), banner: Some("header") };

pub(super) static SPEC: Spec = Spec {
    family: Family::Comware,
    slug: "comware",
    name: "Comware",
    commands: &[
        Command::main(
            "current-configuration",
            "display current-configuration",
            &["display saved-configuration", "display current-configuration all"],
            Style::Indent(&LINES),
        ),
        Command::main("version", "display version", &[], PLAIN),
        Command::optional("device", "display device", PLAIN),
        Command::optional("manuinfo", "display device manuinfo", PLAIN),
    ],
    prompt: Some(r"^(?:(?:<(?P<host>[A-Za-z0-9][\w.\-]*)>)|(?:\[[A-Za-z0-9~][\w.\-/]*\])) ?(?P<cmd>.*)$"),
    signs: &[
        (r"^(?:HPE?|H3C) Comware", 10),
        (r"^ version [57]\.\d+(?:\.\d+)?, (?:Release|Feature|ESS|Alpha|Beta|Demo)", 9),
        (r"^ ?sysname ", 5),
        (r"^user-interface (?:vty|aux|con)", 6),
        (r"^local-user \S+(?: class)?", 5),
        (r"^interface (?:Vlan-interface|NULL0|M-GigabitEthernet|Bridge-Aggregation)", 6),
        (r"^ undo ", 3),
        (r"^line (?:class )?(?:vty|aux|console)(?: \d|$)", 2),
        (r"^return\s*$", 2),
        (r"^<\S+> ?dis", 5),
    ],
    versions: &[r"Comware.* Software, Version (\d[^,\s]*)", r"^ version (\d[^,\s]*)"],
    names: &[r"^ ?sysname (\S+)"],
    named_at: &["sysname <v>"],
    negation: Some("undo"),
    rejected: &["% Unrecognized", "% Too many", "% Incomplete", "% Wrong", " ^"],
    ordered: &["acl", "policy-based-route", "route-policy", "qos policy", "ip prefix-list"],
    ends_whole: false,
};
