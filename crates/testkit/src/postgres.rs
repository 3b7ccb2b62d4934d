//! A PostgreSQL database for one test.
//!
//! The server behind it is the one that `REDOUBT_TEST_POSTGRES` names (`postgres://user:password@host/postgres`; the user
//! must be allowed to create databases), else one that `scripts/test-postgres` starts and all tests share.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

use crate::chance::Chance;

/// A database that nobody else uses. It is dropped with this.
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    /// Makes a database.
    pub fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let chance = Chance::new().number();
        let name = format!("redoubt_test_{}_{count}_{chance:016x}", std::process::id());
        let url = with_database(server(), &name);
        // The server's own templates may have another encoding.
        admin(&format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"));
        Self { name, url }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts all connections to it, as a server that restarts does.
    pub fn cut(&self) {
        let name = &self.name;
        admin(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    }

    /// Cuts all connections and takes no new ones, until [`Database::come_back`].
    pub fn go_away(&self) {
        admin(&format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", self.name));
        self.cut();
    }

    /// Takes connections again.
    pub fn come_back(&self) {
        admin(&format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true", self.name));
    }

    /// A connection of the test's own.
    pub fn client(&self) -> Client {
        connect(&self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A panic on top of a test's own would hide it; what is left goes with the server.
        if let Ok(mut client) = Client::connect(server(), NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn admin(sql: &str) {
    connect(server()).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls)
        .unwrap_or_else(|error| panic!("PostgreSQL at {url} can't be reached: {error:?}"))
}

/// The address of the server.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| std::env::var("REDOUBT_TEST_POSTGRES").unwrap_or_else(|_| shared_server()))
}

/// Starts the shared server if it does not run. It stops when no process holds the file `users` locked any more.
fn shared_server() -> String {
    static IN_USE: OnceLock<File> = OnceLock::new();
    let root = workspace();
    let place = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let place = place.join("test-postgres");
    fs::create_dir_all(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let users = File::create(place.join("users")).expect("the file of users is made");
    users.lock_shared().expect("the file of users is locked");
    IN_USE.get_or_init(|| users);
    let script = root.join("scripts/test-postgres");
    let output = Command::new(&script)
        .arg(&place)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{} can't be run: {error}", script.display()));
    assert!(
        output.status.success(),
        "no PostgreSQL for this test. Install it (Debian: apt-get install postgresql), or set \
         REDOUBT_TEST_POSTGRES=postgres://user:password@host/postgres"
    );
    String::from_utf8(output.stdout).expect("an address is text").trim().to_owned()
}

fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("the crate is two levels deep").to_owned()
}

/// The address with another database's name in it.
fn with_database(url: &str, name: &str) -> String {
    let (head, parameters) = url.split_once('?').map_or((url, ""), |(head, rest)| (head, rest));
    let (scheme, rest) =
        head.split_once("://").unwrap_or_else(|| panic!("{url} is no address of PostgreSQL"));
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}/{name}{question}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_takes_another_database() {
        let cases = [
            ("postgres://u:p@h:5432/postgres", "postgres://u:p@h:5432/x"),
            ("postgres://h", "postgres://h/x"),
            ("postgres:///postgres?host=/tmp/a/b&user=u", "postgres:///x?host=/tmp/a/b&user=u"),
        ];
        for (url, expected) in cases {
            assert_eq!(with_database(url, "x"), expected);
        }
    }

    #[test]
    fn a_database_is_there_goes_away_and_comes_back() {
        let database = Database::create();
        let mut client = database.client();
        let encoding: String = client.query_one("SHOW server_encoding", &[]).expect("an answer").get(0);
        assert_eq!(encoding, "UTF8");
        database.go_away();
        assert!(client.batch_execute("SELECT 1").is_err());
        assert!(Client::connect(database.url(), NoTls).is_err());
        database.come_back();
        database.client().batch_execute("SELECT 1").expect("an answer");
    }
}
