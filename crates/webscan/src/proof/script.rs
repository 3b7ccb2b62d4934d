//! Reads scripts as far as a proof needs: what is code and what only text, and whether a marker is called.

use std::ops::Range;

/// What a piece of a script is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A name or keyword, its `\u` escapes read.
    Name(String),
    /// A number.
    Number,
    /// A string in these quotes.
    Text(char),
    /// A part of a template, between backticks and `${`.
    Template,
    /// A regular expression.
    Pattern,
    /// A comment to the end of the line.
    LineComment,
    /// A comment between stars.
    BlockComment,
    /// Any other letter.
    Sign(char),
}

/// The pieces of a script.
pub(crate) struct Script<'a> {
    text: &'a str,
    /// Pieces and where they stand.
    pub(crate) pieces: Vec<(Piece, Range<usize>)>,
    /// Whether strings, comments and brackets all end.
    pub(crate) is_whole: bool,
}

const KEYWORDS: &[&str] = &[
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "finally",
    "for",
    "from",
    "function",
    "get",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "of",
    "return",
    "set",
    "static",
    "switch",
    "throw",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "as",
];
/// Most of a script that is read.
const LONGEST: usize = 512 << 10;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    pieces: Vec<(Piece, Range<usize>)>,
    /// Open brackets; a backtick stands for a template that waits for its `}`.
    open: Vec<char>,
    is_whole: bool,
}

impl<'a> Script<'a> {
    /// Reads a script.
    pub(crate) fn read(text: &'a str) -> Self {
        let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
        let mut reader = Reader { text, at: 0, pieces: Vec::new(), open: Vec::new(), is_whole: true };
        while reader.step() {}
        let is_whole = reader.is_whole && reader.open.is_empty();
        Self { text, pieces: reader.pieces, is_whole }
    }

    /// The piece that an offset lies in.
    pub(crate) fn at(&self, offset: usize) -> Option<&Piece> {
        self.pieces.iter().find(|(_, range)| range.contains(&offset)).map(|(piece, _)| piece)
    }

    /// Whether it would run, as far as can be seen, and then calls a dialog with the marker.
    pub(crate) fn calls(&self, marker: &str) -> bool {
        let code: Vec<(&Piece, &str, bool)> = self.code();
        self.is_whole
            && self.reads_well(&code)
            && code.windows(2).enumerate().any(|(at, _)| called(&code, at, marker))
    }

    /// Pieces that are no comments, with their text, and whether a line ends before them.
    fn code(&self) -> Vec<(&Piece, &str, bool)> {
        let mut last = 0;
        let mut code = Vec::new();
        for (piece, range) in &self.pieces {
            if matches!(piece, Piece::LineComment | Piece::BlockComment) {
                continue;
            }
            let between = self.text.get(last..range.start).unwrap_or_default();
            code.push((piece, self.text.get(range.clone()).unwrap_or_default(), between.contains('\n')));
            last = range.end;
        }
        code
    }

    /// No two values side by side, and no operator without its right side: what an unfit payload leaves behind.
    fn reads_well(&self, code: &[(&Piece, &str, bool)]) -> bool {
        let is_value = |piece: &Piece| match piece {
            Piece::Name(name) => !KEYWORDS.contains(&name.as_str()),
            Piece::Number | Piece::Text(_) | Piece::Pattern => true,
            _ => false,
        };
        let side_by_side = |a: &Piece, b: &Piece, new_line: bool| {
            let word = |name: &Piece| matches!(name, Piece::Name(name) if KEYWORDS.contains(&name.as_str()));
            !new_line && is_value(a) && is_value(b) && !word(b)
        };
        let dangling = |at: usize| {
            let Some([(a, ..), (b, ..)]) = code.get(at..at + 2) else { return false };
            let operator = matches!(
                a,
                Piece::Sign('=' | '*' | '%' | '&' | '|' | '^' | '~' | '?' | '.' | '+' | '-' | '/')
            );
            let end = matches!(b, Piece::Sign(';' | ')' | ']' | '}' | ','));
            let doubled = at > 0
                && matches!((code.get(at - 1), a), (Some((Piece::Sign('+' | '-'), ..)), Piece::Sign(_)));
            operator && end && !doubled
        };
        let ends_badly =
            matches!(code.last(), Some((Piece::Sign('=' | '*' | '&' | '|' | '.' | '?' | ','), ..)));
        let pairs_fit = code.windows(2).enumerate().all(|(at, pair)| match pair {
            [(a, ..), (b, _, new_line)] => !side_by_side(a, b, *new_line) && !dangling(at),
            _ => true,
        });
        pairs_fit && !ends_badly
    }
}

