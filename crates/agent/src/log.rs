//! Lines for the journal: time, level, what happened, and `name=value` pairs.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::clock;

/// From 0 (what is fatal) to 5 (everything), as `LogLevel` says it (`contract/ca.md 9.1`).
static LEVEL: AtomicU8 = AtomicU8::new(3);

/// Sets how much is logged, from 0 to 5.
pub fn set_level(level: u8) {
    LEVEL.store(level, Ordering::Relaxed);
}

/// Names and values that go with a line. Never a secret.
pub type Facts<'a> = &'a [(&'a str, &'a dyn Display)];

/// Something happened as it should.
pub fn info(what: &str, facts: Facts) {
    write(3, "INFO", what, facts);
}

/// Something is not as it should be; the agent goes on.
pub fn warn(what: &str, facts: Facts) {
    write(2, "WARN", what, facts);
}

/// Something failed.
pub fn error(what: &str, facts: Facts) {
    write(0, "ERROR", what, facts);
}

fn write(from: u8, level: &str, what: &str, facts: Facts) {
    if LEVEL.load(Ordering::Relaxed) < from {
        return;
    }
    // Nobody reads it any more: that is no reason to stop.
    let _ = io::stderr().write_all(line(level, what, facts).as_bytes());
}

/// One line, whatever the values contain.
fn line(level: &str, what: &str, facts: Facts) -> String {
    let mut line = format!("{} {level} {what}", clock::now());
    for (name, value) in facts {
        let value = value.to_string();
        let is_plain =
            !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"');
        if is_plain {
            line.push_str(&format!(" {name}={value}"));
        } else {
            line.push_str(&format!(" {name}={value:?}"));
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_line_breaks_stays_on_its_line() {
        let text = line("INFO", "done", &[("count", &3), ("why", &"a \"b\"\nc"), ("none", &"")]);
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(time.ends_with('Z'), "{time}");
        assert_eq!(rest, "INFO done count=3 why=\"a \\\"b\\\"\\nc\" none=\"\"\n");
    }
}
