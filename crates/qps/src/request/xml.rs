//! XML into a tree. No DTD, no entities but the five of XML itself, no processing instructions.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Budget, Limits, forbidden_character, is_xml_char, malformed, trimmed};
use crate::error::quoted;
use crate::format::is_utf8;
use crate::position::Positions;
use crate::{Element, Position, ServiceError};

/// Reads a document that is not blank.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<Element, ServiceError> {
    if let Some((offset, c)) = text.char_indices().find(|&(_, c)| !is_xml_char(c)) {
        return Err(forbidden_character(c, Positions::new(text).at(offset)));
    }
    Parser {
        reader: Reader::from_str(text),
        positions: Positions::new(text),
        at: Position::default(),
        budget: Budget::new(limits),
        open: Vec::new(),
        root: None,
        declared: false,
    }
    .document()
}

struct Parser<'t> {
    reader: Reader<&'t [u8]>,
    positions: Positions<'t>,
    /// Where the current event began.
    at: Position,
    budget: Budget<'t>,
    open: Vec<Open>,
    root: Option<Element>,
    declared: bool,
}

/// An element whose end has not come yet.
struct Open {
    element: Element,
    /// Whether elements stand inside; attributes, though children too, do not count.
    has_elements: bool,
}

impl Parser<'_> {
    fn document(mut self) -> Result<Element, ServiceError> {
        loop {
            self.at = self.positions.at(offset(self.reader.buffer_position()));
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = self.positions.at(offset(self.reader.error_position()));
                    return Err(malformed("XML", error, at));
                }
            };
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::Empty(start) => {
                    self.start(&start)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::Comment(_) => {}
                Event::Decl(declaration) => {
                    let encoding =
                        declaration.encoding().transpose().map_err(|error| self.malformed(error))?;
                    self.declaration(encoding.as_deref())?;
                }
                Event::DocType(_) => return Err(self.refused("A document type (DOCTYPE)")),
                Event::PI(_) => return Err(self.refused("A processing instruction")),
                Event::Eof => return self.finish(),
            }
        }
    }

    fn declaration(&mut self, encoding: Option<&str>) -> Result<(), ServiceError> {
        if self.declared || self.root.is_some() || !self.open.is_empty() {
            return Err(self.malformed("the XML declaration must come first"));
        }
        self.declared = true;
        match encoding {
            Some(encoding) if !is_utf8(encoding) => Err(ServiceError::invalid_xml(
                format!("Encoding '{}' is not supported ({}).", quoted(encoding), self.at),
                "Send the body in UTF-8.",
            )),
            _ => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart) -> Result<(), ServiceError> {
        if self.root.is_some() {
            return Err(self.malformed("only one root element is allowed"));
        }
        let name = start.name().0;
        if !is_name(name) {
            return Err(self.malformed(format!("'{name}' is not a name")));
        }
        self.budget.spend_node(self.at)?;
        self.budget.check_depth(self.open.len() + 1, self.at)?;
        let mut element = Element { name: name.to_owned(), position: self.at, ..Element::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(error))?;
            let name = attribute.key.0;
            if name == "xmlns" || name.starts_with("xmlns:") || name.starts_with("xsi:") {
                continue;
            }
            self.budget.spend_node(self.at)?;
            let value =
                attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| self.malformed(error))?;
            if let Some(c) = value.chars().find(|&c| !is_xml_char(c)) {
                return Err(forbidden_character(c, self.at));
            }
            let text = value.trim().to_owned();
            element.children.push(Element { position: self.at, ..Element::leaf(name, text) });
        }
        if let Some(parent) = self.open.last_mut() {
            parent.has_elements = true;
        }
        self.open.push(Open { element, has_elements: false });
        Ok(())
    }

    fn end(&mut self) -> Result<(), ServiceError> {
        let Some(Open { mut element, has_elements }) = self.open.pop() else {
            return Err(self.malformed("an end tag without its start tag"));
        };
        element.text = trimmed(element.text);
        if has_elements && !element.text.is_empty() {
            return Err(ServiceError::invalid_xml(
                format!(
                    "Unexpected text '{}' between the elements of '{}' ({}).",
                    quoted(&element.text),
                    element.name,
                    element.position
                ),
                "Send either text or elements inside an element; escape '<' and '&' in texts.",
            ));
        }
        match self.open.last_mut() {
            Some(parent) => parent.element.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), ServiceError> {
        match self.open.last_mut() {
            Some(open) => open.element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(self.malformed("text outside the root element")),
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef) -> Result<(), ServiceError> {
        let c = match reference.resolve_char_ref().map_err(|error| self.malformed(error))? {
            Some(c) if is_xml_char(c) => c,
            Some(c) => return Err(forbidden_character(c, self.at)),
            None => match &**reference {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                other => return Err(self.refused(&format!("Entity '&{};'", quoted(other)))),
            },
        };
        match self.open.last_mut() {
            Some(open) => {
                open.element.text.push(c);
                Ok(())
            }
            None => Err(self.malformed("text outside the root element")),
        }
    }

    fn finish(self) -> Result<Element, ServiceError> {
        if let Some(open) = self.open.last() {
            let name = &open.element.name;
            return Err(malformed(
                "XML",
                format!("element '{name}' of {} is not closed", open.element.position),
                self.at,
            ));
        }
        let at = self.at;
        self.root.ok_or_else(|| malformed("XML", "there is no root element", at))
    }

    fn malformed(&self, reason: impl std::fmt::Display) -> ServiceError {
        malformed("XML", reason, self.at)
    }

    fn refused(&self, what: &str) -> ServiceError {
        ServiceError::invalid_xml(
            format!("{what} is not allowed ({}).", self.at),
            "Send plain elements; write special characters as &lt; &gt; &amp; &quot; &apos; or &#...;.",
        )
    }
}

/// The library counts in 64 bits; a text in memory never exceeds `usize`.
fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let starts = |c: char| c.is_alphabetic() || c == '_';
    chars.next().is_some_and(starts)
        && chars.all(|c| starts(c) || c.is_numeric() || matches!(c, '-' | '.' | ':'))
}
