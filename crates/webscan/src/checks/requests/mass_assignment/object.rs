//! The object that a request changes: which members it has beside those that are sent, and how they are sent along.

use serde_json::{Map, Value, json};

use super::fields;
use crate::checks::pattern::Pattern;
use crate::http::{Body, Request};

/// A member that is not sent usually.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    old: Value,
    new: Value,
}

/// An object as answers show it, beside the request that changes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    /// Members that have to do with rights, states or money.
    pub(super) members: Vec<Member>,
    /// Where in the request's body the members of the object stand: a JSON pointer, or what is before the names of fields.
    inside: String,
}

/// Names of members that only the application should set; ids are left alone, since a wrong one can't be put back.
pub(super) static NAME: Pattern = Pattern::new(
    r"(?i)admin|role|perm(?:ission)?s?$|privilege|scope|staff|super_?user|moderator|verified|approved|confirmed|active$|enabled|status$|state$|balance|credit|points|price|discount|plan$|tier|level|paid|premium|subscription|quota|limit$|locked|banned|blocked|group$|type$|rank|score|salary|trusted|internal|vip",
);

/// A text that no application has.
const WORD: &str = "rdbt4d1f";
/// A number that hardly any has.
const NUMBER: i64 = 90_017;

impl Member {
    fn of(name: &str, old: &Value) -> Option<Self> {
        let new = match old {
            Value::Bool(old) => json!(!old),
            Value::Number(old) if old.as_i64() == Some(NUMBER) => json!(NUMBER + 1),
            Value::Number(_) => json!(NUMBER),
            Value::String(_) | Value::Null => json!(WORD),
            Value::Array(_) | Value::Object(_) => return None,
        };
        Some(Self { name: name.to_owned(), old: old.clone(), new })
    }

    /// What matches an answer that shows the new value.
    pub(super) fn pattern(&self) -> String {
        let value = self.new.as_str().map_or_else(|| self.new.to_string(), str::to_owned);
        format!(r#""{}"\s*:\s*"?{}(?:\.0)?["\s,}}]"#, regex::escape(&self.name), regex::escape(&value))
    }
}

/// Most members that are tried.
const MOST: usize = 12;

impl Model {
    /// The object in an answer that has members of a request's body, where it has others, too.
    pub(super) fn of(request: &Request, shown: &Value) -> Option<Self> {
        let mut best: Option<(usize, &Map<String, Value>, String)> = None;
        for (inside, names) in sent(&request.body) {
            objects(shown, 0, &mut |object| {
                let shared = names.iter().filter(|name| object.contains_key(*name)).count();
                if shared > best.as_ref().map_or(0, |(most, ..)| *most) {
                    best = Some((shared, object, inside.clone()));
                }
            });
        }
        let (_, object, inside) = best?;
        let names: Vec<String> = sent(&request.body).into_iter().flat_map(|(_, names)| names).collect();
        let members = object
            .iter()
            .filter(|(name, _)| NAME.is_match(name) && !names.contains(name))
            .filter_map(|(name, old)| Member::of(name, old))
            .take(MOST)
            .collect();
        Some(Self { members, inside })
    }

    /// The request with members beside its own, with their new or their old values.
    pub(super) fn request(&self, request: &Request, members: &[&Member], is_new: bool) -> Request {
        let mut request = request.clone();
        for member in members {
            let value = if is_new { &member.new } else { &member.old };
            match &mut request.body {
                Body::Json(body) => {
                    if let Some(Value::Object(object)) = body.pointer_mut(&self.inside) {
                        object.insert(member.name.clone(), value.clone());
                    }
                }
                Body::Form(_) | Body::Multipart(_) => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    let text = if value.is_null() { String::new() } else { text };
                    fields::add(&mut request.body, fields::join(&self.inside, &member.name), text);
                }
                _ => {}
            }
        }
        request
    }
}

/// Members that objects may have without showing it: they show when they were set.
pub(super) fn guessed(model: &Model) -> Vec<Member> {
    let usual = [
        ("isAdmin", json!(false)),
        ("is_admin", json!(false)),
        ("admin", json!(false)),
        ("role", json!("user")),
        ("is_staff", json!(false)),
        ("verified", json!(false)),
        ("balance", json!(0)),
        ("credit", json!(0)),
    ];
    let is_known = |name: &str| model.members.iter().any(|member| member.name == name);
    usual.iter().filter(|(name, _)| !is_known(name)).filter_map(|(name, old)| Member::of(name, old)).collect()
}

/// Members whose values an application looks at before it takes them, with ones that it knows.
pub(super) fn credible(model: &Model) -> Vec<Member> {
    static RIGHT: Pattern = Pattern::new(r"(?i)role|type$|group$|level|rank|perm|privilege|scope");
    static PLAN: Pattern = Pattern::new(r"(?i)plan$|tier|subscription|membership");
    static STATE: Pattern = Pattern::new(r"(?i)status$|state$");
    static DATE: Pattern = Pattern::new(r"^\d{4}(-\d\d-\d\d)");
    let word = |member: &&Member| {
        let old = member.old.as_str().unwrap_or_default().to_ascii_lowercase();
        let words: &[&str] = match () {
            () if !member.old.is_string() => &[],
            () if RIGHT.is_match(&member.name) => &["admin", "administrator"],
            () if PLAN.is_match(&member.name) => &["premium", "pro"],
            () if STATE.is_match(&member.name) => &["approved", "active"],
            () if DATE.is_match(&old) => &["2041-07-23", "2042-07-23"],
            () => &[],
        };
        Some(*words.iter().find(|word| **word != old)?)
    };
    let changed = |member: &Member| Some(Member { new: json!(word(&member)?), ..member.clone() });
    model.members.iter().filter_map(changed).collect()
}

/// The objects of a body, by where they stand, and the names of their members.
fn sent(body: &Body) -> Vec<(String, Vec<String>)> {
    match body {
        Body::Json(Value::Object(members)) => {
            let mut all = vec![(String::new(), members.keys().cloned().collect())];
            for (name, member) in members {
                if let Value::Object(inner) = member {
                    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                    all.push((pointer, inner.keys().cloned().collect()));
                }
            }
            all
        }
        Body::Form(_) | Body::Multipart(_) => {
            let mut all: Vec<(String, Vec<String>)> = vec![(String::new(), Vec::new())];
            for name in fields::names(body).unwrap_or_default() {
                let (outer, inner) = fields::split(name);
                match all.iter_mut().find(|(have, _)| have == outer) {
                    Some((_, names)) => names.push(inner.to_owned()),
                    None => all.push((outer.to_owned(), vec![inner.to_owned()])),
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

/// The names of the members of a body's objects.
pub(super) fn names(body: &Body) -> Vec<String> {
    sent(body).into_iter().flat_map(|(_, names)| names).collect()
}

/// How many of some names the object has that has most of them.
pub(super) fn most_shared(names: &[String], shown: &Value) -> usize {
    let mut most = 0;
    objects(shown, 0, &mut |object| {
        most = most.max(names.iter().filter(|name| object.contains_key(*name)).count());
    });
    most
}

/// Calls with each object of a value, the outer ones first; not too deep, and of lists the first few.
fn objects<'v>(value: &'v Value, depth: u8, hear: &mut dyn FnMut(&'v Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            hear(members);
            if depth < 4 {
                members.values().for_each(|member| objects(member, depth + 1, hear));
            }
        }
        Value::Array(items) if depth < 4 => {
            items.iter().take(3).for_each(|item| objects(item, depth + 1, hear));
        }
        _ => {}
    }
}
