//! Databases behind the SQL cases: a SQLite of its own for each case, also under the words of other dialects, and
//! PostgreSQL itself where there is one.

use std::time::{Duration, Instant};

use postgres::{NoTls, SimpleQueryMessage};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;

pub use super::sql_dialect::Dialect;
use super::sql_dialect::Statement;
use crate::world::World;

/// The name of the product that no page lists.
pub const HIDDEN: &str = "unreleased-falcon";
/// A password in the table of users.
pub const PASSWORD: &str = "hidden-nightjar-77";

const SCHEMA: &str = "
CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR(60), category VARCHAR(60), price INTEGER, released INTEGER);
INSERT INTO products VALUES (1, 'apple', 'fruit', 3, 1);
INSERT INTO products VALUES (2, 'banana', 'fruit', 2, 1);
INSERT INTO products VALUES (3, 'carrot', 'vegetable', 1, 1);
INSERT INTO products VALUES (4, 'unreleased-falcon', 'secret', 999, 0);
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(60), password VARCHAR(60), role VARCHAR(20));
INSERT INTO users VALUES (1, 'alice', 'correct-horse', 'user');
INSERT INTO users VALUES (2, 'admin', 'hidden-nightjar-77', 'admin');
CREATE TABLE visits (id INTEGER, agent VARCHAR(400), page VARCHAR(400));
";

/// Rows as texts.
pub type Rows = Vec<Vec<String>>;

/// A connection to a case's database. What SQLite's holds is in memory and its own; after some use it is made anew.
pub(crate) struct Database {
    kind: Kind,
    uses: u32,
}

enum Kind {
    /// SQLite in memory.
    Sqlite(Connection),
    /// A connection to PostgreSQL, in a schema of the case's own.
    Postgres(Box<postgres::Client>),
}

/// Longest that one statement may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs what an application sends in a dialect. The error is the server's text.
pub fn query(world: &World, key: &str, dialect: Dialect, sql: &str) -> Result<Rows, String> {
    with(world, key, dialect, |database| match database {
        Kind::Sqlite(connection) => {
            let mut rows = None;
            for statement in dialect.translate(sql)? {
                match statement {
                    Statement::Run(sql) => {
                        let found =
                            sqlite(connection, &sql, &[]).map_err(|error| said(dialect, &sql, &error))?;
                        // The page shows the first result.
                        rows.get_or_insert(found);
                    }
                    Statement::Wait(seconds, condition) => {
                        let waits = match condition {
                            Some(condition) => {
                                !sqlite(connection, &format!("SELECT 1 WHERE {condition}"), &[])
                                    .map_err(|error| said(dialect, &condition, &error))?
                                    .is_empty()
                            }
                            None => true,
                        };
                        if waits {
                            nap(seconds);
                        }
                    }
                }
            }
            Ok(rows.unwrap_or_default())
        }
        Kind::Postgres(client) => postgres_query(client, sql),
    })
}

/// Runs a statement with bound values: the value never becomes a part of the statement.
pub fn bound(world: &World, key: &str, dialect: Dialect, sql: &str, values: &[&str]) -> Result<Rows, String> {
    with(world, key, dialect, |database| match database {
        Kind::Sqlite(connection) => sqlite(connection, sql, values).map_err(|error| error.to_string()),
        Kind::Postgres(client) => {
            let parameters: Vec<&(dyn postgres::types::ToSql + Sync)> =
                values.iter().map(|value| value as &(dyn postgres::types::ToSql + Sync)).collect();
            let rows = client.query(sql, &parameters).map_err(|error| error.to_string())?;
            let text = |row: &postgres::Row, at: usize| row.try_get::<_, String>(at).unwrap_or_default();
            Ok(rows.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect())
        }
    })
}

/// Works with a connection that nobody else uses meanwhile.
fn with<T>(
    world: &World,
    key: &str,
    dialect: Dialect,
    act: impl FnOnce(&mut Kind) -> Result<T, String>,
) -> Result<T, String> {
    let mut database = match world.idle_database(key) {
        Some(database) => database,
        None => Database { kind: open(world, key, dialect)?, uses: 0 },
    };
    let result = act(&mut database.kind);
    database.uses += 1;
    if database.uses < 500 {
        world.keep_database(key, database);
    }
    result
}

fn nap(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 15.0)));
}

fn open(world: &World, key: &str, dialect: Dialect) -> Result<Kind, String> {
    if dialect != Dialect::Postgres {
        return sqlite_open(dialect).map(Kind::Sqlite).map_err(|error| error.to_string());
    }
    let url =
        world.postgres.as_deref().ok_or("this case needs PostgreSQL: start the range with --postgres URL")?;
    let mut client = postgres::Client::connect(url, NoTls).map_err(|error| error.to_string())?;
    let name: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let enter = format!("SET search_path = range_{name}; SET statement_timeout = '20s';");
    let begin =
        format!("DROP SCHEMA IF EXISTS range_{name} CASCADE; CREATE SCHEMA range_{name}; {enter} {SCHEMA}");
    world.once(key, || client.batch_execute(&begin)).map_err(|error| error.to_string())?;
    client.batch_execute(&enter).map_err(|error| error.to_string())?;
    Ok(Kind::Postgres(Box::new(client)))
}

