//! The families of devices: what each prints, how it is read and what gives it away.
//!
//! One [`Spec`] per family holds everything that differs; no other module asks which family it has before it.

mod arista;
mod brocade;
mod checkpoint;
mod cisco;
mod comware;
mod f5;
mod fortinet;
mod juniper;
pub(crate) mod linux;
mod netapp;
mod paloalto;
mod technology;

use crate::tree::{self, Parsed, Source, indent::Dialect, lines::Reading, paths::Paths};
pub use technology::{TECHNOLOGIES, Technology, technology};

/// A family of devices that share one configuration language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Cisco IOS and IOS-XE.
    CiscoIos,
    /// Cisco ASA.
    CiscoAsa,
    /// Cisco NX-OS.
    CiscoNxos,
    /// Cisco IOS-XR.
    CiscoXr,
    /// Juniper Junos.
    Junos,
    /// Fortinet FortiOS.
    Fortios,
    /// Palo Alto PAN-OS.
    Panos,
    /// Arista EOS.
    AristaEos,
    /// HPE and H3C Comware.
    Comware,
    /// Brocade Fabric OS.
    FabricOs,
    /// F5 BIG-IP.
    F5,
    /// Check Point Gaia.
    Gaia,
    /// NetApp ONTAP.
    Ontap,
    /// Linux hosts, by the facts a collector reads.
    Linux,
}

impl Family {
    /// All families, in the order of their lists.
    pub const ALL: [Self; 14] = [
        Self::CiscoIos,
        Self::CiscoAsa,
        Self::CiscoNxos,
        Self::CiscoXr,
        Self::Junos,
        Self::Fortios,
        Self::Panos,
        Self::AristaEos,
        Self::Comware,
        Self::FabricOs,
        Self::F5,
        Self::Gaia,
        Self::Ontap,
        Self::Linux,
    ];

    pub(crate) fn spec(self) -> &'static Spec {
        match self {
            Self::CiscoIos => &cisco::IOS,
            Self::CiscoAsa => &cisco::ASA,
            Self::CiscoNxos => &cisco::NXOS,
            Self::CiscoXr => &cisco::XR,
            Self::Junos => &juniper::SPEC,
            Self::Fortios => &fortinet::SPEC,
            Self::Panos => &paloalto::SPEC,
            Self::AristaEos => &arista::SPEC,
            Self::Comware => &comware::SPEC,
            Self::FabricOs => &brocade::SPEC,
            Self::F5 => &f5::SPEC,
            Self::Gaia => &checkpoint::SPEC,
            Self::Ontap => &netapp::SPEC,
            Self::Linux => &linux::SPEC,
        }
    }

    /// The word that names the family in rules and on the command line, such as `cisco-ios`.
    #[must_use]
    pub fn slug(self) -> &'static str {
        self.spec().slug
    }

    /// The name for people, such as `Cisco IOS`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The family of that slug or name, in any case.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|f| f.slug().eq_ignore_ascii_case(text) || f.name().eq_ignore_ascii_case(text))
    }

    /// The commands whose output is asked for, the main configuration first (`contract/oca.md` 4.4).
    #[must_use]
    pub fn commands(self) -> &'static [Command] {
        self.spec().commands
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One command of a family's manifest.
#[derive(Debug)]
pub struct Command {
    /// What rules call its output, such as `running-config`.
    pub id: &'static str,
    /// The command as typed on the device.
    pub text: &'static str,
    /// Other spellings that print the same.
    pub aliases: &'static [&'static str],
    /// Whether most controls need it.
    pub required: bool,
    pub(crate) style: Style,
}

impl Command {
    const fn main(
        id: &'static str,
        text: &'static str,
        aliases: &'static [&'static str],
        style: Style,
    ) -> Self {
        Self { id, text, aliases, required: true, style }
    }

    const fn optional(id: &'static str, text: &'static str, style: Style) -> Self {
        Self { id, text, aliases: &[], required: false, style }
    }
}

/// How the output of a command becomes a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Indent(&'static Dialect),
    Paths(Paths),
    /// PAN-OS: XML when it begins with `<`, else paths.
    XmlOrPaths,
    Forti,
    Braces,
    Lines(Reading),
    Table,
}

/// Plain lines.
pub(crate) const PLAIN: Style =
    Style::Lines(Reading { shape: tree::Shape::Words, comments: &[], group: tree::lines::Group::Flat });
/// Keys with values.
pub(crate) const PAIRS: Style =
    Style::Lines(Reading { shape: tree::Shape::Pairs, comments: &[], group: tree::lines::Group::Flat });

impl Style {
    pub(crate) fn parse(self, source: Source<'_>) -> Parsed {
        match self {
            Self::Indent(dialect) => tree::indent::parse(source, dialect),
            Self::Paths(family) => tree::paths::parse(source, family),
            Self::XmlOrPaths => {
                let xml = source
                    .lines()
                    .map(|(_, l)| l.trim_start())
                    .find(|l| !l.is_empty())
                    .is_some_and(|l| l.starts_with('<'));
                if xml {
                    tree::xml::parse(source)
                } else {
                    tree::paths::parse(source, Paths { junos: false })
                }
            }
            Self::Forti => tree::forti::parse(source),
            Self::Braces => tree::braces::parse(source),
            Self::Lines(reading) => tree::lines::parse(source, reading),
            Self::Table => tree::lines::parse_table(source),
        }
    }
}

/// Everything that differs between families.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) family: Family,
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
    pub(crate) commands: &'static [Command],
    /// Patterns of a prompt line with the groups `host` and `cmd`; none where there are no transcripts.
    pub(crate) prompt: Option<&'static str>,
    /// Lines that give the family away, with their weight.
    pub(crate) signs: &'static [(&'static str, u8)],
    /// Patterns whose first group is the version; tried in order on the version command, then on the configuration.
    pub(crate) versions: &'static [&'static str],
    /// Patterns whose first group is the name of the device.
    pub(crate) names: &'static [&'static str],
    /// Where the main configuration names the device, as rules select it.
    pub(crate) named_at: &'static [&'static str],
    /// The word that takes a statement back, such as `no`.
    pub(crate) negation: Option<&'static str>,
    /// Beginnings of a reply to a command that the device does not know.
    pub(crate) rejected: &'static [&'static str],
    /// Beginnings of statements whose order, or the order of whose children, matters.
    pub(crate) ordered: &'static [&'static str],
    /// Whether a configuration that lacks its end mark, or the line feed of its last line, counts as cut off.
    pub(crate) ends_whole: bool,
}

impl Spec {
    /// The main configuration's command.
    pub(crate) fn main(&self) -> Option<&'static Command> {
        self.commands.first()
    }

    /// The id and style of the output that rules call `id`.
    pub(crate) fn style_of(&self, id: &str) -> Option<Style> {
        if self.family == Family::Linux {
            return Some(linux::style(id));
        }
        self.commands.iter().find(|c| c.id == id).map(|c| c.style)
    }
}

/// The slugs of all families, for messages.
pub(crate) fn known() -> String {
    Family::ALL.map(Family::slug).join(", ")
}
