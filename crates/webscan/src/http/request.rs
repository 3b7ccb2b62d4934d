//! A request as the scanner holds it: parameters stay apart until it is sent, so that one of them can be changed.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encode;
use super::target::Target;

/// The methods that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// OPTIONS
    Options,
    /// PUT: only where the profile allows what changes data.
    Put,
    /// PATCH: as PUT.
    Patch,
    /// DELETE: as PUT.
    Delete,
    /// TRACE: sent by the check for it alone.
    Trace,
}

impl Method {
    /// As the request line has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Options => "OPTIONS",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Trace => "TRACE",
        }
    }

    /// Reads a name in any case; none for a method that no page makes a browser send.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let all = [Self::Get, Self::Head, Self::Post, Self::Options, Self::Put, Self::Patch, Self::Delete];
        all.into_iter().find(|method| method.name().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether it may destroy something, so that it is sent only when the profile allows it.
    #[must_use]
    pub fn is_destructive(self) -> bool {
        matches!(self, Self::Put | Self::Patch | Self::Delete)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The value, or the file's content.
    pub value: String,
    /// The file's name, where the part is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Its media type, where it says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// What a request carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// `application/x-www-form-urlencoded`: names and values, decoded.
    Form(Vec<(String, String)>),
    /// `multipart/form-data`.
    Multipart(Vec<Part>),
    /// `application/json`, GraphQL included.
    Json(Value),
    /// XML, as text.
    Xml(String),
    /// Anything else, with its media type.
    Text {
        /// The media type.
        content_type: String,
        /// The bytes, as text.
        text: String,
    },
}

/// The boundary of multipart bodies; long enough not to stand in a value by chance.
const BOUNDARY: &str = "----redoubt7MA4YWxkTrZu0gW";

impl Body {
    /// The media type that goes with it.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Form(_) => Some("application/x-www-form-urlencoded".to_owned()),
            Self::Multipart(_) => Some(format!("multipart/form-data; boundary={BOUNDARY}")),
            Self::Json(_) => Some("application/json".to_owned()),
            Self::Xml(_) => Some("application/xml".to_owned()),
            Self::Text { content_type, .. } => Some(content_type.clone()),
        }
    }

    /// As it is sent.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Form(fields) => encode::form(fields).into_bytes(),
            Self::Multipart(parts) => multipart(parts),
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Xml(text) | Self::Text { text, .. } => text.clone().into_bytes(),
        }
    }
}

fn multipart(parts: &[Part]) -> Vec<u8> {
    let mut out = Vec::new();
    let quoted = |text: &str| text.replace('"', "%22").replace(['\r', '\n'], " ");
    for part in parts {
        let mut head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&part.name));
        if let Some(file) = &part.file_name {
            head += &format!("; filename=\"{}\"", quoted(file));
        }
        if let Some(kind) = &part.content_type {
            head += &format!("\r\nContent-Type: {kind}");
        }
        out.extend(head.bytes());
        out.extend(b"\r\n\r\n");
        out.extend(encode::content(&part.value));
        out.extend(b"\r\n");
    }
    out.extend(format!("--{BOUNDARY}--\r\n").bytes());
    out
}

/// A request. Headers that the client sets itself (`Host`, `Content-Length`, `Connection` ...) need not be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub url: Target,
    /// In order; a name may stand more than once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Cookies beside those of the session; one of the same name takes its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<(String, String)>,
    /// What it carries.
    #[serde(default)]
    pub body: Body,
    /// What a browser brings along that is not sent: only pages that a browser opens see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Box<Visit>>,
}

/// What a page can learn from the browser that opens it, beside what is sent to its server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Visit {
    /// What stands after the `#` of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fragment: Option<String>,
    /// The name of the window, set by the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_name: Option<String>,
    /// A message that another window posts to it when it is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The origin of that message; a stranger's where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_from: Option<String>,
    /// The address of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// Whether what is on the page is used: buttons pressed, fields and choices changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub acts: bool,
    /// Another page that is opened after it in the same window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<Target>,
}

impl Request {
    /// A GET without anything.
    #[must_use]
    pub fn get(url: Target) -> Self {
        Self {
            method: Method::Get,
            url,
            headers: Vec::new(),
            cookies: Vec::new(),
            body: Body::None,
            visit: None,
        }
    }

    /// A POST of a form.
    #[must_use]
    pub fn post(url: Target, fields: Vec<(String, String)>) -> Self {
        Self { method: Method::Post, body: Body::Form(fields), ..Self::get(url) }
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Sets a header, whatever was there.
    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    /// The same with a header set.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set_header(name, value);
        self
    }

    /// Names and values of the query, decoded; a name without `=` has an empty value.
    #[must_use]
    pub fn query(&self) -> Vec<(String, String)> {
        self.url.query.as_deref().map(encode::read_form).unwrap_or_default()
    }

    /// Sets the query from names and values.
    pub fn set_query(&mut self, fields: &[(String, String)]) {
        self.url.query = (!fields.is_empty()).then(|| encode::form(fields));
    }
}
