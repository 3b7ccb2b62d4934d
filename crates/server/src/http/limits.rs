//! How often each call of the gateway may be called (`contract/gateway.md 5`): so many in any hour, for all callers
//! together. There is no limit unless an administrator sets one.

use std::collections::{HashMap, VecDeque};

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
    /// The seconds of the calls in the window, by the name of the operation.
    seen: Mutex<HashMap<&'static str, VecDeque<i64>>>,
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
    pub(super) fn take(&self, operation: &'static str, now: Timestamp) -> Option<Quota> {
        let (most, now) = (self.most?, now.as_second());
        let mut seen = self.seen.lock();
        let calls = seen.entry(operation).or_default();
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
        let take = |second| calls.take("one", Timestamp::from_second(second).unwrap()).unwrap();
        assert_eq!(take(1_000), Quota { most: 2, left: 1, wait: 0 });
        assert_eq!(take(1_010), Quota { most: 2, left: 0, wait: 0 });
        assert_eq!(take(1_020), Quota { most: 2, left: 0, wait: 3_580 });
        assert_eq!(take(4_599).wait, 1);
        assert_eq!(take(4_600).wait, 0);
        assert_eq!(take(4_601).wait, 9);
        assert!(calls.take("other", Timestamp::from_second(4_601).unwrap()).unwrap().wait == 0);
        assert!(Calls::of(None).take("one", Timestamp::UNIX_EPOCH).is_none());
    }
}
