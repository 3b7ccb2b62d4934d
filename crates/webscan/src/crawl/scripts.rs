//! Endpoints that scripts name: string literals that look like places, and what is sent to them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::literal;
use crate::http::{Body, Method, Request, Target, encode};

/// Most bytes of a script that are read.
const MAX_SCRIPT: usize = 2 << 20;
/// How far from a call its body may begin and end, in bytes.
const NEAR: usize = 1_000;
/// Most endpoints of one script.
const MOST: usize = 400;

#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"["'`]((?:https?://|\.{0,2}/|[A-Za-z0-9_-]+/)[A-Za-z0-9_\-./~%?=&{}$:,+@!*]*|[A-Za-z0-9_-]+\.(?:php|jsp|aspx?|do|action|json|html?|cgi|pl|py|rb)(?:\?[^"'`\s]*)?)["'`]"#).unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:\.open\s*\(\s*["'](GET|POST|PUT|PATCH|DELETE)["']\s*,\s*["'`]([^"'`\s]+)["'`])|(?:\.(get|post|put|patch|delete)\s*\(\s*["'`]([^"'`\s]+)["'`])|(?:fetch\s*\(\s*["'`]([^"'`\s]+)["'`]\s*,\s*\{([^}]{0,400}))"#).unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static METHOD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)method\s*:\s*["'`]([a-z]+)["'`]"#).unwrap());

