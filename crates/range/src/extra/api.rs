//! Descriptions of the cases that are reached as calls of an API: OpenAPI 3 and 2, a Postman collection, a HAR, and a
//! GraphQL endpoint that describes itself.

use serde_json::{Map, Value, json};

use crate::case::{Case, Place, Prepared};
use crate::http::{Reply, Request};

/// Where the descriptions are.
pub const PATHS: &[&str] =
    &["/api/openapi.json", "/api/openapi.yaml", "/api/swagger.json", "/api/postman.json", "/api/range.har"];

/// Whether a case can be described as a call of an API. Cases that need a session or a token begin at a page.
fn is_call(case: &Case) -> bool {
    case.needs.is_none()
        && case.place != Place::Page
        && case.place != Place::QueryName
        && !case.session
        && !case.token
}

/// Answers a request for a description.
pub(crate) fn answer(cases: &[Case], request: &Request) -> Option<Reply> {
    let host = request.header("host").unwrap_or("127.0.0.1");
    let base = format!("{}://{host}", if request.tls { "https" } else { "http" });
    let calls: Vec<&Case> = cases.iter().filter(|case| is_call(case)).collect();
    match request.path.as_str() {
        "/api/openapi.json" => Some(Reply::json(&openapi3(&calls, &base))),
        // YAML takes JSON as it is; a reader of YAML must, too.
        "/api/openapi.yaml" => Some(Reply::new(200, "application/yaml", yaml(&openapi3(&calls, &base), 0))),
        "/api/swagger.json" => Some(Reply::json(&openapi2(&calls, host))),
        "/api/postman.json" => Some(Reply::json(&postman(&calls, &base))),
        "/api/range.har" => Some(Reply::json(&har(&calls, &base))),
        _ => None,
    }
}

/// The path with `{value}` in place of the sample, where that is where the value stands.
fn template(case: &Case) -> String {
    match case.place {
        Place::Path => format!("{}item/{{value}}", case.base()),
        Place::PathMiddle => format!("{}item/{{value}}/details", case.base()),
        _ => case.endpoint(),
    }
}

fn schema(path: &str, sample: &str) -> Value {
    path.rsplit('.').fold(
        json!({"type": "string", "example": sample}),
        |inner, key| json!({"type": "object", "properties": {key: inner}, "required": [key]}),
    )
}

fn parameters(case: &Case, old: bool) -> Vec<Value> {
    let one = |name: &str, place: &str, sample: &str| {
        let mut parameter = json!({"name": name, "in": place, "required": true});
        let typed = if old {
            json!({"type": "string", "default": sample})
        } else {
            json!({"schema": {"type": "string"}, "example": sample})
        };
        if let (Some(to), Some(from)) = (parameter.as_object_mut(), typed.as_object()) {
            to.extend(from.clone());
        }
        parameter
    };
    let mut all: Vec<Value> = case
        .with
        .iter()
        .filter(|_| !matches!(case.place, Place::Form(_)))
        .map(|(name, value)| one(name, "query", value))
        .collect();
    match case.place {
        Place::Query(name) | Place::QueryForm(name) => all.push(one(name, "query", &case.sample)),
        Place::Header(name) => all.push(one(name, "header", &case.sample)),
        Place::Cookie(name) if !old => all.push(one(name, "cookie", &case.sample)),
        Place::Path | Place::PathMiddle => all.push(one("value", "path", &case.sample)),
        _ => {}
    }
    all
}

fn openapi3(calls: &[&Case], base: &str) -> Value {
    let mut paths = Map::new();
    for case in calls {
        let mut operation = json!({"operationId": case.id(), "summary": case.name, "parameters": parameters(case, false), "responses": {"200": {"description": "The answer"}}});
        let body = match case.place {
            Place::Json(path) => Some(json!({"application/json": {"schema": schema(path, &case.sample)}})),
            Place::Xml(name) => Some(
                json!({"application/xml": {"schema": {"type": "object", "xml": {"name": "request"}, "properties": {name: {"type": "string", "example": case.sample}}}}}),
            ),
            Place::Form(name) => {
                Some(json!({"application/x-www-form-urlencoded": {"schema": schema(name, &case.sample)}}))
            }
            Place::Multipart(name) => {
                Some(json!({"multipart/form-data": {"schema": schema(name, &case.sample)}}))
            }
            Place::FileName(name) => Some(
                json!({"multipart/form-data": {"schema": {"type": "object", "properties": {name: {"type": "string", "format": "binary"}}}}}),
            ),
            Place::Graphql(_) => serde_json::from_slice::<Value>(&case.prepare(&case.sample).body).ok().map(
                |example| json!({"application/json": {"schema": {"type": "object"}, "example": example}}),
            ),
            _ => None,
        };
        if let (Some(body), Some(operation)) = (body, operation.as_object_mut()) {
            operation.insert("requestBody".to_owned(), json!({"required": true, "content": body}));
        }
        paths.insert(template(case), json!({case.place.method().to_lowercase(): operation}));
    }
    json!({"openapi": "3.0.3", "info": {"title": "Practice range", "version": "1"}, "servers": [{"url": base}], "paths": paths})
}

