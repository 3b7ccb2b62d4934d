//! How often each call may be called (`contract/gateway.md 5`, `contract/qps.md 12`): so many in any hour, and so many at
//! once, for all callers together. There is no limit unless an administrator sets one.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use hyper::Response;
use hyper::header::{HeaderName, RETRY_AFTER};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::body::Body;
use super::respond;

/// The length of the window, in seconds.
const WINDOW: i64 = 3_600;

/// Counts calls.
pub(super) struct Calls {
    most: Option<u32>,
    /// The seconds of the calls in the window, by the operation's place in its table.
    seen: Mutex<HashMap<usize, VecDeque<i64>>>,
}

/// Counts calls that run.
pub(super) struct Running {
    most: Option<u32>,
    now: Arc<Mutex<HashMap<usize, u32>>>,
}

/// A call that runs, until this is dropped.
pub(super) struct Turn {
    operation: usize,
    now: Arc<Mutex<HashMap<usize, u32>>>,
}

/// What is told of the calls that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crowd {
    most: u32,
    /// Others, of which this call is none: clients wait while it reaches the limit, also after a success.
    others: u32,
}

/// What is told of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    most: u32,
    left: u32,
    /// Seconds until a call will be taken; 0 while calls are.
    pub(super) wait: i64,
}

impl Calls {
    /// At most so many.
    pub(super) fn of(most: Option<u32>) -> Self {
        Self { most, seen: Mutex::default() }
    }

    /// Notes a call. None where there is no limit.
    pub(super) fn take<T>(&self, operation: &'static T, now: Timestamp) -> Option<Quota> {
        let (most, now) = (self.most?, now.as_second());
        let mut seen = self.seen.lock();
        let calls = seen.entry(place(operation)).or_default();
        while calls.front().is_some_and(|then| *then <= now - WINDOW) {
            calls.pop_front();
        }
        let count = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        if count >= most {
            let oldest = calls.front().copied().unwrap_or(now);
            return Some(Quota { most, left: 0, wait: (oldest + WINDOW - now).max(1) });
        }
        calls.push_back(now);
        Some(Quota { most, left: most - count - 1, wait: 0 })
    }
}

/// What tells operations apart.
fn place<T>(operation: &'static T) -> usize {
    std::ptr::from_ref(operation).addr()
}

impl Running {
    /// At most so many at once.
    pub(super) fn of(most: Option<u32>) -> Self {
        Self { most, now: Arc::default() }
    }

    /// Begins a call, or says how many run already. None where there is no limit.
    pub(super) fn begin<T>(&self, operation: &'static T) -> Option<(Crowd, Option<Turn>)> {
        let (most, operation) = (self.most?, place(operation));
        let mut now = self.now.lock();
        let running = now.entry(operation).or_default();
        let crowd = Crowd { most, others: *running };
        if *running >= most {
            return Some((crowd, None));
        }
        *running += 1;
        Some((crowd, Some(Turn { operation, now: self.now.clone() })))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(running) = self.now.lock().get_mut(&self.operation) {
            *running = running.saturating_sub(1);
        }
    }
}

impl Crowd {
    /// Tells of the limit.
    pub(super) fn tell(self, response: &mut Response<Body>) {
        let headers =
            [("x-concurrency-limit-limit", self.most), ("x-concurrency-limit-running", self.others)];
        for (name, value) in headers {
            respond::add(response, HeaderName::from_static(name), &value.to_string());
        }
    }
}

impl Quota {
    /// Tells of the limit.
    pub(super) fn tell(self, response: &mut Response<Body>) {
        let headers = [
            ("x-ratelimit-limit", self.most.to_string()),
            ("x-ratelimit-window-sec", WINDOW.to_string()),
            ("x-ratelimit-remaining", self.left.to_string()),
            ("x-ratelimit-towait-sec", self.wait.to_string()),
        ];
        for (name, value) in headers {
            respond::add(response, HeaderName::from_static(name), &value);
        }
        if self.wait > 0 {
            respond::add(response, RETRY_AFTER, &self.wait.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_moves_on() {
        let calls = Calls::of(Some(2));
        let (one, other): (&'static [u8; 2], &'static [u8; 3]) = (b"ab", b"abc");
        let take = |second| calls.take(one, Timestamp::from_second(second).unwrap()).unwrap();
        assert_eq!(take(1_000), Quota { most: 2, left: 1, wait: 0 });
        assert_eq!(take(1_010), Quota { most: 2, left: 0, wait: 0 });
        assert_eq!(take(1_020), Quota { most: 2, left: 0, wait: 3_580 });
        assert_eq!(take(4_599).wait, 1);
        assert_eq!(take(4_600).wait, 0);
        assert_eq!(take(4_601).wait, 9);
        assert!(calls.take(other, Timestamp::from_second(4_601).unwrap()).unwrap().wait == 0);
        assert!(Calls::of(None).take(one, Timestamp::UNIX_EPOCH).is_none());
    }

    #[test]
    fn a_turn_ends_with_its_call() {
        let (running, one): (_, &'static [u8; 2]) = (Running::of(Some(1)), b"ab");
        let (crowd, turn) = running.begin(one).unwrap();
        assert!(turn.is_some());
        assert_eq!(crowd, Crowd { most: 1, others: 0 });
        let (crowd, refused) = running.begin(one).unwrap();
        assert_eq!((crowd, refused.is_none()), (Crowd { most: 1, others: 1 }, true));
        drop(turn);
        assert!(running.begin(one).unwrap().1.is_some());
        assert!(Running::of(None).begin(one).is_none());
    }
}
