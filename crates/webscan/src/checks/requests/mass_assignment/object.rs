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
    /// The object within the object in which it stands, as it is: its name and its members.
    within: Option<(String, Map<String, Value>)>,
}

/// An object as answers show it, beside the request that changes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    /// Members that have to do with rights, states or money.
    pub(super) members: Vec<Member>,
    /// All members, as they were shown.
    shown: Map<String, Value>,
    /// Where in the request's body the members of the object stand: a JSON pointer, or what is before the names of fields.
    inside: String,
}

/// Names of members that only the application should set; ids are left alone, since a wrong one can't be put back.
pub(super) static NAME: Pattern = Pattern::new(
    r"(?i)admin|role|perm(?:ission)?s?$|privilege|scope|staff|super_?user|moderator|verified|approved|confirmed|active$|enabled|status$|state$|balance|credit|points|price|discount|plan$|tier|level|paid|premium|subscription|quota|limit$|locked|banned|blocked|groups?$|authorit|clearance|type$|rank|score|salary|trusted|internal|vip",
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
            Value::Array(old) if old.iter().all(Value::is_string) => json!([WORD]),
            Value::Array(_) | Value::Object(_) => return None,
        };
        Some(Self { name: name.to_owned(), old: old.clone(), new, within: None })
    }

    /// The members of an object, and those of objects within, that have to do with rights, states or money.
    fn all(object: &Map<String, Value>) -> Vec<Self> {
        let telling = |object: &Map<String, Value>| -> Vec<Self> {
            let named = object.iter().filter(|(name, _)| NAME.is_match(name));
            named.filter_map(|(name, old)| Self::of(name, old)).collect()
        };
        let mut all = telling(object);
        for (name, inner) in object {
            let Value::Object(inner) = inner else { continue };
            let within = Some((name.clone(), inner.clone()));
            all.extend(telling(inner).into_iter().map(|member| Self { within: within.clone(), ..member }));
        }
        all
    }

    /// The name of the object's own member that it is, or in which it stands.
    fn outermost(&self) -> &String {
        self.within.as_ref().map_or(&self.name, |(outer, _)| outer)
    }

    /// What matches an answer that shows the new value.
    pub(super) fn pattern(&self) -> String {
        let name = regex::escape(&self.name);
        if let Value::Array(items) = &self.new {
            let item = items.first().and_then(Value::as_str).map(regex::escape).unwrap_or_default();
            return format!(r#""{name}"\s*:\s*\[[^\[\]]{{0,400}}"{item}""#);
        }
        let value = self.new.as_str().map_or_else(|| self.new.to_string(), str::to_owned);
        format!(r#""{name}"\s*:\s*"?{}(?:\.0)?["\s,}}]"#, regex::escape(&value))
    }

    /// Puts it into an object.
    fn put_into(&self, object: &mut Map<String, Value>, value: &Value) {
        let object = match &self.within {
            None => Some(object),
            Some((outer, inner)) => {
                object.entry(outer.as_str()).or_insert_with(|| inner.clone().into()).as_object_mut()
            }
        };
        if let Some(object) = object {
            object.insert(self.name.clone(), value.clone());
        }
    }

    /// The field that it is in a form whose other fields stand inside something.
    fn field(&self, inside: &str, value: &Value) -> (String, String) {
        let name = match &self.within {
            None => fields::join(inside, &self.name),
            Some((outer, _)) => format!("{}[{}]", fields::join(inside, outer), self.name),
        };
        let (name, value) = match value {
            Value::Array(items) => (format!("{name}[]"), items.first()),
            value => (name, Some(value)),
        };
        let text = match value {
            None | Some(Value::Null) => String::new(),
            Some(value) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        (name, text)
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
        let is_new = |member: &Member| !names.contains(member.outermost());
        let members = Member::all(object).into_iter().filter(is_new).take(MOST).collect();
        Some(Self { members, shown: object.clone(), inside })
    }

    /// The request with the values that the object has already; what it does not show is not sent.
    pub(super) fn unchanged(&self, request: &Request) -> Request {
        let mut request = request.clone();
        if let Body::Json(body) = &mut request.body
            && let Some(Value::Object(members)) = body.pointer_mut(&self.inside)
        {
            members.retain(|name, _| self.shown.contains_key(name));
            for (name, value) in members {
                *value = self.shown.get(name).cloned().unwrap_or_default();
            }
        }
        request
    }

    /// The request with members beside its own, with their new or their old values.
    pub(super) fn request(&self, request: &Request, members: &[&Member], is_new: bool) -> Request {
        let mut request = request.clone();
        for member in members {
            let value = if is_new { &member.new } else { &member.old };
            match &mut request.body {
                Body::Json(body) => {
                    if let Some(Value::Object(object)) = body.pointer_mut(&self.inside) {
                        member.put_into(object, value);
                    }
                }
                Body::Form(_) | Body::Multipart(_) => {
                    let (name, text) = member.field(&self.inside, value);
                    fields::add(&mut request.body, name, text);
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
    let word = |member: &Member| {
        let old = match &member.old {
            Value::Array(items) => items.first().map_or(Some(""), Value::as_str),
            old => old.as_str(),
        };
        let old = old?.to_ascii_lowercase();
        let words: &[&str] = match () {
            () if RIGHT.is_match(&member.name) => &["admin", "administrator"],
            () if PLAN.is_match(&member.name) => &["premium", "pro"],
            () if STATE.is_match(&member.name) => &["approved", "active"],
            () if DATE.is_match(&old) => &["2041-07-23", "2042-07-23"],
            () => &[],
        };
        Some(*words.iter().find(|word| **word != old)?)
    };
    let changed = |member: &Member| {
        let word = word(member)?;
        let new = if member.old.is_array() { json!([word]) } else { json!(word) };
        Some(Member { new, ..member.clone() })
    };
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

/// The texts that a body sends, of those that say something of an object.
pub(super) fn texts(body: &Body) -> Vec<String> {
    let mut all: Vec<String> = match body {
        Body::Form(fields) => fields.iter().map(|(_, value)| value.clone()).collect(),
        Body::Multipart(parts) => parts.iter().map(|part| part.value.clone()).collect(),
        Body::Json(value) => {
            let mut all = Vec::new();
            objects(value, 0, &mut |object| {
                all.extend(object.values().filter_map(Value::as_str).map(str::to_owned));
            });
            all
        }
        _ => Vec::new(),
    };
    all.retain(|text| text.len() >= 3 && !text.contains("{{"));
    all
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
