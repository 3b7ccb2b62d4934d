//! Secrets that the server makes up itself.

use ring::rand::{SecureRandom, SystemRandom};

/// Letters and digits that people don't take for each other; 32 of them, so that each is worth five bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 120 bits.
const LETTERS: usize = 24;
/// Between hyphens.
const GROUP: usize = 6;

/// A random password that a person can read aloud; none if the system gives no randomness.
pub(crate) fn password() -> Option<String> {
    let mut bytes = [0; LETTERS];
    SystemRandom::new().fill(&mut bytes).ok()?;
    let mut password = String::with_capacity(LETTERS + LETTERS / GROUP);
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % GROUP == 0 {
            password.push('-');
        }
        password.push(char::from(*ALPHABET.get(usize::from(byte % 32))?));
    }
    Some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_never_the_same() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_eq!(one.len(), 27);
        assert!(one.split('-').all(|group| group.len() == 6), "{one}");
        assert_ne!(one, other);
    }
}
