//! Bounded text.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest text that a document holds, in bytes.
pub const MAX_TEXT: usize = 1024;

/// A text of at most [`MAX_TEXT`] bytes without control characters (tabs and line breaks included).
///
/// `From<&str>` cleans what it is given (for readers of files); deserializing refuses what is not clean (for messages),
/// since a changed text would no longer fit the sender's hash.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Box<str>);

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Longer than [`MAX_TEXT`].
    #[error("the text has {0} bytes; at most {MAX_TEXT} are allowed")]
    TooLong(usize),
    /// Has a character that neither XML nor a database text can hold, or that breaks a line.
    #[error("the text has the control character U+{0:04X}; control characters are not allowed")]
    Control(u32),
}

impl Text {
    /// The text as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Cleans `raw` (see `From<&str>`); `None` when nothing but white space is left.
    pub fn found(raw: &str) -> Option<Self> {
        let text = Self::from(raw);
        (!text.is_empty()).then_some(text)
    }

    /// Takes `text` as it is, or says why it may not be in a document.
    pub fn checked(text: &str) -> Result<Self, BadText> {
        if text.len() > MAX_TEXT {
            return Err(BadText::TooLong(text.len()));
        }
        match text.chars().find(|c| is_forbidden(*c)) {
            Some(control) => Err(BadText::Control(control.into())),
            None => Ok(Self(text.into())),
        }
    }
}

/// Control characters, and the two that XML 1.0 cannot hold at all.
fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

impl From<&str> for Text {
    /// Drops white space around, puts a space for each control character, and cuts at [`MAX_TEXT`] bytes.
    fn from(raw: &str) -> Self {
        let mut clean = String::with_capacity(raw.len().min(MAX_TEXT));
        for c in raw.trim().chars() {
            let c = if is_forbidden(c) { ' ' } else { c };
            if clean.len() + c.len_utf8() > MAX_TEXT {
                break;
            }
            clean.push(c);
        }
        Self(clean.trim().into())
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::from(raw.as_str())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl de::Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a text of at most {MAX_TEXT} bytes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Text::checked(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_around_and_control_characters_are_cleaned_away() {
        assert_eq!(Text::from("  a\tb\0c\n "), "a b c");
        assert_eq!(Text::found(" \n "), None);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = Text::from("é".repeat(MAX_TEXT).as_str());
        assert_eq!(text.len(), MAX_TEXT);
        assert!(text.chars().all(|c| c == 'é'));
    }

    #[test]
    fn a_message_with_an_unclean_text_is_refused_with_the_reason() {
        let error = serde_json::from_str::<Text>(r#""a\u0007""#).unwrap_err();
        assert!(error.to_string().contains("U+0007"), "{error}");
        let error = serde_json::from_str::<Text>(&format!("\"{}\"", "x".repeat(1025))).unwrap_err();
        assert!(error.to_string().contains("1025 bytes"), "{error}");
    }

    proptest! {
        #[test]
        fn whatever_was_cleaned_is_accepted_in_a_message(raw in any::<String>()) {
            let text = Text::from(raw.as_str());
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
        }
    }
}
