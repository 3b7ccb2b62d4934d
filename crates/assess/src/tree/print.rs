//! Trees written down again: the text parses to the same tree.

use super::scan::quote;
use super::{NodeId, Notation, Tree};

impl Tree {
    /// The tree as text in the notation of its family; path trees are written as `set` lines.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = String::new();
        match self.notation {
            Notation::Indented => self.print_indented(&mut out),
            Notation::Forti => self.print_closed(&mut out, |text| match text.split_whitespace().next() {
                Some("config") => ("", "end"),
                Some("edit") => ("", "next"),
                _ => ("", ""),
            }),
            Notation::Braces => self.print_closed(&mut out, |_| (" {", "}")),
            Notation::SetLines => self.print_set(&mut out),
            Notation::Tables => self.print_tables(&mut out),
        }
        out
    }

    fn print_line(&self, out: &mut String, depth: usize, id: NodeId) {
        if !self.is_body(id) {
            out.extend(std::iter::repeat_n(' ', depth));
        }
        out.push_str(self.text(id));
    }

    fn print_indented(&self, out: &mut String) {
        for (depth, id) in self.walk() {
            self.print_line(out, depth, id);
            out.push('\n');
        }
    }

    /// Prints blocks that are closed by a line of their own.
    fn print_closed(&self, out: &mut String, marks: fn(&str) -> (&'static str, &'static str)) {
        let mut open: Vec<(usize, &'static str)> = Vec::new();
        for (depth, id) in self.walk() {
            close_down_to(out, &mut open, depth);
            self.print_line(out, depth, id);
            let (opening, closing) = marks(self.text(id));
            let is_block = closing != "}" || self.all_children(id).any(|child| !self.is_body(child));
            if is_block && !self.is_body(id) {
                out.push_str(opening);
                if !closing.is_empty() {
                    open.push((depth, closing));
                }
            }
            out.push('\n');
        }
        if !self.unfinished {
            close_down_to(out, &mut open, 0);
        }
    }

    fn print_set(&self, out: &mut String) {
        let mut switched_off = String::new();
        let mut path: Vec<NodeId> = Vec::new();
        for (depth, id) in self.walk() {
            path.truncate(depth);
            path.push(id);
            if self.is_inherited(id) {
                continue;
            }
            if self.all_children(id).all(|child| self.is_inherited(child)) {
                self.print_path(out, "set", &path);
            }
            if self.is_inactive(id) {
                self.print_path(&mut switched_off, "deactivate", &path);
            }
        }
        out.push_str(&switched_off);
    }

    fn print_path(&self, out: &mut String, verb: &str, path: &[NodeId]) {
        out.push_str(verb);
        for id in path {
            out.push(' ');
            quote(self.text(*id), out);
        }
        out.push('\n');
    }
}

fn close_down_to(out: &mut String, open: &mut Vec<(usize, &'static str)>, depth: usize) {
    while let Some((level, mark)) = open.pop_if(|(level, _)| *level >= depth) {
        out.extend(std::iter::repeat_n(' ', level));
        out.push_str(mark);
        out.push('\n');
    }
}
