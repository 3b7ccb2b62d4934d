//! Packed bodies, unpacked within a limit: a bomb costs what the limit says.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// The body without its content encoding, at most so many bytes, and whether it was cut. Of what can't be unpacked,
/// what was there before the fault.
#[must_use]
pub fn unpack(body: Bytes, encoding: &str, limit: usize) -> (Bytes, bool) {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(body.as_ref()), limit),
        "deflate" if body.first().is_some_and(|byte| byte & 0x0f == 8) => {
            read(ZlibDecoder::new(body.as_ref()), limit)
        }
        "deflate" => read(DeflateDecoder::new(body.as_ref()), limit),
        _ => (body, false),
    }
}

fn read(mut from: impl Read, limit: usize) -> (Bytes, bool) {
    let mut out = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        match from.read(&mut part) {
            Ok(0) => return (out.into(), false),
            Ok(n) => {
                let room = limit.saturating_sub(out.len());
                out.extend(part.iter().take(n.min(room)));
                if n > room {
                    return (out.into(), true);
                }
            }
            Err(_) => return (out.into(), true),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn a_bomb_costs_what_the_limit_says() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&vec![0; 10 << 20]).unwrap();
        let packed: Bytes = packer.finish().unwrap().into();
        let (body, cut) = unpack(packed.clone(), "GZIP", 1 << 20);
        assert!(cut && body.len() == 1 << 20);
        let (body, cut) = unpack(packed.slice(..packed.len() / 2), "gzip", 64 << 20);
        assert!(cut && !body.is_empty());
        assert_eq!(unpack(Bytes::from_static(b"junk"), "gzip", 9), (Bytes::new(), true));
    }
}
