//! How fast requests go out: so many at once, so far apart, and fewer when the target grows slow.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Answers by which the target's usual speed is known.
const FIRST: usize = 12;
/// The target counts as slower when its answers take this much longer than usual, and at least [`GRACE`] longer.
const SLOWER: f64 = 2.0;
const GRACE: f64 = 0.030;
/// Answers whose median tells how fast the target is now: some that were made to wait do not make it slow.
const RECENT: usize = 15;
/// Longest pause that is put between requests by itself.
const LONGEST: Duration = Duration::from_millis(500);

/// The pace of a scan.
pub struct Pace {
    turns: Semaphore,
    delay: Duration,
    state: Mutex<State>,
}

struct State {
    next: Instant,
    pause: Duration,
    first: Vec<f64>,
    usual: Option<f64>,
    recent: VecDeque<f64>,
}

impl Pace {
    /// At most `concurrency` requests at once (1 at the least), begun at least `delay` apart.
    #[must_use]
    pub fn new(concurrency: usize, delay: Duration) -> Self {
        let state = State {
            next: Instant::now(),
            pause: Duration::ZERO,
            first: Vec::new(),
            usual: None,
            recent: VecDeque::with_capacity(RECENT),
        };
        Self { turns: Semaphore::new(concurrency.max(1)), delay, state: Mutex::new(state) }
    }

    /// Waits for a turn; the turn ends when the permit is dropped.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.turns.acquire().await.ok()?;
        let at = {
            let mut state = self.state.lock();
            let at = state.next.max(Instant::now());
            state.next = at + self.delay.max(state.pause);
            at
        };
        if at > Instant::now() {
            sleep_until(at).await;
        }
        Some(permit)
    }

    /// Notes how long an answer took.
    pub fn answered(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut state = self.state.lock();
        let Some(usual) = state.usual else {
            state.first.push(seconds);
            if state.first.len() >= FIRST {
                state.usual = Some(median(&mut std::mem::take(&mut state.first)));
            }
            return;
        };
        if state.recent.len() >= RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back(seconds);
        let mut recent: Vec<f64> = state.recent.iter().copied().collect();
        let is_slow = recent.len() >= RECENT / 2 && median(&mut recent) > usual * SLOWER + GRACE;
        state.pause = if is_slow {
            (state.pause * 3 / 2 + Duration::from_millis(2)).min(LONGEST)
        } else {
            state.pause.mul_f64(0.9).saturating_sub(Duration::from_micros(200))
        };
    }

    /// The target asks for a pause (429, 503): the next request waits.
    pub fn back_off(&self, pause: Duration) {
        let mut state = self.state.lock();
        state.next = state.next.max(Instant::now() + pause.min(Duration::from_secs(10)));
    }

    /// The pause that is kept now because the target is slow.
    #[must_use]
    pub fn pause(&self) -> Duration {
        self.state.lock().pause
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_target_is_asked_less_often_and_a_quick_one_as_before() {
        let pace = Pace::new(4, Duration::ZERO);
        (0..50).for_each(|_| pace.answered(Duration::from_millis(5)));
        assert_eq!(pace.pause(), Duration::ZERO);
        (0..50).for_each(|_| pace.answered(Duration::from_millis(200)));
        assert!(pace.pause() > Duration::from_millis(50));
        (0..200).for_each(|_| pace.answered(Duration::from_millis(5)));
        assert!(pace.pause() < Duration::from_millis(1));
    }

    #[tokio::test]
    async fn answers_that_were_made_to_wait_do_not_make_a_target_slow() {
        let pace = Pace::new(4, Duration::ZERO);
        for n in 0..200 {
            let waits = n % 4 == 0;
            pace.answered(Duration::from_millis(if waits { 2_000 } else { 5 }));
            assert_eq!(pace.pause(), Duration::ZERO, "after {n} answers");
        }
    }
}
