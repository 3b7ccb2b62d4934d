//! What tests of several crates need. For dev-dependencies only: everything here panics with a telling message when
//! it can't do its work.
#![expect(clippy::panic, clippy::expect_used, reason = "a test that can't be set up has failed")]

pub mod chance;
pub mod ledger;
pub mod postgres;
pub mod process;

use std::time::{Duration, Instant};

/// Waits until something holds, for as long as a busy machine may need.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "waited a minute in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
