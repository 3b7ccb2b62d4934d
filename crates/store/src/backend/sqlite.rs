//! SQLite: the embedded store. Write-ahead log, every commit synced to the disk.
//!
//! The log is never made shorter while the store is open: writing over what is allocated already syncs several times as
//! fast as making a file longer. It is moved into the file in small steps, so that no commit waits for a large one.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, params};

use super::{Backend, Listener, Row, Session, failed, id, signed, unsigned};
use crate::{Change, ChangeKind, Error, Kind, Result};

/// The version of the tables, kept in the file. Since 2, long texts of the change log may be packed.
const SCHEMA: i64 = 2;
/// Bytes of a page in a new file: most objects fit into one.
const PAGE: u64 = 16 << 10;
/// Bytes in the write-ahead log, and not yet in the file, from which they are moved while writers go on.
const LOG_STEP: u64 = 4 << 20;
/// Bytes of the log from which writers also wait a moment, so that it begins anew and stays bounded under steady
/// writing.
const MOST_LOG: u64 = 64 << 20;
/// So many steps at the most are made before writers wait, so that little is left to do then.
const STEPS: usize = 3;
/// How long writers wait at the most while the log is to begin anew; somebody may be reading an old state meanwhile.
const PATIENCE: Duration = Duration::from_millis(30);
/// How long others are waited for who write, or make the file.
const TURN: Duration = Duration::from_secs(30);
/// After so long the next try follows one that did not succeed, and after twice as long the one after that.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(16);
/// Bytes from which a text of the change log is packed: above all the whole documents of new objects.
const LONG: usize = 2 << 10;

/// A SQLite file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// The store in this file; [`Backend::prepare`] makes it.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned() }
    }

    fn open(&self) -> Result<Connection> {
        let connection = Connection::open(&self.path).map_err(failed)?;
        connection.busy_timeout(TURN).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(128);
        let page = format!("PRAGMA page_size = {PAGE}");
        connection.execute_batch(&page).map_err(failed)?;
        to_wal(&connection)?;
        let settings = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;";
        connection.execute_batch(settings).map_err(failed)?;
        Ok(connection)
    }
}

impl Backend for Sqlite {
    fn prepare(&self, kinds: &[Kind]) -> Result<()> {
        let connection = self.open()?;
        let version: i64 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if version > SCHEMA {
            return Err(Error::Newer { found: unsigned(version), known: unsigned(SCHEMA) });
        }
        let mut tables = String::from(
            "BEGIN IMMEDIATE;
             CREATE TABLE IF NOT EXISTS ids (kind TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS keys (kind TEXT, key TEXT, id INTEGER NOT NULL, PRIMARY KEY (kind, key))
                 WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS changes (sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,
                 author TEXT NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL, change TEXT NOT NULL,
                 before TEXT NOT NULL, after TEXT NOT NULL);",
        );
        for kind in kinds {
            let table = table(*kind);
            tables += &format!(
                "CREATE TABLE IF NOT EXISTS {table}
                     (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL);"
            );
        }
        tables += &format!("PRAGMA user_version = {SCHEMA}; COMMIT;");
        connection.execute_batch(&tables).map_err(failed)
    }

    fn connect(&self) -> Result<Box<dyn Session>> {
        let connection = self.open()?;
        let page = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map(unsigned);
        let (page, pause, next_restart) = (page.map_err(failed)?, PAUSE, Instant::now());
        Ok(Box::new(SqliteSession { connection, page, writes: false, pause, next_restart }))
    }

    fn listen(&self) -> Result<Box<dyn Listener>> {
        Ok(Box::new(Patience))
    }
}

/// Turns a file to write-ahead logging, which it then keeps. SQLite does not wait by itself for others who do the same.
fn to_wal(connection: &Connection) -> Result<()> {
    let until = Instant::now() + TURN;
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && Instant::now() < until =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other.map_err(failed),
        }
    }
}

/// SQLite tells nobody of a commit by another process: this waits the time out, and there may have been one.
struct Patience;

impl Listener for Patience {
    fn wait(&mut self, at_most: Duration) -> Result<bool> {
        std::thread::sleep(at_most);
        Ok(true)
    }
}

fn table(kind: Kind) -> String {
    format!("kind_{kind}")
}

struct SqliteSession {
    connection: Connection,
    /// Bytes of a page.
    page: u64,
    /// Whether it has written: the one connection that does has a larger cache. Many may read at once.
    writes: bool,
    /// How long to wait if the log can't begin anew.
    pause: Duration,
    /// When it may be tried next.
    next_restart: Instant,
}

/// The write-ahead log, in bytes.
struct Log {
    length: u64,
    /// What is not in the file yet.
    left: u64,
    /// Whether the checkpoint could not do all it should.
    busy: bool,
}

