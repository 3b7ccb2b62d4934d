//! Check Point Gaia.

use super::{Command, Family, PLAIN, Spec, Style};
use crate::tree::{Shape, lines::Group, lines::Reading};

const SET: Style = Style::Lines(Reading { shape: Shape::Words, comments: &['#'], group: Group::Flat });

pub(super) static SPEC: Spec = Spec {
    family: Family::Gaia,
    slug: "gaia",
    name: "Check Point Gaia",
    commands: &[
        Command::main("configuration", "show configuration", &[], SET),
        Command::main("version", "show version all", &[], PLAIN),
        Command::optional("assets", "show asset all", PLAIN),
        Command::optional("vsx", "show vsx", PLAIN),
    ],
    prompt: Some(
        r"^(?:\[Expert@(?P<host2>[\w.\-]+):\d+\]#|(?P<host>[A-Za-z0-9][\w.\-]*)(?::\d+)?>) ?(?P<cmd>.*)$",
    ),
    signs: &[
        (r"^Product version Check Point Gaia", 10),
        (r"^# Configuration of \S+$", 6),
        (r"^# Language version:", 6),
        (r"^set (?:net-access|inactivity-timeout|password-controls|installer|web (?:session|ssl|daemon))", 6),
        (r"^set (?:user \S+ (?:gid|shell|realname)|interface \S+ (?:state|ipv4-address|mtu|link-speed))", 5),
        (r"^add allowed-client", 5),
        (r"^set hostname ", 3),
    ],
    versions: &[r"^Product version Check Point Gaia (R\S+)"],
    names: &[r"^set hostname (\S+)"],
    named_at: &["set hostname <v>"],
    negation: None,
    rejected: &["CLINFR", "Invalid command", "NMSHST"],
    ordered: &[],
    ends_whole: true,
};
