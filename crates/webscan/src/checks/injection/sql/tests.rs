use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ToSql, params};

use super::*;
use crate::http::{Body, Method, Request, Target};
use crate::testing::{Answer, Asked, Extras, scan, scan_with, serve};

fn database() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    database
        .execute_batch(
            "CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
             INSERT INTO goods VALUES (1, 'chair', 30), (2, 'table', 20), (3, 'lamp', 10), (4, 'desk', 5);
             CREATE TABLE users (name TEXT, password TEXT); INSERT INTO users VALUES ('ann', 'secret');",
        )
        .unwrap();
    database
}

fn rows(sql: &str, values: &[&dyn ToSql]) -> Result<Vec<String>, rusqlite::Error> {
    let database = database();
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map(values, |row| {
        Ok(match row.get_ref(0)? {
            ValueRef::Integer(number) => number.to_string(),
            other => other.as_str()?.to_owned(),
        })
    })?;
    rows.collect()
}

fn shown(result: Result<Vec<String>, rusqlite::Error>, tells: bool) -> Answer {
    match result {
        Ok(rows) if rows.is_empty() => Answer::html("<p>Nothing found</p>"),
        Ok(rows) => Answer::html(rows.iter().map(|row| format!("<li>{row}</li>")).collect::<String>()),
        Err(error) if tells => {
            Answer(500, Answer::html("").1, format!("<p>{}</p>", error.to_string().replace('<', "&lt;")))
        }
        Err(_) => Answer::html("<p>Nothing found</p>"),
    }
}