#[expect(clippy::unwrap_used, reason = "the pattern is a constant; a test reads it")]
static BODY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"JSON\.stringify\s*\(\s*|\b(?:body|data)\s*:\s*["'`]|\.send\s*\(\s*["'`]"#).unwrap()
});

/// Media types, versions and other texts with a slash that are no places.
fn is_place(text: &str) -> bool {
    const NOT: &[&str] =
        &["text/", "application/", "image/", "audio/", "video/", "font/", "multipart/", "//", "/*", "*/"];
    let has_letters = text.chars().any(char::is_alphabetic);
    let is_asset =
        [".png", ".jpg", ".jpeg", ".gif", ".svg", ".css", ".woff", ".woff2", ".ttf", ".ico", ".map", ".mp4"]
            .iter()
            .any(|end| text.to_ascii_lowercase().split('?').next().unwrap_or_default().ends_with(end));
    has_letters
        && !is_asset
        && text.len() > 1
        && text.len() < 500
        && !NOT.iter().any(|begin| text.starts_with(begin))
}

/// Placeholders of templates become a number, as most of them are ids.
fn filled(text: &str) -> String {
    static PLACEHOLDER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\$?\{[^}]*\}|:[a-zA-Z]\w*").ok());
    let is_url = text.contains("://");
    match PLACEHOLDER.as_ref() {
        Some(regex) if !is_url => regex.replace_all(text, "1").into_owned(),
        _ => text.to_owned(),
    }
}

/// A script whose literals that stand side by side with a plus between them are one.
fn joined(script: &str) -> Cow<'_, str> {
    static JOINT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"'\s*\+\s*'|"\s*\+\s*"|`\s*\+\s*`"#).ok());
    match JOINT.as_ref() {
        Some(regex) => regex.replace_all(script, ""),
        None => Cow::Borrowed(script),
    }
}

/// The requests that a script of a page at `base` seems to make, in the order of its text.
#[must_use]
pub fn endpoints(script: &str, base: &Target) -> Vec<Request> {
    let script = script.get(..script.floor_char_boundary(MAX_SCRIPT)).unwrap_or_default();
    let script = &*joined(script);
    let mut found: Vec<Request> = Vec::new();
    let mut add = |request: Request| {
        if found.len() < MOST && !found.contains(&request) {
            found.push(request);
        }
    };
    for call in CALL.captures_iter(script) {
        let text = |n: usize| call.get(n).map(|m| m.as_str());
        let (name, place) = match (text(2), text(4), text(5)) {
            (Some(place), ..) => (text(1), place),
            (_, Some(place), _) => (text(3), place),
            (.., Some(place)) => {
                (text(6).and_then(|options| METHOD.captures(options)?.get(1).map(|m| m.as_str())), place)
            }
            _ => continue,
        };
        let method = name.and_then(Method::of).unwrap_or(Method::Get);
        if !is_place(place) && !place.starts_with('/') {
            continue;
        }
        let Some(url) = base.join(&filled(place)) else { continue };
        let near = script.get(call.get(0).map_or(0, |m| m.start())..).unwrap_or_default();
        let near = near.get(..near.floor_char_boundary(NEAR)).unwrap_or_default();
        let body = if method == Method::Get { Body::None } else { body(near) };
        add(Request { method, body, headers: headers(near), ..Request::get(url) });
    }
    for literal in LITERAL.captures_iter(script) {
        let Some(text) = literal.get(1).map(|m| m.as_str()).filter(|text| is_place(text)) else { continue };
        let Some(url) = base.join(&filled(text)) else { continue };
        let known = found.iter().any(|have| have.url == url);
        if !known && found.len() < MOST {
            found.push(Request::get(url));
        }
    }
    found
}

/// The body that a call seems to send: an object that is made to JSON, or a text.
fn body(near: &str) -> Body {
    for found in BODY.find_iter(near) {
        let is_json = found.as_str().starts_with("JSON");
        let at = if is_json { found.end() } else { found.end() - 1 };
        let value = near.get(at..).and_then(literal::read);
        match value {
            Some(value) if is_json => return Body::Json(value),
            Some(Value::String(text)) => match text.trim_start().chars().next() {
                Some('<') => return Body::Xml(text),
                Some('{' | '[') => return serde_json::from_str(&text).map_or(Body::None, Body::Json),
                _ if text.contains('=') && !text.contains(' ') => {
                    return Body::Form(encode::read_form(&text));
                }
                _ => {}
            },
            _ => {}
        }
    }
    Body::None
}

/// Headers of the application's own that a call seems to send.
fn headers(near: &str) -> Vec<(String, String)> {
    let own = near.get(1..).unwrap_or_default();
    let end = ["fetch(", ".open(", "$.ajax("].iter().filter_map(|call| own.find(call)).min();
    let own = own.get(..end.unwrap_or(own.len())).unwrap_or_default();
    let object = own.find("headers").and_then(|at| own.get(at..)?.split_once(':')?.1.trim_start().into());
    let mut found: Vec<(String, String)> = match object.and_then(literal::read) {
        Some(Value::Object(members)) => {
            members.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
        }
        _ => Vec::new(),
    };
    for call in own.split("setRequestHeader").skip(1) {
        let list = call.trim_start().strip_prefix('(').map(|rest| format!("[{}", rest.replacen(')', "]", 1)));
        if let Some(Value::Array(pair)) = list.as_deref().and_then(literal::read)
            && let [Value::String(name), Value::String(value)] = pair.as_slice()
        {
            found.push((name.clone(), value.clone()));
        }
    }
    // Others are the protocol's, or differ from one request to the next.
    let changes = ["id", "trace", "time", "nonce", "span", "csrf", "xsrf", "token", "requested-with"];
    let is_own = |name: &str| name.starts_with("x-") && !changes.iter().any(|word| name.contains(word));
    let named = found.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    named.filter(|(name, value)| is_own(name) && !value.is_empty()).take(4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_found_in_scripts() {
        let base = Target::parse("http://a.test/app/").unwrap();
        let script = r#"fetch('/api/items?x=1'); const t = "text/html", u = `/users/${id}/edit`; $.post("save.php", d);
            x.open("POST", "/api/login"); fetch('/api/cart', {method: 'POST', body: JSON.stringify({item: id, "qty": 1})});
            j = '/joined' + '/path'; img = "/logo.png"; m = "see http://a.test/doc"; n = "a/b";"#;
        let found: Vec<String> = endpoints(script, &base)
            .iter()
            .map(|r| format!("{} {}", r.method, r.url.request_target()))
            .collect();
        for wanted in [
            "GET /api/items?x=1",
            "GET /users/1/edit",
            "POST /app/save.php",
            "POST /api/login",
            "POST /api/cart",
            "GET /joined/path",
        ] {
            assert!(found.contains(&wanted.to_owned()), "{wanted} in {found:?}");
        }
        assert!(!found.iter().any(|place| place.contains("html") || place.contains("png")));
        let cart = endpoints(script, &base).into_iter().find(|r| r.url.path == "/api/cart").unwrap();
        assert_eq!(cart.body, Body::Json(serde_json::json!({"item": "test", "qty": 1})));
        let script = r#"fetch('/o', {method: 'POST', headers: {'Content-Type': 'application/xml'}, body: '<?xml version="1.0"?><o><i>a</i></o>'});
            fetch('/g', {method: 'POST', body: JSON.stringify({query: '{ a { b } }'})}); fetch('/n', {method: 'POST', body: data});
            fetch('/f', {method: 'POST', body: "a=1&b=2"});"#;
        let body =
            |path: &str| endpoints(script, &base).into_iter().find(|r| r.url.path == path).unwrap().body;
        assert_eq!(body("/o"), Body::Xml("<?xml version=\"1.0\"?><o><i>a</i></o>".to_owned()));
        assert_eq!(body("/g"), Body::Json(serde_json::json!({"query": "{ a { b } }"})));
        assert_eq!(body("/f"), Body::Form(vec![("a".into(), "1".into()), ("b".into(), "2".into())]));
    }

    #[test]
    fn headers_of_calls_are_those_of_the_application() {
        let base = Target::parse("http://a.test/").unwrap();
        let headers = |script: &str| endpoints(script, &base)[0].headers.clone();
        let own = [("x-tenant".to_owned(), "home".to_owned())];
        assert_eq!(
            headers(
                "fetch('/a', {method: 'POST', headers: {'Content-Type': 'text/xml', 'X-Tenant': 'home'}})"
            ),
            own
        );
        assert_eq!(headers("x.open('POST', '/a'); x.setRequestHeader('X-Tenant', 'home'); x.send()"), own);
        assert_eq!(
            headers("fetch('/a', {method: 'POST'}); fetch('/b', {headers: {'X-Tenant': 'home'}})"),
            []
        );
    }
}
