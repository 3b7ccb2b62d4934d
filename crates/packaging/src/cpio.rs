//! cpio in its "new ASCII" form, which is what is inside of an rpm.

use crate::contents::Entry;

/// An archive of these, with `./` before each name.
pub(crate) fn build(entries: &[Entry<'_>], date: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let content = entry.content.unwrap_or_default();
        add(&mut bytes, place + 1, full_mode(entry), date, &format!("./{}", entry.path), content);
    }
    add(&mut bytes, 0, 0, 0, "TRAILER!!!", &[]);
    bytes
}

/// The mode with the kind of file.
pub(crate) fn full_mode(entry: &Entry<'_>) -> u16 {
    entry.mode | if entry.content.is_some() { 0o100_000 } else { 0o040_000 }
}

fn add(to: &mut Vec<u8>, inode: usize, mode: u16, date: u32, name: &str, content: &[u8]) {
    let links = 1 + u8::from(mode & 0o040_000 != 0);
    let fields = [inode, mode.into(), 0, 0, links.into(), 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
    to.extend_from_slice(b"070701");
    for (place, field) in fields.into_iter().enumerate() {
        let text = if place == 5 { format!("{date:08x}") } else { format!("{field:08x}") };
        to.extend_from_slice(text.as_bytes());
    }
    to.extend_from_slice(name.as_bytes());
    to.push(0);
    fill(to);
    to.extend_from_slice(content);
    fill(to);
}

fn fill(to: &mut Vec<u8>) {
    to.resize(to.len().next_multiple_of(4), 0);
}
