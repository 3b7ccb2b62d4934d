//! One open object or list of an answer: indentation, commas, names and the projection, for both formats.

use super::escape;
use super::projection::{Projection, Selection};
use crate::Format;

/// Where an answer is written, and what its levels share.
pub(super) struct Output {
    pub(super) buffer: Vec<u8>,
    pub(super) format: Format,
    /// Open elements.
    pub(super) depth: usize,
    /// The stack of the projection.
    pub(super) stack: Vec<usize>,
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        Self { buffer: Vec::new(), format, depth: 0, stack: Vec::new() }
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn new_line(&mut self) {
        const BLANKS: [u8; 2] = [b' '; 2];
        self.buffer.push(b'\n');
        for _ in 0..self.depth {
            self.buffer.extend_from_slice(&BLANKS);
        }
    }

    fn tag(&mut self, start: &str, name: &str) {
        self.raw(start);
        self.raw(name);
        self.buffer.push(b'>');
    }
}

/// How a level looks in JSON; in XML they are alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{"name":...,"name":...}`
    Object,
    /// `[{"name":...},{"name":...}]`
    Array,
}

impl Shape {
    const fn brackets(self) -> (u8, u8) {
        match self {
            Self::Object => (b'{', b'}'),
            Self::Array => (b'[', b']'),
        }
    }
}

/// An open object or list.
pub(super) struct Level<'w> {
    pub(super) out: &'w mut Output,
    projection: &'w Projection,
    selection: Selection,
    shape: Shape,
    /// Whether nothing has been written in it yet.
    pub(super) empty: bool,
}

impl<'w> Level<'w> {
    /// The level at the top of a record.
    pub(super) fn top(out: &'w mut Output, projection: &'w Projection) -> Self {
        let selection = projection.top(&mut out.stack);
        Self { out, projection, selection, shape: Shape::Object, empty: true }
    }

    /// A level of the envelope, which no projection touches.
    pub(super) fn envelope(
        out: &'w mut Output,
        everything: &'w Projection,
        shape: Shape,
        empty: bool,
    ) -> Self {
        Self { out, projection: everything, selection: Selection::All, shape, empty }
    }

    /// Whether the member, a scalar, is wanted.
    fn wants(&mut self, name: &str) -> bool {
        let length = self.out.stack.len();
        let found = self.projection.enter(&mut self.out.stack, self.selection, name);
        self.out.stack.truncate(length);
        matches!(found, Some(Selection::All))
    }

    /// A scalar member, written by `write` if it is wanted.
    pub(super) fn scalar(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>, Format)) {
        if !self.wants(name) {
            return;
        }
        self.begin(name);
        write(&mut self.out.buffer, self.out.format);
        self.end(name);
    }

    /// A scalar that in JSON stands in its array without a name.
    pub(super) fn unnamed(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>, Format)) {
        if self.out.format == Format::Xml {
            return self.scalar(name, write);
        }
        if self.wants(name) {
            self.comma();
            write(&mut self.out.buffer, Format::Json);
        }
    }

    /// A member that is text in attributes: `<name key="value">` or `{"value":...,"key":"value"}`.
    pub(super) fn attributed(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        if !self.wants(name) {
            return;
        }
        match self.out.format {
            Format::Xml => {
                self.empty = false;
                self.out.new_line();
                self.out.raw("<");
                self.out.raw(name);
                for (key, value) in attributes {
                    self.out.raw(" ");
                    self.out.raw(key);
                    self.out.raw("=\"");
                    escape::xml_attribute(&mut self.out.buffer, value);
                    self.out.raw("\"");
                }
                self.out.raw(">");
                escape::xml_cdata(&mut self.out.buffer, text);
            }
            Format::Json => {
                self.begin(name);
                self.out.raw("{\"value\":");
                escape::json_string(&mut self.out.buffer, text);
                for (key, value) in attributes {
                    self.out.raw(",");
                    escape::json_string(&mut self.out.buffer, key);
                    self.out.raw(":");
                    escape::json_string(&mut self.out.buffer, value);
                }
                self.out.raw("}");
            }
        }
        self.end(name);
    }

    /// A member that is an object or a list. If only parts of it are wanted and none of them is there, it leaves no
    /// trace. `write` tells whether it left the level empty.
    pub(super) fn container(&mut self, name: &str, shape: Shape, write: impl FnOnce(Level<'_>) -> bool) {
        let length = self.out.stack.len();
        let Some(selection) = self.projection.enter(&mut self.out.stack, self.selection, name) else {
            return;
        };
        let (start, was_empty) = (self.out.buffer.len(), self.empty);
        self.open(name, shape);
        let empty =
            write(Level { out: self.out, projection: self.projection, selection, shape, empty: true });
        self.close(name, shape, empty);
        if empty && matches!(selection, Selection::Part { .. }) {
            self.out.buffer.truncate(start);
            self.empty = was_empty;
        }
        self.out.stack.truncate(length);
    }

    /// A record, or a part of the envelope: a container that is there even if nothing in it is wanted.
    pub(super) fn record(
        &mut self,
        name: &str,
        projection: &Projection,
        write: impl FnOnce(Level<'_>) -> bool,
    ) {
        self.open(name, Shape::Object);
        let empty = write(Level::top(self.out, projection));
        self.close(name, Shape::Object, empty);
    }

    /// A list whose one item is an object without name.
    pub(super) fn bare(&mut self, name: &str, write: impl FnOnce(Level<'_>) -> bool) {
        let shape = if self.out.format == Format::Json { Shape::Array } else { Shape::Object };
        self.open(name, shape);
        let (open, close) = Shape::Object.brackets();
        let is_json = self.out.format == Format::Json;
        if is_json {
            self.out.buffer.push(open);
        }
        let (projection, selection) = (self.projection, self.selection);
        let empty = write(Level { out: self.out, projection, selection, shape: Shape::Object, empty: true });
        if is_json {
            self.out.buffer.push(close);
        }
        self.close(name, shape, empty);
    }

    pub(super) fn open(&mut self, name: &str, shape: Shape) {
        self.begin(name);
        self.out.depth += 1;
        if self.out.format == Format::Json {
            self.out.buffer.push(shape.brackets().0);
        }
    }

    pub(super) fn close(&mut self, name: &str, shape: Shape, empty: bool) {
        self.out.depth = self.out.depth.saturating_sub(1);
        match self.out.format {
            Format::Json => self.out.buffer.push(shape.brackets().1),
            Format::Xml if empty => {
                self.out.buffer.pop();
                self.out.raw("/>");
                return;
            }
            Format::Xml => self.out.new_line(),
        }
        self.end(name);
    }

    fn begin(&mut self, name: &str) {
        match self.out.format {
            Format::Xml => {
                self.empty = false;
                self.out.new_line();
                self.out.tag("<", name);
            }
            Format::Json => {
                self.comma();
                if self.shape == Shape::Array {
                    self.out.buffer.push(b'{');
                }
                escape::json_string(&mut self.out.buffer, name);
                self.out.buffer.push(b':');
            }
        }
    }

    fn end(&mut self, name: &str) {
        match self.out.format {
            Format::Xml => self.out.tag("</", name),
            Format::Json if self.shape == Shape::Array => self.out.buffer.push(b'}'),
            Format::Json => {}
        }
    }

    fn comma(&mut self) {
        if !self.empty {
            self.out.buffer.push(b',');
        }
        self.empty = false;
    }
}
