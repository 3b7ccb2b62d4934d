//! Words of analysed text (`contract/qql.md 3.1`): Unicode word segmentation (UAX #29) of the text in lower case.
//!
//! Folding looks at one character at a time, so a part of a text folds to a part of the folded text. Every
//! comparison that ignores case stands on that.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Texts up to this many bytes are folded without allocating.
const SHORT: usize = 256;

/// The text in lower case, as every comparison that ignores case sees it. Both small Greek sigmas are one letter.
pub fn fold(text: &str) -> Cow<'_, str> {
    if is_folded_ascii(text) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let lower = text.chars().flat_map(char::to_lowercase);
    Cow::Owned(lower.map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect())
}

/// Gives each word of an already folded text, in order.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.unicode_words()
}

/// Calls `look` with the folded text; short ASCII text is folded on the stack.
pub(crate) fn with_folded<R>(text: &str, look: impl FnOnce(&str) -> R) -> R {
    if is_folded_ascii(text) {
        return look(text);
    }
    let mut room = [0_u8; SHORT];
    if text.is_ascii()
        && let Some(part) = room.get_mut(..text.len())
    {
        part.copy_from_slice(text.as_bytes());
        part.make_ascii_lowercase();
        if let Ok(folded) = std::str::from_utf8(part) {
            return look(folded);
        }
    }
    look(&fold(text))
}

fn is_folded_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<String> {
        words(&fold(text)).map(str::to_owned).collect()
    }

    #[test]
    fn words_split_as_the_contract_says() {
        assert_eq!(split("web-eu-07"), ["web", "eu", "07"]);
        assert_eq!(split("app.corp.test"), ["app.corp.test"]);
        assert_eq!(split("10234.acme"), ["10234", "acme"]);
        assert_eq!(split("1,234 3.14"), ["1,234", "3.14"]);
        assert_eq!(
            split("a,b;c [d] e?f@g$h%i&j/k\\l\r\nm"),
            "abcdefghijklm".split("").filter(|w| !w.is_empty()).collect::<Vec<_>>()
        );
        assert_eq!(split("my_name O'Brien"), ["my_name", "o'brien"]);
    }

    #[test]
    fn folding_knows_more_than_ascii() {
        assert_eq!(fold("ΟΔΟΣ Große Kelvin \u{212a}"), "οδοσ große kelvin k");
        assert_eq!(fold("ς"), fold("Σ"));
        assert!(matches!(fold("already-low_1"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
        }

        #[test]
        fn a_part_folds_to_a_part(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            let both = format!("{a}{b}");
            prop_assert_eq!(fold(&both), format!("{}{}", fold(&a), fold(&b)));
        }

        #[test]
        fn folding_on_the_stack_is_folding(text in prop_oneof!["\\PC{0,40}", "[ -~]{0,600}"]) {
            prop_assert_eq!(with_folded(&text, str::to_owned), fold(&text).into_owned());
        }
    }
}
