//! PostgreSQL: the store to grow into. Any number of server processes work on one database; a lock that ends with
//! its transaction lets one of them write at a time, so that sequences of the change log become visible in order.
//!
//! Keys are kept as bytes, found by a digest: they may hold any sign and be longer than an index of texts allows.

use std::time::Duration;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};

use super::{Backend, Listener, Row, Session, failed, id, signed, unsigned};
use crate::{Change, ChangeKind, Error, Kind, Result};

/// The version of the tables, kept in the table `meta`.
const SCHEMA: i64 = 1;
/// How long to wait for a connection, where the address does not say.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may leave what was sent to it unacknowledged, where the address does not say.
const SILENCE: Duration = Duration::from_secs(30);
/// The advisory lock that writers hold ("redoubt" in digits of a telephone).
const WRITERS: i64 = 7_336_828;

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Postgres {
    config: postgres::Config,
}

impl Postgres {
    /// The database that an address such as `postgres://user:password@host/name` names.
    ///
    /// # Errors
    /// When the address can't be read, or asks for TLS, which this build does not speak to PostgreSQL.
    pub fn new(url: &str) -> Result<Self> {
        let mut config: postgres::Config = url.parse().map_err(|error| Error::Address(format!("{error}")))?;
        if config.get_ssl_mode() == postgres::config::SslMode::Require {
            let text = "sslmode=require is not supported; use a local socket, a tunnel, or sslmode=disable";
            return Err(Error::Address(text.into()));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        Ok(Self { config })
    }

    fn client(&self) -> Result<Client> {
        let mut client = self.config.connect(NoTls).map_err(failed)?;
        // A commit that was answered is on the disk, whatever the server's settings are otherwise.
        client
            .batch_execute(
                "SELECT set_config('synchronous_commit', 'on', false)
                     WHERE current_setting('synchronous_commit') = 'off'",
            )
            .map_err(failed)?;
        Ok(client)
    }
}

impl Backend for Postgres {
    fn prepare(&self, kinds: &[Kind]) -> Result<()> {
        let mut client = self.client()?;
        let encoding: String = client.query_one("SHOW server_encoding", &[]).map_err(failed)?.get(0);
        if encoding != "UTF8" {
            let text = format!("the database is encoded in {encoding}; create one with ENCODING 'UTF8'");
            return Err(Error::Address(text));
        }
        let mut work = client.transaction().map_err(failed)?;
        work.execute("SELECT pg_advisory_xact_lock($1)", &[&WRITERS]).map_err(failed)?;
        work.batch_execute(
            "CREATE TABLE IF NOT EXISTS meta (version BIGINT NOT NULL);
             CREATE TABLE IF NOT EXISTS ids (kind TEXT PRIMARY KEY, next BIGINT NOT NULL);
             CREATE TABLE IF NOT EXISTS keys (kind TEXT, digest BYTEA, key BYTEA NOT NULL, id BIGINT NOT NULL,
                 PRIMARY KEY (kind, digest));
             CREATE TABLE IF NOT EXISTS changes (sequence BIGSERIAL PRIMARY KEY, at TEXT NOT NULL,
                 author TEXT NOT NULL, kind TEXT NOT NULL, id BIGINT NOT NULL, change TEXT NOT NULL,
                 before TEXT NOT NULL, after TEXT NOT NULL);",
        )
        .map_err(failed)?;
        match work.query_opt("SELECT version FROM meta", &[]).map_err(failed)?.map(|row| row.get::<_, i64>(0))
        {
            Some(version) if version > SCHEMA => {
                return Err(Error::Newer { found: unsigned(version), known: unsigned(SCHEMA) });
            }
            Some(_) => {}
            None => {
                work.execute("INSERT INTO meta VALUES ($1)", &[&SCHEMA]).map_err(failed)?;
            }
        }
        for kind in kinds {
            let sql = format!(
                "CREATE TABLE IF NOT EXISTS kind_{kind}
                     (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, document TEXT NOT NULL)"
            );
            work.batch_execute(&sql).map_err(failed)?;
        }
        work.commit().map_err(failed)
    }

    fn connect(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(PostgresSession { client: self.client()?, statements: Vec::new(), open: false }))
    }

    fn listen(&self) -> Result<Box<dyn Listener>> {
        let mut client = self.client()?;
        client.batch_execute("LISTEN redoubt_changes").map_err(failed)?;
        Ok(Box::new(PostgresListener(client)))
    }
}

struct PostgresListener(Client);

