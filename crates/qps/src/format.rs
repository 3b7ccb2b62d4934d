//! Which format a request has and which its answer gets (contract/qps.md 4, contract/was.md 1.1).

use std::cmp::Ordering;

use crate::ServiceError;
use crate::error::quoted;

/// A format of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `text/xml`, `application/xml`.
    Xml,
    /// `application/json`.
    Json,
}

impl Format {
    /// The `Content-Type` of an answer in this format.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        let is = |name: &str| media_type.eq_ignore_ascii_case(name);
        if is("text/xml") || is("application/xml") {
            return Some(Self::Xml);
        }
        is("application/json").then_some(Self::Json)
    }

    /// The format that a body without `Content-Type` seems to have.
    fn sniff(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        match body.trim_ascii_start().first() {
            Some(b'{' | b'[' | b'n') => Self::Json,
            _ => Self::Xml,
        }
    }
}

/// The formats of one call; they are independent of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    /// How to read the body.
    pub request: Format,
    /// How to write the answer.
    pub response: Format,
}

/// Decides from the two headers alone, taking the body to be there: a `Content-Type` that can't be read is an error.
///
/// Without a `Content-Type` the request counts as XML; [`negotiate_body`] also looks at the body.
pub fn negotiate(content_type: Option<&str>, accept: Option<&str>) -> Result<Formats, ServiceError> {
    let request = match content_type.filter(|text| !text.trim().is_empty()) {
        Some(text) => request_format(text)?,
        None => Format::Xml,
    };
    Ok(Formats { request, response: accepted(accept, request) })
}

/// Decides from headers and body: a blank body needs no readable `Content-Type`, and a body without one is told
/// by its first character.
pub fn negotiate_body(
    content_type: Option<&str>,
    accept: Option<&str>,
    body: &[u8],
) -> Result<Formats, ServiceError> {
    let named = content_type.is_some_and(|text| !text.trim().is_empty());
    if named && !body.trim_ascii().is_empty() {
        return negotiate(content_type, accept);
    }
    let request = match content_type.and_then(|text| Format::of_media_type(media_type(text))) {
        Some(format) => format,
        None => Format::sniff(body),
    };
    Ok(Formats { request, response: accepted(accept, request) })
}

/// The answer's format, whatever else is wrong with the call; for errors.
pub fn response_format(content_type: Option<&str>, accept: Option<&str>) -> Format {
    let request = content_type.and_then(|text| Format::of_media_type(media_type(text)));
    accepted(accept, request.unwrap_or(Format::Xml))
}

fn media_type(header: &str) -> &str {
    header.split(';').next().unwrap_or_default().trim()
}

fn request_format(header: &str) -> Result<Format, ServiceError> {
    let Some(format) = Format::of_media_type(media_type(header)) else {
        return Err(ServiceError::invalid_request(
            format!("Content-Type '{}' is not supported.", quoted(header.trim())),
            "Send the body as text/xml, application/xml or application/json.",
        ));
    };
    match charset(header) {
        Some(charset) if !is_utf8(charset) => Err(ServiceError::invalid_request(
            format!("Content-Type: charset '{}' is not supported.", quoted(charset)),
            "Send the body in UTF-8.",
        )),
        _ => Ok(format),
    }
}

fn charset(header: &str) -> Option<&str> {
    header.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').trim())
    })
}

/// ASCII is a part of UTF-8 and needs no other reader.
pub(crate) fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name))
}

