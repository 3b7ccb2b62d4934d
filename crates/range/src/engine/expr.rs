//! Expressions as template engines and JavaScript know them: numbers, texts, comparison, logic, members and calls.

use std::collections::BTreeMap;
use std::time::Duration;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// An object.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// As a page shows it.
    pub fn show(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Object(_) => "[object Object]".to_owned(),
        }
    }

    /// Whether it counts as true.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Object(_) => true,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Null | Self::Object(_) => None,
        }
    }
}

/// How a language deviates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// `'7' * 7` repeats.
    Python,
    /// `'7' * 7` is 49; `+` joins texts.
    Script,
}

/// Evaluates an expression; names are looked up in `names`.
pub fn evaluate(text: &str, names: &BTreeMap<String, Value>, flavor: Flavor) -> Result<Value, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, names, flavor, depth: 0 };
    let value = parser.choice()?;
    match parser.peek() {
        None => Ok(value),
        Some(token) => Err(format!("unexpected '{}'", token.text)),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Name,
    Sign,
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    text: String,
}

const SIGNS: &[&str] = &["===", "!==", "**", "==", "!=", "<=", ">=", "&&", "||", "//"];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if found.len() > 2000 {
            return Err("the expression is too long".to_owned());
        }
        let (kind, length, inner) = if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            (Kind::Number, length, rest.get(..length).unwrap_or_default().to_owned())
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let length =
                rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
            (Kind::Name, length, rest.get(..length).unwrap_or_default().to_owned())
        } else if first == '\'' || first == '"' {
            let (inner, length) = quoted(rest, first).ok_or("unterminated string literal")?;
            (Kind::Text, length, inner)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let length = sign.map_or(first.len_utf8(), |sign| sign.len());
            (Kind::Sign, length, rest.get(..length).unwrap_or_default().to_owned())
        };
        found.push(Token { kind, text: inner });
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(found)
}

fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inner = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                inner.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if c == quote => return Some((inner, at + c.len_utf8())),
            _ => inner.push(c),
        }
    }
    None
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    names: &'a BTreeMap<String, Value>,
    flavor: Flavor,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, what: &[&str]) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        if token.kind == Kind::Text || !what.contains(&token.text.as_str()) {
            return None;
        }
        self.at += 1;
        Some(token.text.clone())
    }

    fn need(&mut self, what: &str) -> Result<(), String> {
        match self.take(&[what]) {
            Some(_) => Ok(()),
            None => Err(format!(
                "expected '{what}', got '{}'",
                self.peek().map_or("end of input", |t| t.text.as_str())
            )),
        }
    }

    fn choice(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > 40 {
            return Err("the expression is too deep".to_owned());
        }
        let condition = self.or()?;
        let value = if self.take(&["?"]).is_some() {
            let yes = self.choice()?;
            self.need(":")?;
            let no = self.choice()?;
            if condition.is_true() { yes } else { no }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn or(&mut self) -> Result<Value, String> {
        let mut left = self.and()?;
        while self.take(&["||", "or"]).is_some() {
            let right = self.and()?;
            left = if left.is_true() { left } else { right };
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Value, String> {
        let mut left = self.compare()?;
        while self.take(&["&&", "and"]).is_some() {
            let right = self.compare()?;
            left = if left.is_true() { right } else { left };
        }
        Ok(left)
    }

    fn compare(&mut self) -> Result<Value, String> {
        let left = self.sum()?;
        let Some(sign) = self.take(&["==", "===", "!=", "!==", "<", ">", "<=", ">="]) else {
            return Ok(left);
        };
        let right = self.sum()?;
        let equal = match (left.number(), right.number()) {
            (Some(a), Some(b)) if sign.len() == 2 => (a - b).abs() < f64::EPSILON,
            _ => left == right,
        };
        let order = match (left.number(), right.number()) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => Some(left.show().cmp(&right.show())),
        };
        Ok(Value::Bool(match sign.as_str() {
            "==" | "===" => equal,
            "!=" | "!==" => !equal,
            "<" => order.is_some_and(std::cmp::Ordering::is_lt),
            ">" => order.is_some_and(std::cmp::Ordering::is_gt),
            "<=" => order.is_some_and(std::cmp::Ordering::is_le),
            _ => order.is_some_and(std::cmp::Ordering::is_ge),
        }))
    }

    fn sum(&mut self) -> Result<Value, String> {
        let mut left = self.product()?;
        while let Some(sign) = self.take(&["+", "-", "~"]) {
            let right = self.product()?;
            left = match (sign.as_str(), &left, &right) {
                ("+", Value::Number(a), Value::Number(b)) => Value::Number(a + b),
                ("+" | "~", a, b) => Value::Text(bounded(a.show() + &b.show())?),
                (_, a, b) => {
                    Value::Number(a.number().ok_or("not a number")? - b.number().ok_or("not a number")?)
                }
            };
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Value, String> {
        let mut left = self.unary()?;
        while let Some(sign) = self.take(&["*", "/", "%", "**"]) {
            let right = self.unary()?;
            if let (Flavor::Python, "*", Value::Text(text), Value::Number(times))
            | (Flavor::Python, "*", Value::Number(times), Value::Text(text)) =
                (self.flavor, sign.as_str(), &left, &right)
            {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
                let times = times.clamp(0.0, 1000.0) as usize;
                left = Value::Text(bounded(text.repeat(times))?);
                continue;
            }
            let a = left.number().ok_or("unsupported operand")?;
            let b = right.number().ok_or("unsupported operand")?;
            left = Value::Number(match sign.as_str() {
                "*" => a * b,
                "/" => a / b,
                "%" => a % b,
                _ => a.powf(b),
            });
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Value, String> {
        if self.take(&["!", "not"]).is_some() {
            return Ok(Value::Bool(!self.unary()?.is_true()));
        }
        if self.take(&["-"]).is_some() {
            return Ok(Value::Number(-self.unary()?.number().ok_or("not a number")?));
        }
        let mut value = self.primary()?;
        loop {
            if self.take(&["."]).is_some() {
                let name = self.peek().map(|t| t.text.clone()).unwrap_or_default();
                self.at += 1;
                let arguments = if self.take(&["("]).is_some() { Some(self.arguments()?) } else { None };
                value = member(&value, &name, arguments)?;
            } else if self.take(&["["]).is_some() {
                let key = self.choice()?;
                self.need("]")?;
                value = match (&value, key.number()) {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
                    (Value::Text(text), Some(at)) => text
                        .chars()
                        .nth(at.clamp(0.0, 1e6) as usize)
                        .map_or(Value::Null, |c| Value::Text(c.to_string())),
                    _ => member(&value, &key.show(), None)?,
                };
            } else if self.take(&["|"]).is_some() {
                let name = self.peek().map(|t| t.text.clone()).unwrap_or_default();
                self.at += 1;
                value = member(&value, &name, Some(Vec::new()))?;
            } else {
                return Ok(value);
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        while self.take(&[")"]).is_none() {
            all.push(self.choice()?);
            if self.take(&[","]).is_none() {
                self.need(")")?;
                break;
            }
        }
        Ok(all)
    }

    fn primary(&mut self) -> Result<Value, String> {
        if self.take(&["("]).is_some() {
            let value = self.choice()?;
            self.need(")")?;
            return Ok(value);
        }
        let Some(token) = self.peek().cloned() else { return Err("unexpected end of input".to_owned()) };
        self.at += 1;
        match token.kind {
            Kind::Number => {
                token.text.parse().map(Value::Number).map_err(|_| format!("bad number {}", token.text))
            }
            Kind::Text => Ok(Value::Text(token.text)),
            Kind::Name => match token.text.as_str() {
                "true" | "True" => Ok(Value::Bool(true)),
                "false" | "False" => Ok(Value::Bool(false)),
                "null" | "None" | "undefined" => Ok(Value::Null),
                "sleep" if self.take(&["("]).is_some() => {
                    let milliseconds =
                        self.arguments()?.first().and_then(Value::number).unwrap_or(0.0).clamp(0.0, 15_000.0);
                    std::thread::sleep(Duration::from_secs_f64(milliseconds / 1000.0));
                    Ok(Value::Bool(true))
                }
                name => match self.names.get(name) {
                    Some(value) => Ok(value.clone()),
                    None if self.flavor == Flavor::Python => Ok(Value::Null),
                    None => Err(format!("{name} is not defined")),
                },
            },
            Kind::Sign => Err(format!("unexpected '{}'", token.text)),
        }
    }
}

fn bounded(text: String) -> Result<String, String> {
    if text.len() > 100_000 { Err("the text is too long".to_owned()) } else { Ok(text) }
}

fn member(value: &Value, name: &str, arguments: Option<Vec<Value>>) -> Result<Value, String> {
    if let Value::Object(members) = value {
        return Ok(members.get(name).cloned().unwrap_or(Value::Null));
    }
    let text = value.show();
    let argument = arguments.as_ref().and_then(|all| all.first()).map(Value::show).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "texts are short")]
    let length = Value::Number(text.chars().count() as f64);
    Ok(match name {
        "length" | "size" => length,
        "toUpperCase" | "upper" | "upcase" | "upper_case" => Value::Text(text.to_uppercase()),
        "toLowerCase" | "lower" | "downcase" => Value::Text(text.to_lowercase()),
        "concat" => Value::Text(bounded(text + &argument)?),
        "toString" | "to_s" | "string" => Value::Text(text),
        "reverse" => Value::Text(text.chars().rev().collect()),
        "equals" => Value::Bool(text == argument),
        "startsWith" => Value::Bool(text.starts_with(&argument)),
        "includes" | "contains" => Value::Bool(text.contains(&argument)),
        "safe" | "raw" => Value::Text(text),
        _ => Value::Null,
    })
}
