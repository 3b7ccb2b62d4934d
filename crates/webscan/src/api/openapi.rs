//! OpenAPI 2 and 3: each operation as a request, filled with the examples, defaults and types of its schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{DescriptionError, MOST};
use crate::http::{Body, Method, Part, Request, Target, encode};

/// How deep a schema is followed.
const DEPTH: usize = 8;

pub(super) fn requests(document: &Value, base: &Target) -> Result<Vec<Request>, DescriptionError> {
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or(DescriptionError::NotThat("OpenAPI document", "paths"))?;
    let reader = Reader { document, server: server(document, base) };
    let mut all = Vec::new();
    for (path, item) in paths {
        let item = reader.resolve(item);
        let Some(operations) = item.as_object() else { continue };
        for (name, operation) in operations {
            let Some(method) = Method::of(name).filter(|_| name != "options" && name != "head") else {
                continue;
            };
            all.extend(reader.request(method, path, item, operation));
            if all.len() >= MOST {
                return Ok(all);
            }
        }
    }
    Ok(all)
}

/// Where the API is. What the document says of other hosts is not believed: the scope decides, and a test instance is
/// seldom where the document says.
fn server(document: &Value, base: &Target) -> Target {
    let path = if let Some(path) = document.get("basePath").and_then(Value::as_str) {
        path.to_owned()
    } else {
        let url = document.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or("/");
        let filled = variables(url, document.pointer("/servers/0/variables"));
        base.join(&filled).map_or_else(|| "/".to_owned(), |target| target.path)
    };
    base.at(path.trim_end_matches('/').to_owned())
}

fn variables(url: &str, variables: Option<&Value>) -> String {
    let Some(all) = variables.and_then(Value::as_object) else { return url.to_owned() };
    all.iter().fold(url.to_owned(), |url, (name, variable)| {
        let value = variable.get("default").and_then(Value::as_str).unwrap_or_default();
        url.replace(&format!("{{{name}}}"), value)
    })
}

struct Reader<'a> {
    document: &'a Value,
    server: Target,
}

