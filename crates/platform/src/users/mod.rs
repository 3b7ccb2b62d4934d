//! Users: who may call, and what they may see and do.
//!
//! - A password is stored as its argon2id hash only, and a verified one is remembered for a minute under a key that
//!   lives as long as the process, since hashing is meant to be slow.
//! - A user without scope tags sees everything their permissions allow; with scope tags, the assets that carry one
//!   of these tags or of their descendants.
//! - Wrong passwords make the next tries from that address for that login slower. Nobody is locked out.

mod access;
mod model;
mod ops;
mod password;
mod session;
mod throttle;
mod token;

pub use access::{Access, Credentials, SignInError};
pub use model::{Role, User, built_in_roles};
pub(crate) use ops::OPERATIONS;
pub use password::{BadPassword, hash_password};
pub use session::SessionToken;
pub use token::{BadToken, TOKEN_LIFETIME, Token};

use jiff::Timestamp;
use store::{Id, Job};

use crate::tags::Tag;
use crate::{Error, Result};

/// What a new user is made of.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The login, unique ignoring case.
    pub login: String,
    /// The password.
    pub password: String,
    /// The names of their roles, at least one.
    pub roles: Vec<String>,
    /// The tags of their scope; none for everything.
    pub scope: Vec<Id<Tag>>,
}

/// Creates a user.
///
/// # Errors
/// When the login is taken or malformed, a role is unknown, or the password is too weak.
pub fn create(job: &mut Job<'_>, new: NewUser, now: Timestamp) -> Result<Id<User>> {
    let login = new.login.trim().to_owned();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-@+".contains(letter);
    if login.is_empty() || login.len() > 64 || !login.chars().all(fits) {
        return Err(Error::invalid(
            format!("The login {login:?} can't be used."),
            "Use 1 to 64 of these characters: letters, digits and . _ - @ +",
        ));
    }
    if job.find::<User>(&model::login_key(&login))?.is_some() {
        return Err(Error::invalid(format!("The login {login:?} exists already."), "Choose another login."));
    }
    let roles = new.roles.iter().map(|name| role_named(job, name)).collect::<Result<Vec<_>>>()?;
    if roles.is_empty() {
        return Err(Error::invalid("A user needs a role.", "Name at least one role."));
    }
    let password =
        hash_password(&new.password).map_err(|error| Error::invalid(error.to_string(), error.wanted()))?;
    Ok(job.insert(User::new(login, password, roles, new.scope, now))?)
}

/// Sets a user's password. Sessions and remembered passwords of the user end with it.
///
/// # Errors
/// When there is no such user, or the password is too weak.
pub fn set_password(job: &mut Job<'_>, login: &str, password: &str, now: Timestamp) -> Result<()> {
    let unknown =
        || Error::invalid(format!("There is no user {login:?}."), "Use the login of an existing user.");
    let id = job.find::<User>(&model::login_key(login))?.ok_or_else(unknown)?;
    let old = job.get(id)?.ok_or_else(unknown)?;
    let hash = hash_password(password).map_err(|error| Error::invalid(error.to_string(), error.wanted()))?;
    let new = User { password: hash, modified: now, ..old.object.clone() };
    Ok(job.update(&old, new)?)
}

fn role_named(job: &mut Job<'_>, name: &str) -> Result<Id<Role>> {
    job.find::<Role>(&model::role_key(name))?.ok_or_else(|| {
        let known = built_in_roles().into_iter().map(|role| role.name).collect::<Vec<_>>().join(", ");
        Error::invalid(format!("There is no role {name:?}."), format!("Use one of the roles: {known}."))
    })
}

/// Makes the built-in roles where they are missing, and gives them what areas that came later need.
pub(crate) fn install(job: &mut Job<'_>) -> Result<()> {
    for role in built_in_roles() {
        let Some(id) = job.find::<Role>(&model::role_key(&role.name))? else {
            job.insert(role)?;
            continue;
        };
        if let Some(old) = job.get(id)? {
            let permissions = old.permissions.with(role.permissions);
            job.update(&old, Role { permissions, ..old.object.clone() })?;
        }
    }
    Ok(())
}
