//! Writing a `ServiceResponse` (contract/qps.md 8).
//!
//! The same calls give XML or JSON, member by member, straight into a buffer that may be drained between records: an
//! answer of any length needs the memory of one record. Whatever text is handed in, the document stays well-formed:
//! characters that XML 1.0 does not have come out as U+FFFD, in both formats.

mod escape;
mod level;
mod object;
mod projection;
mod writer;

pub use object::{ListWriter, ObjectWriter};
pub use projection::Projection;
pub use writer::{Head, Writer, bare_xml, error};