impl<'a> Reader<'a> {
    /// What a reference within the document means; anything else is itself.
    fn resolve(&self, mut value: &'a Value) -> &'a Value {
        for _ in 0..DEPTH {
            let Some(pointer) =
                value.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'))
            else {
                return value;
            };
            match self.document.pointer(pointer) {
                Some(next) => value = next,
                None => return &Value::Null,
            }
        }
        value
    }

    fn request(&self, method: Method, path: &str, item: &'a Value, operation: &'a Value) -> Option<Request> {
        let mut request = Request { method, ..Request::get(self.server.clone()) };
        let (mut query, mut form, mut filled) = (Vec::new(), Vec::new(), path.to_owned());
        let list = |value: &'a Value| value.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let mut seen = BTreeSet::new();
        for parameter in list(operation).chain(list(item)).map(|parameter| self.resolve(parameter)) {
            let text = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
            let (name, place) = (text("name"), text("in"));
            if !seen.insert((name, place)) {
                continue;
            }
            if place == "body" {
                let schema = parameter.get("schema").unwrap_or(&Value::Null);
                request.body = Body::Json(self.sample(schema, DEPTH));
                continue;
            }
            let value = flat(&self.parameter(parameter));
            match place {
                "path" => filled = filled.replace(&format!("{{{name}}}"), &encode::percent(&value)),
                "query" => query.push((name.to_owned(), value)),
                "header" if !is_ours(name) => request.headers.push((name.to_owned(), value)),
                "cookie" => request.cookies.push((name.to_owned(), value)),
                "formData" => form.push((name.to_owned(), value, text("type") == "file")),
                _ => {}
            }
        }
        if form.iter().any(|(.., is_file)| *is_file) {
            request.body = Body::Multipart(
                form.into_iter().map(|(name, value, is_file)| part(name, value, is_file)).collect(),
            );
        } else if !form.is_empty() {
            request.body = Body::Form(form.into_iter().map(|(name, value, _)| (name, value)).collect());
        }
        if let Some(content) =
            operation.get("requestBody").map(|body| self.resolve(body)).and_then(|b| b.get("content"))
        {
            request.body = self.body(content.as_object()?);
        }
        let place = format!("{}{filled}", self.server.path);
        let place = place.split('#').next().unwrap_or_default();
        // Some descriptions tell operations apart by a fixed query.
        let (path, fixed) = place.split_once('?').unwrap_or((place, ""));
        request.url.path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        request.set_query(&[encode::read_form(fixed), query].concat());
        Some(request)
    }

    fn body(&self, content: &'a Map<String, Value>) -> Body {
        const ORDER: &[&str] = &["json", "x-www-form-urlencoded", "multipart/form-data", "xml"];
        let best = ORDER.iter().find_map(|kind| content.iter().find(|(name, _)| name.contains(kind)));
        let Some((kind, media)) = best.or_else(|| content.iter().next()) else { return Body::None };
        let example = media.get("example").cloned().or_else(|| {
            let examples = media.get("examples")?.as_object()?;
            self.resolve(examples.values().next()?).get("value").cloned()
        });
        let schema = media.get("schema").unwrap_or(&Value::Null);
        let value = example.unwrap_or_else(|| self.sample(schema, DEPTH));
        let fields = || {
            value
                .as_object()
                .cloned()
                .unwrap_or_default()
                .into_iter()
                .map(|(name, value)| (name, flat(&value)))
        };
        if kind.contains("x-www-form-urlencoded") {
            return Body::Form(fields().collect());
        }
        if kind.contains("multipart") {
            let is_file = |name: &str| {
                let format = self.resolve(schema).pointer(&format!("/properties/{name}/format"));
                format.and_then(Value::as_str) == Some("binary")
            };
            return Body::Multipart(
                fields()
                    .map(|(name, value)| {
                        let file = is_file(&name);
                        part(name, value, file)
                    })
                    .collect(),
            );
        }
        if kind.contains("xml") {
            let name = self.resolve(schema).pointer("/xml/name").and_then(Value::as_str).unwrap_or("request");
            return Body::Xml(value.as_str().map_or_else(|| xml(name, &value), str::to_owned));
        }
        if kind.contains("json") || kind == "*/*" {
            return Body::Json(value);
        }
        Body::Text { content_type: kind.clone(), text: flat(&value) }
    }

    fn parameter(&self, parameter: &'a Value) -> Value {
        let example = parameter.get("example").or_else(|| parameter.get("default")).cloned();
        example.unwrap_or_else(|| match parameter.get("schema") {
            Some(schema) => self.sample(schema, DEPTH),
            None => self.sample(parameter, DEPTH),
        })
    }

    /// A value that fits a schema.
    fn sample(&self, schema: &'a Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        if depth == 0 {
            return Value::Null;
        }
        for given in ["example", "default", "const"] {
            if let Some(value) = schema.get(given) {
                return value.clone();
            }
        }
        if let Some(value) = schema.pointer("/examples/0").or_else(|| schema.pointer("/enum/0")) {
            return value.clone();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(first) = schema.get(choice).and_then(|all| all.get(0)) {
                return self.sample(first, depth - 1);
            }
        }
        let mut members = Map::new();
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            if let Value::Object(more) = self.sample(part, depth - 1) {
                members.extend(more);
            }
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let writable = properties.iter().filter(|(_, p)| p.get("readOnly") != Some(&Value::Bool(true)));
            members.extend(writable.map(|(name, property)| (name.clone(), self.sample(property, depth - 1))));
        }
        if !members.is_empty() {
            return Value::Object(members);
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
            kind => kind.and_then(Value::as_str),
        };
        match kind {
            Some("integer" | "number") => {
                schema.get("minimum").filter(|n| n.is_number()).cloned().unwrap_or_else(|| 1.into())
            }
            Some("boolean") => true.into(),
            Some("array") => json!([self.sample(schema.get("items").unwrap_or(&Value::Null), depth - 1)]),
            Some("object") => json!({}),
            _ => match schema.get("format").and_then(Value::as_str) {
                Some("date") => "2026-01-15".into(),
                Some("date-time") => "2026-01-15T10:00:00Z".into(),
                Some("email") => "scan@example.com".into(),
                Some("uuid") => "123e4567-e89b-12d3-a456-426614174000".into(),
                Some("uri" | "url") => "http://www.example.com/".into(),
                _ => "test".into(),
            },
        }
    }
}

