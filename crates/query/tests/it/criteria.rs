//! Criteria, from the texts of a request to the filter or the refusal.

use std::ops::Bound::{Excluded, Included, Unbounded};

use crate::table::{Asset, FIELDS, at, id, named};
use proptest::prelude::*;
use query::criteria::{Criterion, Error, Problem, compile, refuse_not_equals};
use query::{FieldId, Filter, Test, Value, When, matches};

fn criterion<'a>((field, operator, value): &(&'a str, &'a str, &'a str)) -> Criterion<'a> {
    Criterion { field, operator: (!operator.is_empty()).then_some(*operator), value }
}

fn filter(criteria: &[(&str, &str, &str)]) -> Result<Filter, Error> {
    compile(&FIELDS, &criteria.iter().map(criterion).collect::<Vec<_>>())
}

fn holds(field: &str, operator: &str, value: &str, asset: &Asset) -> bool {
    matches(&FIELDS, &filter(&[(field, operator, value)]).unwrap(), 42, asset)
}

fn refused(field: &str, operator: &str, value: &str) -> (String, String) {
    let error = filter(&[("name", "EQUALS", "x"), (field, operator, value)]).unwrap_err();
    assert_eq!(error.position, 1);
    assert_eq!(error.field, field);
    (error.message(), error.resolution())
}

#[test]
fn all_criteria_must_hold() {
    let agents = [("tagName", "EQUALS", "Cloud Agent"), ("tagName", "NOT EQUALS", "MAC OSX")];
    let both = filter(&agents).unwrap();
    let tagged = |names: &[&str]| Asset {
        tags: names.iter().map(|name| (1, (*name).to_owned())).collect(),
        ..named("x")
    };
    assert!(matches(&FIELDS, &both, 1, &tagged(&["Cloud Agent", "prod"])));
    assert!(!matches(&FIELDS, &both, 1, &tagged(&["Cloud Agent", "MAC OSX"])));
    assert!(!matches(&FIELDS, &both, 1, &tagged(&[])));
    assert_eq!(filter(&[]).unwrap(), Filter::All);
}

#[test]
fn a_paging_client_may_repeat_a_field() {
    let both = filter(&[("id", "GREATER", "5"), ("id", "GREATER", "10")]).unwrap();
    assert!(matches(&FIELDS, &both, 11, &named("x")));
    assert!(!matches(&FIELDS, &both, 10, &named("x")));
}

#[test]
fn a_missing_operator_means_equals() {
    assert_eq!(filter(&[("name", "", "a")]), filter(&[("name", "EQUALS", "a")]));
}

#[test]
fn text_equals_exactly_and_is_contained_in_any_case() {
    let asset = named("Web-1");
    assert!(holds("name", "EQUALS", "Web-1", &asset));
    assert!(!holds("name", "EQUALS", "web-1", &asset));
    assert!(holds("name", "CONTAINS", "WEB", &asset));
    assert!(holds("name", "CONTAINS", "b-", &asset));
    assert!(holds("name", "NOT EQUALS", "web-1", &asset));
}

#[test]
fn values_are_trimmed_and_lists_may_span_lines() {
    assert!(holds("name", "EQUALS", " \n Web-1\n", &named("Web-1")));
    assert!(holds("id", "IN", "\n   7,\n  42 ,\n", &named("x")));
    assert_eq!(filter(&[("id", "IN", " 7 ")]), filter(&[("id", "EQUALS", "7")]));
    let ids = Test::In(vec![Value::Integer(7), Value::Integer(42)]);
    assert_eq!(filter(&[("qwebHostId", "IN", "7, 42")]), Ok(Filter::Field(id::ID, ids)));
}

#[test]
fn a_date_alone_is_its_whole_day() {
    let created = |text: &str| Asset { created: Some(at(text)), ..named("x") };
    let cases = [
        ("2026-03-09T23:59:59Z", false, false, true),
        ("2026-03-10T00:00:00Z", true, false, false),
        ("2026-03-10T23:59:59.9Z", true, false, false),
        ("2026-03-11T00:00:00Z", false, true, false),
    ];
    for (text, equal, greater, lesser) in cases {
        let asset = created(text);
        assert_eq!(holds("created", "EQUALS", "2026-03-10", &asset), equal, "{text}");
        assert_eq!(holds("created", "NOT EQUALS", "2026-03-10", &asset), !equal, "{text}");
        assert_eq!(holds("created", "GREATER", "2026-03-10", &asset), greater, "{text}");
        assert_eq!(holds("created", "LESSER", "2026-03-10", &asset), lesser, "{text}");
    }
    assert!(holds("created", "NOT EQUALS", "2026-03-10", &named("never created")));
    assert!(!holds("created", "LESSER", "2026-03-10", &named("never created")));
}

