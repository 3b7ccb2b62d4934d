use serde_json::Value;

use super::*;
use crate::testing::{Answer, Asked, Extras, scan_with, serve};

fn json(status: u16, value: &Value) -> Answer {
    Answer(status, vec![("content-type".into(), "application/json".into())], value.to_string())
}

fn one(query: &str, path: &str) -> Value {
    let word = query.trim_matches(['{', '}', ' ']).split([' ', '{', '\n']).next().unwrap_or_default();
    match word {
        "__schema" if path == "/word" && query.starts_with("{__schema{") => {
            json!({"errors": [{"message": "introspection is disabled"}]})
        }
        "__schema" if ["/open", "/by-get", "/word", "/form", "/keyed"].contains(&path) => {
            json!({"data": {"__schema": {"queryType": {"name": "Query"}, "types": []}}})
        }
        "__schema" => json!({"errors": [{"message": "introspection is disabled"}]}),
        "_service" if path == "/service" => {
            json!({"data": {"_service": {"sdl": "type Query {\n  products: [String]\n}"}}})
        }
        "__typename" => json!({"data": {"__typename": "Query"}}),
        "products" => json!({"data": {"products": [{"name": "chair"}]}}),
        _ if path == "/types" && query.contains("Querry") => {
            json!({"errors": [{"message": "Unknown type \"Querry\". Did you mean \"Query\"?"}]})
        }
        _ if path == "/suggests" => {
            json!({"errors": [{"message": format!("Cannot query field \"{word}\". Did you mean \"products\"?")}]})
        }
        _ => json!({"errors": [{"message": format!("Cannot query field \"{word}\".")}]}),
    }
}

fn answer(asked: &Asked) -> Answer {
    let path = asked.path.as_str();
    if asked.method == "GET" && asked.header("accept").contains("html") && path == "/console" {
        return Answer::html("<title>GraphiQL</title><div id=\"graphiql\"></div>");
    }
    if asked.method == "GET" && !["/by-get", "/closed"].contains(&path)
        || path == "/by-get" && asked.method == "POST"
    {
        return json(400, &json!({"errors": [{"message": "Must provide query string."}]}));
    }
    if path == "/keyed" && asked.header("x-api-key") != "k" {
        return Answer::status(403);
    }
    if path == "/list" {
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let Some([operation]) = body.as_array().map(Vec::as_slice) else { return Answer::status(400) };
        let query = operation["query"].as_str().unwrap_or_default();
        return json(200, &json!([one(query, "/suggests")]));
    }
    if path == "/form" {
        let query = asked.field("query");
        return if query.is_empty() {
            json(400, &json!({"errors": [{"message": "Must provide query string."}]}))
        } else {
            json(200, &one(&query, path))
        };
    }
    if ![
        "/service",
        "/keyed",
        "/open",
        "/by-get",
        "/suggests",
        "/types",
        "/closed",
        "/batch",
        "/console",
        "/word",
    ]
    .contains(&path)
    {
        return Answer::html(asked.body.replace('<', "&lt;"));
    }
    let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    match body.as_array() {
        Some(all) if path == "/batch" => {
            let all: Vec<Value> = all.iter().map(|body| one(body["query"].as_str().unwrap(), path)).collect();
            json(200, &Value::from(all))
        }
        Some(_) => json(400, &json!({"errors": [{"message": "no batches"}]})),
        None => {
            let query = body["query"].as_str().map_or_else(|| asked.field("query"), str::to_owned);
            json(200, &one(&query, path))
        }
    }
}

#[test]
fn fields_are_multiplied_with_their_arguments_and_selections() {
    for (query, expected) in [
        ("{ products { name } }", "{a1:products { name } a2:products { name }}"),
        (
            "query F($q: T = {a: 1}) { find(q: $q, o: {b: 2}) { id kind { name } } other { id } }",
            "query F($q: T = {a: 1}) {a1:find(q: $q, o: {b: 2}) { id kind { name } } a2:find(q: $q, o: {b: 2}) { id kind { name } }}",
        ),
        ("{ version }", "{a1:version  a2:version }"),
    ] {
        assert_eq!(multiplied(query, 2).as_deref(), Some(expected), "{query}");
    }
    assert_eq!(multiplied("nothing", 2), None);
}

