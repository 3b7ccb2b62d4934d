//! The one gate that every connection goes through: never more of them in any second than was asked for.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Time is counted in slots of this length.
const SLOT: Duration = Duration::from_millis(10);
/// How many slots a second touches, and five more: what leaves the machine does so a little after it was let through.
const SLOTS: u64 = 106;

/// A limit of connections a second, shared by all who connect.
#[derive(Debug)]
pub struct Pace {
    rate: Option<u32>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: Instant,
    /// Number of a slot and how many went through in it; only slots that count.
    slots: VecDeque<(u64, u32)>,
    sum: u32,
    /// What may go at once: the limit is spread over the second.
    tokens: f64,
    filled: Instant,
    total: u64,
}

impl Pace {
    /// A limit; none lets everything through.
    #[must_use]
    pub fn new(rate: Option<u32>, now: Instant) -> Self {
        let state = State { begun: now, slots: VecDeque::new(), sum: 0, tokens: 1.0, filled: now, total: 0 };
        Self { rate: rate.map(|rate| rate.max(1)), state: Mutex::new(state) }
    }

    /// Lets one connection through, or says how long to wait before asking again.
    ///
    /// # Errors
    /// The time to wait.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock();
        if let Some(rate) = self.rate {
            state.admit(rate, now)?;
        }
        state.total += 1;
        Ok(())
    }

    /// How many went through.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.state.lock().total
    }
}

impl State {
    fn admit(&mut self, rate: u32, now: Instant) -> Result<(), Duration> {
        let slot = (now.saturating_duration_since(self.begun).as_millis() / SLOT.as_millis()) as u64;
        while let Some((old, count)) = self.slots.front().copied()
            && old + SLOTS <= slot
        {
            self.sum -= count;
            self.slots.pop_front();
        }
        let per_second = f64::from(rate);
        let most = (per_second / 100.0).max(1.0);
        self.tokens =
            most.min(self.tokens + now.saturating_duration_since(self.filled).as_secs_f64() * per_second);
        self.filled = now;
        if self.sum >= rate {
            let freed = self.slots.front().map_or(0, |(old, _)| old + SLOTS);
            let wait = SLOT * u32::try_from(freed.saturating_sub(slot)).unwrap_or(1).max(1);
            return Err(wait);
        }
        if self.tokens < 1.0 {
            return Err(
                Duration::from_secs_f64((1.0 - self.tokens) / per_second).max(Duration::from_micros(50))
            );
        }
        self.tokens -= 1.0;
        self.sum += 1;
        match self.slots.back_mut() {
            Some((last, count)) if *last == slot => *count += 1,
            _ => self.slots.push_back((slot, 1)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks as fast as it may for some seconds; gives the moments of what went through.
    fn greedy(rate: u32, seconds: u64) -> Vec<Duration> {
        let begun = Instant::now();
        let pace = Pace::new(Some(rate), begun);
        let (mut at, mut sent) = (Duration::ZERO, Vec::new());
        while at < Duration::from_secs(seconds) {
            match pace.take(begun + at) {
                Ok(()) => sent.push(at),
                Err(wait) => {
                    assert!(wait > Duration::ZERO);
                    at += wait;
                }
            }
        }
        sent
    }

    #[test]
    fn no_second_ever_has_more_than_the_rate_and_nearly_all_of_it_is_used() {
        for rate in [1, 2, 3, 7, 50, 99, 1_000, 20_000] {
            let sent = greedy(rate, 6);
            let mut from = 0;
            for (at, moment) in sent.iter().enumerate() {
                while sent[from] + Duration::from_secs(1) <= *moment {
                    from += 1;
                }
                assert!(
                    at - from < rate as usize,
                    "{rate} a second: more between {:?} and {moment:?}",
                    sent[from]
                );
            }
            let used = sent.len() as f64 / (f64::from(rate) * 6.0);
            assert!(used > 0.8 && used <= 1.0, "{rate} a second: {used} of it");
        }
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let now = Instant::now();
        let pace = Pace::new(None, now);
        assert!((0..1_000).all(|_| pace.take(now).is_ok()));
        assert_eq!(pace.total(), 1_000);
    }
}
