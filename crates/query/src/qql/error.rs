//! What may be wrong with a QQL text, and where.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use super::{MAX_ITEMS, MAX_LENGTH, MAX_NESTING};

/// Quoted parts longer than this many characters are cut.
const QUOTED: usize = 40;

/// A refused text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// Where it begins, in bytes from the beginning of the text.
    pub offset: usize,
    /// The line there, counted from 1.
    pub line: usize,
    /// The character in that line, counted from 1.
    pub column: usize,
    /// The part of the text that is meant, cut where it is long; empty at the end of the text.
    pub part: String,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// More than [`MAX_LENGTH`] bytes.
    #[error("the query has {0} bytes; at most {MAX_LENGTH} are allowed")]
    TooLong(usize),
    /// Deeper than [`MAX_NESTING`].
    #[error("parentheses are nested more than {MAX_NESTING} deep")]
    TooDeep,
    /// More than [`MAX_ITEMS`] items.
    #[error("the list has more than {MAX_ITEMS} values")]
    TooManyItems,
    /// No field has this name.
    #[error("invalid QQL token '{token}'{}", did_you_mean(near))]
    UnknownToken {
        /// The name, in full.
        token: String,
        /// The nearest known ones, nearest first.
        near: Vec<String>,
    },
    /// Something stands where a clause or value should.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A bracket or quote without its other half.
    #[error("{0} is never closed")]
    Unclosed(char),
    /// Quotes in the middle of a bare word, or a colon in words without a token.
    #[error("put quotes around the whole value")]
    NeedsQuotes,
    /// The value can't be one of the field.
    #[error("'{token}' takes {wanted}")]
    Value {
        /// The field.
        token: String,
        /// What it takes.
        wanted: Wanted,
    },
    /// A range or comparison of values without an order.
    #[error("'{token}' has no order; use token:value")]
    NoOrder {
        /// The field.
        token: String,
    },
    /// A value for a whole list.
    #[error("'{token}' is a list; ask for one of its members: {}", members.join(", "))]
    List {
        /// The list.
        token: String,
        /// What its elements have, in full names.
        members: Vec<String>,
    },
    /// A wildcard in text without a token.
    #[error("a wildcard needs a token before it")]
    WildcardAlone,
    /// Text without a token where no field is searched by it.
    #[error("text needs a token before it here")]
    NoToken,
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Wanted {
    /// Anything but nothing.
    #[error("a value that is not empty; ask 'is null' for a missing one")]
    Something,
    /// A boolean.
    #[error("true or false")]
    Boolean,
    /// An integer.
    #[error("a whole number")]
    Number,
    /// A date or date arithmetic.
    #[error("a date (2026, 2026-03, 2026-03-09, 2026-03-09T10:00:00Z) or now, now-3d (s, m, h, d, w, M, y)")]
    Date,
    /// An address.
    #[error("an IP address, a network (10.0.0.0/8) or a pattern (10.0.*)")]
    Address,
    /// One bound of a range, or the right side of a comparison.
    #[error("a single value here, without a wildcard")]
    Single,
}

/// A problem and the part of the text that it is about, before line and column are counted.
#[derive(Debug)]
pub(super) struct Fault {
    problem: Problem,
    span: Range<usize>,
}

impl Fault {
    pub(super) fn new(problem: Problem, span: Range<usize>) -> Self {
        Self { problem, span }
    }

    pub(super) fn place(self, text: &str) -> Error {
        let before = text.get(..self.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let part = text.get(self.span.clone()).unwrap_or_default();
        Error {
            offset: self.span.start,
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            part: cut(part),
            problem: self.problem,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {}", self.problem, self.line, self.column)?;
        if self.part.is_empty() { write!(f, ", at the end)") } else { write!(f, ": {})", self.part) }
    }
}

impl std::error::Error for Error {}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
