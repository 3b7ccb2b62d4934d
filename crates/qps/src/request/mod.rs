//! Reading a `ServiceRequest` (contract/qps.md 5 to 7).
//!
//! A body of either format becomes the same tree first, within [`Limits`]; what the envelope means is decided once,
//! on that tree.

mod envelope;
mod json;
mod xml;

use crate::error::quoted;
use crate::position::Positions;
use crate::{Element, Format, Position, ServiceError};

/// `limitResults` if the request has none.
pub const DEFAULT_LIMIT: u32 = 100;
/// The largest page.
pub const MAX_LIMIT: u32 = 1000;

/// A request as it was meant, whichever format it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The criteria, all of which must hold; `None` if the request has no `filters`. No criteria are no filter.
    pub filters: Option<Vec<Criterion>>,
    /// Paging wishes.
    pub preferences: Preferences,
    /// The object inside `data`, such as `Tag`.
    pub data: Option<Element>,
}

impl Request {
    /// The criteria; none if there is no filter.
    pub fn criteria(&self) -> &[Criterion] {
        self.filters.as_deref().unwrap_or_default()
    }
}

/// One criterion, not yet typed: neither field nor operator is looked up here.
#[derive(Clone, Debug, Default)]
pub struct Criterion {
    /// The field's name on the wire; not empty.
    pub field: String,
    /// `EQUALS` is meant if there is none (contract/qps.md 6.2).
    pub operator: Option<String>,
    /// The value, trimmed; a list is still one text.
    pub value: String,
    /// The attribute `name`, with which web applications select a custom attribute (contract/was.md 1.2).
    pub name: Option<String>,
    /// Where the criterion began.
    pub position: Position,
}

impl Criterion {
    /// A criterion of the program's own making.
    pub fn new(field: impl Into<String>, operator: impl Into<String>, value: impl Into<String>) -> Self {
        Self { field: field.into(), operator: Some(operator.into()), value: value.into(), ..Self::default() }
    }
}

/// Two criteria are equal if they say the same, wherever they stood.
impl PartialEq for Criterion {
    fn eq(&self, other: &Self) -> bool {
        (&self.field, &self.operator, &self.value, &self.name)
            == (&other.field, &other.operator, &other.value, &other.name)
    }
}

impl Eq for Criterion {}

/// `preferences` (contract/qps.md 7). Numbers below zero are read as zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The first id to answer with, itself included.
    pub start_from_id: Option<u64>,
    /// The position of the first record, counted from 1.
    pub start_from_offset: Option<u64>,
    /// The page size as it was asked for; see [`Preferences::limit`].
    pub limit_results: Option<u32>,
    /// Whether to add sub-objects to search results (web applications only).
    pub verbose: Option<bool>,
    /// `limitHistories` of findings, as text (contract/was.md 1.2).
    pub limit_histories: Option<String>,
}

impl Preferences {
    /// The page size to use: 100 if none was asked for, at least 1, at most 1000.
    pub fn limit(&self) -> usize {
        let limit = self.limit_results.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        usize::try_from(limit).unwrap_or(usize::MAX)
    }
}

/// How much a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the body.
    pub bytes: usize,
    /// Elements inside each other, `ServiceRequest` being the first.
    pub depth: usize,
    /// Elements, attributes and JSON members together.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 10 * 1024 * 1024, depth: 32, nodes: 250_000 }
    }
}

/// Reads a request body. A blank body is an empty request, in both formats.
///
/// # Errors
/// `INVALID_XML`, for JSON too, if the body is no well-formed UTF-8 document of the envelope or exceeds the limits;
/// `INVALID_REQUEST` if criteria or preferences are wrong in themselves.
pub fn read(body: &[u8], format: Format, limits: &Limits) -> Result<Request, ServiceError> {
    let text = decoded(body, limits)?;
    if text.trim().is_empty() {
        return Ok(Request::default());
    }
    match format {
        Format::Xml => envelope::request(xml::parse(text, limits)?),
        Format::Json => json::parse(text, limits)?.map_or_else(|| Ok(Request::default()), envelope::request),
    }
}

fn decoded<'b>(body: &'b [u8], limits: &Limits) -> Result<&'b str, ServiceError> {
    if body.len() > limits.bytes {
        return Err(ServiceError::invalid_xml(
            format!("The request body is too large ({} bytes).", body.len()),
            format!("Send at most {} bytes; split the work into several requests.", limits.bytes),
        ));
    }
    if body.starts_with(b"\xFE\xFF") || body.starts_with(b"\xFF\xFE") {
        return Err(not_utf8("The request body is in UTF-16.".into()));
    }
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    std::str::from_utf8(body).map_err(|error| {
        let valid = body.get(..error.valid_up_to()).unwrap_or_default();
        let valid = String::from_utf8_lossy(valid);
        let at = Positions::new(&valid).at(valid.len());
        not_utf8(format!("The request body is not valid UTF-8 ({at})."))
    })
}

fn not_utf8(message: String) -> ServiceError {
    ServiceError::invalid_xml(message, "Send the body in UTF-8.")
}

/// Counts nodes and watches the depth while a tree grows.
struct Budget<'l> {
    limits: &'l Limits,
    nodes: usize,
}

impl<'l> Budget<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self { limits, nodes: 0 }
    }

    fn spend_node(&mut self, at: Position) -> Result<(), ServiceError> {
        self.nodes += 1;
        if self.nodes <= self.limits.nodes {
            return Ok(());
        }
        Err(ServiceError::invalid_xml(
            format!("The request has too many elements ({at})."),
            format!("Send at most {} elements; split the work into several requests.", self.limits.nodes),
        ))
    }

    fn check_depth(&self, depth: usize, at: Position) -> Result<(), ServiceError> {
        if depth <= self.limits.depth {
            return Ok(());
        }
        Err(ServiceError::invalid_xml(
            format!("The request is nested too deeply ({at})."),
            format!("Nest at most {} elements.", self.limits.depth),
        ))
    }
}

/// Whether XML 1.0 has the character. JSON input is held to the same, so that whatever was stored can be answered in
/// both formats.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn forbidden_character(c: char, at: Position) -> ServiceError {
    ServiceError::invalid_xml(
        format!("Character U+{:04X} is not allowed ({at}).", u32::from(c)),
        "Remove control characters from the text.",
    )
}

fn malformed(what: &str, reason: impl std::fmt::Display, at: Position) -> ServiceError {
    ServiceError::invalid_xml(
        format!("The request is not well-formed {what}: {} ({at}).", quoted(&reason.to_string())),
        format!("Send a well-formed {what} document with the root 'ServiceRequest'."),
    )
}

/// Trims in place where there is something to trim.
fn trimmed(text: String) -> String {
    let inner = text.trim();
    if inner.len() == text.len() {
        return text;
    }
    inner.to_owned()
}
