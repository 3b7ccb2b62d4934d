//! Terminal logs of every family: decoding, escapes, pagers, markers, prompts.
#![no_main]

use assess::{Device, Family, ReadOptions, invariants};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((pick, bytes)) = input.split_first() else { return };
    let family = Family::ALL.get(usize::from(*pick) % (Family::ALL.len() + 1));
    let technology = family.map(|f| f.slug().to_owned());
    let Ok(device) = Device::read(bytes, &ReadOptions { technology, ..ReadOptions::default() }) else { return };
    if std::str::from_utf8(bytes).is_ok() && bytes.contains(&b'\n') && !bytes.contains(&0) && !is_facts(bytes) {
        let ends = usize::from(bytes.last() != Some(&b'\n'));
        let lines = bytes.iter().filter(|b| **b == b'\n').count() + ends;
        assert_eq!(device.text().len() as usize, lines, "each input line stays one line");
    }
    if let Err(broken) = invariants::check(&device) {
        panic!("{broken}");
    }
});

/// Host facts in JSON are turned into text before they are read.
fn is_facts(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}
