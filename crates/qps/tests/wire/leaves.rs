//! Records of any shape, written by the crate and read back by the libraries alone, as a flat list of
//! (path, text) leaves.

use jiff::Timestamp;
use proptest::prelude::*;
use qps::{Format, Head, ListWriter, ObjectWriter, Projection, Writer};
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use serde_json::Value as Json;

/// A leaf: where, and what stands there; an empty container is a leaf without text.
pub(crate) type Leaf = (String, String);

/// A member of a record.
#[derive(Clone, Debug)]
pub(crate) enum Member {
    Text(String),
    Cdata(String),
    Attributed(String, String),
    Number(i64),
    Id(u64),
    Hundredths(i32),
    Boolean(bool),
    Date(i64),
    Object(Vec<(String, Member)>),
    List(Vec<Item>),
    Counted(Vec<Item>),
    Sequence(Vec<Item>),
    Longs(Vec<i64>),
}

/// An item of a list.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Value(String),
    Object(Vec<(String, Member)>),
}

pub(crate) fn record() -> impl Strategy<Value = Vec<(String, Member)>> {
    members(members(members(Just(Vec::new()).boxed()).boxed()).boxed())
}

fn name() -> impl Strategy<Value = String> {
    "[a-d]"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z<>&'\"\\]\\[]{1,12}",
        "(?s).{1,8}",
        "[\\x00-\\x20\u{FFFD}-\u{FFFF}]{1,6}",
        Just("]]>]]>".to_owned())
    ]
}

fn members(inner: BoxedStrategy<Vec<(String, Member)>>) -> impl Strategy<Value = Vec<(String, Member)>> {
    let item = prop_oneof![text().prop_map(Item::Value), inner.clone().prop_map(Item::Object)];
    let items = proptest::collection::vec(item, 0..3).boxed();
    let member = prop_oneof![
        text().prop_map(Member::Text),
        text().prop_map(Member::Cdata),
        (text(), text()).prop_map(|(attribute, text)| Member::Attributed(attribute, text)),
        any::<i64>().prop_map(Member::Number),
        any::<u64>().prop_map(Member::Id),
        (-99_999..99_999).prop_map(Member::Hundredths),
        any::<bool>().prop_map(Member::Boolean),
        (0..4_000_000_000_i64).prop_map(Member::Date),
        inner.prop_map(Member::Object),
        items.clone().prop_map(Member::List),
        items.clone().prop_map(Member::Counted),
        items.prop_map(Member::Sequence),
        proptest::collection::vec(any::<i64>(), 1..3).prop_map(Member::Longs),
    ];
    proptest::collection::btree_map(name(), member, 0..4).prop_map(|members| members.into_iter().collect())
}

pub(crate) fn document(
    records: &[Vec<(String, Member)>],
    format: Format,
    projection: &Projection,
) -> Vec<u8> {
    let mut writer = Writer::new(format, "https://scan.example.test/x.xsd", projection.clone());
    writer.success(Head::count(records.len() as u64));
    for record in records {
        writer.record("Tag", |tag| write(tag, record));
    }
    writer.finish()
}

fn write(object: &mut ObjectWriter<'_>, members: &[(String, Member)]) {
    for (name, member) in members {
        match member {
            Member::Text(text) => object.text(name, text),
            Member::Cdata(text) => object.cdata(name, text),
            Member::Attributed(attribute, text) => object.attributed(name, &[("regex", attribute)], text),
            Member::Number(number) => object.number(name, *number),
            Member::Id(number) => object.number(name, *number),
            Member::Hundredths(number) => object.float(name, f64::from(*number) / 100.0),
            Member::Boolean(value) => object.boolean(name, *value),
            Member::Date(second) => object.date(name, Timestamp::from_second(*second).unwrap()),
            Member::Object(members) => object.object(name, |object| write(object, members)),
            Member::List(items) => object.list(name, |list| write_items(list, items)),
            Member::Counted(items) => {
                object.counted_list(name, items.len() as u64, |list| write_items(list, items));
            }
            Member::Sequence(items) => object.sequence(name, |list| write_items(list, items)),
            Member::Longs(numbers) => object.counted_list(name, numbers.len() as u64, |list| {
                numbers.iter().for_each(|number| list.number("long", *number));
            }),
        }
    }
}

fn write_items(list: &mut ListWriter<'_>, items: &[Item]) {
    for item in items {
        match item {
            Item::Value(text) => list.value("Value", text),
            Item::Object(members) => list.item("Item", |object| write(object, members)),
        }
    }
}

/// What the record says, by the record itself.
pub(crate) fn expected(path: &str, members: &[(String, Member)]) -> Vec<Leaf> {
    if members.is_empty() {
        return vec![(path.to_owned(), String::new())];
    }
    members.iter().flat_map(|(name, member)| member_leaves(&format!("{path}.{name}"), member)).collect()
}

