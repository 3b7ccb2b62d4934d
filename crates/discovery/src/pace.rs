//! The one gate that every connection goes through: never more SYNs in any second than was asked for, those that the
//! kernel repeats by itself included.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Time is counted in slots of this length.
const SLOT: Duration = Duration::from_millis(10);
/// How many slots a second touches, and five more: what leaves the machine does so a little after it was let through.
const SLOTS: u64 = 106;
/// How far from a repetition of the kernel an attempt is ended, so that it is certain whether it was sent.
const CLEAR: Duration = Duration::from_millis(60);

/// A limit of connections a second, shared by all who connect.
#[derive(Debug)]
pub struct Pace {
    rate: Option<u32>,
    /// After which times the kernel sends a SYN again that nobody answered.
    repeats: Vec<Duration>,
    state: Mutex<State>,
}

/// Leave for one attempt to connect, and for the SYNs that the kernel repeats while it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leave {
    begun: Instant,
    /// How long the attempt may live.
    pub(crate) patience: Duration,
    repeats: usize,
}

#[derive(Debug)]
struct State {
    begun: Instant,
    /// What went through and what is promised, slot by slot from `first` on.
    slots: VecDeque<u32>,
    first: u64,
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
        Self::with_repeats(rate, repeats_of(linear_timeouts()), now)
    }

    fn with_repeats(rate: Option<u32>, repeats: Vec<Duration>, now: Instant) -> Self {
        let slots = VecDeque::new();
        let state = State { begun: now, slots, first: 0, sum: 0, tokens: 1.0, filled: now, total: 0 };
        Self { rate: rate.map(|rate| rate.max(1)), repeats, state: Mutex::new(state) }
    }

    /// Lets one packet through, or says how long to wait before asking again.
    ///
    /// # Errors
    /// The time to wait.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        self.take_for(now, Duration::ZERO).map(|_| ())
    }

    /// Lets one attempt through that may live so long or a little longer, or says how long to wait before asking again.
    /// [`Self::end`] gives back what it did not need.
    pub(crate) fn take_for(&self, now: Instant, patience: Duration) -> Result<Leave, Duration> {
        let (patience, repeats) = self.clear_of_repeats(patience);
        let mut state = self.state.lock();
        if let Some(rate) = self.rate {
            state.admit(rate, now, self.repeats.get(..repeats).unwrap_or_default())?;
        }
        state.total += 1;
        Ok(Leave { begun: now, patience, repeats })
    }

    /// The end of an attempt; tells how often the kernel repeated its SYN.
    pub(crate) fn end(&self, leave: &Leave, now: Instant) -> u8 {
        let mut sent = 0;
        if leave.repeats > 0 {
            let age = now.saturating_duration_since(leave.begun);
            let mut state = self.state.lock();
            for after in self.repeats.iter().take(leave.repeats) {
                if *after <= age {
                    state.total += 1;
                    sent += 1;
                } else if self.rate.is_some() {
                    state.give_back(leave.begun + *after);
                }
            }
        }
        sent
    }

    /// How many went through.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.state.lock().total
    }

    /// A time near this one that ends well before or well after each repetition, and how many are within.
    fn clear_of_repeats(&self, mut patience: Duration) -> (Duration, usize) {
        let mut within = 0;
        for after in &self.repeats {
            if patience + CLEAR <= *after {
                break;
            }
            patience = patience.max(*after + CLEAR);
            within += 1;
        }
        (patience, within)
    }
}

/// How many repetitions of a SYN come a second apart, by this kernel's settings; none where it knows no such setting.
fn linear_timeouts() -> Option<u32> {
    std::fs::read_to_string("/proc/sys/net/ipv4/tcp_syn_linear_timeouts").ok()?.trim().parse().ok()
}

/// Linux repeats a SYN after a second, and then doubles the time (RFC 6298); since 6.5 it does not double the first few.
fn repeats_of(linear: Option<u32>) -> Vec<Duration> {
    let (mut all, mut at, mut gap) = (Vec::new(), 0, 1);
    for number in 1..=8 {
        at += gap;
        all.push(Duration::from_secs(at));
        if linear.is_none_or(|linear| number > linear) {
            gap *= 2;
        }
    }
    all
}

impl State {
    fn slot(&self, moment: Instant) -> u64 {
        (moment.saturating_duration_since(self.begun).as_millis() / SLOT.as_millis()) as u64
    }

    /// Lets a SYN through that is repeated after these times, if no second has too many with it.
    fn admit(&mut self, rate: u32, now: Instant, repeats: &[Duration]) -> Result<(), Duration> {
        let slot = self.slot(now);
        self.forget(slot);
        let per_second = f64::from(rate);
        let most = (per_second / 100.0).max(1.0);
        self.tokens =
            most.min(self.tokens + now.saturating_duration_since(self.filled).as_secs_f64() * per_second);
        self.filled = now;
        if self.sum >= rate {
            // Its repetitions are at least a second apart, so that no second has two of them.
            let all = std::iter::once(now).chain(repeats.iter().map(|after| now + *after));
            if all.map(|moment| self.slot(moment)).any(|slot| self.most_around(slot) >= rate) {
                return Err(self.until_freed(slot));
            }
        }
        if self.tokens < 1.0 {
            return Err(
                Duration::from_secs_f64((1.0 - self.tokens) / per_second).max(Duration::from_micros(50))
            );
        }
        self.tokens -= 1.0;
        self.count(slot);
        for after in repeats {
            self.count(self.slot(now + *after));
        }
        Ok(())
    }

    /// Slots that count no more.
    fn forget(&mut self, now: u64) {
        while self.first + SLOTS <= now {
            let Some(count) = self.slots.pop_front() else {
                self.first = now;
                return;
            };
            self.sum -= count;
            self.first += 1;
        }
    }

