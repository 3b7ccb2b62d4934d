//! Which check-ins are new.

use crate::ContentHash;

/// What a server keeps of an agent's last check-in (beside its answer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastCheckIn {
    /// Its sequence.
    pub sequence: u64,
    /// Hash of its body as sent ([`ContentHash::of`]).
    pub body: ContentHash,
}

/// What a server does with a check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Process it.
    New,
    /// The last one again, because its answer was lost: give the same answer again.
    Repeated,
    /// Process nothing; answer [`super::Verdict::SequenceExpected`].
    Used {
        /// The last sequence that was used.
        after: u64,
    },
}

/// Tells a new check-in from a repeated or replayed one. `last` is `None` until the first.
pub fn judge(last: Option<LastCheckIn>, this: LastCheckIn) -> Judgement {
    match last {
        None => Judgement::New,
        Some(last) if this.sequence > last.sequence => Judgement::New,
        Some(last) if this == last => Judgement::Repeated,
        Some(last) => Judgement::Used { after: last.sequence },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkin(sequence: u64, body: &str) -> LastCheckIn {
        LastCheckIn { sequence, body: ContentHash::of(body.as_bytes()) }
    }

    #[test]
    fn only_a_greater_sequence_is_new() {
        assert_eq!(judge(None, checkin(1, "a")), Judgement::New);
        assert_eq!(judge(Some(checkin(1, "a")), checkin(9, "b")), Judgement::New);
        assert_eq!(judge(Some(checkin(9, "b")), checkin(1, "a")), Judgement::Used { after: 9 });
    }

    #[test]
    fn the_last_one_again_is_a_repetition_only_with_the_same_body() {
        assert_eq!(judge(Some(checkin(3, "a")), checkin(3, "a")), Judgement::Repeated);
        assert_eq!(judge(Some(checkin(3, "a")), checkin(3, "b")), Judgement::Used { after: 3 });
    }
}
