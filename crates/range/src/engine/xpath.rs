//! XPath 1.0, the part that queries on small documents use, evaluated on a parsed document.

use super::xml::Element;

/// The document that is queried.
pub const USERS: &str = "<users><user id=\"1\"><name>alice</name><password>correct-horse</password><role>user</role><city>Bern</city></user><user id=\"2\"><name>bob</name><password>tr0ub4dor</password><role>user</role><city>Graz</city></user><user id=\"3\"><name>admin</name><password>hidden-falcon-77</password><role>admin</role><city>Ulm</city></user></users>";

/// A value of an expression.
#[derive(Debug, Clone)]
pub enum Value<'d> {
    /// Elements, in order.
    Nodes(Vec<&'d Element>),
    /// Texts, such as attributes and text nodes.
    Texts(Vec<String>),
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Value<'_> {
    /// Each selected thing as a text.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Nodes(nodes) => nodes.iter().map(|node| node.text()).collect(),
            Self::Texts(texts) => texts.clone(),
            other => vec![other.text()],
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Nodes(_) | Self::Texts(_) => self.texts().into_iter().next().unwrap_or_default(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Bool(value) => f64::from(u8::from(*value)),
            other => other.text().trim().parse().unwrap_or(f64::NAN),
        }
    }

    /// Whether it counts as true.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Texts(texts) => !texts.is_empty(),
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
        }
    }

    fn is_set(&self) -> bool {
        matches!(self, Self::Nodes(_) | Self::Texts(_))
    }
}

/// Evaluates an expression from the document's root.
pub fn evaluate<'d>(root: &'d Element, expression: &str) -> Result<Value<'d>, String> {
    let tokens =
        tokens(expression).ok_or_else(|| format!("XPathException: Unfinished literal in {expression}"))?;
    let mut parser = Parser { tokens: &tokens, at: 0, root, depth: 0 };
    let value = parser.or(root, 1, 1)?;
    if parser.at < tokens.len() { Err("XPathException: Invalid expression".to_owned()) } else { Ok(value) }
}

fn tokens(text: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' || first == '"' {
            rest.get(1..)?.find(first)? + 2
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && !"_-.:".contains(c)).unwrap_or(rest.len())
        } else {
            let double = ["//", "!=", "<=", ">=", "..", "::"];
            double.iter().find(|sign| rest.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len())
        };
        found.push(rest.get(..length)?.to_owned());
        if found.len() > 2000 {
            return None;
        }
        rest = rest.get(length..)?.trim_start();
    }
    Some(found)
}

struct Parser<'t, 'd> {
    tokens: &'t [String],
    at: usize,
    root: &'d Element,
    depth: usize,
}

