//! Outputs without nesting of their own: plain lines, keys with values, records, fields and ruled tables.

use super::{NodeId, Notation, Parsed, ROOT, Shape, Source, Tree};
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

/// A ruled table: a line of titles, a line of dashes, then rows. Each row is a node of its first cell, with one
/// `title: cell` below it for every column. Lines outside the table are plain nodes.
pub(crate) fn parse_table(mut source: Source<'_>) -> Parsed {
    let mut tree = Tree::new(Shape::Pairs, Notation::Indented);
    let lines: Vec<(u32, &str)> = source.lines().filter(|(_, line)| !line.trim().is_empty()).collect();
    let mut columns: Vec<(String, usize, usize)> = Vec::new();
    let mut rows = lines.iter().peekable();
    while let Some((number, line)) = rows.next() {
        source.mark(*number, LineUse::Statement);
        if let Some((ruler, dashes)) = rows.peek()
            && is_ruler(dashes)
        {
            columns = spans(dashes).map(|(from, to)| (cell(line, from, to).to_owned(), from, to)).collect();
            source.mark(*ruler, LineUse::Comment);
            rows.next();
            continue;
        }
        row(&mut tree, line, *number, &columns);
    }
    Parsed { tree: tree.finish(), cut: None }
}

fn row(tree: &mut Tree, line: &str, number: u32, columns: &[(String, usize, usize)]) {
    let first = columns.first().map_or(line.trim(), |(_, from, to)| cell(line, *from, *to));
    if columns.is_empty() || first.is_empty() {
        tree.statement(ROOT, line.trim(), number);
        return;
    }
    let id: NodeId = tree.statement(ROOT, first, number);
    for (title, from, to) in columns {
        tree.statement(id, &format!("{title}: {}", cell(line, *from, *to)), number);
    }
}

fn is_ruler(line: &str) -> bool {
    line.contains("--") && line.chars().all(|c| c == '-' || c == ' ')
}

/// Where the runs of dashes stand; the last column reaches to the end of the line.
fn spans(dashes: &str) -> impl Iterator<Item = (usize, usize)> {
    let starts: Vec<usize> = dashes
        .bytes()
        .scan(b' ', |before, b| Some(std::mem::replace(before, b) == b' ' && b == b'-'))
        .enumerate()
        .filter_map(|(at, starts)| starts.then_some(at))
        .collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([usize::MAX]).collect();
    starts.into_iter().zip(ends)
}

fn cell(line: &str, from: usize, to: usize) -> &str {
    let to = to.min(line.len());
    line.get(from..to).unwrap_or_default().trim()
}
