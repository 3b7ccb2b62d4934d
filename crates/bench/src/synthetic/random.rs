//! Chance that is the same on every machine: whole numbers only, from a seed.

/// A stream of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of one thing among many of a kind: streams of different things have nothing in common.
    pub fn of(seed: u64, kind: u64, number: u64) -> Self {
        let mut mixed = Self(seed);
        mixed = Self(mixed.number() ^ kind.wrapping_mul(0xd134_2543_de82_ef95));
        Self(mixed.number() ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// A number of 64 bits.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether something happens that happens so many times in a thousand.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of some things, each as likely as the others.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        things.get(place(self.below(things.len() as u64)))
    }
}

/// Places of which some are far more likely than others.
#[derive(Debug, Clone)]
pub struct Skew {
    /// The sum of the weights up to each place.
    sums: Vec<u64>,
}

impl Skew {
    /// By Zipf's law: the place `n` has the weight `1 / (n + flatness)`, counted from 0.
    pub fn zipf(places: usize, flatness: u64) -> Self {
        Self::weighted((0..places as u64).map(|place| (1 << 40) / (place + flatness.max(1))))
    }

    /// By weights.
    pub fn weighted(weights: impl IntoIterator<Item = u64>) -> Self {
        let mut sum = 0;
        let add = |weight: u64| {
            sum += weight;
            sum
        };
        Self { sums: weights.into_iter().map(add).collect() }
    }

    /// A place; 0 if there is none.
    pub fn draw(&self, random: &mut Random) -> usize {
        let at = random.below(self.sums.last().copied().unwrap_or_default());
        self.sums.partition_point(|sum| *sum <= at)
    }
}

/// A number as a place in a list.
pub(super) fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_on_every_machine() {
        let mut random = Random::of(7, 1, 2);
        let first: Vec<u64> = (0..3).map(|_| random.below(1_000_000)).collect();
        assert_eq!(first, EXPECTED);
        assert_ne!(Random::of(7, 1, 3).number(), Random::of(7, 1, 2).number());
        assert_ne!(Random::of(7, 2, 2).number(), Random::of(7, 1, 2).number());
    }

    const EXPECTED: [u64; 3] = [400_693, 303_391, 50_150];

    #[test]
    fn zipf_halves_from_the_first_place_to_the_second() {
        let (skew, mut random) = (Skew::zipf(100, 1), Random::of(1, 1, 1));
        let mut counts = [0_u32; 100];
        for _ in 0..100_000 {
            counts[skew.draw(&mut random)] += 1;
        }
        let ratio = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((1.9..2.1).contains(&ratio), "{ratio}");
        assert!(counts[99] > 0 && counts[0] < 21_000 && counts[0] > 17_000, "{counts:?}");
    }

    #[test]
    fn weights_of_nothing_are_never_drawn() {
        let (skew, mut random) = (Skew::weighted([0, 3, 0, 1]), Random::of(1, 1, 1));
        let drawn: std::collections::BTreeSet<usize> = (0..1_000).map(|_| skew.draw(&mut random)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [1, 3]);
    }
}
