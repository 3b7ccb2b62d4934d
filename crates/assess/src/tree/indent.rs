//! Trees by indentation: Cisco IOS, IOS-XR, NX-OS and ASA, Arista EOS, Comware, FastIron.
//!
//! A statement belongs to the nearest statement above it that is indented less. Banners, certificates and macros are
//! bodies of the statement that opens them: nothing in them is read as configuration.

use super::{NodeId, Notation, Parsed, ROOT, Shape, Source, Tree};
use crate::text::LineUse;

/// What differs between the families that indent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// First characters of lines that the device ignores.
    pub(crate) comments: &'static [char],
    /// Beginnings of lines that are printed with a configuration and are not part of it.
    pub(crate) noise: &'static [&'static str],
    /// The line that a whole configuration ends with.
    pub(crate) end: Option<&'static str>,
    /// The word that opens a text between delimiters; none where each banner line is a statement.
    pub(crate) banner: Option<&'static str>,
}

pub(crate) fn parse(mut source: Source<'_>, dialect: &Dialect) -> Parsed {
    let mut tree = Tree::new(Shape::Words, Notation::Indented);
    let mut open: Vec<(usize, NodeId)> = Vec::new();
    let mut body: Option<Body> = None;
    let mut ended = false;
    for (number, line) in source.lines() {
        if let Some(inside) = &body {
            source.mark(number, LineUse::Body);
            tree.body(inside.owner, line, number);
            if inside.ends_with(line) {
                body = None;
            }
            continue;
        }
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        let indent = width(line);
        if text.starts_with(dialect.comments) {
            source.mark(number, LineUse::Comment);
            continue;
        }
        if dialect.noise.iter().any(|noise| text.starts_with(noise)) {
            source.mark(number, LineUse::Noise);
            continue;
        }
        while open.last().is_some_and(|(above, _)| *above >= indent) {
            open.pop();
        }
        if dialect.end == Some(text) && open.is_empty() {
            source.mark(number, LineUse::Close);
            ended = true;
            continue;
        }
        let parent = open.last().map_or(ROOT, |(_, id)| *id);
        let id = tree.statement(parent, text, number);
        source.mark(number, LineUse::Statement);
        open.push((indent, id));
        ended = false;
        body = Body::opened_by(text, id, number, parent, &tree, dialect);
    }
    let cut = match body {
        Some(inside) => Some(format!("the text that begins on line {} does not end", inside.line)),
        None if !ended => dialect.end.map(|end| format!("the configuration does not end with {end:?}")),
        None => None,
    };
    Parsed { tree: tree.finish(), cut }
}

/// Columns of the blanks a line begins with.
pub(super) fn width(line: &str) -> usize {
    line.bytes().take_while(u8::is_ascii_whitespace).map(|b| if b == b'\t' { 8 } else { 1 }).sum()
}

/// A statement whose following lines are its text.
struct Body {
    owner: NodeId,
    line: u32,
    until: Until,
}

enum Until {
    /// A line that holds this mark anywhere.
    Holds(String),
    /// A line that is exactly this word.
    Is(&'static str),
}

impl Body {
    fn opened_by(
        text: &str,
        owner: NodeId,
        line: u32,
        parent: NodeId,
        tree: &Tree,
        dialect: &Dialect,
    ) -> Option<Self> {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let until = match first {
            _ if dialect.banner == Some(first) => banner_end(rest)?,
            "certificate" if tree.text(parent).contains("certificate chain") => Until::Is("quit"),
            "macro" if rest.starts_with("name ") => Until::Is("@"),
            _ => return None,
        };
        Some(Self { owner, line, until })
    }

    fn ends_with(&self, line: &str) -> bool {
        match &self.until {
            Until::Holds(mark) => line.contains(mark.as_str()),
            Until::Is(word) => line.trim() == *word,
        }
    }
}

/// How a banner ends, from what follows the word `banner`; none when it ends on the same line.
fn banner_end(rest: &str) -> Option<Until> {
    let text = rest.trim_start().split_once(' ').map_or("", |(_, text)| text.trim_start());
    let mark: String = match text.chars().next() {
        // No delimiter on the line: the text follows and ends with a line of its own.
        None => return Some(Until::Is("EOF")),
        Some('^') if text.starts_with("^C") => "^C".to_owned(),
        Some(first) => first.to_string(),
    };
    let after = text.strip_prefix(mark.as_str()).unwrap_or_default();
    (!after.contains(mark.as_str())).then_some(Until::Holds(mark))
}
