//! Trees of paths: Junos and PAN-OS, as `set` lines or with braces. Both notations of one configuration give the
//! same tree, in which every word is a node below the word before it.

use crate::text::LineUse;

use super::{NodeId, Notation, Parsed, ROOT, Shape, Source, Tree, scan::Scanner, scan::Token};

/// What differs between the two families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paths {
    /// `apply-groups` and `inactive:` mean something.
    pub(crate) junos: bool,
}

pub(crate) fn parse(source: Source<'_>, family: Paths) -> Parsed {
    let first = source
        .lines()
        .map(|(_, line)| line.trim())
        .find(|l| !l.is_empty() && !l.starts_with(['#', '/', '*']));
    let by_line = first.is_some_and(|line| verb(line).is_some());
    let mut grower = Grower { tree: Tree::new(Shape::Atoms, Notation::SetLines), family, cut: None };
    let mut scanner = Scanner::new(source, family.junos);
    if by_line {
        grower.set_lines(&mut scanner)
    } else {
        grower.braces(&mut scanner)
    }
    if let Some(line) = scanner.unclosed {
        grower.cut = Some(format!("the quoted value or comment that begins on line {line} does not end"));
    }
    if family.junos {
        super::paths::groups::apply(&mut grower.tree);
    }
    Parsed { cut: grower.cut, tree: grower.tree.finish() }
}

fn verb(line: &str) -> Option<&str> {
    let first = line.split_whitespace().next()?;
    matches!(
        first,
        "set" | "deactivate" | "activate" | "protect" | "delete" | "annotate" | "insert" | "rename"
    )
    .then_some(first)
}

/// What PAN-OS puts around a whole configuration in some notations; the paths begin inside.
const WRAPPER: &str = "config";

struct Grower {
    tree: Tree,
    family: Paths,
    cut: Option<String>,
}

impl Grower {
    fn set_lines(&mut self, scanner: &mut Scanner<'_>) {
        loop {
            let mut path = Vec::new();
            let mut lists = Vec::new();
            let mut in_list = false;
            let mut began = None;
            loop {
                match scanner.next() {
                    None if began.is_none() => return,
                    None | Some(Token::LineEnd) => break,
                    Some(Token::ListOpen) => in_list = true,
                    Some(Token::ListClose) => in_list = false,
                    Some(Token::Word(word)) => {
                        if *began.get_or_insert(scanner.line()) != scanner.line() {
                            // A comment or quoted value hides the line's end.
                            scanner.disown(scanner.line(), LineUse::Body);
                        }
                        if in_list { lists.push(word) } else { path.push(word) }
                    }
                    Some(Token::Open | Token::Close | Token::Semicolon) => {}
                }
            }
            let Some(line) = began else { continue };
            let Some((first, words)) = path.split_first() else {
                scanner.disown(line, LineUse::Noise);
                continue;
            };
            self.set_line(scanner, line, first, words, &lists);
        }
    }

    fn set_line(
        &mut self,
        scanner: &mut Scanner<'_>,
        line: u32,
        verb: &str,
        words: &[String],
        list: &[String],
    ) {
        let says_something = !words.is_empty() || !list.is_empty();
        match verb {
            "set" if says_something => {
                let end = self.grow(words, line);
                if end == ROOT && list.is_empty() {
                    scanner.disown(line, LineUse::Close);
                }
                for word in list {
                    self.child(end, word, line);
                }
            }
            "deactivate" if says_something => {
                let end = self.grow(words, line);
                if end == ROOT && list.is_empty() {
                    scanner.disown(line, LineUse::Close);
                } else if list.is_empty() {
                    self.tree.set_inactive(end);
                }
                for word in list {
                    let id = self.child(end, word, line);
                    if id != ROOT {
                        self.tree.set_inactive(id);
                    }
                }
            }
            // A verb that stands alone or that no saved configuration holds.
            _ => scanner.disown(line, LineUse::Noise),
        }
    }

    fn grow(&mut self, words: &[String], line: u32) -> NodeId {
        words.iter().fold(ROOT, |at, word| self.child(at, word, line))
    }

    fn child(&mut self, parent: NodeId, word: &str, line: u32) -> NodeId {
        if !self.family.junos && parent == ROOT && word == WRAPPER {
            return ROOT;
        }
        let known = self.tree.len();
        let id = self.tree.child_or_new(parent, word, line, false);
        if self.tree.len() > known && !self.family.junos && is_container(&self.tree, parent) {
            self.tree.add_top(id);
        }
        id
    }