fn member_leaves(path: &str, member: &Member) -> Vec<Leaf> {
    let leaf = |text: String| vec![(path.to_owned(), text)];
    let counted = |count: usize, leaves: Vec<Leaf>| {
        let mut all = vec![(format!("{path}.count"), count.to_string())];
        all.extend(leaves.into_iter().filter(|_| count > 0));
        all
    };
    match member {
        Member::Text(text) | Member::Cdata(text) => leaf(safe(text)),
        Member::Attributed(attribute, text) => {
            vec![(format!("{path}.value"), safe(text)), (format!("{path}.regex"), safe(attribute))]
        }
        Member::Number(number) => leaf(number.to_string()),
        Member::Id(number) => leaf(number.to_string()),
        Member::Hundredths(number) => leaf(format!("{:?}", f64::from(*number) / 100.0)),
        Member::Boolean(value) => leaf(value.to_string()),
        Member::Date(second) => leaf(Timestamp::from_second(*second).unwrap().to_string()),
        Member::Object(members) => expected(path, members),
        Member::List(items) => item_leaves(&format!("{path}.list"), items),
        Member::Counted(items) => counted(items.len(), item_leaves(&format!("{path}.list"), items)),
        Member::Sequence(items) => item_leaves(path, items),
        Member::Longs(numbers) => counted(
            numbers.len(),
            numbers.iter().map(|number| (format!("{path}.list.long"), number.to_string())).collect(),
        ),
    }
}

fn item_leaves(path: &str, items: &[Item]) -> Vec<Leaf> {
    if items.is_empty() {
        return vec![(path.to_owned(), String::new())];
    }
    let leaves = |item: &Item| match item {
        Item::Value(text) => vec![(format!("{path}.Value"), safe(text))],
        Item::Object(members) => expected(&format!("{path}.Item"), members),
    };
    items.iter().flat_map(leaves).collect()
}

fn safe(text: &str) -> String {
    let missing =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    text.chars().map(|c| if missing(c) { '\u{FFFD}' } else { c }).collect()
}

/// The leaves of `data` in an XML document, read by quick-xml.
pub(crate) fn of_xml(document: &[u8]) -> Vec<Leaf> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).unwrap());
    let (mut leaves, mut path, mut text) = (Vec::new(), Vec::<String>::new(), String::new());
    let (mut is_leaf, mut regex) = (false, None);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                path.push(start.name().0.to_owned());
                (text, is_leaf) = (String::new(), true);
                let attribute = start.attributes().map(Result::unwrap).find(|a| a.key.0 == "regex");
                regex = attribute.map(|a| a.normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned());
            }
            Event::Empty(start) => {
                leaves.push((format!("{}.{}", path.join("."), start.name().0), String::new()));
                is_leaf = false;
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::CData(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(c) => text.push(c),
                None => text.push_str(quick_xml::escape::resolve_predefined_entity(&reference).unwrap()),
            },
            Event::End(_) => {
                let here = path.join(".");
                match regex.take() {
                    Some(regex) => {
                        leaves.push((format!("{here}.value"), text.clone()));
                        leaves.push((format!("{here}.regex"), regex));
                    }
                    None if is_leaf => leaves.push((here, text.clone())),
                    None => {}
                }
                is_leaf = false;
                path.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    below_data(leaves)
}

/// The leaves of `data` in a JSON document, read by serde_json.
pub(crate) fn of_json(document: &[u8]) -> Vec<Leaf> {
    let document: Json = serde_json::from_slice(document).unwrap();
    let mut leaves = Vec::new();
    collect("", &document, &mut leaves);
    below_data(
        leaves.into_iter().map(|(path, text)| (path.trim_start_matches('.').to_owned(), text)).collect(),
    )
}

fn collect(path: &str, value: &Json, leaves: &mut Vec<Leaf>) {
    match value {
        Json::Object(members) if members.is_empty() => leaves.push((path.to_owned(), String::new())),
        Json::Array(items) if items.is_empty() => leaves.push((path.to_owned(), String::new())),
        // The map is sorted, as all names of the test's records are but these two.
        Json::Object(members) if members.contains_key("regex") => {
            for key in ["value", "regex"] {
                collect(&format!("{path}.{key}"), &members[key], leaves);
            }
        }
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| collect(&format!("{path}.{name}"), value, leaves));
        }
        Json::Array(items) => {
            for item in items {
                let bare = item.is_number();
                collect(&if bare { format!("{path}.long") } else { path.to_owned() }, item, leaves);
            }
        }
        Json::String(text) => leaves.push((path.to_owned(), text.clone())),
        other => leaves.push((path.to_owned(), other.to_string())),
    }
}

fn below_data(leaves: Vec<Leaf>) -> Vec<Leaf> {
    let below =
        |(path, text): Leaf| path.strip_prefix("ServiceResponse.data.").map(|path| (path.to_owned(), text));
    leaves.into_iter().filter_map(below).collect()
}
