//! The area's errors (`contract/oca.md 2.6`). Messages never hold anything of an uploaded text.

use assess::InputError;

use crate::Error;
use crate::gateway::{Fault, GatewayError};

/// What is wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    SheetName,
    UploadName,
    Body,
    Missing,
    Address,
    Technology,
    Type,
    Immutable,
    Exists,
    TooMany,
    Empty,
    NoCommand,
    NotText,
    Unknown,
    NotReady,
    Days,
    Value,
}

impl Code {
    /// The id, and the HTTP status.
    fn wire(self) -> (&'static str, u16) {
        match self {
            Self::SheetName => ("ERR-2052", 400),
            Self::UploadName => ("ERR-2070", 400),
            Self::Body => ("ERR-2901", 400),
            Self::Missing => ("ERR-2902", 400),
            Self::Address => ("ERR-2903", 400),
            Self::Technology => ("ERR-2904", 400),
            Self::Type => ("ERR-2905", 400),
            Self::Immutable => ("ERR-2906", 400),
            Self::Exists => ("ERR-2907", 400),
            Self::TooMany => ("ERR-2908", 400),
            Self::Empty => ("ERR-2909", 400),
            Self::NoCommand => ("ERR-2910", 400),
            Self::NotText => ("ERR-2911", 400),
            Self::Unknown => ("ERR-2912", 404),
            Self::NotReady => ("ERR-2913", 400),
            Self::Days => ("ERR-2916", 400),
            Self::Value => ("ERR-2917", 400),
        }
    }

    /// The error in words.
    pub(super) fn error(self, message: impl Into<String>) -> Error {
        let (id, status) = self.wire();
        GatewayError::new(status, id, message).into()
    }
}

/// Of faults on the way to a call.
pub(super) fn fault_id(fault: Fault) -> &'static str {
    match fault {
        Fault::Unauthorized => "ERR-2914",
        Fault::Forbidden => "ERR-2915",
        Fault::TooLarge => "ERR-2911",
        Fault::Unreadable => "ERR-2901",
        Fault::Invalid => "ERR-2917",
        Fault::NotFound => "ERR-2918",
        Fault::Method => "ERR-2919",
        Fault::Retired => "ERR-2920",
        Fault::TooMany => "ERR-2921",
        Fault::Server => "ERR-2999",
    }
}

/// The asset is not there, or not for the caller's eyes.
pub(super) fn unknown_asset(uuid: &str) -> Error {
    let shown: String = uuid.chars().take(64).collect();
    Code::Unknown.error(format!("There is no asset with the UUID '{shown}'."))
}

/// Why a text can't be assessed.
pub(super) fn unreadable(error: &InputError) -> Error {
    let code = match error {
        InputError::Empty => Code::Empty,
        InputError::NothingFound { .. } | InputError::Unrecognised { .. } => Code::NoCommand,
        InputError::UnknownTechnology { .. } => Code::Technology,
        _ => Code::NotText,
    };
    let text = error.to_string();
    let mut letters = text.chars();
    let capital = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    code.error(format!("{capital}{}.", letters.as_str()))
}