impl Listener for PostgresListener {
    fn wait(&mut self, at_most: Duration) -> Result<bool> {
        let client = &mut self.0;
        let heard = client.notifications().timeout_iter(at_most).next().map_err(failed)?.is_some();
        // Whatever else came meanwhile is part of the same news.
        while client.notifications().iter().next().map_err(failed)?.is_some() {}
        if client.is_closed() { Err(Error::Database("the connection was cut".into())) } else { Ok(heard) }
    }
}

struct PostgresSession {
    client: Client,
    /// Prepared statements by their text; a dozen for each kind.
    statements: Vec<(String, Statement)>,
    open: bool,
}

impl PostgresSession {
    fn statement(&mut self, sql: &str) -> Result<Statement> {
        if let Some((_, known)) = self.statements.iter().find(|(text, _)| text == sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).map_err(failed)?;
        self.statements.push((sql.to_owned(), statement.clone()));
        Ok(statement)
    }

    /// Runs a statement; gives how many rows it concerned.
    fn run(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let statement = self.statement(sql)?;
        self.client.execute(&statement, values).map_err(failed)
    }

    fn rows(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<postgres::Row>> {
        let statement = self.statement(sql)?;
        self.client.query(&statement, values).map_err(failed)
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).map_err(failed)
    }
}

