//! gzip without names and dates, so that the same content gives the same bytes.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

pub(crate) fn pack(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content)?;
    encoder.finish()
}
