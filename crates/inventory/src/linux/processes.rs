//! `/proc/*/fd`: which process holds a socket.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::tree::Tree;
use crate::Text;

/// The most processes that are looked at.
const MAX_PROCESSES: usize = 100_000;

/// The name of the process that holds each of the `wanted` sockets, as far as it may be seen. Where several hold one, the
/// oldest number counts: the one that opened it, usually.
pub(crate) fn owners(tree: &Tree, mut wanted: HashSet<u64>) -> HashMap<u64, Text> {
    let mut owners = HashMap::new();
    let Ok(folder) = tree.path("/proc").read_dir() else { return owners };
    let number = |name: &str| name.parse::<u32>().ok();
    let mut processes: Vec<u32> = folder
        .take(MAX_PROCESSES)
        .flatten()
        .filter_map(|entry| number(entry.file_name().to_str()?))
        .collect();
    processes.sort_unstable();
    for process in processes {
        if wanted.is_empty() {
            break;
        }
        let Ok(files) = tree.path(&format!("/proc/{process}/fd")).read_dir() else { continue };
        let sockets = files.flatten().filter_map(|file| socket_inode(&file.path().read_link().ok()?));
        for inode in sockets {
            if !wanted.remove(&inode) {
                continue;
            }
            if let Some(name) = tree.line(&format!("/proc/{process}/comm")) {
                owners.insert(inode, name);
            }
        }
    }
    owners
}

/// The number in `socket:[12345]`, where an open file leads to a socket.
pub fn socket_inode(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_socket_tells_its_number() {
        assert_eq!(socket_inode(Path::new("socket:[42]")), Some(42));
        for link in ["socket:[]", "socket:[x]", "pipe:[42]", "/dev/null", "socket:[42"] {
            assert_eq!(socket_inode(Path::new(link)), None, "{link}");
        }
    }
}
