//! Assets that earlier versions stored: what they wrote, later ones read.

use platform::assets::{Asset, Detection};
use serde_json::json;

use crate::common::World;

/// An asset of the first form: its detections have ids of their own.
const VERSION_1: &str = include_str!("stored/v1.json");

fn version_1() -> Asset {
    serde_json::from_str(VERSION_1).unwrap()
}

#[test]
fn detections_of_the_first_form_get_numbers_in_their_order() {
    let asset = version_1();
    let told: Vec<_> = asset.detections.iter().map(|one| (one.number, one.qid, one.found)).collect();
    assert_eq!(told, [(1, 38_000, true), (2, 38_001, false)]);
    assert_eq!(asset.detections, version_1().detections, "each time the same");
    // From the first write on they are stored.
    let written = serde_json::to_value(&asset).unwrap();
    assert_eq!(written["detections"][1]["number"], 2);
    assert_eq!(serde_json::from_value::<Asset>(written).unwrap(), asset);
}

#[test]
fn detections_without_a_number_come_after_those_that_have_one() {
    let mut stored: serde_json::Value = serde_json::from_str(VERSION_1).unwrap();
    let numbered = Detection::new(7, 38_002, 1, "2024-02-03T08:00:00Z".parse().unwrap());
    stored["detections"].as_array_mut().unwrap().insert(1, json!(numbered));
    let asset: Asset = serde_json::from_value(stored).unwrap();
    let numbers: Vec<u32> = asset.detections.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [8, 7, 9]);
}

#[test]
fn detections_of_the_first_form_are_read_on_the_wire() {
    let world = World::new();
    world.asset(&version_1());
    let me = world.manager();
    for (number, qid) in [(1, 38_000), (2, 38_001)] {
        let id = 1_u64 << 20 | number;
        let answer = me.get(&format!("/qps/rest/2.0/get/am/hostinstancevuln/{id}")).text;
        assert!(answer.contains(&format!("<qid>{qid}</qid>")), "{answer}");
    }
}
