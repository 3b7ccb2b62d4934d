//! What writers tried and what they were answered, and so what a store may and must hold after they were killed.
//!
//! A write that was answered must be there, once. One that was tried and not answered may be there or not; what is
//! found then is what the ledger expects from there on.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The ledger of all writers of a test.
#[derive(Debug, Default)]
pub struct Ledger {
    things: BTreeMap<String, Fate>,
    counters: BTreeMap<String, RangeInclusive<u64>>,
    answered: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    There,
    Gone,
    Unknown,
}

/// Something that is written. Each name is created once and deleted once at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write<'a> {
    /// Makes the thing of this name.
    Create(&'a str),
    /// Deletes it.
    Delete(&'a str),
    /// Adds one to the counter of this name.
    Count(&'a str),
}

impl<'a> Write<'a> {
    /// As a line of a writer's output, such as `create web-1`.
    pub fn line(self) -> String {
        match self {
            Write::Create(name) => format!("create {name}"),
            Write::Delete(name) => format!("delete {name}"),
            Write::Count(name) => format!("count {name}"),
        }
    }

    /// Reads such a line.
    pub fn of_line(line: &'a str) -> Option<Self> {
        match line.split_once(' ')? {
            ("create", name) => Some(Write::Create(name)),
            ("delete", name) => Some(Write::Delete(name)),
            ("count", name) => Some(Write::Count(name)),
            _ => None,
        }
    }
}

impl Ledger {
    /// A writer is about to send this.
    pub fn tried(&mut self, write: Write<'_>) {
        match write {
            Write::Create(name) | Write::Delete(name) => {
                self.things.insert(name.to_owned(), Fate::Unknown);
            }
            Write::Count(name) => {
                let known = self.counter(name);
                *known = *known.start()..=known.end() + 1;
            }
        }
    }

    /// It was answered with success.
    pub fn answered(&mut self, write: Write<'_>) {
        self.answered += 1;
        match write {
            Write::Create(name) => {
                self.things.insert(name.to_owned(), Fate::There);
            }
            Write::Delete(name) => {
                self.things.insert(name.to_owned(), Fate::Gone);
            }
            Write::Count(name) => {
                let known = self.counter(name);
                *known = known.start() + 1..=*known.end();
            }
        }
    }

    /// Takes in a line of a writer's output: `try create web-1`, later `done create web-1`. Says whether it was one.
    pub fn read(&mut self, line: &str) -> bool {
        let tried = line.strip_prefix("try ").and_then(Write::of_line);
        let done = line.strip_prefix("done ").and_then(Write::of_line);
        tried.into_iter().for_each(|write| self.tried(write));
        done.into_iter().for_each(|write| self.answered(write));
        tried.is_some() || done.is_some()
    }

    /// How many writes were answered.
    pub fn count_answered(&self) -> u64 {
        self.answered
    }

    /// Compares with what there is: the names of all things, and the counters. Panics with all that is wrong.
    pub fn check(&mut self, things: &[String], counters: &BTreeMap<String, u64>) {
        let wrong = self.compare(things, counters);
        assert!(wrong.is_empty(), "after {} answered writes: {wrong:#?}", self.answered);
    }

    fn compare(&mut self, things: &[String], counters: &BTreeMap<String, u64>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut found: BTreeMap<&str, u32> = BTreeMap::new();
        things.iter().for_each(|name| *found.entry(name).or_default() += 1);
        for (name, fate) in &mut self.things {
            match (*fate, found.remove(name.as_str()).unwrap_or_default()) {
                (Fate::There | Fate::Unknown, 1) => *fate = Fate::There,
                (Fate::Gone | Fate::Unknown, 0) => *fate = Fate::Gone,
                (Fate::There, 0) => wrong.push(format!("{name} was answered and is lost")),
                (Fate::Gone, _) => wrong.push(format!("{name} was deleted and is there")),
                (_, times) => wrong.push(format!("{name} is there {times} times")),
            }
        }
        wrong.extend(found.keys().map(|name| format!("{name} is there and was never written")));
        for (name, known) in &mut self.counters {
            let now = counters.get(name).copied().unwrap_or_default();
            if !known.contains(&now) {
                wrong.push(format!("{name} counts {now}, expected {known:?}"));
            }
            *known = now..=now;
        }
        wrong
    }

    fn counter(&mut self, name: &str) -> &mut RangeInclusive<u64> {
        self.counters.entry(name.to_owned()).or_insert(0..=0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong, if these lines were written and there is this.
    fn compare(lines: &[&str], things: &[&str], count: u64) -> Vec<String> {
        let mut ledger = Ledger::default();
        lines.iter().for_each(|line| assert!(ledger.read(line), "{line}"));
        let things: Vec<String> = things.iter().map(|name| (*name).to_owned()).collect();
        ledger.compare(&things, &BTreeMap::from([("n".to_owned(), count)]))
    }

    #[test]
    fn what_was_answered_must_be_there_and_what_was_tried_may() {
        let lines =
            ["try create a", "done create a", "try create b", "try count n", "done count n", "try count n"];
        assert!(compare(&lines, &["a"], 1).is_empty());
        assert!(compare(&lines, &["a", "b"], 2).is_empty());
        assert_eq!(compare(&lines, &["b"], 1), ["a was answered and is lost"]);
        assert_eq!(compare(&lines, &["a", "a"], 1), ["a is there 2 times"]);
        assert_eq!(compare(&lines, &["a", "c"], 1), ["c is there and was never written"]);
        assert_eq!(compare(&lines, &["a"], 0), ["n counts 0, expected 1..=2"]);
        assert_eq!(compare(&lines, &["a"], 3), ["n counts 3, expected 1..=2"]);
    }

    #[test]
    fn what_was_deleted_must_be_gone() {
        let lines = ["try create a", "done create a", "try delete a"];
        assert!(compare(&lines, &["a"], 0).is_empty());
        assert!(compare(&lines, &[], 0).is_empty());
        let answered = [&lines[..], &["done delete a"]].concat();
        assert_eq!(compare(&answered, &["a"], 0), ["a was deleted and is there"]);
    }

    #[test]
    fn what_was_found_once_is_expected_from_then_on() {
        let mut ledger = Ledger::default();
        ledger.tried(Write::Create("a"));
        ledger.check(&["a".to_owned()], &BTreeMap::new());
        assert_eq!(ledger.compare(&[], &BTreeMap::new()), ["a was answered and is lost"]);
        assert!(!ledger.read("running 1 test"));
    }
}
