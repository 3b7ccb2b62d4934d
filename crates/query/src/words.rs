//! Words of analysed text (`contract/qql.md 3.1`): Unicode word segmentation, then lower case.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// The text in lower case, as every comparison that ignores case sees it.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.to_lowercase())
}

/// Gives each word of an already folded text, in order.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.unicode_words()
}
