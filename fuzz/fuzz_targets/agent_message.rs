//! The agent's messages: unpacking, reading, and applying a delta to what was held.
#![no_main]

use inventory::protocol::{pack, read_checkin, read_enroll, unpack};
use inventory::Inventory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(unpacked) = unpack(body, Some("gzip")) {
        let _ = read_checkin(&unpacked);
    }
    let _ = read_enroll(body);
    if let Ok(message) = read_checkin(body) {
        let _ = message.clone().resolve(None);
        let _ = message.resolve(Some(Inventory::default()));
        let packed = pack(body).expect("packing into memory");
        assert_eq!(unpack(&packed, Some("gzip")).expect("what was packed unpacks").as_ref(), body);
    }
});
