//! What goes wrong while data is made or measured.

use std::io;
use std::path::PathBuf;

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What goes wrong while data is made or measured. The message is all that people get, so it says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory.
    #[error("the data directory {} can't be used: {problem}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// The product refused something.
    #[error(transparent)]
    Platform(#[from] platform::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The relational database failed.
    #[error("PostgreSQL failed: {0}")]
    Postgres(String),
    /// A program could not be run, or did not do what it should.
    #[error("{program}: {problem}")]
    Program {
        /// The program.
        program: String,
        /// What went wrong.
        problem: String,
    },
    /// Both sides must count the same, or the comparison means nothing.
    #[error("{question}: counted {ours} here and {theirs} in PostgreSQL")]
    Different {
        /// The question's name.
        question: String,
        /// What we counted.
        ours: u64,
        /// What PostgreSQL counted.
        theirs: u64,
    },
    /// An answer that is not the expected one.
    #[error("the server answered otherwise than expected: {0}")]
    Answer(String),
    /// The network or a file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A report could not be written down.
    #[error("the report can't be written: {0}")]
    Report(#[from] serde_json::Error),
}

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        // The telling part stands in the source.
        let source = std::error::Error::source(&error).map(ToString::to_string);
        Error::Postgres(source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}")))
    }
}

impl From<qps::ServiceError> for Error {
    fn from(error: qps::ServiceError) -> Self {
        Error::Platform(error.into())
    }
}
