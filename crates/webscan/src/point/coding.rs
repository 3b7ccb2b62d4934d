//! Values that hold other values: in base64 or hexadecimal, as JSON or as a form of their own, or in front of an ending.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Place, Point, leaves};
use crate::http::encode;

/// How a value stands in another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// All of it in base64; with the letters for URLs, where the value had them.
    Base64 {
        /// Whether `-` and `_` stand for `+` and `/`, and nothing fills up the end.
        url_safe: bool,
    },
    /// All of it in hexadecimal digits.
    Hex,
    /// A value in a JSON text.
    Json {
        /// The text.
        whole: String,
        /// Where in it (RFC 6901).
        pointer: String,
    },
    /// The nth field of a text like a query.
    Form {
        /// The text.
        whole: String,
        /// Which field.
        at: usize,
    },
    /// What stands before an ending, such as `.html`, a direction, or a name in words.
    Before(String),
    /// What stands behind the name of a parameter of a segment of the path (`;colour=`), with what goes before it; or behind a sign.
    After(String),
}

/// Inner values of one value that are tested.
const MOST: usize = 12;
/// Longest text that is looked into, in bytes.
const LONGEST: usize = 4_000;

/// Names of fields are plain words: others are written otherwise once something else was put in.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static FORM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[A-Za-z_](?-u:[\w.\[\]-]){0,40}=[^=&]+(?:&(?-u:[\w.\[\]-]){1,40}=[^=&]*)*$").unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static ENDING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(.*\d)(\.[a-z]{2,5})$").unwrap());

/// A column and its direction, as in `name:asc`.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static SORTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([A-Za-z][A-Za-z_.]*)([:,_ .|-](?i:asc|desc))$").unwrap());

/// A number and what it means in words, as in `7-blue-chair`.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static SLUG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(\d{1,9})(-[a-z].{0,80})$").unwrap());

impl Coding {
    /// The outer value, with another inner one.
    #[must_use]
    pub(super) fn put(&self, text: &str) -> String {
        match self {
            Self::Base64 { url_safe: false } => STANDARD.encode(text),
            Self::Base64 { url_safe: true } => URL_SAFE_NO_PAD.encode(text),
            Self::Hex => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            Self::Json { whole, pointer } => with_member(whole, pointer, Value::from(text)),
            Self::Form { whole, at } => {
                let mut fields = encode::read_form(whole);
                if let Some((_, old)) = fields.get_mut(*at) {
                    text.clone_into(old);
                }
                encode::form(&fields)
            }
            Self::Before(ending) => format!("{text}{ending}"),
            Self::After(begin) => format!("{begin}{text}"),
        }
    }

    /// The same for what is read as a JSON value itself.
    #[must_use]
    pub(super) fn put_json(&self, text: &str) -> String {
        match self {
            Self::Json { whole, pointer } => {
                with_member(whole, pointer, serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)))
            }
            _ => self.put(text),
        }
    }

    /// The name of the outer value, from that of an inner one.
    pub(super) fn outer_name<'a>(&self, name: &'a str) -> &'a str {
        let inner = match self {
            Self::Json { pointer, .. } => name.strip_suffix(pointer.as_str()),
            Self::Form { whole, at } => {
                let field = encode::read_form(whole).into_iter().nth(*at).map(|(field, _)| field);
                field.and_then(|field| name.strip_suffix(field.as_str())?.strip_suffix('.'))
            }
            _ => None,
        };
        inner.unwrap_or(name)
    }

    /// How a finding names it; the ending of a path changes nothing.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Base64 { .. } => Some("base64"),
            Self::Hex => Some("hex"),
            Self::Json { .. } => Some("json in value"),
            Self::Form { .. } => Some("form in value"),
            Self::Before(_) | Self::After(_) => None,
        }
    }
}

/// A JSON text with another value at a place.
fn with_member(whole: &str, pointer: &str, new: Value) -> String {
    let mut value: Value = serde_json::from_str(whole).unwrap_or_default();
    if let Some(old) = value.pointer_mut(pointer) {
        *old = new;
    }
    value.to_string()
}

