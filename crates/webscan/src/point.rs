//! Injection points: the places of a request where a value can be changed.

mod coding;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use coding::Coding;

use crate::http::{Body, Request, encode};
use crate::xml;

/// Where in a request a value stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The nth segment of the path, from 0.
    Path(usize),
    /// The nth field of the query.
    Query(usize),
    /// A request header, there or not.
    Header,
    /// A cookie of the request or of the session.
    Cookie,
    /// The nth field of a form.
    Form(usize),
    /// The nth part of a multipart body.
    Multipart(usize),
    /// The name of the nth part's file.
    FileName(usize),
    /// A value in a JSON body, by its pointer (RFC 6901).
    Json(String),
    /// The nth text or attribute of an XML body.
    Xml(usize),
    /// The name of a query field that is added, or what stands in its brackets where others have some.
    QueryName,
    /// The same in a form.
    FormName,
    /// The name of a member that is added to a JSON body, in the object at this pointer (RFC 6901).
    JsonName(String),
    /// A query that is one value, without a name.
    WholeQuery,
    /// A body that is one text.
    WholeBody,
    /// A value that stands within that of another place.
    Within(Box<Place>, Coding),
}

/// An injection point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Point {
    /// Where.
    pub place: Place,
    /// The parameter's name; of a path segment the segment itself, of JSON the pointer.
    pub name: String,
    /// The value that the request has, decoded.
    pub value: String,
}

