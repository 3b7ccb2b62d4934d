//! Outputs without nesting of their own: plain lines, keys with values, records, fields and ruled tables.

use super::{Notation, Parsed, ROOT, Shape, Source, Tree};
use crate::text::LineUse;

/// How the lines of an output are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) shape: Shape,
    /// First characters of lines to leave out.
    pub(crate) comments: &'static [char],
    /// What makes a line the parent of those that follow.
    pub(crate) group: Group,
}

/// Which lines hold the following ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// None.
    Flat,
    /// Lines that begin with this, until the next of them, such as `Account name` or `Match`.
    From(&'static str),
    /// `[Section]` lines.
    Brackets,
}

pub(crate) fn parse(mut source: Source<'_>, reading: Reading) -> Parsed {
    let mut tree = Tree::new(reading.shape, Notation::Indented);
    let mut parent = ROOT;
    for (number, line) in source.lines() {
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        if text.starts_with(reading.comments) {
            source.mark(number, LineUse::Comment);
            continue;
        }
        let opens = match reading.group {
            Group::Flat => false,
            Group::From(word) => text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)),
            Group::Brackets => text.starts_with('[') && text.ends_with(']'),
        };
        let id = tree.statement(if opens { ROOT } else { parent }, text, number);
        source.mark(number, LineUse::Statement);
        if opens {
            parent = id;
        }
    }
    Parsed { tree: tree.finish(), cut: None }
}

/// Ruled tables: a line of titles, a line of dashes, then rows up to a blank line. Each row is a node of its first cell,
/// with one `title: cell` below it for every column. Lines outside tables are plain nodes.
pub(crate) fn parse_table(mut source: Source<'_>) -> Parsed {
    let mut tree = Tree::new(Shape::Pairs, Notation::Tables);
    let mut columns: Vec<Column> = Vec::new();
    let mut lines = source.lines().peekable();
    while let Some((number, line)) = lines.next() {
        if line.trim().is_empty() {
            columns.clear();
        } else if is_ruler(line) {
            // It rules no titles.
            source.mark(number, LineUse::Comment);
        } else if let Some((ruler, dashes)) = lines.next_if(|(_, below)| is_ruler(below)) {
            columns = Column::all(line, dashes);
            source.mark(number, LineUse::Comment);
            source.mark(ruler, LineUse::Comment);
        } else {
            row(&mut tree, line, number, &columns);
            source.mark(number, LineUse::Statement);
        }
    }
    Parsed { tree: tree.finish(), cut: None }
}

fn row(tree: &mut Tree, line: &str, number: u32, columns: &[Column]) {
    let cells = cells(line, columns);
    match cells.first() {
        Some(first) if !first.is_empty() => {
            let id = tree.statement(ROOT, first, number);
            for (column, cell) in columns.iter().zip(&cells) {
                tree.statement(id, &format!("{}: {cell}", column.title), number);
            }
        }
        // Outside a table, or the continuation of the row above.
        _ => {
            tree.statement(ROOT, line.trim(), number);
        }
    }
}

fn is_ruler(line: &str) -> bool {
    line.contains("--") && line.chars().all(|c| c == '-' || c.is_whitespace())
}

/// A column of a ruled table.
struct Column {
    title: String,
    /// The character it begins with; it reaches to the next column.
    from: usize,
}

impl Column {
    /// The columns that runs of dashes mark; the first begins with the line.
    fn all(titles: &str, dashes: &str) -> Vec<Self> {
        let before = std::iter::once(' ').chain(dashes.chars());
        let starts = before.zip(dashes.chars()).enumerate();
        let mut columns: Vec<Self> = starts
            .filter(|(_, (before, here))| *before != '-' && *here == '-')
            .map(|(from, _)| Self { title: String::new(), from })
            .collect();
        if let Some(first) = columns.first_mut() {
            first.from = 0;
        }
        let mut titles = cells(titles, &columns).into_iter();
        let titles: Vec<String> = (1..=columns.len()).map(|at| title(titles.next(), at)).collect();
        columns.iter_mut().zip(titles).for_each(|(column, title)| column.title = title);
        columns
    }
}

/// A title without what parts it from its value; `column 3` where there is none.
fn title(given: Option<&str>, at: usize) -> String {
    let given = given.filter(|title| title.chars().any(|c| c != '-' && !c.is_whitespace()));
    given.map_or_else(|| format!("column {at}"), |title| title.replace([':', '='], "."))
}

/// What stands in each column that a line reaches.
fn cells<'l>(line: &'l str, columns: &[Column]) -> Vec<&'l str> {
    let mut places = line.char_indices().map(|(at, _)| at);
    let mut passed = 0;
    let place = |column: &Column| {
        let skipped = column.from.checked_sub(passed)?;
        passed = column.from + 1;
        places.nth(skipped)
    };
    let starts: Vec<usize> = columns.iter().map_while(place).collect();
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    starts.iter().zip(ends).map(|(from, to)| line.get(*from..to).unwrap_or_default().trim()).collect()
}
