//! The tree that `data` is read into, and its typed readers.

use jiff::Timestamp;

use crate::{Position, ServiceError, parse_date};

/// One element of `data`, the same whether it was sent as XML or as JSON.
///
/// - A JSON object is an element with children, an array is its element repeated, `null` is nothing.
/// - Numbers and booleans are text, letter for letter; texts are trimmed.
/// - An XML attribute is a first child, so that `<UrlEntry regex="true">x</UrlEntry>` and
///   `{"UrlEntry":{"value":"x","regex":"true"}}` answer alike (contract/was.md 1.3).
///
/// Two elements are equal if they say the same, wherever they stood.
#[derive(Clone, Debug, Default)]
pub struct Element {
    /// The name, without position in the tree: `TagSimple`.
    pub name: String,
    /// The text, trimmed; empty for an element with element content.
    pub text: String,
    /// The elements inside, in their order.
    pub children: Vec<Element>,
    /// Where it began in the body.
    pub position: Position,
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text && self.children == other.children
    }
}

impl Eq for Element {}

impl Element {
    /// An element with text; for tests and for requests made by the program itself.
    pub fn leaf(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    /// An element with children; for tests and for requests made by the program itself.
    pub fn node(name: impl Into<String>, children: Vec<Element>) -> Self {
        Self { name: name.into(), children, ..Self::default() }
    }

    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of that name.
    pub fn children<'e>(&'e self, name: &str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element's own text: what stands in it, or in its `value` where it is `{"value":...}`; `None` for an
    /// object.
    pub fn value(&self) -> Option<&str> {
        if !self.text.is_empty() || self.children.is_empty() {
            return Some(&self.text);
        }
        self.child("value").map(|value| value.text.as_str())
    }

    /// The text of a child; `Some("")` if the child is there but empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.child(name)?.value()
    }

