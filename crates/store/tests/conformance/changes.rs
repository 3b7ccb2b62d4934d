//! What the change log keeps of a change, against the same made with a JSON library.

use proptest::prelude::*;
use serde_json::{Map, Value};
use store::difference;

/// Texts that a reader of JSON text may stumble over.
fn text() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "a",
        "\"",
        "\\",
        ",",
        ":",
        "{",
        "}",
        "[",
        "]",
        "\0",
        "\n",
        "ß",
        "\u{2028}",
        "👩‍👧",
        " ",
        "\\u0041",
        "null",
    ]);
    prop::collection::vec(sign, 0..5).prop_map(|signs| signs.concat())
}

fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|number| Value::from(f64::from(number) / 8.0 + 0.125)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from), object_of(inner)]
    })
    .boxed()
}

fn object_of(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(text(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// Another state of an object: some members as they were, some changed within, some new, some gone.
fn changed(before: &Value, other: &Value, picks: &[u8]) -> Value {
    let (Value::Object(before), Value::Object(other)) = (before, other) else { return other.clone() };
    let mut after = Map::new();
    for ((name, value), pick) in before.iter().zip(picks.iter().cycle()) {
        match (pick % 4, other.values().next()) {
            (0, _) => {}
            (1, Some(new)) => drop(after.insert(name.clone(), new.clone())),
            (2, Some(new)) => drop(after.insert(name.clone(), within(value, new, picks))),
            _ => drop(after.insert(name.clone(), value.clone())),
        }
    }
    after.extend(other.iter().take(2).map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(after)
}

fn within(value: &Value, new: &Value, picks: &[u8]) -> Value {
    match value {
        Value::Object(_) => {
            changed(value, &Value::Object([("n".to_owned(), new.clone())].into_iter().collect()), picks)
        }
        Value::Array(list) => list.iter().skip(1).chain([new]).cloned().collect(),
        _ => new.clone(),
    }
}

fn expected(old: &Map<String, Value>, new: &Map<String, Value>) -> (Value, Value) {
    let (mut gone, mut come) = (Map::new(), Map::new());
    for (name, value) in old {
        match new.get(name) {
            Some(other) if other == value => {}
            Some(other) => {
                let (a, b) = expected_of_values(value, other);
                gone.insert(name.clone(), a);
                come.insert(name.clone(), b);
            }
            None => drop(gone.insert(name.clone(), value.clone())),
        }
    }
    come.extend(
        new.iter()
            .filter(|(name, _)| !old.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    (gone.into(), come.into())
}

fn expected_of_values(old: &Value, new: &Value) -> (Value, Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => expected(old, new),
        (Value::Array(old), Value::Array(new)) => {
            let without = |of: &[Value], others: &[Value]| -> Value {
                of.iter().filter(|value| !others.contains(value)).cloned().collect()
            };
            (without(old, new), without(new, old))
        }
        _ => (old.clone(), new.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn the_log_keeps_of_a_change_what_is_not_shared(
        before in object_of(value()), other in object_of(value()), picks in prop::collection::vec(any::<u8>(), 1..6),
    ) {
        let after = changed(&before, &other, &picks);
        let (gone, come) = difference(&before.to_string(), &after.to_string());
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (expected_gone, expected_come) = expected(before.as_object().unwrap(), after.as_object().unwrap());
        prop_assert_eq!(read(&gone), expected_gone);
        prop_assert_eq!(read(&come), expected_come);
        prop_assert_eq!(difference("", &after.to_string()), ("{}".to_owned(), after.to_string()));
        prop_assert_eq!(difference(&before.to_string(), ""), (before.to_string(), "{}".to_owned()));
    }
}
