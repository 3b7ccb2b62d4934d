//! Where the browser brings something along, and which of these places the scripts of a page read.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::gleaned::Gleaned;
use crate::checks::Entry;
use crate::checks::pattern::Pattern;
use crate::http::{Request, Target, encode};
use crate::point::{Place, Point, Put};

/// Where the browser brings something along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Where {
    /// All after the `#`, in a shape of which `{}` is the value.
    Fragment(String),
    /// The nth field of the query.
    Query(Point),
    /// A field of the query that the script asks for; or only seems to.
    NewQuery(String, bool),
    /// All of the query.
    WholeQuery,
    /// A segment of the path.
    Path(Point),
    /// A cookie that scripts read.
    Cookie(String),
    /// The name of the window.
    Name,
    /// The page before.
    Referrer,
    /// A message of a shape, from an origin.
    Message(String, Option<String>),
}

/// How a script reads what it was brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// As the value of members of JSON of this shape.
    Json(String),
    /// In base64.
    Base64(Box<Form>),
    /// Between what scripts want to stand before and behind it.
    Around(String, String),
}

/// A place, and the form of a value there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::checks::dom) struct Source {
    place: Where,
    form: Form,
    /// Whether the page waits for what visitors do on it.
    acts: bool,
    /// The page that shows what this one stored.
    then: Option<Target>,
}

impl Form {
    fn of(&self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Json(shape) => {
                let quoted = Value::from(value).to_string();
                let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
                shape.replace("{}", inner)
            }
            Self::Base64(inner) => BASE64_STANDARD.encode(inner.of(value)),
            Self::Around(before, behind) => format!("{before}{value}{behind}"),
        }
    }
}

impl Source {
    /// A field of the query, as it is.
    pub(super) fn of_query(point: Point) -> Self {
        Self { place: Where::Query(point), form: Form::Plain, acts: false, then: None }
    }

    /// Puts a value there, beside what other sources have.
    pub(super) fn put(&self, request: &mut Request, value: &str) {
        let value = &self.form.of(value);
        match &self.place {
            Where::Query(point) | Where::Path(point) => *request = request.with(point, Put::Text(value)),
            Where::NewQuery(name, _) => {
                let mut fields = request.query();
                fields.retain(|(have, _)| have != name);
                fields.push((name.clone(), value.to_owned()));
                request.set_query(&fields);
            }
            Where::WholeQuery => {
                let signs = [(' ', "%20"), ('"', "%22"), ('#', "%23"), ('<', "%3C"), ('>', "%3E")];
                let query =
                    signs.iter().fold(value.to_owned(), |query, (sign, code)| query.replace(*sign, code));
                request.url.query = Some(query);
            }
            Where::Cookie(name) => {
                request.cookies.retain(|(have, _)| have != name);
                // Scripts that don't decode want it as it is, which a cookie lets stand but for a few signs.
                let ends = [(';', "%3B"), (',', "%2C"), ('\\', "%5C")];
                let value =
                    ends.iter().fold(value.to_owned(), |value, (sign, code)| value.replace(*sign, code));
                request.cookies.push((name.clone(), value));
            }
            _ => {}
        }
        let visit = request.visit.get_or_insert_default();
        match &self.place {
            Where::Fragment(shape) => {
                let before = visit.fragment.take().map(|before| before + "&").unwrap_or_default();
                // What takes names and values apart decodes the values.
                let value = &match shape.contains("={}") {
                    true => value.replace('=', "%3D").replace('&', "%26"),
                    false => value.to_owned(),
                };
                visit.fragment = Some(before + &shape.replace("{}", value));
            }
            Where::Name => visit.window_name = Some(value.to_owned()),
            Where::Referrer => {
                // Browsers leave quotes of a path as they are, and those of a query not.
                let path = encode::percent(value)
                    .replace("%27", "'")
                    .replace("%28", "(")
                    .replace("%29", ")")
                    .replace("%3B", ";");
                visit.referrer =
                    Some(format!("http://redoubt-probe.example/{path}?q={}", encode::percent(value)));
            }
            Where::Message(shape, from) => {
                visit.message = Some(Form::Json(shape.clone()).of(value));
                if shape == "{}" {
                    visit.message = Some(value.to_owned());
                }
                visit.message_from.clone_from(from);
            }
            _ => {}
        }
        visit.acts |= self.acts;
        if self.then.is_some() {
            visit.then.clone_from(&self.then);
        }
        if **visit == crate::http::Visit::default() {
            request.visit = None;
        }
    }

    pub(in crate::checks::dom) fn name(&self) -> String {
        match &self.place {
            Where::Fragment(shape) => format!("#{}", shape.replace("{}", "")),
            Where::Query(point) | Where::Path(point) => point.name.clone(),
            Where::NewQuery(name, _) | Where::Cookie(name) => name.clone(),
            Where::WholeQuery => "?".to_owned(),
            Where::Name => "window.name".to_owned(),
            Where::Referrer => "document.referrer".to_owned(),
            Where::Message(..) => "message".to_owned(),
        }
    }

