//! From bytes to numbered lines (`contract/oca.md` 4.1).
//!
//! - Every input line stays one line, whatever is removed from it, so a line number always points into the upload.
//! - Work and memory are linear in the input, whatever escapes it holds.

mod decode;
mod terminal;

use crate::error::InputError;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of one upload.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 16 * 1024 * 1024 }
    }
}

/// What became of one input line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineUse {
    /// Nothing on it.
    Blank,
    /// Not looked at by any parser: output of a command that no control asks for.
    Output,
    /// A statement of a tree.
    Statement,
    /// Belongs to the statement above it: banner text, certificate, continuation of a quoted value.
    Body,
    /// Closes a block, such as `end`, `next`, `}` or `return`.
    Close,
    /// A comment or separator, which the device ignores.
    Comment,
    /// A prompt with or without a command, or a marker between command outputs.
    Command,
    /// Residue of a pager, or text before the first command.
    Noise,
}

/// Numbered lines of cleaned text. Lines count from 1.
#[derive(Debug, Default)]
pub struct Text {
    buffer: String,
    /// Start of each line, and one past the end.
    starts: Vec<u32>,
    /// Whether the last line of the input ended in a line feed.
    pub(crate) ends_whole: bool,
}

impl Text {
    /// Reads bytes as text: decodes, removes what a terminal would not show, and keeps the numbers of the lines.
    ///
    /// # Errors
    /// [`InputError`] when the bytes are empty, too many or no text.
    pub fn read(bytes: &[u8], limits: Limits) -> Result<(Self, Vec<LineUse>), InputError> {
        let limit = limits.bytes.min(u32::MAX as usize / 4);
        if bytes.len() > limit {
            return Err(InputError::TooLarge { size: bytes.len(), limit });
        }
        let decoded = decode::decode(bytes)?;
        let mut text = Self { buffer: String::with_capacity(decoded.len()), ..Self::default() };
        let mut uses = Vec::new();
        text.starts.push(0);
        text.ends_whole = decoded.ends_with(['\n', '\r']);
        let separator = if memchr::memchr(b'\n', decoded.as_bytes()).is_none() { '\r' } else { '\n' };
        for line in decoded.strip_suffix(separator).unwrap_or(&decoded).split(separator) {
            let pager = terminal::show(line.trim_end_matches('\r'), &mut text.buffer);
            let from = text.starts.last().copied().unwrap_or_default() as usize;
            let blank = text.buffer.get(from..).is_none_or(|shown| shown.trim().is_empty());
            uses.push(match (blank, pager) {
                (true, true) => LineUse::Noise,
                (true, false) => LineUse::Blank,
                (false, _) => LineUse::Output,
            });
            text.buffer.push('\n');
            text.starts.push(offset(text.buffer.len()));
        }
        if uses.iter().all(|u| matches!(u, LineUse::Blank | LineUse::Noise)) {
            return Err(InputError::Empty);
        }
        Ok((text, uses))
    }

    /// Number of lines.
    #[must_use]
    pub fn len(&self) -> u32 {
        offset(self.starts.len().saturating_sub(1))
    }

    /// True when there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One line by its number, without trailing blanks; empty when there is none of that number.
    #[must_use]
    pub fn line(&self, number: u32) -> &str {
        let at = |i: u32| self.starts.get(i as usize).map(|&s| s as usize);
        let Some((from, to)) = number.checked_sub(1).and_then(at).zip(at(number)) else { return "" };
        self.buffer.get(from..to).unwrap_or_default().trim_end()
    }

    /// The text of a range of lines, each with its line feed.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<u32>) -> &str {
        let at = |number: u32| {
            self.starts.get(number.saturating_sub(1) as usize).copied().unwrap_or_default() as usize
        };
        self.buffer.get(at(range.start)..at(range.end)).unwrap_or_default()
    }

    /// The lines of a range of numbers, with their numbers.
    pub fn lines(&self, range: std::ops::Range<u32>) -> impl Iterator<Item = (u32, &str)> {
        range.map(|number| (number, self.line(number)))
    }
}

/// A length as the four bytes the indexes keep; inputs are limited so that it always fits.
pub(crate) fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> Vec<String> {
        let (text, _) = Text::read(bytes, Limits::default()).expect("text");
        (1..=text.len()).map(|n| text.line(n).to_owned()).collect()
    }

    #[test]
    fn line_ends_of_all_systems_are_understood() {
        assert_eq!(shown(b"a\r\nb\r\n"), ["a", "b"]);
        assert_eq!(shown(b"a\nb"), ["a", "b"]);
        assert_eq!(shown(b"a\rb\r"), ["a", "b"]);
    }

    #[test]
    fn escapes_backspaces_and_pagers_vanish_and_lines_keep_their_numbers() {
        let log = b"hostname R1\n --More-- \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08          \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08 ip address\n\x1b[7m--More--\x1b[m\r\x1b[Kend\n--More--\nlast";
        assert_eq!(shown(log), ["hostname R1", " ip address", "end", "", "last"]);
    }

    #[test]
    fn utf16_and_latin1_are_decoded() {
        let utf16: Vec<u8> = "\u{feff}banner é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(shown(&utf16), ["banner é"]);
        let be: Vec<u8> = "hostname a\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(shown(&be), ["hostname a"]);
        assert_eq!(shown(b"caf\xe9 hostname\n"), ["café hostname"]);
    }

    #[test]
    fn binary_empty_and_large_inputs_are_refused() {
        assert!(matches!(
            Text::read(b"\x7fELF\0\0\0\x01", Limits::default()),
            Err(InputError::NotText { .. })
        ));
        assert!(matches!(Text::read(b" \n\t\n", Limits::default()), Err(InputError::Empty)));
        assert!(matches!(Text::read(b"", Limits::default()), Err(InputError::Empty)));
        assert!(matches!(Text::read(b"abc", Limits { bytes: 2 }), Err(InputError::TooLarge { .. })));
        let noise: Vec<u8> = (0..4000_u32).map(|i| (i * 7 % 31 + 1) as u8).collect();
        assert!(matches!(Text::read(&noise, Limits::default()), Err(InputError::NotText { .. })));
    }
}
