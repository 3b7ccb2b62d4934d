//! `docs/rules.md` is true: its examples work, and its lists are those of the code.

use assess::{Family, Library, Policy, read_rules, run_samples};

const PAGE: &str = include_str!("../../../docs/rules.md");

fn blocks() -> impl Iterator<Item = &'static str> {
    PAGE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next())
}

#[test]
fn the_first_control_of_the_page_passes_its_samples() {
    let text = blocks().find(|b| b.starts_with("family:")).expect("an example");
    let controls = read_rules(text).expect("no mistakes");
    assert_eq!(controls.iter().map(|c| c.samples.len()).sum::<usize>(), 2);
    assert!(controls.iter().all(|c| run_samples(c).is_empty()));
}

#[test]
fn the_policy_of_the_page_fits_the_controls_that_ship() {
    let text = blocks().find(|b| b.starts_with("policy:")).expect("an example");
    let policy = Policy::read(text).expect("no mistakes");
    policy.check(&Library::builtin().all()).expect("known controls and values");
}

#[test]
fn every_output_that_rules_may_read_is_on_the_page() {
    for family in Family::ALL {
        assert!(PAGE.contains(&format!("`{}`", family.slug())), "{family}");
        for command in family.commands() {
            assert!(PAGE.contains(&format!("`{}`", command.id)), "{family}: {}", command.id);
        }
    }
}

#[test]
fn every_key_of_the_schema_is_on_the_page() {
    let schema: serde_json::Value = serde_json::from_str(assess::SCHEMA).expect("json");
    for place in ["/$defs/control/properties", "/$defs/scope/properties", "/$defs/leaf/properties"] {
        for key in schema.pointer(place).and_then(|v| v.as_object()).expect(place).keys() {
            let written = [format!("`{key}"), format!("{key}:"), format!("`{key}: "), format!(" {key}`")];
            assert!(written.iter().any(|w| PAGE.contains(w.as_str())), "{key} of {place}");
        }
    }
}
