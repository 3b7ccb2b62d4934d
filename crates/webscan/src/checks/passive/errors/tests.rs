use super::*;
use crate::testing::{Answer, Asked, scan, serve};

#[test]
fn every_expression_is_valid() {
    for (name, pattern) in TRACES.iter().chain(MESSAGES) {
        assert!(pattern.is_valid(), "{name}");
    }
}

#[test]
fn errors_of_many_languages_are_known() {
    let answer = Response::new(500, &[], "");
    for (qid, text) in [
        (990_025, "Traceback (most recent call last):\n  File \"/app/x.py\", line 3, in f\nKeyError: 'a'"),
        (990_025, "at com.shop.Cart.add(Cart.java:12)"),
        (990_025, "   at System.Data.SqlClient.SqlConnection.OnError(SqlException e)"),
        (990_025, "#0 /var/www/html/index.php(12): run()"),
        (
            990_025,
            "    at Layer.handle [as handle_request] (/srv/node_modules/express/lib/router/layer.js:95:5)",
        ),
        (990_025, "/app/models/user.rb:12:in `find'"),
        (990_025, "goroutine 12 [running]:\nmain.main()"),
        (990_025, "thread 'main' panicked at src/main.rs:3:5"),
        (990_025, "stack traceback:\n\t[C]: in function 'error'\n\tapp.lua:3: in main chunk"),
        (990_025, "<h4>A PHP Error was encountered</h4><p>Severity: Notice</p><p>Line Number: 12</p>"),
        (990_025, "<h1>An unhandled exception occurred</h1><pre class=\"rawExceptionStackTrace\">x</pre>"),
        (990_025, r#"{"detail": "x", "log": "File \"/srv/app/main.py\", line 9, in get\n    int(q)"}"#),
        (990_025, r#"{"log":"boom\n\tat java.base/java.lang.Integer.parseInt(Integer.java:652)\n"}"#),
        (990_025, "<pre>thread &#39;worker-1&#39; panicked at src/main.rs:3:5</pre>"),
        (990_025, "Error: x\n\nStack backtrace:\n   0: shop::item\n"),
        (990_025, "[Recovery] 2024/01/02 - 10:00:00 panic recovered:\nruntime error"),
        (
            990_025,
            r#"{"ExceptionType":"System.FormatException","StackTrace":"   at Shop.Item.Show(String id)"}"#,
        ),
        (990_025, "  from src/app.cr:12:3 in '->'"),
        (990_025, "#1      main.<anonymous closure> (file:///srv/bin/server.dart:12:9)"),
        (
            990_025,
            r#"{"error":"{{badmatch,undefined},[{item,show,2,[{file,\"src/item.erl\"},{line,31}]}]}"}"#,
        ),
        (990_025, "<title>Struts Problem Report</title>"),
        (150_022, "<p>Hi</p><!-- Query: SELECT id, name FROM users WHERE id = 7 -->"),
        (150_022, "<!-- DEBUG: user=admin, template=/srv/app/home.html -->"),
        (150_022, "<pre>Array\n(\n    [user] => admin\n)\n</pre>"),
        (150_022, "array(2) {\n  [\"user\"]=>\n  string(5) \"admin\"\n}"),
        (150_022, "<b>Warning</b>:  Undefined variable $x in <b>/var/www/a.php</b> on line <b>3</b>"),
        (150_022, "Server Error in '/shop' Application."),
        (150_022, "java.lang.NullPointerException: null"),
        (150_022, "TypeError: Cannot read properties of undefined (reading 'id')"),
        (150_022, "strconv.Atoi: parsing \"x\": invalid syntax"),
    ] {
        assert_eq!(shown(&answer, text).map(|(qid, _)| qid), Some(qid), "{text}");
    }
    for text in [
        "An error occurred. Reference 1234.",
        "Warning: this cannot be undone",
        "Look at the Cart (page 12)",
        "at 10:30 in Room.java",
        "Fatal error in the matrix",
        "We met at com.shop headquarters",
        "The stack traceback: how to read it",
        "We are sorry, an unhandled exception occurred",
        "<!-- select a colour from the list -->",
        "<!-- debug -->",
        "An array (2) of values => see the page",
        r#"{"trace": "4bf92f3577b34da6", "exception": null}"#,
        "File uploaded, line 3 is empty",
    ] {
        assert_eq!(shown(&answer, text), None, "{text}");
    }
    let page = Response::new(200, &[], "");
    assert_eq!(shown(&page, "<code>at com.shop.Cart.add(Cart.java:12)</code>"), None);
    // One of them is an error, several are what an article tells of errors.
    let trace = "Traceback (most recent call last):\n  File \"shop.py\", line 14, in view\n";
    assert!(shown(&page, &format!("<pre>{trace}</pre>")).is_some());
    let others = "root:x:0:0:root:/root:/bin/bash\nORA-01756: quoted string not properly terminated";
    assert_eq!(shown(&page, &format!("<pre>{trace}{others}</pre>")), None);
}

#[tokio::test]
async fn bodies_paths_and_heads_provoke_errors_too() {
    let trace = "SyntaxError: x<br> at parse (/srv/node_modules/body-parser/lib/types/json.js:92:19)";
    let address = serve(move |asked: &Asked| match asked.path.as_str() {
        "/json" if serde_json::from_str::<serde_json::Value>(&asked.body).is_err() => {
            Answer(400, vec![], trace.into())
        }
        "/item/x" | "/item/redoubt" => Answer(500, vec![], "at com.shop.Item.find(Item.java:12)".into()),
        "/language" if asked.header("accept-language").contains("q=x") => {
            Answer(500, vec![], "at com.shop.Locale.read(Locale.java:12)".into())
        }
        "/text" if asked.field("q").contains('\u{fffd}') && !asked.field("q").contains('%') => {
            Answer(500, vec![], "at com.shop.Text.read(Text.java:12)".into())
        }
        _ => Answer::html("fine"),
    })
    .await;
    for (path, wanted) in [("/item/7", 1), ("/language", 1), ("/text?q=a", 1), ("/other/7", 0), ("/plain", 0)]
    {
        assert_eq!(scan(&Errors, address, path).await.len(), wanted, "{path}");
    }
    let url = crate::http::Target::parse(&format!("http://{address}/json")).unwrap();
    let body = Body::Json(serde_json::json!({"a": "b"}));
    let request = Request { method: Method::Post, body, ..Request::get(url) };
    let (found, _) =
        crate::testing::scan_with(&Errors, vec![request], crate::testing::Extras::default()).await;
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn what_others_provoke_and_what_leads_nowhere_is_looked_at() {
    let trace = "Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in f\n";
    let address = serve(move |asked: &Asked| match asked.path.as_str() {
        "/long" if asked.field("q").len() > 100 => Answer(500, vec![], trace.into()),
        "/none" if asked.query.is_empty() => Answer(500, vec![], trace.into()),
        "/quiet/redoubt-4d1f7e.nowhere" => Answer::status(404),
        path if path.ends_with(".nowhere") => Answer(
            404,
            vec![],
            format!("<p>You're seeing this error because you have <code>DEBUG = True</code></p>{path}"),
        ),
        _ => Answer::html("fine"),
    })
    .await;
    // A test of another kind sends something long.
    let told = crate::testing::bench_on(address, "/quiet/long", async |bench, entry| {
        let long = format!("?q={}", "x".repeat(200));
        let request = Request::get(entry.request.url.join(&format!("/long{long}")).unwrap());
        let _ = bench.send(&request).await;
        bench.sink.provoked.lock().len()
    })
    .await;
    assert_eq!(told, 1);
    for (path, wanted) in [("/quiet/long?q=shoes", 0), ("/none?q=shoes", 1), ("/page", 1)] {
        assert_eq!(scan(&Errors, address, path).await.len(), wanted, "{path}");
    }
}

#[tokio::test]
async fn what_is_mounted_below_a_path_is_asked_for_what_is_nowhere() {
    let address = serve(|asked: &Asked| match asked.path.as_str() {
        "/" => Answer::html("<a href=/shop/>shop</a> <a href=/quiet/>quiet</a>"),
        "/shop/" | "/quiet/" => Answer::html("fine"),
        path if path.starts_with("/shop/") => {
            Answer(404, vec![], "<h1>Page not found</h1>These routes were tried: <ol><li>admin/<li>items/&lt;int:id&gt;<li>^export/$</ol>".into())
        }
        _ => Answer(404, vec![], "<h1>Page not found</h1>Try our start page, all products or the help.".into()),
    })
    .await;
    let (found, _) =
        crate::testing::crawl_and_scan(&Errors, address, "/", crate::testing::Extras::default()).await;
    let paths: Vec<_> = found.into_iter().map(|finding| (finding.qid, finding.url.path)).collect();
    assert_eq!(paths, [(990_025, "/shop/".to_owned())]);
}

#[test]
fn lists_of_routes_are_known_where_nothing_is() {
    let missing = |text: &'static str| Response::new(404, &[], text);
    for text in [
        "Using the URLconf defined in <code>shop.urls</code>, Django tried these URL patterns, in this order:",
        "<h1>Routing Error</h1><p>No route matches [GET] \"/x\"</p>",
        "No route for GET /x.<br>Available routes:<br>GET /users<br>GET /users/:id<br>POST /login",
        "{\"error\": \"no such endpoint\", \"available endpoints\": [\"/users\", \"/items\", \"/admin/reset\"]}",
        "<p>You are seeing this page because DEBUG = True</p>",
    ] {
        assert!(shown(&missing(text), text).is_some_and(|(qid, _)| qid == 990_025), "{text}");
    }
    for text in [
        "<h1>Not found</h1><ul><li><a href=/>Home</a><li><a href=/help>Help</a></ul>",
        "There are no such routes between these cities. Try all routes.",
        "Cannot GET /x",
    ] {
        assert_eq!(shown(&missing(text), text), None, "{text}");
    }
    let listed = "Available endpoints: <ul><li>/users<li>/items<li>/orders</ul>";
    assert_eq!(shown(&Response::new(200, &[], listed), listed), None, "for everybody");
}

#[tokio::test]
async fn errors_are_provoked_and_quiet_ones_are_not_told() {
    let address = serve(|asked: &Asked| match (asked.path.as_str(), asked.field("n").parse::<u32>()) {
        ("/loud", Err(_)) => Answer(500, vec![], "ValueError: invalid literal for int()".into()),
        ("/quiet", Err(_)) => Answer::status(400),
        _ => Answer::html("fine"),
    })
    .await;
    let found = scan(&Errors, address, "/loud?n=1").await;
    assert_eq!((found.len(), found[0].qid, found[0].parameter.as_deref()), (1, 150_022, Some("n")));
    assert!(scan(&Errors, address, "/quiet?n=1").await.is_empty());
}
