//! Recordings of browsers (HAR 1.2).

use serde_json::Value;

use super::{DescriptionError, MOST};
use crate::http::{Body, Method, Part, Request, Target, encode};

/// Headers that the client sets itself, or that belong to the recording's own session.
const DROPPED: &[&str] = &[
    "host",
    "content-length",
    "content-type",
    "connection",
    "cookie",
    "accept-encoding",
    "user-agent",
    "if-none-match",
    "if-modified-since",
];

pub(super) fn requests(document: &Value) -> Result<Vec<Request>, DescriptionError> {
    let entries = document.pointer("/log/entries").and_then(Value::as_array);
    let entries = entries.ok_or(DescriptionError::NotThat("HAR recording", "log.entries"))?;
    Ok(entries.iter().filter_map(|entry| request(entry.get("request")?)).take(MOST).collect())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn pairs(list: Option<&Value>) -> Vec<(String, String)> {
    let all = list.and_then(Value::as_array).into_iter().flatten();
    all.map(|pair| (text(pair, "name").to_owned(), text(pair, "value").to_owned())).collect()
}

fn request(recorded: &Value) -> Option<Request> {
    let method = Method::of(text(recorded, "method"))?;
    let mut request = Request { method, ..Request::get(Target::parse(text(recorded, "url")).ok()?) };
    request.headers = pairs(recorded.get("headers"))
        .into_iter()
        .filter(|(name, _)| {
            !name.starts_with(':')
                && !name.to_ascii_lowercase().starts_with("sec-")
                && !DROPPED.iter().any(|have| have.eq_ignore_ascii_case(name))
        })
        .collect();
    let Some(data) = recorded.get("postData") else { return Some(request) };
    let kind = text(data, "mimeType").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (body, params) = (text(data, "text"), pairs(data.get("params")));
    request.body = match kind.as_str() {
        "application/x-www-form-urlencoded" if params.is_empty() => Body::Form(encode::read_form(body)),
        "application/x-www-form-urlencoded" => Body::Form(params),
        "multipart/form-data" => {
            let parts = params.into_iter();
            Body::Multipart(
                parts
                    .map(|(name, value)| Part { name, value, file_name: None, content_type: None })
                    .collect(),
            )
        }
        kind if kind.ends_with("json") => serde_json::from_str(body).map_or(Body::None, Body::Json),
        kind if kind.ends_with("xml") => Body::Xml(body.to_owned()),
        _ if body.is_empty() => Body::None,
        kind => Body::Text { content_type: kind.to_owned(), text: body.to_owned() },
    };
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, read};
    use super::*;

    #[test]
    fn recorded_requests_are_read() {
        let base = Target::parse("http://a.test/").unwrap();
        let har = r#"{"log":{"entries":[{"request":{"method":"POST","url":"http://a.test/login?x=1","headers":[
            {"name":"Cookie","value":"sid=1"},{"name":"X-Token","value":"t"}],"postData":{"mimeType":
            "application/x-www-form-urlencoded; charset=UTF-8","text":"u=a%20b&p=c"}}},{"request":{"method":"BREW","url":"x"}}]}}"#;
        let all = read(Kind::Har, har, &base).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].body, Body::Form(vec![("u".into(), "a b".into()), ("p".into(), "c".into())]));
        assert_eq!(all[0].headers, [("X-Token".to_owned(), "t".to_owned())]);
        assert!(read(Kind::Har, "{}", &base).is_err() && read(Kind::Har, "\u{0}", &base).is_err());
    }
}
