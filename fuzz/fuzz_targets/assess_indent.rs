//! Configurations by indentation: Cisco IOS, ASA, NX-OS and IOS-XR, Arista EOS.
#![no_main]

use assess::Family;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    redoubt_fuzz::assess_output(&[Family::CiscoIos, Family::CiscoAsa, Family::CiscoNxos, Family::CiscoXr, Family::AristaEos], input);
});
