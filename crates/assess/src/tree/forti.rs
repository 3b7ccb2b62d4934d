//! FortiOS: `config`, `edit`, `set`, `next`, `end`.
//!
//! Statements keep their first word, so a rule is written as the device prints it: `config system global / set
//! admintimeout <v>`. What stands inside `config global` and inside a VDOM is found as if it stood at the top.

use super::{NodeId, Notation, Parsed, ROOT, Shape, Source, Tree, words::closing_quote};
use crate::text::LineUse;

pub(crate) fn parse(mut source: Source<'_>) -> Parsed {
    let mut tree = Tree::new(Shape::Words, Notation::Forti);
    let mut open: Vec<NodeId> = Vec::new();
    let mut quoted: Option<(NodeId, u32)> = None;
    let mut stray = None;
    for (number, line) in source.lines() {
        if let Some((owner, _)) = quoted {
            source.mark(number, LineUse::Body);
            tree.body(owner, line, number);
            if closing_quote(line).is_some_and(|at| !leaves_open(line.get(at + 1..).unwrap_or_default())) {
                quoted = None;
            }
            continue;
        }
        let text = line.trim();
        let first = text.split_whitespace().next().unwrap_or_default();
        match first {
            "" => continue,
            _ if first.starts_with('#') => {
                source.mark(number, LineUse::Comment);
                continue;
            }
            "next" | "end" if text == first => {
                source.mark(number, LineUse::Close);
                close(&mut open, &tree, first, number, &mut stray);
                continue;
            }
            _ => {}
        }
        let parent = open.last().copied().unwrap_or(ROOT);
        let id = tree.statement(parent, text, number);
        source.mark(number, LineUse::Statement);
        if leaves_open(text) {
            quoted = Some((id, number));
        }
        if matches!(first, "config" | "edit") {
            if is_container(&tree, parent, text) {
                tree.add_top(id);
            }
            open.push(id);
        }
    }
    tree.unfinished = quoted.is_some();
    let cut = match (quoted, open.last(), stray) {
        (Some((_, line)), ..) => Some(format!("the quoted value that begins on line {line} does not end")),
        (_, Some(id), _) => Some(format!("the block that begins on line {} does not end", tree.line(*id))),
        (_, _, Some(line)) => Some(format!("line {line} closes a block that does not begin in this text")),
        _ => None,
    };
    Parsed { tree: tree.finish(), cut }
}

/// `next` closes an entry; `end` closes a table, and an entry that was left open in it.
fn close(open: &mut Vec<NodeId>, tree: &Tree, word: &str, number: u32, stray: &mut Option<u32>) {
    let is_entry = |id: &NodeId| tree.text(*id).starts_with("edit");
    match (word, open.last().is_some_and(is_entry)) {
        ("next", false) => *stray = stray.or(Some(number)),
        ("next", true) => {
            open.pop();
        }
        (_, entry) => {
            if entry {
                open.pop();
            }
            if open.pop().is_none() {
                *stray = stray.or(Some(number));
            }
        }
    }
}

/// `config global`, and the entries of `config vdom`.
fn is_container(tree: &Tree, parent: NodeId, text: &str) -> bool {
    (parent == ROOT && text == "config global")
        || (tree.text(parent) == "config vdom" && text.starts_with("edit "))
}

/// Whether a double quote stays open at the end of the text.
fn leaves_open(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, inner)) = rest.split_once('"') {
        match closing_quote(inner).and_then(|end| inner.get(end + 1..)) {
            Some(after) => rest = after,
            None => return true,
        }
    }
    false
}
