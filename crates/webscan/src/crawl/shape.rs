//! Shapes: what URLs and pages have in common, so that calendars, sort orders and endless ids end.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::http::{Body, Request, Target, encode};
use crate::point::{Place, Point};

/// Names of parameters that carry a session, not a place.
const SESSION_NAMES: &[&str] = &[
    "jsessionid",
    "phpsessid",
    "aspsessionid",
    "sessionid",
    "session_id",
    "sessid",
    "sid",
    "cfid",
    "cftoken",
    "_sid",
];

/// Whether a name is one under which sessions are carried in URLs.
#[must_use]
pub fn is_session_name(name: &str) -> bool {
    SESSION_NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// A URL without what does not matter for which page it is: session ids, empty queries, the order of parameters.
#[must_use]
pub fn canonical(url: &Target) -> String {
    let path = match url.path.find(";") {
        Some(at) if url.path.get(at..).is_some_and(|rest| rest.to_ascii_lowercase().contains("sess")) => {
            url.path.get(..at).unwrap_or_default()
        }
        _ => &url.path,
    };
    let mut fields = url.query.as_deref().map(encode::read_form).unwrap_or_default();
    fields.retain(|(name, _)| !is_session_name(name));
    fields.sort();
    let query = if fields.is_empty() { String::new() } else { format!("?{}", encode::form(&fields)) };
    format!("{}{path}{query}", url.origin)
}

/// What a request is, for not sending it twice.
#[must_use]
pub fn key(request: &Request) -> String {
    let body = match &request.body {
        Body::None => String::new(),
        body => {
            let mut names: Vec<String> = request.points().into_iter().map(|point| point.name).collect();
            names.sort();
            names.extend(selectors(request));
            format!(" {} {}", body.content_type().unwrap_or_default(), names.join(","))
        }
    };
    format!("{} {}{body}", request.method, canonical(&request.url))
}

/// One path segment, with what varies taken out.
fn segment_shape(segment: &str) -> String {
    let segment = encode::unpercent(segment);
    let is_hex = segment.len() >= 16 && segment.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if is_hex {
        return "{id}".to_owned();
    }
    let mut shape = String::new();
    let mut in_number = false;
    for letter in segment.chars() {
        match (letter.is_ascii_digit(), in_number) {
            (true, false) => shape.push('#'),
            (true, true) => {}
            (false, _) => shape.push(letter),
        }
        in_number = letter.is_ascii_digit();
    }
    shape
}

/// The shape of a request: its path with numbers and ids taken out, and the names of its parameters.
#[must_use]
pub fn shape(request: &Request) -> String {
    let path: Vec<String> = request.url.path.split('/').map(segment_shape).collect();
    let mut names: Vec<String> = request.query().into_iter().map(|(name, _)| name).collect();
    names.retain(|name| !is_session_name(name));
    names.sort();
    names.dedup();
    format!("{} {}{}?{}", request.method, request.url.origin, path.join("/"), names.join("&"))
}

/// Names of parameters whose value says which part of an application is meant, where one address serves many.
const SELECTORS: &[&str] = &[
    "act",
    "action",
    "btn",
    "button",
    "controller",
    "ctrl",
    "do",
    "event",
    "func",
    "function",
    "handler",
    "method",
    "mod",
    "mode",
    "module",
    "op",
    "oper",
    "operation",
    "operationname",
    "option",
    "p",
    "page",
    "pg",
    "r",
    "route",
    "screen",
    "section",
    "service",
    "show",
    "submit",
    "task",
    "view",
];
/// Longest value that selects, in bytes.
const LONGEST: usize = 40;
/// Bytes of a GraphQL query that tell it from others.
const OF_QUERY: usize = 120;

/// Whether a parameter says which part of an application a request means.
#[must_use]
pub fn is_selector(name: &str, value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-/.:".contains(c);
    let name = name.trim_start_matches('/').to_ascii_lowercase();
    SELECTORS.contains(&name.as_str())
        && value.len() <= LONGEST
        && value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(plain)
}

/// The parameters that say which part of the application a request means.
fn selectors(request: &Request) -> Vec<String> {
    let select = |point: &Point| {
        if point.name == "/query" && point.value.contains('{') {
            let begin = point.value.floor_char_boundary(OF_QUERY);
            return point.value.get(..begin).map(str::to_owned);
        }
        let is_own = !matches!(point.place, Place::Cookie) && is_selector(&point.name, &point.value);
        is_own.then(|| format!("{}={}", point.name, point.value))
    };
    let mut found: Vec<String> = request.points().iter().filter_map(select).collect();
    found.sort();
    found
}

/// Whether a segment of a path is a word with a small number, as programs and parts of an application are called (`step2.php`,
/// `form-3`), but pages of a list are not.
fn is_numbered(segment: &str) -> bool {
    let name = segment.rsplit_once('.').map_or(segment, |(name, _)| name);
    let word = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = name.len() - word.len();
    let plain = |letter: char| letter.is_ascii_alphabetic() || matches!(letter, '-' | '_');
    (1..=2).contains(&digits) && word.len() >= 2 && word.chars().all(plain) && !word.starts_with("page")
}

/// Purposes of one shape that are told apart.
const MOST_PURPOSES: usize = 40;

/// What requests are for: their shapes, and where one address serves many parts of an application, which part it is.
#[derive(Debug, Default)]
pub struct Purposes(HashMap<String, BTreeSet<String>>);

impl Purposes {
    /// The purpose of a request. When a shape has very many, all further ones are one.
    pub fn of(&mut self, request: &Request) -> String {
        self.learn(request).0
    }

    /// Whether a request has a purpose that none before it had.
    pub fn is_new(&mut self, request: &Request) -> bool {
        self.learn(request).1
    }

    fn learn(&mut self, request: &Request) -> (String, bool) {
        let shape = shape(request);
        let mut parts = selectors(request);
        if request.body != Body::None {
            parts
                .extend(request.points().into_iter().map(|point| format!("{} {}", point.kind(), point.name)));
            parts.sort();
        }
        parts.extend(request.url.path.split('/').filter(|segment| is_numbered(segment)).map(str::to_owned));
        let purpose = format!("{shape} {}", parts.join("&"));
        let known = self.0.entry(shape.clone()).or_default();
        if known.contains(&purpose) {
            return (purpose, false);
        }
        if known.len() < MOST_PURPOSES {
            known.insert(purpose.clone());
            return (purpose, true);
        }
        (shape, false)
    }
}

/// Whether a path goes round in circles: one segment, or two in turns, again and again.
#[must_use]
pub fn is_circular(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    segments.iter().for_each(|segment| *counts.entry(segment).or_default() += 1);
    segments.len() > 25 || counts.values().any(|count| *count >= 4)
}

/// A page by its words, numbers left out: the same for pages that differ in dates, ids and order only.
#[must_use]
pub fn words(text: &str) -> u64 {
    let words: BTreeSet<&str> =
        text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 1).take(20_000).collect();
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

/// How often a shape may bring nothing new: where only the query varies, and where the path does.
const QUERY_REPEATS: usize = 6;
const PATH_REPEATS: usize = 40;
/// Most pages of one shape, whatever they bring.
const MOST: usize = 400;

/// What is known of each shape.
#[derive(Debug, Default)]
pub struct Shapes {
    known: HashMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    taken: usize,
    repeats: usize,
    words: BTreeSet<u64>,
    paths: BTreeSet<String>,
}

impl Shapes {
    /// Whether one more request of a shape may be fetched; counts it when it may.
    pub fn admit(&mut self, request: &Request) -> bool {
        let known = self.known.entry(shape(request)).or_default();
        known.paths.insert(request.url.path.clone());
        let limit = if known.paths.len() > 1 { PATH_REPEATS } else { QUERY_REPEATS };
        let admitted = known.repeats < limit && known.taken < MOST;
        known.taken += usize::from(admitted);
        admitted
    }

    /// Notes what came of it; true when it brought something new.
    pub fn learn(&mut self, request: &Request, text: &str) -> bool {
        let known = self.known.entry(shape(request)).or_default();
        let is_new = known.words.insert(words(text));
        known.repeats += usize::from(!is_new);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str) -> Request {
        Request::get(Target::parse(url).unwrap())
    }

    #[test]
    fn sessions_and_order_do_not_make_another_page() {
        let one = key(&get("http://a.test/x?b=2&a=1&PHPSESSID=77"));
        assert_eq!(one, key(&get("http://a.test/x?a=1&b=2")));
        assert_eq!(key(&get("http://a.test/x;jsessionid=AB12")), key(&get("http://a.test/x")));
        assert_ne!(one, key(&get("http://a.test/x?a=1&b=3")));
    }

    #[test]
    fn numbers_and_ids_share_a_shape() {
        assert_eq!(shape(&get("http://a.test/p/12/v3?x=1")), shape(&get("http://a.test/p/7/v4?x=a")));
        let id = "http://a.test/p/123e4567-e89b-12d3-a456-426614174000";
        assert_eq!(shape(&get(id)), shape(&get(&id.replace('7', "9"))));
        assert_ne!(shape(&get("http://a.test/p/shoes")), shape(&get("http://a.test/p/hats")));
        assert!(is_circular("/a/b/a/b/a/b/a/b") && !is_circular("/a/b/c/d"));
    }

    #[test]
    fn numbered_programs_have_purposes_of_their_own() {
        let mut purposes = Purposes::default();
        let mut of = |path: &str| purposes.of(&get(&format!("http://a.test{path}?id=1")));
        assert_ne!(of("/step1.php"), of("/step2.php"));
        assert_ne!(of("/form-1/"), of("/form-2/"));
        assert_eq!(of("/item/1"), of("/item/2"));
        assert_eq!(of("/page1.html"), of("/page2.html"));
        assert_eq!(of("/article-12345"), of("/article-12346"));
    }

    #[test]
    fn one_address_with_many_parts_has_many_purposes() {
        let mut purposes = Purposes::default();
        let mut of = |url: &str| purposes.of(&get(&format!("http://a.test/index.php?{url}")));
        let user = of("page=user&id=1");
        assert_eq!(user, of("id=2&page=user"));
        assert_ne!(user, of("page=shop&id=1"));
        // A number, a sentence or another name selects nothing.
        assert_eq!(of("page=1&id=1"), of("page=2&id=1"));
        assert_eq!(of("sort=name"), of("sort=price"));
        let many: BTreeSet<String> = (0..500).map(|n| of(&format!("view=v{n}"))).collect();
        assert!(many.len() <= MOST_PURPOSES + 1);
        let post = |action: &str, field: &str| {
            let fields = [("action", action), (field, "x")].map(|(n, v)| (n.to_owned(), v.to_owned()));
            Request::post(Target::parse("http://a.test/do").unwrap(), fields.to_vec())
        };
        let mut of = |request: &Request| (purposes.of(request), key(request));
        let search = of(&post("search", "text"));
        assert_eq!(search, of(&post("search", "text")));
        for other in [post("comment", "text"), post("search", "name")] {
            let other = of(&other);
            assert!(other.0 != search.0 && other.1 != search.1);
        }
    }

    #[test]
    fn a_calendar_ends_and_a_catalogue_does_not() {
        let mut shapes = Shapes::default();
        let fetched = (0..1_000).filter(|day| {
            let request = get(&format!("http://a.test/cal?day={day}"));
            shapes.admit(&request) && {
                shapes.learn(&request, &format!("Day {day} of the calendar"));
                true
            }
        });
        assert!(fetched.count() < 10);
        let texts = [
            "red shoes",
            "green hats",
            "blue gloves",
            "white socks",
            "black belts",
            "grey shirts",
            "pink ties",
        ];
        let all = texts.iter().cycle().take(7).enumerate().filter(|(n, text)| {
            let request = get(&format!("http://a.test/item?id={n}"));
            shapes.admit(&request) && {
                shapes.learn(&request, text);
                true
            }
        });
        assert_eq!(all.count(), 7);
    }
}