    /// Whether it is only guessed that scripts read it.
    pub(super) fn is_guess(&self) -> bool {
        matches!(self.place, Where::NewQuery(_, true))
    }

    /// What stands around the value, which is `{}`, in a fragment; none where it is all of it.
    pub(super) fn shape_of_fragment(&self) -> Option<&str> {
        match &self.place {
            Where::Fragment(shape) => Some(shape.as_str()).filter(|shape| *shape != "{}"),
            _ => None,
        }
    }

    /// Whether it is all of the fragment.
    pub(super) fn is_whole_fragment(&self) -> bool {
        matches!(self.place, Where::Fragment(_)) && self.shape_of_fragment().is_none()
    }

    /// Whether it has more than the value, for what scripts ask of it.
    pub(super) fn is_dressed(&self) -> bool {
        matches!(self.form, Form::Around(..))
    }

    /// Whether a link brings it along.
    pub(in crate::checks::dom) fn is_of_a_link(&self) -> bool {
        matches!(
            self.place,
            Where::Fragment(_) | Where::Query(_) | Where::NewQuery(..) | Where::WholeQuery | Where::Path(_)
        )
    }

    /// Whether it stands in what the browser keeps anyway.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.place, Where::Cookie(_))
    }

    /// What one visit has only once.
    pub(super) fn slot(&self) -> String {
        match &self.place {
            Where::Fragment(shape) if shape.ends_with("={}") && self.form == Form::Plain => {
                format!("#{shape}")
            }
            Where::Fragment(_) => "#".to_owned(),
            Where::Path(_) | Where::WholeQuery => "/".to_owned(),
            Where::Cookie(name) => format!("cookie {name}"),
            _ => self.name(),
        }
    }

    /// The same, shown by another page.
    pub(super) fn shown_by(&self, page: &Target) -> Self {
        Self { then: Some(page.clone()), ..self.clone() }
    }
}

/// Sources that one visit can bring along together.
pub(in crate::checks::dom) fn bundles(sources: &[Source]) -> Vec<Vec<&Source>> {
    let mut bundles: Vec<Vec<&Source>> = Vec::new();
    for source in sources {
        let slot = source.slot();
        let fits = |bundle: &&mut Vec<&Source>| {
            !bundle.iter().any(|have| {
                let other = have.slot();
                let both = slot.starts_with('#') && other.starts_with('#');
                slot == other || slot == "/" || other == "/" || (both && (slot == "#" || other == "#"))
            })
        };
        match bundles.iter_mut().find(fits) {
            Some(bundle) => bundle.push(source),
            None => bundles.push(vec![source]),
        }
    }
    bundles
}

/// A request that brings a value of its own along in each source.
pub(in crate::checks::dom) fn with_all(
    request: &Request,
    bundle: &[&Source],
    value: impl Fn(usize) -> String,
) -> Request {
    let mut request = request.clone();
    bundle.iter().enumerate().for_each(|(n, source)| source.put(&mut request, &value(n)));
    request
}

/// A sign for the nth source of a bundle: no sign is the beginning of another.
pub(super) fn sign(n: usize) -> String {
    format!("z{n}z")
}

/// Most shapes of the fragment, besides names.
const SHAPES: usize = 6;