#[tokio::test]
async fn what_pages_ask_for_is_multiplied() {
    let server = serve(|asked: &Asked| {
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let query = body["query"].as_str().unwrap_or_default();
        // Knows its own operation alone.
        if asked.path == "/bounded" && query.len() > 200 || !query.contains("products { name }") {
            return json(400, &json!({"errors": [{"message": "no"}]}));
        }
        let names = query.matches("products { name }").enumerate().map(|(n, _)| format!("a{}", n + 1));
        let all: Value = names.map(|name| (name, json!([{"name": "chair"}]))).collect();
        json(200, &json!({"data": all}))
    })
    .await;
    for (path, wanted) in [("/own", vec![990_030]), ("/bounded", vec![])] {
        let url = Target::parse(&format!("http://{server}{path}")).unwrap();
        let body = Body::Json(json!({"query": "{ products { name } }"}));
        let request = Request { method: Method::Post, body, ..Request::get(url) };
        let (found, _) = scan_with(&GraphQl, vec![request], Extras::default()).await;
        assert_eq!(found.iter().map(|finding| finding.qid).collect::<Vec<_>>(), wanted, "{path}");
    }
}

#[tokio::test]
async fn consoles_beside_the_endpoint_are_found() {
    let server = serve(|asked: &Asked| match asked.path.as_str() {
        "/api/voyager" => Answer::html("<title>GraphQL Voyager</title>"),
        "/api/query" => answer(&Asked { path: "/closed".to_owned(), ..asked.clone() }),
        _ => Answer::status(404),
    })
    .await;
    let url = Target::parse(&format!("http://{server}/api/query")).unwrap();
    let body = Body::Json(json!({"query": "{ products { name } }"}));
    let request = Request { method: Method::Post, body, ..Request::get(url) };
    let (found, _) = scan_with(&GraphQl, vec![request], Extras::default()).await;
    let found: Vec<_> = found.iter().map(|finding| (finding.qid, finding.url.path.as_str())).collect();
    assert_eq!(found, [(990_017, "/api/voyager")]);
}

#[tokio::test]
async fn endpoints_are_known_by_what_they_miss() {
    let server = serve(answer).await;
    for (path, wanted) in [("/form", vec![990_014]), ("/elsewhere", vec![])] {
        let url = Target::parse(&format!("http://{server}{path}")).unwrap();
        let (found, _) = scan_with(&GraphQl, vec![Request::get(url)], Extras::default()).await;
        assert_eq!(found.iter().map(|finding| finding.qid).collect::<Vec<_>>(), wanted, "{path}");
    }
}

#[tokio::test]
async fn what_endpoints_tell_is_found() {
    let server = serve(answer).await;
    for (path, wanted) in [
        ("/open", vec![990_014]),
        ("/keyed", vec![990_014]),
        ("/service", vec![990_014]),
        ("/by-get", vec![990_014]),
        ("/word", vec![990_014]),
        ("/suggests", vec![990_033]),
        ("/batch", vec![990_030]),
        ("/console", vec![990_017]),
        ("/types", vec![990_033]),
        ("/list", vec![990_033]),
        ("/closed", vec![]),
        ("/echo", vec![]),
    ] {
        let url = Target::parse(&format!("http://{server}{path}")).unwrap();
        let body = Body::Json(json!({"query": "{ products { name } }"}));
        let request =
            Request { method: Method::Post, body, ..Request::get(url) }.with_header("X-Api-Key", "k");
        let (found, _) = scan_with(&GraphQl, vec![request], Extras::default()).await;
        assert_eq!(found.iter().map(|finding| finding.qid).collect::<Vec<_>>(), wanted, "{path}");
    }
}
