//! `/proc/stat`: when the system was started.

use jiff::Timestamp;

use super::tree::{Omissions, Tree};

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> Option<Timestamp> {
    match tree.text("/proc/stat") {
        Ok(text) => parse(&text),
        Err(error) => {
            omissions.unreadable("lastBoot", "/proc/stat", &error);
            None
        }
    }
}

/// The `btime` line: seconds since the epoch.
pub fn parse(text: &str) -> Option<Timestamp> {
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime "))?;
    Timestamp::from_second(seconds.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_time_is_read_between_the_counters() {
        let time = parse("cpu  1 2 3\nintr 5\nctxt 6\nbtime 1700000000\nprocesses 7\n").unwrap();
        assert_eq!(time.to_string(), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn a_time_that_is_none_is_left_out() {
        assert_eq!(parse("btime x"), None);
        assert_eq!(parse("btime 99999999999999999"), None);
        assert_eq!(parse(""), None);
    }
}
