//! The same data in PostgreSQL, in a relational schema as one would write it, tuned as one would tune it.

mod cluster;
mod load;
mod schema;

pub use cluster::Cluster;
pub use load::{Relational, fill};

use postgres::{Client, NoTls, Statement};

use crate::error::Result;

/// A connection with a session's settings.
///
/// # Errors
/// When the server can't be reached.
pub fn connect(url: &str) -> Result<Client> {
    let mut client = Client::connect(url, NoTls)?;
    client.batch_execute(
        "SET search_path = redoubt_bench, public; SET TIME ZONE 'UTC'; SET jit = off; SET work_mem = '256MB';
         SET random_page_cost = 1.1; SET effective_cache_size = '12GB'; SET plan_cache_mode = auto;",
    )?;
    Ok(client)
}

/// A statement that answers with one number.
///
/// # Errors
/// When the server does not take it.
pub fn prepare(client: &mut Client, sql: &str, parallel: bool) -> Result<Statement> {
    set_parallel(client, parallel)?;
    Ok(client.prepare(sql)?)
}

/// Whether statements may use both processors.
///
/// # Errors
/// When the server fails.
pub fn set_parallel(client: &mut Client, parallel: bool) -> Result<()> {
    let workers = if parallel { 2 } else { 0 };
    Ok(client.batch_execute(&format!("SET max_parallel_workers_per_gather = {workers}"))?)
}

/// Asks a prepared statement for its number.
///
/// # Errors
/// When the server fails.
pub fn ask(client: &mut Client, statement: &Statement) -> Result<u64> {
    let row = client.query_one(statement, &[])?;
    Ok(u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default())
}
