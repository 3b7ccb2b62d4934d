//! An object with every kind of field: multi-valued, read from list members (projected or not), its id, joined.

use std::net::IpAddr;

use query::{Elements, Field, FieldId, Fields, Kind, List, ListId, Member, Source, ValueRef, Values};

pub(crate) const LEVELS: &[&str] = &["Low", "High", "Very High"];

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Thing {
    pub(crate) names: Vec<String>,
    pub(crate) codes: Vec<String>,
    pub(crate) levels: Vec<String>,
    pub(crate) flags: Vec<bool>,
    pub(crate) counts: Vec<i64>,
    pub(crate) dates: Vec<i64>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) versions: Vec<String>,
    pub(crate) parts: Vec<Part>,
    pub(crate) ports: Vec<Port>,
}

/// An element with a member of every kind, none projected.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Part {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) size: Option<i64>,
    pub(crate) signed: Option<bool>,
    pub(crate) installed: Option<i64>,
    pub(crate) origin: Option<IpAddr>,
    pub(crate) code: Option<String>,
    pub(crate) level: Option<String>,
}

/// An element whose members are projected, as far as their kinds can be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Port {
    pub(crate) number: Option<i64>,
    pub(crate) protocol: Option<String>,
    pub(crate) banner: Option<String>,
    pub(crate) seen: Option<i64>,
}

pub(crate) const PARTS: ListId = ListId(0);
pub(crate) const PORTS: ListId = ListId(1);

/// The objects' fields are exactly these.
pub(crate) static TABLE: Fields<Thing> = Fields {
    fields: &[
        Field::new(Kind::Integer, Source::Id).criteria(&["id"]),
        Field::new(Kind::Text, Source::Read(|t: &Thing, out| texts(&t.names, out))).criteria(&["name"]),
        Field::new(Kind::Keyword, Source::Read(|t: &Thing, out| texts(&t.codes, out))).criteria(&["code"]),
        Field::new(Kind::Enum(LEVELS), Source::Read(|t: &Thing, out| texts(&t.levels, out)))
            .criteria(&["level"]),
        Field::new(
            Kind::Boolean,
            Source::Read(|t: &Thing, out| t.flags.iter().for_each(|v| out(ValueRef::Boolean(*v)))),
        )
        .criteria(&["flag"]),
        Field::new(
            Kind::Integer,
            Source::Read(|t: &Thing, out| t.counts.iter().for_each(|v| out(ValueRef::Integer(*v)))),
        )
        .criteria(&["count"]),
        Field::new(
            Kind::Date,
            Source::Read(|t: &Thing, out| t.dates.iter().for_each(|v| out(ValueRef::Date(*v)))),
        )
        .criteria(&["date"]),
        Field::new(
            Kind::Address,
            Source::Read(|t: &Thing, out| t.addresses.iter().for_each(|v| out(ValueRef::Address(*v)))),
        )
        .criteria(&["address"]),
        Field::new(Kind::Version, Source::Read(|t: &Thing, out| texts(&t.versions, out)))
            .criteria(&["version"]),
        Field::new(Kind::Text, Source::Member(PARTS, FieldId(0))).criteria(&["partName"]),
        Field::new(Kind::Version, Source::Member(PARTS, FieldId(1))).criteria(&["partVersion"]),
        Field::new(Kind::Address, Source::Member(PARTS, FieldId(5))).criteria(&["partOrigin"]),
        Field::new(Kind::Integer, Source::Member(PORTS, FieldId(0))).criteria(&["port"]),
        Field::new(Kind::Date, Source::Member(PORTS, FieldId(3))).criteria(&["portSeen"]),
        Field::new(Kind::Text, Source::Joined).criteria(&["joined"]),
        Field::new(Kind::Text, Source::Member(PARTS, FieldId(99))).criteria(&["noSuchMember"]),
        Field::new(Kind::Text, Source::Member(ListId(99), FieldId(0))).criteria(&["noSuchList"]),
    ],
    lists: &[
        List {
            names: &["parts"],
            members: &[
                Member::new("name", Kind::Text),
                Member::new("version", Kind::Version),
                Member::new("size", Kind::Integer),
                Member::new("signed", Kind::Boolean),
                Member::new("installed", Kind::Date),
                Member::new("origin", Kind::Address),
                Member::new("code", Kind::Keyword),
                Member::new("level", Kind::Enum(LEVELS)),
            ],
            read: read_parts,
        },
        List {
            names: &["ports"],
            members: &[
                Member::new("number", Kind::Integer).projected(),
                Member::new("protocol", Kind::Keyword).projected(),
                Member::new("banner", Kind::Text).projected(),
                Member::new("seen", Kind::Date).projected(),
            ],
            read: read_ports,
        },
    ],
};

fn texts(list: &[String], out: &mut Values<'_>) {
    list.iter().for_each(|text| out(ValueRef::Text(text)));
}

fn read_parts(thing: &Thing, out: &mut Elements<'_>) {
    for part in &thing.parts {
        out(&[
            part.name.as_deref().map(ValueRef::Text),
            part.version.as_deref().map(ValueRef::Text),
            part.size.map(ValueRef::Integer),
            part.signed.map(ValueRef::Boolean),
            part.installed.map(ValueRef::Date),
            part.origin.map(ValueRef::Address),
            part.code.as_deref().map(ValueRef::Text),
            part.level.as_deref().map(ValueRef::Text),
        ]);
    }
}

/// Leaves out what comes last and is missing: a short element is one whose last members have no value.
fn read_ports(thing: &Thing, out: &mut Elements<'_>) {
    for port in &thing.ports {
        let all = [
            port.number.map(ValueRef::Integer),
            port.protocol.as_deref().map(ValueRef::Text),
            port.banner.as_deref().map(ValueRef::Text),
            port.seen.map(ValueRef::Date),
        ];
        let end = all.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        out(&all[..end]);
    }
}