fn answer(asked: &Asked) -> Answer {
    let q = asked.field("q");
    let quoted = q.replace('\'', "''");
    match asked.path.as_str() {
        "/tells" => shown(rows(&format!("SELECT name FROM goods WHERE name = '{q}'"), &[]), true),
        "/number" => shown(rows(&format!("SELECT name FROM goods WHERE id = {q}"), &[]), false),
        "/string" => shown(rows(&format!("SELECT name FROM goods WHERE name = '{q}'"), &[]), false),
        "/like" => shown(rows(&format!("SELECT name FROM goods WHERE (name LIKE '%{q}%')"), &[]), false),
        "/list" => shown(rows(&format!("SELECT name FROM goods WHERE id IN ({q})"), &[]), false),
        "/sort" => shown(rows(&format!("SELECT name FROM goods ORDER BY {q}"), &[]), false),
        "/login" => {
            let found = rows(&format!("SELECT name FROM users WHERE name = '{q}' AND password = 'x'"), &[]);
            if found.is_ok_and(|rows| !rows.is_empty()) {
                Answer::status(302).with("location", "/home")
            } else {
                Answer::html("Wrong name or password")
            }
        }
        // Conditions don't get through; errors say nothing, but are told by their status.
        "/no-conditions"
            if ["and", "or", "case", "like", "sleep", "where"]
                .iter()
                .any(|word| q.to_lowercase().contains(word)) =>
        {
            Answer::html("<p>That is not allowed</p>")
        }
        "/no-conditions" => {
            let found = rows(&format!("SELECT name FROM goods WHERE name = '{q}'"), &[]);
            if found.is_err() { Answer::status(500) } else { shown(found, false) }
        }
        "/basic" | "/basic-tells" | "/basic-bound" => {
            let given = asked.header("authorization");
            let text = given.strip_prefix("Basic ").unwrap_or_default();
            let name = String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
            let name = name.split(':').next().unwrap_or_default();
            let found = if asked.path == "/basic-bound" {
                rows("SELECT name FROM users WHERE name = ? AND password = ''", params![name])
            } else {
                rows(&format!("SELECT name FROM users WHERE name = '{name}' AND password = ''"), &[])
            };
            match found {
                Ok(rows) if !rows.is_empty() => Answer::html("Welcome"),
                Err(error) if asked.path == "/basic-tells" => shown(Err(error), true),
                _ => Answer::status(401).with("www-authenticate", "Basic realm=\"desk\""),
            }
        }
        // What is not there is told as an address that is not.
        path if path.starts_with("/route/") => {
            let id = crate::http::encode::unpercent(path.trim_start_matches("/route/"));
            match rows(&format!("SELECT name FROM goods WHERE id = {id}"), &[]) {
                Ok(rows) if !rows.is_empty() => shown(Ok(rows), false),
                _ => Answer::status(404),
            }
        }
        path if path.starts_with("/known-route/") => {
            match path.trim_start_matches("/known-route/").parse::<u8>() {
                Ok(id) => shown(rows("SELECT name FROM goods WHERE id = ?", params![id]), false),
                Err(_) => Answer::status(404),
            }
        }
        "/moved" => match rows(&format!("SELECT name FROM goods WHERE name = '{q}'"), &[]) {
            Err(error) => {
                let text = crate::http::encode::percent(&error.to_string());
                Answer::status(302).with("location", &format!("/said?text={text}"))
            }
            found => shown(found, false),
        },
        "/moved-bound" if q.contains('\'') => Answer::status(302).with("location", "/said?text=No%20quotes"),
        "/said" => Answer::html(format!("<p>{}</p>", asked.field("text").replace('<', "&lt;"))),
        "/blank" => {
            let _ = rows(&format!("SELECT name FROM goods WHERE name = '{q}'"), &[]);
            Answer::html("Thank you")
        }
        "/hidden-sort" => {
            let _ = rows(&format!("SELECT name FROM goods ORDER BY {q}"), &[]);
            Answer::html("Thank you")
        }
        "/no-blanks" => {
            let q = q.replace(char::is_whitespace, "").replace("/*", "").replace("--", "");
            shown(rows(&format!("SELECT name FROM goods WHERE name = '{q}'"), &[]), false)
        }
        "/page" if !q.ends_with(".html") => Answer::status(404),
        "/page" => {
            let name = q.strip_suffix(".html").unwrap_or_default();
            shown(rows(&format!("SELECT name FROM goods WHERE name = '{name}'"), &[]), false)
        }
        // Told by its status alone, and by whether anything is found.
        "/offset" => {
            let found = rows(&format!("SELECT name FROM goods ORDER BY id LIMIT 2 OFFSET {q}"), &[]);
            if found.is_err() { Answer::status(500) } else { Answer::html("Thank you") }
        }
        "/added" => {
            let sql = format!("INSERT INTO goods (name, price) VALUES ('x', {q}) RETURNING id");
            if rows(&sql, &[]).is_err() { Answer::status(500) } else { Answer::html("Thank you") }
        }
        "/ends" if !q.ends_with("chair") => Answer::status(400),
        "/no-signs" if q.contains(['<', '>', '=']) => Answer::status(400),
        "/ends" => shown(rows(&format!("SELECT name FROM goods WHERE name = '{q}'"), &[]), false),
        "/no-signs" => shown(rows(&format!("SELECT name FROM goods WHERE id = {q}"), &[]), false),
        "/no-quotes" if asked.field("sort").contains('\'') => Answer::status(400),
        "/no-quotes" => {
            let sql = format!("SELECT name FROM goods ORDER BY \"{}\" LIMIT 1", asked.field("sort"));
            if rows(&sql, &[]).is_err() { Answer::status(500) } else { Answer::html("Thank you") }
        }
        // Backslashes escape quotes; in a database that reads GBK, one is the second half of a letter.
        "/double-bytes" | "/one-byte" => {
            let escaped = q.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "\\\"");
            let read = if asked.path == "/one-byte" { escaped } else { escaped.replace("縗\\", "縗") };
            let read = read.replace("\\'", "''").replace("\\\"", "\"").replace("\\\\", "\\");
            shown(rows(&format!("SELECT name FROM goods WHERE name = '{read}'"), &[]), true)
        }
        "/cut" => {
            let kept: String = quoted.chars().take(40).collect();
            shown(rows(&format!("SELECT name FROM goods WHERE name = '{kept}'"), &[]), true)
        }
        "/comment" => shown(rows(&format!("SELECT name /* for {q} */ FROM goods"), &[]), true),
        "/comment-cleaned" => {
            let q = q.replace(['*', '/'], "");
            shown(rows(&format!("SELECT name /* for {q} */ FROM goods"), &[]), true)
        }
        "/table" => shown(rows(&format!("SELECT name FROM {}", asked.field("table")), &[]), false),
        "/known-table" if asked.field("table") != "goods" => Answer::html("<p>Nothing found</p>"),
        "/known-table" => shown(rows("SELECT name FROM goods", &[]), false),
        "/compared" => {
            let _ = rows(&format!("SELECT name FROM goods WHERE {q} = 'chair'"), &[]);
            Answer::html("Thank you")
        }
        "/unknown" => {
            let words: String = q.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
            shown(rows(&format!("SELECT name FROM goods WHERE id = {words}"), &[]), true)
        }
        "/brackets" => shown(rows(&format!("SELECT name FROM goods ORDER BY [{q}]"), &[]), true),
        "/few-signs" if q.contains(|c: char| !c.is_alphanumeric() && c != ' ') => Answer::status(400),
        "/few-signs" => shown(rows(&format!("SELECT name FROM goods WHERE id = {q}"), &[]), true),
        // A database where `^` is exclusive or, behind a filter for words, blanks and comments.
        "/no-words" => {
            let sum = regex::Regex::new(r"^(\d+)'\^\((\d+)([<>])(\d+)\)\^'1$").unwrap();
            let number = |found: &regex::Captures<'_>, at: usize| found[at].parse::<u64>().unwrap();
            let id = sum.captures(&q).map_or(q.parse().unwrap_or(0), |found| {
                let (a, b) = (number(&found, 2), number(&found, 4));
                number(&found, 1) ^ u64::from(if &found[3] == "<" { a < b } else { a > b }) ^ 1
            });
            shown(rows("SELECT name FROM goods WHERE id = ?", params![i64::try_from(id).unwrap()]), false)
        }
        "/columns" | "/known-columns" => {
            let column = |(name, value): &(String, String)| {
                let name = name.strip_prefix("f[")?.strip_suffix(']')?.to_owned();
                (asked.path == "/columns" || name == "name")
                    .then(|| format!("{name} = '{}'", value.replace('\'', "''")))
            };
            let all: Vec<String> = asked.query.iter().filter_map(column).collect();
            shown(rows(&format!("SELECT name FROM goods WHERE {}", all.join(" AND ")), &[]), false)
        }
        // Quotes are taken away; in this database a backslash escapes them.
        "/pair" => {
            let clean = |name: &str| asked.field(name).replace('\'', "");
            let (name, password) = (clean("name"), clean("password"));
            let condition = match name.strip_suffix('\\') {
                Some(_) => format!("name = 'x' {}", password.replace("-- ", "--")),
                None => format!("name = '{name}' AND password = '{password}'"),
            };
            shown(rows(&format!("SELECT name FROM users WHERE {condition}"), &[]), false)
        }
        "/unknown-quoted" => {
            let name = q.replace('"', "");
            match rows(&format!("SELECT name FROM goods ORDER BY [{}]", name.replace([']', '['], "")), &[]) {
                Err(_) => Answer::html(format!("<p>There is no column {}</p>", name.replace('<', "&lt;"))),
                found => shown(found, false),
            }
        }
        // Picked by the letters of the value, and by its length.
        "/hash" => Answer::html(["a tart", "a cake"][(crate::checks::injection::hash(&q) % 2) as usize]),
        "/length" => Answer::html(["even", "odd"][q.len() % 2]),
        "/bound" => shown(rows("SELECT name FROM goods WHERE name = ?", params![q]), true),
        "/escaped" => shown(rows(&format!("SELECT name FROM goods WHERE name = '{quoted}'"), &[]), true),
        "/words" => {
            let words: Vec<&str> = q.split(|c: char| !c.is_alphanumeric()).collect();
            shown(
                rows("SELECT name FROM goods", &[])
                    .map(|all| all.into_iter().filter(|name| words.contains(&name.as_str())).collect()),
                true,
            )
        }
        "/typed" => {
            let id: Result<i64, _> = q.parse();
            id.map_or_else(
                |_| {
                    Answer::html(format!(
                        "ERROR: invalid input syntax for type integer: \"{}\"",
                        q.replace('<', "&lt;")
                    ))
                },
                |id| shown(rows("SELECT name FROM goods WHERE id = ?", params![id]), true),
            )
        }
        "/wall" if q.contains('\'') || q.contains('<') => {
            Answer(403, Answer::html("").1, "Blocked: SQL injection suspected".into())
        }
        "/always" => Answer::html("<p>near \"x\": syntax error</p>"),
        "/explained" => Answer::html("<p>What does <code>near \"x\": syntax error</code> mean?</p>"),
        "/changing" => {
            let now =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_micros();
            Answer::html(["<p>one banner</p>", "<p>another banner</p>"][(now % 2) as usize])
        }
        _ => Answer::html(format!("<p>{}</p>", q.replace('<', "&lt;"))),
    }
}

