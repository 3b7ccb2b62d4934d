//! Filters as document databases take them, on a small collection.

use regex::RegexBuilder;
use serde_json::{Map, Value, json};

use super::expr::{self, Flavor};

/// The members of a small club; one is not for everybody's eyes.
pub fn people() -> Vec<Value> {
    vec![
        json!({"id": 1, "name": "alice", "password": "correct-horse", "role": "user", "city": "Bern", "age": 31}),
        json!({"id": 2, "name": "bob", "password": "tr0ub4dor", "role": "user", "city": "Graz", "age": 45}),
        json!({"id": 3, "name": "admin", "password": "hidden-falcon-77", "role": "admin", "city": "Ulm", "age": 52, "secret": "ledger-nightjar"}),
    ]
}

/// The documents that a filter selects.
pub fn find(documents: &[Value], filter: &Value) -> Result<Vec<Value>, String> {
    let Some(filter) = filter.as_object() else {
        return Err("MongoError: the match filter must be an expression in an object".to_owned());
    };
    let mut found = Vec::new();
    for document in documents {
        if matches(document, filter, 0)? {
            found.push(document.clone());
        }
    }
    Ok(found)
}

fn matches(document: &Value, filter: &Map<String, Value>, depth: usize) -> Result<bool, String> {
    if depth > 16 {
        return Err("MongoError: the filter is too deep".to_owned());
    }
    for (key, wanted) in filter {
        let holds = match key.as_str() {
            "$or" | "$and" | "$nor" => {
                let list = wanted.as_array().ok_or_else(|| format!("MongoError: {key} must be an array"))?;
                let mut all = Vec::new();
                for each in list {
                    let each = each
                        .as_object()
                        .ok_or("MongoError: $or/$and/$nor entries need to be full objects")?;
                    all.push(matches(document, each, depth + 1)?);
                }
                match key.as_str() {
                    "$or" => all.contains(&true),
                    "$and" => !all.contains(&false),
                    _ => !all.contains(&true),
                }
            }
            "$where" => where_(document, wanted.as_str().unwrap_or_default())?,
            _ if key.starts_with('$') => {
                return Err(format!("MongoServerError: unknown top level operator: {key}"));
            }
            field => {
                let value = document.get(field).unwrap_or(&Value::Null);
                match wanted.as_object() {
                    Some(operators) if operators.keys().any(|key| key.starts_with('$')) => {
                        operated(value, operators)?
                    }
                    _ => value == wanted,
                }
            }
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn operated(value: &Value, operators: &Map<String, Value>) -> Result<bool, String> {
    for (operator, wanted) in operators {
        let order = || match (value, wanted) {
            (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
            (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
            _ => None,
        };
        let within = || {
            wanted
                .as_array()
                .map(|list| list.contains(value))
                .ok_or_else(|| format!("MongoServerError: {operator} needs an array"))
        };
        let holds = match operator.as_str() {
            "$eq" => value == wanted,
            "$ne" => value != wanted,
            "$gt" => order().is_some_and(std::cmp::Ordering::is_gt),
            "$gte" => order().is_some_and(std::cmp::Ordering::is_ge),
            "$lt" => order().is_some_and(std::cmp::Ordering::is_lt),
            "$lte" => order().is_some_and(std::cmp::Ordering::is_le),
            "$in" => within()?,
            "$nin" => !within()?,
            "$exists" => value.is_null() != truthy(wanted),
            "$not" => !operated(value, wanted.as_object().ok_or("MongoServerError: $not needs an object")?)?,
            "$regex" => {
                let pattern = wanted.as_str().ok_or("MongoServerError: $regex has to be a string")?;
                let insensitive =
                    operators.get("$options").and_then(Value::as_str).is_some_and(|o| o.contains('i'));
                let pattern =
                    RegexBuilder::new(pattern).case_insensitive(insensitive).size_limit(1 << 20).build();
                let pattern = pattern.map_err(|_| {
                    "MongoServerError: Regular expression is invalid: missing terminating ]".to_owned()
                })?;
                value.as_str().is_some_and(|text| pattern.is_match(text))
            }
            "$options" => true,
            _ => return Err(format!("MongoServerError: unknown operator: {operator}")),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty() && text != "false" && text != "0",
        Value::Number(number) => number.as_f64() != Some(0.0),
        other => !other.is_null(),
    }
}

/// Runs a JavaScript condition; `this` is the document. Statements are split at semicolons, `return` may lead the last.
fn where_(document: &Value, code: &str) -> Result<bool, String> {
    let mut names = std::collections::BTreeMap::new();
    names.insert("this".to_owned(), plain(document));
    let code = strip_comment(code);
    let code = code.trim().trim_start_matches("function()").trim_start_matches("function ()").trim();
    let code = code.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(code);
    let mut last = expr::Value::Bool(false);
    for statement in statements(code) {
        let statement = statement.trim();
        if statement.is_empty() {
            continue;
        }
        let returns = statement
            .strip_prefix("return ")
            .or_else(|| statement.strip_prefix("return(").map(|_| statement.trim_start_matches("return")));
        last = expr::evaluate(returns.unwrap_or(statement), &names, Flavor::Script)
            .map_err(|error| format!("MongoServerError: SyntaxError: {error}"))?;
        if returns.is_some() {
            break;
        }
    }
    Ok(last.is_true())
}

/// Leaves out what follows `//` outside texts.
fn strip_comment(code: &str) -> String {
    let mut quote = None;
    let mut previous = ' ';
    for (at, c) in code.char_indices() {
        match quote {
            Some(open) if c == open && previous != '\\' => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == '/' && previous == '/' => {
                return code.get(..at.saturating_sub(1)).unwrap_or_default().to_owned();
            }
            _ => {}
        }
        previous = c;
    }
    code.to_owned()
}

fn statements(code: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut quote = None;
    for c in code.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == ';' => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push(c);
        }
    }
    found
}

fn plain(value: &Value) -> expr::Value {
    match value {
        Value::Null | Value::Array(_) => expr::Value::Null,
        Value::Bool(value) => expr::Value::Bool(*value),
        Value::Number(number) => expr::Value::Number(number.as_f64().unwrap_or(0.0)),
        Value::String(text) => expr::Value::Text(text.clone()),
        Value::Object(members) => {
            expr::Value::Object(members.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
    }
}

/// Query parameters as `qs` and PHP read them: `user[$ne]=x` becomes an object.
pub fn bracketed(pairs: &[(String, String)]) -> Value {
    let mut root = Map::new();
    for (name, value) in pairs {
        match name.split_once('[') {
            Some((outer, inner)) => {
                let inner = inner.trim_end_matches(']');
                let slot = root.entry(outer).or_insert_with(|| json!({}));
                if inner.is_empty() {
                    *slot = json!([value]);
                } else if let Some(object) = slot.as_object_mut() {
                    object.insert(inner.to_owned(), Value::from(value.as_str()));
                }
            }
            None => {
                root.insert(name.clone(), Value::from(value.as_str()));
            }
        }
    }
    Value::Object(root)
}
