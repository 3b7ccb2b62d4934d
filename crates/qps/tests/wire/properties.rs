//! The two formats against each other, with the libraries as judges.

use std::fmt::Write as _;

use proptest::prelude::*;
use qps::{Criterion, Element, Format, Limits, Preferences, Projection, Request, read};

use crate::leaves::{document, expected, of_json, of_xml, record};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9<>&'\"\\]]{1,10}",
        "[ \t\r\n]{0,2}[a-zé😀\u{85}]{1,5}[ \n]{0,2}",
        "-?[0-9]{1,25}",
        Just(String::new())
    ]
}

fn tree() -> impl Strategy<Value = Element> {
    let leaf = ("[A-Za-z_][A-Za-z0-9_.-]{0,5}", text()).prop_map(|(name, text)| Element::leaf(name, text));
    leaf.prop_recursive(4, 24, 4, |inner| {
        ("[A-Za-z]{1,6}", proptest::collection::vec(inner, 1..4))
            .prop_map(|(name, children)| Element::node(name, grouped(children)))
    })
}

/// JSON keeps elements of one name together, so the test's trees do too.
fn grouped(children: Vec<Element>) -> Vec<Element> {
    let mut groups: Vec<Vec<Element>> = Vec::new();
    for child in children {
        match groups.iter_mut().find(|group| group[0].name == child.name) {
            Some(group) => group.push(child),
            None => groups.push(vec![child]),
        }
    }
    groups.into_iter().flatten().collect()
}

fn request() -> impl Strategy<Value = Request> {
    let name = "[a-zA-Z.]{1,8}";
    let criterion = (name, proptest::option::of(text()), text())
        .prop_map(|(field, operator, value)| Criterion { field, operator, value, ..Criterion::default() });
    let preferences = (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<bool>>()).prop_map(
        |(id, limit, verbose)| Preferences {
            start_from_id: id.map(u64::from),
            limit_results: limit,
            verbose,
            ..Preferences::default()
        },
    );
    (
        proptest::option::of(proptest::collection::vec(criterion, 0..4)),
        preferences,
        proptest::option::of(tree()),
    )
        .prop_map(|(filters, preferences, data)| Request { filters, preferences, data })
}

fn preference_members(preferences: &Preferences) -> Vec<(&'static str, String)> {
    let id = preferences.start_from_id.map(|id| ("startFromId", id.to_string()));
    let limit = preferences.limit_results.map(|limit| ("limitResults", limit.to_string()));
    let verbose = preferences.verbose.map(|verbose| ("verbose", verbose.to_string()));
    [id, limit, verbose].into_iter().flatten().collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&#39;").replace('\r', "&#13;")
}

fn as_xml(request: &Request) -> String {
    let mut out = "<ServiceRequest>".to_owned();
    if let Some(criteria) = &request.filters {
        out.push_str("<filters>");
        for criterion in criteria {
            write!(out, "<Criteria field='{}'", escaped(&criterion.field)).unwrap();
            if let Some(operator) = &criterion.operator {
                let operator = escaped(operator).replace('\n', "&#10;").replace('\t', "&#9;");
                write!(out, " operator='{operator}'").unwrap();
            }
            write!(out, ">{}</Criteria>", escaped(&criterion.value)).unwrap();
        }
        out.push_str("</filters>");
    }
    out.push_str("<preferences>");
    for (name, value) in preference_members(&request.preferences) {
        write!(out, "<{name}>{value}</{name}>").unwrap();
    }
    out.push_str("</preferences><data>");
    request.data.iter().for_each(|data| element_as_xml(&mut out, data));
    out + "</data></ServiceRequest>"
}

fn element_as_xml(out: &mut String, element: &Element) {
    write!(out, "<{}>{}", element.name, escaped(&element.text)).unwrap();
    element.children.iter().for_each(|child| element_as_xml(out, child));
    write!(out, "</{}>", element.name).unwrap();
}

fn as_json(request: &Request) -> String {
    let mut root = serde_json::Map::new();
    if let Some(criteria) = &request.filters {
        let criteria: Vec<_> = criteria
            .iter()
            .map(|c| serde_json::json!({"field": c.field, "operator": c.operator, "value": c.value}))
            .collect();
        root.insert("filters".into(), serde_json::json!({"Criteria": criteria}));
    }
    let preferences: serde_json::Map<_, _> = preference_members(&request.preferences)
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    root.insert("preferences".into(), preferences.into());
    let mut out = serde_json::json!({"ServiceRequest": root}).to_string();
    if let Some(data) = &request.data {
        out.truncate(out.len() - 2);
        write!(out, ",\"data\":{{{}:{}}}}}}}", quoted(&data.name), element_as_json(data)).unwrap();
    }
    out
}

/// By hand, since a map of the library would sort the members.
fn element_as_json(element: &Element) -> String {
    if element.children.is_empty() {
        let is_number = element.text.parse::<i64>().is_ok_and(|n| n.to_string() == element.text);
        return if is_number { element.text.clone() } else { quoted(&element.text) };
    }
    let mut members = Vec::new();
    for group in element.children.chunk_by(|a, b| a.name == b.name) {
        let values: Vec<_> = group.iter().map(element_as_json).collect();
        let value =
            if let [one] = values.as_slice() { one.clone() } else { format!("[{}]", values.join(",")) };
        members.push(format!("{}:{value}", quoted(&group[0].name)));
    }
    format!("{{{}}}", members.join(", "))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The request as it must be read: texts trimmed.
fn trimmed(mut request: Request) -> Request {
    for criterion in request.filters.iter_mut().flatten() {
        criterion.value = criterion.value.trim().to_owned();
        criterion.operator = criterion.operator.as_ref().map(|operator| operator.trim().to_owned());
    }
    request.data.iter_mut().for_each(trim);
    request
}

fn trim(element: &mut Element) {
    element.text = element.text.trim().to_owned();
    element.children.iter_mut().for_each(trim);
}

proptest! {
    #[test]
    fn the_same_request_reads_equal_in_both_formats(request in request()) {
        let limits = Limits::default();
        let expected = Ok(trimmed(request.clone()));
        let (xml, json) = (as_xml(&request), as_json(&request));
        prop_assert_eq!(&read(xml.as_bytes(), Format::Xml, &limits), &expected, "{}", xml);
        prop_assert_eq!(&read(json.as_bytes(), Format::Json, &limits), &expected, "{}", json);
    }

    #[test]
    fn both_formats_say_what_the_records_say(records in proptest::collection::vec(record(), 0..3)) {
        let leaves: Vec<_> = records.iter().flat_map(|record| expected("Tag", record)).collect();
        prop_assert_eq!(&of_xml(&document(&records, Format::Xml, &Projection::all())), &leaves);
        prop_assert_eq!(&of_json(&document(&records, Format::Json, &Projection::all())), &leaves);
    }
}
