//! Reading the pieces of a text: names, keywords, quoted and bare values.
//!
//! What a sign means depends on where it stands (a comma ends an item of a list, but not a value), so the parser
//! asks for the piece that it wants. A [`Lexer`] is a place in the text, and copying it is looking ahead.

use super::error::{Fault, Problem};
use super::literal::{Literal, Style};

/// A place in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'q> {
    text: &'q str,
    at: usize,
}

/// What stands between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Colon,
    Compare(Comparison),
    NotEqual,
    /// `is null`, or with a `not` in it.
    Null {
        negated: bool,
    },
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

/// A name with its separator.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clause<'q> {
    pub(super) name: &'q str,
    pub(super) start: usize,
    pub(super) separator: Separator,
}

/// What a bracket after a separator begins (`contract/qql.md 2.1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Range,
    /// Clauses about what the key names.
    Clauses,
    /// Values only: a list in square brackets, alternatives in round ones.
    Values,
}

/// Where a bare value stands, which says where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a list: at a comma.
    Item,
    /// In a range: at `..`.
    Bound,
}

const SHUT: [char; 2] = [')', ']'];

fn is_bracket(sign: char) -> bool {
    matches!(sign, '(' | '[' | ')' | ']')
}

fn ends_word(sign: char) -> bool {
    sign.is_whitespace() || is_bracket(sign)
}

impl<'q> Lexer<'q> {
    pub(super) fn new(text: &'q str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'q str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes on by as many bytes as the next signs that are `of` have, and gives them.
    fn take(&mut self, of: impl Fn(char) -> bool) -> &'q str {
        let rest = self.rest();
        let end = rest.find(|sign| !of(sign)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take(char::is_whitespace);
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    /// Eats one sign of the list.
    pub(super) fn eat_any(&mut self, signs: &[char]) -> Option<char> {
        let sign = self.peek().filter(|sign| signs.contains(sign))?;
        self.at += sign.len_utf8();
        Some(sign)
    }

    /// Eats a keyword, in any case of letters, with the blanks before it.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        ahead.skip_blanks();
        let found = ahead.take(|sign| sign.is_ascii_alphabetic()).eq_ignore_ascii_case(word)
            && ahead.peek().is_none_or(|sign| ends_word(sign) || matches!(sign, '"' | '`'));
        if found {
            *self = ahead;
        }
        found
    }

    fn is_at_keyword(mut self) -> bool {
        ["and", "or", "not"].into_iter().any(|word| self.keyword(word))
    }

    /// The part of the text from here to the end of the word, for an error.
    pub(super) fn fault(&self, problem: Problem) -> Fault {
        let mut end = *self;
        if end.take(|sign| !ends_word(sign)).is_empty() {
            end.at += end.peek().map_or(0, char::len_utf8);
        }
        Fault::new(problem, self.at..end.at)
    }

    /// A name with its separator, if that stands here; goes behind it.
    pub(super) fn clause(&mut self) -> Option<Clause<'q>> {
        let mut ahead = *self;
        let start = ahead.at;
        if ahead.is_at_keyword() {
            return None;
        }
        let name = ahead.name()?;
        let separator = ahead.separator()?;
        *self = ahead;
        Some(Clause { name, start, separator })
    }

