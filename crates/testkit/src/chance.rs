//! Random numbers from a seed that a failing test can tell.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// A stream of random numbers. Good enough to pick moments and values, for nothing else.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// From `REDOUBT_SEED` if that is set, else another each time. Prints the seed, which a failing test shows.
    #[expect(clippy::print_stdout, reason = "shown by the test runner when the test fails")]
    pub fn new() -> Self {
        let given = std::env::var("REDOUBT_SEED").ok();
        let seed = given.map_or_else(
            || RandomState::new().hash_one(0),
            |text| text.parse().expect("REDOUBT_SEED is a whole number"),
        );
        println!("REDOUBT_SEED={seed}");
        Self::of(seed)
    }

    /// From this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number of 64 bits (SplitMix64).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of a range, which must not be empty.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        assert!(range.start < range.end, "{range:?} is empty");
        range.start + self.number() % (range.end - range.start)
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let mut chance = Chance::of(7);
        let first: Vec<u64> = (0..5).map(|_| chance.within(10..20)).collect();
        let mut again = Chance::of(7);
        assert!(first.iter().all(|number| *number == again.within(10..20) && (10..20).contains(number)));
    }
}
