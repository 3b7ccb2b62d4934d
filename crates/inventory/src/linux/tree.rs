//! The file tree that is read, and the notes on what could not be.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::{List, Omission, Text};

/// The most that is read of one file. A package database of this size describes hundreds of thousands of packages.
const MAX_FILE: u64 = 64 << 20;

/// The root below which everything is read.
pub(crate) struct Tree {
    root: PathBuf,
}

impl Tree {
    pub(crate) fn new(root: &Path) -> Self {
        // Programs that are asked about the tree want to know where it is from everywhere.
        Self { root: std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf()) }
    }

    /// Whether this is the running system, so that system calls and programs may be asked too.
    pub(crate) fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where an absolute path of the machine is found.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// The bytes of a regular file, at most [`MAX_FILE`] of them.
    pub(crate) fn bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = self.path(path);
        if !path.metadata()?.is_file() {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The text of a file. Bytes that are not UTF-8 become the replacement character.
    pub(crate) fn text(&self, path: &str) -> io::Result<String> {
        let bytes = self.bytes(path)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The first line of a file that holds a single value; `None` when it cannot be read or is empty.
    pub(crate) fn line(&self, path: &str) -> Option<Text> {
        Text::found(self.text(path).ok()?.lines().next()?)
    }
}

/// What could not be read, and why.
#[derive(Default)]
pub(crate) struct Omissions(List<Omission>);

impl Omissions {
    pub(crate) fn note(&mut self, what: &str, why: &str) {
        self.0.insert(Omission { what: what.into(), why: why.into() });
    }

    /// Notes that a file could not be read. The text has no error number or count, so that it stays the same.
    pub(crate) fn unreadable(&mut self, what: &str, path: &str, error: &io::Error) {
        let why = match error.kind() {
            ErrorKind::NotFound => format!("there is no {path} here"),
            ErrorKind::PermissionDenied => format!("only root may read {path}"),
            _ => format!("{path} could not be read"),
        };
        self.note(what, &why);
    }

    pub(crate) fn into_list(self) -> List<Omission> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_root_is_made_absolute_and_the_root_itself_is_live() {
        assert!(Tree::new(Path::new("some/tree")).path("/etc/passwd").is_absolute());
        assert!(Tree::new(Path::new("/")).is_live());
        assert!(!Tree::new(Path::new("/some/tree")).is_live());
    }

    #[test]
    fn what_is_not_a_regular_file_is_not_read() {
        let tree = Tree::new(Path::new("/"));
        assert_eq!(tree.bytes("/dev/zero").unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(tree.bytes("/nonexistent").unwrap_err().kind(), ErrorKind::NotFound);
    }
}
