//! Search filters of LDAP (RFC 4515), on a small directory. As many servers and libraries do, what follows a complete
//! filter is not looked at.

/// An entry: its attributes.
pub type Entry = &'static [(&'static str, &'static str)];

/// The directory.
pub const DIRECTORY: &[Entry] = &[
    &[
        ("uid", "alice"),
        ("cn", "Alice Adams"),
        ("mail", "alice@example.test"),
        ("userPassword", "correct-horse"),
        ("objectClass", "person"),
        ("visible", "yes"),
    ],
    &[
        ("uid", "bob"),
        ("cn", "Bob Brown"),
        ("mail", "bob@example.test"),
        ("userPassword", "tr0ub4dor"),
        ("objectClass", "person"),
        ("visible", "yes"),
    ],
    &[
        ("uid", "root"),
        ("cn", "Hidden Heron"),
        ("mail", "root@example.test"),
        ("userPassword", "falcon-77"),
        ("objectClass", "person"),
        ("visible", "no"),
    ],
];

/// The entries that a filter selects, or the server's error.
pub fn search(filter: &str) -> Result<Vec<Entry>, String> {
    let mut reader = Reader { rest: filter.split('\0').next().unwrap_or_default().trim_start(), depth: 0 };
    let parsed = reader.filter().ok_or_else(|| "LDAP: Bad search filter (-7)".to_owned())?;
    Ok(DIRECTORY.iter().copied().filter(|entry| holds(&parsed, entry)).collect())
}

/// An attribute of an entry.
pub fn attribute(entry: Entry, name: &str) -> &'static str {
    entry.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

/// Encodes a value for a filter (RFC 4515, section 3).
pub fn escape(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        match c {
            '*' | '(' | ')' | '\\' | '\0' => out.push_str(&format!("\\{:02x}", u32::from(c))),
            other => out.push(other),
        }
    }
    out
}

enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// Attribute, and the parts between asterisks.
    Like(String, Vec<String>),
    AtLeast(String, String),
    AtMost(String, String),
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn filter(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > 32 || !self.eat('(') {
            return None;
        }
        let node = if self.eat('&') {
            Node::And(self.list()?)
        } else if self.eat('|') {
            Node::Or(self.list()?)
        } else if self.eat('!') {
            Node::Not(Box::new(self.filter()?))
        } else {
            self.item()?
        };
        self.depth -= 1;
        self.eat(')').then_some(node)
    }

    fn list(&mut self) -> Option<Vec<Node>> {
        let mut all = Vec::new();
        while self.rest.starts_with('(') {
            all.push(self.filter()?);
        }
        Some(all)
    }

    fn item(&mut self) -> Option<Node> {
        let end = self.rest.find(['(', ')'])?;
        let text = self.rest.get(..end)?;
        self.rest = self.rest.get(end..)?;
        let (name, value) = text.split_once('=')?;
        let (kind, name) = match name.as_bytes().last()? {
            b'>' => ('>', name.trim_end_matches('>')),
            b'<' => ('<', name.trim_end_matches('<')),
            _ => ('=', name.trim_end_matches(['~', ':'])),
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == ';') {
            return None;
        }
        let name = name.to_owned();
        let value_of = |text: &str| unescape(text);
        Some(match kind {
            '>' => Node::AtLeast(name, value_of(value)?),
            '<' => Node::AtMost(name, value_of(value)?),
            _ => Node::Like(name, value.split('*').map(value_of).collect::<Option<_>>()?),
        })
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'\\' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(after.get(..2)?).ok()?, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

fn holds(node: &Node, entry: Entry) -> bool {
    match node {
        Node::And(all) => all.iter().all(|each| holds(each, entry)),
        Node::Or(all) => all.iter().any(|each| holds(each, entry)),
        Node::Not(inner) => !holds(inner, entry),
        Node::AtLeast(name, value) => attribute(entry, name) >= value.as_str(),
        Node::AtMost(name, value) => attribute(entry, name) <= value.as_str(),
        Node::Like(name, parts) => {
            let value = attribute(entry, name).to_ascii_lowercase();
            !value.is_empty() && like(&value, parts)
        }
    }
}

fn like(value: &str, parts: &[String]) -> bool {
    let parts: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let Some((first, others)) = parts.split_first() else { return false };
    let Some(mut rest) = value.strip_prefix(first.as_str()) else { return false };
    let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part.as_str()).and_then(|at| rest.get(at + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}
