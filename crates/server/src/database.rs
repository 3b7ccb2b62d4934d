//! Where the data is: in the embedded database of the data directory, or in PostgreSQL.

use std::path::PathBuf;
use std::sync::Arc;

use platform::agents::ActivationKey;
use platform::assets::Asset;
use platform::installers::Installer;
use platform::tags::Tag;
use platform::users::{Role, User};
use platform::webapps::WebApp;
use platform::{Platform, Settings};
use store::backend::{Postgres, Sqlite};
use store::{Clock, Options, Store, StoreBuilder};

use crate::data_dir::{DataDir, DataDirError};
use crate::progress::Reporter;

/// A database that is not open yet.
#[derive(Debug)]
pub(crate) enum Database {
    /// A file.
    Embedded(PathBuf),
    /// A server's address.
    Postgres(String),
}

/// A database can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error(
        "--database can't be used: it begins with {0:?}; give an address such as postgres://user@host/name"
    )]
    Address(String),
    #[error(transparent)]
    Directory(#[from] DataDirError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Platform(#[from] platform::Error),
}

impl Database {
    /// The database at `url`; without one, the embedded database of `dir`.
    pub(crate) fn choose(dir: &DataDir, url: Option<&str>) -> Result<Self, DatabaseError> {
        match url {
            None => Ok(Self::Embedded(dir.database())),
            Some(url) => Self::at(url),
        }
    }

    /// The database at `url`.
    pub(crate) fn at(url: &str) -> Result<Self, DatabaseError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        // What follows the scheme may be a password.
        Err(DatabaseError::Address(url.split(':').next().unwrap_or_default().chars().take(16).collect()))
    }

    /// Whether reading waits for another machine, and blocks a thread that long.
    pub(crate) fn makes_readers_wait(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Opens the product. Must not be called on a thread of the HTTP server: it waits for the database.
    pub(crate) fn open(
        &self,
        dir: &DataDir,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Arc<Platform>, DatabaseError> {
        let reporter = Reporter::new();
        let (snapshot, home) = (Some(dir.snapshot(self)), Some(dir.path().to_owned()));
        let options = Options { snapshot, home, clock, ..Options::default() };
        let tell = |progress| reporter.tell(progress);
        let platform = match self {
            Self::Embedded(path) => Platform::open(Sqlite::new(path), options, settings, &tell),
            Self::Postgres(url) => Platform::open(Postgres::new(url)?, options, settings, &tell),
        };
        Ok(platform?)
    }

    /// Opens what concerns users alone, which is quick however many assets there are.
    pub(crate) fn open_users(&self) -> Result<Store, DatabaseError> {
        self.open_part(|builder| builder.hold::<User>().hold::<Role>().hold::<Tag>())
    }

    /// Opens the keys that let agents in alone.
    pub(crate) fn open_activation_keys(&self) -> Result<Store, DatabaseError> {
        self.open_part(StoreBuilder::hold::<ActivationKey>)
    }

    /// Opens the assets alone. It reads them all, since what changes one moves the index.
    pub(crate) fn open_assets(&self) -> Result<Store, DatabaseError> {
        self.open_part(|builder| builder.hold::<Asset>().hold::<WebApp>())
    }

    /// Opens what concerns the agent's installers alone.
    pub(crate) fn open_installers(&self) -> Result<Store, DatabaseError> {
        self.open_part(StoreBuilder::hold::<Installer>)
    }

    fn open_part(&self, hold: impl FnOnce(StoreBuilder) -> StoreBuilder) -> Result<Store, DatabaseError> {
        let builder = match self {
            Self::Embedded(path) => StoreBuilder::new(Sqlite::new(path), Options::default()),
            Self::Postgres(url) => StoreBuilder::new(Postgres::new(url)?, Options::default()),
        };
        Ok(hold(builder).open(&|_| {})?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_database_is_refused_without_repeating_its_password() {
        let refusal = Database::at("mysql://root:hunter2@host/db").unwrap_err().to_string();
        assert!(refusal.contains("\"mysql\"") && !refusal.contains("hunter2"), "{refusal}");
        assert!(matches!(Database::at("postgresql://host/db"), Ok(Database::Postgres(_))));
    }
}
