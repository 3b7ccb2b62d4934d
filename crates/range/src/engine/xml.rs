//! An XML reader with document types and entities, as old parsers had it: what it resolves is an option.

use std::collections::HashMap;

/// Loads what an external entity names.
pub type Load<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// What a parser does with document types.
#[derive(Default, Clone, Copy)]
pub struct Options<'a> {
    /// Whether a document type is read at all; otherwise it is refused.
    pub doctype: bool,
    /// Loads external entities; none are loaded without it.
    pub external: Option<Load<'a>>,
    /// Whether `xi:include` is followed.
    pub include: bool,
}

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
    /// What is in it.
    pub children: Vec<Node>,
}

/// What stands in an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
}

impl Element {
    /// The text in it and below.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .map(|node| match node {
                Node::Element(element) => element.text(),
                Node::Text(text) => text.clone(),
            })
            .collect()
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element of a name, itself or below.
    pub fn find(&self, name: &str) -> Option<&Element> {
        if self.name == name { Some(self) } else { self.elements().find_map(|element| element.find(name)) }
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

const MAX_TEXT: usize = 1 << 20;

/// Reads a document and gives its root.
pub fn parse(text: &str, options: &Options<'_>) -> Result<Element, String> {
    let mut reader =
        Reader { options, entities: HashMap::new(), parameters: HashMap::new(), depth: 0, budget: MAX_TEXT };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        rest = rest.trim_start();
        if let Some(inner) = rest.strip_prefix("<?") {
            rest = after(inner, "?>")?;
        } else if let Some(inner) = rest.strip_prefix("<!--") {
            rest = after(inner, "-->")?;
        } else if let Some(inner) = rest.strip_prefix("<!DOCTYPE") {
            if !options.doctype {
                return Err(
                    "DOCTYPE is disallowed when the feature \"disallow-doctype-decl\" is set to true"
                        .to_owned(),
                );
            }
            rest = reader.doctype(inner)?;
        } else {
            break;
        }
    }
    let mut root = Element::default();
    reader.content(rest, &mut root)?;
    match root.children.into_iter().find(|node| matches!(node, Node::Element(_))) {
        Some(Node::Element(element)) => Ok(element),
        _ => Err("Start tag expected, '<' not found".to_owned()),
    }
}

fn after<'a>(text: &'a str, mark: &str) -> Result<&'a str, String> {
    text.split_once(mark).map(|(_, rest)| rest).ok_or_else(|| format!("'{mark}' expected"))
}

struct Reader<'a> {
    options: &'a Options<'a>,
    entities: HashMap<String, Entity>,
    parameters: HashMap<String, Entity>,
    depth: usize,
    budget: usize,
}

#[derive(Clone)]
enum Entity {
    Text(String),
    External(String),
}