/// Whether scripts take the query for one value, without names.
fn takes_all_of_the_query(own: &str) -> bool {
    static TAKES: Pattern =
        Pattern::new(r"(?:\.|\b)search\s*\.\s*(?:substr|substring|slice)\s*\(\s*1\s*\)|\.search\.replace\(");
    static SPLIT: Pattern = Pattern::new(r#"\.split\(\s*['"]\?['"]\s*\)\s*(?:\[\s*1\s*\]|\.pop\(\))"#);
    let is_taken_apart =
        ["split('&", "split(\"&", "split('=", "split(\"="].iter().any(|word| own.contains(word));
    (TAKES.is_match(own) && !own.contains("split(")) || (SPLIT.is_match(own) && !is_taken_apart)
}

/// The sources that a page's scripts read: `text` is of all of them, `own` without libraries.
pub(in crate::checks::dom) fn sources(entry: &Entry, text: &str, own: &str) -> Vec<Source> {
    let reads = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let own_reads = |words: &[&str]| words.iter().any(|word| own.contains(word));
    let known = Gleaned::of(own);
    let whole = own_reads(&[
        "location.href",
        "document.URL",
        "documentURI",
        "baseURI",
        "location.toString",
        "(location)",
        "+location",
        "+ location",
        "(window.location)",
        "(document.location)",
        "location.split",
    ]);
    let mut places: Vec<Where> = Vec::new();
    // What the server writes into a script is read by it as well.
    let is_written = |point: &Point| {
        matches!(point.place, Place::Query(_)) && point.value.len() >= 3 && own.contains(&point.value)
    };
    // And what it writes into attributes and fields, which scripts read.
    let is_reflected = || {
        let points = entry.request.points();
        let shown = |point: &Point| {
            matches!(point.place, Place::Query(_))
                && point.value.len() >= 3
                && entry.response.text().contains(&point.value)
        };
        points.iter().any(shown)
    };
    let in_query = whole
        || reads(&["location.search", "URLSearchParams", "searchParams", "search"])
        || entry.request.points().iter().any(is_written)
        || (super::has_sinks(own) && own_reads(&["dataset", ".value", "getAttribute"]) && is_reflected());
    let mut forms: Vec<Form> = Vec::new();
    if own_reads(&["JSON.parse"]) {
        forms.extend(known.shapes().into_iter().chain(known.running_shapes()).map(Form::Json));
    }
    if own_reads(&["atob("]) {
        let coded = std::iter::once(Form::Plain).chain(forms.iter().cloned());
        forms = coded.map(|form| Form::Base64(Box::new(form))).collect();
    }
    if super::has_sinks(own) {
        forms.extend(known.wanted(own).into_iter().map(|(before, behind)| Form::Around(before, behind)));
    }
    let mut formed: Vec<(Where, Form)> = Vec::new();
    let with_forms =
        |place: &Where| forms.iter().map(|form| (place.clone(), form.clone())).collect::<Vec<_>>();
    let is_template = super::has_templates(entry, text);
    if in_query || is_template {
        let points = entry.request.points().into_iter();
        let points: Vec<Point> = points.filter(|point| matches!(point.place, Place::Query(_))).collect();
        let there: Vec<&str> = points.iter().map(|point| point.name.as_str()).collect();
        let asked = known.asked.iter().filter(|name| !there.contains(&name.as_str()));
        let mut names: Vec<Where> = points.iter().cloned().map(Where::Query).collect();
        if in_query {
            names.extend(asked.map(|name| Where::NewQuery(name.clone(), false)));
            let is_parsed = own_reads(&[
                "split(",
                "fromEntries",
                "entries(",
                "forEach",
                "location.search +",
                "+ location.search",
                "+location.search",
            ]);
            if known.asked.is_empty() || is_parsed {
                let guessed = known
                    .members
                    .iter()
                    .filter(|name| !there.contains(&name.as_str()) && !known.asked.contains(name));
                names.extend(guessed.map(|name| Where::NewQuery(name.clone(), true)));
            }
            let running = known.running().iter().filter(|name| !there.contains(name));
            names.extend(running.map(|name| Where::NewQuery((*name).to_owned(), true)));
            if whole && names.is_empty() {
                names.push(Where::NewQuery("x".to_owned(), true));
            }
        }
        names.iter().take(6).for_each(|place| formed.extend(with_forms(place)));
        places.extend(names);
    }
    if whole || reads(&["hash"]) {
        let plain = Where::Fragment("{}".to_owned());
        formed.extend(with_forms(&plain));
        places.push(plain);
        let named = known.asked.iter().take(8).map(String::as_str).chain(known.running().iter().copied());
        places.extend(named.map(|name| Where::Fragment(format!("{name}={{}}"))));
        let shapes = known.fragments(entry.response.text(), own).into_iter().take(SHAPES);
        places.extend(shapes.map(Where::Fragment));
    }
    if reads(&["window.name", "self.name", "top.name"]) {
        formed.extend(with_forms(&Where::Name));
        places.push(Where::Name);
    }
    if reads(&["document.referrer"]) {
        places.push(Where::Referrer);
    }
    if own_reads(&["document.cookie"]) {
        places.extend(known.asked.iter().take(5).cloned().map(Where::Cookie));
    }
    if reads(&["onmessage", "'message'", "\"message\""]) {
        let mut shapes = vec!["{}".to_owned()];
        shapes.extend(known.shapes().into_iter().chain(known.running_shapes()));
        for from in known.senders() {
            places.extend(shapes.iter().map(|shape| Where::Message(shape.clone(), from.clone())));
        }
    }
    if in_query && takes_all_of_the_query(own) {
        places.push(Where::WholeQuery);
    }
    if own_reads(&["pathname"]) || (whole && own_reads(&["'/'", "\"/\""])) {
        places.extend(entry.request.path_points().into_iter().next_back().map(Where::Path));
    }
    static ACTS: Pattern = Pattern::new(
        r"addEventListener\(|\bon(?:click|dblclick|mouse\w+|pointer\w+|key\w+|focus\w*|blur|change|input|submit|scroll|resize|popstate)\s*=|\.on\(|\.(?:click|submit|change|keyup|focus|hover)\(|@click",
    );
    static ATTRIBUTE: Pattern =
        Pattern::new(r"\son(?:click|dblclick|submit|change|input|mouse\w+|pointer\w+|key\w+|focus|blur)=");
    let acts = ACTS.is_match(own) || ATTRIBUTE.is_match(entry.response.text());
    let plain = places.into_iter().map(|place| (place, Form::Plain));
    plain.chain(formed).map(|(place, form)| Source { place, form, acts, then: None }).collect()
}
