//! The name of a content: SHA-256 over its canonical JSON.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use ring::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Inventory;

/// SHA-256 of an inventory's canonical JSON, or of a message body; 64 lower-case hex digits in JSON.
///
/// Canonical is what `serde_json` writes without white space: members in the declared order, empty members left out,
/// lists sorted. Both ends share the code, so nothing else needs to agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

/// A text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 in 64 lower-case hex digits")]
pub struct NotAHash(String);

impl ContentHash {
    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digest = Hashing::new();
        digest.0.update(bytes);
        digest.finish()
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Inventory {
    /// The name of this content: equal documents have equal hashes.
    pub fn hash(&self) -> ContentHash {
        // The writer hands over single words; the digest is faster in larger parts.
        let mut writer = BufWriter::new(Hashing::new());
        // The digest takes everything, and no member has a type that JSON cannot hold.
        let _ = serde_json::to_writer(&mut writer, self);
        let _ = writer.flush();
        writer.into_parts().0.finish()
    }
}

/// Takes bytes as they are written, so that no copy of the document is made.
struct Hashing(digest::Context);

impl Hashing {
    fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    fn finish(self) -> ContentHash {
        let digest = self.0.finish();
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        ContentHash(bytes)
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bad = || NotAHash(text.chars().take(80).collect());
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) else { return Err(bad()) };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

/// Lower case only: one content has one name.
fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::Text::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_as_it_prints_and_agrees_with_sha256sum() {
        let hash = ContentHash::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse::<ContentHash>().unwrap(), hash);
    }

    #[test]
    fn what_is_not_64_lower_case_hex_digits_is_refused() {
        for text in ["", "ab", &"A".repeat(64), &"a".repeat(63), &"a".repeat(65), &"é".repeat(32)] {
            assert!(text.parse::<ContentHash>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_hash_of_a_document_is_that_of_its_compact_json() {
        let inventory = Inventory { memory_mb: Some(7), ..Inventory::default() };
        let json = serde_json::to_vec(&inventory).unwrap();
        assert_eq!(inventory.hash(), ContentHash::of(&json));
    }
}
