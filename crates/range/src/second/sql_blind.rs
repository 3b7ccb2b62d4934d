//! SQL injection without a word of the database: conditions and time, in other clauses and places.

use super::HALF;
use super::sql::{API, IN_HEADER, run, safe};
use crate::case::Place::{Form, Graphql, Header, Json, Multipart, Path, PathMiddle, Query, QueryForm, Xml};
use crate::case::{Case, Family, Hit};
use crate::engine::sql::Dialect;
use crate::filter::Filter;
use crate::http::Reply;
use crate::page::{Tells, bound, sql};
use crate::proof::{Proof, Prover};
use crate::world::World;

use Dialect::{MsSql, MySql, Oracle, Postgres, Sqlite};

const YES: &str = "(SELECT substr(password,1,6) FROM users WHERE id=2)='hidden'";
const NO: &str = "(SELECT substr(password,1,6) FROM users WHERE id=2)='xxxxxx'";

/// Whether a condition about a row that no page shows changes the answer, in any of the forms that the case's statement may need.
fn learns(p: &Prover<'_>) -> Result<bool, String> {
    let forms = [
        "{s}' AND {c} -- ",
        "{s}' AND {c} AND '1'='1",
        "{s}\" AND {c} -- ",
        "{s} AND {c}",
        "{s}') AND {c} -- ",
        "{s}%' AND {c} -- ",
        "{s}) AND ({c}",
        "CASE WHEN {c} THEN id ELSE -id END",
        "{s}' && {c} #",
    ];
    for form in forms {
        let with = |condition: &str| form.replace("{s}", &p.case.sample).replace("{c}", condition);
        let (yes, no) = (p.value(&with(YES))?, p.value(&with(NO))?);
        if yes.text() != no.text()
            || yes.status != no.status
            || yes.header("location") != no.header("location")
            || yes.header("set-cookie") != no.header("set-cookie")
            || yes.header("x-total") != no.header("x-total")
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs a statement and gives the rows to a page.
fn then(
    dialect: Dialect,
    statement: &'static str,
    answer: fn(usize) -> Reply,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let rows = crate::engine::sql::query(w, &h.case.id(), dialect, &statement.replace("{v}", &h.value));
        answer(rows.map_or(0, |rows| rows.len()))
    }
}

pub(super) fn boolean() -> Vec<Case> {
    use Tells::Whether;
    let mut f = Family::new("sql-boolean", HALF, &[150012, 150003], &[89]);
    let steps = || Proof::Steps(learns);
    const NAME: &str = "SELECT id FROM products WHERE released = 1 AND name = '{v}'";
    f.bad(
        "status",
        Query("name"),
        "only the status tells whether there are rows",
        steps(),
        then(Sqlite, NAME, |rows| {
            if rows > 0 { Reply::html("<p>Item</p>") } else { Reply::html("<p>Item</p>").with_status(404) }
        }),
    );
    f.bad(
        "redirect",
        Form("name"),
        "a redirect tells whether there are rows",
        steps(),
        then(MySql, NAME, |rows| Reply::redirect(if rows > 0 { "/case/sql-boolean/" } else { "/case/" })),
    );
    f.bad(
        "length",
        Query("name"),
        "the page is a little longer where there are rows",
        steps(),
        then(Sqlite, NAME, |rows| Reply::html(format!("<p>Shop</p>{}", "<hr>".repeat(rows)))),
    );
    f.bad(
        "header-total",
        Query("name"),
        "a header tells how many rows there are",
        steps(),
        then(Sqlite, NAME, |rows| Reply::html("<p>Shop</p>").header("X-Total", rows.to_string())),
    );
    f.bad(
        "json-answer",
        Json("where.name"),
        "JSON tells whether there are rows",
        steps(),
        then(Oracle, NAME, |rows| Reply::json(&serde_json::json!({"available": rows > 0}))),
    )
    .qids(API);
    f.bad(
        "brackets",
        QueryForm("name"),
        "the condition stands in brackets",
        steps(),
        run(MsSql, Whether, "SELECT id FROM products WHERE (released = 1 AND name = '{v}')"),
    );
    f.bad(
        "like",
        QueryForm("q"),
        "the value stands in a LIKE pattern",
        steps(),
        run(Sqlite, Whether, "SELECT id FROM products WHERE released = 1 AND name LIKE '%{v}%'"),
    );
    f.bad(
        "in-list",
        Query("ids"),
        "the value is a list in brackets",
        steps(),
        run(MySql, Whether, "SELECT id FROM products WHERE released = 1 AND id IN ({v})"),
    )
    .sample("1");
    f.bad(
        "double-quotes",
        Query("name"),
        "the value stands in double quotes",
        steps(),
        run(MySql, Whether, "SELECT id FROM products WHERE released = 1 AND name = \"{v}\""),
    );
    f.bad("path", Path, "the last segment of the path", steps(), run(Sqlite, Whether, NAME));
    f.bad(
        "path-middle",
        PathMiddle,
        "a segment within the path, a number",
        steps(),
        run(Sqlite, Whether, "SELECT id FROM products WHERE released = 1 AND id = {v}"),
    )
    .sample("1");
    f.bad("xml", Xml("code"), "an element of an XML body", steps(), run(MySql, Whether, NAME)).qids(API);
    f.bad(
        "agent",
        Header("User-Agent"),
        "the browser's name decides which page is shown",
        steps(),
        run(Sqlite, Whether, NAME),
    )
    .qids(IN_HEADER);
    f.bad(
        "random-page",
        Query("name"),
        "the page also has a part that changes each time",
        steps(),
        |w, h| {
            // Without the part that changes, the two answers differ; the proof reads the same page twice with two conditions.
            let found = crate::engine::sql::query(w, &h.case.id(), Sqlite, &NAME.replace("{v}", &h.value))
                .is_ok_and(|rows| !rows.is_empty());
            Reply::html(format!(
                "<p>{}</p><!-- {} -->",
                if found { "In stock. Order today." } else { "Not in stock." },
                w.next()
            ))
        },
    );
    f.bad(
        "session",
        Form("name"),
        "within a session and with the form's token",
        steps(),
        run(Sqlite, Whether, NAME),
    )
    .session()
    .token();
    f.bad(
        "order-direction",
        Query("sort"),
        "the value stands behind ORDER BY",
        steps(),
        run(MySql, Tells::Rows, "SELECT id, name FROM products WHERE released = 1 ORDER BY {v}"),
    )
    .sample("name");
    f.bad(
        "postgres-number",
        Query("id"),
        "PostgreSQL itself",
        steps(),
        run(Postgres, Whether, "SELECT id FROM products WHERE released = 1 AND id = {v}"),
    )
    .sample("1")
    .needs("postgres");
    f.good(
        "bound-status",
        Query("name"),
        "the value is bound, the status tells whether there are rows",
        steps(),
        |w, h| {
            let rows = crate::engine::sql::bound(
                w,
                &h.case.id(),
                Sqlite,
                "SELECT id FROM products WHERE released = 1 AND name = ?1",
                &[&h.value],
            );
            Reply::html("<p>Item</p>").with_status(if rows.is_ok_and(|rows| !rows.is_empty()) {
                200
            } else {
                404
            })
        },
    );
    f.good(
        "bound-like",
        QueryForm("q"),
        "the pattern is bound",
        steps(),
        safe(Whether, "SELECT id FROM products WHERE released = 1 AND name LIKE '%' || ?1 || '%'"),
    );
    f.good("cast", Query("id"), "the value is read as a number, what follows is dropped", steps(), |w, h| {
        let digits: String = h.value.chars().take_while(char::is_ascii_digit).collect();
        sql(
            w,
            h,
            Sqlite,
            Whether,
            &format!(
                "SELECT id FROM products WHERE released = 1 AND id = {}",
                digits.parse::<u32>().unwrap_or(0)
            ),
        )
    })
    .sample("1");
    f.good(
        "words-any-order",
        QueryForm("q"),
        "a search for words in memory; more words find less",
        steps(),
        |_, h| {
            let all = ["apple", "banana", "carrot"];
            let found =
                all.iter().filter(|name| h.value.split_whitespace().any(|word| word == **name)).count();
            Reply::html(format!("<p>{found} found.</p>"))
        },
    );
    f.good(
        "bound-agent",
        Header("User-Agent"),
        "the value is bound",
        steps(),
        safe(Whether, "SELECT id FROM products WHERE released = 1 AND name = ?1"),
    )
    .qids(IN_HEADER);
    f.good(
        "bound-path",
        Path,
        "the value is bound",
        steps(),
        safe(Whether, "SELECT id FROM products WHERE released = 1 AND name = ?1"),
    );
    f.cases()
}

pub(super) fn time() -> Vec<Case> {
    use Tells::Nothing;
    let mut f = Family::new("sql-time", HALF, &[150012, 150003], &[89]);
    let delay = |value: &str| Proof::Delays(value.to_owned());
    f.bad(
        "mysql-order",
        Query("sort"),
        "the value stands behind ORDER BY",
        delay("(SELECT sleep({s}))"),
        run(MySql, Nothing, "SELECT id FROM products ORDER BY {v}"),
    )
    .sample("id");
    f.bad(
        "mysql-double",
        Form("email"),
        "the value stands in double quotes",
        delay("x\" OR sleep({s}) #"),
        run(MySql, Nothing, "SELECT id FROM users WHERE id = 1 AND name = \"{v}\""),
    );
    f.bad(
        "mysql-brackets",
        QueryForm("name"),
        "the condition stands in two brackets",
        delay("x')) OR sleep({s}) #"),
        run(MySql, Nothing, "SELECT id FROM products WHERE ((id = 1 AND name = '{v}'))"),
    );
    f.bad(
        "mysql-insert-first",
        Multipart("agent"),
        "the value is the first of a row",
        delay("x' || sleep({s}), 'y') #"),
        run(MySql, Nothing, "INSERT INTO visits (agent, page) VALUES ('{v}', 'home')"),
    );
    f.bad(
        "mysql-limit",
        Query("n"),
        "the value stands behind LIMIT",
        delay("(SELECT sleep({s}))"),
        run(MySql, Nothing, "SELECT id FROM products LIMIT {v}"),
    )
    .sample("1");
    f.bad(
        "mysql-graphql",
        Graphql("name"),
        "a variable of GraphQL",
        delay("x' OR sleep({s}) #"),
        run(MySql, Nothing, "SELECT id FROM products WHERE id = 1 AND name = '{v}'"),
    )
    .qids(API);
    f.bad(
        "mssql-number",
        Query("id"),
        "a second statement waits, without a quote",
        delay("1; WAITFOR DELAY '0:0:{s}'"),
        run(MsSql, Nothing, "SELECT id FROM products WHERE id = {v}"),
    )
    .sample("1");
    f.bad(
        "mssql-header",
        Header("X-Real-IP"),
        "a header",
        delay("x', 'p'); WAITFOR DELAY '0:0:{s}' --"),
        run(MsSql, Nothing, "INSERT INTO visits VALUES (3, '{v}', 'p')"),
    )
    .qids(IN_HEADER)
    .sample("127.0.0.1");
    f.bad(
        "mssql-brackets",
        Json("q"),
        "the condition stands in brackets",
        delay("x'); WAITFOR DELAY '0:0:{s}' -- "),
        run(MsSql, Nothing, "SELECT id FROM products WHERE (name = '{v}')"),
    )
    .qids(API);
    f.bad(
        "oracle-number",
        Query("id"),
        "a pipe is waited for, without a quote",
        delay("1 AND 1=dbms_pipe.receive_message('a',{s})"),
        run(Oracle, Nothing, "SELECT id FROM products WHERE id = {v}"),
    )
    .sample("1");
    f.bad(
        "oracle-concat",
        Form("name"),
        "the value is joined into a text",
        delay("x'||dbms_pipe.receive_message('a',{s})||'"),
        run(Oracle, Nothing, "SELECT id FROM products WHERE id = 1 AND name = '{v}'"),
    );
    f.bad("sqlite-heavy", Query("name"), "SQLite has no wait, but a long computation", Proof::Steps(|p| {
        // The computation's length decides; the short one is the control.
        let run = |rounds: u32| -> Result<std::time::Duration, String> {
            let started = std::time::Instant::now();
            p.value(&format!("x' OR 1=(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<{rounds}) SELECT count(*) FROM c) -- "))?;
            Ok(started.elapsed())
        };
        Ok(run(2_000_000)? > run(2)? * 4)
    }), run(Sqlite, Nothing, "SELECT id FROM products WHERE id = 1 AND name = '{v}'"));
    f.bad(
        "postgres-number",
        Query("id"),
        "PostgreSQL itself, without a second statement",
        delay("1 AND 1=(SELECT 1 FROM pg_sleep({s}))"),
        run(Postgres, Nothing, "SELECT id FROM products WHERE id = {v}"),
    )
    .sample("1")
    .needs("postgres");
    f.good(
        "bound-order",
        Query("sort"),
        "only known columns are sorted by",
        delay("(SELECT sleep({s}))"),
        |w, h| {
            let column = if h.value == "price" { "price" } else { "id" };
            sql(w, h, MySql, Nothing, &format!("SELECT id FROM products ORDER BY {column}"))
        },
    )
    .sample("id");
    f.good(
        "escaped",
        Form("email"),
        "quotes and backslashes are escaped as MySQL asks",
        delay("x' OR sleep({s}) #"),
        run(MySql, Nothing, "SELECT id FROM users WHERE id = 1 AND name = '{v}'"),
    )
    .filter(Filter::Backslash("\\'\""));
    f.good(
        "bound-header",
        Header("X-Real-IP"),
        "the value is bound",
        delay("x' OR sleep({s}) -- "),
        safe(Nothing, "INSERT INTO visits VALUES (3, ?1, 'p')"),
    )
    .qids(IN_HEADER)
    .sample("127.0.0.1");
    f.good(
        "irregular",
        Query("name"),
        "answers take now little, now more time, by themselves; the value is bound",
        delay("x' OR sleep({s}) -- "),
        |w, h| {
            std::thread::sleep(std::time::Duration::from_millis(w.next() % 7 * 90));
            bound(w, h, Sqlite, Nothing, "SELECT id FROM products WHERE name = ?1", &[&h.value])
        },
    );
    f.good(
        "bound-graphql",
        Graphql("name"),
        "the value is bound",
        delay("x' OR sleep({s}) #"),
        safe(Nothing, "SELECT id FROM products WHERE id = 1 AND name = ?1"),
    )
    .qids(API);
    f.cases()
}
