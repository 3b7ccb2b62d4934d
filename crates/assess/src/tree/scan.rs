//! Words, braces, brackets and line ends of the languages that use them, with line numbers.

use super::Source;
use crate::text::LineUse;

/// One sign of the language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A word or quoted value, quotes and escapes undone.
    Word(String),
    /// `{`
    Open,
    /// `}`
    Close,
    /// `[`
    ListOpen,
    /// `]`
    ListClose,
    /// `;`
    Semicolon,
    /// The end of a line on which something stood.
    LineEnd,
}

/// Reads tokens from lines.
pub(crate) struct Scanner<'t> {
    source: Source<'t>,
    /// The line being read and what is left of it.
    at: u32,
    rest: &'t str,
    something: bool,
    /// The line on which the last token began.
    line: u32,
    block_comments: bool,
    /// Where a quote or block comment began that never ended.
    pub(crate) unclosed: Option<u32>,
}

impl<'t> Scanner<'t> {
    /// `block_comments`: whether the language has comments between `/*` and `*/`.
    pub(crate) fn new(source: Source<'t>, block_comments: bool) -> Self {
        let line = source.range.start;
        let rest = source.text.line(line);
        Self { source, at: line, rest, something: false, line, block_comments, unclosed: None }
    }

    /// The line on which the last token began.
    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    /// Notes what became of the current line.
    fn mark(&mut self, role: LineUse) {
        self.source.mark(self.at, role);
    }

    /// Notes that a line is no statement after all.
    pub(crate) fn disown(&mut self, line: u32, role: LineUse) {
        self.source.disown(line, role);
    }

    fn advance(&mut self) -> bool {
        if self.at + 1 >= self.source.range.end {
            return false;
        }
        self.at += 1;
        self.rest = self.source.text.line(self.at);
        true
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        if self.at >= self.source.range.end {
            return None;
        }
        loop {
            self.rest = self.rest.trim_start();
            let Some(first) = self.rest.chars().next() else {
                if std::mem::take(&mut self.something) {
                    return Some(Token::LineEnd);
                }
                if !self.advance() {
                    return None;
                }
                continue;
            };
            if first == '#' {
                self.mark(LineUse::Comment);
                self.rest = "";
                continue;
            }
            if self.block_comments
                && let Some(inside) = self.rest.strip_prefix("/*")
            {
                self.rest = inside;
                self.block_comment();
                continue;
            }
            self.something = true;
            self.line = self.at;
            return Some(self.token(first));
        }
    }

    fn block_comment(&mut self) {
        let began = self.at;
        loop {
            self.mark(LineUse::Comment);
            if let Some((_, after)) = self.rest.split_once("*/") {
                self.rest = after;
                return;
            }
            if !self.advance() {
                self.rest = "";
                self.unclosed = Some(began);
                return;
            }
        }
    }

    fn token(&mut self, first: char) -> Token {
        let sign = match first {
            '{' => Token::Open,
            '}' => Token::Close,
            '[' => Token::ListOpen,
            ']' => Token::ListClose,
            ';' => Token::Semicolon,
            '"' => {
                self.mark(LineUse::Statement);
                self.rest = self.rest.strip_prefix('"').unwrap_or_default();
                return Token::Word(self.quoted());
            }
            _ => {
                self.mark(LineUse::Statement);
                let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';');
                let mut end = self.rest.find(ends).unwrap_or(self.rest.len());
                let (word, _) = self.rest.split_at(end);
                // `]` closes a list only as a word of its own or at the end of one that opens none.
                if word.len() > 1 && word.ends_with(']') && !word.contains('[') {
                    end -= 1;
                }
                let (word, after) = self.rest.split_at(end);
                self.rest = after;
                return Token::Word(word.to_owned());
            }
        };
        self.mark(LineUse::Close);
        self.rest = self.rest.split_at(first.len_utf8()).1;
        sign
    }

    /// The rest of a quoted value, over as many lines as it takes.
    fn quoted(&mut self) -> String {
        let began = self.at;
        let mut value = String::new();
        loop {
            let mut chars = self.rest.char_indices();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        self.rest = self.rest.get(at + 1..).unwrap_or_default();
                        return value;
                    }
                    '\\' => match chars.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, c @ ('"' | '\\'))) => value.push(c),
                        Some((_, other)) => value.extend(['\\', other]),
                        None => value.push('\\'),
                    },
                    c => value.push(c),
                }
            }
            if !self.advance() {
                self.rest = "";
                self.unclosed = Some(began);
                return value;
            }
            self.mark(LineUse::Body);
            value.push('\n');
        }
    }
}

/// A word as the scanner would read it back: quoted when it must be.
pub(crate) fn quote(word: &str, out: &mut String) {
    let plain = !word.is_empty()
        && !word.starts_with('#')
        && !word.starts_with("/*")
        && !word
            .contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\\' | '{' | '}' | '[' | ']' | ';'));
    if plain {
        out.push_str(word);
        return;
    }
    out.push('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
}
