//! The area's errors.

use crate::Error;
use crate::gateway::{Fault, GatewayError};

/// What is wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Body,
    Missing,
    Value,
    Unknown,
    Name,
    Scope,
    Busy,
    TooMany,
}

impl Code {
    /// The error in words.
    pub(super) fn error(self, message: impl Into<String>) -> Error {
        let (id, status) = match self {
            Self::Body => ("ERR-7001", 400),
            Self::Missing => ("ERR-7002", 400),
            Self::Value => ("ERR-7003", 400),
            Self::Unknown => ("ERR-7004", 404),
            Self::Name => ("ERR-7005", 400),
            Self::Scope => ("ERR-7006", 403),
            Self::Busy => ("ERR-7007", 400),
            Self::TooMany => ("ERR-7008", 400),
        };
        GatewayError::new(status, id, message).into()
    }
}

/// Of faults on the way to a call.
pub(super) fn fault_id(fault: Fault) -> &'static str {
    match fault {
        Fault::Unreadable => "ERR-7001",
        Fault::Invalid => "ERR-7003",
        Fault::TooLarge => "ERR-7009",
        Fault::Unauthorized => "ERR-7014",
        Fault::Forbidden => "ERR-7015",
        Fault::NotFound => "ERR-7018",
        Fault::Method => "ERR-7019",
        Fault::Retired => "ERR-7020",
        Fault::TooMany => "ERR-7021",
        Fault::Server => "ERR-7099",
    }
}

/// A part of what a caller sent, short enough to be shown.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cut.len() < text.len() { cut + "..." } else { cut }
}
