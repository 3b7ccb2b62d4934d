//! What a first start makes, so that somebody can sign in and agents can join. There are no default credentials.

use std::sync::Arc;

use platform::Platform;
use platform::users::NewUser;

use crate::secret;

/// The login of the first user.
pub(crate) const ADMIN: &str = "admin";
/// The environment variable with the first user's password.
pub(crate) const ADMIN_PASSWORD: &str = "REDOUBT_ADMIN_PASSWORD";

/// What was made.
#[derive(Default)]
pub(crate) struct FirstStart {
    /// Whether the user `admin` was.
    pub(crate) admin: bool,
    /// The random password of the user `admin`, if nobody chose one.
    pub(crate) password: Option<String>,
    /// The key that lets agents in.
    pub(crate) activation_key: Option<String>,
}

/// The first user can't be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FirstStartError {
    #[error("the system gives no random numbers, which passwords need")]
    NoRandomness,
    #[error("the user {ADMIN} can't be made with the password in {ADMIN_PASSWORD}: {0}")]
    Admin(platform::Error),
    #[error(transparent)]
    Platform(#[from] platform::Error),
}

/// Makes what is missing, and says what was. `chosen` is the password that the environment gives.
pub(crate) fn install(
    platform: &Arc<Platform>,
    chosen: Option<String>,
) -> Result<FirstStart, FirstStartError> {
    let fresh = platform.install()?;
    let activation_key = fresh.map(|fresh| fresh.activation_key);
    if platform.has_users() {
        return Ok(FirstStart { activation_key, ..FirstStart::default() });
    }
    let is_chosen = chosen.is_some();
    let password = chosen.or_else(secret::password).ok_or(FirstStartError::NoRandomness)?;
    let (login, roles) = (ADMIN.to_owned(), vec!["Manager".to_owned()]);
    let made = platform.create_user(NewUser { login, password: password.clone(), roles, scope: Vec::new() });
    made.map_err(|error| if is_chosen { FirstStartError::Admin(error) } else { error.into() })?;
    Ok(FirstStart { admin: true, password: (!is_chosen).then_some(password), activation_key })
}
