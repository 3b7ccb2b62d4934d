//! Bodies as they travel.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::ReadError;

/// The most bytes of a body as it is sent.
pub const MAX_BODY: usize = 4 << 20;
/// The most bytes of a body after unpacking.
pub const MAX_UNPACKED: usize = 16 << 20;

/// Compresses a body with gzip.
pub fn pack(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The body as it was before `pack`, or as it is when it has no encoding.
///
/// # Errors
/// Above the limits, not gzip, or another encoding.
pub fn unpack<'a>(body: &'a [u8], encoding: Option<&str>) -> Result<Cow<'a, [u8]>, ReadError> {
    if body.len() > MAX_BODY {
        return Err(ReadError::TooLarge { got: body.len() });
    }
    match encoding.map(str::trim) {
        None | Some("") => Ok(Cow::Borrowed(body)),
        Some(name) if name.eq_ignore_ascii_case("identity") => Ok(Cow::Borrowed(body)),
        Some(name) if name.eq_ignore_ascii_case("gzip") => gunzip(body).map(Cow::Owned),
        Some(other) => Err(ReadError::Encoding(other.chars().take(64).collect())),
    }
}

fn gunzip(body: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(MAX_UNPACKED).unwrap_or(u64::MAX);
    MultiGzDecoder::new(body).take(limit + 1).read_to_end(&mut unpacked).map_err(ReadError::NotGzip)?;
    if unpacked.len() > MAX_UNPACKED {
        return Err(ReadError::UnpacksTooLarge);
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_body_unpacks_to_itself() {
        let body = b"{}".repeat(1000);
        let packed = pack(&body).unwrap();
        assert!(packed.len() < 100);
        assert_eq!(*unpack(&packed, Some("gzip")).unwrap(), *body);
        assert_eq!(*unpack(&body, None).unwrap(), *body);
    }

    #[test]
    fn a_packed_bomb_is_refused_without_being_unpacked_whole() {
        let packed = pack(&vec![b' '; MAX_UNPACKED + 1]).unwrap();
        assert!(matches!(unpack(&packed, Some("gzip")), Err(ReadError::UnpacksTooLarge)));
    }

    #[test]
    fn a_body_cut_anywhere_is_an_error_and_not_a_panic() {
        let packed = pack(b"{\"sequence\": 1}").unwrap();
        for end in 0..packed.len() {
            let cut = &packed[..end];
            assert!(unpack(cut, Some("GZIP")).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn an_encoding_that_is_not_known_is_named() {
        let error = unpack(b"", Some("br")).unwrap_err();
        assert_eq!(error.to_string(), "Content-Encoding `br` is not read here; send gzip or none");
    }
}
