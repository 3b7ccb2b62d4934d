//! Comware.
#![no_main]

use assess::Family;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    redoubt_fuzz::assess_output(&[Family::Comware], input);
});