impl Point {
    /// The values that this one holds, as points of their own.
    #[must_use]
    pub fn inner(&self) -> Vec<Self> {
        let is_looked_into = !matches!(self.place, Place::FileName(_) | Place::Within(..))
            && self.value.len() <= LONGEST
            && !self.value.starts_with("{{");
        if !is_looked_into {
            return Vec::new();
        }
        let mut all = Vec::new();
        if let Some(text) = self.decoded() {
            all.extend(text.members());
            all.push(text);
        }
        all.extend(self.members());
        let is_path = matches!(self.place, Place::Path(_));
        let patterns: Vec<&Regex> = if is_path { vec![&*ENDING, &*SLUG] } else { vec![&*SORTED] };
        for pattern in patterns {
            if let Some(parts) = pattern.captures(&self.value) {
                let part = |n: usize| parts.get(n).map_or("", |part| part.as_str());
                all.push(self.within(Coding::Before(part(2).to_owned()), &self.name, part(1)));
            }
        }
        // A column with the sign of its direction.
        let name = self.name.to_ascii_lowercase();
        if let Some(column) = self.value.strip_prefix('-')
            && (name.contains("sort") || name.contains("order"))
            && column.starts_with(|first: char| first.is_ascii_alphabetic())
        {
            all.push(self.within(Coding::After("-".to_owned()), &self.name, column));
        }
        if let (Place::Path(_), Some((begin, value))) = (&self.place, self.value.rsplit_once('='))
            && let Some((_, name)) = begin.rsplit_once(';')
            && !value.is_empty()
            && !name.is_empty()
            && !name.to_ascii_lowercase().contains("sess")
        {
            all.push(self.within(Coding::After(format!("{begin}=")), name, value));
        }
        all.truncate(MOST);
        all
    }

