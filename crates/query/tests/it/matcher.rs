//! What a filter means, test by test.

use std::ops::Bound::{Excluded, Included, Unbounded};

use crate::table::{Asset, FIELDS, PROTOCOLS, id, named, software};
use proptest::prelude::*;
use query::matcher::{element_matches, test_value};
use query::{
    FieldId, Filter, Kind, ListId, Member, Test, Value, ValueRef, Version, When, fold, matches, words,
};
use regex::Regex;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn list(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn on_text(test: &Test, value: &str) -> bool {
    test_value(test, Kind::Text, ValueRef::Text(value))
}

fn address(text: &str) -> ValueRef<'static> {
    ValueRef::Address(text.parse().unwrap())
}

#[test]
fn an_empty_text_is_no_value() {
    let tests = [
        Test::Present,
        Test::Equals(text("")),
        Test::Contains(String::new()),
        Test::Words(vec![]),
        Test::Phrase(vec![]),
        Test::Pattern(list(&["", ""])),
        Test::Range(Unbounded, Unbounded),
        Test::Regex(Regex::new("^$").unwrap()),
    ];
    for test in tests {
        assert!(!on_text(&test, ""), "{test:?}");
    }
}

#[test]
fn equality_of_text_is_exact() {
    assert!(on_text(&Test::Equals(text("Web 1")), "Web 1"));
    assert!(!on_text(&Test::Equals(text("web 1")), "Web 1"));
    assert!(on_text(&Test::In(vec![text("b"), text("a")]), "a"));
    assert!(!on_text(&Test::In(vec![]), "a"));
}

#[test]
fn containing_ignores_case_in_any_alphabet() {
    assert!(on_text(&Test::Contains("windows".into()), "Microsoft WINDOWS 11"));
    assert!(on_text(&Test::Contains("größe".into()), "SCHUHGRÖßE"));
    assert!(on_text(&Test::Contains(fold("ΑΣ").into_owned()), "ΑΣΒ"));
    assert!(on_text(&Test::Contains("k".into()), "\u{212a}"));
    assert!(!on_text(&Test::Contains("ö".into()), "ascii only"));
    let long = format!("{}END", "x".repeat(5000));
    assert!(on_text(&Test::Contains("xend".into()), &long));
}

#[test]
fn words_are_beginnings_in_any_order() {
    let os = "Microsoft Windows Server 2019";
    assert!(on_text(&Test::Words(list(&["server", "win"])), os));
    assert!(!on_text(&Test::Words(list(&["server", "linux"])), os));
    assert!(!on_text(&Test::Words(list(&["erver"])), os));
    assert!(on_text(&Test::Words(list(&["w", "win", "windows", "w"])), os));
    assert!(on_text(&Test::Words(list(&["eu"])), "web-eu-07"));
    assert!(!on_text(&Test::Words(list(&["corp"])), "app.corp.test"));
    assert!(on_text(&Test::Words(list(&["app.c"])), "app.corp.test"));
    assert!(on_text(&Test::Words(list(&["acme"])), "10234.acme"));
}

#[test]
fn a_phrase_is_adjacent_words_and_the_beginning_of_one() {
    let os = "Microsoft Windows Server 2019";
    assert!(on_text(&Test::Phrase(list(&["windows", "server"])), os));
    assert!(on_text(&Test::Phrase(list(&["server", "20"])), os));
    assert!(on_text(&Test::Phrase(list(&["micro"])), os));
    assert!(!on_text(&Test::Phrase(list(&["server", "windows"])), os));
    assert!(!on_text(&Test::Phrase(list(&["wind", "server"])), os));
    assert!(!on_text(&Test::Phrase(list(&["windows", "2019"])), os));
}

#[test]
fn a_pattern_covers_the_whole_value() {
    let fits = |parts: &[&str], value| on_text(&Test::Pattern(list(parts)), value);
    assert!(fits(&["web", ""], "WEB-1"));
    assert!(!fits(&["web", ""], "a web"));
    assert!(fits(&["", "-db"], "eu-DB"));
    assert!(fits(&["a", "b", "c"], "aXbXc"));
    assert!(!fits(&["a", "b", "c"], "acb"));
    assert!(!fits(&["ab", "bc"], "abc"), "the ends don't overlap");
    assert!(fits(&["", "b", "b", ""], "abab"));
    assert!(!fits(&["", "b", "b", ""], "ab"));
    assert!(fits(&["same"], "Same"));
    assert!(!fits(&[], "a"));
    assert!(fits(&["", ""], "a"));
}

