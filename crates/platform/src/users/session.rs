//! Sessions: a cookie instead of the password on each call (`contract/qps.md 3`). They live in memory: a restart
//! ends them, and clients sign in again.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use parking_lot::Mutex;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use store::Id;

use super::User;

/// How long a session lasts after its last call, in seconds.
const LASTS: i64 = 4 * 3_600;
/// How many sessions one user may have; the one unused for longest makes room.
const MOST_PER_USER: usize = 64;

/// What a session's cookie carries. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// The cookie's value.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

/// The sessions, by the hash of their token, so that no memory dump holds a usable one.
#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<[u8; 32], Session>>,
}

struct Session {
    user: Id<User>,
    last_used: i64,
}

impl Sessions {
    /// Opens a session; none if the system gives no randomness.
    pub(super) fn open(&self, user: Id<User>, now: Timestamp) -> Option<SessionToken> {
        let mut bytes = [0; 24];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let token = SessionToken(bytes.iter().map(|byte| format!("{byte:02X}")).collect());
        let mut open = self.open.lock();
        open.retain(|_, session| now.as_second() - session.last_used <= LASTS);
        let of_user = open.iter().filter(|(_, session)| session.user == user);
        if of_user.clone().count() >= MOST_PER_USER
            && let Some(oldest) = of_user.min_by_key(|(_, session)| session.last_used).map(|(hash, _)| *hash)
        {
            open.remove(&oldest);
        }
        open.insert(hash(&token.0), Session { user, last_used: now.as_second() });
        Some(token)
    }

    /// The user of a session that is still open.
    pub(super) fn user(&self, token: &str, now: Timestamp) -> Option<Id<User>> {
        let mut open = self.open.lock();
        let session = open.get_mut(&hash(token))?;
        if now.as_second() - session.last_used > LASTS {
            return None;
        }
        session.last_used = now.as_second();
        Some(session.user)
    }

    /// Ends the sessions of a user.
    pub(super) fn end(&self, user: Id<User>) {
        self.open.lock().retain(|_, session| session.user != user);
    }
}

fn hash(token: &str) -> [u8; 32] {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().unwrap_or_default()
}
