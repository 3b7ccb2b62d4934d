//! Numbers that many rows share (ports, QIDs, counts): a dictionary in numeric order.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::posting::{Posting, Union};

/// Number -> code -> rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    pub(super) order: BTreeMap<i64, u32>,
    pub(super) values: Vec<i64>,
    pub(super) postings: Vec<Posting>,
    pub(super) free: Vec<u32>,
}

impl Numbers {
    /// The code of a number, a new one if need be.
    pub(crate) fn code(&mut self, number: i64) -> u32 {
        if let Some(code) = self.order.get(&number) {
            return *code;
        }
        let code = match self.free.pop() {
            Some(code) => {
                if let Some(slot) = self.values.get_mut(code as usize) {
                    *slot = number;
                }
                code
            }
            None => {
                self.values.push(number);
                self.postings.push(Posting::Empty);
                (self.values.len() - 1) as u32
            }
        };
        self.order.insert(number, code);
        code
    }

    /// The code of a number, if some row has it.
    pub(crate) fn find(&self, number: i64) -> Option<u32> {
        self.order.get(&number).copied()
    }

    /// The number behind a code.
    pub(crate) fn value(&self, code: u32) -> Option<i64> {
        self.values.get(code as usize).copied()
    }

    pub(crate) fn insert(&mut self, code: u32, row: u32) {
        if let Some(posting) = self.postings.get_mut(code as usize) {
            posting.insert(row);
        }
    }

    /// Takes a row from a number; a number without rows is forgotten.
    pub(crate) fn remove(&mut self, code: u32, row: u32) {
        let Some(posting) = self.postings.get_mut(code as usize) else { return };
        posting.remove(row);
        if posting.is_empty()
            && let Some(number) = self.values.get(code as usize)
        {
            self.order.remove(number);
            self.free.push(code);
        }
    }

    /// The postings of the numbers in a range.
    pub(crate) fn within(&self, range: RangeInclusive<i64>) -> Union<'_> {
        let mut union = Union::default();
        if range.start() <= range.end() {
            self.order
                .range(range)
                .filter_map(|(_, code)| self.postings.get(*code as usize))
                .for_each(|p| union.add(p));
        }
        union
    }

    /// The codes of the numbers that meet a test.
    pub(crate) fn matching(&self, mut holds: impl FnMut(i64) -> bool) -> Vec<u32> {
        self.order.iter().filter_map(|(number, code)| holds(*number).then_some(*code)).collect()
    }
}
