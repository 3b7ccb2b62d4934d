//! The values in an XML body, found and replaced by where they stand; nothing else of the text changes.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::Event;

/// Most of a body that is looked at.
const MAX_BODY: usize = 256 << 10;

struct Spot {
    name: String,
    range: Range<usize>,
    is_text: bool,
}

/// Names (of the element or attribute) and values, unescaped, in the order of the text. Of a text that is no XML, what
/// comes before the fault.
pub(crate) fn values(text: &str) -> Vec<(String, String)> {
    let value = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    let read = |raw: &str| unescape(raw).map_or_else(|_| raw.to_owned(), std::borrow::Cow::into_owned);
    spots(text).into_iter().map(|spot| (read(value(&spot.range)), spot.name)).map(|(v, n)| (n, v)).collect()
}

/// The text with the nth value replaced.
pub(crate) fn with_value(text: &str, n: usize, value: &str, raw: bool) -> String {
    let Some(spot) = spots(text).into_iter().nth(n) else { return text.to_owned() };
    let before = text.get(..spot.range.start).unwrap_or_default();
    let after = text.get(spot.range.end..).unwrap_or_default();
    let value = if raw { value.to_owned() } else { escape(value).into_owned() };
    format!("{before}{value}{after}")
}

/// The text with markup in the place of the texts in its elements, or of the nth alone; none where there are none.
/// Attributes stay: external entities must not stand in them.
pub(crate) fn with_texts(text: &str, nth: Option<usize>, markup: &str) -> Option<String> {
    let mut spots: Vec<Spot> = spots(text).into_iter().filter(|spot| spot.is_text).collect();
    spots.truncate(MOST_TEXTS);
    let spots = match nth {
        Some(n) => spots.get(n..=n)?,
        None => &spots,
    };
    spots.last()?;
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for spot in spots {
        out += text.get(at..spot.range.start).unwrap_or_default();
        out += markup;
        at = spot.range.end;
    }
    Some(out + text.get(at..).unwrap_or_default())
}

/// Most texts that are replaced at once.
const MOST_TEXTS: usize = 20;

fn spots(text: &str) -> Vec<Spot> {
    if text.len() > MAX_BODY {
        return Vec::new();
    }
    let mut reader = Reader::from_str(text);
    let (mut spots, mut names) = (Vec::new(), Vec::<String>::new());
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let Ok(event) = reader.read_event() else { return spots };
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match event {
            Event::Eof => return spots,
            Event::Start(element) => {
                attributes(text, start..end, &mut spots);
                names.push(element.local_name().as_ref().to_owned());
            }
            Event::Empty(_) => attributes(text, start..end, &mut spots),
            Event::End(_) => drop(names.pop()),
            Event::Text(_) if text.get(start..end).is_some_and(|t| !t.trim().is_empty()) => {
                let name = names.last().cloned().unwrap_or_default();
                // Text and references come apart: they are one value.
                match spots.last_mut().filter(|last: &&mut Spot| last.range.end == start && last.name == name)
                {
                    Some(last) => last.range.end = end,
                    None => spots.push(Spot { name, range: start..end, is_text: true }),
                }
            }
            Event::GeneralRef(_) => {
                let name = names.last().cloned().unwrap_or_default();
                match spots.last_mut().filter(|last: &&mut Spot| last.range.end == start && last.name == name)
                {
                    Some(last) => last.range.end = end,
                    None => spots.push(Spot { name, range: start..end, is_text: true }),
                }
            }
            _ => {}
        }
    }
}

/// Attributes, by their quotes; declarations of namespaces are no values.
fn attributes(text: &str, range: Range<usize>, spots: &mut Vec<Spot>) {
    let Some(tag) = text.get(range.clone()) else { return };
    let mut at = 0;
    while let Some(equals) = tag.get(at..).and_then(|rest| rest.find('=')).map(|found| found + at) {
        let name = tag.get(at..equals).unwrap_or_default().split_whitespace().last().unwrap_or_default();
        let rest = tag.get(equals + 1..).unwrap_or_default();
        let open = rest.len() - rest.trim_start().len();
        let Some(quote) = rest.get(open..).and_then(|r| r.chars().next()).filter(|c| matches!(c, '"' | '\''))
        else {
            return;
        };
        let begin = equals + 1 + open + 1;
        let Some(length) = tag.get(begin..).and_then(|r| r.find(quote)) else { return };
        if !name.starts_with("xmlns") {
            spots.push(Spot {
                name: name.to_owned(),
                range: range.start + begin..range.start + begin + length,
                is_text: false,
            });
        }
        at = begin + length + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_replaced_where_they_stand() {
        let text = "<?xml version=\"1.0\"?><a xmlns:x=\"u\" x:b='1 &gt; 0'>\n <c>2 &amp; 3</c><d/><e f=\"\"/>tail</a>";
        let found = values(text);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x:b", "c", "f", "a"]);
        assert_eq!(found[1].1, "2 & 3");
        assert!(with_value(text, 1, "<'>", false).contains("<c>&lt;&apos;&gt;</c>"));
        assert!(with_value(text, 0, "&xxe;", true).contains("x:b='&xxe;'"));
        assert_eq!(with_value(text, 9, "x", false), text);
        assert!(values("<a><b>x</c>").len() <= 1);
        let all = with_texts("<a b='1'><c>2</c><d>3</d></a>", None, "&x;");
        assert_eq!(all.as_deref(), Some("<a b='1'><c>&x;</c><d>&x;</d></a>"));
        assert_eq!(
            with_texts("<a><c>2</c><d>3</d></a>", Some(1), "&x;").as_deref(),
            Some("<a><c>2</c><d>&x;</d></a>")
        );
        assert_eq!((with_texts("<a b='1'/>", None, "x"), with_texts("<a>1</a>", Some(1), "x")), (None, None));
    }
}