fn sqlite_open(dialect: Dialect) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 128 << 20)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 200_000)?;
    if dialect == Dialect::Sqlite {
        return Ok(connection);
    }
    connection.execute_batch(
        "ATTACH ':memory:' AS information_schema;
         CREATE TABLE information_schema.tables (table_schema, table_name);
         INSERT INTO information_schema.tables VALUES ('shop', 'products'), ('shop', 'users');
         CREATE TABLE information_schema.columns (table_name, column_name);
         INSERT INTO information_schema.columns VALUES ('users', 'name'), ('users', 'password');
         CREATE TABLE dual (dummy); INSERT INTO dual VALUES ('X');
         CREATE TABLE v_version (banner); INSERT INTO v_version VALUES ('Oracle Database 19c Enterprise Edition Release 19.0.0.0.0');
         CREATE TABLE all_tables (owner, table_name); INSERT INTO all_tables VALUES ('SHOP', 'USERS');
         CREATE TABLE sysobjects (name, xtype); INSERT INTO sysobjects VALUES ('users', 'U');",
    )?;
    let flags = FunctionFlags::SQLITE_UTF8;
    let seconds = |context: &rusqlite::functions::Context<'_>, at: usize| {
        context.get::<f64>(at).or_else(|_| context.get::<i64>(at).map(|n| n as f64)).unwrap_or(0.0)
    };
    let failed = |text: String| rusqlite::Error::UserFunctionError(text.into());
    let text_of = |context: &rusqlite::functions::Context<'_>, at: usize| text(context.get_raw(at));
    connection.create_scalar_function("sleep", 1, flags, move |context| {
        nap(seconds(context, 0));
        Ok(0)
    })?;
    connection.create_scalar_function("benchmark", 2, flags, move |context| {
        // Ten million rounds of a hash take a server about two seconds.
        nap(seconds(context, 0) / 5e6);
        Ok(0)
    })?;
    connection.create_scalar_function("receive_message", 2, flags, move |context| {
        nap(seconds(context, 1));
        Ok(1)
    })?;
    let version = match dialect {
        Dialect::MySql => "8.0.39-0ubuntu0.24.04.1",
        Dialect::MsSql => "Microsoft SQL Server 2019 (RTM-CU27) - 15.0.4375.4 (X64)",
        _ => "Oracle Database 19c",
    };
    for name in ["version", "server_version"] {
        connection.create_scalar_function(name, 0, flags, move |_| Ok(version))?;
    }
    for (name, value) in [
        ("database", "shop"),
        ("db_name", "shop"),
        ("user", "app@localhost"),
        ("current_user", "app@localhost"),
    ] {
        connection.create_scalar_function(name, 0, flags, move |_| Ok(value))?;
    }
    connection.create_scalar_function(
        "extractvalue",
        2,
        flags,
        move |context| -> rusqlite::Result<String> {
            Err(failed(format!("XPATH syntax error: '{}'", text_of(context, 1))))
        },
    )?;
    connection.create_scalar_function("updatexml", 3, flags, move |context| -> rusqlite::Result<String> {
        Err(failed(format!("XPATH syntax error: '{}'", text_of(context, 1))))
    })?;
    connection.create_scalar_function(
        "host_name",
        -1,
        flags,
        move |context| -> rusqlite::Result<String> {
            let last = context.len().saturating_sub(1);
            Err(failed(format!("ORA-29257: host {} unknown", text_of(context, last))))
        },
    )?;
    connection.create_scalar_function("convert_to", 2, flags, move |context| {
        let value = text_of(context, 1);
        value.trim().parse::<i64>().map_err(|_| {
            failed(format!(
                "Conversion failed when converting the nvarchar value '{value}' to data type int."
            ))
        })
    })?;
    Ok(connection)
}

/// Runs one statement. SQLite itself refuses what is not a single statement when it is read by `prepare`.
fn sqlite(connection: &Connection, sql: &str, values: &[&str]) -> rusqlite::Result<Rows> {
    let started = Instant::now();
    connection.progress_handler(100_000, Some(move || started.elapsed() > LIMIT))?;
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((0..columns).map(|at| row.get_ref(at).map(text)).collect::<Result<_, _>>()?);
        if found.len() >= 500 {
            break;
        }
    }
    Ok(found)
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// SQLite's error in the words of a dialect.
fn said(dialect: Dialect, sql: &str, error: &rusqlite::Error) -> String {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    if dialect == Dialect::Sqlite {
        return text;
    }
    let quoted = text.split('"').nth(1).unwrap_or_default();
    if text.starts_with("near ")
        || text.starts_with("unrecognized token")
        || text.contains("incomplete input")
    {
        let near =
            sql.rfind(quoted).filter(|_| !quoted.is_empty()).and_then(|at| sql.get(at..)).unwrap_or_default();
        return dialect.syntax_error(near);
    }
    if text.contains("same number of result columns") || text.contains("SELECTs to the left and right") {
        return match dialect {
            Dialect::MySql => "The used SELECT statements have a different number of columns".to_owned(),
            Dialect::MsSql => "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.".to_owned(),
            _ => "ORA-01789: query block has incorrect number of result columns".to_owned(),
        };
    }
    if let Some(column) = text.strip_prefix("no such column: ") {
        return match dialect {
            Dialect::MySql => format!("Unknown column '{column}' in 'where clause'"),
            Dialect::MsSql => format!("Invalid column name '{column}'."),
            _ => format!("ORA-00904: \"{}\": invalid identifier", column.to_uppercase()),
        };
    }
    text
}

fn postgres_query(client: &mut postgres::Client, sql: &str) -> Result<Rows, String> {
    let told = |error: &postgres::Error| match error.as_db_error() {
        Some(error) => format!("ERROR:  {}", error.message()),
        None => error.to_string(),
    };
    let messages = client.simple_query(sql).map_err(|error| told(&error))?;
    let mut rows = Vec::new();
    for message in messages.into_iter().take(500) {
        if let SimpleQueryMessage::Row(row) = message {
            rows.push((0..row.len()).map(|at| row.get(at).unwrap_or("NULL").to_owned()).collect());
        }
    }
    Ok(rows)
}
