//! Passwords: argon2id with the parameters that its authors recommend for machines of this size.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use ring::rand::{SecureRandom, SystemRandom};

/// A password that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The password can't be used: {0}.")]
pub struct BadPassword(&'static str);

impl BadPassword {
    /// What would be right.
    pub fn wanted(&self) -> &'static str {
        "Use 8 to 256 characters without control characters."
    }
}

/// The hash of a password, in PHC form.
///
/// # Errors
/// When the password is shorter than 8 or longer than 256 characters, or has control characters.
pub fn hash_password(password: &str) -> Result<String, BadPassword> {
    match password.chars().count() {
        0..8 => return Err(BadPassword("it is too short")),
        8..=256 => {}
        _ => return Err(BadPassword("it is too long")),
    }
    if password.chars().any(char::is_control) {
        return Err(BadPassword("it has control characters"));
    }
    let failed = |_| BadPassword("it could not be hashed");
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| BadPassword("the system gives no random numbers"))?;
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(failed)
}

/// Whether a password is the one that was hashed. Takes as long for an unknown user (`hash` is none), so that
/// nobody learns which logins exist.
pub(super) fn verify(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$LXSxOPJ3ngnSFzbnQpRjGnF5TYZLTvVBYRw+sfrRvsk";
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let same = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    same && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hashed_password_verifies() {
        let hash = hash_password("correct horse").unwrap();
        assert!(verify("correct horse", Some(&hash)));
        assert!(!verify("correct horsE", Some(&hash)));
        assert!(!verify("correct horse", None));
        assert!(!hash.contains("horse"));
    }

    #[test]
    fn short_long_and_control_characters_are_refused() {
        for bad in ["", "1234567", &"x".repeat(257), "with\u{7}bell"] {
            assert!(hash_password(bad).is_err(), "{bad:?}");
        }
        assert!(hash_password("8letters").is_ok());
    }
}
