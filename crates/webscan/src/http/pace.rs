//! How fast requests go out: so many at once, so far apart, and fewer when the target grows slow.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Answers by which the target's usual speed is known, and that of one place.
const FIRST: usize = 12;
const FIRST_OF_PLACE: usize = 3;
/// Places whose speed is remembered.
const PLACES: usize = 4096;
/// The target counts as slower when its answers take this much longer than usual there, and at least [`GRACE`] longer.
const SLOWER: f64 = 2.0;
const GRACE: f64 = 0.030;
/// Answers whose median tells how fast the target is now: some that were made to wait do not make it slow.
const RECENT: usize = 15;
/// Longest pause that is put between requests by itself, and how many answers' time it is at most: what still takes long when
/// requests go one by one is not slow because of them.
const LONGEST: Duration = Duration::from_millis(500);
const ANSWERS: f64 = 2.0;

/// The pace of a scan.
pub struct Pace {
    turns: Semaphore,
    at_once: u32,
    delay: Duration,
    state: Mutex<State>,
}

struct State {
    next: Instant,
    pause: Duration,
    first: Vec<f64>,
    usual: Option<f64>,
    /// The first answers of each place.
    places: HashMap<String, Vec<f64>>,
    /// The last answers: how long they took, and how much longer than slow ones of their places may.
    recent: VecDeque<(f64, f64)>,
}

impl State {
    /// The usual time of a place, or else of the nearest above it; none where the target is not known yet.
    fn usual_at(&mut self, place: &str, seconds: f64) -> Option<f64> {
        if let Some(times) = self.places.get_mut(place) {
            if times.len() < FIRST_OF_PLACE {
                times.push(seconds);
            }
        } else if self.places.len() < PLACES {
            self.places.insert(place.to_owned(), vec![seconds]);
        }
        let mut above = place;
        for _ in 0..8 {
            let times = self.places.get(above).filter(|times| times.len() >= FIRST_OF_PLACE);
            if let Some(times) = times {
                return Some(median(&mut times.clone()));
            }
            let inner = above.strip_suffix('/').unwrap_or(above);
            above = match inner.rfind('/') {
                _ if inner.len() < above.len() => inner,
                Some(at) => inner.get(..=at).unwrap_or_default(),
                None => break,
            };
        }
        self.usual
    }
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
            places: HashMap::new(),
            recent: VecDeque::with_capacity(RECENT),
        };
        let at_once = u32::try_from(concurrency.max(1)).unwrap_or(u32::MAX);
        Self { turns: Semaphore::new(concurrency.max(1)), at_once, delay, state: Mutex::new(state) }
    }

    /// How many requests may go at once.
    #[must_use]
    pub fn at_once(&self) -> u32 {
        self.at_once
    }

    /// Waits for so many turns, or for all; they end when the permit is dropped.
    pub async fn turns(&self, count: u32) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire_many(count.min(self.at_once)).await.ok()
    }

    /// Waits until a request may begin.
    pub async fn wait(&self) {
        let at = {
            let mut state = self.state.lock();
            let at = state.next.max(Instant::now());
            state.next = at + self.delay.max(state.pause);
            at
        };
        if at > Instant::now() {
            sleep_until(at).await;
        }
    }

    /// Notes how long an answer took; of one place (a method and a path), answers usually take equally long.
    pub fn answered(&self, place: &str, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut state = self.state.lock();
        let usual = state.usual_at(place, seconds);
        if state.usual.is_none() {
            state.first.push(seconds);
            if state.first.len() >= FIRST {
                state.usual = Some(median(&mut std::mem::take(&mut state.first)));
            }
            return;
        }
        let usual = usual.unwrap_or(seconds);
        if state.recent.len() >= RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back((seconds, seconds - usual * SLOWER - GRACE));
        let (mut took, mut longer): (Vec<f64>, Vec<f64>) = state.recent.iter().copied().unzip();
        let is_slow = longer.len() >= RECENT / 2 && median(&mut longer) > 0.0;
        state.pause = if is_slow {
            let most = LONGEST.min(Duration::from_secs_f64(median(&mut took) * ANSWERS));
            (state.pause * 3 / 2 + Duration::from_millis(2)).min(most)
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
        (0..50).for_each(|_| pace.answered("GET /", Duration::from_millis(5)));
        assert_eq!(pace.pause(), Duration::ZERO);
        (0..50).for_each(|_| pace.answered("GET /", Duration::from_millis(200)));
        assert!(pace.pause() > Duration::from_millis(50));
        (0..200).for_each(|_| pace.answered("GET /", Duration::from_millis(5)));
        assert!(pace.pause() < Duration::from_millis(1));
    }

    #[tokio::test]
    async fn a_place_that_always_takes_long_does_not_make_a_target_slow() {
        let pace = Pace::new(4, Duration::ZERO);
        (0..20).for_each(|_| pace.answered("GET /", Duration::from_millis(5)));
        (0..3).for_each(|_| pace.answered("POST /login", Duration::from_millis(400)));
        for n in 0..60 {
            pace.answered(&format!("POST /login/{n}"), Duration::from_millis(500));
            pace.answered(&format!("POST /login/new/{n}/"), Duration::from_millis(500));
            pace.answered("POST /login/", Duration::from_millis(500));
        }
        assert_eq!(pace.pause(), Duration::ZERO);
        (0..60).for_each(|_| pace.answered("POST /login/", Duration::from_millis(2_000)));
        assert!(pace.pause() > Duration::from_millis(50));
    }

    #[tokio::test]
    async fn no_pause_is_longer_than_two_answers_take() {
        let pace = Pace::new(4, Duration::ZERO);
        (0..20).for_each(|_| pace.answered("GET /", Duration::from_millis(5)));
        (0..200).for_each(|_| pace.answered("GET /", Duration::from_millis(60)));
        let pause = pace.pause();
        assert!(pause > Duration::from_millis(100) && pause <= Duration::from_millis(120), "{pause:?}");
    }

    #[tokio::test]
    async fn answers_that_were_made_to_wait_do_not_make_a_target_slow() {
        let pace = Pace::new(4, Duration::ZERO);
        for n in 0..200 {
            let waits = n % 4 == 0;
            pace.answered("GET /", Duration::from_millis(if waits { 2_000 } else { 5 }));
            assert_eq!(pace.pause(), Duration::ZERO, "after {n} answers");
        }
    }
}
