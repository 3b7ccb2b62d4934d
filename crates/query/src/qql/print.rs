//! A filter as QQL text.
//!
//! What [`super::parse`] can produce is printed so that parsing it again gives the same filter, as long as the text
//! stays within the limits (a text without a token is printed as a question about every free field). What comes
//! from elsewhere is printed as the nearest QQL; what QQL has no words for (regular expressions, sets of ids, fields
//! without a token, nothing) stands in angle brackets, which no QQL text can have where a clause begins, so such a
//! text is for people to read and is refused by the parser.

use std::ops::Bound;

use super::MAX_ITEMS;
use super::names::{Names, Nested, Place, Scope};
use super::value::{ago_text, has_order};
use crate::{Fields, Filter, Kind, ListId, Test, Value, When, date, words};

/// The filter as text.
pub fn print<T>(fields: &Fields<T>, filter: &Filter) -> String {
    if *filter == Filter::All || *filter == Filter::And(Vec::new()) {
        return String::new();
    }
    let mut out = String::new();
    Printer { names: fields, within: None }.filter(filter, Level::Or, &mut out);
    out
}

/// The loosest operator that may stand here without parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
}

struct Printer<'n> {
    names: &'n dyn Names,
    /// The list whose elements are asked.
    within: Option<Nested>,
}

/// One test under one name.
struct Question<'f> {
    name: String,
    kind: Kind,
    test: &'f Test,
    /// Whether the name is one that QQL knows here.
    is_token: bool,
}

impl Printer<'_> {
    fn filter(&self, filter: &Filter, level: Level, out: &mut String) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) if parts.len() == 1 => {
                parts.iter().for_each(|part| self.filter(part, level, out));
            }
            Filter::All => out.push_str("<everything>"),
            Filter::And(parts) if parts.is_empty() => out.push_str("<everything>"),
            Filter::Or(parts) if parts.is_empty() => out.push_str("<nothing>"),
            Filter::And(parts) => bracketed(level > Level::And, out, |out| {
                for (at, part) in parts.iter().enumerate() {
                    out.push_str(if at > 0 { " and " } else { "" });
                    self.filter(part, Level::And, out);
                }
            }),
            Filter::Or(parts) => bracketed(level > Level::Or, out, |out| self.any(parts, out)),
            Filter::Not(inner) => self.not(inner, out),
            Filter::Set(ids) => out.push_str(&format!("<{} ids>", ids.len())),
            Filter::Field(..) | Filter::Any(..) => match self.question(filter) {
                Some(question) => out.push_str(&question.clause()),
                None => self.elements(filter, out),
            },
        }
    }

    /// Alternatives, those about the same name as a list where that is the same filter.
    fn any(&self, parts: &[Filter], out: &mut String) {
        let mut rest = parts;
        while let [first, tail @ ..] = rest {
            out.push_str(if rest.len() < parts.len() { " or " } else { "" });
            let run = self.run(rest);
            if run.len() > 1 {
                out.push_str(&format!(
                    "{}:[{}]",
                    self.question(first).map_or(String::new(), |q| q.name),
                    run.join(", ")
                ));
                rest = rest.get(run.len()..).unwrap_or_default();
            } else {
                self.filter(first, Level::And, out);
                rest = tail;
            }
        }
    }

    /// The items of the list that the first alternatives make together. Equalities alone make none: as a list they
    /// would be one test.
    fn run(&self, parts: &[Filter]) -> Vec<String> {
        let Some(first) = parts.first().and_then(|part| self.question(part)) else { return Vec::new() };
        let questions = parts.iter().take(MAX_ITEMS).map_while(|part| {
            self.question(part).filter(|question| question.is_token && question.name == first.name)
        });
        let mut items: Vec<(String, bool)> = questions
            .map_while(|question| Some((question.list_item()?, matches!(question.test, Test::Equals(_)))))
            .collect();
        if items.iter().all(|(_, is_equality)| *is_equality) {
            items.clear();
        }
        items.into_iter().map(|(item, _)| item).collect()
    }

    fn not(&self, inner: &Filter, out: &mut String) {
        let absent = match (self.question(inner), inner) {
            (Some(question), _) if question.is_token && *question.test == Test::Present => {
                Some(question.name)
            }
            (_, Filter::Any(list, all)) if **all == Filter::All => self.list_name(*list),
            _ => None,
        };
        if let Some(name) = absent {
            out.push_str(&format!("{name} is null"));
            return;
        }
        out.push_str("not ");
        self.filter(inner, Level::Not, out);
    }

    /// The filter as a test under a name, if it is no more than that.
    fn question<'f>(&self, filter: &'f Filter) -> Option<Question<'f>> {
        match (filter, self.within) {
            (Filter::Field(id, test), Some(list)) => {
                let member = list.members.get(usize::from(id.0))?;
                let is_token =
                    list.member(member.name).is_some_and(|found| found.place == Place::Element(*id));
                Some(Question { name: member.name.to_owned(), kind: member.kind, test, is_token })
            }
            (Filter::Field(id, test), None) => {
                let field = self.names.field(*id)?;
                let (name, kind) = (field.name.to_owned(), field.target.kind);
                Some(Question { name, kind, test, is_token: field.is_token })
            }
            (Filter::Any(id, inner), None) => {
                let Filter::Field(member, test) = &**inner else { return None };
                let list = self.names.list(*id)?;
                let found = list.members.get(usize::from(member.0))?;
                let name = format!("{}.{}", list.names.first()?, found.name);
                let is_token = self.names.token(&name)?.place == Place::Member(*id, *member);
                is_token.then_some(Question { name, kind: found.kind, test, is_token })
            }
            _ => None,
        }
    }

    /// A question about elements that needs a group, or about fields and lists that the table does not have.
    fn elements(&self, filter: &Filter, out: &mut String) {
        let Filter::Any(id, inner) = filter else { return out.push_str("<an unknown field>") };
        let list = self.names.list(*id).filter(|_| self.within.is_none());
        let (Some(name), Some(list)) = (self.list_name(*id), list) else {
            return out.push_str("<an unknown list>");
        };
        if **inner == Filter::All && self.names.token(&name).is_none() {
            return out.push_str(&format!("{name}:*"));
        }
        out.push_str(&format!("{name}:("));
        Printer { names: self.names, within: Some(list) }.filter(inner, Level::Or, out);
        out.push(')');
    }

    /// The name by which QQL knows a list here.
    fn list_name(&self, id: ListId) -> Option<String> {
        let name = *self.names.list(id).filter(|_| self.within.is_none())?.names.first()?;
        let scope = Scope::Object(String::new());
        matches!(scope.inner(self.names, name), Some(Scope::Element(list, _)) if list.id == id)
            .then(|| name.to_owned())
    }
}

