//! GraphQL: each query and mutation of a schema as a request whose arguments are variables.

use serde_json::{Map, Value, json};

use super::{DescriptionError, MOST};
use crate::http::{Body, Method, Request, Target};

/// The query that asks for a schema: what is needed to write requests, no more.
pub const INTROSPECTION: &str = "query{__schema{queryType{name}mutationType{name}types{kind name fields{name args{name type{...T}}type{...T}}inputFields{name type{...T}}enumValues{name}}}}fragment T on __Type{kind name ofType{kind name ofType{kind name ofType{kind name}}}}";

/// How deep input objects and selections go.
const DEPTH: usize = 4;

pub(super) fn requests(answer: &Value, endpoint: &Target) -> Result<Vec<Request>, DescriptionError> {
    let schema = answer.pointer("/data/__schema").or_else(|| answer.get("__schema"));
    let schema =
        schema.ok_or(DescriptionError::NotThat("answer to an introspection query", "data.__schema"))?;
    let reader = Reader { schema };
    let mut all = Vec::new();
    for (kind, pointer) in [("query", "/queryType/name"), ("mutation", "/mutationType/name")] {
        let Some(root) = schema.pointer(pointer).and_then(Value::as_str).and_then(|name| reader.named(name))
        else {
            continue;
        };
        for field in list(root, "fields") {
            let body = Body::Json(reader.operation(kind, field));
            all.push(Request { method: Method::Post, body, ..Request::get(endpoint.clone()) });
            if all.len() >= MOST {
                return Ok(all);
            }
        }
    }
    Ok(all)
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A type as it is written, and the name in it.
fn written(kind: &Value) -> String {
    let inner = || written(kind.get("ofType").unwrap_or(&Value::Null));
    match text(kind, "kind") {
        "NON_NULL" => format!("{}!", inner()),
        "LIST" => format!("[{}]", inner()),
        _ => text(kind, "name").to_owned(),
    }
}

struct Reader<'a> {
    schema: &'a Value,
}

impl<'a> Reader<'a> {
    fn named(&self, name: &str) -> Option<&'a Value> {
        list(self.schema, "types").find(|kind| text(kind, "name") == name)
    }

    fn operation(&self, kind: &str, field: &'a Value) -> Value {
        let name = text(field, "name");
        let (mut declared, mut passed, mut variables) = (Vec::new(), Vec::new(), Map::new());
        for argument in list(field, "args") {
            let (name, kind) = (text(argument, "name"), argument.get("type").unwrap_or(&Value::Null));
            declared.push(format!("${name}:{}", written(kind)));
            passed.push(format!("{name}:${name}"));
            variables.insert(name.to_owned(), self.sample(kind, DEPTH));
        }
        let around = |parts: &[String]| {
            if parts.is_empty() { String::new() } else { format!("({})", parts.join(",")) }
        };
        let selection = self.selection(field.get("type").unwrap_or(&Value::Null), 2);
        let query = format!("{kind} R{}{{{name}{}{selection}}}", around(&declared), around(&passed));
        json!({"query": query, "variables": variables})
    }

    fn selection(&self, kind: &Value, depth: usize) -> String {
        let name = written(kind).replace(['[', ']', '!'], "");
        let Some(object) =
            self.named(&name).filter(|kind| matches!(text(kind, "kind"), "OBJECT" | "INTERFACE"))
        else {
            return if self.named(&name).is_some_and(|kind| text(kind, "kind") == "UNION") {
                "{__typename}".into()
            } else {
                String::new()
            };
        };
        if depth == 0 {
            return "{__typename}".to_owned();
        }
        let fields = list(object, "fields").filter(|field| list(field, "args").next().is_none()).take(20);
        let parts: Vec<String> = fields
            .map(|field| {
                let inner = self.selection(field.get("type").unwrap_or(&Value::Null), depth - 1);
                format!("{}{inner}", text(field, "name"))
            })
            .collect();
        if parts.is_empty() { "{__typename}".to_owned() } else { format!("{{{}}}", parts.join(" ")) }
    }

    fn sample(&self, kind: &Value, depth: usize) -> Value {
        let inner = kind.get("ofType").unwrap_or(&Value::Null);
        match (text(kind, "kind"), text(kind, "name")) {
            ("NON_NULL", _) => self.sample(inner, depth),
            ("LIST", _) => json!([self.sample(inner, depth)]),
            (_, "Int") => 1.into(),
            (_, "Float") => 1.5.into(),
            (_, "Boolean") => true.into(),
            (_, "ID") => "1".into(),
            ("ENUM", name) => {
                let values = self
                    .named(name)
                    .map(|kind| list(kind, "enumValues").next().map(|v| text(v, "name").into()));
                values.flatten().unwrap_or(Value::Null)
            }
            ("INPUT_OBJECT", name) if depth > 0 => {
                let fields = self.named(name).into_iter().flat_map(|kind| list(kind, "inputFields"));
                let members = fields.map(|field| {
                    (
                        text(field, "name").to_owned(),
                        self.sample(field.get("type").unwrap_or(&Value::Null), depth - 1),
                    )
                });
                Value::Object(members.collect())
            }
            ("INPUT_OBJECT", _) => Value::Null,
            _ => "test".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, read};
    use super::*;

    #[test]
    fn fields_become_operations_with_variables() {
        let schema = r#"{"data":{"__schema":{"queryType":{"name":"Q"},"mutationType":null,"types":[
            {"kind":"OBJECT","name":"Q","fields":[{"name":"user","args":[{"name":"id","type":{"kind":"NON_NULL","ofType":{"kind":"SCALAR","name":"ID"}}}],
              "type":{"kind":"OBJECT","name":"User"}}]},
            {"kind":"OBJECT","name":"User","fields":[{"name":"name","args":[],"type":{"kind":"SCALAR","name":"String"}},
              {"name":"friend","args":[],"type":{"kind":"OBJECT","name":"User"}}]}]}}}"#;
        let all = read(Kind::GraphQl, schema, &Target::parse("http://a.test/graphql").unwrap()).unwrap();
        let Body::Json(body) = &all[0].body else { panic!("{all:?}") };
        assert_eq!(body["query"], "query R($id:ID!){user(id:$id){name friend{name friend{__typename}}}}");
        assert_eq!(body["variables"], json!({"id": "1"}));
    }
}
