//! Triples, from the texts of a request to the filter or the refusal.

use crate::table::{Asset, FIELDS, named};
use proptest::prelude::*;
use query::qql::triples::{Error, Join, Problem, Triple, compile};
use query::{Filter, matches, qql};

fn filter(triples: &[(&str, &str, &str)], join: Join) -> Result<Filter, Error> {
    let triples: Vec<_> =
        triples.iter().map(|(field, operator, value)| Triple { field, operator, value }).collect();
    compile(&FIELDS, &triples, join)
}

#[test]
fn each_operator_means_a_clause() {
    for (field, operator, value, text) in [
        ("asset.name", "EQUALS", "web-1", "asset.name:`web-1`"),
        ("asset.name", "NOT_EQUALS", "web-1", "not asset.name:`web-1`"),
        ("asset.name", "CONTAINS", "web server", "asset.name:\"web server\""),
        ("asset.name", "IN", "web-1, web-2", "asset.name:[`web-1`, `web-2`]"),
        ("tags.id", "GREATER", "7", "tags.id > 7"),
        ("tags.id", "LESSER", "7", "tags.id < 7"),
        ("tags.id", "GREATER_THAN_EQUAL", "7", "tags.id >= 7"),
        ("tags.id", "LESS_THAN_EQUAL", "7", "tags.id <= 7"),
        ("tags.id", "IN", "7,8", "tags.id:[7, 8]"),
    ] {
        assert_eq!(
            filter(&[(field, operator, value)], Join::And).unwrap(),
            qql::parse(&FIELDS, text).unwrap(),
            "{field} {operator}"
        );
    }
}

#[test]
fn triples_are_joined_as_the_request_says() {
    let two = [("asset.name", "EQUALS", "a"), ("operatingSystem", "EQUALS", "b")];
    let asset = Asset { os: Some("c".into()), ..named("a") };
    assert!(!matches(&FIELDS, &filter(&two, Join::And).unwrap(), 1, &asset));
    assert!(matches(&FIELDS, &filter(&two, Join::Or).unwrap(), 1, &asset));
    assert_eq!(filter(&[], Join::And).unwrap(), Filter::All);
    assert_eq!(filter(&[], Join::Or).unwrap(), Filter::All);
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |field: &str, operator: &str, value: &str| {
        let error =
            filter(&[("asset.name", "EQUALS", "x"), (field, operator, value)], Join::And).unwrap_err();
        assert_eq!((error.position, error.field.as_str()), (1, field));
        (error.to_string(), error.problem)
    };
    assert_eq!(refused("nothing", "EQUALS", "x").1, Problem::Field);
    let (text, problem) = refused("tags.id", "CONTAINS", "7");
    assert!(matches!(problem, Problem::Operator { .. }));
    assert!(text.contains("'CONTAINS'") && text.contains("GREATER_THAN_EQUAL"), "{text}");
    assert!(matches!(refused("asset.name", "equals", "x").1, Problem::Operator { .. }));
    assert!(matches!(refused("asset.name", "GREATER", "x").1, Problem::Operator { .. }));
    assert_eq!(refused("asset.name", "EQUALS", " ").1, Problem::Missing);
    assert_eq!(refused("asset.name", "IN", " , ").1, Problem::Missing);
    let (text, problem) = refused("tags.id", "EQUALS", "seven");
    assert!(matches!(problem, Problem::Value(_)) && text.contains("a whole number"), "{text}");
}

proptest! {
    /// Whatever a value holds, it is that value: no part of it is taken for a sign of the language.
    #[test]
    fn values_are_literal(name in "[ -~é]{1,20}") {
        let name = name.trim().to_owned();
        prop_assume!(!name.is_empty());
        let equal = filter(&[("asset.name", "EQUALS", &name)], Join::And).unwrap();
        prop_assert!(matches(&FIELDS, &equal, 1, &named(&name)));
        let longer = [name.as_str(), "x"].concat();
        prop_assert!(!matches(&FIELDS, &equal, 1, &named(&longer)));
        let holds = filter(&[("asset.name", "CONTAINS", &name)], Join::And).unwrap();
        let around = ["a ", name.as_str(), " b"].concat();
        prop_assert!(matches(&FIELDS, &holds, 1, &named(&around)));
    }
}