impl Session for PostgresSession {
    fn begin_read(&mut self) -> Result<()> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1")?;
        self.open = true;
        Ok(())
    }

    fn begin_write(&mut self) -> Result<()> {
        // Each statement must see what was committed while this one waited for the lock.
        self.batch(&format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITERS})"
        ))?;
        self.open = true;
        Ok(())
    }

    fn savepoint(&mut self) -> Result<()> {
        self.batch("SAVEPOINT job")
    }

    fn undo(&mut self) -> Result<()> {
        self.batch("ROLLBACK TO job")
    }

    fn release(&mut self) -> Result<()> {
        self.batch("RELEASE job")
    }

    fn commit(&mut self) -> Result<()> {
        self.batch("NOTIFY redoubt_changes; COMMIT")?;
        self.open = false;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        self.batch("ROLLBACK")
    }

    fn get(&mut self, kind: Kind, id: u32) -> Result<Option<Row>> {
        let sql = format!("SELECT id, version, document FROM kind_{kind} WHERE id = $1");
        self.rows(&sql, &[&i64::from(id)])?.first().map(row_of).transpose()
    }

    fn get_many(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<Row>> {
        let ids: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
        let sql = format!(
            "SELECT id, version, document FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
             JOIN kind_{kind} USING (id) ORDER BY place"
        );
        self.rows(&sql, &[&ids])?.iter().map(row_of).collect()
    }

    fn existing(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<u32>> {
        let ids: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
        let sql = format!("SELECT id FROM kind_{kind} WHERE id = ANY($1) ORDER BY id");
        self.rows(&sql, &[&ids])?.iter().map(|row| id(row.get(0))).collect()
    }

    fn scan(&mut self, kind: Kind, after: u32, limit: usize) -> Result<Vec<Row>> {
        let sql = format!("SELECT id, version, document FROM kind_{kind} WHERE id > $1 ORDER BY id LIMIT $2");
        self.rows(&sql, &[&i64::from(after), &(limit as i64)])?.iter().map(row_of).collect()
    }

    fn insert(&mut self, kind: Kind, row: &Row) -> Result<()> {
        let sql = format!("INSERT INTO kind_{kind} (id, version, document) VALUES ($1, $2, $3)");
        self.run(&sql, &[&i64::from(row.id), &signed(row.version), &row.document])?;
        Ok(())
    }

    fn update(&mut self, kind: Kind, row: &Row, expected: u64) -> Result<bool> {
        let sql =
            format!("UPDATE kind_{kind} SET version = $1, document = $2 WHERE id = $3 AND version = $4");
        let values: &[&(dyn ToSql + Sync)] =
            &[&signed(row.version), &row.document, &i64::from(row.id), &signed(expected)];
        Ok(self.run(&sql, values)? == 1)
    }

    fn delete(&mut self, kind: Kind, id: u32, expected: u64) -> Result<bool> {
        let sql = format!("DELETE FROM kind_{kind} WHERE id = $1 AND version = $2");
        Ok(self.run(&sql, &[&i64::from(id), &signed(expected)])? == 1)
    }

    fn next_ids(&mut self, kind: Kind, count: u32) -> Result<u32> {
        let sql = "INSERT INTO ids (kind, next) VALUES ($1, $2::bigint + 1)
             ON CONFLICT (kind) DO UPDATE SET next = ids.next + $2 RETURNING next - $2";
        let rows = self.rows(sql, &[&kind.name(), &i64::from(count)])?;
        let row = rows.first().ok_or_else(|| Error::Corrupt("the database gave no id".into()))?;
        id(row.get(0))
    }

    fn find_key(&mut self, kind: Kind, key: &str) -> Result<Option<u32>> {
        let rows = self.rows(
            "SELECT id FROM keys WHERE kind = $1 AND digest = sha256($2::bytea)",
            &[&kind.name(), &key.as_bytes()],
        )?;
        rows.first().map(|row| id(row.get(0))).transpose()
    }

    fn put_key(&mut self, kind: Kind, key: &str, id: u32) -> Result<()> {
        self.run(
            "INSERT INTO keys (kind, digest, key, id) VALUES ($1, sha256($2::bytea), $2, $3)",
            &[&kind.name(), &key.as_bytes(), &i64::from(id)],
        )?;
        Ok(())
    }

    fn delete_key(&mut self, kind: Kind, key: &str) -> Result<()> {
        self.run(
            "DELETE FROM keys WHERE kind = $1 AND digest = sha256($2::bytea)",
            &[&kind.name(), &key.as_bytes()],
        )?;
        Ok(())
    }

    fn append(&mut self, change: &Change) -> Result<u64> {
        let sql = "INSERT INTO changes (at, author, kind, id, change, before, after)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING sequence";
        let at = change.at.to_string();
        // The one sign that its texts can't hold; names may come from anywhere.
        let author = change.author.replace('\0', "\u{fffd}");
        let (id, name) = (i64::from(change.id), change.change.name());
        let rows =
            self.rows(sql, &[&at, &author, &change.kind, &id, &name, &change.before, &change.after])?;
        rows.first()
            .map(|row| unsigned(row.get(0)))
            .ok_or_else(|| Error::Corrupt("the database gave no sequence".into()))
    }

    fn changes(&mut self, after: u64, limit: usize) -> Result<Vec<Change>> {
        let sql = "SELECT sequence, at, author, kind, id, change, before, after FROM changes
             WHERE sequence > $1 ORDER BY sequence LIMIT $2";
        self.rows(sql, &[&signed(after), &(limit as i64)])?.iter().map(change_of).collect()
    }

    fn last_sequence(&mut self) -> Result<u64> {
        let rows = self.rows("SELECT coalesce(max(sequence), 0) FROM changes", &[])?;
        Ok(rows.first().map_or(0, |row| unsigned(row.get(0))))
    }
}

fn row_of(row: &postgres::Row) -> Result<Row> {
    Ok(Row { id: id(row.get(0))?, version: unsigned(row.get(1)), document: row.get(2) })
}

fn change_of(row: &postgres::Row) -> Result<Change> {
    let at: &str = row.get(1);
    let change: &str = row.get(5);
    Ok(Change {
        sequence: unsigned(row.get(0)),
        at: at
            .parse()
            .map_err(|_| Error::Corrupt(format!("the change log holds a time that is none: {at}")))?,
        author: row.get(2),
        kind: row.get(3),
        id: id(row.get(4))?,
        change: ChangeKind::named(change)
            .ok_or_else(|| Error::Corrupt(format!("the change log holds an unknown change: {change}")))?,
        before: row.get(6),
        after: row.get(7),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commit_is_synced_to_the_disk_whatever_the_database_says() {
        let database = testkit::postgres::Database::create();
        let name = database.name();
        database
            .client()
            .batch_execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off"))
            .unwrap();
        let setting = || -> String {
            let mut client = Postgres::new(database.url()).unwrap().client().unwrap();
            client.query_one("SHOW synchronous_commit", &[]).unwrap().get(0)
        };
        assert_eq!(setting(), "on");
        // One that asks for more than this is left as it is.
        let more = format!("ALTER DATABASE {name} SET synchronous_commit = remote_apply");
        database.client().batch_execute(&more).unwrap();
        assert_eq!(setting(), "remote_apply");
    }

    #[test]
    fn a_writer_sees_what_was_committed_while_it_waited_whatever_the_database_says() {
        let database = testkit::postgres::Database::create();
        let name = database.name();
        let strict = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'");
        database.client().batch_execute(&strict).unwrap();
        let backend = Postgres::new(database.url()).unwrap();
        backend.prepare(&[]).unwrap();
        let (mut first, mut second) = (backend.connect().unwrap(), backend.connect().unwrap());
        let kind = Kind::new("dog");
        first.begin_write().unwrap();
        assert_eq!(first.next_id(kind).unwrap(), 1);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                second.begin_write().unwrap();
                let next = second.next_id(kind).unwrap();
                second.commit().unwrap();
                next
            });
            std::thread::sleep(Duration::from_millis(200));
            first.commit().unwrap();
            assert_eq!(waiting.join().unwrap(), 2);
        });
    }
}