#[test]
fn instants_compare_strictly_and_drop_fractions() {
    let second = |text| Value::Date(When::At(at(text).as_second()));
    for text in ["2026-03-09T10:00:00Z", "2026-03-09T10:00:00.123456Z", "2026-03-09T10:00:00"] {
        let greater = Test::Range(Excluded(second("2026-03-09T10:00:00Z")), Unbounded);
        assert_eq!(
            filter(&[("created", "GREATER", text)]),
            Ok(Filter::Field(id::CREATED, greater)),
            "{text}"
        );
    }
    let equals = Test::Equals(second("2026-03-09T10:00:00Z"));
    assert_eq!(
        filter(&[("created", "EQUALS", "2026-03-09T10:00:00Z")]),
        Ok(Filter::Field(id::CREATED, equals))
    );
}

#[test]
fn a_member_field_becomes_a_question_about_elements() {
    let port = |test| Filter::Any(id::OPEN_PORTS, Box::new(Filter::Field(FieldId(0), test)));
    let https = Test::Equals(Value::Integer(443));
    assert_eq!(filter(&[("port", "EQUALS", "443")]), Ok(port(https.clone())));
    assert_eq!(filter(&[("port", "NOT EQUALS", "443")]), Ok(!port(https)));
    let asset = Asset { ports: vec![(22, "TCP"), (443, "TCP")], ..named("x") };
    assert!(holds("port", "GREATER", "22", &asset));
    assert!(!holds("port", "GREATER", "443", &asset));
    assert!(!holds("port", "NOT EQUALS", "443", &asset));
}

#[test]
fn addresses_equal_as_addresses_and_contain_as_text() {
    let asset =
        Asset { interfaces: vec![(Some("2001:db8::1".parse().unwrap()), String::new())], ..named("x") };
    assert!(holds("address", "EQUALS", "2001:DB8:0::1", &asset));
    assert!(holds("address", "CONTAINS", "DB8", &asset));
}

#[test]
fn versions_have_their_own_order() {
    let asset = Asset { agent_version: Some("5.10.1".into()), ..named("x") };
    assert!(holds("agentVersion", "GREATER", "5.9", &asset));
    assert!(!holds("agentVersion", "LESSER", "5.9", &asset));
}

#[test]
fn none_asks_for_a_missing_value_and_ignores_the_text() {
    assert!(holds("kb", "NONE", "", &named("x")));
    assert!(holds("kb", "NONE", "whatever", &named("x")));
    assert!(!holds("kb", "NONE", "", &Asset { kb: vec!["KB1".into()], ..named("x") }));
}

#[test]
fn booleans_may_be_spelled_in_any_case() {
    let asset = Asset { superseded: Some(false), ..named("x") };
    assert!(holds("isScanned", "EQUALS", "False", &asset));
    assert!(holds("isScanned", "NOT EQUALS", "true", &named("unknown")));
}

#[test]
fn recorded_errors_are_repeated_to_the_letter() {
    assert_eq!(
        refused("qwebHostId", "EQUALS", "abc123"),
        (
            "Criteria: Invalid value format for criteria 'qwebHostId' (abc123).".into(),
            "Specify criteria value(s) as Long.".into()
        )
    );
    assert_eq!(
        refused("isScanned", "EQUALS", "undefined"),
        (
            "Criteria: Invalid value format for criteria 'isScanned' (undefined).".into(),
            "Values expected: true, false.".into()
        )
    );
}

