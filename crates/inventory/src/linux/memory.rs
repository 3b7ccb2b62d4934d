//! `/proc/meminfo`: how much memory there is.

use super::tree::{Omissions, Tree};

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> Option<u64> {
    match tree.text("/proc/meminfo") {
        Ok(text) => parse(&text),
        Err(error) => {
            omissions.unreadable("memoryMb", "/proc/meminfo", &error);
            None
        }
    }
}

/// `MemTotal` in MiB.
pub fn parse(text: &str) -> Option<u64> {
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_mebibytes() {
        assert_eq!(parse("MemTotal:       24620520 kB\nMemFree: 1 kB\n"), Some(24043));
        assert_eq!(parse("MemTotal: lots\n"), None);
        assert_eq!(parse("MemTotal: 99999999999999999999 kB\n"), None);
    }
}
