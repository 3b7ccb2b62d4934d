//! The laws of documents, deltas and hashes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::any_inventory;
use inventory::{Delta, Inventory, Package, PackageSource, apply, diff};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The same JSON with every list the other way round.
fn with_lists_reversed(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().rev().map(with_lists_reversed).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, with_lists_reversed(value))).collect()
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn applying_the_difference_leads_from_old_to_new(old in any_inventory(), new in any_inventory()) {
        let delta = diff(&old, &new);
        let mut result = old.clone();
        apply(&mut result, &delta);
        prop_assert_eq!(&result, &new);
        prop_assert_eq!(result.hash(), new.hash());
        prop_assert_eq!(delta.is_empty(), old == new);
        prop_assert_eq!(old.hash() == new.hash(), old == new);
    }

    #[test]
    fn a_delta_survives_its_journey(old in any_inventory(), new in any_inventory()) {
        let delta = diff(&old, &new);
        let text = serde_json::to_string(&delta).unwrap();
        prop_assert_eq!(serde_json::from_str::<Delta>(&text).unwrap(), delta);
    }

    #[test]
    fn a_document_survives_its_journey_in_any_order(inventory in any_inventory()) {
        let value = with_lists_reversed(serde_json::to_value(&inventory).unwrap());
        let read: Inventory = serde_json::from_value(value).unwrap();
        prop_assert_eq!(read.hash(), inventory.hash());
        prop_assert_eq!(read, inventory);
    }

    #[test]
    fn settling_twice_changes_nothing_more(old in any_inventory(), new in any_inventory()) {
        let mut once = new;
        once.settle(&old);
        let mut twice = once.clone();
        twice.settle(&old);
        prop_assert_eq!(&twice, &once);
        let mut same = once.clone();
        same.settle(&once);
        prop_assert_eq!(same, once);
    }
}

#[test]
fn an_upgraded_package_travels_as_its_old_and_new_form() {
    let package = |version: &str| Package {
        name: "bash".into(),
        version: version.into(),
        architecture: "amd64".into(),
        installed_at: None,
        source: PackageSource::Dpkg,
        publisher: None,
    };
    let old = Inventory { packages: [package("5.1")].into(), memory_mb: Some(1), ..Inventory::default() };
    let new =
        Inventory { packages: [package("5.2")].into(), timezone: Some("UTC".into()), ..Inventory::default() };
    let wire =
        |version| json!({"name": "bash", "version": version, "architecture": "amd64", "source": "dpkg"});
    let expected = json!({
        "packages": {"added": [wire("5.2")], "removed": [wire("5.1")]},
        "memoryMb": "cleared",
        "timezone": {"set": "UTC"},
    });
    assert_eq!(serde_json::to_value(diff(&old, &new)).unwrap(), expected);
}

#[test]
fn an_unknown_member_is_refused_instead_of_dropped() {
    let error = serde_json::from_str::<Inventory>(r#"{"moonPhase": 1}"#).unwrap_err();
    assert!(error.to_string().contains("unknown field `moonPhase`"), "{error}");
}