impl Question<'_> {
    fn clause(&self) -> String {
        let Self { name, test, .. } = self;
        match self.qql().filter(|_| self.is_token) {
            Some(text) => format!("{name}{text}"),
            None => match test {
                Test::Regex(regex) => format!("<{name} matches {}>", quoted('`', regex.as_str())),
                _ => format!("<{name} {test:?}>"),
            },
        }
    }

    /// What follows the name, if QQL can say it.
    fn qql(&self) -> Option<String> {
        match self.test {
            Test::Present => Some(":*".to_owned()),
            Test::In(values) if !values.is_empty() => {
                let items = values.iter().map(|value| self.value(value)).collect::<Option<Vec<_>>>()?;
                Some(format!(":[{}]", items.join(", ")))
            }
            Test::Range(from, to) if has_order(self.kind) => match self.item() {
                Some(day) => Some(format!(":{day}")),
                None => self.range(from, to),
            },
            _ => Some(format!(":{}", self.item()?)),
        }
    }

    /// The test as an item of a list.
    fn list_item(&self) -> Option<String> {
        let is_free_of_commas = |item: &String| item.starts_with(['"', '`']) || !item.contains(',');
        self.item().filter(is_free_of_commas)
    }

    /// The test as a single value.
    fn item(&self) -> Option<String> {
        let is_text = !matches!(self.kind, Kind::Boolean | Kind::Integer | Kind::Date);
        match self.test {
            Test::Equals(value) => self.value(value),
            Test::Contains(text) if is_text && !text.is_empty() => {
                Some(format!("\"*{}*\"", escaped('"', text)))
            }
            Test::Pattern(parts) if is_text && parts.len() > 1 => {
                let parts: Vec<_> = parts.iter().map(|part| escaped('"', part)).collect();
                Some(format!("\"{}\"", parts.join("*")))
            }
            Test::Words(list) if self.kind == Kind::Text => bare(list),
            Test::Phrase(list) if self.kind == Kind::Text => phrase(list),
            Test::Range(Bound::Included(first), Bound::Included(last)) => day(first, last),
            _ => None,
        }
    }

    fn value(&self, value: &Value) -> Option<String> {
        match (value, self.kind) {
            (Value::Text(text), Kind::Text | Kind::Keyword | Kind::Enum(_)) if !text.is_empty() => {
                Some(quoted('`', text))
            }
            (Value::Version(version), Kind::Version) if !version.as_str().is_empty() => {
                Some(quoted('`', version.as_str()))
            }
            (Value::Boolean(flag), Kind::Boolean) => Some(flag.to_string()),
            (Value::Integer(number), Kind::Integer) => Some(number.to_string()),
            (Value::Date(When::At(seconds)), Kind::Date) => date::format(*seconds),
            (Value::Date(When::Ago(age)), Kind::Date) => Some(ago_text(*age)),
            (Value::Address(address), Kind::Address) if address.is_ipv4() => Some(address.to_string()),
            (Value::Address(address), Kind::Address) => Some(quoted('`', &address.to_string())),
            _ => None,
        }
    }

    fn range(&self, from: &Bound<Value>, to: &Bound<Value>) -> Option<String> {
        let shown = |bound: &Bound<Value>, short: fn(i64) -> Option<String>| match bound {
            Bound::Unbounded => None,
            Bound::Included(value) | Bound::Excluded(value) => match value {
                Value::Date(When::At(seconds)) => short(*seconds).or_else(|| self.value(value)),
                _ => self.value(value),
            },
        };
        let is_in = |bound: &Bound<Value>| matches!(bound, Bound::Included(_));
        let from_text = shown(from, if is_in(from) { date::day_begun } else { date::day_ended });
        let to_text = shown(to, if is_in(to) { date::day_ended } else { date::day_begun });
        match (from, to) {
            (Bound::Unbounded, Bound::Unbounded) => Some(":*".to_owned()),
            (_, Bound::Unbounded) => Some(format!("{}{}", if is_in(from) { ">=" } else { ">" }, from_text?)),
            (Bound::Unbounded, _) => Some(format!("{}{}", if is_in(to) { "<=" } else { "<" }, to_text?)),
            _ => {
                let (open, close) = (if is_in(from) { '[' } else { '(' }, if is_in(to) { ']' } else { ')' });
                Some(format!(":{open}{} .. {}{close}", from_text?, to_text?))
            }
        }
    }
}