impl<'d> Parser<'_, 'd> {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.at < self.tokens.len() && self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(format!("XPathException: Expected '{token}', found '{}'", self.peek()))
        }
    }

    fn or(&mut self, node: &'d Element, position: usize, size: usize) -> Result<Value<'d>, String> {
        self.depth += 1;
        if self.depth > 60 {
            return Err("XPathException: the expression is too deep".to_owned());
        }
        let mut left = self.and(node, position, size)?;
        while self.eat("or") {
            let right = self.and(node, position, size)?;
            left = Value::Bool(left.is_true() || right.is_true());
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self, node: &'d Element, position: usize, size: usize) -> Result<Value<'d>, String> {
        let mut left = self.compare(node, position, size)?;
        while self.eat("and") {
            let right = self.compare(node, position, size)?;
            left = Value::Bool(left.is_true() && right.is_true());
        }
        Ok(left)
    }

    fn compare(&mut self, node: &'d Element, position: usize, size: usize) -> Result<Value<'d>, String> {
        let mut left = self.sum(node, position, size)?;
        while let Some(sign) = ["=", "!=", "<", ">", "<=", ">="].iter().find(|sign| self.peek() == **sign) {
            self.at += 1;
            let right = self.sum(node, position, size)?;
            left = Value::Bool(compared(&left, &right, sign));
        }
        Ok(left)
    }

    fn sum(&mut self, node: &'d Element, position: usize, size: usize) -> Result<Value<'d>, String> {
        let mut left = self.union(node, position, size)?;
        loop {
            let sign = if self.eat("+") {
                1.0
            } else if self.eat("-") {
                -1.0
            } else {
                return Ok(left);
            };
            let right = self.union(node, position, size)?;
            left = Value::Number(left.number() + sign * right.number());
        }
    }

    fn union(&mut self, node: &'d Element, position: usize, size: usize) -> Result<Value<'d>, String> {
        let mut left = self.primary(node, position, size)?;
        while self.eat("|") {
            let right = self.primary(node, position, size)?;
            left = match (left, right) {
                (Value::Nodes(mut a), Value::Nodes(b)) => {
                    a.extend(b);
                    Value::Nodes(a)
                }
                (a, b) if a.is_set() && b.is_set() => {
                    Value::Texts(a.texts().into_iter().chain(b.texts()).collect())
                }
                _ => return Err("XPathException: Can not convert to a node set".to_owned()),
            };
        }
        Ok(left)
    }

    fn primary(&mut self, node: &'d Element, position: usize, size: usize) -> Result<Value<'d>, String> {
        let token = self.peek().to_owned();
        if self.eat("(") {
            let value = self.or(node, position, size)?;
            self.need(")")?;
            return self.steps_after(value);
        }
        if let Some(inner) = token.strip_prefix(['\'', '"']) {
            self.at += 1;
            return Ok(Value::Text(
                inner.get(..inner.len().saturating_sub(1)).unwrap_or_default().to_owned(),
            ));
        }
        if let Ok(number) = token.parse() {
            self.at += 1;
            return Ok(Value::Number(number));
        }
        let is_call = self.tokens.get(self.at + 1).is_some_and(|next| next == "(");
        if is_call && !matches!(token.as_str(), "text" | "node") {
            self.at += 2;
            return self.call(&token, node, position, size);
        }
        self.path(node)
    }

    fn steps_after(&mut self, value: Value<'d>) -> Result<Value<'d>, String> {
        match value {
            Value::Nodes(nodes) if matches!(self.peek(), "/" | "//" | "[") => {
                let nodes = self.predicates(nodes)?;
                self.steps(nodes)
            }
            other => Ok(other),
        }
    }

    fn call(
        &mut self,
        name: &str,
        node: &'d Element,
        position: usize,
        size: usize,
    ) -> Result<Value<'d>, String> {
        let mut arguments = Vec::new();
        while !self.eat(")") {
            arguments.push(self.or(node, position, size)?);
            if !self.eat(",") {
                self.need(")")?;
                break;
            }
        }
        let text = |at: usize| arguments.get(at).map_or_else(|| node.text(), Value::text);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small documents; clamped"
        )]
        Ok(match name {
            "position" => Value::Number(position as f64),
            "last" => Value::Number(size as f64),
            "count" => Value::Number(arguments.first().map_or(0, |value| value.texts().len()) as f64),
            "string-length" => Value::Number(text(0).chars().count() as f64),
            "string" | "normalize-space" => Value::Text(text(0).trim().to_owned()),
            "number" => Value::Number(text(0).trim().parse().unwrap_or(f64::NAN)),
            "contains" => Value::Bool(text(0).contains(&text(1))),
            "starts-with" => Value::Bool(text(0).starts_with(&text(1))),
            "concat" => Value::Text(arguments.iter().map(Value::text).collect()),
            "not" => Value::Bool(!arguments.first().is_some_and(Value::is_true)),
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "boolean" => Value::Bool(arguments.first().is_some_and(Value::is_true)),
            "name" | "local-name" => Value::Text(match arguments.first() {
                Some(Value::Nodes(nodes)) => nodes.first().map(|node| node.name.clone()).unwrap_or_default(),
                _ => node.name.clone(),
            }),
            "substring" => {
                let start = arguments.get(1).map_or(1.0, Value::number).clamp(1.0, 1e6) as usize - 1;
                let length = arguments.get(2).map_or(1e6, Value::number).clamp(0.0, 1e6) as usize;
                Value::Text(text(0).chars().skip(start).take(length).collect())
            }
            _ => return Err(format!("XPathException: Unknown function {name}")),
        })
    }

    fn path(&mut self, node: &'d Element) -> Result<Value<'d>, String> {
        if self.eat("//") {
            let mut all = Vec::new();
            descend(self.root, &mut all);
            return self.step(all, true);
        }
        if self.eat("/") {
            // The document's one child is its root.
            let name = self.peek().to_owned();
            self.at += 1;
            let nodes = if name == "*" || name == self.root.name { vec![self.root] } else { Vec::new() };
            if name.is_empty() {
                return Err("XPathException: a step is missing".to_owned());
            }
            let nodes = self.predicates(nodes)?;
            return self.steps(nodes);
        }
        self.step(vec![node], false)
    }

    fn steps(&mut self, nodes: Vec<&'d Element>) -> Result<Value<'d>, String> {
        if self.eat("//") {
            let mut all = Vec::new();
            for node in nodes {
                descend(node, &mut all);
            }
            return self.step(all, true);
        }
        if self.eat("/") {
            return self.step(nodes, false);
        }
        Ok(Value::Nodes(nodes))
    }

    /// One step: the children of the nodes, or the nodes themselves where they were descended into.
    fn step(&mut self, nodes: Vec<&'d Element>, themselves: bool) -> Result<Value<'d>, String> {
        let mut token = self.peek().to_owned();
        self.at += 1;
        if self.eat("::") {
            token = self.peek().to_owned();
            self.at += 1;
        } else if let Some(name) = token.strip_prefix("child::") {
            token = name.to_owned();
        }
        match token.as_str() {
            "text" | "node" if self.eat("(") => {
                self.need(")")?;
                Ok(Value::Texts(nodes.iter().map(|node| node.text()).collect()))
            }
            "@" => {
                let name = self.peek().to_owned();
                self.at += 1;
                let of = |node: &&Element| match name.as_str() {
                    "*" => node.attributes.first().map(|(_, value)| value.clone()),
                    name => node.attribute(name).map(str::to_owned),
                };
                Ok(Value::Texts(nodes.iter().filter_map(of).collect()))
            }
            "." => {
                let nodes = self.predicates(nodes)?;
                self.steps(nodes)
            }
            ".." => {
                let mut all = Vec::new();
                descend(self.root, &mut all);
                let is_parent = |candidate: &&Element| {
                    candidate.elements().any(|child| nodes.iter().any(|node| std::ptr::eq(*node, child)))
                };
                let parents = all.into_iter().filter(is_parent).collect();
                let parents = self.predicates(parents)?;
                self.steps(parents)
            }
            name if name == "*" || name.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                let fits = |element: &&Element| name == "*" || element.name == name;
                let mut found = Vec::new();
                if themselves {
                    found = self.predicates(nodes.into_iter().filter(fits).collect())?;
                } else {
                    let begin = self.at;
                    for node in nodes {
                        self.at = begin;
                        found.extend(self.predicates(node.elements().filter(fits).collect())?);
                    }
                    if self.at == begin {
                        // Without a node the predicates are read all the same.
                        self.predicates(Vec::new())?;
                    }
                }
                self.steps(found)
            }
            other => Err(format!("XPathException: Unexpected token '{other}'")),
        }
    }

    fn predicates(&mut self, mut nodes: Vec<&'d Element>) -> Result<Vec<&'d Element>, String> {
        while self.eat("[") {
            let begin = self.at;
            let mut kept = Vec::new();
            // Read once more with the root as its subject, where there is no node to read it for.
            let subjects: Vec<_> = if nodes.is_empty() { vec![self.root] } else { nodes.clone() };
            for (at, node) in subjects.iter().enumerate() {
                self.at = begin;
                let value = self.or(node, at + 1, subjects.len())?;
                #[expect(clippy::cast_precision_loss, reason = "small documents")]
                let holds = match value {
                    Value::Number(number) => (number - (at + 1) as f64).abs() < f64::EPSILON,
                    other => other.is_true(),
                };
                if holds && !nodes.is_empty() {
                    kept.push(*node);
                }
            }
            self.need("]")?;
            nodes = kept;
        }
        Ok(nodes)
    }
}

fn descend<'d>(element: &'d Element, into: &mut Vec<&'d Element>) {
    into.push(element);
    for child in element.elements() {
        descend(child, into);
    }
}

fn compared(left: &Value<'_>, right: &Value<'_>, sign: &str) -> bool {
    let one = |a: &str, b: &str| match sign {
        "=" => a == b,
        "!=" => a != b,
        _ => {
            let (a, b): (f64, f64) =
                (a.trim().parse().unwrap_or(f64::NAN), b.trim().parse().unwrap_or(f64::NAN));
            match sign {
                "<" => a < b,
                ">" => a > b,
                "<=" => a <= b,
                _ => a >= b,
            }
        }
    };
    if !left.is_set() && !right.is_set() {
        return match (left, right, sign) {
            (Value::Bool(a), b, "=") | (b, Value::Bool(a), "=") => *a == b.is_true(),
            (Value::Number(a), b, "=") | (b, Value::Number(a), "=") => (a - b.number()).abs() < f64::EPSILON,
            (Value::Number(a), b, "!=") | (b, Value::Number(a), "!=") => {
                (a - b.number()).abs() >= f64::EPSILON
            }
            _ => one(&left.text(), &right.text()),
        };
    }
    let (left, right) = (left.texts(), right.texts());
    left.iter().any(|a| right.iter().any(|b| one(a, b)))
}