    fn within(&self, coding: Coding, name: &str, value: &str) -> Self {
        Self {
            place: Place::Within(Box::new(self.place.clone()), coding),
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    /// The text that the value is in base64 or hexadecimal.
    fn decoded(&self) -> Option<Self> {
        let value = self.value.as_str();
        let is_text =
            |text: &String| text.len() >= 3 && text.chars().all(|c| c.is_ascii() && !c.is_control());
        let is_hex = value.len() >= 8 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let of_hex = is_hex.then(|| unhex(value)).flatten().and_then(|bytes| String::from_utf8(bytes).ok());
        let has_word = |text: &String| text.bytes().filter(u8::is_ascii_alphabetic).count() >= 3;
        if let Some(text) = of_hex.filter(|text| is_text(text) && has_word(text)) {
            return Some(self.within(Coding::Hex, &self.name, &text));
        }
        if value.len() < 4 {
            return None;
        }
        let padded = value.trim_end_matches('=');
        let url_safe = value.contains(['-', '_']);
        let bytes = STANDARD_NO_PAD.decode(padded).or_else(|_| URL_SAFE_NO_PAD.decode(padded)).ok()?;
        let text = String::from_utf8(bytes).ok().filter(is_text)?;
        Some(self.within(Coding::Base64 { url_safe }, &self.name, &text))
    }

    /// The values of a JSON text, or the fields of a text like a query.
    fn members(&self) -> Vec<Self> {
        let whole = self.value.trim();
        if whole.starts_with(['{', '['])
            && let Ok(json) = serde_json::from_str::<Value>(whole)
        {
            let mut found = Vec::new();
            leaves(&json, &mut String::new(), &mut found);
            let member = |leaf: Self| {
                let coding = Coding::Json { whole: whole.to_owned(), pointer: leaf.name.clone() };
                self.within(coding, &format!("{}{}", self.name, leaf.name), &leaf.value)
            };
            return found.into_iter().filter(|leaf| !leaf.name.is_empty()).map(member).collect();
        }
        if !FORM.is_match(whole) {
            return Vec::new();
        }
        let field = |(at, (name, value)): (usize, (String, String))| {
            let coding = Coding::Form { whole: whole.to_owned(), at };
            self.within(coding, &format!("{}.{name}", self.name), &value)
        };
        encode::read_form(whole).into_iter().enumerate().map(field).collect()
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.len().is_multiple_of(2).then(|| text.as_bytes().chunks(2).map(pair).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};

    /// The inner points of the one field of a query, and the query with `'x` put in each.
    fn inner(value: &str) -> Vec<(String, String, String)> {
        let mut request = Request::get(Target::parse("http://a.test/?f=0").unwrap());
        request.set_query(&[("f".to_owned(), value.to_owned())]);
        let put = |point: Point| {
            let query = request.with(&point, format!("{}'x", point.value).as_str()).query();
            (point.name.clone(), point.value.clone(), query.first().unwrap().1.clone())
        };
        request.points().iter().flat_map(Point::inner).map(put).collect()
    }

    fn texts(found: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
        found.iter().map(|(name, value, put)| (name.as_str(), value.as_str(), put.as_str())).collect()
    }

    #[test]
    fn values_within_values_are_points() {
        let found = inner(r#"{"name":"bob","ids":[7]}"#);
        let wanted = [
            ("f/ids/0", "7", r#"{"name":"bob","ids":["7'x"]}"#),
            ("f/name", "bob", r#"{"name":"bob'x","ids":[7]}"#),
        ];
        let mut found = texts(&found);
        found.sort_unstable();
        for ((name, value, put), want) in found.iter().zip(wanted) {
            assert_eq!((*name, *value), (want.0, want.1));
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(read(put), read(want.2));
        }
        assert_eq!(
            texts(&inner("lang=en&theme=dark")),
            [("f.lang", "en", "lang=en%27x&theme=dark"), ("f.theme", "dark", "lang=en&theme=dark%27x")]
        );
        assert_eq!(texts(&inner("626f62")), []);
        assert_eq!(texts(&inner("616c696365")), [("f", "alice", "616c6963652778")]);
        let coded = inner(&STANDARD.encode(r#"{"id":"4"}"#));
        assert_eq!(coded.len(), 2);
        assert_eq!(STANDARD.decode(&coded.first().unwrap().2).unwrap(), br#"{"id":"4'x"}"#);
        for plain in ["bob", "7", "a=", "20261126", "x == y", "{}", "{{token}}", "a&b", ""] {
            assert_eq!(texts(&inner(plain)), [], "{plain}");
        }
    }

    #[test]
    fn an_ending_of_a_path_stays() {
        let request = Request::get(Target::parse("http://a.test/item/7.html").unwrap());
        let point = request.path_points().iter().flat_map(Point::inner).next().unwrap();
        assert_eq!((point.value.as_str(), point.kind()), ("7", "path"));
        assert_eq!(request.with(&point, "7'").url.path, "/item/7%27.html");
    }

    #[test]
    fn columns_are_told_from_their_directions_and_numbers_from_words() {
        assert_eq!(texts(&inner("name:asc")), [("f", "name", "name'x:asc")]);
        assert_eq!(texts(&inner("price_desc")), [("f", "price", "price'x_desc")]);
        let first = |address: &str, of_path: bool| {
            let request = Request::get(Target::parse(address).unwrap());
            let points = if of_path { request.path_points() } else { request.points() };
            let point = points.iter().flat_map(Point::inner).next()?;
            Some(request.with(&point, format!("{}'", point.value).as_str()).url.to_string())
        };
        assert_eq!(first("http://a.test/?sort=-price", false).unwrap(), "http://a.test/?sort=-price%27");
        assert_eq!(first("http://a.test/?x=-price", false), None);
        assert_eq!(first("http://a.test/7-a-chair", true).unwrap(), "http://a.test/7%27-a-chair");
        assert_eq!(first("http://a.test/a-chair", true), None);
    }

    #[test]
    fn a_parameter_of_a_path_keeps_what_is_before_it() {
        let changed = |path: &str, put: crate::point::Put<'_>| {
            let request = Request::get(Target::parse(&format!("http://a.test/x/{path}")).unwrap());
            let point = request.path_points().iter().flat_map(Point::inner).next()?;
            Some(request.with(&point, put).url.path)
        };
        let text = crate::point::Put::Text("7'");
        assert_eq!(changed("a;page=2", text).unwrap(), "/x/a;page=7%27");
        assert_eq!(changed("a%2Fb;page=2", text).unwrap(), "/x/a%2Fb;page=7%27");
        assert_eq!(changed("a;page=2", crate::point::Put::Raw("..%2f")).unwrap(), "/x/a;page=..%2f");
        assert_eq!(changed("a;=2", text), None);
    }
}
