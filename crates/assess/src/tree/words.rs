//! The words of a statement.

/// How the words of a node's text are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Words between blanks; double quotes hold blanks together.
    Words,
    /// The whole text is one word: trees made of paths, such as Junos and PAN-OS.
    Atoms,
    /// Two words, a key and a value, parted by the first `:` or `=`.
    Pairs,
    /// Fields parted by a character, such as the lines of `/etc/passwd`.
    Fields(char),
}

/// Iterates the words of one text.
#[derive(Debug, Clone)]
pub struct Words<'a> {
    shape: Shape,
    rest: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// The words of `text` under `shape`.
    #[must_use]
    pub fn of(text: &'a str, shape: Shape) -> Self {
        Self { shape, rest: Some(text) }
    }

    /// What has not been iterated yet, without the blanks around it.
    #[must_use]
    pub fn rest(&self) -> &'a str {
        self.rest.unwrap_or_default().trim()
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        match self.shape {
            Shape::Atoms => {
                self.rest = None;
                Some(rest)
            }
            Shape::Words => {
                let (word, after) = first_word(rest.trim_start())?;
                self.rest = Some(after);
                Some(word)
            }
            Shape::Pairs => match rest.split_once([':', '=']) {
                Some((key, value)) => {
                    self.rest = None;
                    // The second word comes from the last state: a value is not parted again.
                    self.shape = Shape::Atoms;
                    self.rest = Some(value.trim());
                    Some(key.trim())
                }
                None => {
                    self.rest = None;
                    Some(rest.trim())
                }
            },
            Shape::Fields(mark) => {
                let (field, after) = match rest.split_once(mark) {
                    Some((field, after)) => (field, Some(after)),
                    None => (rest, None),
                };
                self.rest = after;
                Some(field.trim())
            }
        }
    }
}

/// The first word of a text that does not start with a blank, and what follows.
fn first_word(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return None;
    }
    if let Some(inner) = text.strip_prefix('"')
        && let Some(end) = closing_quote(inner)
        && let (Some(word), Some(after)) = (inner.get(..end), inner.get(end + 1..))
    {
        return Some((word, after));
    }
    let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    Some(text.split_at(end))
}

/// Where the quote ends that began just before `text`; a backslash protects the next character.
pub(crate) fn closing_quote(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', text.as_bytes().get(from..)?)?;
        if text.as_bytes().get(at) == Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, shape: Shape) -> Vec<&str> {
        Words::of(text, shape).collect()
    }

    #[test]
    fn each_shape_parts_its_words() {
        assert_eq!(words(" set name \"a b\"  c", Shape::Words), ["set", "name", "a b", "c"]);
        assert_eq!(words("description it's 5\" wide", Shape::Words), ["description", "it's", "5\"", "wide"]);
        assert_eq!(words("a b", Shape::Atoms), ["a b"]);
        assert_eq!(words("Operation Mode: NAT: x", Shape::Pairs), ["Operation Mode", "NAT: x"]);
        assert_eq!(words("net.x = 1", Shape::Pairs), ["net.x", "1"]);
        assert_eq!(words("[Section]", Shape::Pairs), ["[Section]"]);
        assert_eq!(words("root:x:0::/root", Shape::Fields(':')), ["root", "x", "0", "", "/root"]);
        assert_eq!(words("\"never closed a", Shape::Words), ["\"never", "closed", "a"]);
    }
}
