use std::fmt;

/// Where something stands in a request body, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Turns byte offsets of one text into positions; cheap as long as the offsets grow.
pub(crate) struct Positions<'t> {
    text: &'t str,
    offset: usize,
    at: Position,
}

impl<'t> Positions<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, offset: 0, at: Position { line: 1, column: 1 } }
    }

    /// The position of a byte offset; the end of the text if the offset lies beyond it.
    pub(crate) fn at(&mut self, offset: usize) -> Position {
        if offset < self.offset {
            *self = Self::new(self.text);
        }
        let passed = self.text.as_bytes().get(self.offset..offset.min(self.text.len())).unwrap_or_default();
        for &byte in passed {
            let continues_a_character = byte & 0xC0 == 0x80;
            if byte == b'\n' {
                self.at = Position { line: self.at.line.saturating_add(1), column: 1 };
            } else if !continues_a_character {
                self.at.column = self.at.column.saturating_add(1);
            }
        }
        self.offset = self.offset.max(offset.min(self.text.len()));
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_again_at_one() {
        let mut positions = Positions::new("aé\nß<x>");
        assert_eq!(positions.at(0), Position { line: 1, column: 1 });
        assert_eq!(positions.at(3), Position { line: 1, column: 3 });
        assert_eq!(positions.at(6), Position { line: 2, column: 2 });
        assert_eq!(positions.at(1), Position { line: 1, column: 2 }, "going back works too");
        assert_eq!(positions.at(1000), Position { line: 2, column: 5 });
    }
}
