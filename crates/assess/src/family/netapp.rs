//! NetApp ONTAP: ruled tables.

use super::{Command, Family, PLAIN, Spec, Style};

pub(super) static SPEC: Spec = Spec {
    family: Family::Ontap,
    slug: "ontap",
    name: "NetApp ONTAP",
    commands: &[
        Command::main("logins", "security login show", &[], Style::Table),
        Command::main("images", "system node image show", &["version"], PLAIN),
        Command {
            id: "security",
            text: "security config show",
            aliases: &[],
            required: false,
            style: Style::Table,
        },
        Command {
            id: "services",
            text: "vserver services name-service dns show",
            aliases: &[],
            required: false,
            style: Style::Table,
        },
    ],
    prompt: Some(r"^(?P<host>[A-Za-z0-9][\w.\-]*)::[\w\- ]*\*?> ?(?P<cmd>.*)$"),
    signs: &[
        (r"^NetApp Release", 10),
        (r"^[\w.\-]+::\*?> ", 8),
        (r"^User/Group +Authentication", 7),
        (r"^Cluster +Cluster Security", 5),
    ],
    versions: &[r"^NetApp Release ([^:\s]+)"],
    names: &[],
    named_at: &[],
    negation: None,
    rejected: &["Error: ", "Ambiguous command"],
    ordered: &[],
    ends_whole: false,
};
