//! Signing in: from a login and a password, or a session, to a [`Caller`].

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use ring::hmac::{self, HMAC_SHA256, Key};
use ring::rand::SystemRandom;
use store::{Id, Store};
use uuid::Uuid;

use super::model::login_key;
use super::password::verify;
use super::session::Sessions;
use super::throttle::{Throttle, Wait};
use super::token::Tokens;
use super::{BadToken, Role, SessionToken, Token, User};
use crate::call::Caller;
use crate::keys::Keys;
use crate::{Permission, Permissions};

/// How long a verified password is remembered, in seconds.
const REMEMBER: i64 = 60;
/// How many are remembered at the most.
const MOST: usize = 10_000;

/// A login and a password as a caller gave them. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The login or the password is wrong.
    #[error("login or password is wrong")]
    Wrong,
    /// Too many tries of this login are waiting at this address.
    #[error("too many tries at once")]
    TooMany,
    /// They may not use the API.
    #[error("no API access")]
    NoApiAccess,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The door.
pub struct Access {
    /// Keys what is remembered; lives as long as the process.
    key: Key,
    remembered: Mutex<HashMap<[u8; 32], (Caller, i64)>>,
    callers: RwLock<HashMap<Id<User>, Known>>,
    sessions: Sessions,
    tokens: Tokens,
    throttle: Throttle,
    /// Rises with every change of users or roles, so that what was read before one is not remembered after it.
    generation: AtomicU64,
}

/// A user as they are now.
#[derive(Clone)]
struct Known {
    caller: Caller,
    /// Of their password, for tokens.
    mark: String,
}