    fn count(&mut self, slot: u64) {
        let at = usize::try_from(slot.saturating_sub(self.first)).unwrap_or(usize::MAX);
        while self.slots.len() <= at {
            self.slots.push_back(0);
        }
        if let Some(count) = self.slots.get_mut(at) {
            *count += 1;
            self.sum += 1;
        }
    }

    fn give_back(&mut self, moment: Instant) {
        let Some(at) = self.slot(moment).checked_sub(self.first) else { return };
        let slot = usize::try_from(at).ok().and_then(|at| self.slots.get_mut(at));
        if let Some(count) = slot.filter(|count| **count > 0) {
            *count -= 1;
            self.sum -= 1;
        }
    }

    /// The most in any second that this slot is part of.
    fn most_around(&self, slot: u64) -> u32 {
        let count = |slot: u64| {
            let at = slot.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| self.slots.get(at)).copied().unwrap_or(0)
        };
        let from = slot.saturating_sub(SLOTS - 1);
        let mut sum: u32 = (from..=slot).map(count).sum();
        let mut most = sum;
        for next in slot + 1..slot + SLOTS {
            sum += count(next);
            sum -= next.checked_sub(SLOTS).map_or(0, count);
            most = most.max(sum);
        }
        most
    }

    /// The time until the first slot that counts is forgotten, or until the next where promises are in the way.
    fn until_freed(&self, now: u64) -> Duration {
        let is_promised = self.first + self.slots.len() as u64 > now + 1;
        if is_promised {
            return SLOT;
        }
        let used = self.slots.iter().position(|count| *count > 0).unwrap_or(0) as u64;
        let freed = self.first + used + SLOTS;
        SLOT * u32::try_from(freed.saturating_sub(now)).unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// No second has more than the rate.
    fn assert_within(rate: u32, sent: &[Duration]) {
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
    }

    #[test]
    fn no_second_ever_has_more_than_the_rate_and_nearly_all_of_it_is_used() {
        for rate in [1, 2, 3, 7, 50, 99, 1_000, 20_000] {
            let sent = greedy(rate, 6);
            assert_within(rate, &sent);
            let used = sent.len() as f64 / (f64::from(rate) * 6.0);
            assert!(used > 0.8 && used <= 1.0, "{rate} a second: {used} of it");
        }
    }

    proptest! {
        /// Attempts that live for any time, and end before it or not: what the kernel repeats has leave, too.
        #[test]
        fn repetitions_are_within_the_rate(
            rate in 1u32..400,
            linear in prop_oneof![Just(None), (0u32..5).prop_map(Some)],
            lives in prop::collection::vec((0u64..6_000, 0.0f64..1.2, 0u64..32), 1..40),
        ) {
            let (begun, repeats) = (Instant::now(), repeats_of(linear));
            let pace = Pace::with_repeats(Some(rate), repeats.clone(), begun);
            let (mut at, mut sent, mut number) = (Duration::ZERO, Vec::new(), 0);
            let mut living: Vec<(Duration, Leave)> = Vec::new();
            while at < Duration::from_secs(8) {
                living.retain(|(end, leave)| {
                    if *end <= at {
                        pace.end(leave, begun + *end);
                    }
                    *end > at
                });
                let (patience, part, late) = lives[number % lives.len()];
                match pace.take_for(begun + at, Duration::from_millis(patience)) {
                    Ok(leave) => {
                        prop_assert!(leave.patience >= Duration::from_millis(patience));
                        let end = at + leave.patience.mul_f64(part.min(1.0));
                        living.push((end, leave));
                        sent.push(at);
                        let late = Duration::from_millis(late);
                        sent.extend(repeats.iter().map(|after| at + *after).filter(|moment| *moment <= end).map(|moment| moment + late));
                        number += 1;
                    }
                    Err(wait) => {
                        prop_assert!(wait > Duration::ZERO);
                        at += wait;
                    }
                }
            }
            sent.sort_unstable();
            // A repetition may be late; what is then sent in a second less that time is within the rate.
            assert_within(rate, &sent);
            prop_assert!(number > 0);
        }
    }

    #[test]
    fn what_is_counted_is_what_was_sent() {
        let now = Instant::now();
        let pace = Pace::with_repeats(Some(100), repeats_of(None), now);
        let leave = pace.take_for(now, Duration::from_millis(2_940)).unwrap();
        assert_eq!(pace.end(&leave, now + Duration::from_millis(900)), 0);
        assert_eq!(pace.total(), 1);
        let leave = pace.take_for(now + Duration::from_secs(1), Duration::from_millis(2_980)).unwrap();
        // It would have ended just when the kernel repeats for the second time.
        assert_eq!(leave.patience, Duration::from_millis(3_060));
        assert_eq!(pace.end(&leave, now + Duration::from_millis(1_000 + 3_060)), 2);
        assert_eq!(pace.total(), 4);
    }

    #[test]
    fn kernels_repeat_after_a_second_and_then_ever_later() {
        let seconds = |linear| repeats_of(linear).iter().map(Duration::as_secs).take(7).collect::<Vec<_>>();
        assert_eq!(seconds(None), [1, 3, 7, 15, 31, 63, 127]);
        assert_eq!(seconds(Some(0)), [1, 3, 7, 15, 31, 63, 127]);
        assert_eq!(seconds(Some(4)), [1, 2, 3, 4, 5, 7, 11]);
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let now = Instant::now();
        let pace = Pace::new(None, now);
        assert!((0..1_000).all(|_| pace.take(now).is_ok()));
        assert_eq!(pace.total(), 1_000);
    }
}