impl SqliteSession {
    fn statement(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql).map_err(failed)
    }

    fn run(&self, sql: &str, params: impl Params) -> Result<()> {
        self.statement(sql)?.execute(params).map_err(failed)?;
        Ok(())
    }

    /// Moves the log into the file; `mode` says how far it waits for others. Others may be reading: then it moves
    /// what it can.
    fn checkpoint(&self, mode: &str) -> Result<Log> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let pages = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, unsigned(row.get(1)?), unsigned(row.get(2)?)));
        match self.connection.query_row(&sql, [], pages) {
            Ok((busy, all, moved)) => {
                Ok(Log { length: all * self.page, left: all.saturating_sub(moved) * self.page, busy })
            }
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == rusqlite::ErrorCode::DatabaseBusy =>
            {
                Ok(Log { length: 0, left: 0, busy: true })
            }
            Err(error) => Err(failed(error)),
        }
    }
}

impl Session for SqliteSession {
    fn begin_read(&mut self) -> Result<()> {
        self.run("BEGIN", [])?;
        // A deferred transaction begins to see its state with its first read.
        self.statement("SELECT 1 FROM ids LIMIT 1")?.exists([]).map_err(failed)?;
        Ok(())
    }

    fn begin_write(&mut self) -> Result<()> {
        if !std::mem::replace(&mut self.writes, true) {
            self.connection.execute_batch("PRAGMA cache_size = -16000").map_err(failed)?;
        }
        self.run("BEGIN IMMEDIATE", [])
    }

    fn savepoint(&mut self) -> Result<()> {
        self.run("SAVEPOINT job", [])
    }

    fn undo(&mut self) -> Result<()> {
        self.run("ROLLBACK TO job", [])
    }

    fn release(&mut self) -> Result<()> {
        self.run("RELEASE job", [])
    }

    fn commit(&mut self) -> Result<()> {
        self.run("COMMIT", [])
    }

    fn end(&mut self) -> Result<()> {
        if self.connection.is_autocommit() { Ok(()) } else { self.run("ROLLBACK", []) }
    }

    fn get(&mut self, kind: Kind, id: u32) -> Result<Option<Row>> {
        let table = table(kind);
        let mut statement = self.statement(&format!("SELECT version, document FROM {table} WHERE id = ?"))?;
        let row = statement
            .query_row([id], |row| Ok(Row { id, version: unsigned(row.get(0)?), document: row.get(1)? }));
        row.optional().map_err(failed)
    }

    fn get_many(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<Row>> {
        let rows = ids.iter().map(|id| self.get(kind, *id));
        rows.filter_map(Result::transpose).collect()
    }

    fn existing(&mut self, kind: Kind, ids: &[u32]) -> Result<Vec<u32>> {
        let table = table(kind);
        let mut statement = self.statement(&format!("SELECT 1 FROM {table} WHERE id = ?"))?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            if statement.exists([id]).map_err(failed)? {
                found.push(*id);
            }
        }
        Ok(found)
    }

    fn scan(&mut self, kind: Kind, after: u32, limit: usize) -> Result<Vec<Row>> {
        let table = table(kind);
        let sql = format!("SELECT id, version, document FROM {table} WHERE id > ? ORDER BY id LIMIT ?");
        let mut statement = self.statement(&sql)?;
        let mut rows = statement.query(params![after, limit as i64]).map_err(failed)?;
        let mut found = Vec::with_capacity(limit.min(1_000));
        while let Some(row) = rows.next().map_err(failed)? {
            let version = unsigned(row.get(1).map_err(failed)?);
            found.push(Row {
                id: id(row.get(0).map_err(failed)?)?,
                version,
                document: row.get(2).map_err(failed)?,
            });
        }
        Ok(found)
    }

    fn insert(&mut self, kind: Kind, row: &Row) -> Result<()> {
        let table = table(kind);
        let sql = format!("INSERT INTO {table} (id, version, document) VALUES (?, ?, ?)");
        self.run(&sql, params![row.id, signed(row.version), row.document])
    }

    fn update(&mut self, kind: Kind, row: &Row, expected: u64) -> Result<bool> {
        let table = table(kind);
        let sql = format!("UPDATE {table} SET version = ?, document = ? WHERE id = ? AND version = ?");
        let values = params![signed(row.version), row.document, row.id, signed(expected)];
        Ok(self.statement(&sql)?.execute(values).map_err(failed)? == 1)
    }

    fn delete(&mut self, kind: Kind, id: u32, expected: u64) -> Result<bool> {
        let table = table(kind);
        let sql = format!("DELETE FROM {table} WHERE id = ? AND version = ?");
        Ok(self.statement(&sql)?.execute(params![id, signed(expected)]).map_err(failed)? == 1)
    }

    fn next_ids(&mut self, kind: Kind, count: u32) -> Result<u32> {
        let sql = "INSERT INTO ids (kind, next) VALUES (?1, ?2 + 1)
             ON CONFLICT (kind) DO UPDATE SET next = next + ?2 RETURNING next - ?2";
        let first = self.statement(sql)?.query_row(params![kind.name(), count], |row| row.get(0));
        id(first.map_err(failed)?)
    }

    fn find_key(&mut self, kind: Kind, key: &str) -> Result<Option<u32>> {
        let mut statement = self.statement("SELECT id FROM keys WHERE kind = ? AND key = ?")?;
        let found = statement.query_row([kind.name(), key], |row| row.get(0)).optional().map_err(failed)?;
        found.map(id).transpose()
    }

