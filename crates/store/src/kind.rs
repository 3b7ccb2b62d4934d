//! Names of kinds of objects.

use std::fmt;

/// The name of a kind of object: lower-case letters and underscores, since it names a table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(&'static str);

impl Kind {
    /// A kind.
    ///
    /// # Panics
    /// At build time, when the name is more than lower-case letters and underscores.
    #[expect(clippy::panic, reason = "evaluated by the compiler, where it is an error of the build")]
    pub const fn new(name: &'static str) -> Self {
        let mut rest = name.as_bytes();
        while let [letter, tail @ ..] = rest {
            if !(letter.is_ascii_lowercase() || *letter == b'_') {
                panic!("a kind's name has lower-case letters and underscores only");
            }
            rest = tail;
        }
        Self(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
