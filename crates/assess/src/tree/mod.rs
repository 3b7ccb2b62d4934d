//! Configurations as trees of statements.
//!
//! - A node is one statement (or, in trees made of paths, one word of it) and the number of the line that made it.
//! - Nodes live in one list and texts in one buffer, so a tree of a million lines is two allocations.
//! - Children keep the order of the text. Parsing and printing never recurse: depth costs nothing.

pub(crate) mod braces;
pub(crate) mod forti;
pub(crate) mod indent;
pub(crate) mod lines;
pub(crate) mod paths;
mod print;
mod print_table;
pub(crate) mod scan;
pub(crate) mod words;
pub(crate) mod xml;

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::text::{LineUse, Text, offset};
pub use words::{Shape, Words};

/// The place of a node in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// The node that holds all others; its text is empty.
pub const ROOT: NodeId = NodeId(0);

const NONE: u32 = u32::MAX;
/// Text that belongs to the statement above and is no statement itself: banners, certificates.
const BODY: u8 = 1;
/// Switched off on the device: `inactive:` and `deactivate`.
const INACTIVE: u8 = 2;
/// Not written here but taken over from elsewhere, such as a Junos group. Not printed.
const INHERITED: u8 = 4;

#[derive(Debug, Clone)]
struct Node {
    parent: u32,
    first: u32,
    last: u32,
    next: u32,
    line: u32,
    start: u32,
    length: u32,
    flags: u8,
}

/// How a tree is written down again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// Children are indented.
    Indented,
    /// `config`, `edit`, `set`, `next`, `end`.
    Forti,
    /// One `set` line per path.
    SetLines,
    /// Nested braces, one statement a line.
    Braces,
    /// Ruled tables between blank lines.
    Tables,
}

/// A parsed configuration or command output.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    buffer: String,
    shape: Shape,
    notation: Notation,
    /// The text ends inside a quoted value, so nothing after it is closed.
    pub(crate) unfinished: bool,
    /// Where a search from the top begins: the root, and what the device puts around a whole configuration (a VDOM).
    tops: Vec<NodeId>,
    /// Children by parent and first word; filled when the tree is complete, or while it grows in path trees.
    index: HashTable<u32>,
    /// The root's statements by the hash of their first word, in the order of the text.
    heads: Vec<(u64, u32)>,
    hasher: DefaultHashBuilder,
}

impl Tree {
    pub(crate) fn new(shape: Shape, notation: Notation) -> Self {
        let root = Node {
            parent: NONE,
            first: NONE,
            last: NONE,
            next: NONE,
            line: 0,
            start: 0,
            length: 0,
            flags: 0,
        };
        Self {
            nodes: vec![root],
            buffer: String::new(),
            shape,
            notation,
            unfinished: false,
            tops: vec![ROOT],
            index: HashTable::new(),
            heads: Vec::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    fn push(&mut self, parent: NodeId, text: &str, line: u32, flags: u8) -> NodeId {
        let id = offset(self.nodes.len());
        let start = offset(self.buffer.len());
        self.buffer.push_str(text);
        let node = Node {
            parent: parent.0,
            first: NONE,
            last: NONE,
            next: NONE,
            line,
            start,
            length: offset(text.len()),
            flags,
        };
        self.nodes.push(node);
        let before = match self.nodes.get_mut(parent.0 as usize) {
            Some(above) => {
                let before = above.last;
                above.last = id;
                if before == NONE {
                    above.first = id;
                }
                before
            }
            None => NONE,
        };
        if let Some(sibling) = self.nodes.get_mut(before as usize) {
            sibling.next = id;
        }
        NodeId(id)
    }

    /// Adds a statement.
    pub(crate) fn statement(&mut self, parent: NodeId, text: &str, line: u32) -> NodeId {
        self.push(parent, text, line, 0)
    }

    /// Adds a line that belongs to the statement `parent`.
    pub(crate) fn body(&mut self, parent: NodeId, text: &str, line: u32) {
        self.push(parent, text, line, BODY);
    }

    /// The child of `parent` with this text, added when there is none. Only for path trees.
    pub(crate) fn child_or_new(&mut self, parent: NodeId, text: &str, line: u32, inherited: bool) -> NodeId {
        if let Some(found) = self.atom(parent, text) {
            return found;
        }
        let id = self.push(parent, text, line, if inherited { INHERITED } else { 0 });
        let hash = self.hash(parent.0, text);
        let (nodes, buffer, hasher) = (&self.nodes, &self.buffer, &self.hasher);
        self.index.insert_unique(hash, id.0, |&other| {
            let (above, text) = key(nodes, buffer, other);
            hasher.hash_one((above, text))
        });
        id
    }

    /// The child of `parent` with exactly this text, in path trees.
    pub(crate) fn atom(&self, parent: NodeId, text: &str) -> Option<NodeId> {
        let hash = self.hash(parent.0, text);
        self.index
            .find(hash, |&id| key(&self.nodes, &self.buffer, id) == (parent.0, text))
            .map(|&id| NodeId(id))
    }

    fn hash(&self, parent: u32, text: &str) -> u64 {
        self.hasher.hash_one((parent, text))
    }

    pub(crate) fn set_inactive(&mut self, id: NodeId) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            node.flags |= INACTIVE;
        }
    }