/// How well an `Accept` header fits a format.
#[derive(Clone, Copy)]
struct Fit {
    /// Thousandths.
    quality: u16,
    exactness: Exactness,
    /// The place of the range in the header.
    listed: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exactness {
    Anything,
    Kind,
    Named,
}

/// The better of the two formats: by quality, then by how exactly it was named, then by order of listing. Where only
/// wildcards speak, and where the header allows neither format, the answer follows the request.
fn accepted(accept: Option<&str>, request: Format) -> Format {
    let Some(accept) = accept else { return request };
    let other = if request == Format::Xml { Format::Json } else { Format::Xml };
    match (fit(accept, request), fit(accept, other)) {
        (_, None) => request,
        (None, Some(_)) => other,
        (Some(own), Some(foreign)) => {
            let named_later = own.exactness == Exactness::Named && foreign.listed < own.listed;
            match (own.quality, own.exactness).cmp(&(foreign.quality, foreign.exactness)) {
                Ordering::Greater => request,
                Ordering::Less => other,
                Ordering::Equal if named_later => other,
                Ordering::Equal => request,
            }
        }
    }
}

/// The fit that the most exact range gives; `None` if no range matches or it excludes the format (`q=0`).
fn fit(accept: &str, format: Format) -> Option<Fit> {
    let mut best: Option<Fit> = None;
    for (listed, range) in accept.split(',').enumerate() {
        let Some(exactness) = exactness(media_type(range), format) else { continue };
        let found = Fit { quality: quality(range), exactness, listed };
        if best.is_none_or(|best| (best.exactness, best.quality) < (found.exactness, found.quality)) {
            best = Some(found);
        }
    }
    best.filter(|fit| fit.quality > 0)
}

fn exactness(range: &str, format: Format) -> Option<Exactness> {
    if Format::of_media_type(range) == Some(format) {
        return Some(Exactness::Named);
    }
    let kind = range.eq_ignore_ascii_case("application/*")
        || (format == Format::Xml && range.eq_ignore_ascii_case("text/*"));
    if kind {
        return Some(Exactness::Kind);
    }
    matches!(range, "*/*" | "*").then_some(Exactness::Anything)
}

/// The `q` parameter in thousandths; 1 if it is missing or unreadable.
fn quality(range: &str) -> u16 {
    let value = range.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())?
    });
    // A float becomes the nearest u16 that can hold it, so no header can overflow this.
    value.map_or(1000, |q| (q * 1000.0).round() as u16).min(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Format::{Json, Xml};

    #[track_caller]
    fn answers(content_type: &'static str, accept: &'static str, request: Format, response: Format) {
        let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        assert_eq!(negotiate(given(content_type), given(accept)), Ok(Formats { request, response }));
    }

    #[test]
    fn the_two_formats_are_independent() {
        answers("text/xml", "application/json", Xml, Json);
        answers("application/json", "text/xml", Json, Xml);
        answers("application/xml; charset=UTF-8", "application/xml", Xml, Xml);
        answers("Application/JSON;charset=\"utf-8\"", "Application/Json", Json, Json);
    }

    #[test]
    fn without_a_wish_the_answer_follows_the_request() {
        answers("application/json", "", Json, Json);
        answers("application/json", "*/*", Json, Json);
        answers("text/xml", "*/*", Xml, Xml);
        answers("", "", Xml, Xml);
        answers("application/json", "text/html", Json, Json);
        answers("application/json", "application/*;q=0.8", Json, Json);
    }

    #[test]
    fn a_named_type_beats_a_wildcard_and_quality_beats_order() {
        answers("text/xml", "application/json, text/plain, */*", Xml, Json);
        answers("application/json", "application/json;q=0.5, text/xml", Json, Xml);
        answers("text/xml", "application/json;q=0, */*", Xml, Xml);
        answers("application/json", "application/json;q=0, */*", Json, Xml);
        answers("text/xml", "application/json;q=0", Xml, Xml);
        answers("text/xml", "application/json, text/xml", Xml, Json);
        answers("application/json", "application/json, text/xml", Json, Json);
        answers("application/json", "text/html,application/xml;q=0.9,*/*;q=0.8", Json, Xml);
        answers("application/json", "text/*", Json, Xml);
        answers("text/xml", "application/json;q=nonsense", Xml, Json);
    }

    #[test]
    fn another_content_type_is_refused_by_name() {
        let error = negotiate(Some("application/x-www-form-urlencoded"), None).unwrap_err();
        assert_eq!(error.message, "Content-Type 'application/x-www-form-urlencoded' is not supported.");
        let error = negotiate(Some("text/xml; charset=iso-8859-1"), None).unwrap_err();
        assert_eq!(error.message, "Content-Type: charset 'iso-8859-1' is not supported.");
        assert_eq!(error.resolution, "Send the body in UTF-8.");
    }

    #[test]
    fn a_blank_body_needs_no_content_type_and_a_bare_body_tells_its_own() {
        let sniffed = |body: &[u8]| negotiate_body(None, None, body).unwrap().request;
        assert_eq!(sniffed(b" \r\n<ServiceRequest/>"), Xml);
        assert_eq!(sniffed(b"\xEF\xBB\xBF {\"ServiceRequest\":{}}"), Json);
        assert_eq!(sniffed(b"null"), Json);
        assert_eq!(sniffed(b""), Xml);
        let form = Some("application/x-www-form-urlencoded");
        assert_eq!(negotiate_body(form, Some("application/json"), b" \n").unwrap().response, Json);
        assert!(negotiate_body(form, None, b"a=b").is_err());
    }

    #[test]
    fn an_error_finds_its_format_even_for_headers_that_were_refused() {
        assert_eq!(response_format(Some("text/csv"), None), Xml);
        assert_eq!(response_format(Some("application/json; charset=utf-16"), None), Json);
        assert_eq!(response_format(None, Some("application/json")), Json);
    }
}
