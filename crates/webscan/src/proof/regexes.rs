//! Regular expressions of replays. The same few are asked of thousands of answers, and to make one takes longer than to send
//! a request: they are kept while they are in use.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use regex::{Regex, RegexBuilder};

/// Longest body that a regular expression of a replay file may be, so that a file can't take all memory.
const SIZE: usize = 4 << 20;
/// When so many were made anew, those that nobody asked for since then are dropped.
const MOST: usize = 400;

#[derive(Default)]
struct Made {
    young: HashMap<String, Arc<Regex>>,
    old: HashMap<String, Arc<Regex>>,
}

static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);

impl Made {
    fn find(&mut self, pattern: &str) -> Option<Arc<Regex>> {
        if let Some(regex) = self.young.get(pattern) {
            return Some(regex.clone());
        }
        let (pattern, regex) = self.old.remove_entry(pattern)?;
        self.keep(pattern, regex.clone());
        Some(regex)
    }

    fn keep(&mut self, pattern: String, regex: Arc<Regex>) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(pattern, regex);
    }
}

/// A regular expression over bodies: `.` matches line ends, no case by default.
///
/// # Errors
/// It is none, or too large.
pub(crate) fn regex(pattern: &str) -> Result<Arc<Regex>, regex::Error> {
    if let Some(regex) = MADE.lock().find(pattern) {
        return Ok(regex);
    }
    let made = RegexBuilder::new(pattern).size_limit(SIZE).dot_matches_new_line(true).build()?;
    let made = Arc::new(made);
    MADE.lock().keep(pattern.to_owned(), made.clone());
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_in_use_are_kept_and_others_go() {
        let mut made = Made::default();
        let one = Arc::new(Regex::new("a").unwrap());
        made.keep("used".to_owned(), one.clone());
        made.keep("unused".to_owned(), one.clone());
        for n in 0..2 * MOST {
            assert!(made.find("used").is_some(), "after {n}");
            made.keep(n.to_string(), one.clone());
        }
        assert!(made.find("unused").is_none());
        assert!(made.young.len() + made.old.len() <= 2 * MOST);
    }

    #[test]
    fn what_is_none_is_told_each_time() {
        assert!(regex("(").is_err() && regex("(").is_err());
        assert!(regex(r"\w{100}{100}{100}").is_err());
        assert!(regex("a.b").unwrap().is_match("a\nb") && regex("a.b").unwrap().is_match("a b"));
    }
}
