//! A table of the shape that assets have, for the tests of this crate.

use std::net::IpAddr;

use jiff::Timestamp;
use query::{Field, FieldId, Fields, Kind, List, ListId, Member, Operator, Source, ValueRef};

#[derive(Debug, Clone, Default)]
pub(crate) struct Asset {
    pub(crate) name: String,
    pub(crate) os: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) tags: Vec<(i64, String)>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) published: Option<Timestamp>,
    pub(crate) superseded: Option<bool>,
    pub(crate) vendor_severity: Option<&'static str>,
    pub(crate) tracking: Option<&'static str>,
    pub(crate) agent_version: Option<String>,
    pub(crate) kb: Vec<String>,
    pub(crate) missing: Option<i64>,
    pub(crate) software: Vec<Software>,
    pub(crate) ports: Vec<(i64, &'static str)>,
    pub(crate) interfaces: Vec<(Option<IpAddr>, String)>,
    pub(crate) vulnerabilities: Vec<(i64, String, Timestamp)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Software {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) publisher: Option<String>,
}

pub(crate) const SEVERITIES: &[&str] = &["Critical", "Important", "Moderate", "Low", "None"];
pub(crate) const TRACKING: &[&str] = &["QAGENT", "IP", "DNSNAME", "NETBIOS", "INSTANCE_ID"];
pub(crate) const PROTOCOLS: &[&str] = &["TCP", "UDP"];

pub(crate) mod id {
    use super::{FieldId, ListId};
    pub(crate) const ID: FieldId = FieldId(0);
    pub(crate) const OS: FieldId = FieldId(2);
    pub(crate) const TAG: FieldId = FieldId(4);
    pub(crate) const CREATED: FieldId = FieldId(6);
    pub(crate) const PUBLISHED: FieldId = FieldId(7);
    pub(crate) const MISSING: FieldId = FieldId(13);
    pub(crate) const PORT: FieldId = FieldId(14);
    pub(crate) const STATUS: FieldId = FieldId(15);
    pub(crate) const SOFTWARE: ListId = ListId(0);
    pub(crate) const OPEN_PORTS: ListId = ListId(1);
    pub(crate) const INTERFACES: ListId = ListId(2);
    pub(crate) const VULNERABILITIES: ListId = ListId(3);
}

