//! Brocade Fabric OS: no configuration language, but many outputs of keys with values.

use super::{Command, Family, PAIRS, PLAIN, Spec, Style};
use crate::tree::{Shape, lines::Group, lines::Reading};

const ACCOUNTS: Style =
    Style::Lines(Reading { shape: Shape::Pairs, comments: &[], group: Group::From("Account name") });
const POLICIES: Style =
    Style::Lines(Reading { shape: Shape::Words, comments: &[], group: Group::From("Name:") });

pub(super) static SPEC: Spec = Spec {
    family: Family::FabricOs,
    slug: "fabric-os",
    name: "Brocade Fabric OS",
    commands: &[
        Command::main("configshow", "configshow -all", &["configshow", "configshow all"], PAIRS),
        Command::main("version", "version", &["firmwareshow"], PAIRS),
        Command::optional("switchshow", "switchshow", PAIRS),
        Command::optional("chassisshow", "chassisshow", PAIRS),
        Command {
            id: "accounts",
            text: "userconfig --show -a",
            aliases: &["userconfig --show"],
            required: false,
            style: ACCOUNTS,
        },
        Command {
            id: "passwords",
            text: "passwdcfg --showall",
            aliases: &["passwdcfg --show"],
            required: false,
            style: PAIRS,
        },
        Command::optional("ipfilter", "ipfilter --show", POLICIES),
        Command {
            id: "snmp-v1",
            text: "snmpconfig --show snmpv1",
            aliases: &[],
            required: false,
            style: PLAIN,
        },
        Command {
            id: "snmp-v3",
            text: "snmpconfig --show snmpv3",
            aliases: &[],
            required: false,
            style: PLAIN,
        },
        Command {
            id: "snmp-security",
            text: "snmpconfig --show seclevel",
            aliases: &["snmpconfig --show secLevel"],
            required: false,
            style: PAIRS,
        },
        Command {
            id: "syslog",
            text: "syslogadmin --show -ip",
            aliases: &["syslogdipshow"],
            required: false,
            style: PLAIN,
        },
        Command::optional("clock", "tsclockserver", PLAIN),
        Command { id: "timeout", text: "timeout", aliases: &[], required: false, style: PLAIN },
        Command { id: "aaa", text: "aaaconfig --show", aliases: &[], required: false, style: PAIRS },
        Command { id: "crypto", text: "seccryptocfg --show", aliases: &[], required: false, style: PAIRS },
        Command {
            id: "banner",
            text: "bannershow",
            aliases: &["motd --show"],
            required: false,
            style: PLAIN,
        },
        Command { id: "audit", text: "auditcfg --show", aliases: &[], required: false, style: PLAIN },
        Command { id: "secpolicy", text: "secpolicyshow", aliases: &[], required: false, style: PLAIN },
        Command {
            id: "certificates",
            text: "seccertmgmt show -all",
            aliases: &["seccertutil show"],
            required: false,
            style: PLAIN,
        },
    ],
    prompt: Some(r"^(?P<host>[A-Za-z0-9][\w.\-]*):(?:FID\d+:)?[\w.\-]+> ?(?P<cmd>.*)$"),
    signs: &[
        (r"^Fabric OS:\s+v", 10),
        (r"^\[Boot Parameters\]", 6),
        (r"^\[Configuration upload Information\]", 6),
        (r"^fabric\.ops\.", 6),
        (r"^passwdcfg\.", 5),
        (r"^boot\.(?:ipa|name|mac)", 5),
        (r"^switchName:", 4),
        (r"^passwdcfg --show|^userconfig --show", 4),
        (r"^(?:ag|snmp|ts|switch|security|secpolicy)\.[\w.]+:", 2),
        (r"^[\w.\-]+:(?:FID\d+:)?admin> ", 5),
    ],
    versions: &[r"^Fabric OS:\s+v(\S+)", r"^FOS version *[:=] *v?(\S+)"],
    names: &[r"^switchName:\s*(\S+)"],
    named_at: &[],
    negation: None,
    rejected: &["Command not found", "rbash: ", "Error: Invalid", "Invalid option", "Usage:"],
    ordered: &[],
    ends_whole: false,
};
