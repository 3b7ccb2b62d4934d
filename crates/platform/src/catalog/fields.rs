//! What may be asked of the catalog (`contract/was.md 4.2 and 4.3`).

use query::Operator::{Contains, Equals, In, NotEquals};
use query::{Field, FieldId, Fields, Kind, Source, ValueRef, Values};

use super::model::{Entry, Status};
use crate::results;

/// The asset of the host.
pub(super) const ASSET: FieldId = FieldId(0);

const fn read(kind: Kind, read: fn(&Entry, &mut Values<'_>)) -> Field<Entry> {
    Field::new(kind, Source::Read(read))
}

fn text(value: &Option<String>, out: &mut Values<'_>) {
    value.iter().for_each(|text| out(ValueRef::Text(text)));
}

#[rustfmt::skip]
pub(super) static FIELDS: Fields<Entry> = Fields {
    fields: &[
        read(Kind::Integer, |e, out| e.asset.into_iter().for_each(|id| out(ValueRef::Integer(id.get().into())))),
        Field::new(Kind::Integer, Source::Id).criteria(&["id"]),
        read(Kind::Address, |e, out| out(ValueRef::Address(e.address))).criteria(&["ipAddress"])
            .operators(&[Equals, NotEquals, In, Contains]),
        read(Kind::Integer, |e, out| out(ValueRef::Integer(e.port.into()))).criteria(&["port"]),
        read(Kind::Text, |e, out| text(&e.operating_system, out)).criteria(&["operatingSystem"]),
        read(Kind::Enum(results::Source::NAMES), |e, out| out(ValueRef::Text(e.source.name()))).criteria(&["source"]),
        read(Kind::Text, |e, out| text(&e.fqdn, out)).criteria(&["fqdn"]),
        read(Kind::Text, |e, out| text(&e.netbios_name, out)).criteria(&["netbiosName"]),
        read(Kind::Enum(Status::NAMES), |e, out| out(ValueRef::Text(e.status.name()))).criteria(&["status"]),
        read(Kind::Date, |e, out| out(ValueRef::date(e.created))).criteria(&["createdDate"]),
        read(Kind::Date, |e, out| out(ValueRef::date(e.updated))).criteria(&["updatedDate"]),
    ],
    lists: &[],
};
