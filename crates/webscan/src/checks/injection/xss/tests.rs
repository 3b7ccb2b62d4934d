use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::http::{Body, Method, Request, Target, encode};
use crate::testing::{Answer, Asked, Extras, crawl_and_scan, scan, scan_with, serve};

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn no_angles(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn unquoted(text: &str) -> String {
    no_angles(text).replace('"', "&quot;")
}

fn once(text: &str, word: &str) -> String {
    text.replace(word, "")
}

fn decoded(text: &str) -> String {
    crate::http::encode::unpercent(text)
}

fn vulnerable(asked: &Asked) -> Option<String> {
    let q = asked.field("q");
    Some(match asked.path.as_str() {
        "/text" => format!("<p>Nothing for {q}</p>"),
        "/double-quoted" => format!("<input value=\"{q}\">"),
        "/attribute-only" => format!("<input value=\"{}\">", no_angles(&q)),
        "/single-quoted" => format!("<input value='{}'>", unquoted(&q)),
        "/unquoted" => format!("<input value={}>", no_angles(&q)),
        "/handler" => format!("<b onclick=\"go('{}')\">x</b>", escape(&q)),
        "/script-single" => format!("<script>var a = '{}';</script>", unquoted(&q)),
        "/script-escaped" => format!("<script>var a = '{}';</script>", q.replace('\'', "\\'")),
        "/script-backslash" => {
            format!("<script>var a = '{}';f()</script>", no_angles(&q).replace('\'', "\\'"))
        }
        "/script-template" => format!("<script>var a = `{}`;</script>", escape(&q)),
        "/script-bare" => format!("<script>var a = {};</script>", escape(&q)),
        "/comment" => format!("<!-- {q} -->"),
        "/style" => format!("<style>a {{ color: {q} }}</style>"),
        "/title" => format!("<title>{q}</title>"),
        "/noscript" => format!("<noscript>{q}</noscript>"),
        "/url" => format!("<a href=\"{}\">x</a>", escape(&q)),
        "/no-script-word" => format!("<p>{}", q.replace("script", "").replace("svg", "").replace("img", "")),
        "/once" => format!(
            "<p>{}",
            once(&once(&q, "<script>"), "onload").replace("onerror", "").replace("javascript", "")
        ),
        "/upper" => format!("<p>{}", q.to_uppercase()),
        "/decoded-later" => format!("<p>{}", decoded(&escape(&q))),
        "/no-parentheses" => format!("<p>{}", q.replace(['(', ')'], "")),
        "/no-alert" => format!("<p>{}", q.replace("alert", "")),
        "/no-blanks" => format!("<p>{}", q.replace(' ', "")),
        "/doubled" if q.contains('<') => "refused".to_owned(),
        "/doubled" => {
            let last = asked.query.iter().rfind(|(name, _)| name == "q").map(|(_, value)| value.clone());
            format!("<p>{}", last.unwrap_or_default())
        }
        "/read-later" if q.contains('<') => "refused".to_owned(),
        "/read-later" => format!("<p>{}", q.replace("\\u003c", "<").replace("\\u003e", ">")),
        "/template-element" => format!("<template><p>{q}</p></template>"),
        "/comment-once" => format!("<!-- {} -->", q.replace("-->", "").replace("--!>", "")),
        "/marked-up" => {
            let link = crate::proof::regex(r"\[(.*?)\]\((.*?)\)").unwrap();
            format!("<p>{}", link.replace_all(&escape(&q), "<a href=\"$2\">$1</a>"))
        }
        "/linked" => {
            let link = crate::proof::regex(r"(https?://\S+)").unwrap();
            format!("<p>{}", link.replace_all(&no_angles(&q), "<a href=\"$1\">$1</a>"))
        }
        "/thrown" => {
            format!("<script>var a = \"{}\";</script>", q.replace(['(', ')', '`', '<', '>', '\''], ""))
        }
        "/closed-once" => {
            format!(
                "<script>var a = {};</script>",
                serde_json::Value::from(q).to_string().replace("</script", "")
            )
        }
        "/address" if !q.contains("://") => "no address".to_owned(),
        "/address" => format!("<a href=\"{}\">x</a>", escape(&q)),
        "/below" => "a page".to_owned(),
        path if path.starts_with("/below/") => format!("<p>no {}", decoded(path)),
        "/json-as-html" => format!("{{\"q\":\"{}\"}}", q.replace('"', "\\\"")),
        _ => return None,
    })
}

fn safe(asked: &Asked) -> Answer {
    let q = asked.field("q");
    match asked.path.as_str() {
        "/escaped" => Answer::html(format!(
            "<p title='{0}'>{0}</p><script>var a='{1}'</script>",
            escape(&q),
            q.replace(|c: char| !c.is_alphanumeric(), " ")
        )),
        "/plain" => Answer(200, vec![("content-type".into(), "text/plain".into())], q),
        "/json" => Answer(
            200,
            vec![
                ("content-type".into(), "application/json".into()),
                ("x-content-type-options".into(), "nosniff".into()),
            ],
            q,
        ),
        "/redirect" => Answer::html(format!("<a href='{q}'>moved</a>")).with("location", "/x"),
        "/textarea" => Answer::html(format!("<textarea>{}</textarea>", q.replace("</", ""))),
        "/link" => Answer::html(format!("<a href=\"/search?q={}\">x</a>", escape(&q))),
        "/checked-link" if q.starts_with("http") => Answer::html(format!("<a href=\"{}\">x</a>", escape(&q))),
        "/download" => Answer::html(q).with("content-disposition", "attachment; filename=x.html"),
        "/number" => Answer::html(format!("<p>{}", q.parse::<i64>().unwrap_or_default())),
        "/script-json" => Answer::html(format!(
            "<script>var a = {};</script>",
            serde_json::Value::from(q).to_string().replace('<', "\\u003c")
        )),
        _ => Answer::status(404),
    }
}

fn answer(asked: &Asked) -> Answer {
    let mut answer = vulnerable(asked).map_or_else(|| safe(asked), Answer::html);
    if asked.path == "/redirect" {
        answer.0 = 302;
    }
    answer
}

#[tokio::test]
async fn script_is_found_in_every_kind_of_place() {
    let server = serve(answer).await;
    let mut wrong = Vec::new();
    for path in [
        "/text",
        "/double-quoted",
        "/attribute-only",
        "/single-quoted",
        "/unquoted",
        "/handler",
        "/script-single",
        "/script-escaped",
        "/script-backslash",
        "/script-template",
        "/script-bare",
        "/comment",
        "/style",
        "/title",
        "/noscript",
        "/url",
        "/no-script-word",
        "/once",
        "/upper",
        "/decoded-later",
        "/no-parentheses",
        "/no-alert",
        "/no-blanks",
        "/json-as-html",
        "/doubled",
        "/read-later",
        "/template-element",
        "/comment-once",
        "/thrown",
        "/marked-up",
        "/linked",
        "/closed-once",
    ] {
        let found = scan(&ReflectedXss, server, &format!("{path}?q=a&x=1")).await;
        let found: Vec<_> = found.iter().map(|found| (found.qid, found.parameter.as_deref())).collect();
        if found != [(150_001, Some("q"))] {
            wrong.push(format!("{path} {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn what_only_shows_a_value_is_safe() {
    let server = serve(answer).await;
    for path in [
        "/escaped",
        "/plain",
        "/json",
        "/redirect",
        "/textarea",
        "/link",
        "/checked-link",
        "/download",
        "/number",
        "/script-json",
    ] {
        let found = scan(&ReflectedXss, server, &format!("{path}?q=http://x/")).await;
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[tokio::test]
async fn paths_headers_and_cookies_have_their_own_numbers() {
    let server = serve(|asked: &Asked| match asked.path.as_str() {
        "/ua" => Answer::html(asked.header("user-agent")),
        "/cookie" => Answer::html(asked.cookie("theme")),
        path => Answer::html(format!("no page {}", decoded(path))),
    })
    .await;
    assert_eq!(
        scan(&ReflectedXss, server, "/ua").await.iter().filter(|found| found.qid == 150_046).count(),
        1
    );
    assert!(scan(&ReflectedXss, server, "/some").await.iter().any(|found| found.qid == 150_117));
    let mut request = Request::get(Target::parse(&format!("http://{server}/cookie")).unwrap());
    request.cookies.push(("theme".into(), "dark".into()));
    let found = scan_with(&ReflectedXss, vec![request], Extras::default()).await.0;
    assert_eq!((found[0].qid, found[0].parameter.as_deref()), (150_046, Some("theme")));
}

#[tokio::test]
async fn what_a_page_keeps_is_found_as_stored() {
    let kept = std::sync::Arc::new(parking_lot::Mutex::new(Vec::<(String, String)>::new()));
    let server = serve(move |asked: &Asked| {
        let mut kept = kept.lock();
        if asked.method == "POST" {
            kept.push((asked.field("text"), asked.field("name")));
            return Answer::status(303).with("location", "/book");
        }
        let rows: Vec<String> =
            kept.iter().map(|(text, name)| format!("<li>{text} by {}", escape(name))).collect();
        Answer::html(format!("<ul>{}</ul>", rows.join("\n")))
    })
    .await;
    let url = |path: &str| Target::parse(&format!("http://{server}{path}")).unwrap();
    let fields = vec![("text".to_owned(), "hello".to_owned()), ("name".to_owned(), "me".to_owned())];
    let post = Request { method: Method::Post, body: Body::Form(fields), ..Request::get(url("/book")) };
    let found = scan_with(&StoredXss, vec![post, Request::get(url("/book"))], Extras::default()).await.0;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].qid, found[0].parameter.as_deref()), (150_000, Some("text")));
}

/// A statement that a quote breaks keeps nothing; what was kept before is still shown.
#[tokio::test]
async fn what_is_kept_unless_it_has_quotes_is_found_as_stored() {
    let kept = std::sync::Arc::new(parking_lot::Mutex::new(Vec::<String>::new()));
    let server = serve(move |asked: &Asked| {
        let mut kept = kept.lock();
        if asked.method == "POST" {
            let text = asked.field("text");
            if text.contains('\'') {
                return Answer::status(500);
            }
            kept.push(text);
        }
        Answer::html(format!("<ul><li>{}</ul>", kept.join("<li>")))
    })
    .await;
    let url = Target::parse(&format!("http://{server}/book")).unwrap();
    let body = Body::Form(vec![("text".to_owned(), "hello".to_owned())]);
    let post = Request { method: Method::Post, body, ..Request::get(url.clone()) };
    let found = scan_with(&StoredXss, vec![post, Request::get(url)], Extras::default()).await.0;
    assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [150_000], "{found:?}");
}

#[tokio::test]
async fn a_page_that_names_what_is_missing_is_asked_for() {
    let server = serve(|asked: &Asked| match asked.path.as_str() {
        "/" => Answer::html("<a href='/old/page'>x</a>"),
        path => {
            let shown = decoded(path);
            Answer(404, Answer::html("").1, if path.starts_with("/old") { shown } else { escape(&shown) })
        }
    })
    .await;
    let found = scan(&ReflectedXss, server, "/").await;
    let paths: Vec<_> = found.iter().map(|found| (found.qid, found.url.path.as_str())).collect();
    assert_eq!(paths, [(150_117, "/old/zqmissing")]);
}

#[tokio::test]
async fn what_a_form_says_behind_a_redirect_is_seen() {
    let server = |escapes: bool| {
        serve(move |asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/note") => Answer::status(303)
                .with("location", "/thanks")
                .with("set-cookie", &format!("flash={}; Path=/", encode::percent(&asked.field("text")))),
            (_, "/thanks") => {
                let text = encode::unpercent(&asked.cookie("flash"));
                let text = if escapes { text.replace('<', "&lt;") } else { text };
                Answer::html(format!("<p>We noted: {text}</p>"))
                    .with("set-cookie", "flash=; Max-Age=0; Path=/")
            }
            _ => Answer::html("<form method=post action=/note><input name=text><button>Send</button></form>"),
        })
    };
    for (escapes, wanted) in [(false, vec!["text"]), (true, vec![])] {
        let found = crawl_and_scan(&ReflectedXss, server(escapes).await, "/", Extras::default()).await.0;
        let found: Vec<_> =
            found.iter().filter(|f| f.url.path == "/note").filter_map(|f| f.parameter.as_deref()).collect();
        assert_eq!(found, wanted, "escapes: {escapes}");
    }
}

#[tokio::test]
async fn addresses_that_are_scripts_and_what_lies_below_pages_are_found() {
    let server = serve(answer).await;
    let count = async |path: &str| scan(&ReflectedXss, server, path).await.len();
    assert_eq!(count("/address?q=http://x/").await, 1);
    let found = scan(&ReflectedXss, server, "/below").await;
    let paths: Vec<_> = found.iter().map(|found| (found.qid, found.url.path.as_str())).collect();
    assert_eq!(paths, [(150_117, "/below/zqmissing")]);
}

#[tokio::test]
async fn scripts_of_foreign_hosts_formats_nonces_and_pairs_of_values_are_found() {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let server = serve(|asked: &Asked| {
        let q = asked.field("q");
        let policy = |answer: Answer, policy: &str| answer.with("content-security-policy", policy);
        let quoted = |name: &str| asked.field(name).replace(['"', '\'', '<'], "");
        match asked.path.as_str() {
            "/base" => Answer::html(format!("<base href=\"{}\"><script src=app.js></script>", escape(&q))),
            "/base-without-scripts" => Answer::html(format!("<base href=\"{}\"><p>x", escape(&q))),
            "/loaded" if !q.starts_with("http") => Answer::status(400),
            "/loaded" => Answer::html(format!("<script src=\"{}\"></script>", escape(&q))),
            "/any-host" => policy(Answer::html(q), "script-src *"),
            "/own-host" => policy(Answer::html(q), "script-src 'self'"),
            "/nonce" => policy(Answer::html(format!("<p>{q}")), "script-src 'nonce-Ab1'"),
            "/fresh-nonce" => {
                let nonce = COUNT.fetch_add(1, Ordering::Relaxed);
                policy(Answer::html(format!("<p>{q}")), &format!("script-src 'nonce-{nonce}'"))
            }
            "/format" if asked.field("as") == "html" => Answer::html(q),
            "/format" => Answer(200, vec![("content-type".into(), "application/json".into())], q),
            "/pair" => {
                Answer::html(format!("<script>var a = '{}', b = '{}';</script>", quoted("q"), quoted("r")))
            }
            "/escaped-pair" => {
                let [a, b] = ["q", "r"].map(|name| quoted(name).replace('\\', "\\\\"));
                Answer::html(format!("<script>var a = '{a}', b = '{b}';</script>"))
            }
            "/mail" if !q.starts_with("a@b.test") => Answer::status(400),
            "/mail" => Answer::html(format!("<p>We wrote to {q}</p>")),
            _ => Answer::status(404),
        }
    })
    .await;
    for (path, wanted) in [
        ("/base?q=/", 1),
        ("/base-without-scripts?q=/", 0),
        ("/loaded?q=https://cdn.test/a.js", 1),
        ("/any-host?q=a", 1),
        ("/own-host?q=a", 0),
        ("/nonce?q=a", 1),
        ("/fresh-nonce?q=a", 0),
        ("/format?q=a&as=json", 1),
        ("/pair?q=a&r=b", 1),
        ("/escaped-pair?q=a&r=b", 0),
        ("/mail?q=a@b.test", 1),
    ] {
        let found = scan(&ReflectedXss, server, path).await;
        let found = found.iter().filter(|found| found.qid == 150_001).count();
        assert_eq!(found, wanted, "{path}");
    }
}
