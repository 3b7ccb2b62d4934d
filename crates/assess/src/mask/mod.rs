//! Secrets taken out of lines before anything is kept or shown.
//!
//! - Masking works on lines, since evidence is lines: what stands before a secret is kept, the secret is not.
//! - When in doubt a word is masked: a name that looks like a key is better lost than a key that looks like a name.
//! - [`text`] masks a whole upload, private keys and certificates included.

mod patterns;

use std::collections::HashSet;
use std::sync::OnceLock;

use regex::{Captures, Regex};

use crate::device::Device;
use crate::family::Family;

/// What stands in a secret's place.
pub const MASK: &str = "********";
/// Longest line kept as evidence (`contract/oca.md` 5.4), in characters.
const LENGTH: usize = 500;

/// A line of a family's configuration without its secrets.
#[must_use]
pub fn line(family: Family, line: &str) -> String {
    let Some(regex) = compiled(family) else { return MASK.to_owned() };
    let replace = |found: &Captures<'_>| {
        let get = |name: &str| found.name(name).map_or("", |m| m.as_str());
        let (keep, secret) = (get("keep"), get("secret"));
        if is_no_secret(keep, secret) {
            format!("{keep}{secret}")
        } else {
            format!("{keep}{MASK}{}", get("after"))
        }
    };
    let mut masked = regex.replace_all(line, replace).into_owned();
    if let Some(marks) = marks() {
        masked = marks.replace_all(&masked, MASK).into_owned();
    }
    if looks_like_key_material(&masked) { MASK.to_owned() } else { masked }
}

/// Everything after the first words of a line masked.
pub(crate) fn after_words(line: &str, words: usize) -> String {
    let indent = line.len() - line.trim_start().len();
    let kept: Vec<&str> = line.split_whitespace().take(words).collect();
    format!("{}{} {MASK}", " ".repeat(indent), kept.join(" "))
}

/// At most as many characters as evidence keeps.
#[must_use]
pub(crate) fn shorten(line: &str) -> String {
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// A whole upload without its secrets, line by line.
#[must_use]
pub fn text(device: &Device) -> String {
    let mut out = String::new();
    let mut key: Option<KeyBlock> = None;
    for (number, line) in device.text().lines(1..device.text().len() + 1) {
        key = KeyBlock::after(key.take(), line);
        match &key {
            Some(_) => out.push_str(MASK),
            None => out.push_str(&device.mask_line(number, line)),
        }
        out.push('\n');
    }
    out
}

/// Inside `BEGIN ... PRIVATE KEY`.
struct KeyBlock;

impl KeyBlock {
    fn after(open: Option<Self>, line: &str) -> Option<Self> {
        let begins = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
        let ended_before = open.is_none();
        if begins || (!ended_before && !line.contains("-----END ")) { Some(Self) } else { None }
    }
}

/// Lines that are secret only by the block they stand in: FortiOS prints a community as `set name`.
pub(crate) fn secret_lines(device: &Device) -> HashSet<u32> {
    let mut lines = HashSet::new();
    if device.family() != Family::Fortios {
        return lines;
    }
    for output in device.outputs() {
        let tree = &output.parsed.tree;
        for (_, node) in tree.walk() {
            let above = tree.parent(node).and_then(|p| tree.parent(p));
            if tree.text(node).starts_with("set name ")
                && above.is_some_and(|a| tree.text(a) == "config system snmp community")
            {
                lines.insert(tree.line(node));
            }
        }
    }
    lines
}

/// Words that follow a secret's keyword without being one.
fn is_no_secret(keep: &str, word: &str) -> bool {
    let bare = word.trim_matches('"');
    let common = [
        "chain",
        "config-key",
        "generate",
        "encryption",
        "none",
        "local",
        "group",
        "disable",
        "enable",
        "required",
        "*",
        "rsa",
        "ed25519",
        "modulus",
        "label",
        "version",
        "vrf",
        "use-vrf",
        "community",
        "traps",
        "informs",
        "format",
        "read",
        "write",
        "notify",
        "access",
        "context",
        "match",
        "requisite",
        "sufficient",
        "include",
        "substack",
        "optional",
    ];
    let settings = ["minimum-", "maximum-", "change-"].iter().any(|s| bare.starts_with(s));
    let key_number =
        keep.trim_start().starts_with("key ") && bare.len() <= 3 && bare.chars().all(|c| c.is_ascii_digit());
    bare.is_empty() || settings || common.iter().any(|c| c.eq_ignore_ascii_case(bare)) || key_number
}

/// A line of nothing but letters that encode bytes, as in certificates and keys.
fn looks_like_key_material(line: &str) -> bool {
    let bare = line.trim().trim_matches('"');
    let encoded = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let hex_words = || {
        let mut words = bare.split(' ');
        bare.len() >= 17 && words.all(|w| w.len() == 8 && w.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let mixed = || {
        let has = |f: fn(&char) -> bool| bare.chars().any(|c| f(&c));
        has(char::is_ascii_digit) && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase)
    };
    (bare.len() >= 40
        && !bare.contains(' ')
        && !bare.starts_with('/')
        && bare.chars().all(encoded)
        && mixed())
        || hex_words()
}

/// Hashes and encrypted values that are known by their own look.
fn marks() -> Option<&'static Regex> {
    static MARKS: OnceLock<Option<Regex>> = OnceLock::new();
    MARKS.get_or_init(|| Regex::new(patterns::MARKS).ok()).as_ref()
}

fn compiled(family: Family) -> Option<&'static Regex> {
    static ALL: [OnceLock<Option<Regex>>; Family::ALL.len()] = [const { OnceLock::new() }; Family::ALL.len()];
    let at = Family::ALL.iter().position(|f| *f == family)?;
    ALL.get(at)?.get_or_init(|| Regex::new(&patterns::of(family)).ok()).as_ref()
}

#[cfg(test)]
mod tests;
