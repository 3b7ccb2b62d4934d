//! The QPS wire: `ServiceRequest` and `ServiceResponse` in XML and JSON (contract/qps.md).
//!
//! A request body of either format is read into one [`Request`]; an answer is written once, by calls on a
//! [`Writer`], and comes out in the format that was asked for. What stays true here:
//!
//! - The crate knows no product area, no HTTP framework and no storage: names and shapes of objects are the caller's.
//! - XML and JSON of the same request read as equal values; XML and JSON answers carry the same data.
//! - No input is trusted: size, depth and number of nodes are limited, DTDs and foreign entities are refused, and
//!   whatever text is written comes out well-formed.
//! - Every error is a [`ServiceError`], which names field and value and always says what would be right.

mod date;
mod element;
mod error;
mod format;
mod list_edit;
mod path;
mod position;
mod query;
mod request;
mod response;
pub mod xsd;

pub use date::parse_date;
pub use element::Element;
pub use error::{ResponseCode, ServiceError};
pub use format::{Format, Formats, negotiate, negotiate_body, response_format};
pub use list_edit::ListEdit;
pub use path::{Path, Segments};
pub use position::Position;
pub use query::Query;
pub use request::{Criterion, DEFAULT_LIMIT, Limits, MAX_LIMIT, Preferences, Request, read};
pub use response::{Head, ListWriter, ObjectWriter, Projection, Writer, bare_xml, error};