    fn put_key(&mut self, kind: Kind, key: &str, id: u32) -> Result<()> {
        self.run("INSERT INTO keys (kind, key, id) VALUES (?, ?, ?)", params![kind.name(), key, id])
    }

    fn delete_key(&mut self, kind: Kind, key: &str) -> Result<()> {
        self.run("DELETE FROM keys WHERE kind = ? AND key = ?", [kind.name(), key])
    }

    fn append(&mut self, change: &Change) -> Result<u64> {
        let sql =
            "INSERT INTO changes (at, author, kind, id, change, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let values = params![
            change.at.to_string(),
            change.author,
            change.kind,
            change.id,
            change.change.name(),
            Kept::of(&change.before),
            Kept::of(&change.after)
        ];
        self.run(sql, values)?;
        Ok(unsigned(self.connection.last_insert_rowid()))
    }

    fn changes(&mut self, after: u64, limit: usize) -> Result<Vec<Change>> {
        let sql = "SELECT sequence, at, author, kind, id, change, before, after FROM changes
             WHERE sequence > ? ORDER BY sequence LIMIT ?";
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query([signed(after), limit as i64]).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            found.push(change_of(row).map_err(failed)?);
        }
        Ok(found)
    }

    fn last_sequence(&mut self) -> Result<u64> {
        let mut statement = self.statement("SELECT coalesce(max(sequence), 0) FROM changes")?;
        statement.query_row([], |row| row.get(0)).map(unsigned).map_err(failed)
    }

    fn tidy(&mut self) -> Result<()> {
        let mut log = self.checkpoint("NOOP")?;
        for _ in 0..STEPS {
            if log.left < LOG_STEP {
                break;
            }
            log = self.checkpoint("PASSIVE")?;
            if log.length < MOST_LOG {
                break;
            }
        }
        if log.length < MOST_LOG || Instant::now() < self.next_restart {
            return Ok(());
        }
        // Little is left to move after the steps above, so writers wait for milliseconds only.
        self.connection.busy_timeout(PATIENCE).map_err(failed)?;
        self.pause = match self.checkpoint("RESTART")?.busy {
            true => (self.pause * 2).min(LONGEST_PAUSE),
            false => PAUSE,
        };
        self.next_restart = Instant::now() + self.pause;
        Ok(())
    }
}

/// How hard long texts are packed, of 9. One is hardly faster and leaves half as much again: it has no codes of its own for a text.
const PACKING: u32 = 2;

/// A text of the change log as a column keeps it: long ones packed, as bytes.
enum Kept<'a> {
    Plain(&'a str),
    Packed(Vec<u8>),
}

impl<'a> Kept<'a> {
    fn of(text: &'a str) -> Self {
        if text.len() < LONG {
            return Kept::Plain(text);
        }
        let mut packer = DeflateEncoder::new(Vec::with_capacity(text.len() / 4), Compression::new(PACKING));
        // Writing to memory does not fail; if it did, the text would be kept as it is.
        match packer.write_all(text.as_bytes()).and_then(|()| packer.finish()) {
            Ok(packed) if packed.len() < text.len() => Kept::Packed(packed),
            _ => Kept::Plain(text),
        }
    }
}

impl ToSql for Kept<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Kept::Plain(text) => text.to_sql(),
            Kept::Packed(bytes) => bytes.to_sql(),
        }
    }
}

/// A text of the change log as it was before it was kept.
struct Unpacked(String);

impl FromSql for Unpacked {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let ValueRef::Blob(bytes) = value else { return String::column_result(value).map(Unpacked) };
        let mut text = String::new();
        let read = DeflateDecoder::new(bytes).read_to_string(&mut text);
        read.map(|_| Unpacked(text)).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

fn change_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Change> {
    Ok(Change {
        sequence: unsigned(row.get(0)?),
        at: row.get::<_, At>(1)?.0,
        author: row.get(2)?,
        kind: row.get(3)?,
        id: row.get(4)?,
        change: row.get(5)?,
        before: row.get::<_, Unpacked>(6)?.0,
        after: row.get::<_, Unpacked>(7)?.0,
    })
}

struct At(jiff::Timestamp);

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(At).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

impl FromSql for ChangeKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        ChangeKind::named(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commit_is_synced_to_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let connection = Sqlite::new(directory.path().join("store")).open().unwrap();
        let setting = |name: &str| -> rusqlite::types::Value {
            connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(setting("synchronous"), rusqlite::types::Value::Integer(2));
        assert_eq!(setting("journal_mode"), rusqlite::types::Value::Text("wal".into()));
    }

    #[test]
    fn a_new_file_is_made_by_many_at_once() {
        const KIND: Kind = Kind::new("dog");
        let directory = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let file = Sqlite::new(directory.path().join(format!("store {round}")));
            std::thread::scope(|scope| {
                let all: Vec<_> = (0..6).map(|_| scope.spawn(|| file.prepare(&[KIND]).unwrap())).collect();
                all.into_iter().for_each(|one| one.join().unwrap());
            });
        }
    }
}