/// How a value is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put<'a> {
    /// Encoded as the place wants it.
    Text(&'a str),
    /// Sent as it is, where the place allows it; in JSON it is read as a JSON value.
    Raw(&'a str),
}

impl<'a> From<&'a str> for Put<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Put<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

/// Most points of one request.
const MAX_POINTS: usize = 200;
/// Longest body that is one value, in bytes.
const MAX_TEXT: usize = 4_000;
/// Names of values that have none.
const WHOLE_QUERY: &str = "(query)";
const WHOLE_BODY: &str = "(body)";
/// What names that are added are called.
const ANY_NAME: &str = "(any name)";
/// Most objects of a body to which names are added.
const MOST_OBJECTS: usize = 3;

impl Request {
    /// All places where this request's own values stand; not headers, and only its own cookies.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let point =
            |place, name: &str, value: &str| Point { place, name: name.to_owned(), value: value.to_owned() };
        let mut points = Vec::new();
        match self.url.query.as_deref() {
            Some(query) if !query.is_empty() && !query.contains(['=', '&']) => {
                points.push(point(Place::WholeQuery, WHOLE_QUERY, &encode::unpercent(query)));
            }
            _ => points.extend(
                self.query().iter().enumerate().map(|(n, (name, value))| point(Place::Query(n), name, value)),
            ),
        }
        match &self.body {
            Body::Form(fields) => {
                points.extend(
                    fields.iter().enumerate().map(|(n, (name, value))| point(Place::Form(n), name, value)),
                );
            }
            Body::Multipart(parts) => {
                for (n, part) in parts.iter().enumerate() {
                    points.push(point(Place::Multipart(n), &part.name, &part.value));
                    if let Some(file) = &part.file_name {
                        points.push(point(Place::FileName(n), &part.name, file));
                    }
                }
            }
            Body::Json(value) => leaves(value, &mut String::new(), &mut points),
            Body::Xml(text) => {
                let values = xml::values(text).into_iter().enumerate();
                points.extend(values.map(|(n, (name, value))| point(Place::Xml(n), &name, &value)));
            }
            Body::Text { text, .. } if !text.is_empty() && text.len() <= MAX_TEXT => {
                points.push(point(Place::WholeBody, WHOLE_BODY, text));
            }
            Body::None | Body::Text { .. } => {}
        }
        points.extend(self.cookies.iter().map(|(name, value)| point(Place::Cookie, name, value)));
        points.truncate(MAX_POINTS);
        points
    }

    /// The segments of the path as points.
    #[must_use]
    pub fn path_points(&self) -> Vec<Point> {
        let segments =
            self.url.path.split('/').skip(1).enumerate().filter(|(_, segment)| !segment.is_empty());
        segments
            .map(|(n, segment)| Point {
                place: Place::Path(n),
                name: segment.to_owned(),
                value: encode::unpercent(segment),
            })
            .collect()
    }

    /// The names that may be added to a request, as points.
    #[must_use]
    pub fn name_points(&self, of_query: bool) -> Vec<Point> {
        let mut points = Vec::new();
        if of_query {
            points.push(name_point(Place::QueryName, &self.query()));
        }
        match &self.body {
            Body::Form(fields) => points.push(name_point(Place::FormName, fields)),
            Body::Json(value) => objects(value, &mut String::new(), &mut points),
            _ => {}
        }
        points
    }

    /// The same request with another value at a point.
    #[must_use]
    pub fn with<'a>(&self, point: &Point, value: impl Into<Put<'a>>) -> Self {
        let mut changed = self.clone();
        changed.put(point, value.into());
        changed
    }

    fn put(&mut self, point: &Point, value: Put<'_>) {
        let plain = match value {
            Put::Text(text) => text.to_owned(),
            Put::Raw(text) => format!("{}{text}", encode::RAW),
        };
        let (Put::Text(text) | Put::Raw(text)) = value;
        match &point.place {
            Place::Path(n) => {
                let encoded =
                    if matches!(value, Put::Raw(_)) { text.to_owned() } else { encode::percent(text) };
                let mut segments: Vec<&str> = self.url.path.split('/').skip(1).collect();
                if let Some(segment) = segments.get_mut(*n) {
                    *segment = &encoded;
                }
                self.url.path = format!("/{}", segments.join("/"));
            }
            Place::Query(n) => {
                let mut fields = self.query();
                if let Some((_, old)) = fields.get_mut(*n) {
                    *old = plain;
                }
                self.set_query(&fields);
            }
            Place::Header => self.set_header(&point.name, text),
            Place::Cookie => {
                self.cookies.retain(|(name, _)| *name != point.name);
                self.cookies.push((point.name.clone(), text.to_owned()));
            }
            Place::Form(n) => {
                if let Body::Form(fields) = &mut self.body
                    && let Some((_, old)) = fields.get_mut(*n)
                {
                    *old = plain;
                }
            }
            Place::Multipart(n) | Place::FileName(n) => {
                if let Body::Multipart(parts) = &mut self.body
                    && let Some(part) = parts.get_mut(*n)
                {
                    match point.place {
                        Place::FileName(_) => part.file_name = Some(text.to_owned()),
                        _ => text.clone_into(&mut part.value),
                    }
                }
            }
            Place::Json(pointer) => {
                let new = match value {
                    Put::Raw(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
                    Put::Text(text) => Value::from(text),
                };
                if let Body::Json(body) = &mut self.body
                    && let Some(old) = body.pointer_mut(pointer)
                {
                    *old = new;
                }
            }
            Place::Xml(n) => {
                if let Body::Xml(body) = &mut self.body {
                    *body = xml::with_value(body, *n, text, matches!(value, Put::Raw(_)));
                }
            }
            Place::QueryName => {
                let mut fields = self.query();
                add_name(&mut fields, text);
                self.set_query(&fields);
            }
            Place::FormName => {
                if let Body::Form(fields) = &mut self.body {
                    add_name(fields, text);
                }
            }
            Place::JsonName(pointer) => {
                if let Body::Json(body) = &mut self.body
                    && let Some(Value::Object(members)) = body.pointer_mut(pointer)
                {
                    let value = members.values().next().cloned().unwrap_or_else(|| Value::from("1"));
                    members.insert(text.to_owned(), value);
                }
            }
            Place::WholeQuery => {
                let is_raw = matches!(value, Put::Raw(_));
                self.url.query = Some(if is_raw { text.to_owned() } else { encode::percent(text) });
            }
            Place::WholeBody => {
                if let Body::Text { text: old, .. } = &mut self.body {
                    text.clone_into(old);
                }
            }
            Place::Within(place, coding) => {
                // Cookies and headers are known by their names.
                let name = coding.outer_name(&point.name).to_owned();
                let outer = Point { place: (**place).clone(), name, value: point.value.clone() };
                // The signs of a parameter of the path stay as they are.
                if let (Place::Path(_), Coding::After(begin)) = (&**place, coding) {
                    let begin = encode::percent(begin).replace("%3B", ";").replace("%3D", "=");
                    let own =
                        if matches!(value, Put::Raw(_)) { text.to_owned() } else { encode::percent(text) };
                    let raw = format!("{begin}{own}");
                    return self.put(&outer, Put::Raw(&raw));
                }
                let whole = match (coding, value) {
                    (Coding::Json { .. }, Put::Raw(_)) => coding.put_json(text),
                    _ => coding.put(text),
                };
                self.put(&outer, Put::Text(&whole));
            }
        }
    }

    /// The same request with the point's parameter under another name, for places that have names.
    #[must_use]
    pub fn renamed(&self, point: &Point, name: &str) -> Option<Self> {
        let mut changed = self.clone();
        match (&point.place, &mut changed.body) {
            (Place::Query(n), _) => {
                let mut fields = self.query();
                name.clone_into(&mut fields.get_mut(*n)?.0);
                changed.set_query(&fields);
            }
            (Place::Form(n), Body::Form(fields)) => name.clone_into(&mut fields.get_mut(*n)?.0),
            (Place::Multipart(n), Body::Multipart(parts)) => name.clone_into(&mut parts.get_mut(*n)?.name),
            _ => return None,
        }
        Some(changed)
    }
}

