//! A response, read whole within limits.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;

/// A response.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// In order, names in lower case; values that are no UTF-8 are read as Latin-1.
    pub headers: Vec<(String, String)>,
    /// Unpacked; at most as much as the client's limit.
    pub body: Bytes,
    /// Whether the body was longer, or ended too early.
    pub is_cut: bool,
    /// From the last byte of the request to the first of the answer.
    pub elapsed: Duration,
    /// From the first byte of the request to the last of the answer.
    pub total: Duration,
    /// Who answered.
    pub peer: Option<SocketAddr>,
    text: OnceLock<String>,
}

impl Response {
    /// A response as tests and captured exchanges have it.
    #[must_use]
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let headers =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect();
        Self { status, headers, body: body.into(), ..Self::default() }
    }

    /// The same, having taken so long.
    #[must_use]
    pub fn after(self, elapsed: Duration) -> Self {
        Self { elapsed, total: elapsed, ..self }
    }

    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// All values of a header; `name` in lower case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// The media type, in lower case and without parameters; empty when none is said.
    #[must_use]
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether a browser would show it as a page: by its type, or by its beginning when it says none.
    #[must_use]
    pub fn is_html(&self) -> bool {
        match self.media_type().as_str() {
            "text/html" | "application/xhtml+xml" => true,
            "" => self.text().trim_start().starts_with('<'),
            _ => false,
        }
    }

    /// Whether it is a script.
    #[must_use]
    pub fn is_script(&self) -> bool {
        self.media_type().ends_with("javascript") || self.media_type().ends_with("ecmascript")
    }

    /// Whether it sends the browser elsewhere, and where.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        matches!(self.status, 301 | 302 | 303 | 307 | 308).then(|| self.header("location")).flatten()
    }

    /// The body as text: by its byte order mark, else UTF-8, else (when it says so or is no UTF-8 at all) Latin-1.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| decode(&self.body, self.header("content-type").unwrap_or_default()))
    }
}

fn decode(bytes: &[u8], content_type: &str) -> String {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(read);
        char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return wide(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return wide(rest, u16::from_be_bytes);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let kind = content_type.to_ascii_lowercase();
    let is_latin = ["iso-8859-1", "latin1", "windows-1252"].iter().any(|name| kind.contains(name));
    if is_latin && std::str::from_utf8(bytes).is_err() {
        return bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_its_encoding() {
        let text = |kind: &str, body: &'static [u8]| {
            Response::new(200, &[("Content-Type", kind)], body).text().to_owned()
        };
        assert_eq!(text("text/html", "ä".as_bytes()), "ä");
        assert_eq!(text("text/html; charset=ISO-8859-1", b"\xe4"), "ä");
        assert_eq!(text("text/html", b"\xff\xfea\0b\0"), "ab");
        assert_eq!(text("text/html", b"a\xff"), "a\u{fffd}");
    }
}
