//! What callers write objects and lists with.

use std::io::Write as _;

use jiff::Timestamp;

use super::escape;
use super::level::{Level, Shape};
use crate::Format;
use crate::date::write_date;

/// Writes the members of one object, in the order of the calls.
///
/// Names are the program's own and must be XML names; values may be any text. A member without value is left out:
/// that is what the `_opt` forms are for, and an empty text is no value either (contract/qps.md 8). Members that the
/// projection does not want are skipped, and closures of unwanted branches are not called.
pub struct ObjectWriter<'w> {
    level: Level<'w>,
}

/// Writes the items of one list.
pub struct ListWriter<'w> {
    level: Level<'w>,
}

impl ObjectWriter<'_> {
    /// A text; left out if empty.
    pub fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.level.scalar(name, |out, format| write_text(out, format, text));
        }
    }

    /// A text that may be absent.
    pub fn text_opt(&mut self, name: &str, text: Option<&str>) {
        self.text(name, text.unwrap_or_default());
    }

    /// A text that is there also when it is empty, for the few members that clients demand (contract/am.md 10).
    pub fn text_always(&mut self, name: &str, text: &str) {
        self.level.scalar(name, |out, format| write_text(out, format, text));
    }

    /// A free text, as CDATA in XML (contract/was.md 1.1); left out if empty.
    pub fn cdata(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.level.scalar(name, |out, format| write_cdata(out, format, text));
        }
    }

    /// A free text that may be absent.
    pub fn cdata_opt(&mut self, name: &str, text: Option<&str>) {
        self.cdata(name, text.unwrap_or_default());
    }

    /// A free text with attributes: `<name key="v"><![CDATA[..]]></name>`, in JSON `{"value":"..","key":"v"}`
    /// (contract/was.md 1.3); left out if the text is empty.
    pub fn attributed(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        if !text.is_empty() {
            self.level.attributed(name, attributes, text);
        }
    }

    /// A whole number; a number in JSON too, however large.
    pub fn number(&mut self, name: &str, number: impl Into<i128>) {
        self.level.scalar(name, |out, _| write_number(out, number.into()));
    }

    /// A whole number that may be absent.
    pub fn number_opt(&mut self, name: &str, number: Option<impl Into<i128>>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    /// A number with a fraction; left out if it is not finite.
    pub fn float(&mut self, name: &str, number: f64) {
        if number.is_finite() {
            self.level.scalar(name, |out, _| write_to(out, format_args!("{number:?}")));
        }
    }

    /// A number with a fraction that may be absent.
    pub fn float_opt(&mut self, name: &str, number: Option<f64>) {
        self.float(name, number.unwrap_or(f64::NAN));
    }

    /// A boolean; the string `"true"` or `"false"` in JSON.
    pub fn boolean(&mut self, name: &str, value: bool) {
        let text = if value { "true" } else { "false" };
        self.level.scalar(name, |out, format| {
            write_plain(out, format, |out| out.extend_from_slice(text.as_bytes()))
        });
    }

    /// A boolean that may be absent.
    pub fn boolean_opt(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.boolean(name, value);
        }
    }

    /// A date, to the second, in UTC.
    pub fn date(&mut self, name: &str, instant: Timestamp) {
        self.level.scalar(name, |out, format| write_plain(out, format, |out| write_date(out, instant)));
    }

    /// A date that may be absent.
    pub fn date_opt(&mut self, name: &str, instant: Option<Timestamp>) {
        if let Some(instant) = instant {
            self.date(name, instant);
        }
    }

    /// An object inside this one; `<name/>` and `{}` if nothing is written in it.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.level.container(name, Shape::Object, |level| in_object(level, write));
    }

    /// An element without content: `<name/>`, in JSON `{}`.
    pub fn empty(&mut self, name: &str) {
        self.object(name, |_| {});
    }

    /// A list: `<name><list><Item>..`, in JSON `"name":{"list":[{"Item":..}]}`. Without items it is still there,
    /// as `<list/>` and `[]`.
    pub fn list(&mut self, name: &str, write: impl FnOnce(&mut ListWriter<'_>)) {
        self.level.container(name, Shape::Object, |mut level| {
            level.container("list", Shape::Array, |level| in_list(level, write));
            level.empty
        });
    }

    /// A list that tells its length, and has no `list` at all if that is 0 (contract/was.md 1.3).
    pub fn counted_list(&mut self, name: &str, count: u64, write: impl FnOnce(&mut ListWriter<'_>)) {
        self.level.container(name, Shape::Object, |mut level| {
            level.scalar("count", |out, _| write_number(out, count.into()));
            if count > 0 {
                level.container("list", Shape::Array, |level| in_list(level, write));
            }
            level.empty
        });
    }

    /// Items directly inside an element, as in `<platforms><Platform>..` (contract/ca.md 6); in JSON an array of
    /// one-key objects.
    pub fn sequence(&mut self, name: &str, write: impl FnOnce(&mut ListWriter<'_>)) {
        self.level.container(name, Shape::Array, |level| in_list(level, write));
    }
}

impl ListWriter<'_> {
    /// An object.
    pub fn item(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.level.container(name, Shape::Object, |level| in_object(level, write));
    }

    /// A text: `<name>..</name>`, in JSON `{"name":".."}`.
    pub fn value(&mut self, name: &str, text: &str) {
        self.level.scalar(name, |out, format| write_text(out, format, text));
    }

    /// A free text with or without attributes: `<Url><![CDATA[..]]></Url>`, in JSON `{"Url":{"value":".."}}`.
    pub fn attributed(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.level.attributed(name, attributes, text);
    }

    /// A number that has a name in XML only: `<list><long>79</long></list>`, in JSON `[79]`.
    pub fn number(&mut self, name: &str, number: impl Into<i128>) {
        self.level.unnamed(name, |out, _| write_number(out, number.into()));
    }
}

/// Writes members into a level; tells whether it stayed empty.
pub(super) fn in_object(level: Level<'_>, write: impl FnOnce(&mut ObjectWriter<'_>)) -> bool {
    let mut object = ObjectWriter { level };
    write(&mut object);
    object.level.empty
}

fn in_list(level: Level<'_>, write: impl FnOnce(&mut ListWriter<'_>)) -> bool {
    let mut list = ListWriter { level };
    write(&mut list);
    list.level.empty
}

fn write_text(out: &mut Vec<u8>, format: Format, text: &str) {
    match format {
        Format::Xml => escape::xml_text(out, text),
        Format::Json => escape::json_string(out, text),
    }
}

fn write_cdata(out: &mut Vec<u8>, format: Format, text: &str) {
    match format {
        Format::Xml => escape::xml_cdata(out, text),
        Format::Json => escape::json_string(out, text),
    }
}

/// A value that needs no escaping but is a string in JSON.
fn write_plain(out: &mut Vec<u8>, format: Format, write: impl FnOnce(&mut Vec<u8>)) {
    if format == Format::Xml {
        return write(out);
    }
    out.push(b'"');
    write(out);
    out.push(b'"');
}

/// Nearly all numbers fit 64 bits, for which formatting is several times faster.
fn write_number(out: &mut Vec<u8>, number: i128) {
    match i64::try_from(number) {
        Ok(number) => write_to(out, format_args!("{number}")),
        Err(_) => write_to(out, format_args!("{number}")),
    }
}

fn write_to(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing into memory can't fail.
    let _ = out.write_fmt(text);
}