/// Adds a field with a name and the value of the first one; where fields have names with brackets, the name stands in those.
/// What complains of a name often stops at the first one.
fn add_name(fields: &mut Vec<(String, String)>, name: &str) {
    let outer = fields.iter().find_map(|(have, _)| Some(bracketed(have)?.0));
    let whole = outer.map_or_else(|| name.to_owned(), |outer| format!("{outer}[{name}]"));
    let value = fields.first().map_or("1", |(_, value)| value).to_owned();
    fields.insert(0, (whole, value));
}

/// What stands before and in the brackets of a name such as `filter[colour]`; numbers only count.
fn bracketed(name: &str) -> Option<(&str, &str)> {
    let (outer, inner) = name.strip_suffix(']')?.split_once('[')?;
    inner.starts_with(|first: char| first.is_ascii_alphabetic()).then_some((outer, inner))
}

/// The points of names that may be added to these fields: a name that is there already, as its value.
fn name_point(place: Place, fields: &[(String, String)]) -> Point {
    let inner = fields.iter().find_map(|(name, _)| Some(bracketed(name)?.1));
    let have = inner.or_else(|| fields.first().map(|(name, _)| name.as_str())).unwrap_or_default();
    Point { place, name: ANY_NAME.to_owned(), value: have.to_owned() }
}

fn leaves(value: &Value, pointer: &mut String, points: &mut Vec<Point>) {
    if points.len() >= MAX_POINTS {
        return;
    }
    let length = pointer.len();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                *pointer += &format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                leaves(member, pointer, points);
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                *pointer += &format!("/{n}");
                leaves(item, pointer, points);
                pointer.truncate(length);
            }
        }
        leaf => {
            let value = leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned);
            points.push(Point { place: Place::Json(pointer.clone()), name: pointer.clone(), value });
        }
    }
}

/// The objects of a JSON value to which members may be added.
fn objects(value: &Value, pointer: &mut String, points: &mut Vec<Point>) {
    let Value::Object(members) = value else { return };
    if points.len() >= MOST_OBJECTS {
        return;
    }
    let have = members.keys().next().cloned().unwrap_or_default();
    let name = if pointer.is_empty() { ANY_NAME.to_owned() } else { format!("{pointer} {ANY_NAME}") };
    points.push(Point { place: Place::JsonName(pointer.clone()), name, value: have });
    let length = pointer.len();
    for (name, member) in members {
        *pointer += &format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        objects(member, pointer, points);
        pointer.truncate(length);
    }
}

impl Point {
    /// A request header as a point.
    #[must_use]
    pub fn header(name: &str) -> Self {
        Self { place: Place::Header, name: name.to_owned(), value: String::new() }
    }

    /// A cookie as a point.
    #[must_use]
    pub fn cookie(name: &str, value: &str) -> Self {
        Self { place: Place::Cookie, name: name.to_owned(), value: value.to_owned() }
    }

    /// Whether it is a header that the request does not have by itself, and that is tried because applications like to read it.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.is_name() || (self.place == Place::Header && self.value.is_empty())
    }

    /// Whether it is a name that is added.
    #[must_use]
    pub fn is_name(&self) -> bool {
        matches!(self.place, Place::QueryName | Place::FormName | Place::JsonName(_))
    }

    /// The kind of place, without its position: a finding's identity must not change when a field moves.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.place.kind()
    }
}

