//! JSON into the same tree as XML: objects are elements with children, arrays are repeated elements, scalars are text.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Budget, Limits, forbidden_character, is_xml_char, malformed, trimmed};
use crate::error::quoted;
use crate::position::Positions;
use crate::{Element, Position, ServiceError};

/// Reads a document that is not blank; `null` and `{}` are an empty request (contract/was.md 1.1).
pub(super) fn parse(text: &str, limits: &Limits) -> Result<Option<Element>, ServiceError> {
    // This checks the syntax of the whole document once, without recursion.
    let root: &RawValue = serde_json::from_str(text).map_err(|error| syntax_error(text, &error))?;
    let mut parser = Parser { text, positions: Positions::new(text), budget: Budget::new(limits) };
    if root.get() == "null" {
        return Ok(None);
    }
    if !root.get().starts_with('{') {
        return Err(wrong_root("The document is not an object", parser.position(root)));
    }
    let mut members = parser.children(root, 0)?.into_iter();
    match (members.next(), members.next()) {
        (None, _) => Ok(None),
        (Some(root), None) => Ok(Some(root)),
        (Some(_), Some(other)) => Err(wrong_root(
            &format!("Unexpected member '{}' beside the root", quoted(&other.name)),
            other.position,
        )),
    }
}

fn wrong_root(message: &str, at: Position) -> ServiceError {
    ServiceError::invalid_xml(format!("{message} ({at})."), "Send one object: {\"ServiceRequest\":{...}}.")
}

struct Parser<'t> {
    text: &'t str,
    positions: Positions<'t>,
    budget: Budget<'t>,
}

impl<'t> Parser<'t> {
    /// The members of an object that itself lies at `depth`.
    fn children(&mut self, object: &'t RawValue, depth: usize) -> Result<Vec<Element>, ServiceError> {
        let Members(members) = self.read(object)?;
        let mut names = BTreeSet::new();
        let mut children = Vec::with_capacity(members.len().min(64));
        for (name, value) in &members {
            if !names.insert(name.as_str()) {
                return Err(ServiceError::invalid_xml(
                    format!("Member '{}' is given more than once ({}).", quoted(name), self.position(value)),
                    "Send each member once; use an array for several values.",
                ));
            }
            self.member(name, value, depth + 1, &mut children)?;
        }
        Ok(children)
    }

    fn member(
        &mut self,
        name: &str,
        value: &'t RawValue,
        depth: usize,
        siblings: &mut Vec<Element>,
    ) -> Result<(), ServiceError> {
        if !value.get().starts_with('[') {
            siblings.extend(self.element(name, value, depth)?);
            return Ok(());
        }
        let items: Vec<&RawValue> = self.read(value)?;
        // `"set":[]` means what `"set":{}` means: no items, so clear the list.
        if items.is_empty() && name == "set" {
            let position = self.position(value);
            self.budget.spend_node(position)?;
            siblings.push(Element { position, ..Element::leaf(name, "") });
        }
        for item in items {
            if item.get().starts_with('[') {
                return Err(ServiceError::invalid_xml(
                    format!("Array inside an array in '{}' ({}).", quoted(name), self.position(item)),
                    "Send objects, texts, numbers or booleans in arrays.",
                ));
            }
            siblings.extend(self.element(name, item, depth)?);
        }
        Ok(())
    }

    /// The element that a value other than an array makes; none for `null`.
    fn element(
        &mut self,
        name: &str,
        value: &'t RawValue,
        depth: usize,
    ) -> Result<Option<Element>, ServiceError> {
        let raw = value.get();
        if raw == "null" {
            return Ok(None);
        }
        let position = self.position(value);
        self.budget.spend_node(position)?;
        self.budget.check_depth(depth, position)?;
        let mut element = Element { name: name.to_owned(), position, ..Element::default() };
        match raw.as_bytes().first() {
            Some(b'{') => element.children = self.children(value, depth)?,
            Some(b'"') => element.text = self.string(value)?,
            _ => element.text = raw.to_owned(),
        }
        Ok(Some(element))
    }

    fn string(&mut self, value: &'t RawValue) -> Result<String, ServiceError> {
        let text: String = self.read(value)?;
        match text.chars().find(|&c| !is_xml_char(c)) {
            Some(c) => Err(forbidden_character(c, self.position(value))),
            None => Ok(trimmed(text)),
        }
    }

    fn read<T: Deserialize<'t>>(&mut self, value: &'t RawValue) -> Result<T, ServiceError> {
        serde_json::from_str(value.get())
            .map_err(|error| malformed("JSON", reason(&error), self.position(value)))
    }

    fn position(&mut self, value: &RawValue) -> Position {
        let offset = value.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.positions.at(offset)
    }
}

/// The members of an object in their order, with their values as they were sent.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn syntax_error(text: &str, error: &serde_json::Error) -> ServiceError {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let offset = before + error.column().saturating_sub(1);
    malformed("JSON", reason(error), Positions::new(text).at(offset))
}

/// The library's message without its own position, which counts bytes and may be relative to a part.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}
