//! The reader of answers: whatever bytes a server sends, an answer within limits or a fault. The first letter chooses:
//! bytes of a connection, or a body and how it is packed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use webscan::http::unpack;

const LIMIT: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    match first {
        b'g' | b'd' => {
            let encoding = if *first == b'g' { "gzip" } else { "deflate" };
            let (body, _) = unpack(rest.to_vec().into(), encoding, LIMIT);
            assert!(body.len() <= LIMIT);
        }
        b'x' => redoubt_fuzz::runs("application/xml", &String::from_utf8_lossy(rest)),
        _ => redoubt_fuzz::answers(rest, LIMIT),
    }
});