/// Whether a dialog is called with the marker at a place: `alert(N)`, an alert with a template, or `onerror=alert;throw N`.
fn called(code: &[(&Piece, &str, bool)], at: usize, marker: &str) -> bool {
    let dialog = |piece: &Piece| matches!(piece, Piece::Name(name) if ["alert", "prompt", "confirm", "print"].contains(&name.as_str()));
    let piece = |offset: usize| code.get(at + offset).map(|(piece, text, _)| (*piece, *text));
    let sign =
        |offset: usize, sign: char| matches!(piece(offset), Some((Piece::Sign(have), _)) if *have == sign);
    let is_marker = |offset: usize| {
        piece(offset).is_some_and(|(piece, text)| match piece {
            Piece::Number => text == marker,
            Piece::Template => text.trim_matches('`') == marker,
            _ => false,
        })
    };
    match piece(0) {
        Some((first, _)) if dialog(first) => {
            let is_member = at > 0
                && matches!(code.get(at - 1), Some((Piece::Sign('.'), ..)))
                && !matches!(at.checked_sub(2).and_then(|at| code.get(at)),
                    Some((Piece::Name(name), ..)) if ["window", "self", "top", "parent", "globalThis"].contains(&name.as_str()));
            !is_member
                && ((sign(1, '(') && is_marker(2) && sign(3, ')'))
                    || matches!(piece(1), Some((Piece::Template, _))) && is_marker(1))
        }
        Some((Piece::Name(name), _)) if name == "throw" => {
            let before: Vec<&str> =
                code.get(..at).unwrap_or_default().iter().map(|(_, text, _)| *text).collect();
            is_marker(1) && before.join("").contains("onerror=alert")
        }
        _ => false,
    }
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, piece: Piece, length: usize) {
        self.pieces.push((piece, self.at..self.at + length));
        self.at += length;
    }

    fn step(&mut self) -> bool {
        let Some(letter) = self.rest().chars().next() else { return false };
        match letter {
            letter if letter.is_whitespace() => self.at += letter.len_utf8(),
            '/' if self.rest().starts_with("//") => self.line_comment(),
            '<' if self.rest().starts_with("<!--") => self.line_comment(),
            '/' if self.rest().starts_with("/*") => {
                let end = self.rest().find("*/");
                self.is_whole &= end.is_some();
                self.push(Piece::BlockComment, end.map_or(self.rest().len(), |end| end + 2));
            }
            '/' if self.wants_value() => self.pattern(),
            '\'' | '"' => self.quoted(letter),
            '`' => self.template(1),
            '}' if self.open.last() == Some(&'`') => {
                self.open.pop();
                self.template(1);
            }
            letter if letter.is_ascii_digit() => {
                let length = self
                    .rest()
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                    .unwrap_or(self.rest().len());
                self.push(Piece::Number, length);
            }
            letter if letter.is_alphanumeric() || matches!(letter, '_' | '$' | '\\' | '#' | '@') => {
                self.name()
            }
            letter => {
                match letter {
                    '(' | '[' | '{' => self.open.push(letter),
                    ')' => self.close('('),
                    ']' => self.close('['),
                    '}' => self.close('{'),
                    _ => {}
                }
                self.push(Piece::Sign(letter), letter.len_utf8());
            }
        }
        true
    }

    fn close(&mut self, open: char) {
        self.is_whole &= self.open.pop() == Some(open);
    }

    fn line_comment(&mut self) {
        let length = self.rest().find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(self.rest().len());
        self.push(Piece::LineComment, length);
    }

    /// Whether a value may begin here, so that a slash begins a regular expression.
    fn wants_value(&self) -> bool {
        let code = self.pieces.iter().rev().map(|(piece, _)| piece);
        match code.into_iter().find(|piece| !matches!(piece, Piece::LineComment | Piece::BlockComment)) {
            None => true,
            Some(Piece::Name(name)) => KEYWORDS.contains(&name.as_str()),
            Some(Piece::Sign(sign)) => !matches!(sign, ')' | ']' | '}'),
            Some(_) => false,
        }
    }

    /// The length up to a letter that no backslash stands before; none when the line, or all, ends first.
    fn until(&self, from: usize, stop: impl Fn(char) -> bool, lines: bool) -> Option<usize> {
        let mut escaped = false;
        for (at, letter) in self.rest().char_indices().skip_while(|(at, _)| *at < from) {
            if escaped {
                escaped = false;
            } else if letter == '\\' {
                escaped = true;
            } else if stop(letter) {
                return Some(at);
            } else if !lines && matches!(letter, '\n' | '\r') {
                return None;
            }
        }
        None
    }

    fn quoted(&mut self, quote: char) {
        match self.until(1, |letter| letter == quote, false) {
            Some(end) => self.push(Piece::Text(quote), end + 1),
            None => {
                self.is_whole = false;
                let length = self.rest().find('\n').unwrap_or(self.rest().len());
                self.push(Piece::Text(quote), length);
            }
        }
    }

    fn pattern(&mut self) {
        let mut in_class = false;
        let mut escaped = false;
        for (at, letter) in self.rest().char_indices().skip(1) {
            match letter {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => {
                    let after = self.rest().get(at + 1..).unwrap_or_default();
                    let flags = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
                    return self.push(Piece::Pattern, at + 1 + flags);
                }
                _ => {}
            }
        }
        self.push(Piece::Sign('/'), 1);
    }

    /// A part of a template, from its backtick or from the `}` that ends a substitution.
    fn template(&mut self, from: usize) {
        let mut begin = from;
        loop {
            match self.until(begin, |letter| letter == '`' || letter == '$', true) {
                None => {
                    self.is_whole = false;
                    let length = self.rest().len();
                    return self.push(Piece::Template, length);
                }
                Some(at) if self.rest().get(at..).is_some_and(|rest| rest.starts_with('`')) => {
                    return self.push(Piece::Template, at + 1);
                }
                Some(at) if self.rest().get(at..).is_some_and(|rest| rest.starts_with("${")) => {
                    self.open.push('`');
                    return self.push(Piece::Template, at + 2);
                }
                Some(at) => begin = at + 1,
            }
        }
    }

    fn name(&mut self) {
        let mut name = String::new();
        let mut length = 0;
        while let Some(letter) = self.rest().get(length..).and_then(|rest| rest.chars().next()) {
            let escape = || {
                let code = self.rest().get(length + 2..length + 6)?;
                char::from_u32(u32::from_str_radix(code, 16).ok()?)
            };
            if letter.is_alphanumeric() || matches!(letter, '_' | '$' | '#' | '@') {
                name.push(letter);
                length += letter.len_utf8();
            } else if let (true, Some(read)) =
                (self.rest().get(length..).is_some_and(|rest| rest.starts_with("\\u")), escape())
            {
                name.push(read);
                length += 6;
            } else {
                break;
            }
        }
        if length == 0 {
            // A stray backslash: no script runs with it.
            self.is_whole = false;
            return self.push(Piece::Sign('\\'), 1);
        }
        self.push(Piece::Name(name), length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_count_where_they_are_code_of_a_script_that_runs() {
        for script in [
            "alert(77)",
            "var a='x'-alert(77)-'';",
            "x = `a${alert(77)}b`",
            "if (a) { b() }\nalert`77`",
            "var r = /['\"]/.test(s); \\u0061lert(77)",
            "onerror=alert;throw 77",
            "f('it\\'s'); /* ' */ alert(77) // end",
            "return alert(77)",
        ] {
            assert!(Script::read(script).calls("77"), "{script}");
        }
        for script in [
            "var a='alert(77)';",
            "// alert(77)",
            "var a='x\\'-alert(77)-\\'';",
            "var a='x';alert(77)-'",
            "var a=\"x\nalert(77)\"",
            "/alert(77)/",
            "`alert(77)`",
            "alert(770)",
            "ALERT(77)",
            "var a = ;alert(77)//",
            "'x'alert(77)",
            "({alert(77)",
            "logger.alert(77)",
            "var a = 77;",
        ] {
            assert!(!Script::read(script).calls("77"), "{script}");
        }
    }
}
