//! Errors in the gateway's shape (`contract/gateway.md 6`, `contract/oca.md 2.5`).

use jiff::Timestamp;
use qps::ResponseCode;
use serde_json::{Value, json};

use super::Family;
use crate::{Error, text};

/// A refusal: the HTTP status, the id of the error, and what is wrong and would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{id} - {message}")]
pub struct GatewayError {
    /// The HTTP status, which the body repeats.
    pub status: u16,
    /// `ERR-2903`, or the code of the older calls.
    pub id: &'static str,
    /// For the caller's eyes.
    pub message: String,
}

/// What can go wrong on the way to any operation. Each family has an error id of its own for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The body can't be read.
    Unreadable,
    /// A value can't be taken.
    Invalid,
    /// Nobody is signed in.
    Unauthorized,
    /// They may not do this.
    Forbidden,
    /// There is nothing of that name.
    NotFound,
    /// The path takes other methods.
    Method,
    /// This version of the API is not served any more.
    Retired,
    /// The body is too large.
    TooLarge,
    /// There were too many calls.
    TooMany,
    /// The server failed.
    Server,
}

impl Fault {
    fn of(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::Method,
            410 => Self::Retired,
            413 => Self::TooLarge,
            400 | 408 | 415 => Self::Unreadable,
            429 => Self::TooMany,
            500.. => Self::Server,
            _ => Self::Invalid,
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::Unreadable | Self::Invalid | Self::TooLarge => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::Retired => 410,
            Self::TooMany => 429,
            Self::Server => 500,
        }
    }
}

impl GatewayError {
    /// An error.
    pub fn new(status: u16, id: &'static str, message: impl Into<String>) -> Self {
        Self { status, id, message: message.into() }
    }

    /// A fault, by the id that the family has for it.
    pub fn fault(family: &Family, fault: Fault, message: impl Into<String>) -> Self {
        Self::new(fault.status(), (family.error_id)(fault), message)
    }

    /// The same error with another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The body of the answer in the shape of the older calls.
    pub fn simple_return(&self, now: Timestamp) -> String {
        let (date, id, message) = (now.strftime("%Y-%m-%dT%H:%M:%SZ"), self.id, text::xml(&self.message));
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<SIMPLE_RETURN>
  <RESPONSE>
    <DATETIME>{date}</DATETIME>
    <CODE>{id}</CODE>
    <TEXT>{message}</TEXT>
  </RESPONSE>
</SIMPLE_RETURN>
"#
        )
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        json!({ "_error": { "code": self.status, "message": self.to_string() } })
    }
}

impl Error {
    /// What a call of a family answers. Details of the database stay in the log.
    pub fn into_gateway(self, family: &Family) -> GatewayError {
        match self {
            Error::Gateway(error) => error,
            Error::Store(store::Error::Conflict { .. }) => {
                let message =
                    "The object was changed by another request at the same time. Repeat the request.";
                GatewayError::fault(family, Fault::Server, message).with_status(503)
            }
            other => {
                let error = other.into_service();
                let message = format!("{} {}", error.message, error.resolution);
                let fault = match (error.code, error.http_status()) {
                    (ResponseCode::Unauthorized, _) => Fault::Forbidden,
                    (_, status) => Fault::of(status),
                };
                let busy = (error.http_status() == 503).then_some(503);
                let error = GatewayError::fault(family, fault, message);
                match busy {
                    Some(status) => error.with_status(status),
                    None => error,
                }
            }
        }
    }
}
