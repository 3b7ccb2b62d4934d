//! A request, and the places in it where a value may stand.

use serde_json::Value;

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// The path, percent-decoded.
    pub path: String,
    /// The query's pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names and values of the headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it came over TLS.
    pub tls: bool,
}

/// A part of a multipart body.
#[derive(Debug, Clone)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name, for files.
    pub filename: Option<String>,
    /// The type that the client states.
    pub content_type: String,
    /// The content.
    pub content: Vec<u8>,
}

impl Request {
    /// The path and query as sent, split.
    pub fn raw_path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The query as sent, or an empty text.
    pub fn raw_query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case("cookie"));
        all.flat_map(|(_, value)| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decode(value, false))
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body's text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The pairs of a form's body, urlencoded or multipart.
    pub fn form(&self) -> Vec<(String, String)> {
        let kind = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("multipart/form-data") {
            let parts = self.parts();
            return parts
                .into_iter()
                .map(|p| (p.name, String::from_utf8_lossy(&p.content).into_owned()))
                .collect();
        }
        if kind.starts_with("application/x-www-form-urlencoded") { pairs(&self.text()) } else { Vec::new() }
    }

    /// A field of the form's body.
    pub fn field(&self, name: &str) -> Option<String> {
        self.form().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The parts of a multipart body.
    pub fn parts(&self) -> Vec<Part> {
        let kind = self.header("content-type").unwrap_or_default();
        let Some(boundary) = attribute(kind, "boundary") else { return Vec::new() };
        split(&self.body, format!("--{boundary}").as_bytes()).into_iter().filter_map(part).take(64).collect()
    }
}

fn part(bytes: &[u8]) -> Option<Part> {
    let at = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..at)?).into_owned();
    let content = bytes.get(at + 4..)?;
    let content = content.strip_suffix(b"\r\n").unwrap_or(content).to_vec();
    let line = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let disposition = line("content-disposition")?;
    Some(Part {
        name: attribute(&disposition, "name")?,
        filename: attribute(&disposition, "filename"),
        content_type: line("content-type").unwrap_or_default(),
        content,
    })
}

/// An attribute of a header's value, such as `boundary`. Semicolons in quotes separate nothing.
pub fn attribute(value: &str, name: &str) -> Option<String> {
    let mut quoted = false;
    let pieces = value.split(|c: char| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    pieces.into_iter().find_map(|piece| {
        let (key, value) = piece.trim().split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len().max(1)).position(|window| window == needle)
}

fn split<'a>(mut hay: &'a [u8], needle: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    while let Some(at) = find(hay, needle) {
        found.extend(hay.get(..at));
        hay = hay.get(at + needle.len()..).unwrap_or_default();
    }
    found
}

/// The pairs of an urlencoded text.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let all = text.split('&').filter(|pair| !pair.is_empty()).take(1000);
    all.map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key, true), decode(value, true))
    })
    .collect()
}

/// Decodes percent signs, and plus signs where `plus` says so. What is no UTF-8 is replaced.
pub fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' if plus => bytes.push(b' '),
            b'%' => match after
                .get(..2)
                .and_then(|hex| std::str::from_utf8(hex).ok())
                .map(|hex| u8::from_str_radix(hex, 16))
            {
                Some(Ok(byte)) => {
                    bytes.push(byte);
                    rest = after.get(2..).unwrap_or_default();
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes everything but letters, digits and `-._~`.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
