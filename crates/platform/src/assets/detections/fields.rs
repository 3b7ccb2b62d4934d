//! What may be asked of detections, and which hosts may have such ones.

use std::ops::Bound;

use query::{Field, FieldId, Fields, Filter, Kind, Source, Test, Value, ValueRef, Values};

use super::super::fields as host;
use super::super::model::Detection;

/// Where detections come from: so far from what is known of hosts.
pub(super) const SOURCE: &str = "HOST";

/// A detection and its host.
pub(super) struct Instance {
    pub(super) host: u32,
    pub(super) detection: Detection,
}

impl Instance {
    /// The wire's id.
    pub(super) fn id(&self) -> u64 {
        self.detection.wire_id(self.host)
    }
}

const ID: FieldId = FieldId(0);
const HOST: FieldId = FieldId(1);
const QID: FieldId = FieldId(2);
const SEVERITY: FieldId = FieldId(3);
const FOUND: FieldId = FieldId(4);

const fn read(
    name: &'static [&'static str],
    kind: Kind,
    read: fn(&Instance, &mut Values<'_>),
) -> Field<Instance> {
    Field::new(kind, Source::Read(read)).criteria(name)
}

/// The table (`contract/am.md 7`). `severity` and `status` are what clients ask of newer platforms.
pub(super) static FIELDS: Fields<Instance> = Fields { fields: TABLE, lists: &[] };

#[rustfmt::skip]
const TABLE: &[Field<Instance>] = &[
    // Places that the constants above name.
    read(&["id"], Kind::Integer, |one, out| number(one.id(), out)),
    read(&["hostAssetId"], Kind::Integer, |one, out| number(one.host.into(), out)),
    read(&["qid"], Kind::Integer, |one, out| number(one.detection.qid.into(), out)),
    read(&["severity"], Kind::Integer, |one, out| number(one.detection.severity.into(), out)),
    read(&["found"], Kind::Boolean, |one, out| out(ValueRef::Boolean(one.detection.found))),

    read(&["port"], Kind::Integer, |one, out| one.detection.port.into_iter().for_each(|port| number(port.into(), out))),
    read(&["protocol"], Kind::Enum(&["TCP", "UDP"]), |one, out| {
        one.detection.protocol.iter().for_each(|name| out(ValueRef::Text(name)));
    }),
    read(&["ssl"], Kind::Boolean, |one, out| out(ValueRef::Boolean(one.detection.ssl))),
    read(&["ignored"], Kind::Boolean, |one, out| out(ValueRef::Boolean(one.detection.ignored))),
    read(&["disabled"], Kind::Boolean, |one, out| out(ValueRef::Boolean(one.detection.disabled))),
    read(&["updated"], Kind::Date, |one, out| out(ValueRef::date(one.detection.updated()))),
    read(&["source"], Kind::Keyword, |_, out| out(ValueRef::Text(SOURCE))),
    // Clients write it either way.
    read(&["status"], Kind::Enum(&["Active", "Fixed", "ACTIVE", "FIXED"]), |one, out| {
        let names = if one.detection.found { ["Active", "ACTIVE"] } else { ["Fixed", "FIXED"] };
        names.into_iter().for_each(|name| out(ValueRef::Text(name)));
    }),
];

fn number(value: u64, out: &mut Values<'_>) {
    out(ValueRef::Integer(i64::try_from(value).unwrap_or(i64::MAX)));
}

/// The hosts that may have detections which meet the filter and whose id is at least `from`: all that do, and others.
pub(super) fn hosts(filter: &Filter, from: u64) -> Filter {
    let (mut hosts, mut detections) = (Vec::new(), Vec::new());
    let mut limit_hosts = |test: Test| {
        hosts.extend(host::FIELDS.by_criteria("id").map(|(id, _)| Filter::Field(id, test)));
    };
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    limit_hosts(Test::Range(host_of_bound(&Bound::Included(Value::Integer(from))), Bound::Unbounded));
    let all = if let Filter::And(all) = filter { all.as_slice() } else { std::slice::from_ref(filter) };
    for one in all {
        match one {
            Filter::Field(ID, test) => host_of(test).into_iter().for_each(&mut limit_hosts),
            Filter::Field(HOST, test) => limit_hosts(test.clone()),
            Filter::Field(QID, test) => detections.push(Filter::Field(host::QID, test.clone())),
            Filter::Field(SEVERITY, test) => detections.push(Filter::Field(host::SEVERITY, test.clone())),
            Filter::Field(FOUND, test) => detections.push(Filter::Field(host::FOUND, test.clone())),
            _ => {}
        }
    }
    hosts.push(Filter::Any(host::DETECTIONS, Box::new(Filter::And(detections))));
    Filter::And(hosts)
}

/// The test that the hosts of detections meet whose ids meet this one; none for a test that says nothing of hosts.
fn host_of(id: &Test) -> Option<Test> {
    match id {
        Test::Equals(id) => Some(Test::Equals(host_of_value(id))),
        Test::In(ids) => Some(Test::In(ids.iter().map(host_of_value).collect())),
        Test::Range(from, to) => Some(Test::Range(host_of_bound(from), host_of_bound(to))),
        _ => None,
    }
}

fn host_of_value(id: &Value) -> Value {
    match id {
        Value::Integer(id) => Value::Integer(id >> Detection::NUMBER_BITS),
        other => other.clone(),
    }
}

/// The host at a bound may have ids on both sides of it.
fn host_of_bound(id: &Bound<Value>) -> Bound<Value> {
    match id {
        Bound::Included(id) | Bound::Excluded(id) => Bound::Included(host_of_value(id)),
        Bound::Unbounded => Bound::Unbounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_places_are_where_their_names_say() {
        let places =
            [(ID, "id"), (HOST, "hostAssetId"), (QID, "qid"), (SEVERITY, "severity"), (FOUND, "found")];
        for (place, name) in places {
            assert_eq!(FIELDS.by_criteria(name).map(|(id, _)| id), Some(place), "{name}");
        }
    }
}
