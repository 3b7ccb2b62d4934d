//! What a number in a text is called: by the words shortly before it, or by the head of its column.

use crate::checks::pattern::Pattern;

/// The words in at most so many bytes before a place, apart from each other however a program joins them: `user_taxId`,
/// `F\u00f8dselsnummer`.
pub(super) fn words_before(text: &str, at: usize, most: usize) -> String {
    let from = text.ceil_char_boundary(at.saturating_sub(most));
    apart(text.get(from..at).unwrap_or_default())
}

/// The head of the column in which a place lies, of a table of a page or of lines with separators.
pub(super) fn head_of_column(text: &str, at: usize, is_markup: bool) -> Option<String> {
    let before = text.get(..at)?;
    let head = if is_markup { of_table(before)? } else { of_lines(before)? };
    Some(apart(&head))
}

fn of_table(before: &str) -> Option<String> {
    static ROW: Pattern = Pattern::new(r"(?i)<tr\b");
    static CELL: Pattern = Pattern::new(r"(?i)<t[dh]\b");
    static HEAD: Pattern = Pattern::new(r"(?is)<th\b[^>]*>(.{0,200}?)(?:</th|<th\b|</tr|<tr\b)");
    let rows = ROW.all(before);
    let (own, above) = rows.split_last()?;
    let column = CELL.all(before.get(own.start()..)?).len().checked_sub(1)?;
    let mut end = own.start();
    let heads = above.iter().rev().find_map(|row| {
        let heads = HEAD.all_captures(before.get(row.start()..end).unwrap_or_default());
        end = row.start();
        (heads.len() > 1).then_some(heads)
    })?;
    Some(heads.get(column)?.get(1)?.as_str().to_owned())
}

fn of_lines(before: &str) -> Option<String> {
    let first = before.lines().next()?;
    let separator = [';', '\t', ','].into_iter().find(|separator| first.contains(*separator))?;
    let own = before.rsplit('\n').next().filter(|_| before.contains('\n'))?;
    Some(first.split(separator).nth(own.matches(separator).count())?.to_owned())
}

/// A text whose escapes are letters again, with blanks where names are joined.
fn apart(text: &str) -> String {
    static ESCAPE: Pattern = Pattern::new(r"\\u([0-9a-fA-F]{4})");
    let mut plain = String::with_capacity(text.len());
    let mut done = 0;
    for found in ESCAPE.all_captures(text) {
        let (Some(whole), Some(code)) = (found.get(0), found.get(1)) else { continue };
        plain += text.get(done..whole.start()).unwrap_or_default();
        plain.extend(u32::from_str_radix(code.as_str(), 16).ok().and_then(char::from_u32));
        done = whole.end();
    }
    plain += text.get(done..).unwrap_or_default();
    let mut words = String::with_capacity(plain.len() + 8);
    let mut last = ' ';
    for letter in plain.chars() {
        if last.is_lowercase() && letter.is_uppercase() {
            words.push(' ');
        }
        words.push(if letter == '_' { ' ' } else { letter });
        last = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_names_come_apart() {
        let text = r#"{"user_taxId": "F\u00f8dselsnummer"#;
        assert_eq!(words_before(text, text.len(), 80), "{\"user tax Id\": \"Fødselsnummer");
        assert_eq!(words_before("aé1", 3, 1), "", "letters are not cut in two");
    }

    #[test]
    fn columns_have_the_words_of_their_heads() {
        let page =
            "<table><tr><th>Name</th><th>BSN</th></tr><tr><td>Ann</td><td>1</td></tr><tr><td>Bo</td><td>X";
        assert_eq!(head_of_column(page, page.len() - 1, true).as_deref(), Some("BSN"));
        assert_eq!(head_of_column("<tr><td>Ann</td><td>X", 20, true), None);
        let lines = "name;pesel;city\nAnn;1;Rome\nBo;X";
        assert_eq!(head_of_column(lines, lines.len() - 1, false).as_deref(), Some("pesel"));
        assert_eq!(head_of_column("name;pesel", 6, false), None, "the heads have none");
    }
}