fn bracketed(yes: bool, out: &mut String, inner: impl FnOnce(&mut String)) {
    out.push_str(if yes { "(" } else { "" });
    inner(out);
    out.push_str(if yes { ")" } else { "" });
}

/// A whole day by itself.
fn day(first: &Value, last: &Value) -> Option<String> {
    let (Value::Date(When::At(first)), Value::Date(When::At(last))) = (first, last) else { return None };
    let day = date::day_begun(*first)?;
    (date::day_ended(*last)? == day).then_some(day)
}

fn quoted(quote: char, text: &str) -> String {
    format!("{quote}{}{quote}", escaped(quote, text))
}

/// The text with a backslash before what quotes of this kind would not take literally.
fn escaped(quote: char, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign == quote || sign == '\\' || (sign == '*' && quote == '"') {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

/// Words as a bare value: side by side where nothing in them means something else there, else joined by hyphens,
/// which separate words and keep the value in one piece.
fn bare(list: &[String]) -> Option<String> {
    let is_plain = |word: &String| {
        let is_keyword = matches!(word.as_str(), "and" | "or" | "not" | "is" | "in" | "null");
        !is_keyword && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
    };
    if list.iter().all(is_plain) && !list.is_empty() {
        return splits_into(list.join(" "), list);
    }
    if let [word] = list {
        return phrase(list).filter(|_| !word.is_empty());
    }
    let mut joined = String::new();
    for word in list {
        // A word that begins with a combining sign would grow together with a hyphen.
        let is_separable = splits_into(format!("-{word}"), std::slice::from_ref(word)).is_some();
        joined.push(if is_separable { '-' } else { '\n' });
        joined.push_str(word);
    }
    let joined = splits_into(joined.trim_start().to_owned(), list)?;
    // A bracket, which only a combining sign makes part of a word, would end the value.
    (!joined.contains(['"', '`', '(', ')', '[', ']']) && !list.is_empty()).then_some(joined)
}

fn phrase(list: &[String]) -> Option<String> {
    let text = [" ", "\n"].into_iter().find_map(|between| splits_into(list.join(between), list));
    text.filter(|_| !list.is_empty()).map(|text| quoted('"', &text))
}

/// The text, if its words are those of the list.
fn splits_into(text: String, list: &[String]) -> Option<String> {
    words(&text).eq(list.iter().map(String::as_str)).then_some(text)
}