    fn braces(&mut self, scanner: &mut Scanner<'_>) {
        let mut open: Vec<NodeId> = Vec::new();
        let mut at = ROOT;
        let (mut in_list, mut inactive, mut began) = (false, false, 0_u32);
        let mut words = 0_u32;
        while let Some(token) = scanner.next() {
            let base = open.last().copied().unwrap_or(ROOT);
            match token {
                Token::Word(word) if words == 0 && self.family.junos && word == "inactive:" => {
                    inactive = true
                }
                Token::Word(word)
                    if words == 0
                        && self.family.junos
                        && matches!(word.as_str(), "protect:" | "replace:") => {}
                Token::Word(word) if in_list => {
                    if self.child(at, &word, scanner.line()) == ROOT {
                        scanner.disown(scanner.line(), LineUse::Close);
                    }
                }
                Token::Word(word) => {
                    if words == 0 {
                        (at, began) = (base, scanner.line());
                    }
                    words += 1;
                    at = self.child(at, &word, scanner.line());
                    if at == ROOT {
                        scanner.disown(scanner.line(), LineUse::Close);
                    }
                }
                Token::ListOpen => in_list = true,
                Token::ListClose => in_list = false,
                Token::Open => {
                    self.switch_off(at, &mut inactive);
                    open.push(if words == 0 { base } else { at });
                    (at, words) = (ROOT, 0);
                }
                Token::Semicolon => {
                    self.switch_off(at, &mut inactive);
                    (in_list, words) = (false, 0);
                }
                Token::Close => {
                    if open.pop().is_none() {
                        let line = scanner.line();
                        self.cut =
                            Some(format!("line {line} closes a block that does not begin in this text"));
                    }
                    words = 0;
                }
                Token::LineEnd => {}
            }
        }
        if words > 0 {
            self.cut = Some(format!("the statement that begins on line {began} does not end"));
        } else if !open.is_empty() {
            self.cut = Some(format!("{} block(s) do not end", open.len()));
        }
    }

    fn switch_off(&mut self, id: NodeId, inactive: &mut bool) {
        if std::mem::take(inactive) && id != ROOT {
            self.tree.set_inactive(id);
        }
    }
}

/// What stands inside an entry of `vsys` or `devices` is found as if it stood at the top.
pub(super) fn is_container(tree: &Tree, parent: NodeId) -> bool {
    matches!(tree.text(parent), "vsys" | "devices")
        && tree.parent(parent).is_some_and(|above| tree.tops().contains(&above))
}

pub(super) mod groups {
    //! Junos groups: what `apply-groups` takes over is in force as if it were written out.

    use super::super::{NodeId, ROOT, Tree};

    /// Most nodes that groups may add, so that a small text cannot grow a huge tree.
    const LIMIT: usize = 200_000;

    pub(in super::super) fn apply(tree: &mut Tree) {
        let Some(groups) = tree.atom(ROOT, "groups") else { return };
        let Some(applied) = tree.atom(ROOT, "apply-groups") else { return };
        let names: Vec<String> = tree.children(applied).map(|id| tree.text(id).to_owned()).collect();
        let mut left = LIMIT;
        for name in names {
            if let Some(group) = tree.atom(groups, &name) {
                copy(tree, group, &mut left);
            }
        }
    }

    /// Copies what stands below `group` to the top, where nothing that was written there itself is changed.
    fn copy(tree: &mut Tree, group: NodeId, left: &mut usize) {
        let mut work = vec![(group, ROOT)];
        while let Some((from, to)) = work.pop() {
            let children: Vec<NodeId> = tree.children(from).collect();
            for child in children.into_iter().rev() {
                let word = tree.text(child).to_owned();
                let targets = match word.strip_prefix('<').and_then(|w| w.strip_suffix('>')) {
                    Some(wildcard) => matching(tree, to, wildcard),
                    None if tree.atom(to, &word).is_none() && overrides(tree, to, child) => continue,
                    None => vec![tree.child_or_new(to, &word, 0, true)],
                };
                for target in targets {
                    let Some(rest) = left.checked_sub(1) else { return };
                    *left = rest;
                    work.push((child, target));
                }
            }
        }
    }

    /// A value written in the configuration itself wins over the group's: both are single ends of the same path.
    fn overrides(tree: &Tree, to: NodeId, value: NodeId) -> bool {
        let is_end = |id: NodeId| tree.children(id).next().is_none();
        to != ROOT
            && is_end(value)
            && tree.children(to).any(|own| is_end(own) && !tree.is_inherited(own))
            && tree.children(to).count() == 1
    }

    fn matching(tree: &Tree, to: NodeId, wildcard: &str) -> Vec<NodeId> {
        let fits = |text: &str| match wildcard.split_once('*') {
            Some((start, end)) => {
                text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
            }
            None => text == wildcard,
        };
        tree.children(to).filter(|id| fits(tree.text(*id))).collect()
    }
}
