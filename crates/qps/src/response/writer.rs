//! The envelope around the records.

use super::escape;
use super::level::{Level, Output, Shape};
use super::object::{ObjectWriter, in_object};
use super::projection::Projection;
use crate::{Format, ResponseCode, ServiceError};

/// What stands before `data`, as far as the operation has it (contract/qps.md 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Search: the records in this page; count: the total; writes: the objects affected.
    pub count: Option<u64>,
    /// `hasMoreRecords`: on every search page that has records.
    pub more: Option<bool>,
    /// The last record's id; only when there are more.
    pub last_id: Option<u64>,
}

impl Head {
    /// Only a count: for get, count and writes.
    pub const fn count(count: u64) -> Self {
        Self { count: Some(count), more: None, last_id: None }
    }

    /// A search page by the rules of contract/qps.md 7: nothing but the count on an empty page, and `lastId` only if
    /// there are more.
    pub fn page(count: u64, more: bool, last_id: u64) -> Self {
        let (filled, more_follow) = (count > 0, count > 0 && more);
        Self { count: Some(count), more: filled.then_some(more), last_id: more_follow.then_some(last_id) }
    }
}

/// Writes a successful answer, record by record.
///
/// ```
/// use qps::{Format, Head, Projection, Writer};
///
/// let mut writer = Writer::new(Format::Json, "https://scan.example.test/qps/xsd/2.0/am/tag.xsd", Projection::all());
/// writer.success(Head::count(1));
/// writer.record("Tag", |tag| {
///     tag.number("id", 4101);
///     tag.text("name", "lab");
/// });
/// let body = writer.finish();
/// assert_eq!(body, br#"{"ServiceResponse":{"responseCode":"SUCCESS","count":1,"data":[{"Tag":{"id":4101,"name":"lab"}}]}}"#);
/// ```
pub struct Writer {
    out: Output,
    schema_location: String,
    projection: Projection,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing is written.
    Start,
    /// The head is written.
    Head,
    /// `data` is open and has records.
    Data,
}

/// The projection of the envelope itself.
static EVERYTHING: Projection = Projection::EVERYTHING;

impl Writer {
    /// A writer that has written nothing. `schema_location` is the XSD's URL on the host that the client used; JSON
    /// does not show it.
    pub fn new(format: Format, schema_location: &str, projection: Projection) -> Self {
        let schema_location = schema_location.to_owned();
        Self { out: Output::new(format), schema_location, projection, stage: Stage::Start }
    }

    /// Writes `responseCode` and the head; once, before the records.
    pub fn success(&mut self, head: Head) {
        if self.stage != Stage::Start {
            return;
        }
        self.stage = Stage::Head;
        open_envelope(&mut self.out, &self.schema_location);
        let level = Level::envelope(&mut self.out, &EVERYTHING, Shape::Object, true);
        in_object(level, |response| {
            response.text("responseCode", ResponseCode::Success.as_str());
            response.number_opt("count", head.count);
            response.boolean_opt("hasMoreRecords", head.more);
            response.number_opt("lastId", head.last_id);
        });
    }

    /// Writes one record into `data`. A record of which nothing is wanted is still there, so that `count` holds.
    pub fn record(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.success(Head::default());
        let first = self.stage == Stage::Head;
        if first {
            Level::envelope(&mut self.out, &EVERYTHING, Shape::Object, false).open("data", Shape::Array);
            self.stage = Stage::Data;
        }
        let mut data = Level::envelope(&mut self.out, &EVERYTHING, Shape::Array, first);
        data.record(name, &self.projection, |level| in_object(level, write));
    }

    /// Writes what stands in `data` without an object around it, instead of records: `<data><success>..`, in JSON
    /// `"data":[{"success":..}]` (contract/was.md 4.5).
    pub fn blocks(&mut self, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.success(Head::default());
        if self.stage != Stage::Head {
            return;
        }
        let mut level = Level::envelope(&mut self.out, &EVERYTHING, Shape::Object, false);
        level.bare("data", |level| in_object(level, write));
    }

    /// Drains what is written so far.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out.buffer)
    }

    /// How many bytes wait to be taken.
    pub fn pending(&self) -> usize {
        self.out.buffer.len()
    }

    /// Closes the document; the rest of it.
    pub fn finish(mut self) -> Vec<u8> {
        self.success(Head::default());
        if self.stage == Stage::Data {
            Level::envelope(&mut self.out, &EVERYTHING, Shape::Object, false).close(
                "data",
                Shape::Array,
                false,
            );
        }
        close_envelope(&mut self.out);
        self.out.buffer
    }
}

/// The whole document of an error (contract/qps.md 8).
pub fn error(format: Format, schema_location: &str, error: &ServiceError) -> Vec<u8> {
    let mut out = Output::new(format);
    open_envelope(&mut out, schema_location);
    let resolution = Some(error.resolution.as_str()).filter(|text| !text.is_empty());
    let level = Level::envelope(&mut out, &EVERYTHING, Shape::Object, true);
    in_object(level, |response| {
        response.text("responseCode", error.code.as_str());
        response.object("responseErrorDetails", |details| {
            details.text(
                "errorMessage",
                if error.message.is_empty() { error.code.as_str() } else { &error.message },
            );
            details.text("errorResolution", resolution.unwrap_or("Correct the request and send it again."));
            details.number_opt("internalErrorCodeId", error.internal_code);
        });
    });
    close_envelope(&mut out);
    out.buffer
}

/// An XML document whose root is the object itself, without envelope (contract/was.md 6.6).
pub fn bare_xml(name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut out = Output::new(Format::Xml);
    out.raw(DECLARATION);
    Level::envelope(&mut out, &EVERYTHING, Shape::Object, true)
        .container(name, Shape::Object, |level| in_object(level, write));
    out.buffer
}

/// Without line break, since every element begins with one.
const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

fn open_envelope(out: &mut Output, schema_location: &str) {
    match out.format {
        Format::Json => out.raw("{\"ServiceResponse\":{"),
        Format::Xml => {
            out.raw(DECLARATION);
            out.raw("\n<ServiceResponse xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ");
            out.raw("xsi:noNamespaceSchemaLocation=\"");
            escape::xml_attribute(&mut out.buffer, schema_location);
            out.raw("\">");
        }
    }
    out.depth = 1;
}

fn close_envelope(out: &mut Output) {
    match out.format {
        Format::Json => out.raw("}}"),
        Format::Xml => out.raw("\n</ServiceResponse>"),
    }
}
