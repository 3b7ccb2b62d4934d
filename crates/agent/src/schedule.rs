//! When to come again: pure functions of durations and chance. The clock has no part in it.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

/// What a server may ask for.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// The first wait when a server is away, and the longest.
const FIRST_RETRY: Duration = Duration::from_secs(10);
const LAST_RETRY: Duration = Duration::from_secs(15 * 60);

/// Where between nothing and all, by chance: 0.0 to 1.0.
#[derive(Debug, Clone, Copy)]
pub struct Chance(f64);

impl Chance {
    /// A new one; the middle, should the system have no random numbers.
    pub fn throw() -> Self {
        let mut bytes = [0; 4];
        match SystemRandom::new().fill(&mut bytes) {
            Ok(()) => Self(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)),
            Err(_) => Self(0.5),
        }
    }

    /// A given one, for tests; values outside are brought to the nearest end.
    pub fn fixed(value: f64) -> Self {
        Self(value.clamp(0.0, 1.0))
    }
}

/// The wait after a visit that succeeded: what the server asked for (within reason), else the agent's own interval, give
/// or take a tenth, so that agents that were started together drift apart.
pub fn after_success(own: Duration, asked_seconds: Option<u32>, chance: Chance) -> Duration {
    let asked = asked_seconds.map(|seconds| Duration::from_secs(seconds.into()).clamp(SHORTEST, LONGEST));
    asked.unwrap_or(own).mul_f64(0.9 + 0.2 * chance.0)
}

/// The wait after the `failures`th failure in a row: doubling, up to a quarter of an hour, and half of it by chance, so
/// that a server that comes back is not met by all its agents at once. Never shorter than the server asked for.
pub fn after_failure(
    own: Duration,
    failures: u32,
    retry_after: Option<Duration>,
    chance: Chance,
) -> Duration {
    let first = FIRST_RETRY.min(own);
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(20)));
    let wait = doubled.min(LAST_RETRY).mul_f64(0.5 + 0.5 * chance.0);
    let asked = retry_after.unwrap_or_default().min(LONGEST);
    wait.max(asked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUARTER: Duration = Duration::from_secs(900);

    #[test]
    fn the_server_decides_within_reason() {
        let middle = Chance::fixed(0.5);
        assert_eq!(after_success(QUARTER, None, middle), QUARTER);
        assert_eq!(after_success(QUARTER, Some(60), middle), Duration::from_secs(60));
        assert_eq!(after_success(QUARTER, Some(0), middle), SHORTEST);
        assert_eq!(after_success(QUARTER, Some(u32::MAX), middle), LONGEST);
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let waits: Vec<u64> =
            (1..=9).map(|n| after_failure(QUARTER, n, None, Chance::fixed(1.0)).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    #[test]
    fn a_server_that_is_busy_says_when_to_come() {
        let asked = Some(Duration::from_secs(120));
        assert_eq!(after_failure(QUARTER, 1, asked, Chance::fixed(0.0)), Duration::from_secs(120));
    }

    proptest! {
        #[test]
        fn every_wait_is_bounded(own in 1_u64..1_000_000, asked: Option<u32>, n: u32, chance in 0.0..=1.0, retry: Option<u32>) {
            let own = Duration::from_secs(own);
            let chance = Chance::fixed(chance);
            prop_assert!(after_success(own, asked, chance) <= own.max(LONGEST).mul_f64(1.1));
            let retry = retry.map(|seconds| Duration::from_secs(seconds.into()));
            prop_assert!(after_failure(own, n, retry, chance) <= LONGEST);
            prop_assert!(after_failure(own, n, None, chance) <= LAST_RETRY);
        }
    }
}
