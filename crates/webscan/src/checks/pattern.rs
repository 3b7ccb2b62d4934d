//! Regular expressions that checks are written with: made once, and one that is wrong matches nothing (the test of the
//! check shows it).

use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::RwLock;
use regex::{Captures, Match, Regex};

/// A regular expression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern(&'static str);

type Made = HashMap<(usize, usize), (&'static str, Option<&'static Regex>)>;

/// Those that were made, by where their text lies.
static MADE: LazyLock<RwLock<Made>> = LazyLock::new(RwLock::default);

/// Most matches that are taken from one text.
const MOST: usize = 1_000;
/// As much as a replay allows.
const LIMIT: usize = 4 << 20;

impl Pattern {
    /// An expression in which `\w`, `\d` and `\b` mean ASCII: what is looked for is, and it is many times faster.
    pub(crate) const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// As a replay takes it.
    pub(crate) fn text(&self) -> &'static str {
        self.made().0
    }

    fn regex(&self) -> Option<&'static Regex> {
        self.made().1
    }

    fn made(&self) -> (&'static str, Option<&'static Regex>) {
        let key = (self.0.as_ptr() as usize, self.0.len());
        if let Some(made) = MADE.read().get(&key) {
            return *made;
        }
        // Kept for good: there are as many as the program's text has.
        let text: &'static str = Box::leak(ascii(self.0).into_boxed_str());
        let made = regex::RegexBuilder::new(text).size_limit(LIMIT).build().ok();
        *MADE.write().entry(key).or_insert((text, made.map(|regex| &*Box::leak(Box::new(regex)))))
    }

    #[cfg(test)]
    pub(crate) fn is_valid(&self) -> bool {
        self.regex().is_some()
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.regex()?.find(text)
    }

    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex()?.captures(text)
    }

    /// All matches, in order.
    pub(crate) fn all<'t>(&self, text: &'t str) -> Vec<Match<'t>> {
        self.regex().map(|regex| regex.find_iter(text).take(MOST).collect()).unwrap_or_default()
    }

    /// All matches with their groups, in order.
    pub(crate) fn all_captures<'t>(&self, text: &'t str) -> Vec<Captures<'t>> {
        self.regex().map(|regex| regex.captures_iter(text).take(MOST).collect()).unwrap_or_default()
    }
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('w') => out += "[0-9A-Za-z_]",
            Some('d') => out += "[0-9]",
            Some('b') => out += r"(?-u:\b)",
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}
