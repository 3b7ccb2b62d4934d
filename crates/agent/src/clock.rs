//! The one place where the agent looks at the clock. Nothing is decided by it: the time is for logs and people.

use jiff::Timestamp;

/// Now, to the second.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the agent's clock")]
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
