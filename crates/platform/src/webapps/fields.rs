//! What may be asked of web applications (`contract/was.md 7.1`).

use query::Operator::None as Absent;
use query::{
    Field, FieldId, Fields, Filter, Kind, List, ListId, Member, Source, Test, Value, ValueRef, Values,
};

use super::model::WebApp;
use super::web_url::WebUrl;

/// The name.
pub(super) const NAME: FieldId = FieldId(0);
/// What its URL shares with others that lead to the same place.
pub(super) const URL_KEY: FieldId = FieldId(1);
/// Whether it was removed.
const REMOVED: FieldId = FieldId(2);
/// The names of its tags, by hand and by rule: joined.
pub(super) const TAG_NAME: FieldId = FieldId(3);
/// Their ids: joined.
pub(super) const TAG_ID: FieldId = FieldId(4);
/// Whether there are any: joined.
pub(super) const TAGS: FieldId = FieldId(5);
/// Attributes.
const ATTRIBUTES: ListId = ListId(0);

/// Those that were not removed.
pub(super) fn present() -> Filter {
    Filter::Field(REMOVED, Test::Equals(Value::Boolean(false)))
}

const SCAN_STATES: &[&str] = &[
    "SUBMITTED",
    "RUNNING",
    "FINISHED",
    "TIME_LIMIT_EXCEEDED",
    "SCAN_NOT_LAUNCHED",
    "SCANNER_NOT_AVAILABLE",
    "ERROR",
    "CANCELED",
];

const fn read(kind: Kind, read: fn(&WebApp, &mut Values<'_>)) -> Field<WebApp> {
    Field::new(kind, Source::Read(read))
}

#[rustfmt::skip]
pub(super) static FIELDS: Fields<WebApp> = Fields {
    fields: &[
        read(Kind::Text, |app, out| out(ValueRef::Text(&app.name))).criteria(&["name"]),
        read(Kind::Keyword, |app, out| WebUrl::read(&app.url).iter().for_each(|url| out(ValueRef::Text(url.key())))),
        read(Kind::Boolean, |app, out| out(ValueRef::Boolean(app.removed.is_some()))),
        Field::new(Kind::Text, Source::Joined).criteria(&["tags.name"]),
        Field::new(Kind::Integer, Source::Joined).criteria(&["tags.id"]),
        Field::new(Kind::Integer, Source::Joined).criteria(&["tags"]).operators(&[Absent]),
        Field::new(Kind::Integer, Source::Id).criteria(&["id"]),
        read(Kind::Text, |app, out| out(ValueRef::Text(&app.url))).criteria(&["url"]),
        read(Kind::Date, |app, out| out(ValueRef::date(app.created))).criteria(&["createdDate"]),
        read(Kind::Date, |app, out| out(ValueRef::date(app.updated))).criteria(&["updatedDate"]),
        // Scans and schedules are not built yet: nothing has any.
        read(Kind::Boolean, |_, out| out(ValueRef::Boolean(false))).criteria(&["isScheduled"]),
        read(Kind::Boolean, |_, out| out(ValueRef::Boolean(false))).criteria(&["isScanned"]),
        read(Kind::Enum(SCAN_STATES), |_, _| {}).criteria(&["lastScan.status"]),
        read(Kind::Date, |_, _| {}).criteria(&["lastScan.date"]),
        Field::new(Kind::Text, Source::Member(ATTRIBUTES, FieldId(1))).criteria(&["attributes"]),
    ],
    lists: &[List {
        names: &["attributes"],
        members: &[Member::new("name", Kind::Text), Member::new("value", Kind::Text)],
        read: |app, out| {
            for attribute in &app.attributes {
                out(&[Some(ValueRef::Text(&attribute.name)), Some(ValueRef::Text(&attribute.value))]);
            }
        },
    }],
};