#[test]
fn ranges_stay_within_their_kind_and_address_family() {
    let v4 = |text: &str| Value::Address(text.parse().unwrap());
    let test = Test::Range(Included(v4("10.0.0.1")), Unbounded);
    assert!(test_value(&test, Kind::Address, address("10.0.0.1")));
    assert!(!test_value(&test, Kind::Address, address("9.255.255.255")));
    assert!(!test_value(&test, Kind::Address, address("fe80::1")));
    let mixed = Test::Range(Included(v4("10.0.0.1")), Included(v4("fe80::1")));
    assert!(!test_value(&mixed, Kind::Address, address("10.0.0.2")));

    let numbers = Test::Range(Excluded(Value::Integer(80)), Included(Value::Integer(443)));
    for (port, expected) in [(80, false), (81, true), (443, true), (444, false)] {
        assert_eq!(test_value(&numbers, Kind::Integer, ValueRef::Integer(port)), expected);
    }
    assert!(!test_value(&numbers, Kind::Date, ValueRef::Date(100)), "a literal of another kind");
    assert!(!test_value(&numbers, Kind::Integer, ValueRef::Text("100")), "a value of another kind");

    let exact = Test::Range(Included(text("B")), Excluded(text("b")));
    assert!(test_value(&exact, Kind::Keyword, ValueRef::Text("C")));
    assert!(!test_value(&exact, Kind::Keyword, ValueRef::Text("c")));
}

#[test]
fn versions_compare_by_their_numbers() {
    let version = |text: &str| Value::Version(Version::new(text));
    let test = Test::Range(Included(version("1.9")), Excluded(version("3")));
    for (value, expected) in [("1.10", true), ("1.8", false), ("3.0~rc1", false), ("2.99", true)] {
        assert_eq!(test_value(&test, Kind::Version, ValueRef::Text(value)), expected, "{value}");
    }
    assert!(test_value(&Test::Equals(version("1.02")), Kind::Version, ValueRef::Text("1.2")));
    assert!(!test_value(&Test::Equals(text("1.2")), Kind::Version, ValueRef::Text("1.2")));
    let any = Test::In(vec![version("2"), version("1.10"), version("1.9")]);
    assert!(test_value(&any, Kind::Version, ValueRef::Text("1.010")));
}

#[test]
fn text_tests_see_other_kinds_as_text() {
    assert!(test_value(&Test::Contains("0.0.1".into()), Kind::Address, address("10.0.0.12")));
    assert!(test_value(&Test::Pattern(list(&["4", "3"])), Kind::Integer, ValueRef::Integer(443)));
    assert!(test_value(&Test::Contains("1970-01-01t".into()), Kind::Date, ValueRef::Date(0)));
}

#[test]
fn a_regular_expression_searches_the_text_as_it_is() {
    let test = Test::Regex(Regex::new("^Windows.*Server").unwrap());
    assert!(on_text(&test, "Windows 2019 Server Core"));
    assert!(!on_text(&test, "windows 2019 server"));
}

#[test]
fn a_multi_valued_field_needs_one_value() {
    let asset = Asset { tags: vec![(7, "prod".into()), (8, "eu".into())], ..named("a") };
    let tag = |name| Filter::Field(id::TAG, Test::Equals(text(name)));
    assert!(matches(&FIELDS, &tag("eu"), 1, &asset));
    assert!(!matches(&FIELDS, &tag("us"), 1, &asset));
    assert!(matches(&FIELDS, &!tag("us"), 1, &named("untagged")), "negation holds without values");
    assert!(matches(&FIELDS, &Filter::And(vec![tag("eu"), tag("prod")]), 1, &asset));
}

#[test]
fn one_element_must_meet_the_whole_inner_filter() {
    let asset = Asset { software: vec![software("a", "1"), software("b", "2")], ..named("x") };
    let name = Filter::Field(FieldId(0), Test::Equals(text("a")));
    let version = Filter::Field(FieldId(1), Test::Equals(Value::Version(Version::new("2"))));
    let any = |inner| Filter::Any(id::SOFTWARE, Box::new(inner));
    assert!(!matches(&FIELDS, &any(Filter::And(vec![name.clone(), version.clone()])), 1, &asset));
    assert!(matches(&FIELDS, &any(name.clone()).and(any(version)), 1, &asset));
    assert!(matches(&FIELDS, &any(!name.clone()), 1, &asset));
    assert!(!matches(&FIELDS, &!any(name), 1, &asset));
    assert!(matches(&FIELDS, &any(Filter::All), 1, &asset));
    assert!(!matches(&FIELDS, &any(Filter::All), 1, &named("bare")));
}

#[test]
fn a_member_field_asks_its_list() {
    let asset = Asset { ports: vec![(22, "TCP"), (53, "UDP")], ..named("x") };
    let port = |number| Filter::Field(id::PORT, Test::Equals(Value::Integer(number)));
    assert!(matches(&FIELDS, &port(53), 1, &asset));
    assert!(!matches(&FIELDS, &port(80), 1, &asset));
}

