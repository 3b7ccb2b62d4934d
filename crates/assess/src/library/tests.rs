//! The shipped controls are held to what `docs/rules.md` promises.

use std::collections::HashMap;

use super::*;
use crate::rule::samples;

fn controls() -> Vec<(&'static str, Control)> {
    let mut all = Vec::new();
    for file in EMBEDDED {
        match read_rules(file.text) {
            Ok(controls) => all.extend(controls.into_iter().map(|c| (file.path, c))),
            Err(errors) => {
                let list: Vec<String> =
                    errors.iter().map(|e| format!("controls/{}: {e}", file.path)).collect();
                panic!("{}", list.join("\n"));
            }
        }
    }
    all
}

#[test]
fn every_sample_comes_out_as_it_says() {
    let mut failures = Vec::new();
    for (path, control) in controls() {
        failures.extend(
            samples::run(&control).into_iter().map(|f| format!("controls/{path}:{}: {}", f.line, f.message)),
        );
    }
    assert!(failures.is_empty(), "{} samples fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn numbers_and_titles_are_given_once_and_files_lie_in_their_family() {
    let (mut numbers, mut titles) = (HashMap::new(), HashMap::new());
    for (path, control) in controls() {
        assert!(
            path.starts_with(&format!("{}/", control.family.slug())),
            "{path} holds a {} control",
            control.family
        );
        if let Some(other) = numbers.insert(control.cid, path) {
            panic!("control {} is in {path} and {other}", control.cid);
        }
        if let Some(other) = titles.insert((control.family, control.title.clone()), control.cid) {
            panic!("{} and {other} have the title {:?}", control.cid, control.title);
        }
    }
}

#[test]
fn references_are_numbers_of_known_frameworks() {
    let numbers = |text: &str| text.split('.').all(|part| part.parse::<u32>().is_ok());
    let is_nist = |text: &str| {
        text.split_once('-').is_some_and(|(family, number)| {
            family.len() == 2
                && family.chars().all(|c| c.is_ascii_uppercase())
                && number.parse::<u32>().is_ok()
        })
    };
    let mut met: HashMap<&str, usize> = HashMap::new();
    let all = controls();
    for (framework, section) in all
        .iter()
        .flat_map(|(_, c)| &c.references)
        .flat_map(|(f, sections)| sections.iter().map(move |s| (f, s)))
    {
        let fits = match framework.as_str() {
            "nist-800-53" => is_nist(section),
            "cis-controls-8" => numbers(section) && section.contains('.'),
            "pci-dss" => numbers(section),
            _ => false,
        };
        assert!(fits, "{framework} {section}");
        *met.entry(framework).or_default() += 1;
    }
    assert!(met.len() == 3 && met.values().all(|count| *count > 100), "{met:?}");
}

#[test]
fn there_are_as_many_controls_as_promised() {
    let all = controls();
    let count = |family| all.iter().filter(|(_, c)| c.family == family).count();
    for (family, least) in [
        (Family::CiscoIos, 30),
        (Family::CiscoAsa, 30),
        (Family::CiscoNxos, 30),
        (Family::Junos, 30),
        (Family::Fortios, 30),
        (Family::Panos, 30),
        (Family::AristaEos, 30),
        (Family::Comware, 15),
        (Family::FabricOs, 15),
        (Family::Linux, 100),
    ] {
        assert!(count(family) >= least, "{family} has {} controls, not {least}", count(family));
    }
    assert!(all.len() >= 300);
}

#[test]
fn a_failing_sample_says_what_to_do_and_shows_a_line_or_a_reason() {
    for (path, control) in controls() {
        for sample in control.samples.iter().filter(|s| s.expect == crate::engine::Status::Failed) {
            let verdict = samples::verdict(&control, sample).expect("verdict");
            assert!(
                verdict.remediation.is_some_and(|r| !r.contains("{instance}")),
                "{path}: {}",
                control.cid
            );
            let explained =
                !verdict.evidence.is_empty() || verdict.reason.is_some() || !verdict.actual.is_empty();
            assert!(explained, "{path}: {} fails without evidence or reason", control.cid);
        }
    }
}
