//! What a sealed file holds: an upload as it came, the outputs of earlier ones that still count, and the data points.
//!
//! Each file stands for itself: it says how the device was after that upload, whatever became of the others.

use std::io::{Read, Write};

use assess::DataPoint;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

/// The most that a file is unpacked to. Nothing larger is written.
const LARGEST: u64 = 1 << 30;

/// The content of a sealed file.
#[derive(Debug, PartialEq)]
pub(super) struct Archive {
    /// The upload, byte by byte.
    pub(super) raw: Vec<u8>,
    pub(super) read: ReadOut,
}

/// What was read from it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ReadOut {
    /// The command that the upload is the output of, where it does not say so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<String>,
    /// Outputs of earlier uploads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) carried: Vec<Carried>,
    /// What the device says about each control.
    pub(super) points: Vec<DataPoint>,
}

/// The output of a command, from an earlier upload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Carried {
    /// What rules call the command.
    pub(super) id: String,
    /// The number of the upload.
    pub(super) upload: u32,
    /// The line of that upload on which it begins.
    pub(super) line: u32,
    /// The output, cleaned.
    pub(super) text: String,
}

impl Archive {
    /// As bytes: packed, the upload first, then the rest as JSON.
    pub(super) fn pack(&self) -> std::io::Result<Vec<u8>> {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&(self.raw.len() as u64).to_le_bytes())?;
        packer.write_all(&self.raw)?;
        // At once: packing thousands of small pieces takes far longer than packing one.
        packer.write_all(&serde_json::to_vec(&self.read)?)?;
        packer.finish()
    }

    /// From bytes that [`Self::pack`] made.
    pub(super) fn unpack(bytes: &[u8]) -> std::io::Result<Self> {
        let mut packed = ZlibDecoder::new(bytes).take(LARGEST);
        let mut length = [0; 8];
        packed.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let mut raw = Vec::new();
        packed.by_ref().take(length).read_to_end(&mut raw)?;
        let mut rest = Vec::new();
        packed.read_to_end(&mut rest)?;
        Ok(Self { raw, read: serde_json::from_slice(&rest)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_comes_back_whole() {
        let carried = Carried { id: "version".into(), upload: 3, line: 17, text: "one\n".into() };
        let read =
            ReadOut { command: Some("show version".into()), carried: vec![carried], points: Vec::new() };
        let archive = Archive { raw: vec![0, 1, 2, 255], read };
        assert_eq!(Archive::unpack(&archive.pack().unwrap()).unwrap(), archive);
        assert!(Archive::unpack(b"no zlib").is_err());
    }
}
