//! The change log: who changed what, when, and how.

use std::collections::HashSet;

use jiff::Timestamp;

/// Up to so many elements are looked for one by one.
const FEW: usize = 8;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ChangeKind {
    Created,
    Updated,
    Deleted,
}

impl ChangeKind {
    /// The name in the log.
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Created => "created",
            ChangeKind::Updated => "updated",
            ChangeKind::Deleted => "deleted",
        }
    }

    /// The change of this name.
    pub fn named(name: &str) -> Option<Self> {
        [ChangeKind::Created, ChangeKind::Updated, ChangeKind::Deleted]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// One entry of the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place; rises, with gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who, as the caller of the write was named.
    pub author: String,
    /// The kind of object.
    pub kind: String,
    /// Its id.
    pub id: u32,
    /// What happened.
    pub change: ChangeKind,
    /// What was there before and is no longer (JSON); see [`difference`].
    pub before: String,
    /// What is there now and was not before (JSON).
    pub after: String,
}

/// What two documents of one kind do not share, as two documents: the members of the first that the second lacks or
/// has otherwise, and the reverse; members that are objects likewise. Of lists only the elements not shared are kept, so that one changed package of
/// thousands makes a small entry. An empty text stands for no document.
///
/// Works on the texts as the store wrote them (compact, same order of members), without building values.
pub fn difference(before: &str, after: &str) -> (String, String) {
    let (old, new) = (members(before), members(after));
    let mut sides = (String::from("{"), String::from("{"));
    for (name, value) in &old {
        match find(&new, name) {
            Some(other) if other == *value => {}
            Some(other) => {
                let (gone, come) = value_difference(value, other);
                push_member(&mut sides.0, name, &gone);
                push_member(&mut sides.1, name, &come);
            }
            None => push_member(&mut sides.0, name, value),
        }
    }
    for (name, value) in new.iter().filter(|(name, _)| find(&old, name).is_none()) {
        push_member(&mut sides.1, name, value);
    }
    sides.0.push('}');
    sides.1.push('}');
    sides
}

fn find<'a>(members: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    members.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
}

fn push_member(out: &mut String, name: &str, value: &str) {
    if out.len() > 1 {
        out.push(',');
    }
    out.push_str(name);
    out.push(':');
    out.push_str(value);
}

/// Of objects and lists what they do not share; other values whole.
fn value_difference(old: &str, new: &str) -> (String, String) {
    if old.starts_with('{') && new.starts_with('{') {
        return difference(old, new);
    }
    let (Some(gone), Some(come)) = (elements(old), elements(new)) else {
        return (old.to_owned(), new.to_owned());
    };
    let start = gone.iter().zip(&come).take_while(|(a, b)| a == b).count();
    let rest = gone.len().min(come.len()) - start;
    let end = gone.iter().rev().zip(come.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let only = |of: &[&str], not_in: &[&str]| {
        let part = of.get(start..of.len() - end).unwrap_or_default();
        let left: Vec<&str> = if part.len() <= FEW {
            part.iter().copied().filter(|element| !not_in.contains(element)).collect()
        } else {
            let others: HashSet<&str> = not_in.iter().copied().collect();
            part.iter().copied().filter(|element| !others.contains(element)).collect()
        };
        format!("[{}]", left.join(","))
    };
    (only(&gone, &come), only(&come, &gone))
}

/// The members of a compact JSON object: quoted names and values, as text.
fn members(object: &str) -> Vec<(&str, &str)> {
    let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    let parts = split(inner);
    parts
        .into_iter()
        .filter_map(|part| part.split_at_checked(quoted_end(part)?))
        .filter_map(|(name, rest)| Some((name, rest.strip_prefix(':')?)))
        .collect()
}

/// The elements of a compact JSON array, as text; `None` for another value.
fn elements(array: &str) -> Option<Vec<&str>> {
    Some(split(array.strip_prefix('[')?.strip_suffix(']')?))
}

/// Where the quoted text that a part begins with ends.
fn quoted_end(part: &str) -> Option<usize> {
    text_end(part.as_bytes(), 1)
}

/// Where the text whose quotes opened before `at` ends.
fn text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        // Most texts are short: eight bytes at a time beat a search that has to be set up.
        while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let eight = u64::from_le_bytes(*eight);
            let found = zeros(eight ^ 0x2222_2222_2222_2222) | zeros(eight ^ 0x5c5c_5c5c_5c5c_5c5c);
            at += (found.trailing_zeros() / 8) as usize;
            if found != 0 {
                break;
            }
        }
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The highest bit of each byte that is zero; of those above the first zero, perhaps of others too.
fn zeros(eight: u64) -> u64 {
    eight.wrapping_sub(0x0101_0101_0101_0101) & !eight & 0x8080_8080_8080_8080
}

/// Splits at the commas that stand outside of quotes and brackets.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let bytes = text.as_bytes();
    let (mut depth, mut from, mut at) = (0usize, 0usize, 0usize);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = text_end(bytes, at).unwrap_or(bytes.len()),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.extend(text.get(from..at - 1));
                from = at;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..).filter(|last| !last.is_empty()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_kept() {
        let before =
            r#"{"net":{"a":1,"b":2},"tags":[1,2],"software":[{"n":"a, \"v\"","v":[1]},{"n":"b"}],"os":"x"}"#;
        let after =
            r#"{"net":{"a":1,"b":3},"tags":[1,2],"software":[{"n":"b"},{"n":"a","v":[2]}],"address":"y"}"#;
        let (gone, come) = difference(before, after);
        assert_eq!(gone, r#"{"net":{"b":2},"software":[{"n":"a, \"v\"","v":[1]}],"os":"x"}"#);
        assert_eq!(come, r#"{"net":{"b":3},"software":[{"n":"a","v":[2]}],"address":"y"}"#);
    }

    #[test]
    fn a_new_object_is_all_new() {
        assert_eq!(difference("", r#"{"a":1}"#), ("{}".into(), r#"{"a":1}"#.into()));
        assert_eq!(difference(r#"{"a":1}"#, ""), (r#"{"a":1}"#.into(), "{}".into()));
        assert_eq!(difference(r#"{"a":1}"#, r#"{"a":1}"#), ("{}".into(), "{}".into()));
    }
}