impl Reader<'_> {
    /// Reads a document type, after `<!DOCTYPE`; gives what follows it.
    fn doctype<'t>(&mut self, text: &'t str) -> Result<&'t str, String> {
        let end = text.find(['[', '>']).ok_or("the DOCTYPE does not end")?;
        let outer = text.get(..end).unwrap_or_default();
        let rest = text.get(end..).unwrap_or_default();
        let external =
            literals(outer).last().cloned().filter(|_| outer.contains("SYSTEM") || outer.contains("PUBLIC"));
        let rest = match rest.strip_prefix('[') {
            Some(inner) => {
                let end = subset_end(inner).ok_or("the internal subset does not end")?;
                self.subset(inner.get(..end).unwrap_or_default(), 0)?;
                after(inner.get(end..).unwrap_or_default(), ">")?
            }
            None => rest.get(1..).unwrap_or_default(),
        };
        if let (Some(url), Some(load)) = (external, self.options.external) {
            let text = load(&url)?;
            self.subset(&text, 1)?;
        }
        Ok(rest)
    }

    fn subset(&mut self, text: &str, depth: usize) -> Result<(), String> {
        if depth > 8 {
            return Err("entities are nested too deep".to_owned());
        }
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('%') {
                let (name, after) = inner.split_once(';').ok_or("';' expected")?;
                if let Some(text) = self.parameters.get(name).cloned() {
                    let text = self.load(&text)?;
                    self.subset(&text, depth + 1)?;
                }
                rest = after.trim_start();
                continue;
            }
            if let Some(inner) = rest.strip_prefix("<!--") {
                rest = after(inner, "-->")?.trim_start();
                continue;
            }
            let end = declaration_end(rest).ok_or("a declaration does not end")?;
            let declaration = rest.get(..end).unwrap_or_default();
            rest = rest.get(end + 1..).unwrap_or_default().trim_start();
            if let Some(entity) = declaration.strip_prefix("<!ENTITY") {
                self.entity(entity)?;
            }
        }
        Ok(())
    }

    fn entity(&mut self, text: &str) -> Result<(), String> {
        let text = text.trim();
        let (parameter, text) = match text.strip_prefix('%') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let (name, rest) = text.split_once(char::is_whitespace).ok_or("an entity needs a value")?;
        let values = literals(rest);
        let last = values.last().cloned().ok_or("an entity needs a value")?;
        let external = rest.trim_start().starts_with("SYSTEM") || rest.trim_start().starts_with("PUBLIC");
        let value = if external { Entity::External(last) } else { Entity::Text(self.parameters_in(&last)?) };
        let table = if parameter { &mut self.parameters } else { &mut self.entities };
        if table.len() < 200 {
            // The first declaration binds.
            table.entry(name.to_owned()).or_insert(value);
        }
        Ok(())
    }

    /// Puts parameter entities and character references into an entity's value.
    fn parameters_in(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['%', '&']) {
            out.push_str(rest.get(..at).unwrap_or_default());
            let inner = rest.get(at + 1..).unwrap_or_default();
            let percent = rest.get(at..).unwrap_or_default().starts_with('%');
            match inner.split_once(';') {
                Some((name, after)) if percent && self.parameters.contains_key(name) => {
                    if let Some(entity) = self.parameters.get(name).cloned() {
                        out.push_str(&self.load(&entity)?);
                    }
                    rest = after;
                }
                Some((name, after)) if !percent && character(name).is_some() => {
                    out.extend(character(name));
                    rest = after;
                }
                _ => {
                    out.push(if percent { '%' } else { '&' });
                    rest = inner;
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn load(&mut self, entity: &Entity) -> Result<String, String> {
        match entity {
            Entity::Text(text) => Ok(text.clone()),
            Entity::External(url) => match self.options.external {
                Some(load) => load(url),
                None => Ok(String::new()),
            },
        }
    }

    fn expand(&mut self, name: &str) -> Result<String, String> {
        if let Some(c) = character(name) {
            return Ok(c.to_string());
        }
        let Some(entity) = self.entities.get(name).cloned() else {
            return Err(format!("Entity '{name}' not defined"));
        };
        self.depth += 1;
        if self.depth > 16 {
            return Err("Detected an entity reference loop".to_owned());
        }
        let text = match &entity {
            Entity::External(_) => self.load(&entity)?,
            Entity::Text(text) => self.references(&text.clone())?,
        };
        self.depth -= 1;
        self.budget = self.budget.checked_sub(text.len()).ok_or("the entities expand to too much text")?;
        Ok(text)
    }

    fn references(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('&') {
            out.push_str(rest.get(..at).unwrap_or_default());
            let (name, after) =
                rest.get(at + 1..).unwrap_or_default().split_once(';').ok_or("EntityRef: expecting ';'")?;
            out.push_str(&self.expand(name)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// Reads content into an element up to its end tag; gives what follows.
    fn content<'t>(&mut self, text: &'t str, into: &mut Element) -> Result<&'t str, String> {
        let mut rest = text;
        loop {
            let at = rest.find('<').unwrap_or(rest.len());
            let plain = rest.get(..at).unwrap_or_default();
            if !plain.is_empty() {
                into.children.push(Node::Text(self.references(plain)?));
            }
            rest = rest.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return if into.name.is_empty() {
                    Ok(rest)
                } else {
                    Err(format!("Opening and ending tag mismatch: {}", into.name))
                };
            }
            if let Some(inner) = rest.strip_prefix("<!--") {
                rest = after(inner, "-->")?;
            } else if let Some(inner) = rest.strip_prefix("<![CDATA[") {
                let (data, next) = inner.split_once("]]>").ok_or("CDATA does not end")?;
                into.children.push(Node::Text(data.to_owned()));
                rest = next;
            } else if let Some(inner) = rest.strip_prefix("<?") {
                rest = after(inner, "?>")?;
            } else if let Some(inner) = rest.strip_prefix("</") {
                let (name, next) = inner.split_once('>').ok_or("'>' expected")?;
                if local(name.trim()) != into.name {
                    return Err(format!(
                        "Opening and ending tag mismatch: {} and {}",
                        into.name,
                        name.trim()
                    ));
                }
                return Ok(next);
            } else {
                rest = self.element(rest, into)?;
            }
        }
    }

    fn element<'t>(&mut self, text: &'t str, into: &mut Element) -> Result<&'t str, String> {
        let end = declaration_end(text).ok_or("'>' expected")?;
        let tag = text.get(1..end).unwrap_or_default();
        let rest = text.get(end + 1..).unwrap_or_default();
        let (tag, empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        if name.is_empty() || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err("StartTag: invalid element name".to_owned());
        }
        let mut element = Element { name: local(name).to_owned(), ..Element::default() };
        let names =
            attributes.split(['"', '\'']).step_by(2).map(|piece| piece.trim().trim_end_matches('=').trim());
        for (name, value) in names.zip(literals(attributes)) {
            let value = self.references(&value)?;
            element.attributes.push((name.to_owned(), value));
        }
        self.depth += 1;
        if self.depth > 100 {
            return Err("Excessive depth in document".to_owned());
        }
        let rest = if empty { rest } else { self.content(rest, &mut element)? };
        self.depth -= 1;
        if self.options.include && name.ends_with(":include") {
            if let (Some(load), Some(href)) = (self.options.external, element.attribute("href")) {
                into.children.push(Node::Text(load(href)?));
            }
            return Ok(rest);
        }
        into.children.push(Node::Element(element));
        Ok(rest)
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// The quoted texts in a declaration.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = if rest.get(at..).unwrap_or_default().starts_with('"') { '"' } else { '\'' };
        let inner = rest.get(at + 1..).unwrap_or_default();
        let Some((value, after)) = inner.split_once(quote) else { break };
        found.push(value.to_owned());
        rest = after;
    }
    found
}

/// Where `>` ends a declaration or tag, quotes respected.
fn declaration_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '>' => return Some(at),
            _ => {}
        }
    }
    None
}

/// Where `]` ends an internal subset, quotes respected.
fn subset_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == ']' => return Some(at),
            _ => {}
        }
    }
    None
}
