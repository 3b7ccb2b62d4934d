//! Texts laid end to end in one buffer: quick to load, and one substring search runs over all of them at once.

/// Stands between texts, so that a search rarely finds anything across a border; what it finds there is checked.
const SEPARATOR: u8 = 0;

/// Texts by code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arena {
    pub(super) bytes: Vec<u8>,
    /// Start and length of each code's text.
    pub(super) spans: Vec<(u64, u32)>,
    /// Starts with their codes, ascending; entries of replaced texts stay until the next compaction.
    pub(super) order: Vec<(u64, u32)>,
    pub(super) garbage: u64,
}

impl Arena {
    /// Sets the text of a code, which is either new (the next code) or was freed before.
    pub(crate) fn set(&mut self, code: u32, text: &str) {
        let span = (self.bytes.len() as u64, text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(SEPARATOR);
        self.order.push((span.0, code));
        match self.spans.get_mut(code as usize) {
            Some(old) => {
                self.garbage += u64::from(old.1) + 1;
                *old = span;
            }
            None => self.spans.push(span),
        }
        if self.garbage > 65_536 && self.garbage > self.bytes.len() as u64 / 2 {
            self.compact();
        }
    }

    /// The text of a code.
    pub(crate) fn get(&self, code: u32) -> Option<&str> {
        let (start, length) = *self.spans.get(code as usize)?;
        let start = usize::try_from(start).ok()?;
        std::str::from_utf8(self.bytes.get(start..start + length as usize)?).ok()
    }

    /// Whether this is the text of a code.
    pub(crate) fn is(&self, code: u32, text: &str) -> bool {
        let Some((start, length)) = self.spans.get(code as usize).copied() else { return false };
        let Ok(start) = usize::try_from(start) else { return false };
        length as usize == text.len() && self.bytes.get(start..start + text.len()) == Some(text.as_bytes())
    }

    /// The codes whose text has the needle somewhere.
    pub(crate) fn containing(&self, needle: &str) -> Vec<u32> {
        let finder = memchr::memmem::Finder::new(needle);
        let mut found = Vec::new();
        let (mut from, mut entry) = (0usize, 0usize);
        while let Some(hit) = self.bytes.get(from..).and_then(|rest| finder.find(rest)) {
            let at = (from + hit) as u64;
            entry += self.order.get(entry..).map_or(0, |rest| gallop(rest, at));
            let Some((start, code)) = entry.checked_sub(1).and_then(|last| self.order.get(last)).copied()
            else {
                break;
            };
            let next = self.order.get(entry).map_or(self.bytes.len(), |next| next.0 as usize);
            let current = self.spans.get(code as usize).copied();
            let inside = current.is_some_and(|(own, length)| {
                own == start && at + needle.len() as u64 <= own + u64::from(length)
            });
            if inside {
                found.push(code);
                from = next;
            } else {
                from = at as usize + 1;
            }
        }
        found
    }

    fn compact(&mut self) {
        let old = std::mem::take(self);
        for code in 0..old.spans.len() as u32 {
            self.set(code, old.get(code).unwrap_or_default());
        }
    }
}

/// How many entries start at or before `at`, found quickly when it is few.
fn gallop(entries: &[(u64, u32)], at: u64) -> usize {
    let mut step = 1;
    while entries.get(step).is_some_and(|(start, _)| *start <= at) {
        step *= 2;
    }
    let (low, high) = (step / 2, step.min(entries.len()));
    low + entries.get(low..high).map_or(0, |rest| rest.partition_point(|(start, _)| *start <= at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replaced_texts_do_not_pile_up() {
        let mut arena = Arena::default();
        for round in 0..1_000 {
            for code in 0..10 {
                arena.set(code, &format!("{code} {round} {}", "x".repeat(200)));
            }
        }
        assert!(arena.bytes.len() < 200_000, "{} bytes for 2 KB of text", arena.bytes.len());
        assert!(arena.order.len() < 1_000);
        assert_eq!(arena.containing("7 999"), [7]);
        assert!(arena.containing("998").is_empty());
    }

    proptest! {
        #[test]
        fn a_search_finds_every_text_that_has_the_needle(
            texts in prop::collection::vec("[ab\0]{0,6}", 0..30),
            replaced in prop::collection::vec((any::<prop::sample::Index>(), "[ab]{0,6}"), 0..10),
            needle in "[ab\0]{1,3}",
        ) {
            let mut arena = Arena::default();
            let mut truth = texts.clone();
            for (code, text) in texts.iter().enumerate() { arena.set(code as u32, text); }
            for (at, text) in replaced.iter().filter(|_| !texts.is_empty()) {
                let code = at.index(texts.len());
                arena.set(code as u32, text);
                truth[code] = text.clone();
            }
            if needle.len() % 2 == 0 { arena.compact(); }
            let mut found = arena.containing(&needle);
            found.sort_unstable();
            let expected: Vec<u32> = (0..truth.len() as u32).filter(|c| truth[*c as usize].contains(&needle)).collect();
            prop_assert_eq!(found, expected);
            for (code, text) in truth.iter().enumerate() { prop_assert_eq!(arena.get(code as u32), Some(text.as_str())); }
        }
    }
}
