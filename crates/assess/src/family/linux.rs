//! Linux hosts: not what a device printed but facts that a collector read, in sections between `=== name ===` lines.
//! `docs/rules.md` lists the sections.

use super::{Command, Family, PAIRS, PLAIN, Spec, Style};
use crate::tree::{Shape, lines::Group, lines::Reading};

/// First line of host facts as text.
pub(crate) const HEADER: &str = "# redoubt host facts 1";
/// Reply in place of a section's content: the file does not exist.
pub(crate) const ABSENT: &str = "%absent";
/// Reply in place of a section's content: it could not be read, and why.
pub(crate) const UNREADABLE: &str = "%unreadable";

const CONFIG: Style =
    Style::Lines(Reading { shape: Shape::Words, comments: &['#', ';'], group: Group::Flat });
const FIELDS: Style = Style::Lines(Reading { shape: Shape::Fields(':'), comments: &[], group: Group::Flat });
const INI: Style =
    Style::Lines(Reading { shape: Shape::Pairs, comments: &['#', ';'], group: Group::Brackets });
const SSHD: Style =
    Style::Lines(Reading { shape: Shape::Words, comments: &['#'], group: Group::From("Match ") });
const ASSIGNMENTS: Style =
    Style::Lines(Reading { shape: Shape::Pairs, comments: &['#'], group: Group::Flat });

pub(super) static SPEC: Spec = Spec {
    family: Family::Linux,
    slug: "linux",
    name: "Linux",
    commands: &[
        Command::main("host", "host", &[], PAIRS),
        Command::optional("sysctl", "sysctl", PAIRS),
        Command::optional("services", "services", PLAIN),
        Command::optional("processes", "processes", PLAIN),
        Command::optional("accounts", "accounts", FIELDS),
        Command::optional("shadow", "shadow", FIELDS),
        Command::optional("groups", "groups", FIELDS),
        Command::optional("homes", "homes", PLAIN),
        Command::optional("packages", "packages", PLAIN),
        Command::optional("stat", "stat", PLAIN),
        Command::optional("mounts", "mounts", PLAIN),
        Command::optional("modules", "modules", PLAIN),
        Command::optional("modprobe", "modprobe", CONFIG),
        Command::optional("listening", "listening", PLAIN),
        Command::optional("kernel-command-line", "kernel-command-line", PLAIN),
        Command::optional("unread", "unread", PLAIN),
    ],
    prompt: None,
    signs: &[
        (r"^# redoubt host facts", 10),
        (r"^=== (?:host|sysctl|services|accounts|packages|stat|mounts|file /\S+) ===", 6),
    ],
    versions: &[r"^version_id: *(\S+)"],
    names: &[r"^hostname: *(\S+)"],
    named_at: &["hostname <v>"],
    negation: None,
    rejected: &[ABSENT, UNREADABLE],
    ordered: &["pam", "file /etc/pam.d"],
    ends_whole: false,
};

/// How a section of host facts is read, by its name.
pub(crate) fn style(section: &str) -> Style {
    let Some(path) = section.strip_prefix("file ") else {
        return SPEC.commands.iter().find(|c| c.id == section).map_or(PLAIN, |c| c.style);
    };
    let ends = |tail: &str| path.ends_with(tail);
    match () {
        () if path.starts_with("/etc/ssh/sshd_config") => SSHD,
        () if path.starts_with("/etc/systemd/")
            || ends("pwquality.conf")
            || ends("faillock.conf")
            || ends("/daemon.json") =>
        {
            INI
        }
        () if path.starts_with("/etc/default/")
            || ends("/dnf.conf")
            || ends("/auditd.conf")
            || ends("os-release") =>
        {
            ASSIGNMENTS
        }
        () => CONFIG,
    }
}
