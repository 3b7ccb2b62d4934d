//! Foreign bytes as text that may be shown.

/// Printable text on one line: no control characters (terminals obey them), blanks joined, at most so many characters.
pub(crate) fn printable(bytes: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(most * 4 + 64)).unwrap_or_default());
    let mut out = String::new();
    let mut count = 0;
    for c in text.chars() {
        let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
        let is_hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if is_hidden || (c == ' ' && (out.is_empty() || out.ends_with(' '))) {
            continue;
        }
        if count == most {
            break;
        }
        out.push(c);
        count += 1;
    }
    out.truncate(out.trim_end().len());
    out
}