pub(crate) const FIELDS: Fields<Asset> = Fields {
    fields: &[
        Field::new(Kind::Integer, Source::Id)
            .criteria(&["id", "qwebHostId"])
            .qql(&["asset.id", "asset.assetID"]),
        Field::new(Kind::Text, Source::Read(|a: &Asset, out| out(ValueRef::Text(&a.name))))
            .criteria(&["name"])
            .qql(&["name", "asset.name"])
            .free(),
        Field::new(
            Kind::Text,
            Source::Read(|a: &Asset, out| a.os.iter().for_each(|os| out(ValueRef::Text(os)))),
        )
        .criteria(&["os"])
        .qql(&["operatingSystem", "operatingSystem.name"])
        .free(),
        Field::new(
            Kind::Text,
            Source::Read(|a: &Asset, out| a.category.iter().for_each(|os| out(ValueRef::Text(os)))),
        )
        .qql(&["operatingSystem.category1"]),
        Field::new(
            Kind::Text,
            Source::Read(|a: &Asset, out| a.tags.iter().for_each(|(_, name)| out(ValueRef::Text(name)))),
        )
        .criteria(&["tagName"])
        .qql(&["tags.name"]),
        Field::new(
            Kind::Integer,
            Source::Read(|a: &Asset, out| a.tags.iter().for_each(|(id, _)| out(ValueRef::Integer(*id)))),
        )
        .criteria(&["tagId"])
        .qql(&["tags.id"]),
        Field::new(
            Kind::Date,
            Source::Read(|a: &Asset, out| a.created.iter().for_each(|at| out(ValueRef::date(*at)))),
        )
        .criteria(&["created"])
        .qql(&["asset.created"]),
        Field::new(
            Kind::Date,
            Source::Read(|a: &Asset, out| a.published.iter().for_each(|at| out(ValueRef::date(*at)))),
        )
        .qql(&["publishedDate"]),
        Field::new(
            Kind::Boolean,
            Source::Read(|a: &Asset, out| a.superseded.iter().for_each(|flag| out(ValueRef::Boolean(*flag)))),
        )
        .criteria(&["isScanned"])
        .qql(&["isSuperseded"]),
        Field::new(
            Kind::Enum(SEVERITIES),
            Source::Read(|a: &Asset, out| {
                a.vendor_severity.iter().for_each(|text| out(ValueRef::Text(text)))
            }),
        )
        .qql(&["vendorSeverity"]),
        Field::new(
            Kind::Enum(TRACKING),
            Source::Read(|a: &Asset, out| a.tracking.iter().for_each(|text| out(ValueRef::Text(text)))),
        )
        .criteria(&["trackingMethod"])
        .qql(&["asset.trackingMethod"]),
        Field::new(
            Kind::Version,
            Source::Read(|a: &Asset, out| a.agent_version.iter().for_each(|text| out(ValueRef::Text(text)))),
        )
        .criteria(&["agentVersion"])
        .qql(&["qualys.agent.version"]),
        Field::new(
            Kind::Keyword,
            Source::Read(|a: &Asset, out| a.kb.iter().for_each(|text| out(ValueRef::Text(text)))),
        )
        .criteria(&["kb"])
        .operators(&[Operator::Equals, Operator::In, Operator::None])
        .qql(&["kb"])
        .free(),
        Field::new(
            Kind::Integer,
            Source::Read(|a: &Asset, out| a.missing.iter().for_each(|count| out(ValueRef::Integer(*count)))),
        )
        .qql(&["missingPatchCount"])
        .free(),
        Field::new(Kind::Integer, Source::Member(id::OPEN_PORTS, FieldId(0)))
            .criteria(&["port"])
            .qql(&["port"]),
        Field::new(Kind::Enum(&["Missing", "Installed"]), Source::Joined).qql(&["patchStatus"]),
        Field::new(Kind::Address, Source::Member(id::INTERFACES, FieldId(0))).criteria(&["address"]),
    ],
    lists: &[
        List {
            names: &["software"],
            members: &[
                Member::new("name", Kind::Text),
                Member::new("version", Kind::Version),
                Member::new("publisher", Kind::Text),
            ],
            read: |a, out| {
                for item in &a.software {
                    out(&[
                        Some(ValueRef::Text(&item.name)),
                        item.version.as_deref().map(ValueRef::Text),
                        item.publisher.as_deref().map(ValueRef::Text),
                    ]);
                }
            },
        },
        List {
            names: &["openPorts"],
            members: &[Member::new("port", Kind::Integer), Member::new("protocol", Kind::Enum(PROTOCOLS))],
            read: |a, out| {
                for (port, protocol) in &a.ports {
                    out(&[Some(ValueRef::Integer(*port)), Some(ValueRef::Text(protocol))]);
                }
            },
        },
        List {
            names: &["interfaces"],
            members: &[Member::new("address", Kind::Address), Member::new("hostname", Kind::Text)],
            read: |a, out| {
                for (address, hostname) in &a.interfaces {
                    out(&[address.map(ValueRef::Address), Some(ValueRef::Text(hostname))]);
                }
            },
        },
        List {
            names: &["vulnerabilities"],
            members: &[
                Member::new("vulnerability.severity", Kind::Integer),
                Member::new("vulnerability.os", Kind::Text),
                Member::new("firstFound", Kind::Date),
            ],
            read: |a, out| {
                for (severity, os, found) in &a.vulnerabilities {
                    out(&[
                        Some(ValueRef::Integer(*severity)),
                        Some(ValueRef::Text(os)),
                        Some(ValueRef::date(*found)),
                    ]);
                }
            },
        },
    ],
};

pub(crate) fn named(name: &str) -> Asset {
    Asset { name: name.to_owned(), ..Asset::default() }
}

pub(crate) fn software(name: &str, version: &str) -> Software {
    let version = (!version.is_empty()).then(|| version.to_owned());
    Software { name: name.to_owned(), version, publisher: None }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