    pub(crate) fn add_top(&mut self, id: NodeId) {
        self.tops.push(id);
    }

    /// Must be called once the tree is complete: sorts the root's statements by first word.
    pub(crate) fn finish(mut self) -> Self {
        if self.shape != Shape::Atoms {
            let heads = self.children(ROOT).map(|id| (self.head_hash(self.first_word(id)), id.0)).collect();
            self.heads = heads;
            self.heads.sort_unstable();
        }
        self.nodes.shrink_to_fit();
        self.buffer.shrink_to_fit();
        self
    }

    fn head_hash(&self, word: &str) -> u64 {
        self.hasher.hash_one(word.to_ascii_lowercase())
    }

    fn first_word(&self, id: NodeId) -> &str {
        self.words(id).next().unwrap_or_default()
    }

    /// Statements at the top level that may begin with `word` (some may not: the hash alone is compared).
    pub(crate) fn heads(&self, word: &str) -> impl Iterator<Item = NodeId> {
        let hash = self.head_hash(word);
        let from = self.heads.partition_point(|(h, _)| *h < hash);
        self.heads.iter().skip(from).take_while(move |(h, _)| *h == hash).map(|(_, id)| NodeId(*id))
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// The text of a node.
    #[must_use]
    pub fn text(&self, id: NodeId) -> &str {
        self.node(id).map_or("", |n| slice(&self.buffer, n))
    }

    /// The line that made a node; 0 for the root and for what was taken over from elsewhere.
    #[must_use]
    pub fn line(&self, id: NodeId) -> u32 {
        self.node(id).map_or(0, |n| n.line)
    }

    /// The words of a node's text.
    #[must_use]
    pub fn words(&self, id: NodeId) -> Words<'_> {
        Words::of(self.text(id), self.shape)
    }