impl Place {
    /// The place of the request, whatever the value stands within there.
    #[must_use]
    pub fn outer(&self) -> &Self {
        match self {
            Self::Within(place, _) => place.outer(),
            place => place,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Path(_) => "path",
            Self::Query(_) => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Form(_) => "form",
            Self::Multipart(_) => "multipart",
            Self::FileName(_) => "file name",
            Self::Json(_) => "json",
            Self::Xml(_) => "xml",
            Self::QueryName => "query name",
            Self::FormName => "form name",
            Self::JsonName(_) => "json name",
            Self::WholeQuery => "query",
            Self::WholeBody => "body",
            Self::Within(place, coding) => coding.kind().unwrap_or_else(|| place.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::{Part, Target};

    fn changed(request: &Request, name: &str, value: Put<'_>) -> Request {
        let all = [request.points(), request.path_points()].concat();
        let point = all.iter().find(|point| point.name == name).unwrap();
        request.with(point, value)
    }

    #[test]
    fn one_value_changes_and_the_others_stay() {
        let request = Request::get(Target::parse("http://a.test/x/7/edit?q=a%20b&r=1").unwrap());
        assert_eq!(
            changed(&request, "q", Put::Text("'&")).url.to_string(),
            "http://a.test/x/7/edit?q=%27%26&r=1"
        );
        assert_eq!(changed(&request, "r", Put::Raw("%0d")).url.query.unwrap(), "q=a%20b&r=%0d");
        assert_eq!(changed(&request, "7", Put::Text("7'/")).url.path, "/x/7%27%2F/edit");
        let json = Request { body: Body::Json(json!({"a": {"b/c": [1, "x"]}})), ..request.clone() };
        assert_eq!(
            changed(&json, "/a/b~1c/0", Put::Text("'")).body,
            Body::Json(json!({"a": {"b/c": ["'", "x"]}}))
        );
        let object = changed(&json, "/a/b~1c/1", Put::Raw(r#"{"$ne":null}"#));
        assert_eq!(object.body, Body::Json(json!({"a": {"b/c": [1, {"$ne": null}]}})));
        let part =
            |value: &str| Part { name: "f".into(), value: value.into(), file_name: None, content_type: None };
        let multipart = Request { body: Body::Multipart(vec![part("1")]), ..request.clone() };
        assert_eq!(changed(&multipart, "f", Put::Text("2")).body, Body::Multipart(vec![part("2")]));
        let xml = Request { body: Body::Xml("<a b=\"1\"><c>2</c></a>".into()), ..request.clone() };
        assert_eq!(changed(&xml, "c", Put::Text("<")).body, Body::Xml("<a b=\"1\"><c>&lt;</c></a>".into()));
        let coded = Request::get(Target::parse("http://a.test/x?d=YXBwbGU%3D&e=apple123").unwrap());
        let inner: Vec<Point> = coded.points().iter().flat_map(Point::inner).collect();
        assert_eq!((inner.len(), inner[0].value.as_str()), (1, "apple"));
        assert_eq!(coded.with(&inner[0], "a<b").query()[0].1, "YTxi");
        let name = Point { place: Place::QueryName, name: String::new(), value: String::new() };
        assert_eq!(request.with(&name, "a<").url.query.unwrap(), "a%3C=a%20b&q=a%20b&r=1");
        let bracketed = Request::get(Target::parse("http://a.test/x?f%5Bcolour%5D=red").unwrap());
        let name = &bracketed.name_points(true)[0];
        assert_eq!(name.value, "colour");
        assert_eq!(bracketed.with(name, "a").query()[0], ("f[a]".into(), "red".into()));
        let json = Request { body: Body::Json(json!({"a": {"b": 1}})), ..request.clone() };
        let added = json.with(&json.name_points(false)[1], "c");
        assert_eq!(added.body, Body::Json(json!({"a": {"b": 1, "c": 1}})));
        let matrix = Request::get(Target::parse("http://a.test/shop;colour=red").unwrap());
        let colour = &matrix.path_points()[0].inner()[0];
        assert_eq!((colour.name.as_str(), colour.value.as_str()), ("colour", "red"));
        assert_eq!(matrix.with(colour, "a b").url.path, "/shop;colour=a%20b");
        let cookie = Point::cookie("c", r#"{"a":"b"}"#);
        let member = &cookie.inner()[0];
        assert_eq!(request.with(member, "x").cookies, [("c".to_owned(), r#"{"a":"x"}"#.to_owned())]);
        let object = request.with(member, Put::Raw(r#"{"$ne":"x"}"#));
        assert_eq!(object.cookies, [("c".to_owned(), r#"{"a":{"$ne":"x"}}"#.to_owned())]);
        let first = &request.points()[0];
        assert_eq!(request.renamed(first, "q[$ne]").unwrap().url.query.unwrap(), "q[%24ne]=a%20b&r=1");
    }
}