    /// A name: letters, digits, `_` and dots, a letter first.
    pub(super) fn name(&mut self) -> Option<&'q str> {
        self.peek().filter(char::is_ascii_alphabetic)?;
        Some(self.take(|sign| sign.is_ascii_alphanumeric() || sign == '_' || sign == '.'))
    }

    fn separator(&mut self) -> Option<Separator> {
        if self.keyword("is") {
            let negated = self.keyword("not");
            return self.keyword("null").then_some(Separator::Null { negated });
        }
        let mut list = *self;
        if list.keyword("in") {
            list.skip_blanks();
            *self = list;
            return matches!(self.peek(), Some('(' | '[')).then_some(Separator::In);
        }
        self.skip_blanks();
        if !self.eat(":") {
            return self.comparison();
        }
        let mut ahead = *self;
        ahead.skip_blanks();
        let Some(comparison) = ahead.comparison() else { return Some(Separator::Colon) };
        *self = ahead;
        Some(comparison)
    }

    /// A comparison sign; `=` says no more than a colon.
    pub(super) fn comparison(&mut self) -> Option<Separator> {
        let signs = [
            (">=", Separator::Compare(Comparison::GreaterEqual)),
            ("<=", Separator::Compare(Comparison::LessEqual)),
            (">", Separator::Compare(Comparison::Greater)),
            ("<", Separator::Compare(Comparison::Less)),
            ("!=", Separator::NotEqual),
            ("=", Separator::Colon),
        ];
        signs.into_iter().find(|(sign, _)| self.eat(sign)).map(|(_, separator)| separator)
    }

    /// A value in quotes, if one begins here.
    pub(super) fn quoted(&mut self) -> Result<Option<Literal>, Fault> {
        let start = self.at;
        let Some(quote) = self.eat_any(&['"', '\'', '`']) else { return Ok(None) };
        let style = if quote == '`' { Style::Exact } else { Style::Phrase };
        let (mut done, mut part) = (Vec::new(), String::new());
        while let Some(sign) = self.peek() {
            self.at += sign.len_utf8();
            match sign {
                _ if sign == quote => {
                    done.push(part);
                    return Ok(Some(Literal::new(style, done, start..self.at)));
                }
                '*' if style == Style::Phrase => done.push(std::mem::take(&mut part)),
                '\\' => part.push(self.eat_any(&['"', '\'', '`', '\\', '*']).unwrap_or('\\')),
                other => part.push(other),
            }
        }
        Err(Fault::new(Problem::Unclosed(quote), start..self.at))
    }

    /// The bare words from here on; `first` says that the first one may look like a clause.
    pub(super) fn words(&mut self, mut first: bool) -> Result<Literal, Fault> {
        let (start, mut end) = (self.at, self.at);
        loop {
            self.skip_blanks();
            let mut ahead = *self;
            let is_other = self.is_at_keyword()
                || matches!(self.peek(), None | Some('"' | '\'' | '`' | '<' | '>' | '='))
                || (!first && (self.peek() == Some(':') || ahead.clause().is_some()));
            if is_other || self.take(|sign| !ends_word(sign) && sign != '"' && sign != '`').is_empty() {
                break;
            }
            if matches!(self.peek(), Some('"' | '`')) {
                return Err(Fault::new(Problem::NeedsQuotes, start..self.at));
            }
            (end, first) = (self.at, false);
        }
        self.at = end;
        Ok(Literal::bare(self.text.get(start..end).unwrap_or_default(), start))
    }

    /// An item of a list or a bound of a range: quoted, or bare up to where the place says.
    pub(super) fn item(&mut self, place: Place) -> Result<Literal, Fault> {
        self.skip_blanks();
        if let Some(quoted) = self.quoted()? {
            self.skip_blanks();
            return Ok(quoted);
        }
        let start = self.at;
        while let Some(sign) = self.peek() {
            let is_end = match place {
                Place::Item => sign == ',',
                Place::Bound => self.rest().starts_with(".."),
            };
            if is_end || is_bracket(sign) {
                break;
            }
            if matches!(sign, '"' | '`') {
                return Err(Fault::new(Problem::NeedsQuotes, start..self.at));
            }
            self.at += sign.len_utf8();
        }
        let text = self.text.get(start..self.at).unwrap_or_default().trim_end();
        Ok(Literal::bare(text, start))
    }

    /// Eats the closing bracket of what was opened at `start`.
    pub(super) fn close(&mut self, signs: &[char], start: usize) -> Result<char, Fault> {
        self.skip_blanks();
        if let Some(sign) = self.eat_any(signs) {
            return Ok(sign);
        }
        let opened = self.text.get(start..).and_then(|rest| rest.chars().next());
        match self.peek() {
            None => Err(Fault::new(Problem::Unclosed(opened.unwrap_or('(')), start..self.at)),
            Some(_) if signs.len() > 1 => Err(self.fault(Problem::Expected("the end of the range"))),
            Some(_) if signs == [')'] => Err(self.fault(Problem::Expected("')'"))),
            Some(_) => Err(self.fault(Problem::Expected("',' or ']'"))),
        }
    }

    /// Eats the closing bracket of a range.
    pub(super) fn close_range(&mut self, start: usize) -> Result<char, Fault> {
        self.close(&SHUT, start)
    }

    /// What the bracket here begins: looks through to its other half, past quoted text.
    pub(super) fn shape(mut self) -> Shape {
        let (mut depth, mut shape, mut fresh) = (0_usize, Shape::Values, true);
        while let Some(sign) = self.peek() {
            if (fresh || sign != '\'') && matches!(sign, '"' | '\'' | '`') {
                if self.quoted().is_err() {
                    break;
                }
                fresh = true;
                continue;
            }
            let mut ahead = self;
            if fresh && ahead.clause().is_some() {
                shape = Shape::Clauses;
            }
            if depth == 1 && self.rest().starts_with("..") {
                return Shape::Range;
            }
            match sign {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
            fresh = ends_word(sign) || matches!(sign, ':' | ',' | '=' | '<' | '>');
            self.at += sign.len_utf8();
        }
        shape
    }
}
