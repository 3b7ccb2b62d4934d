//! From a value's hash to its code: a table that is written and read as it stands, so that a start fills nothing anew.
//! What the codes mean, its owner knows; the table keeps the hashes, so that growing reads no values either.

use std::hash::{BuildHasher, Hash, RandomState};

use foldhash::quality::FixedState;

/// No entry. No code is so high: the rows of a bitmap would have to be.
const EMPTY: u64 = u64::MAX;
/// Hashed to see whether a table that was read was made with this hash function.
const PROBE: &str = "redoubt";

/// Hash -> code, with linear probing.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// Hashes differ between databases, so that nobody can choose values that collide.
    seed: u64,
    hasher: FixedState,
    /// As many as a power of two: the hash in the upper half, the code in the lower.
    slots: Vec<u64>,
    used: usize,
}

impl Default for Lookup {
    fn default() -> Self {
        Self::of(RandomState::new().hash_one(PROBE), Vec::new(), 0)
    }
}

impl Lookup {
    fn of(seed: u64, slots: Vec<u64>, used: usize) -> Self {
        Self { seed, hasher: FixedState::with_seed(seed), slots, used }
    }

    /// A table as [`Lookup::parts`] gave it; `None` if it can't have been one of this program.
    pub(super) fn from_parts(seed: u64, probe: u64, slots: Vec<u64>) -> Option<Self> {
        let used = slots.iter().filter(|slot| **slot != EMPTY).count();
        let read = Self::of(seed, slots, used);
        let whole = read.slots.is_empty() || read.slots.len().is_power_of_two() && used < read.slots.len();
        (whole && read.probe() == probe).then_some(read)
    }

    /// The seed, a sign of the hash function, and the slots.
    pub(super) fn parts(&self) -> (u64, u64, &[u64]) {
        (self.seed, self.probe(), &self.slots)
    }

    fn probe(&self) -> u64 {
        self.hash(PROBE).into()
    }

    /// The hash of a value.
    pub(crate) fn hash(&self, value: impl Hash) -> u32 {
        (self.hasher.hash_one(value) >> 32) as u32
    }

    /// The code with this hash for which `same` holds.
    pub(crate) fn find(&self, hash: u32, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash)?;
        loop {
            let slot = self.slots.get(at).copied().filter(|slot| *slot != EMPTY)?;
            if hash_of(slot) == hash && same(slot as u32) {
                return Some(slot as u32);
            }
            at = self.next(at);
        }
    }

    /// Adds a code that is not there yet.
    pub(crate) fn insert(&mut self, hash: u32, code: u32) {
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        self.place(u64::from(hash) << 32 | u64::from(code));
        self.used += 1;
    }

    /// Takes a code out, and closes the gap: whatever was pushed past it moves up.
    pub(crate) fn remove(&mut self, hash: u32, code: u32) {
        let wanted = u64::from(hash) << 32 | u64::from(code);
        let Some(mut gap) = self.home(hash) else { return };
        loop {
            match self.slots.get(gap) {
                Some(slot) if *slot == wanted => break,
                None | Some(&EMPTY) => return,
                Some(_) => gap = self.next(gap),
            }
        }
        self.used -= 1;
        let mut at = self.next(gap);
        while let Some(slot) = self.slots.get(at).copied().filter(|slot| *slot != EMPTY) {
            let home = self.home(hash_of(slot)).unwrap_or(at);
            // Whether the gap lies on its way from home.
            if self.distance(home, gap) < self.distance(home, at) {
                self.set(gap, slot);
                gap = at;
            }
            at = self.next(at);
        }
        self.set(gap, EMPTY);
    }

    fn grow(&mut self) {
        let larger = vec![EMPTY; (self.slots.len() * 2).max(8)];
        let old = std::mem::replace(&mut self.slots, larger);
        old.into_iter().filter(|slot| *slot != EMPTY).for_each(|slot| self.place(slot));
    }

    fn place(&mut self, slot: u64) {
        let Some(mut at) = self.home(hash_of(slot)) else { return };
        while self.slots.get(at).is_some_and(|taken| *taken != EMPTY) {
            at = self.next(at);
        }
        self.set(at, slot);
    }

    fn set(&mut self, at: usize, slot: u64) {
        if let Some(place) = self.slots.get_mut(at) {
            *place = slot;
        }
    }

    /// The slot where a search begins; none in an empty table.
    fn home(&self, hash: u32) -> Option<usize> {
        Some(hash as usize & self.slots.len().checked_sub(1)?)
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.slots.len().wrapping_sub(1))
    }
}

fn hash_of(slot: u64) -> u32 {
    (slot >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few hashes, so that most collide.
        #[test]
        fn it_is_a_map_from_hashes_to_codes(steps in prop::collection::vec((any::<bool>(), 0u32..9, 0u32..30), 0..200)) {
            let (mut lookup, mut truth) = (Lookup::default(), BTreeMap::<u32, u32>::new());
            for (insert, hash, code) in steps {
                let hash = hash.wrapping_mul(0x2000_0001);
                match truth.get(&code).copied() {
                    None if insert => {
                        lookup.insert(hash, code);
                        truth.insert(code, hash);
                    }
                    Some(known) if !insert => {
                        lookup.remove(known, code);
                        truth.remove(&code);
                    }
                    _ => {}
                }
                for code in 0..30 {
                    let known = truth.get(&code).copied();
                    let found = known.and_then(|hash| lookup.find(hash, |other| other == code));
                    prop_assert_eq!(found, known.map(|_| code));
                    prop_assert_eq!(lookup.find(hash, |other| other == code).is_some(), known == Some(hash));
                }
            }
            let (seed, probe, slots) = lookup.parts();
            let read = Lookup::from_parts(seed, probe, slots.to_vec()).unwrap();
            prop_assert_eq!(read.used, truth.len());
            prop_assert!(Lookup::from_parts(seed, probe ^ 1, slots.to_vec()).is_none());
        }
    }
}
