//! What applications do to a value before they use it: encodings that are right somewhere, and filters that are not.

use std::sync::LazyLock;

use base64::Engine as _;
use regex::Regex;

/// A step between the request and the weakness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Removes everything that looks like a whole tag.
    StripTags,
    /// Removes these words once, whatever their case.
    Remove(&'static [&'static str]),
    /// Removes these words exactly as written, once.
    RemoveExact(&'static [&'static str]),
    /// Removes these characters.
    RemoveChars(&'static str),
    /// Refuses a value that has one of these words, whatever their case.
    Refuse(&'static [&'static str]),
    /// Refuses a value that has one of these words exactly as written.
    RefuseExact(&'static [&'static str]),
    /// Encodes these characters for HTML.
    Encode(&'static str),
    /// Puts a backslash before these characters.
    Backslash(&'static str),
    /// Doubles single quotes.
    DoubleQuotes,
    /// Cuts after so many characters.
    Cut(usize),
    /// Refuses what is longer.
    Longest(usize),
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
    /// Removes blanks.
    NoBlanks,
    /// Takes percent signs apart once more.
    DecodeAgain,
    /// Takes HTML entities apart.
    Entities,
    /// Reads base64.
    Base64,
    /// Only digits are let through; others are refused.
    Digits,
    /// Only letters, digits, blanks and `-_.` are let through; others are refused.
    Word,
}

/// Encodes `& < > " '`: right between tags and in quoted attributes.
pub fn html(text: &str) -> String {
    encode(text, "&<>\"'")
}

/// Encodes the given characters for HTML.
pub fn encode(text: &str, which: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if !which.contains(c) => out.push(c),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push_str(&format!("&#{};", u32::from(other))),
        }
    }
    out
}

/// A JavaScript string literal that can stand in a script element.
pub fn script(text: &str) -> String {
    let literal = serde_json::Value::from(text).to_string();
    literal.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027")
}

static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("<[^>]*>").ok());

fn remove_once(text: &str, word: &str, exact: bool) -> String {
    let (hay, needle) = if exact {
        (text.to_owned(), word.to_owned())
    } else {
        (text.to_ascii_lowercase(), word.to_ascii_lowercase())
    };
    let mut out = String::new();
    let mut last = 0;
    for (at, found) in hay.match_indices(&needle) {
        out.push_str(text.get(last..at).unwrap_or_default());
        last = at + found.len();
    }
    out.push_str(text.get(last..).unwrap_or_default());
    out
}

impl Filter {
    /// The value after this step, or why it is refused.
    pub fn apply(self, value: String) -> Result<String, &'static str> {
        let has = |words: &[&str], exact: bool| {
            let lower = value.to_ascii_lowercase();
            words.iter().any(|word| {
                if exact { value.contains(word) } else { lower.contains(&word.to_ascii_lowercase()) }
            })
        };
        Ok(match self {
            Self::StripTags => match &*TAG {
                Some(tag) => tag.replace_all(&value, "").into_owned(),
                None => value,
            },
            Self::Remove(words) => words.iter().fold(value, |value, word| remove_once(&value, word, false)),
            Self::RemoveExact(words) => {
                words.iter().fold(value, |value, word| remove_once(&value, word, true))
            }
            Self::RemoveChars(which) => value.chars().filter(|c| !which.contains(*c)).collect(),
            Self::Refuse(words) if has(words, false) => return Err("That word is not allowed."),
            Self::RefuseExact(words) if has(words, true) => return Err("That word is not allowed."),
            Self::Refuse(_) | Self::RefuseExact(_) => value,
            Self::Encode(which) => encode(&value, which),
            Self::Backslash(which) => {
                let mut out = String::new();
                for c in value.chars() {
                    if which.contains(c) {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out
            }
            Self::DoubleQuotes => value.replace('\'', "''"),
            Self::Cut(length) => value.chars().take(length).collect(),
            Self::Longest(length) if value.chars().count() > length => return Err("That is too long."),
            Self::Longest(_) => value,
            Self::Upper => value.to_uppercase(),
            Self::Lower => value.to_lowercase(),
            Self::NoBlanks => value.split_whitespace().collect(),
            Self::DecodeAgain => crate::http::request::decode(&value, false),
            Self::Entities => entities(&value),
            Self::Base64 => {
                let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
                let bytes = engine.decode(value.trim_end_matches('=')).map_err(|_| "That is no base64.")?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            Self::Digits if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) => {
                return Err("A number is wanted.");
            }
            Self::Digits => value,
            Self::Word if !value.chars().all(|c| c.is_alphanumeric() || " -_.".contains(c)) => {
                return Err("Only letters, digits and blanks are allowed.");
            }
            Self::Word => value,
        })
    }
}

fn entities(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x3c;", "<")
        .replace("&#60;", "<")
        .replace("&#x3e;", ">")
        .replace("&#62;", ">")
        .replace("&amp;", "&")
}
