//! What goes wrong in the store.

/// The store's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What goes wrong in the store. None of these is the caller's mistake.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed or can't be reached.
    #[error("the database failed: {}", chain(.0.as_ref()))]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address of the database can't be used.
    #[error("the database address can't be used: {0}")]
    Address(String),
    /// The database holds something that this program can't have written.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The database was written by a newer version of this program.
    #[error("the database has schema {found}, this program knows up to {known}; run a newer version")]
    Newer {
        /// The schema found.
        found: u64,
        /// The newest schema known here.
        known: u64,
    },
    /// The object was changed by somebody else since it was read.
    #[error("{kind} {id} was changed meanwhile")]
    Conflict {
        /// The object's kind.
        kind: &'static str,
        /// Its id.
        id: u32,
    },
    /// A unique key is taken.
    #[error("{kind} {holder} already has the key {key:?}")]
    Taken {
        /// The object's kind.
        kind: &'static str,
        /// The key, as [`crate::Object::keys`] gives it.
        key: String,
        /// Who holds it.
        holder: u32,
    },
    /// An index snapshot or the data directory can't be used.
    #[error("{what}: {source}")]
    File {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A write panicked; nothing of it happened.
    #[error("a write failed unexpectedly: {0}")]
    Panicked(String),
    /// The store is shutting down.
    #[error("the store is closing")]
    Closed,
}

impl Error {
    /// The same error, for another of the writes that it met.
    pub(crate) fn repeated(&self) -> Self {
        match self {
            Error::Database(cause) => Error::Database(chain(cause.as_ref()).into()),
            Error::Corrupt(text) => Error::Corrupt(text.clone()),
            Error::Closed => Error::Closed,
            other => Error::Database(other.to_string().into()),
        }
    }
}

/// Database libraries keep the telling part of an error in its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