    /// The text of a child that must be there and not empty.
    ///
    /// # Errors
    /// `CANNOT_BE_NULL`.
    pub fn required_text(&self, name: &str) -> Result<&str, ServiceError> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ServiceError::cannot_be_null(&self.field(name)))
    }

    /// A child as a signed number; `None` if it is absent or empty.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if it is no number of 64 bits.
    pub fn long(&self, name: &str) -> Result<Option<i64>, ServiceError> {
        self.typed(name, "Specify field value as Long.", |text| text.parse().ok())
    }

    /// A child as a signed number of 32 bits; `None` if it is absent or empty.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if it is no such number.
    pub fn int(&self, name: &str) -> Result<Option<i32>, ServiceError> {
        self.typed(name, "Specify field value as Integer.", |text| text.parse().ok())
    }

    /// A child as an id; `None` if it is absent or empty.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if it is negative or no number.
    pub fn id(&self, name: &str) -> Result<Option<u64>, ServiceError> {
        self.typed(name, "Specify field value as Long, not negative.", |text| text.parse().ok())
    }

    /// A child as a number with a fraction; `None` if it is absent or empty.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if it is no finite number.
    pub fn float(&self, name: &str) -> Result<Option<f64>, ServiceError> {
        let finite = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
        self.typed(name, "Specify field value as Decimal.", finite)
    }

    /// A child as a boolean; `None` if it is absent or empty. Case does not matter; 1 and 0 are read too.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if it is anything else.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, ServiceError> {
        self.typed(name, "Values expected: true, false.", boolean)
    }

    /// A child as a date, see [`parse_date`]; `None` if it is absent or empty.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if it is no date.
    pub fn date(&self, name: &str) -> Result<Option<Timestamp>, ServiceError> {
        self.typed(name, "Specify field value as Date (YYYY-MM-DDTHH:MM:SSZ).", parse_date)
    }

    /// A child as a value of the caller's own type, such as a keyword; `None` if it is absent or empty. `expected`
    /// becomes the error's resolution.
    ///
    /// # Errors
    /// `INVALID_REQUEST` if `read` gives nothing, or if the child is an object.
    pub fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ServiceError> {
        let Some(child) = self.child(name) else { return Ok(None) };
        match child.value() {
            Some("") => Ok(None),
            Some(text) => read(text).map(Some).ok_or_else(|| self.invalid(name, text, expected)),
            None => Err(self.invalid(name, "{...}", expected)),
        }
    }

    /// Refuses children that the object does not have, so that a misspelled field is not silently lost.
    ///
    /// # Errors
    /// `INVALID_XML` naming the first unknown child.
    pub fn expect_only(&self, known: &[&str]) -> Result<(), ServiceError> {
        match self.children.iter().find(|child| !known.contains(&child.name.as_str())) {
            Some(child) => Err(child.unexpected(&self.name, known)),
            None => Ok(()),
        }
    }

    /// How errors call a child: `Tag.name`.
    pub fn field(&self, child: &str) -> String {
        format!("{}.{child}", self.name)
    }

    pub(crate) fn unexpected(&self, parent: &str, known: &[&str]) -> ServiceError {
        ServiceError::invalid_xml(
            format!(
                "Unexpected element '{}' in '{parent}' ({}).",
                crate::error::quoted(&self.name),
                self.position
            ),
            format!("Elements expected: {}.", known.join(", ")),
        )
    }

    fn invalid(&self, name: &str, value: &str, expected: &str) -> ServiceError {
        ServiceError::invalid_value(&self.field(name), value, expected)
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") || text == "1" {
        return Some(true);
    }
    (text.eq_ignore_ascii_case("false") || text == "0").then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResponseCode;

    fn tag() -> Element {
        Element::node(
            "Tag",
            vec![
                Element::leaf("id", "12345678901234567"),
                Element::leaf("parentTagId", "abc"),
                Element::leaf("name", ""),
                Element::leaf("disabled", "True"),
                Element::leaf("created", "2024-03-01"),
                Element::node("children", vec![Element::leaf("set", "")]),
                Element::node("url", vec![Element::leaf("value", "x"), Element::leaf("regex", "true")]),
            ],
        )
    }

    #[test]
    fn typed_readers_read_texts() {
        let tag = tag();
        assert_eq!(tag.long("id"), Ok(Some(12_345_678_901_234_567)));
        assert_eq!(tag.id("id"), Ok(Some(12_345_678_901_234_567)));
        assert_eq!(tag.boolean("disabled"), Ok(Some(true)));
        assert_eq!(tag.date("created").unwrap().unwrap().to_string(), "2024-03-01T00:00:00Z");
        assert_eq!(tag.text("name"), Some(""));
        assert_eq!(tag.text("url"), Some("x"));
        assert_eq!(tag.text("missing"), None);
    }

    #[test]
    fn absent_and_empty_fields_have_no_value() {
        assert_eq!(tag().long("missing"), Ok(None));
        assert_eq!(tag().long("name"), Ok(None));
    }

    #[test]
    fn an_error_names_field_value_and_what_is_right() {
        let error = tag().id("parentTagId").unwrap_err();
        assert_eq!(error.code, ResponseCode::InvalidRequest);
        assert_eq!(error.message, "Data: Invalid value format for field 'Tag.parentTagId' (abc).");
        assert_eq!(error.resolution, "Specify field value as Long, not negative.");
        assert!(tag().int("id").is_err(), "too large for 32 bits");
        assert!(tag().boolean("id").is_err());
        assert!(tag().date("id").is_err());
        assert!(tag().float("name").is_ok());
    }

    #[test]
    fn an_object_is_not_a_value() {
        assert_eq!(tag().text("children"), None);
        assert!(tag().long("children").is_err());
    }

    #[test]
    fn a_required_text_is_neither_absent_nor_empty() {
        let error = tag().required_text("name").unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (ResponseCode::CannotBeNull, "Data: Field 'Tag.name' cannot be null.")
        );
    }

    #[test]
    fn an_unknown_child_is_named_with_those_expected() {
        let error = tag().expect_only(&["id", "name", "parentTagId"]).unwrap_err();
        assert_eq!(error.code, ResponseCode::InvalidXml);
        assert!(error.message.starts_with("Unexpected element 'disabled' in 'Tag'"), "{error}");
        assert_eq!(error.resolution, "Elements expected: id, name, parentTagId.");
    }
}
