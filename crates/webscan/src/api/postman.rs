//! Postman collections, 2.0 and 2.1.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DescriptionError, MOST};
use crate::http::{Body, Method, Part, Request, Target, encode};

/// How deep folders are followed.
const DEPTH: usize = 20;

pub(super) fn requests(document: &Value, base: &Target) -> Result<Vec<Request>, DescriptionError> {
    let document = document.get("collection").unwrap_or(document);
    let items = document.get("item").and_then(Value::as_array);
    let items = items.ok_or(DescriptionError::NotThat("Postman collection", "item"))?;
    let mut variables = BTreeMap::new();
    for variable in document.get("variable").and_then(Value::as_array).into_iter().flatten() {
        if let Some(key) = variable.get("key").and_then(Value::as_str) {
            variables.insert(key.to_owned(), text(variable.get("value")));
        }
    }
    let mut reader = Reader { base, variables, requests: Vec::new() };
    items.iter().for_each(|item| reader.item(item, DEPTH));
    Ok(reader.requests)
}

struct Reader<'a> {
    base: &'a Target,
    variables: BTreeMap<String, String>,
    requests: Vec<Request>,
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

impl Reader<'_> {
    fn item(&mut self, item: &Value, depth: usize) {
        if depth == 0 || self.requests.len() >= MOST {
            return;
        }
        for inner in item.get("item").and_then(Value::as_array).into_iter().flatten() {
            self.item(inner, depth - 1);
        }
        if let Some(request) = item.get("request").and_then(|request| self.request(request)) {
            self.requests.push(request);
        }
    }

    /// A text with its variables filled in; those that nobody defined stand for the base, or a number.
    fn filled(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            out += before;
            let Some((name, after)) = after.split_once("}}") else {
                rest = after;
                break;
            };
            let is_place = out.is_empty();
            match self.variables.get(name.trim()) {
                Some(value) if !value.contains("{{") && !value.is_empty() => out += value,
                _ if is_place => out += &self.base.origin.to_string(),
                _ => out.push('1'),
            }
            rest = after;
        }
        out + rest
    }

    fn fields(&self, list: Option<&Value>) -> Vec<(String, String)> {
        let all = list.and_then(Value::as_array).into_iter().flatten();
        let on = all.filter(|field| field.get("disabled") != Some(&Value::Bool(true)));
        on.map(|field| (self.filled(&text(field.get("key"))), self.filled(&text(field.get("value")))))
            .collect()
    }

    fn request(&self, request: &Value) -> Option<Request> {
        let url = match request.get("url").or_else(|| request.as_str().map(|_| request))? {
            Value::String(url) => url.clone(),
            url => text(url.get("raw")),
        };
        let mut url = self.filled(&url);
        for (name, value) in self.fields(request.pointer("/url/variable")) {
            let value = if value.is_empty() { "1".to_owned() } else { value };
            url = url.replace(&format!("/:{name}"), &format!("/{}", encode::percent(&value)));
        }
        if !url.contains("://") && !url.starts_with('/') {
            url = format!("http://{url}");
        }
        let method = Method::of(&text(request.get("method"))).unwrap_or(Method::Get);
        let mut made = Request { method, ..Request::get(self.base.join(&url)?) };
        let headers = self.fields(request.get("header"));
        made.headers =
            headers.into_iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type")).collect();
        let body = request.get("body").unwrap_or(&Value::Null);
        made.body = match body.get("mode").and_then(Value::as_str) {
            Some("urlencoded") => Body::Form(self.fields(body.get("urlencoded"))),
            Some("formdata") => Body::Multipart(
                body.get("formdata")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(|field| self.part(field))
                    .collect(),
            ),
            Some("graphql") => {
                let query = text(body.pointer("/graphql/query"));
                let variables = text(body.pointer("/graphql/variables"));
                let variables: Value = serde_json::from_str(&variables).unwrap_or(Value::Null);
                Body::Json(serde_json::json!({"query": query, "variables": variables}))
            }
            Some("raw") => self.raw(&text(body.get("raw")), &text(body.pointer("/options/raw/language"))),
            _ => Body::None,
        };
        Some(made)
    }

    fn part(&self, field: &Value) -> Part {
        let is_file = field.get("type").and_then(Value::as_str) == Some("file");
        Part {
            name: self.filled(&text(field.get("key"))),
            value: if is_file { "sample".to_owned() } else { self.filled(&text(field.get("value"))) },
            file_name: is_file.then(|| "sample.txt".to_owned()),
            content_type: is_file.then(|| "text/plain".to_owned()),
        }
    }

    fn raw(&self, raw: &str, language: &str) -> Body {
        let raw = self.filled(raw);
        match serde_json::from_str(&raw) {
            Ok(value) => Body::Json(value),
            Err(_) if language == "xml" || raw.trim_start().starts_with('<') => Body::Xml(raw),
            Err(_) if raw.is_empty() => Body::None,
            Err(_) => Body::Text { content_type: "text/plain".to_owned(), text: raw },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, read};
    use super::*;

    #[test]
    fn folders_variables_and_bodies_are_read() {
        let base = Target::parse("http://a.test/").unwrap();
        let collection = r#"{"info":{},"variable":[{"key":"v","value":"2"}],"item":[{"name":"f","item":[
            {"request":{"method":"POST","url":{"raw":"{{base}}/api/{{v}}/:id","variable":[{"key":"id","value":"7"}]},
              "header":[{"key":"X-A","value":"b"}],"body":{"mode":"raw","raw":"{\"n\": 1}"}}}]},
            {"request":"{{base}}/plain?x={{undefined}}"}]}"#;
        let all = read(Kind::Postman, collection, &base).unwrap();
        assert_eq!(all[0].url.to_string(), "http://a.test/api/2/7");
        assert_eq!((all[0].method, &all[0].body), (Method::Post, &Body::Json(serde_json::json!({"n": 1}))));
        assert_eq!(all[1].url.to_string(), "http://a.test/plain?x=1");
        assert!(read(Kind::Postman, "{}", &base).is_err());
    }
}