fn is_ours(name: &str) -> bool {
    ["accept", "content-type", "authorization", "content-length"]
        .iter()
        .any(|ours| name.eq_ignore_ascii_case(ours))
}

fn part(name: String, value: String, is_file: bool) -> Part {
    Part {
        name,
        value,
        file_name: is_file.then(|| "sample.txt".to_owned()),
        content_type: is_file.then(|| "text/plain".to_owned()),
    }
}

/// A value as a parameter carries it.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(","),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn xml(name: &str, value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let inside: String = members.iter().map(|(name, value)| xml(name, value)).collect();
            format!("<{name}>{inside}</{name}>")
        }
        Value::Array(items) => items.iter().map(|item| xml(name, item)).collect(),
        other => format!("<{name}>{}</{name}>", quick_xml::escape::escape(flat(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, read};
    use super::*;

    fn all(text: &str) -> Vec<Request> {
        read(Kind::OpenApi, text, &Target::parse("http://a.test/docs/openapi.yaml").unwrap()).unwrap()
    }

    #[test]
    fn operations_become_requests() {
        let three = all(
            "openapi: 3.0.3\nservers: [{url: /api/v1}]\npaths:\n  /pets/{id}:\n    parameters:\n      - {name: id, in: path, required: true, schema: {type: integer}}\n    get:\n      parameters:\n        - {name: q, in: query, schema: {type: string, enum: [dog, cat]}}\n        - {name: X-Trace, in: header, schema: {type: string}}\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Pet'}\ncomponents:\n  schemas:\n    Pet:\n      type: object\n      properties:\n        name: {type: string}\n        owner: {$ref: '#/components/schemas/Owner'}\n    Owner:\n      type: object\n      properties:\n        mail: {type: string, format: email}\n        pet: {$ref: '#/components/schemas/Pet'}\n",
        );
        assert_eq!(three[0].url.to_string(), "http://a.test/api/v1/pets/1?q=dog");
        assert_eq!(three[0].header("x-trace"), Some("test"));
        let Body::Json(body) = &three[1].body else { panic!("{:?}", three[1]) };
        assert_eq!(body.pointer("/owner/mail"), Some(&"scan@example.com".into()));
        let two = all(
            r#"{"swagger":"2.0","basePath":"/v2","host":"elsewhere.test","paths":{"/up":{"post":{"parameters":[
            {"name":"f","in":"formData","type":"file"},{"name":"n","in":"formData","type":"string","default":"x"}]}}}}"#,
        );
        assert_eq!(two[0].url.to_string(), "http://a.test/v2/up");
        assert!(
            matches!(&two[0].body, Body::Multipart(parts) if parts.len() == 2 && parts[0].file_name.is_some())
        );
    }

    #[test]
    fn a_path_with_a_query_is_read_as_both() {
        let found = all(r#"{"swagger":"2.0","basePath":"/v2","paths":{"/x?do=list#a":{"get":{"parameters":[
            {"name":"n","in":"query","type":"integer"}]}}}}"#);
        assert_eq!(found[0].url.to_string(), "http://a.test/v2/x?do=list&n=1");
    }

    #[test]
    fn a_schema_in_a_circle_ends() {
        let text = r##"{"paths":{"/x":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/c/A"}}}}}}},
            "c":{"A":{"properties":{"a":{"$ref":"#/c/A"},"b":{"$ref":"#/c/A"}}},"L":{"$ref":"#/c/L"}}}"##;
        assert_eq!(all(text).len(), 1);
    }
}
