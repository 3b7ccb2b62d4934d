//! Members that a site names elsewhere, in forms, data, scripts and tables, and what values they take.

use super::object::NAME;
use crate::checks::pattern::Pattern;
use crate::checks::requests::near::nearest;
use crate::checks::{Bench, Entry};

/// What a member takes, as far as the site shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Date,
}

/// A member that only the application should set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Learnt {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// Most names that are learnt, and most answers that are read for it.
const MOST: (usize, usize) = (16, 200);

static MEMBER: Pattern = Pattern::new(
    r#"(?:"([A-Za-z_]\w{2,30})"|\b([A-Za-z_]\w{2,30}))\s*:\s*(?:["']([^"'<>\n]{0,40})["']|([\w.-]{1,30}))"#,
);
static SHOWN: Pattern = Pattern::new(r"<(?:th|dt|td|li|strong|b)\b[^>]{0,80}>\s*([A-Za-z_]\w{2,30})\s*[:<]");
static DATE: Pattern = Pattern::new(r"^\d{4}-\d\d-\d\d");
static DATED: Pattern = Pattern::new(r"(?i)until$|date$|expir|_at$|[a-z]At$");
static FLAGGED: Pattern = Pattern::new(
    r"(?i)^(?:is|has|can)_?[a-z]|verified|confirmed|approved|enabled|active$|locked|banned|blocked|trusted",
);
static COUNTED: Pattern =
    Pattern::new(r"(?i)balance|credit|points|price|discount|quota|limit$|score|salary|rank$|level$");

impl Kind {
    /// The kind of a member by a value that is shown, else by its name.
    pub(super) fn of(name: &str, value: &str) -> Self {
        match value {
            "true" | "false" => Self::Flag,
            value if DATE.is_match(value) => Self::Date,
            value if value.parse::<f64>().is_ok() => Self::Number,
            "" | "null" | "undefined" | "string" | "boolean" | "number" | "integer" => Self::by_name(name),
            _ => Self::Text,
        }
    }

    fn by_name(name: &str) -> Self {
        match () {
            () if FLAGGED.is_match(name) => Self::Flag,
            () if COUNTED.is_match(name) => Self::Number,
            () if DATED.is_match(name) => Self::Date,
            () => Self::Text,
        }
    }
}

/// Members that other answers and forms of the site name, those that stand nearest to the entry first.
pub(super) fn learnt(bench: &Bench<'_>, entry: &Entry, known: &[&str]) -> Vec<Learnt> {
    let url = &entry.request.url;
    let same = bench.entries.iter().filter(|other| other.request.url.origin == url.origin);
    let near = nearest(same, &url.path);
    let mut all: Vec<Learnt> = Vec::new();
    let mut add = |name: &str, value: &str| {
        let is_new =
            NAME.is_match(name) && !known.contains(&name) && all.iter().all(|have| have.name != name);
        if is_new && all.len() < MOST.0 {
            all.push(Learnt { name: name.to_owned(), kind: Kind::of(name, value) });
        }
    };
    for other in near.into_iter().take(MOST.1) {
        if let Some(page) = &other.page {
            for control in page.forms.iter().flat_map(|form| &form.controls) {
                add(super::fields::split(&control.name).1, &control.value);
            }
            page.inline_scripts.iter().for_each(|script| members(script, &mut add));
        }
        let kind = other.response.media_type();
        let text = other.response.text();
        if kind.ends_with("json") || kind.ends_with("script") && text.len() < 60_000 {
            members(text, &mut add);
        } else if kind.ends_with("html") {
            for found in SHOWN.all_captures(text).into_iter().take(200) {
                add(found.get(1).map_or("", |name| name.as_str()), "");
            }
        }
    }
    all
}

/// Hears of each member in a text of data or of a script, and of its value.
fn members(text: &str, hear: &mut dyn FnMut(&str, &str)) {
    for found in MEMBER.all_captures(text).into_iter().take(400) {
        let either = |a, b| found.get(a).or(found.get(b)).map_or("", |part| part.as_str());
        hear(either(1, 2), either(3, 4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_their_kinds_are_read() {
        let mut all = Vec::new();
        members(
            r#"{"isAdmin":false,"credit_limit": 50,"premiumUntil":"2026-01-01"} var u={role:'customer',emailVerified:null}"#,
            &mut |name, value| all.push((name.to_owned(), Kind::of(name, value))),
        );
        let wanted = [
            ("isAdmin", Kind::Flag),
            ("credit_limit", Kind::Number),
            ("premiumUntil", Kind::Date),
            ("role", Kind::Text),
            ("emailVerified", Kind::Flag),
        ];
        assert_eq!(all, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    }
}