#[tokio::test]
async fn injections_are_found_by_message_by_choice_and_by_waiting() {
    let server = serve(answer).await;
    let mut wrong = Vec::new();
    for (path, qid) in [
        ("/tells?q=chair", 150_003),
        ("/moved?q=chair", 150_003),
        ("/number?q=1", 150_012),
        ("/string?q=chair", 150_012),
        ("/no-conditions?q=chair", 150_003),
        ("/like?q=a", 150_012),
        ("/list?q=1", 150_012),
        ("/sort?q=price", 150_012),
        ("/login?q=bob", 150_012),
        ("/blank?q=chair", 150_012),
        ("/hidden-sort?q=name", 150_012),
        ("/no-blanks?q=chair", 150_012),
        ("/page?q=chair.html", 150_012),
        ("/unknown?q=1", 150_003),
        ("/brackets?q=price", 150_003),
        ("/few-signs?q=1", 150_003),
        ("/no-words?q=1", 150_012),
        ("/offset?q=1", 150_012),
        ("/added?q=3", 150_012),
        ("/ends?q=chair", 150_012),
        ("/no-signs?q=1", 150_012),
        ("/double-bytes?q=chair", 150_003),
        ("/comment?q=shoes", 150_003),
        ("/cut?q=chair", 150_003),
        ("/compared?q=name", 150_012),
    ] {
        let found = scan(&SqlInjection, server, path).await;
        let found: Vec<_> = found.iter().map(|found| (found.qid, found.parameter.as_deref())).collect();
        if found != [(qid, Some("q"))] {
            wrong.push(format!("{path} {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn names_of_columns_and_two_fields_are_found() {
    let server = serve(answer).await;
    for (path, parameter) in [
        ("/columns?f[name]=chair", Some("(any name)")),
        ("/known-columns?f[name]=chair", None),
        ("/table?table=goods", Some("table")),
        ("/no-quotes?sort=name", Some("sort")),
        ("/known-table?table=goods", None),
        ("/pair?name=zed&password=x", Some("password")),
        ("/basic", Some("Authorization")),
        ("/basic-tells", Some("Authorization")),
        ("/basic-bound", None),
        ("/route/2", Some("2")),
        ("/known-route/2", None),
    ] {
        let found = scan(&SqlInjection, server, path).await;
        let found: Vec<_> =
            found.iter().map(|found| found.parameter.as_deref().unwrap_or_default()).collect();
        assert_eq!(found, Vec::from_iter(parameter), "{path}");
    }
}

#[tokio::test]
async fn what_another_page_makes_of_a_field_is_found() {
    let kept = parking_lot::Mutex::new(String::new());
    let server = serve(move |asked: &Asked| match asked.path.as_str() {
        "/keep" => {
            *kept.lock() = asked.field("name");
            Answer::html("Thank you: <a href=/mine>yours</a> <a href=/bound>yours</a>")
        }
        "/mine" => shown(rows(&format!("SELECT name FROM goods WHERE name = '{}'", kept.lock()), &[]), true),
        _ => shown(rows("SELECT name FROM goods WHERE name = ?", params![kept.lock().as_str()]), true),
    })
    .await;
    for (path, count) in [("/mine", 1), ("/bound", 0)] {
        let get = |path: &str| Request::get(Target::parse(&format!("http://{server}{path}")).unwrap());
        let body = Body::Form(vec![("name".into(), "lamp".into())]);
        let keep = Request { method: Method::Post, body, ..get("/keep") };
        let (found, _) = scan_with(&SqlInjection, vec![keep, get(path)], Extras::default()).await;
        assert_eq!(found.len(), count, "{path}: {found:?}");
    }
}

#[tokio::test]
async fn bound_values_walls_and_changing_pages_are_not() {
    let server = serve(answer).await;
    for path in [
        "/bound?q=chair",
        "/escaped?q=chair",
        "/moved-bound?q=chair",
        "/words?q=chair",
        "/typed?q=1",
        "/wall?q=a",
        "/always?q=a",
        "/changing?q=a",
        "/hash?q=red",
        "/length?q=red",
        "/unknown-quoted?q=price",
        "/comment-cleaned?q=shoes",
        "/one-byte?q=chair",
        "/echo?q=a",
    ] {
        let found = scan(&SqlInjection, server, path).await;
        assert!(found.is_empty(), "{path}: {found:?}");
    }
    assert_eq!(scan(&SqlMessage, server, "/always").await.len(), 1);
    assert!(scan(&SqlMessage, server, "/explained").await.is_empty());
}

#[tokio::test]
async fn bodies_and_cookies_have_their_own_numbers() {
    let server = serve(|asked: &Asked| {
        let name = match asked.path.as_str() {
            "/json" => serde_json::from_str::<serde_json::Value>(&asked.body).unwrap()["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            _ => crate::http::encode::unpercent(&asked.cookie("name")),
        };
        shown(rows(&format!("SELECT name FROM goods WHERE name = '{name}'"), &[]), true)
    })
    .await;
    let url = |path: &str| Target::parse(&format!("http://{server}{path}")).unwrap();
    let json = Request {
        method: Method::Post,
        body: Body::Json(serde_json::json!({"name": "lamp"})),
        ..Request::get(url("/json"))
    };
    let mut cookie = Request::get(url("/cookie"));
    cookie.cookies.push(("name".into(), "lamp".into()));
    for (request, qid) in [(json, 150_093), (cookie, 150_047)] {
        let found = scan_with(&SqlInjection, vec![request], Extras::default()).await.0;
        assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [qid]);
    }
}

#[tokio::test]
async fn an_expression_of_the_applications_own_language_is_code() {
    let server = serve(|asked: &Asked| {
        let code = "import sys\nprint(eval(sys.argv[1]))";
        let run =
            std::process::Command::new("python3").args(["-c", code, &asked.field("q")]).output().unwrap();
        if !run.status.success() {
            return Answer::status(500);
        }
        Answer::html(format!("<p>{}</p>", String::from_utf8_lossy(&run.stdout).replace('<', "&lt;")))
    })
    .await;
    let found = scan(&SqlInjection, server, "/calculate?q=1").await;
    assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [990_029]);
}
