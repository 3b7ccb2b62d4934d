//! SQL injection in other clauses, places and disguises: errors and unions.

use super::HALF;
use crate::case::Place::{
    Cookie, FileName, Form, Graphql, Header, Json, Multipart, PathMiddle, Query, QueryForm, QueryName, Xml,
};
use crate::case::{Case, Family, Hit};
use crate::engine::sql::{Dialect, HIDDEN, PASSWORD};
use crate::filter::Filter;
use crate::http::Reply;
use crate::page::{Tells, bound, sql};
use crate::proof::{Proof, shows};
use crate::world::World;

use Dialect::{MsSql, MySql, Oracle, Postgres, Sqlite};

/// A statement with the value in place of `{v}`.
pub(super) fn run(
    dialect: Dialect,
    tells: Tells,
    statement: &'static str,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| sql(w, h, dialect, tells, &statement.replace("{v}", &h.value))
}

/// A statement with the value bound.
pub(super) fn safe(
    tells: Tells,
    statement: &'static str,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| bound(w, h, Sqlite, tells, statement, &[&h.value])
}

pub(super) const API: &[u32] = &[150003, 150012, 150093];
pub(super) const IN_HEADER: &[u32] = &[150003, 150012, 150047];

pub(super) fn error() -> Vec<Case> {
    use Tells::Errors;
    let mut f = Family::new("sql-error", HALF, &[150003, 150012], &[89]);
    f.bad(
        "limit",
        Query("n"),
        "the value stands behind LIMIT",
        shows(
            "(SELECT count(*) FROM users WHERE password='hidden-nightjar-77')",
            "<table><tr><td>apple</td></tr></table>",
        ),
        run(Sqlite, Errors, "SELECT name FROM products WHERE released = 1 LIMIT {v}"),
    )
    .sample("3");
    f.bad(
        "column-name",
        Query("field"),
        "the value names the column that is shown",
        shows("(SELECT password FROM users WHERE id=2)", PASSWORD),
        run(MySql, Errors, "SELECT id, {v} FROM products WHERE released = 1"),
    )
    .sample("name");
    f.bad(
        "table-name",
        Query("list"),
        "the value names the table",
        shows("users", PASSWORD),
        run(Sqlite, Errors, "SELECT * FROM {v}"),
    )
    .sample("visits");
    f.bad(
        "in-list",
        Query("ids"),
        "the value is a list of numbers in brackets",
        shows("0) OR (released=0", HIDDEN),
        run(MsSql, Errors, "SELECT id, name FROM products WHERE released = 1 AND id IN ({v})"),
    )
    .sample("1,2");
    f.bad(
        "like-brackets",
        QueryForm("q"),
        "the value stands in a LIKE pattern within a function",
        shows("zz%') OR released=0 -- ", HIDDEN),
        run(
            MySql,
            Errors,
            "SELECT id, name FROM products WHERE released = 1 AND lower(name) LIKE lower('%{v}%')",
        ),
    );
    f.bad(
        "group-by",
        Query("by"),
        "the value names the column to group by",
        shows("category UNION SELECT password, 1 FROM users", PASSWORD),
        run(Sqlite, Errors, "SELECT category, count(*) FROM products WHERE released = 1 GROUP BY {v}"),
    )
    .sample("category");
    f.bad("having", Query("min"), "the value stands behind HAVING", shows("0 OR 1=1", "secret"), run(Sqlite, Errors, "SELECT category, count(*) FROM products GROUP BY category HAVING min(released) > 0 AND count(*) > {v}")).sample("0");
    f.bad(
        "json-number",
        Json("id"),
        "a JSON number may also be a text",
        shows("1 OR released=0", HIDDEN),
        run(Sqlite, Errors, "SELECT id, name FROM products WHERE released = 1 AND id = {v}"),
    )
    .qids(API)
    .sample("1");
    f.bad(
        "xml-attribute-free",
        Xml("sku"),
        "an element of an XML body",
        shows("x' OR released=0 -- ", HIDDEN),
        run(Oracle, Errors, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .qids(API);
    f.bad(
        "graphql-variable",
        Graphql("name"),
        "a variable of GraphQL",
        shows("x' OR released=0 -- ", HIDDEN),
        run(MySql, Errors, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .qids(API);
    f.bad(
        "upload-name",
        FileName("doc"),
        "the name of an upload stands in the statement",
        shows("x' OR released=0 -- .png", HIDDEN),
        run(Sqlite, Errors, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .sample("a.png");
    f.bad(
        "parameter-name",
        QueryName,
        "the name of a parameter becomes a column",
        shows("id=1 OR released", HIDDEN),
        run(Sqlite, Errors, "SELECT id, name FROM products WHERE released = 1 AND {v} = 0"),
    )
    .sample("id");
    f.bad(
        "path-middle",
        PathMiddle,
        "a segment within the path",
        shows("x' OR released=0 -- ", HIDDEN),
        run(MsSql, Errors, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    );
    f.bad(
        "host-like-header",
        Header("X-Tenant"),
        "a header of the application's own",
        shows("x' OR released=0 #", HIDDEN),
        run(MySql, Errors, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .qids(IN_HEADER);
    f.bad(
        "cookie-number",
        Cookie("last_id"),
        "a number in a cookie",
        shows("1 OR released=0", HIDDEN),
        run(Oracle, Errors, "SELECT id, name FROM products WHERE released = 1 AND id = {v}"),
    )
    .qids(IN_HEADER)
    .sample("1");
    f.bad(
        "backslash-quotes",
        Query("name"),
        "quotes get a backslash, which SQLite does not know",
        shows("x' OR released=0 -- ", HIDDEN),
        run(Sqlite, Errors, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .filter(Filter::Backslash("'\"\\"));
    f.bad(
        "doubled-then-cut",
        Query("name"),
        "quotes are doubled, then the text is cut in the middle of a pair; the next field goes on",
        Proof::Steps(|p| {
            let ordinary = p.value(&p.case.sample)?.text();
            let cut = p.get("show?category=%20OR%20released%3D0%20--%20&name=aaaaaaaaaaaaaaaaaaa%27")?.text();
            Ok(cut.contains(HIDDEN) && !ordinary.contains(HIDDEN))
        }),
        |w, h| {
            let category = h.parameter("category").unwrap_or_default().replace('\'', "''");
            let statement = format!(
                "SELECT id, name FROM products WHERE released = 1 AND name = '{}' AND category = '{category}'",
                h.value
            );
            sql(w, h, Sqlite, Errors, &statement)
        },
    )
    .with(&[("category", "fruit")])
    .filter(Filter::DoubleQuotes)
    .filter(Filter::Cut(20));
    f.bad(
        "error-in-200",
        Query("id"),
        "the error stands in a page with status 200",
        shows("1 OR released=0", HIDDEN),
        |w, h| {
            sql(
                w,
                h,
                MySql,
                Errors,
                &format!("SELECT id, name FROM products WHERE released = 1 AND id = {}", h.value),
            )
            .with_status(200)
        },
    )
    .sample("1");
    f.bad(
        "second-order",
        Form("nick"),
        "the name is stored safely, and a later statement is made of what was stored",
        shows("x' OR released=0 -- ", HIDDEN),
        |w, h| {
            let nick = {
                let state = w.state(&h.case.id());
                let mut state = state.lock();
                state.put("nick", h.value.clone());
                state.values.get("nick").cloned().unwrap_or_default()
            };
            sql(
                w,
                h,
                Sqlite,
                Errors,
                &format!("SELECT id, name FROM products WHERE released = 1 AND name = '{nick}'"),
            )
        },
    );
    f.bad(
        "postgres-cast",
        Query("id"),
        "PostgreSQL says what could not be cast",
        shows("cast((SELECT password FROM users WHERE id=2) AS int)", PASSWORD),
        run(Postgres, Errors, "SELECT id, name FROM products WHERE released = 1 AND id = {v}"),
    )
    .sample("1")
    .needs("postgres");
    f.bad(
        "postgres-order",
        Query("sort"),
        "PostgreSQL, behind ORDER BY",
        shows("(SELECT cast(password AS int) FROM users WHERE id=2)", PASSWORD),
        run(Postgres, Errors, "SELECT id, name FROM products WHERE released = 1 ORDER BY {v}"),
    )
    .sample("id")
    .needs("postgres");
    f.good(
        "limit-number",
        Query("n"),
        "only digits are taken",
        shows("(SELECT 1)", "<table><tr><td>apple</td></tr></table>"),
        run(Sqlite, Errors, "SELECT name FROM products WHERE released = 1 LIMIT {v}"),
    )
    .filter(Filter::Digits)
    .sample("3");
    f.good(
        "column-known",
        Query("field"),
        "only known columns are shown",
        shows("(SELECT password FROM users WHERE id=2)", PASSWORD),
        |w, h| {
            let column = if h.value == "price" { "price" } else { "name" };
            sql(w, h, Sqlite, Errors, &format!("SELECT id, {column} FROM products WHERE released = 1"))
        },
    )
    .sample("name");
    f.good(
        "bound-in-header",
        Header("X-Tenant"),
        "the value is bound",
        shows("x' OR released=0 -- ", HIDDEN),
        safe(Errors, "SELECT id, name FROM products WHERE released = 1 AND name = ?1"),
    )
    .qids(IN_HEADER);
    f.good(
        "bound-xml",
        Xml("sku"),
        "the value is bound",
        shows("x' OR released=0 -- ", HIDDEN),
        safe(Errors, "SELECT id, name FROM products WHERE released = 1 AND name = ?1"),
    )
    .qids(API);
    f.good(
        "bound-multipart",
        Multipart("name"),
        "the value is bound",
        shows("x' OR released=0 -- ", HIDDEN),
        safe(Errors, "SELECT id, name FROM products WHERE released = 1 AND name = ?1"),
    );
    f.good("validates-first", Query("id"), "a validator says what is wrong with quotes, before any statement", shows("1 OR released=0", HIDDEN), |w, h| match h.value.parse::<u32>() {
        Ok(id) => sql(w, h, Sqlite, Errors, &format!("SELECT id, name FROM products WHERE released = 1 AND id = {id}")),
        Err(_) => Reply::html("<p class=\"error\">Validation error: unexpected character near the quote; syntax of the number is wrong.</p>").with_status(500),
    })
    .sample("1");
    f.good(
        "search-says-query",
        Query("q"),
        "the page shows the query it was asked, encoded, and searches in memory",
        shows("x' OR released=0 -- ", HIDDEN),
        |_, h| {
            Reply::html(format!(
                "<p>SQL course, results for <code>SELECT {}</code></p>",
                crate::filter::html(&h.value)
            ))
        },
    );
    f.cases()
}

pub(super) fn union() -> Vec<Case> {
    use Tells::Rows;
    let mut f = Family::new("sql-union", HALF, &[150003, 150012], &[89]);
    f.bad(
        "one-column",
        Query("category"),
        "a single column is shown",
        shows("x' UNION SELECT password FROM users -- ", PASSWORD),
        run(Sqlite, Rows, "SELECT name FROM products WHERE released = 1 AND category = '{v}'"),
    )
    .sample("fruit");
    f.bad("eight-columns", Query("id"), "eight columns, one of them shown", shows("0 UNION SELECT 1,password,3,4,5,6,7,8 FROM users WHERE id=2", PASSWORD), |w, h| {
        match crate::engine::sql::query(w, &h.case.id(), MySql, &format!("SELECT id, name, category, price, released, 1, 2, 3 FROM products WHERE released = 1 AND id = {}", h.value)) {
            Ok(rows) => Reply::html(format!("<h1>{}</h1>", rows.first().and_then(|row| row.get(1)).map(|cell| crate::filter::html(cell)).unwrap_or_default())),
            Err(_) => Reply::html("<h1>Not found</h1>"),
        }
    })
    .sample("1");
    f.bad(
        "brackets",
        QueryForm("name"),
        "the condition stands in brackets",
        shows("x') UNION SELECT id, password FROM users -- ", PASSWORD),
        run(MsSql, Rows, "SELECT id, name FROM products WHERE (released = 1 AND name = '{v}')"),
    );
    f.bad(
        "graphql",
        Graphql("category"),
        "a variable of GraphQL",
        shows("x' UNION SELECT 1, password FROM users -- ", PASSWORD),
        run(Sqlite, Rows, "SELECT id, name FROM products WHERE released = 1 AND category = '{v}'"),
    )
    .qids(API)
    .sample("fruit");
    f.bad(
        "lower-case-refused",
        Query("name"),
        "union is refused as written in small and in capital letters",
        shows("x' UnIoN SELECT id, password FROM users -- ", PASSWORD),
        run(Sqlite, Rows, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .filter(Filter::RefuseExact(&["union", "UNION", "Union"]));
    f.bad(
        "removed-once",
        Query("name"),
        "union and select are removed once",
        shows("x' UNunionION SELselectECT id, password FROM users -- ", PASSWORD),
        run(Sqlite, Rows, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .filter(Filter::Remove(&["union", "select"]));
    f.bad(
        "session-post",
        Form("name"),
        "within a session and with the form's token",
        shows("x' UNION SELECT id, password FROM users -- ", PASSWORD),
        run(Sqlite, Rows, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .session()
    .token();
    f.bad(
        "header",
        Header("X-Category"),
        "a header",
        shows("x' UNION SELECT 1, password FROM users #", PASSWORD),
        run(MySql, Rows, "SELECT id, name FROM products WHERE released = 1 AND category = '{v}'"),
    )
    .qids(IN_HEADER)
    .sample("fruit");
    f.bad(
        "postgres-text",
        Form("category"),
        "PostgreSQL itself",
        shows("x' UNION SELECT 1, password FROM users -- ", PASSWORD),
        run(Postgres, Rows, "SELECT id, name FROM products WHERE released = 1 AND category = '{v}'"),
    )
    .sample("fruit")
    .needs("postgres");
    f.good(
        "bound-category",
        Query("category"),
        "the value is bound",
        shows("x' UNION SELECT password FROM users -- ", PASSWORD),
        safe(Rows, "SELECT name FROM products WHERE released = 1 AND category = ?1"),
    )
    .sample("fruit");
    f.good(
        "bound-graphql",
        Graphql("category"),
        "the value is bound",
        shows("x' UNION SELECT 1, password FROM users -- ", PASSWORD),
        safe(Rows, "SELECT id, name FROM products WHERE released = 1 AND category = ?1"),
    )
    .qids(API)
    .sample("fruit");
    f.good(
        "doubled",
        QueryForm("name"),
        "quotes are doubled",
        shows("x' UNION SELECT id, password FROM users -- ", PASSWORD),
        run(Sqlite, Rows, "SELECT id, name FROM products WHERE released = 1 AND name = '{v}'"),
    )
    .filter(Filter::DoubleQuotes);
    f.cases()
}
