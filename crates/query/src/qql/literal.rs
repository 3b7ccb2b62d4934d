//! Values as they were written: which quotes, and literal parts between wildcards.

use std::ops::Range;

/// How a value was quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Bare,
    /// In double or single quotes.
    Phrase,
    /// In backticks.
    Exact,
}

/// A value as it was written.
#[derive(Debug)]
pub(super) struct Literal {
    pub(super) style: Style,
    /// The literal parts between wildcards: one without a wildcard. Only the first and the last may be empty.
    parts: Vec<String>,
    pub(super) span: Range<usize>,
}

impl Literal {
    pub(super) fn new(style: Style, parts: Vec<String>, span: Range<usize>) -> Self {
        let last = parts.len().saturating_sub(1);
        let keep = |at: usize, part: &String| at == 0 || at == last || !part.is_empty();
        let parts = parts.into_iter().enumerate().filter(|(at, part)| keep(*at, part));
        Self { style, parts: parts.map(|(_, part)| part).collect(), span }
    }

    pub(super) fn bare(text: &str, start: usize) -> Self {
        let parts = text.split('*').map(str::to_owned).collect();
        Self::new(Style::Bare, parts, start..start + text.len())
    }

    /// The value, if it has no wildcard.
    pub(super) fn plain(&self) -> Option<&str> {
        if let [only] = self.parts.as_slice() { Some(only) } else { None }
    }

    pub(super) fn parts(&self) -> &[String] {
        &self.parts
    }

    /// Whether it is a wildcard and nothing else.
    pub(super) fn is_anything(&self) -> bool {
        matches!(self.parts.as_slice(), [first, last] if first.is_empty() && last.is_empty())
    }
}
