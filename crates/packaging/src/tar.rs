//! tar (POSIX ustar), as far as packages need it: files and folders of root, with short names.

/// Everything is in blocks of so many bytes.
const BLOCK: usize = 512;

/// An archive that is being written.
pub(crate) struct Tar {
    bytes: Vec<u8>,
    date: u32,
}

impl Tar {
    /// An empty archive; all in it will have this date.
    pub(crate) fn new(date: u32) -> Self {
        Self { bytes: Vec::new(), date }
    }

    /// Adds a folder.
    pub(crate) fn folder(&mut self, path: &str, mode: u16) {
        self.head(&format!("{path}/"), mode, 0, b'5');
    }

    /// Adds a file.
    pub(crate) fn file(&mut self, path: &str, mode: u16, content: &[u8]) {
        self.head(path, mode, content.len(), b'0');
        self.bytes.extend_from_slice(content);
        self.fill();
    }

    /// The whole archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&[0; 2 * BLOCK]);
        self.bytes
    }

    fn head(&mut self, name: &str, mode: u16, length: usize, kind: u8) {
        // All names are ours and short.
        debug_assert!(name.len() < 100, "{name}");
        let mut head = Vec::with_capacity(BLOCK);
        text(&mut head, name, 100);
        text(&mut head, &format!("{mode:07o}"), 8);
        text(&mut head, "0000000", 8);
        text(&mut head, "0000000", 8);
        text(&mut head, &format!("{length:011o}"), 12);
        text(&mut head, &format!("{:011o}", self.date), 12);
        let sum_at = head.len();
        // The sum counts itself as blanks.
        head.extend_from_slice(b"        ");
        head.push(kind);
        text(&mut head, "", 100);
        text(&mut head, "ustar", 6);
        head.extend_from_slice(b"00");
        text(&mut head, "root", 32);
        text(&mut head, "root", 32);
        text(&mut head, "0000000", 8);
        text(&mut head, "0000000", 8);
        head.resize(BLOCK, 0);
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        let sum = format!("{sum:06o}\0 ");
        for (to, from) in head.iter_mut().skip(sum_at).zip(sum.bytes()) {
            *to = from;
        }
        self.bytes.append(&mut head);
    }

    fn fill(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
    }
}

/// A text in a field of its own width.
fn text(to: &mut Vec<u8>, text: &str, width: usize) {
    let end = to.len() + width;
    to.extend(text.bytes().take(width));
    to.resize(end, 0);
}