fn openapi2(calls: &[&Case], host: &str) -> Value {
    let mut paths = Map::new();
    for case in calls {
        let mut all = parameters(case, true);
        let consumes = match case.place {
            Place::Json(path) => {
                all.push(json!({"name": "body", "in": "body", "required": true, "schema": schema(path, &case.sample)}));
                "application/json"
            }
            Place::Form(name) => {
                all.push(json!({"name": name, "in": "formData", "type": "string", "required": true, "default": case.sample}));
                "application/x-www-form-urlencoded"
            }
            Place::Multipart(name) => {
                all.push(json!({"name": name, "in": "formData", "type": "string", "required": true, "default": case.sample}));
                "multipart/form-data"
            }
            // Cookies, XML with examples and GraphQL have no good form in version 2.
            Place::Cookie(_) | Place::Xml(_) | Place::Graphql(_) | Place::FileName(_) => continue,
            _ => "application/x-www-form-urlencoded",
        };
        let operation = json!({"operationId": case.id(), "consumes": [consumes], "parameters": all, "responses": {"200": {"description": "The answer"}}});
        paths.insert(template(case), json!({case.place.method().to_lowercase(): operation}));
    }
    json!({"swagger": "2.0", "info": {"title": "Practice range", "version": "1"}, "host": host, "basePath": "/", "schemes": ["http"], "paths": paths})
}

fn headers(prepared: &Prepared, key: &str) -> Vec<Value> {
    prepared.headers.iter().map(|(name, value)| json!({key: name, "value": value})).collect()
}

fn postman(calls: &[&Case], base: &str) -> Value {
    let items: Vec<_> = calls
        .iter()
        .map(|case| {
            let prepared = case.prepare(&case.sample);
            let mut request = json!({"method": prepared.method, "header": headers(&prepared, "key"), "url": format!("{base}{}", prepared.target)});
            if let (false, Some(request)) = (prepared.body.is_empty(), request.as_object_mut()) {
                request.insert("body".to_owned(), json!({"mode": "raw", "raw": String::from_utf8_lossy(&prepared.body)}));
            }
            json!({"name": case.id(), "request": request})
        })
        .collect();
    json!({"info": {"name": "Practice range", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": items})
}

fn har(calls: &[&Case], base: &str) -> Value {
    let entries: Vec<_> = calls
        .iter()
        .map(|case| {
            let prepared = case.prepare(&case.sample);
            let kind = prepared.headers.iter().find(|(name, _)| name == "Content-Type").map_or("", |(_, value)| value.as_str());
            let mut request = json!({"method": prepared.method, "url": format!("{base}{}", prepared.target), "httpVersion": "HTTP/1.1", "headers": headers(&prepared, "name"), "queryString": [], "cookies": [], "headersSize": -1, "bodySize": prepared.body.len()});
            if let (false, Some(request)) = (prepared.body.is_empty(), request.as_object_mut()) {
                request.insert("postData".to_owned(), json!({"mimeType": kind, "text": String::from_utf8_lossy(&prepared.body)}));
            }
            json!({"startedDateTime": "2031-03-11T17:07:42.000Z", "time": 1, "request": request, "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": [], "cookies": [], "content": {"size": 0, "mimeType": "text/html"}, "redirectURL": "", "headersSize": -1, "bodySize": -1}, "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 0}})
        })
        .collect();
    json!({"log": {"version": "1.2", "creator": {"name": "range", "version": "1"}, "entries": entries}})
}

/// Block style for objects and lists, JSON's own for what stands in them.
fn yaml(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(key, value)| match value {
                Value::Object(inner) if !inner.is_empty() => {
                    format!("{indent}{}:\n{}", Value::from(key.as_str()), yaml(value, depth + 1))
                }
                other => format!("{indent}{}: {other}\n", Value::from(key.as_str())),
            })
            .collect(),
        other => format!("{indent}{other}\n"),
    }
}
