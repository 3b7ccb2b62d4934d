//! Whether two answers say the same, and what of an answer a person sees.

use std::collections::BTreeSet;

use crate::checks::pattern::Pattern;
use crate::http::Response;
use crate::proof::likeness;

/// A site that nobody can own (RFC 2606): where forged requests come from.
pub(super) const FOREIGN_HOST: &str = "redoubt-probe.example";
/// Its origin.
pub(super) const FOREIGN: &str = "https://redoubt-probe.example";

/// How much two bodies must have in common to be one answer.
pub(super) const ALIKE: u8 = 90;

/// Whether two answers are of one kind: same status, same place to go on to, and nearly the same text.
pub(super) fn alike(a: &Response, b: &Response) -> bool {
    a.status == b.status && place(a) == place(b) && likeness(a.text(), b.text()) >= ALIKE
}

/// Where an answer leads, without what differs from time to time.
pub(super) fn place(response: &Response) -> Option<&str> {
    response.location().map(|place| place.split(['?', '#']).next().unwrap_or_default())
}

static HIDDEN: Pattern =
    Pattern::new(r"(?is)<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!--.*?-->|<[^>]*>");

/// What a person reads of an answer, line by line.
pub(super) fn visible(response: &Response) -> Vec<String> {
    let text = response.text();
    let mut lines = Vec::new();
    let mut from = 0;
    let mut take = |piece: &str| {
        let line = piece.split_whitespace().collect::<Vec<_>>().join(" ");
        if !line.is_empty() {
            lines.push(line);
        }
    };
    if response.is_html() {
        for tag in HIDDEN.all(text) {
            take(text.get(from..tag.start()).unwrap_or_default());
            from = tag.end();
        }
    }
    text.get(from..).unwrap_or_default().lines().for_each(take);
    lines
}

/// The words that a person reads, without numbers and what has figures in it.
fn words(response: &Response) -> BTreeSet<String> {
    let lines = visible(response);
    let split = |line: &String| {
        line.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().all(char::is_alphabetic) && !word.is_empty())
            .map(str::to_lowercase)
            .collect::<Vec<_>>()
    };
    lines.iter().flat_map(split).collect()
}

/// Whether two answers say the same to a person: same status, same place to go on to, and not one word differs.
pub(super) fn says_the_same(a: &Response, b: &Response) -> bool {
    a.status == b.status && place(a) == place(b) && words(a) == words(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> Response {
        Response::new(200, &[("Content-Type", "text/html")], text.to_owned())
    }

    #[test]
    fn what_is_read_decides() {
        let saved = html("<p>Saved at 10:31.</p><input value=\"a9f\"><script>var x = 'one';</script>");
        assert_eq!(visible(&saved), ["Saved at 10:31."]);
        assert!(says_the_same(&saved, &html("<p>Saved at 10:32.</p><input value=\"77\">")));
        assert!(!says_the_same(&saved, &html("<p>Not saved at 10:32.</p>")));
        assert!(!alike(&saved, &Response::new(302, &[("Location", "/login")], "")));
    }
}
