//! Literals of scripts as JSON values: what a script would send, as far as its text says it.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::{Map, Value};

/// Stands for what only the running script knows.
const UNKNOWN: &str = "test";
/// Deepest nesting.
const DEEPEST: u8 = 8;
/// Most members and items.
const MOST: usize = 60;

/// Reads the literal at the beginning of a text; none where it begins with something else, or does not end.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut letters = text.chars().peekable();
    let begins = skip(&mut letters)?;
    matches!(begins, '{' | '[' | '\'' | '"' | '`').then(|| value(&mut letters, 0)).flatten()
}

/// Passes over blanks; gives the next letter.
fn skip(letters: &mut Peekable<Chars<'_>>) -> Option<char> {
    while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
    letters.peek().copied()
}

fn value(letters: &mut Peekable<Chars<'_>>, depth: u8) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    let first = skip(letters)?;
    let read = match first {
        '{' => object(letters, depth)?,
        '[' => array(letters, depth)?,
        '\'' | '"' | '`' => string(letters)?.into(),
        _ => return expression(letters, String::new()),
    };
    // A literal that something is added to is no literal.
    match skip(letters) {
        None | Some(',' | '}' | ']' | ')' | ';' | ':') => Some(read),
        _ if depth == 0 => Some(read),
        _ => expression(letters, "+".to_owned()),
    }
}

fn object(letters: &mut Peekable<Chars<'_>>, depth: u8) -> Option<Value> {
    letters.next();
    let mut members = Map::new();
    loop {
        let name = match skip(letters)? {
            '}' => {
                letters.next();
                return Some(members.into());
            }
            ',' => {
                letters.next();
                continue;
            }
            '\'' | '"' => string(letters)?,
            _ => {
                let mut name = String::new();
                while let Some(letter) = letters.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '$')) {
                    name.push(letter);
                }
                name
            }
        };
        if name.is_empty() || members.len() >= MOST {
            return None;
        }
        let member = match skip(letters)? {
            ':' => {
                letters.next();
                value(letters, depth + 1)?
            }
            // The name is its own value.
            ',' | '}' => UNKNOWN.into(),
            _ => return None,
        };
        members.insert(name, member);
    }
}

fn array(letters: &mut Peekable<Chars<'_>>, depth: u8) -> Option<Value> {
    letters.next();
    let mut items = Vec::new();
    loop {
        match skip(letters)? {
            ']' => {
                letters.next();
                return Some(items.into());
            }
            ',' => {
                letters.next();
            }
            _ if items.len() >= MOST => return None,
            _ => items.push(value(letters, depth + 1)?),
        }
    }
}

fn string(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quote = letters.next()?;
    let mut text = String::new();
    loop {
        match letters.next()? {
            letter if letter == quote => return Some(text),
            '\\' => match letters.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'u' | 'x' if letters.peek().is_some_and(char::is_ascii_hexdigit) => {
                    let mut code = String::new();
                    while let Some(digit) = letters.next_if(char::is_ascii_hexdigit) {
                        code.push(digit);
                        if code.len() == 4 {
                            break;
                        }
                    }
                    text.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
                }
                other => text.push(other),
            },
            letter => text.push(letter),
        }
    }
}

/// Numbers and words that are values; of all other expressions, up to what ends them, a word in their place.
fn expression(letters: &mut Peekable<Chars<'_>>, mut text: String) -> Option<Value> {
    let mut open = 0_u32;
    loop {
        match letters.peek()? {
            ',' | '}' | ']' | ')' | ';' if open == 0 => break,
            '\'' | '"' | '`' => {
                string(letters)?;
                text.push('"');
                continue;
            }
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open -= 1,
            _ => {}
        }
        text.extend(letters.next());
    }
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let plain = matches!(text, "true" | "false" | "null") || text.parse::<f64>().is_ok();
    Some(plain.then(|| serde_json::from_str(text).ok()).flatten().unwrap_or_else(|| UNKNOWN.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_are_read_and_expressions_stand_for_themselves() {
        let text = r#" {query: '{ a { b } }', "n": 3, id, of: items[0].id, u: 'a' + b, ok: true, l: [1, {x: f(1, "}")}], e: "\u0041"}) x"#;
        let wanted = json!({
            "query": "{ a { b } }", "n": 3, "id": "test", "of": "test", "u": "test", "ok": true, "l": [1, {"x": "test"}], "e": "A"
        });
        assert_eq!(read(text), Some(wanted));
        assert_eq!(read("'<a b=\"1\"/>'"), Some(json!("<a b=\"1\"/>")));
        for text in ["{a: 1", "data)", "", "{a b}", "'x", "{...rest}", &"[".repeat(50)] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
