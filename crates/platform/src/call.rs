//! A call: who calls, and what they may see.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use query::{Filter, Test, Value};
use store::{Id, Store};

use crate::assets::fields::TAG_ID;
use crate::tags::Tag;
use crate::users::User;
use crate::{Permission, Permissions, Platform, Result};

/// Who calls, after they signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: Id<User>,
    /// Their login; the author of what they write.
    pub login: String,
    /// What they may do.
    pub permissions: Permissions,
    /// The tags that mark what they may see; none for everything.
    pub scope: Option<Vec<Id<Tag>>>,
}

/// One call of the API. Everything that an operation may use comes from here.
#[derive(Clone)]
pub struct Call {
    /// The product.
    pub platform: Arc<Platform>,
    /// Who calls.
    pub caller: Caller,
    /// From where.
    pub peer: Option<IpAddr>,
    /// When.
    pub now: Timestamp,
}

impl Call {
    /// The store.
    pub fn store(&self) -> &Store {
        self.platform.store()
    }

    /// Refuses callers without a permission.
    ///
    /// # Errors
    /// `UNAUTHORIZED`, in the recorded words.
    pub fn demand(&self, permission: Permission) -> Result<()> {
        if self.caller.permissions.has(permission) {
            return Ok(());
        }
        Err(qps::ServiceError::unauthorized().into())
    }

    /// The assets that the caller may see: those with a tag of the scope, or with one below it.
    pub(crate) fn asset_scope(&self) -> Filter {
        let Some(tags) = &self.caller.scope else { return Filter::All };
        let family = self.platform.tags().family(tags);
        Filter::Field(TAG_ID, Test::In(family.into_iter().map(|id| Value::Integer(id.into())).collect()))
    }

    /// Runs a write in the caller's name and waits until it is durable. The files of what it removed are gone when this
    /// returns.
    ///
    /// # Errors
    /// The job's own, or the store's.
    pub fn write<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut store::Job<'_>) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let written = self.store().write_blocking(&self.caller.login, job);
        self.platform.oca().remove_doomed();
        written
    }
}
