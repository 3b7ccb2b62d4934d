//! Files of rules and policies, patterns, and running what was read on its samples.
#![no_main]

use assess::{Library, Pattern, Policy, read_rules, run_samples};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.split(['\n', '\r']).count();
    match read_rules(text) {
        Ok(controls) => {
            for control in &controls {
                let _ = run_samples(control);
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "a refusal says why");
            for error in errors {
                assert!(!error.message.is_empty() && error.column >= 1, "{error}");
                assert!((1..=lines + 1).contains(&error.line), "{error} of {lines} lines");
            }
        }
    }
    if let Ok(policy) = Policy::read(text) {
        let _ = policy.check(&Library::builtin().all());
    }
    let _ = Pattern::parse(text);
});