#[test]
fn every_other_error_says_what_would_be_right() {
    let cases = [
        (
            ("created", "GREATER", "yesterday"),
            "Criteria: Invalid value format for criteria 'created' (yesterday).",
            "Specify criteria value(s) as Date (YYYY-MM-DDTHH:MM:SSZ).",
        ),
        (
            ("created", "GREATER", "2026-03"),
            "Criteria: Invalid value format for criteria 'created' (2026-03).",
            "Specify criteria value(s) as Date (YYYY-MM-DDTHH:MM:SSZ).",
        ),
        (
            ("trackingMethod", "EQUALS", "qagent"),
            "Criteria: Invalid value format for criteria 'trackingMethod' (qagent).",
            "Values expected: QAGENT, IP, DNSNAME, NETBIOS, INSTANCE_ID.",
        ),
        (
            ("qwebHostId", "IN", "1, x, 3"),
            "Criteria: Invalid value format for criteria 'qwebHostId' (x).",
            "Specify criteria value(s) as Long.",
        ),
        (
            ("address", "EQUALS", "10.0.0"),
            "Criteria: Invalid value format for criteria 'address' (10.0.0).",
            "Specify criteria value(s) as IP address.",
        ),
        (
            ("colour", "EQUALS", "red"),
            "Criteria: Invalid criteria 'colour'.",
            "Use one of the searchable fields of this object.",
        ),
        (
            ("name", "GREATER", "a"),
            "Criteria: Invalid operator 'GREATER' for criteria 'name'.",
            "Operators expected: EQUALS, NOT EQUALS, CONTAINS.",
        ),
        (
            ("name", "NOT_EQUALS", "a"),
            "Criteria: Invalid operator 'NOT_EQUALS' for criteria 'name'.",
            "Operators expected: EQUALS, NOT EQUALS, CONTAINS.",
        ),
        (
            ("name", "EQUALS", " \t "),
            "Criteria: Missing value for criteria 'name'.",
            "Specify a criteria value.",
        ),
        (("id", "IN", " , ,"), "Criteria: Missing value for criteria 'id'.", "Specify a criteria value."),
    ];
    for ((field, operator, value), message, resolution) in cases {
        assert_eq!(refused(field, operator, value), (message.into(), resolution.into()));
    }
}

#[test]
fn a_field_that_only_qql_knows_is_unknown() {
    assert_eq!(filter(&[("publishedDate", "EQUALS", "2026-01-01")]).unwrap_err().problem, Problem::Field);
    assert_eq!(filter(&[("Name", "EQUALS", "x")]).unwrap_err().problem, Problem::Field, "names are exact");
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let long = "ü".repeat(100_000);
    let (message, _) = refused("id", "EQUALS", &long);
    assert!(message.len() < 600, "{}", message.len());
    let (message, _) = refused(&long, "EQUALS", "1");
    assert!(message.len() < 600, "{}", message.len());
}

#[test]
fn destructive_calls_refuse_not_equals() {
    let both = [("id", "IN", "1,2"), ("name", "NOT EQUALS", "web-1")];
    let error = refuse_not_equals(&FIELDS, &both.each_ref().map(criterion)).unwrap_err();
    assert_eq!(error.position, 1);
    assert_eq!(
        error.message(),
        "Criteria: Operator NOT EQUALS is not supported for delete and update actions (criteria 'name')."
    );
    assert_eq!(error.resolution(), "Use one of the operators: EQUALS, CONTAINS.");
    let fine = [("id", "IN", "1,2")];
    assert_eq!(refuse_not_equals(&FIELDS, &fine.each_ref().map(criterion)), Ok(()));
}

#[test]
fn a_day_is_held_as_its_seconds() {
    let second = |text| Value::Date(When::At(at(text).as_second()));
    let day = Test::Range(Included(second("2026-03-10T00:00:00Z")), Included(second("2026-03-10T23:59:59Z")));
    assert_eq!(filter(&[("created", "EQUALS", "2026-03-10")]), Ok(Filter::Field(id::CREATED, day)));
}

proptest! {
    #[test]
    fn any_text_is_compiled_or_refused(
        field in prop_oneof![
            Just("id"), Just("name"), Just("created"), Just("isScanned"), Just("address"), Just("trackingMethod"),
            Just("agentVersion"), Just("port"), Just("kb"),
        ],
        operator in "EQUALS|NOT EQUALS|GREATER|LESSER|IN|CONTAINS|NONE",
        value in "[0-9:.,TZ -]{0,24}|\\PC{0,24}|true|QAGENT",
    ) {
        match filter(&[(field, &operator, &value)]) {
            Ok(filter) => {
                matches(&FIELDS, &filter, 1, &named("x"));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
