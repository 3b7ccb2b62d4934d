//! A reply, written as the case wants it.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::Value;

/// Takes over the connection and writes whatever it likes.
pub type Takeover = Box<dyn FnOnce(&mut dyn Stream) -> io::Result<()> + Send>;

/// A connection that was handed to a case.
pub trait Stream: io::Read + Write + Send {}
impl<T: io::Read + Write + Send> Stream for T {}

/// A reply.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers in order, written verbatim: a line break in a value is a line break on the wire.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Instead of all of the above.
    pub takeover: Option<Takeover>,
}

/// What a hardened page sends; a case that is about headers takes some away.
const HARDENED: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-XSS-Protection", "0"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "geolocation=()"),
    ("Feature-Policy", "geolocation 'none'"),
    (
        "Content-Security-Policy",
        "frame-ancestors 'self'; script-src * 'unsafe-inline' 'unsafe-eval' data:; object-src 'none'",
    ),
    ("Cache-Control", "no-store"),
];

impl Reply {
    /// A reply of a type, with the headers of a hardened page.
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        headers.extend(HARDENED.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self { status, headers, body: body.into(), takeover: None }
    }

    /// A page.
    pub fn html(body: impl Display) -> Self {
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Practice range</title></head>\n<body>\n{body}\n</body></html>\n"
        );
        Self::raw_html(page)
    }

    /// A page without a frame of ours.
    pub fn raw_html(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    /// Plain text.
    pub fn text(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/plain; charset=utf-8", body)
    }

    /// JSON.
    pub fn json(body: &Value) -> Self {
        Self::new(200, "application/json", body.to_string())
    }

    /// Not found.
    pub fn missing() -> Self {
        Self::html("<h1>Not found</h1><p>There is no such page.</p>").with_status(404)
    }

    /// A refusal.
    pub fn refused(why: &str) -> Self {
        Self::html(format!("<p class=\"error\">{why}</p>")).with_status(400)
    }

    /// A redirect.
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::html("<p>Moved.</p>").with_status(302).header("Location", to)
    }

    /// Gives the connection to a case.
    pub fn takeover(act: impl FnOnce(&mut dyn Stream) -> io::Result<()> + Send + 'static) -> Self {
        let mut reply = Self::text("");
        reply.takeover = Some(Box::new(act));
        reply
    }

    /// The same with another status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A header in place of those of the same name.
    pub fn set(self, name: &str, value: impl Into<String>) -> Self {
        self.without(name).header(name, value)
    }

    /// The same without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    /// Writes it. `close` says that no other will follow on this connection.
    pub(crate) fn write(&self, out: &mut dyn Write, head_only: bool, close: bool) -> io::Result<()> {
        let reason = match self.status {
            200 => "OK",
            201 => "Created",
            204 => "No Content",
            301 => "Moved Permanently",
            302 => "Found",
            303 => "See Other",
            307 => "Temporary Redirect",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => "Status",
        };
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let connection = if close { "close" } else { "keep-alive" };
        head.extend_from_slice(
            format!("Content-Length: {}\r\nConnection: {connection}\r\n\r\n", self.body.len()).as_bytes(),
        );
        if !head_only {
            head.extend_from_slice(&self.body);
        }
        out.write_all(&head)?;
        out.flush()
    }
}
