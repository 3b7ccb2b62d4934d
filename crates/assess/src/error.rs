//! What can be wrong with an input. What can be wrong with a rule is in [`crate::rule`].

/// Why an uploaded text cannot be assessed at all. Messages never quote the text itself: it may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// Nothing but blanks.
    #[error("the input is empty: upload the output of the device's commands or its configuration")]
    Empty,
    /// More bytes than the limit allows.
    #[error("the input has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes given.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not text: NUL bytes, or too many control characters.
    #[error("the input is not text ({reason}); upload a plain text file")]
    NotText {
        /// What gave it away.
        reason: String,
    },
    /// A technology name that is in no list.
    #[error("technology {name:?} is not known; known families are {known}")]
    UnknownTechnology {
        /// The name as given.
        name: String,
        /// The families that would have been accepted.
        known: String,
    },
    /// No technology was declared and the text does not show one.
    #[error("the technology cannot be told from the text; name it (known families are {known})")]
    Unrecognised {
        /// The families that may be named.
        known: String,
    },
    /// Neither a command of the technology nor its configuration is in the text.
    #[error(
        "no output of a known {family} command was found, and the text does not look like a {family} \
         configuration; expected for example {example:?}"
    )]
    NothingFound {
        /// The family looked for.
        family: &'static str,
        /// One command that would have been understood.
        example: &'static str,
    },
}
