//! Searching a tree with selectors.

use super::pattern::{Pattern, Step, Word};
use crate::tree::{NodeId, ROOT, Shape, Tree, Words};

/// A statement that a selector found.
#[derive(Debug, Clone)]
pub(crate) struct Match<'t> {
    /// The statement that completed the selector.
    pub(crate) node: NodeId,
    /// Captured values by the position of their names.
    values: Vec<Option<&'t str>>,
    /// Which of several selectors found it.
    pub(crate) pattern: usize,
}

impl<'t> Match<'t> {
    /// The value captured under a name.
    pub(crate) fn value(&self, patterns: &[Pattern], name: &str) -> Option<&'t str> {
        let at = patterns.get(self.pattern)?.names.iter().position(|n| n == name)?;
        self.values.get(at).copied().flatten()
    }
}

/// All statements under `scope` that any of the selectors finds, in the order of the text, each once.
pub(crate) fn find<'t>(tree: &'t Tree, scope: NodeId, patterns: &[Pattern]) -> Vec<Match<'t>> {
    let mut found = Vec::new();
    for (at, pattern) in patterns.iter().enumerate() {
        let mut search =
            Search { tree, pattern, at, values: vec![None; pattern.names.len()], found: &mut found };
        if pattern.own {
            search.candidate(scope, (0, 0));
        } else if pattern.absolute || scope == ROOT {
            for top in tree.tops() {
                search.below(*top, (0, 0));
            }
        } else {
            search.below(scope, (0, 0));
        }
    }
    if patterns.len() > 1 {
        found.sort_by_key(|m| m.node);
        found.dedup_by_key(|m| m.node);
    }
    found
}

/// How far a selector has come: its step and the word in it.
type Place = (usize, usize);

enum Fit {
    No,
    Done,
    Below(Place),
}

struct Search<'a, 't> {
    tree: &'t Tree,
    pattern: &'a Pattern,
    at: usize,
    values: Vec<Option<&'t str>>,
    found: &'a mut Vec<Match<'t>>,
}

impl<'t> Search<'_, 't> {
    fn below(&mut self, parent: NodeId, place: Place) {
        let tree = self.tree;
        match self.literal(place) {
            Some(word) if tree.shape() == Shape::Atoms => {
                let found = tree.atom(parent, word).filter(|id| !tree.is_inactive(*id));
                found.into_iter().for_each(|child| self.candidate(child, place));
            }
            Some(word) if parent == ROOT => {
                let word = word.to_owned();
                tree.heads(&word).for_each(|child| self.candidate(child, place));
            }
            _ => tree.children(parent).for_each(|child| self.candidate(child, place)),
        }
    }

    /// The literal word that must come next, when there is exactly one.
    fn literal(&self, (step, word): Place) -> Option<&str> {
        match self.pattern.steps.get(step)? {
            Step::Words { words, .. } => match words.get(word)? {
                Word::Literal(literal) if !literal.contains('*') => Some(literal),
                _ => None,
            },
            Step::Line { .. } => None,
        }
    }

    fn candidate(&mut self, node: NodeId, place: Place) {
        match self.fit(node, place) {
            Fit::No => {}
            Fit::Done => {
                self.found.push(Match { node, values: self.values.clone(), pattern: self.at });
            }
            Fit::Below(next) => self.below(node, next),
        }
    }

    fn fit(&mut self, node: NodeId, (step, word): Place) -> Fit {
        let pattern = self.pattern;
        match pattern.steps.get(step) {
            Some(Step::Line { regex, captures }) => {
                let Some(groups) = regex.captures(self.tree.text(node)) else { return Fit::No };
                for (group, slot) in captures {
                    if let Some(value) = self.values.get_mut(*slot) {
                        *value = groups.get(*group).map(|m| m.as_str());
                    }
                }
                self.step_done(step)
            }
            Some(Step::Words { words, whole }) => {
                let fit = self.fit_words(node, words, word);
                match fit {
                    Progress::No => Fit::No,
                    Progress::Stopped(word) => Fit::Below((step, word)),
                    Progress::Done { more } if *whole && (more || self.goes_on_below(node)) => Fit::No,
                    Progress::Done { .. } => self.step_done(step),
                }
            }
            None => Fit::No,
        }
    }

    /// In path trees what follows a word stands below it.
    fn goes_on_below(&self, node: NodeId) -> bool {
        self.tree.shape() == Shape::Atoms && self.tree.children(node).next().is_some()
    }

    fn step_done(&self, step: usize) -> Fit {
        if step + 1 == self.pattern.steps.len() { Fit::Done } else { Fit::Below((step + 1, 0)) }
    }

    fn fit_words(&mut self, node: NodeId, pattern: &[Word], from: usize) -> Progress {
        let mut words: Words<'t> = self.tree.words(node);
        for (at, wanted) in pattern.iter().enumerate().skip(from) {
            if let Word::Rest(slot) = wanted {
                let rest = words.rest();
                if rest.is_empty() && slot.is_some() {
                    return if at > from { Progress::Stopped(at) } else { Progress::No };
                }
                self.keep(*slot, rest);
                return Progress::Done { more: false };
            }
            let Some(word) = words.next() else {
                return if at > from { Progress::Stopped(at) } else { Progress::No };
            };
            if !wanted.fits(word) {
                return Progress::No;
            }
            if let Word::Capture(slot) = wanted {
                self.keep(Some(*slot), word);
            }
        }
        Progress::Done { more: words.next().is_some() }
    }

    fn keep(&mut self, slot: Option<usize>, word: &'t str) {
        if let Some(value) = slot.and_then(|slot| self.values.get_mut(slot)) {
            *value = Some(word);
        }
    }
}

enum Progress {
    No,
    /// The statement ended before this word of the step: what is below may go on.
    Stopped(usize),
    Done {
        more: bool,
    },
}
