//! From many measured times to a few figures.

use std::time::Duration;

use serde::Serialize;

/// What many runs of one thing took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    /// How many runs.
    pub runs: usize,
    /// The middle one.
    pub median: f64,
    /// The one that 99 of 100 do not exceed.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Times {
    /// The figures of these runs; zeros for none.
    pub fn of(mut runs: Vec<Duration>) -> Self {
        runs.sort_unstable();
        let at = |permille: usize| {
            let place = (runs.len() * permille).div_ceil(1_000).saturating_sub(1);
            runs.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Self { runs: runs.len(), median: at(500), p99: at(990), max: at(1_000) }
    }
}

/// The middle of some numbers; 0 for none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    let at = |place: usize| numbers.get(place).copied().unwrap_or_default();
    if numbers.len().is_multiple_of(2) {
        f64::midpoint(at(half.saturating_sub(1)), at(half))
    } else {
        at(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_runs_that_happened() {
        let times = Times::of((1..=1_000).rev().map(Duration::from_millis).collect());
        assert_eq!((times.median, times.p99, times.max), (500.0, 990.0, 1_000.0));
        let one = Times::of(vec![Duration::from_millis(7)]);
        assert_eq!((one.runs, one.median, one.p99, one.max), (1, 7.0, 7.0, 7.0));
        assert_eq!(Times::of(Vec::new()).max, 0.0);
    }

    #[test]
    fn the_median_of_an_even_count_is_between() {
        assert_eq!(median(vec![9.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 9.0]), 3.5);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
