//! Texts: every distinct text has a code, every code its rows. Questions are answered on distinct texts first.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;

use query::{Kind, Test, Value, ValueRef, fold, matcher::Prepared, words};
use roaring::RoaringBitmap;

use super::arena::Arena;
use super::lookup::Lookup;
use super::posting::{Posting, Union};

/// Text -> code -> rows.
#[derive(Clone)]
pub(crate) struct Dictionary {
    pub(super) kind: Kind,
    pub(super) texts: Arena,
    /// The folded texts, for questions that ignore case; kept for texts and keywords.
    pub(super) folded: Arena,
    /// Words of folded texts -> codes; kept for texts.
    pub(super) words: BTreeMap<Box<str>, Posting>,
    pub(super) postings: Vec<Posting>,
    pub(super) free: Vec<u32>,
    pub(super) lookup: Lookup,
}

impl Dictionary {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            texts: Arena::default(),
            folded: Arena::default(),
            words: BTreeMap::new(),
            postings: Vec::new(),
            free: Vec::new(),
            lookup: Lookup::default(),
        }
    }

    fn folds(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::Keyword)
    }

    /// The code of a text, a new one if need be.
    pub(crate) fn code(&mut self, text: &str) -> u32 {
        let hash = self.lookup.hash(text);
        if let Some(code) = self.lookup.find(hash, |code| self.texts.is(code, text)) {
            return code;
        }
        let code = self.free.pop().unwrap_or_else(|| {
            self.postings.push(Posting::Empty);
            (self.postings.len() - 1) as u32
        });
        self.texts.set(code, text);
        if self.folds() {
            let folded = fold(text);
            self.folded.set(code, &folded);
            if self.kind == Kind::Text {
                for word in words(&folded) {
                    match self.words.get_mut(word) {
                        Some(codes) => codes.insert(code),
                        None => {
                            self.words.insert(word.into(), Posting::One(code));
                        }
                    }
                }
            }
        }
        self.lookup.insert(hash, code);
        code
    }

    /// The code of a text, if some row has it.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.lookup.find(self.lookup.hash(text), |code| self.texts.is(code, text))
    }

    /// The text behind a code.
    pub(crate) fn value(&self, code: u32) -> Option<&str> {
        self.texts.get(code)
    }

    pub(crate) fn insert(&mut self, code: u32, row: u32) {
        if let Some(posting) = self.postings.get_mut(code as usize) {
            posting.insert(row);
        }
    }

    /// Takes a row from a text; a text without rows is forgotten.
    pub(crate) fn remove(&mut self, code: u32, row: u32) {
        let Some(posting) = self.postings.get_mut(code as usize) else { return };
        posting.remove(row);
        if posting.is_empty() {
            self.forget(code);
        }
    }

    fn forget(&mut self, code: u32) {
        let Some(text) = self.texts.get(code) else { return };
        self.lookup.remove(self.lookup.hash(text), code);
        if self.kind == Kind::Text {
            for word in words(&fold(text)) {
                let Some(codes) = self.words.get_mut(word) else { continue };
                codes.remove(code);
                if codes.is_empty() {
                    self.words.remove(word);
                }
            }
        }
        self.free.push(code);
    }

    /// The codes in use.
    pub(crate) fn codes(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.postings).filter(|(_, posting)| !posting.is_empty()).map(|(code, _)| code)
    }

    /// The rows of these codes.
    pub(crate) fn rows_of(&self, codes: impl IntoIterator<Item = u32>) -> Cow<'_, RoaringBitmap> {
        let mut union = Union::default();
        codes
            .into_iter()
            .filter_map(|code| self.postings.get(code as usize))
            .for_each(|posting| union.add(posting));
        union.finish()
    }

    /// The codes whose text meets a test.
    pub(crate) fn matching(&self, test: &Test) -> Vec<u32> {
        match test {
            Test::Equals(Value::Text(text)) if self.kind != Kind::Version => {
                self.find(text).into_iter().collect()
            }
            Test::In(values) if self.kind != Kind::Version => {
                let texts = values
                    .iter()
                    .filter_map(|value| if let Value::Text(text) = value { Some(text) } else { None });
                let mut codes: Vec<u32> = texts.filter_map(|text| self.find(text)).collect();
                codes.sort_unstable();
                codes.dedup();
                codes
            }
            Test::Contains(needle) if self.folds() && !needle.is_empty() => {
                self.live(self.folded.containing(needle))
            }
            Test::Words(prefixes) if self.kind == Kind::Text && !prefixes.is_empty() => {
                self.with_words(prefixes.iter().map(|prefix| self.words_from(prefix)))
            }
            Test::Phrase(phrase) if self.kind == Kind::Text => {
                let Some((last, firsts)) = phrase.split_last() else {
                    return self.verified(test, self.codes());
                };
                let exact = firsts
                    .iter()
                    .map(|word| self.words.get(word.as_str()).map_or_else(Default::default, Posting::rows));
                let candidates = self.with_words(exact.chain([self.words_from(last)]));
                self.verified(test, candidates.into_iter())
            }
            Test::Pattern(parts) if self.folds() => match parts.iter().max_by_key(|part| part.len()) {
                Some(longest) if !longest.is_empty() => {
                    self.verified(test, self.live(self.folded.containing(longest)).into_iter())
                }
                _ => self.verified(test, self.codes()),
            },
            _ => self.verified(test, self.codes()),
        }
    }

    /// Whether answering means reading every distinct text.
    pub(crate) fn is_costly(&self, test: &Test) -> bool {
        match test {
            Test::Equals(_) | Test::In(_) => self.kind == Kind::Version,
            Test::Contains(_) | Test::Pattern(_) => !self.folds(),
            Test::Words(_) | Test::Phrase(_) => self.kind != Kind::Text,
            Test::Range(..) | Test::Regex(_) => true,
            Test::Present => false,
        }
    }

    fn words_from(&self, prefix: &str) -> Cow<'_, RoaringBitmap> {
        let mut union = Union::default();
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let range = self.words.range::<str, _>(from).take_while(|(word, _)| word.starts_with(prefix));
        range.for_each(|(_, codes)| union.add(codes));
        union.finish()
    }

    fn with_words<'a>(&'a self, sets: impl Iterator<Item = Cow<'a, RoaringBitmap>>) -> Vec<u32> {
        let all = sets.reduce(super::posting::intersect);
        all.map(|codes| codes.iter().collect()).unwrap_or_default()
    }

    fn live(&self, mut codes: Vec<u32>) -> Vec<u32> {
        codes.retain(|code| self.postings.get(*code as usize).is_some_and(|posting| !posting.is_empty()));
        codes
    }

    fn verified(&self, test: &Test, codes: impl Iterator<Item = u32>) -> Vec<u32> {
        let prepared = Prepared::new(test, self.kind);
        codes
            .filter(|code| self.value(*code).is_some_and(|text| prepared.holds(ValueRef::Text(text))))
            .collect()
    }
}