    /// The node above; none for the root.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).map(|n| n.parent).filter(|p| *p != NONE).map(NodeId)
    }

    /// The statements below a node, in order, without those that are switched off and without bodies.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.all_children(id).filter(|child| self.flags(*child) & (BODY | INACTIVE) == 0)
    }

    /// Everything below a node, in order.
    pub(crate) fn all_children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let first = self.node(id).map_or(NONE, |n| n.first);
        let some = |id: u32| (id != NONE).then_some(NodeId(id));
        std::iter::successors(some(first), move |id| self.node(*id).and_then(|n| some(n.next)))
    }

    /// The lines of text that belong to a statement: a banner, a certificate.
    pub fn bodies(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.all_children(id).filter(|child| self.flags(*child) & BODY != 0)
    }

    pub(crate) fn flags(&self, id: NodeId) -> u8 {
        self.node(id).map_or(0, |n| n.flags)
    }

    pub(crate) fn is_body(&self, id: NodeId) -> bool {
        self.flags(id) & BODY != 0
    }

    pub(crate) fn is_inactive(&self, id: NodeId) -> bool {
        self.flags(id) & INACTIVE != 0
    }

    pub(crate) fn is_inherited(&self, id: NodeId) -> bool {
        self.flags(id) & INHERITED != 0
    }

    /// How words are told apart in this tree.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Where a search from the top begins.
    #[must_use]
    pub fn tops(&self) -> &[NodeId] {
        &self.tops
    }

    /// Number of nodes, the root included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True when there is no statement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// The texts from the top to a node.
    #[must_use]
    pub fn path(&self, id: NodeId) -> Vec<&str> {
        let mut path: Vec<&str> = std::iter::successors(Some(id), |id| self.parent(*id))
            .filter(|id| *id != ROOT)
            .map(|id| self.text(id))
            .collect();
        path.reverse();
        path
    }

    /// All nodes with their depth, top first, in the order of the text; the root is left out.
    pub fn walk(&self) -> impl Iterator<Item = (usize, NodeId)> {
        let mut next = self.all_children(ROOT).next().map(|id| (0, id));
        std::iter::from_fn(move || {
            let (depth, id) = next?;
            next = self.after(depth, id);
            Some((depth, id))
        })
    }

    fn after(&self, mut depth: usize, id: NodeId) -> Option<(usize, NodeId)> {
        if let Some(child) = self.all_children(id).next() {
            return Some((depth + 1, child));
        }
        let mut at = self.node(id)?;
        while at.next == NONE {
            depth = depth.checked_sub(1)?;
            at = self.nodes.get(at.parent as usize)?;
        }
        Some((depth, NodeId(at.next)))
    }
}

/// Two trees are equal when they say the same in the same order, wherever it stands.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        let said = |tree: &Self| -> Vec<(usize, u8, String)> {
            tree.walk()
                .filter(|(_, id)| !tree.is_inherited(*id))
                .map(|(d, id)| (d, tree.flags(id), tree.text(id).to_owned()))
                .collect()
        };
        said(self) == said(other)
    }
}

fn slice<'a>(buffer: &'a str, node: &Node) -> &'a str {
    let start = node.start as usize;
    buffer.get(start..start + node.length as usize).unwrap_or_default()
}

fn key<'a>(nodes: &[Node], buffer: &'a str, id: u32) -> (u32, &'a str) {
    nodes.get(id as usize).map_or((NONE, ""), |node| (node.parent, slice(buffer, node)))
}

/// What a parser made of a range of lines.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The statements.
    pub(crate) tree: Tree,
    /// Why the text seems to be cut off; none when it seems whole.
    pub(crate) cut: Option<String>,
}

/// The lines a parser is given, and where it notes what became of each.
pub(crate) struct Source<'t> {
    pub(crate) text: &'t Text,
    pub(crate) range: std::ops::Range<u32>,
    pub(crate) uses: &'t mut [LineUse],
}

impl<'t> Source<'t> {
    /// The lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u32, &'t str)> + use<'t> {
        let text = self.text;
        text.lines(self.range.clone())
    }

    /// Notes that a line is no statement after all.
    pub(crate) fn disown(&mut self, line: u32, role: LineUse) {
        if let Some(slot) = line.checked_sub(1).and_then(|at| self.uses.get_mut(at as usize)) {
            *slot = role;
        }
    }

    /// Notes what became of a line, unless it is blank or was noted before as something that weighs more.
    pub(crate) fn mark(&mut self, line: u32, role: LineUse) {
        let Some(slot) = line.checked_sub(1).and_then(|at| self.uses.get_mut(at as usize)) else { return };
        let weaker = match slot {
            LineUse::Output => true,
            LineUse::Comment | LineUse::Close => role == LineUse::Statement,
            _ => false,
        };
        if weaker {
            *slot = role;
        }
    }
}
