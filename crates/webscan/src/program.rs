//! Programs: what pages run. Pages of one template run the same scripts and differ in texts and numbers only, and what a browser
//! finds out on some of them holds for all.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::page::Page;
use crate::proof::script::{Piece, Script};

/// Names that are values, as texts and numbers are.
const VALUES: &[&str] = &["true", "false", "null", "undefined"];

/// The program of a page: the files of scripts that it loads, without their queries, and the names in its own scripts, whatever
/// their order. None for a page without scripts.
#[must_use]
pub fn program(page: &Page) -> Option<u64> {
    if page.scripts.is_empty() && page.inline_scripts.is_empty() {
        return None;
    }
    let loaded: BTreeSet<String> =
        page.scripts.iter().map(|script| format!("{}{}", script.origin, script.path)).collect();
    let mut names = BTreeSet::new();
    for text in &page.inline_scripts {
        names.extend(Script::read(text).pieces.into_iter().filter_map(|(piece, _)| match piece {
            Piece::Name(name) if !VALUES.contains(&name.as_str()) => Some(name),
            _ => None,
        }));
    }
    let mut hasher = DefaultHasher::new();
    (loaded, names).hash(&mut hasher);
    Some(hasher.finish())
}

/// A page that may be opened, with something of the caller's.
#[derive(Debug)]
pub struct Waiting<T> {
    /// What the caller has with it.
    pub item: T,
    /// The page.
    pub page: Arc<Page>,
    program: Option<u64>,
}

impl<T> Waiting<T> {
    /// The page, its scripts read.
    pub fn new(item: T, page: Arc<Page>) -> Self {
        Self { item, program: program(&page), page }
    }
}

/// Pages of one program, one after the other, that bring nothing new until no further one is opened.
const ENOUGH: usize = 6;

/// What opening pages in a browser has brought, by their programs.
#[derive(Debug, Default)]
pub struct Programs {
    /// How many in a row brought nothing.
    dull: HashMap<u64, usize>,
}

impl Programs {
    /// Of pages that wait, which are opened now and which must wait for what those bring, both in their order. Pages of a program
    /// that has brought nothing for long are in neither, unless they are built by their scripts.
    #[must_use]
    pub fn choose<T>(&self, pages: Vec<Waiting<T>>) -> (Vec<Waiting<T>>, Vec<Waiting<T>>) {
        let mut now = HashMap::<u64, usize>::new();
        let (mut opened, mut waiting) = (Vec::new(), Vec::new());
        for page in pages {
            let Some(program) = page.program.filter(|_| !page.page.wants_browser) else {
                opened.push(page);
                continue;
            };
            let dull = self.dull.get(&program).copied().unwrap_or_default();
            let chosen = now.entry(program).or_default();
            if dull + *chosen < ENOUGH {
                *chosen += 1;
                opened.push(page);
            } else if dull < ENOUGH {
                waiting.push(page);
            }
        }
        (opened, waiting)
    }

    /// Notes whether opening a page has brought anything.
    pub fn learn<T>(&mut self, page: &Waiting<T>, has_news: bool) {
        if let Some(program) = page.program {
            let dull = self.dull.entry(program).or_default();
            *dull = if has_news { 0 } else { *dull + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;

    fn page(script: &str, text: &str) -> Page {
        let url = Target::parse("http://example.test/wiki").unwrap();
        let text = text.repeat(300);
        Page::read(
            &url,
            &format!(
                "<a href=/>x</a><p>{text}</p><script src=/load.js?v=1></script><script>{script}</script>"
            ),
        )
    }

    #[test]
    fn pages_of_one_template_run_one_program() {
        let one = program(&page("CONFIG = {\"title\": \"Main\", id: 7}; start(CONFIG)", "a"));
        assert!(one.is_some());
        assert_eq!(
            program(&page("CONFIG = {\"title\": \"Other\", id: 12345, \"old\": true}; start(CONFIG)", "b")),
            one
        );
        assert_ne!(program(&page("CONFIG = {}; start(location.hash)", "a")), one);
        assert_eq!(program(&Page::default()), None);
    }

    #[test]
    fn a_program_that_brings_nothing_is_opened_a_few_times_only() {
        let same = Arc::new(page("start()", "a"));
        let mut programs = Programs::default();
        let mut waiting: Vec<_> = (0..40).map(|item| Waiting::new(item, Arc::clone(&same))).collect();
        let mut opened = Vec::new();
        while !waiting.is_empty() {
            let (now, later) = programs.choose(waiting);
            now.iter().for_each(|page| programs.learn(page, page.item == 3));
            opened.extend(now.into_iter().map(|page| page.item));
            waiting = later;
        }
        // The fourth has news, so that six more have their chance after it.
        assert_eq!(opened, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn pages_that_scripts_build_are_always_opened() {
        let mut page = page("start()", "a");
        page.wants_browser = true;
        let page = Arc::new(page);
        let (now, later) =
            Programs::default().choose((0..40).map(|item| Waiting::new(item, Arc::clone(&page))).collect());
        assert_eq!((now.len(), later.len()), (40, 0));
    }
}
