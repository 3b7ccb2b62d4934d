//! Slowing down guesses: each wrong password makes the next tries for that login from that address wait longer.
//! Other addresses are not concerned, so a guesser can't lock the owner out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

/// Wrong passwords that cost nothing: people mistype.
const FREE: u32 = 3;
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(8);
/// After so long without a wrong password all is forgotten, in seconds.
const FORGET: i64 = 900;
/// Tries under way at once for one login from one address.
const AT_ONCE: u32 = 8;
/// Logins and addresses that are remembered at the most; beyond, the oldest are forgotten.
const MOST: usize = 50_000;

#[derive(Default)]
pub(super) struct Throttle {
    tries: Mutex<HashMap<(String, IpAddr), Tries>>,
}

#[derive(Default)]
struct Tries {
    wrong: u32,
    under_way: u32,
    last: i64,
}

/// What is to be done before a password is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Wait so long, then look.
    For(Duration),
    /// Refuse at once: too many tries are waiting already.
    Refuse,
}

impl Throttle {
    /// Begins a try. It counts as wrong until it is known to be right, so that many at once gain nothing.
    pub(super) fn begin(&self, login: &str, peer: IpAddr, now: Timestamp) -> Wait {
        let mut tries = self.tries.lock();
        if tries.len() >= MOST {
            let oldest = now.as_second() - FORGET;
            tries.retain(|_, one| one.under_way > 0 || one.last > oldest);
            if tries.len() >= MOST {
                tries.retain(|_, one| one.under_way > 0 || one.wrong > FREE);
            }
        }
        let one = tries.entry((login.to_lowercase(), peer)).or_default();
        if now.as_second() - one.last > FORGET {
            one.wrong = 0;
        }
        if one.under_way >= AT_ONCE {
            return Wait::Refuse;
        }
        let wait = one.wrong.checked_sub(FREE).map_or(Duration::ZERO, |beyond| {
            Duration::from_millis(250).saturating_mul(1 << beyond.min(10)).min(LONGEST)
        });
        one.wrong = one.wrong.saturating_add(1);
        one.under_way += 1;
        one.last = now.as_second();
        Wait::For(wait)
    }

    /// Ends a try.
    pub(super) fn end(&self, login: &str, peer: IpAddr, right: bool) {
        let mut tries = self.tries.lock();
        let key = (login.to_lowercase(), peer);
        let Some(one) = tries.get_mut(&key) else { return };
        one.under_way = one.under_way.saturating_sub(1);
        if right {
            one.wrong = 0;
            if one.under_way == 0 {
                tries.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wrong(throttle: &Throttle, now: i64) -> Wait {
        let wait = throttle.begin("kim", HERE, at(now));
        throttle.end("KIM", HERE, false);
        wait
    }

    #[test]
    fn waits_grow_up_to_a_bound_and_are_forgotten() {
        let throttle = Throttle::default();
        let waits: Vec<_> = (0..12).map(|now| wrong(&throttle, now)).collect();
        assert_eq!(waits[2], Wait::For(Duration::ZERO));
        assert_eq!(waits[3], Wait::For(Duration::from_millis(250)));
        assert_eq!(waits[4], Wait::For(Duration::from_millis(500)));
        assert_eq!(waits[11], Wait::For(LONGEST));
        assert_eq!(wrong(&throttle, 12 + FORGET + 1), Wait::For(Duration::ZERO));
    }

    #[test]
    fn a_right_password_ends_the_waiting_and_other_addresses_never_wait() {
        let throttle = Throttle::default();
        for now in 0..8 {
            wrong(&throttle, now);
        }
        let there = "192.0.2.1".parse().unwrap();
        assert_eq!(throttle.begin("kim", there, at(8)), Wait::For(Duration::ZERO));
        assert_ne!(throttle.begin("kim", HERE, at(8)), Wait::For(Duration::ZERO));
        throttle.end("kim", HERE, true);
        assert_eq!(throttle.begin("kim", HERE, at(9)), Wait::For(Duration::ZERO));
    }

    #[test]
    fn many_at_once_are_refused() {
        let throttle = Throttle::default();
        let waits: Vec<_> = (0..20).map(|_| throttle.begin("kim", HERE, at(0))).collect();
        assert_eq!(waits.iter().filter(|wait| **wait == Wait::Refuse).count(), 20 - AT_ONCE as usize);
    }
}
