//! What a gateway call came with.

use serde_json::{Map, Value};

use super::{Body, Multipart};

/// What a gateway call came with.
#[derive(Debug, Default)]
pub struct GatewayInput {
    /// The parts of its path that have names.
    pub path: Vec<(&'static str, String)>,
    /// The parameters of its URL.
    pub query: qps::Query,
    /// The headers that its operation names.
    pub headers: Vec<(&'static str, String)>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
    /// The URL of this server as the caller wrote it, without a slash at its end.
    pub base: String,
}

impl GatewayInput {
    /// A named part of the path.
    pub fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A header that the operation names.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The body as a JSON object, whatever its `Content-Type` says (`contract/oca.md 2.3`).
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn object(&self) -> Result<Map<String, Value>, String> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err("The body is JSON, but no object. Send one object in braces.".into()),
            Err(error) if self.body.is_empty() || error.is_eof() => {
                Err("The body is empty or cut off. Send one JSON object.".into())
            }
            // The error tells a place and never repeats what stands there.
            Err(error) => Err(format!(
                "The body is not valid JSON (line {}, column {}). Send one JSON object in UTF-8.",
                error.line(),
                error.column()
            )),
        }
    }

    /// The body as a form of parts.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn form(&self) -> Result<Multipart<'_>, String> {
        Multipart::parse(self.content_type.as_deref(), &self.body)
    }
}

impl Body {
    /// The most bytes that a call may send.
    pub fn limit(&self) -> usize {
        match self {
            Self::None | Self::Json(_) | Self::List(_) | Self::Fields => 1 << 20,
            // What may be uploaded, and room for what is around it.
            Self::Form(_) | Self::Document(_) => (16 << 20) + (64 << 10),
        }
    }
}
