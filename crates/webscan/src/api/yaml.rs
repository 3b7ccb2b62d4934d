//! YAML as JSON has it: no tags; an alias stands for what its anchor named, as long as all stays small.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

const DEPTH: usize = 64;
const NODES: usize = 400_000;

enum Open {
    List(Vec<Value>, usize),
    Map(Map<String, Value>, Option<String>, usize),
}

/// Reads the first document of a text.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut open: Vec<Open> = Vec::new();
    let mut named: HashMap<usize, (Value, usize)> = HashMap::new();
    let mut nodes = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let (value, anchor, size) = match event {
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEPTH => {
                return Err(format!("it is deeper than {DEPTH}"));
            }
            Event::SequenceStart(anchor, _) => {
                open.push(Open::List(Vec::new(), anchor));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open::Map(Map::new(), None, anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items, anchor)) => (Value::Array(items), anchor, 1),
                Some(Open::Map(members, _, anchor)) => (Value::Object(members), anchor, 1),
                None => return Err("an end without a beginning".to_owned()),
            },
            Event::Scalar(text, style, anchor, _) => (scalar(&text, style), anchor, 1),
            Event::Alias(anchor) => {
                let (value, size) = named.get(&anchor).cloned().unwrap_or_default();
                (value, 0, size)
            }
            Event::StreamEnd | Event::DocumentEnd => return Err("there is nothing in it".to_owned()),
            _ => continue,
        };
        nodes += size;
        if nodes > NODES {
            return Err(format!("it has more than {NODES} values"));
        }
        if anchor > 0 {
            named.insert(anchor, (value.clone(), count(&value)));
        }
        match open.last_mut() {
            None => return Ok(value),
            Some(Open::List(items, _)) => items.push(value),
            Some(Open::Map(members, name, _)) => match name.take() {
                None => *name = Some(key(&value)?),
                Some(name) => drop(members.insert(name, value)),
            },
        }
    }
    Err("it ends too early".to_owned())
}

/// A name of a member. A list or mapping as one would double its signs with each level it is nested.
fn key(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Array(_) | Value::Object(_) => Err("a list or a mapping can't be a name".to_owned()),
        plain => Ok(plain.to_string()),
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                Number::from_f64(number).map_or_else(|| text.into(), Value::Number)
            }
            _ => text.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_read_as_json_would_be() {
        let text = "a: &x [1, two, '3', 1.5, ~]\nb:\n  c: true\n  d: *x\n200: |\n  text\n";
        let list = json!([1, "two", "3", 1.5, null]);
        assert_eq!(read(text), Ok(json!({"a": list, "b": {"c": true, "d": list}, "200": "text\n"})));
        let bomb = (0..40).fold("a0: &a0 [x,x,x]\n".to_owned(), |text, n| {
            format!("{text}a{}: &a{} [*a{n},*a{n},*a{n}]\n", n + 1, n + 1)
        });
        assert!(read(&bomb).is_err() && read(&"[".repeat(100)).is_err() && read("").is_err());
        assert!(read(&"? ".repeat(50)).is_err() && read("? [a]\n: b").is_err());
    }
}
