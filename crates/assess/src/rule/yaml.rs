//! YAML with positions: a small tree in which each value knows where it stands.
//!
//! Aliases are refused (a short file could expand to a huge one), and so are depth and size beyond any rule.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::RuleError;

const DEPTH: usize = 32;
const SIZE: usize = 4 << 20;

/// A place in a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Mark {
    pub(crate) fn error(self, message: impl Into<String>) -> RuleError {
        RuleError { line: self.line, column: self.column, message: message.into() }
    }
}

impl From<Span> for Mark {
    fn from(span: Span) -> Self {
        Self { line: span.start.line(), column: span.start.col() + 1 }
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Yaml {
    pub(crate) at: Mark,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A scalar; `plain` when it is not quoted, so that `10` and `"10"` differ.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Yaml>),
    Map(Vec<(Yaml, Yaml)>),
}

impl Yaml {
    /// What kind of value it is, for messages.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            Kind::Scalar { .. } => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Reads the one document of a text.
pub(crate) fn read(text: &str) -> Result<Yaml, RuleError> {
    if text.len() > SIZE {
        return Err(Mark { line: 1, column: 1 }.error(format!("the file is larger than {SIZE} bytes")));
    }
    let mut open: Vec<Open> = Vec::new();
    let mut document = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| {
            let at = Mark { line: e.marker().line(), column: e.marker().col() + 1 };
            let why = match e.info() {
                "simple key expect ':'" | "simple key expected ':'" => "a key is not followed by `: `",
                other => other,
            };
            at.error(format!("the YAML is broken: {why}"))
        })?;
        let at = Mark::from(span);
        let whole = match event {
            Event::Scalar(value, style, ..) => Some(Yaml {
                at,
                kind: Kind::Scalar { text: value.into_owned(), plain: style == ScalarStyle::Plain },
            }),
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEPTH => {
                return Err(at.error(format!("nested deeper than {DEPTH} levels")));
            }
            Event::SequenceStart(..) => {
                open.push(Open { at, items: Vec::new(), map: false });
                None
            }
            Event::MappingStart(..) => {
                open.push(Open { at, items: Vec::new(), map: true });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close).transpose()?,
            Event::Alias(_) => {
                return Err(at.error("aliases (*name) are not accepted; write the value again"));
            }
            Event::DocumentStart(_) if document.is_some() => {
                return Err(at.error("one document per file; put all controls into one list"));
            }
            _ => None,
        };
        if let Some(value) = whole {
            match open.last_mut() {
                Some(above) => above.items.push(value),
                None => document = Some(value),
            }
        }
    }
    document.ok_or_else(|| {
        Mark { line: 1, column: 1 }.error("the file is empty; start one with `redoubt policy new`")
    })
}

/// A list or map whose end has not come yet.
struct Open {
    at: Mark,
    items: Vec<Yaml>,
    map: bool,
}

impl Open {
    fn close(self) -> Result<Yaml, RuleError> {
        if !self.map {
            return Ok(Yaml { at: self.at, kind: Kind::List(self.items) });
        }
        let mut pairs: Vec<(Yaml, Yaml)> = Vec::with_capacity(self.items.len() / 2);
        let mut seen = std::collections::HashSet::new();
        let mut items = self.items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            let Some(name) = key.text() else { return Err(key.at.error("a key must be a single word")) };
            if !seen.insert(name.to_owned()) {
                return Err(key.at.error(format!("{name:?} is given twice")));
            }
            pairs.push((key, value));
        }
        Ok(Yaml { at: self.at, kind: Kind::Map(pairs) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read(text).expect_err("an error").to_string()
    }

    #[test]
    fn mistakes_carry_their_place() {
        assert!(error("a: 1\nb: [1, 2\n").starts_with("line 3, column 1"), "{}", error("a: 1\nb: [1, 2\n"));
        assert_eq!(error("a: 1\na: 2"), "line 2, column 1: \"a\" is given twice");
        assert!(error("a: &x 1\nb: *x").contains("line 2, column 4: aliases"));
        assert!(error(&"[".repeat(100)).contains("nested deeper"));
        assert!(error("").contains("empty"));
    }

    #[test]
    fn values_know_where_they_stand() {
        let yaml = read("one:\n  two: |\n    text\n").expect("yaml");
        let Kind::Map(pairs) = &yaml.kind else { panic!("map") };
        let Kind::Map(inner) = &pairs[0].1.kind else { panic!("map") };
        assert_eq!(inner[0].0.at, Mark { line: 2, column: 3 });
        assert_eq!(inner[0].1.text(), Some("text\n"));
    }
}
