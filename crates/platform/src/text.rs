//! Texts that requests give for members of objects.

use qps::{Element, ServiceError};

use crate::Result;

/// The longest text that a member may have unless its area says otherwise, in characters.
pub(crate) const LONGEST: usize = 1_024;

/// What a request says of a text member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Given {
    /// Nothing: it stays.
    #[default]
    Kept,
    /// It is there and empty.
    Cleared,
    /// A new text.
    Text(String),
}

impl Given {
    /// Reads a member of at most `longest` characters.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for a longer text, and for an object.
    pub(crate) fn read(data: &Element, name: &str, longest: usize) -> Result<Self> {
        let Some(member) = data.child(name) else { return Ok(Self::Kept) };
        let Some(text) = member.value().map(str::trim) else {
            return Err(ServiceError::invalid_value(&data.field(name), "{...}", "Specify a text.").into());
        };
        if text.chars().nth(longest).is_some() {
            let shown: String = text.chars().take(40).collect();
            let wanted = format!("Specify a text of at most {longest} characters.");
            return Err(ServiceError::invalid_value(&data.field(name), &format!("{shown}…"), wanted).into());
        }
        Ok(if text.is_empty() { Self::Cleared } else { Self::Text(text.to_owned()) })
    }

    /// The new text, if there is one.
    pub(crate) fn into_option(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Kept | Self::Cleared => None,
        }
    }

    /// Changes a member as the request says.
    pub(crate) fn write(&self, member: &mut Option<String>) {
        match self {
            Self::Kept => {}
            Self::Cleared => *member = None,
            Self::Text(text) => *member = Some(text.clone()),
        }
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that hexadecimal digits say.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? * 16 + digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// A text as the content of an XML element: signs that mean something are escaped, and letters that no XML may hold
/// are shown as such.
pub(crate) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' => escaped.push(letter),
            '\r' => escaped.push_str("&#13;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_ascii_control() && control != '\u{7f}' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn letters_that_no_xml_may_hold_are_shown_as_such() {
        assert_eq!(super::xml("a<b>&\u{1}\u{ffff}\té\r"), "a&lt;b&gt;&amp;\u{fffd}\u{fffd}\té&#13;");
    }
}