impl Access {
    /// A door to which nobody has come yet; none if the system gives no randomness.
    pub(crate) fn new(keys: &Keys) -> Option<Self> {
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).ok()?;
        Some(Self {
            key,
            remembered: Mutex::default(),
            callers: RwLock::default(),
            sessions: Sessions::default(),
            tokens: Tokens::new(keys),
            throttle: Throttle::default(),
            generation: AtomicU64::new(0),
        })
    }

    /// The id of this installation, which clients call the customer's (`contract/ca.md 9.1`).
    pub fn customer(&self) -> Uuid {
        self.tokens.customer()
    }

    /// Forgets what was remembered of users, since some were changed.
    pub(crate) fn forget(&self, changed: &[u32]) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.remembered.lock().clear();
        self.callers.write().clear();
        changed.iter().for_each(|id| self.sessions.end(Id::new(*id)));
    }

    /// Forgets what was remembered of permissions.
    pub(crate) fn forget_roles(&self) {
        self.forget(&[]);
    }

    /// Whoever gave these credentials lately, at no cost. `None` says nothing about them.
    pub fn recall(&self, credentials: &Credentials, now: Timestamp) -> Option<Caller> {
        let remembered = self.remembered.lock();
        let (caller, until) = remembered.get(&self.digest(credentials))?;
        (now.as_second() < *until).then(|| caller.clone())
    }

    /// Signs in. Slow on purpose: hashes the password, and waits before that where wrong ones went before.
    ///
    /// # Errors
    /// When they are wrong, may not use the API, or the database fails.
    pub fn sign_in(
        &self,
        store: &Store,
        credentials: &Credentials,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Caller, SignInError> {
        match self.throttle.begin(&credentials.login, peer, now) {
            Wait::Refuse => return Err(SignInError::TooMany),
            Wait::For(pause) => sleep(pause),
        }
        let generation = self.generation.load(Ordering::Acquire);
        let found = self.look_up(store, credentials);
        self.throttle.end(&credentials.login, peer, found.as_ref().is_ok_and(Option::is_some));
        let user = found?.ok_or(SignInError::Wrong)?;
        let caller = self.caller(store, user)?.ok_or(SignInError::Wrong)?;
        if !caller.permissions.has(Permission::ApiAccess) {
            return Err(SignInError::NoApiAccess);
        }
        let mut remembered = self.remembered.lock();
        if self.generation.load(Ordering::Acquire) != generation {
            return Ok(caller);
        }
        if remembered.len() >= MOST {
            remembered.retain(|_, (_, until)| now.as_second() < *until);
            if remembered.len() >= MOST {
                remembered.clear();
            }
        }
        remembered.insert(self.digest(credentials), (caller.clone(), now.as_second() + REMEMBER));
        Ok(caller)
    }

    fn look_up(&self, store: &Store, credentials: &Credentials) -> Result<Option<Id<User>>, store::Error> {
        let mut reading = store.read()?;
        let user = match reading.find::<User>(&login_key(&credentials.login))? {
            Some(id) => reading.get(id)?,
            None => None,
        };
        let right = verify(&credentials.password, user.as_ref().map(|user| user.password.as_str()));
        Ok(user.filter(|_| right).map(|user| user.id))
    }

    /// Opens a session for a caller.
    pub fn open_session(&self, caller: &Caller, now: Timestamp) -> Option<SessionToken> {
        self.sessions.open(caller.user, now)
    }

    /// Whoever a session belongs to.
    ///
    /// # Errors
    /// When the database fails.
    pub fn by_session(
        &self,
        store: &Store,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Caller>, store::Error> {
        match self.sessions.user(token, now) {
            Some(user) => self.caller(store, user),
            None => Ok(None),
        }
    }

    /// A bearer token for a caller who calls from `peer`; with their permissions among the claims if `permissions`.
    /// None if the user is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub fn issue(
        &self,
        store: &Store,
        caller: &Caller,
        peer: IpAddr,
        permissions: bool,
        now: Timestamp,
    ) -> Result<Option<Token>, store::Error> {
        let known = self.known(store, caller.user)?;
        Ok(known.map(|known| self.tokens.issue(&known.caller, known.mark, peer, permissions, now)))
    }

    /// Whoever a bearer token was issued to.
    ///
    /// # Errors
    /// When the database fails; inside, why the token lets nobody in.
    pub fn by_token(
        &self,
        store: &Store,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<Caller, BadToken>, store::Error> {
        let signed = match self.tokens.read(token, now) {
            Ok(signed) => signed,
            Err(bad) => return Ok(Err(bad)),
        };
        let known = self.known(store, signed.user)?.filter(|known| known.mark == signed.mark);
        Ok(known.map(|known| known.caller).ok_or(BadToken::Expired))
    }

    /// A user with what they may do now; none if the user is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn caller(&self, store: &Store, id: Id<User>) -> Result<Option<Caller>, store::Error> {
        Ok(self.known(store, id)?.map(|known| known.caller))
    }

    fn known(&self, store: &Store, id: Id<User>) -> Result<Option<Known>, store::Error> {
        if let Some(known) = self.callers.read().get(&id) {
            return Ok(Some(known.clone()));
        }
        let generation = self.generation.load(Ordering::Acquire);
        let mut reading = store.read()?;
        let Some(user) = reading.get(id)? else { return Ok(None) };
        let mut permissions = Permissions::default();
        for role in &user.roles {
            if let Some(role) = reading.get::<Role>(*role)? {
                permissions = permissions.with(role.permissions);
            }
        }
        let scope = (!user.scope.is_empty()).then(|| user.scope.clone());
        let caller = Caller { user: id, login: user.login.clone(), permissions, scope };
        let known = Known { caller, mark: self.tokens.mark(&user.password) };
        let mut callers = self.callers.write();
        if self.generation.load(Ordering::Acquire) == generation {
            callers.insert(id, known.clone());
        }
        Ok(Some(known))
    }

    fn digest(&self, credentials: &Credentials) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&(credentials.login.len() as u64).to_le_bytes());
        context.update(credentials.login.as_bytes());
        context.update(credentials.password.as_bytes());
        context.sign().as_ref().try_into().unwrap_or_default()
    }
}
