//! Pieces that many cases share.

use crate::case::Hit;
use crate::engine::sql::{self, Dialect, Rows};
use crate::filter::html;
use crate::http::Reply;
use crate::world::World;

/// Rows as a table.
pub fn table(rows: &Rows) -> String {
    let row =
        |row: &Vec<String>| row.iter().map(|cell| format!("<td>{}</td>", html(cell))).collect::<String>();
    let rows: String = rows.iter().map(|each| format!("<tr>{}</tr>", row(each))).collect();
    format!("<table>{rows}</table>")
}

/// What an application says when something went wrong and it keeps the reason to itself.
pub fn quiet() -> Reply {
    Reply::html("<p>Sorry, something went wrong.</p>").with_status(500)
}

/// How a page tells what a statement gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// Rows, and errors in full.
    Errors,
    /// Rows, no errors.
    Rows,
    /// Only whether there are rows.
    Whether,
    /// Nothing at all.
    Nothing,
}

/// Runs a statement and answers as the page tells.
pub fn sql(world: &World, hit: &Hit<'_>, dialect: Dialect, tells: Tells, statement: &str) -> Reply {
    told(sql::query(world, &hit.case.id(), dialect, statement), tells)
}

/// Runs a statement with bound values and answers as the page tells.
pub fn bound(
    world: &World,
    hit: &Hit<'_>,
    dialect: Dialect,
    tells: Tells,
    statement: &str,
    values: &[&str],
) -> Reply {
    told(sql::bound(world, &hit.case.id(), dialect, statement, values), tells)
}

fn told(result: Result<Rows, String>, tells: Tells) -> Reply {
    match (result, tells) {
        (_, Tells::Nothing) => Reply::html("<p>Thank you, noted.</p>"),
        (Ok(rows), Tells::Whether) => Reply::html(if rows.is_empty() {
            "<p>Not in stock.</p>"
        } else {
            "<p>In stock. Order today, it will be sent tomorrow.</p>"
        }),
        (Ok(rows), _) if rows.is_empty() => Reply::html("<p>Nothing found.</p>"),
        (Ok(rows), _) => Reply::html(table(&rows)),
        (Err(error), Tells::Errors) => {
            Reply::html(format!("<p class=\"error\">{}</p>", html(&error))).with_status(500)
        }
        (Err(_), Tells::Whether) => Reply::html("<p>Not in stock.</p>"),
        (Err(_), _) => quiet(),
    }
}
