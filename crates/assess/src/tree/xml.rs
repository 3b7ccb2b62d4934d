//! PAN-OS as XML: the same tree that its `set` lines give. Element names and texts are words; an `entry` is known by
//! its name and a `member` by its text. Document types are refused, so no entity can grow.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{NodeId, Notation, Parsed, ROOT, Shape, Source, Tree, paths::is_container};
use crate::text::LineUse;

/// Elements deeper than this are refused: no device prints so.
const DEPTH: usize = 256;

pub(crate) fn parse(mut source: Source<'_>) -> Parsed {
    let from = source.range.start;
    for number in source.range.clone() {
        source.mark(number, LineUse::Close);
    }
    let text = source.text.slice(source.range.clone());
    let mut growing = Growing { tree: Tree::new(Shape::Atoms, Notation::SetLines), open: Vec::new() };
    let cut = growing.read(text, from, &mut source).err();
    Parsed { tree: growing.tree.finish(), cut }
}

struct Growing {
    tree: Tree,
    open: Vec<NodeId>,
}

impl Growing {
    fn read(&mut self, text: &str, first: u32, source: &mut Source<'_>) -> Result<(), String> {
        let mut reader = Reader::from_str(text);
        let (mut line, mut counted) = (first, 0);
        loop {
            let broken = |line: u32| format!("the XML is broken near line {line}");
            let event = reader.read_event().map_err(|_| broken(line))?;
            let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
            let start = line;
            line += newlines(text.as_bytes().get(counted..at).unwrap_or_default());
            counted = at;
            let parent = self.open.last().copied().unwrap_or(ROOT);
            match event {
                Event::Start(element) | Event::Empty(element) if element.name().as_ref().is_empty() => {
                    return Err(broken(line));
                }
                Event::Start(element) => {
                    if self.open.len() >= DEPTH {
                        return Err(format!("the XML is nested deeper than {DEPTH} elements on line {line}"));
                    }
                    let id = self.tag(parent, &element, (start, line), source);
                    self.open.push(id);
                }
                Event::Empty(element) => {
                    self.tag(parent, &element, (start, line), source);
                }
                Event::Text(value) => {
                    self.value(parent, value.trim(), start + leading_newlines(&value), source);
                }
                Event::CData(value) => {
                    self.value(parent, value.into_inner().trim(), start, source);
                }
                Event::GeneralRef(name) => {
                    // A reference inside a value: its character matters to no control, its place does.
                    self.value(parent, &format!("&{};", &*name), start, source);
                }
                Event::End(_) => {
                    self.open.pop();
                }
                Event::DocType(_) => return Err(format!("a document type is not accepted (line {line})")),
                Event::Eof if self.open.is_empty() => return Ok(()),
                Event::Eof => return Err(format!("{} XML element(s) do not end", self.open.len())),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => source.mark(start, LineUse::Comment),
            }
        }
    }

    /// Takes in a tag that stands on these lines, the first and the last.
    fn tag(
        &mut self,
        parent: NodeId,
        element: &BytesStart<'_>,
        (first, last): (u32, u32),
        source: &mut Source<'_>,
    ) -> NodeId {
        let known = self.tree.len();
        let id = self.element(parent, element, last);
        if id != parent {
            // What a longer tag ends with says nothing by itself, unless it is where the tree has its element.
            let is_rest = first < last && self.tree.len() == known;
            source.mark(last, if is_rest { LineUse::Body } else { LineUse::Statement });
        }
        id
    }

    fn element(&mut self, parent: NodeId, element: &BytesStart<'_>, line: u32) -> NodeId {
        let local = element.local_name();
        let word = match local.as_ref() {
            "config" | "response" | "result" if parent == ROOT => return ROOT,
            "member" => return parent,
            "entry" => {
                let named = element.attributes().flatten().find(|a| a.key.as_ref() == "name");
                named.map(|a| a.value.into_owned()).unwrap_or_default()
            }
            other => other.to_owned(),
        };
        self.child(parent, &word, line)
    }

    fn value(&mut self, parent: NodeId, value: &str, line: u32, source: &mut Source<'_>) {
        if !value.is_empty() {
            self.child(parent, value, line);
            source.mark(line, LineUse::Statement);
        }
    }

    fn child(&mut self, parent: NodeId, word: &str, line: u32) -> NodeId {
        let known = self.tree.len();
        let id = self.tree.child_or_new(parent, word, line, false);
        if self.tree.len() > known && is_container(&self.tree, parent) {
            self.tree.add_top(id);
        }
        id
    }
}

fn newlines(bytes: &[u8]) -> u32 {
    crate::text::offset(memchr::memchr_iter(b'\n', bytes).count())
}

fn leading_newlines(value: &str) -> u32 {
    let blank = value.len() - value.trim_start().len();
    newlines(value.as_bytes().get(..blank).unwrap_or_default())
}