#[test]
fn ids_are_asked_of_the_id_and_sets_of_the_set() {
    let asset = named("x");
    let greater = Filter::Field(id::ID, Test::Range(Excluded(Value::Integer(41)), Unbounded));
    assert!(matches(&FIELDS, &greater, 42, &asset));
    assert!(!matches(&FIELDS, &greater, 41, &asset));
    assert!(matches(&FIELDS, &Filter::set([3, 42].into_iter().collect()), 42, &asset));
    assert!(!matches(&FIELDS, &Filter::set([3, 42].into_iter().collect()), 4, &asset));
}

#[test]
fn what_cannot_be_answered_meets_nothing() {
    let asset = named("x");
    let joined = Filter::Field(id::STATUS, Test::Present);
    let beyond = Filter::Field(FieldId(999), Test::Present);
    let no_list = Filter::Any(ListId(99), Box::new(Filter::All));
    for filter in [joined, beyond, no_list, Filter::none()] {
        assert!(!matches(&FIELDS, &filter, 1, &asset), "{filter:?}");
        assert!(matches(&FIELDS, &!filter, 1, &asset));
    }
    assert!(matches(&FIELDS, &Filter::And(vec![]), 1, &asset));
}

#[test]
fn elements_can_be_asked_alone() {
    let members = [Member::new("port", Kind::Integer), Member::new("protocol", Kind::Enum(PROTOCOLS))];
    let udp = Filter::Field(FieldId(1), Test::Equals(text("UDP")));
    let values = [Some(ValueRef::Integer(53)), Some(ValueRef::Text("UDP"))];
    assert!(element_matches(&udp, &members, &values));
    assert!(!element_matches(&udp, &members, &[Some(ValueRef::Integer(53)), None]));
    assert!(element_matches(&!udp.clone(), &members, &[Some(ValueRef::Integer(53)), None]));
    assert!(!element_matches(&udp, &members, &[]), "too few values");
    let nested = Filter::Any(ListId(0), Box::new(Filter::All));
    assert!(!element_matches(&nested, &members, &values));
    assert!(!element_matches(&Filter::set([1].into_iter().collect()), &members, &values));
}

#[test]
fn a_date_left_relative_counts_from_the_epoch() {
    let now = Value::Date(When::Ago(query::Age { count: 0, unit: query::Unit::Second }));
    assert!(test_value(&Test::Equals(now), Kind::Date, ValueRef::Date(0)));
}

/// The definitions once more, as plainly as they can be said.
fn plainly(test: &Test, value: &str) -> bool {
    let folded = fold(value).into_owned();
    let words: Vec<&str> = words(&folded).collect();
    match test {
        _ if value.is_empty() => false,
        Test::Contains(part) => folded.contains(part.as_str()),
        Test::Words(list) => {
            list.iter().all(|needle| words.iter().any(|word| word.starts_with(needle.as_str())))
        }
        Test::Phrase(list) => (0..words.len()).any(|start| {
            list.iter().enumerate().all(|(at, needle)| {
                words.get(start + at).is_some_and(|word| {
                    if at + 1 == list.len() { word.starts_with(needle.as_str()) } else { word == needle }
                })
            })
        }),
        Test::Pattern(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| regex::escape(part)).collect();
            Regex::new(&format!("(?s)^{}$", parts.join(".*"))).unwrap().is_match(&folded)
        }
        _ => unreachable!("not a text test"),
    }
}

fn small_text() -> impl Strategy<Value = String> {
    prop_oneof!["[aAbB.1, -]{0,12}", "[aΣσςİiß\u{301}. '1-]{0,10}", "\\PC{0,12}"]
}

fn text_test() -> impl Strategy<Value = Test> {
    let folded = || small_text().prop_map(|text| fold(&text).into_owned());
    prop_oneof![
        folded().prop_map(Test::Contains),
        proptest::collection::vec("[ab.1]{1,3}", 1..4).prop_map(Test::Words),
        small_text().prop_map(|text| Test::Words(words(&fold(&text)).map(str::to_owned).collect())),
        proptest::collection::vec("[ab.1]{1,3}", 1..4).prop_map(Test::Phrase),
        proptest::collection::vec("[ab.1]{0,2}", 1..5).prop_map(Test::Pattern),
    ]
}

proptest! {
    #[test]
    fn text_tests_are_what_their_definitions_say(test in text_test(), value in small_text()) {
        prop_assert_eq!(on_text(&test, &value), plainly(&test, &value));
    }

    #[test]
    fn a_list_is_its_items(items in proptest::collection::vec(-5_i64..5, 0..8), value in -6_i64..6) {
        let test = Test::In(items.iter().copied().map(Value::Integer).collect());
        prop_assert_eq!(test_value(&test, Kind::Integer, ValueRef::Integer(value)), items.contains(&value));
    }
}
