//! What a call ends with: the response codes of contract/qps.md 9 and the error that carries one to the client.

use std::fmt;

/// How much of a refused value a message repeats, in characters.
const QUOTED: usize = 200;

/// The `responseCode` of an answer (contract/qps.md 9; `CA_1001_DUPLICATE_KEY` from contract/ca.md 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseCode {
    /// Done.
    Success,
    /// Bad criteria, a missing or illegal field, or an operation that the state does not allow.
    InvalidRequest,
    /// A bad URL parameter.
    InvalidParam,
    /// A mandatory field is missing in `data`.
    CannotBeNull,
    /// The body, XML or JSON, is not well-formed or not of the schema.
    InvalidXml,
    /// No such operation or object path.
    InvalidUrl,
    /// The version segment is not served.
    InvalidApiVersion,
    /// The id does not exist or is outside the caller's scope.
    NotFound,
    /// The object's name is unknown.
    UnknownObject,
    /// The object exists, the operation on it does not.
    OperationNotSupported,
    /// Wrong user or password.
    InvalidCredentials,
    /// No credentials were sent.
    AuthCredentialsNeeded,
    /// No permission for the API, the module or the object.
    Unauthorized,
    /// The caller may not reach the target application.
    UnauthorizedDestinationApps,
    /// The subscription's trial is over.
    EvaluationExpired,
    /// An asynchronous result is not ready.
    StillProcessing,
    /// A back end is down.
    JmsServerDown,
    /// A back end is down.
    RmiServerDown,
    /// An internal producer is unknown.
    UnidentifiedProducer,
    /// The title of an activation key is already used.
    DuplicateKey,
    /// Anything else.
    OtherError,
}

impl ResponseCode {
    /// All codes, in the order of the schema's text form.
    pub const ALL: [Self; 21] = [
        Self::AuthCredentialsNeeded,
        Self::DuplicateKey,
        Self::CannotBeNull,
        Self::EvaluationExpired,
        Self::InvalidApiVersion,
        Self::InvalidCredentials,
        Self::InvalidParam,
        Self::InvalidRequest,
        Self::InvalidUrl,
        Self::InvalidXml,
        Self::JmsServerDown,
        Self::NotFound,
        Self::OperationNotSupported,
        Self::OtherError,
        Self::RmiServerDown,
        Self::StillProcessing,
        Self::Success,
        Self::Unauthorized,
        Self::UnauthorizedDestinationApps,
        Self::UnidentifiedProducer,
        Self::UnknownObject,
    ];

    /// The code as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::InvalidParam => "INVALID_PARAM",
            Self::CannotBeNull => "CANNOT_BE_NULL",
            Self::InvalidXml => "INVALID_XML",
            Self::InvalidUrl => "INVALID_URL",
            Self::InvalidApiVersion => "INVALID_API_VERSION",
            Self::NotFound => "NOT_FOUND",
            Self::UnknownObject => "UNKNOWN_OBJECT",
            Self::OperationNotSupported => "OPERATION_NOT_SUPPORTED",
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::AuthCredentialsNeeded => "AUTH_CREDENTIALS_NEEDED",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::UnauthorizedDestinationApps => "UNAUTHORIZED_DESTINATION_APPS",
            Self::EvaluationExpired => "EVALUATION_EXPIRED",
            Self::StillProcessing => "STILL_PROCESSING",
            Self::JmsServerDown => "JMS_SERVER_DOWN",
            Self::RmiServerDown => "RMI_SERVER_DOWN",
            Self::UnidentifiedProducer => "UNIDENTIFIED_PRODUCER",
            Self::DuplicateKey => "CA_1001_DUPLICATE_KEY",
            Self::OtherError => "OTHER_ERROR",
        }
    }

    /// The HTTP status that travels with the code (contract/qps.md 9): outcomes of the application are 200.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidCredentials | Self::AuthCredentialsNeeded => 401,
            Self::InvalidUrl | Self::InvalidApiVersion | Self::UnknownObject => 404,
            Self::UnidentifiedProducer | Self::OtherError => 500,
            Self::JmsServerDown | Self::RmiServerDown => 503,
            _ => 200,
        }
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal or failure, as the client gets it: `responseCode` and `responseErrorDetails`.
///
/// The resolution is never left out, because clients read it unchecked (contract/qps.md 8).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message} {resolution}")]
pub struct ServiceError {
    /// What kind of error.
    pub code: ResponseCode,
    /// What is wrong: names field and value.
    pub message: String,
    /// What would be right.
    pub resolution: String,
    /// `internalErrorCodeId`, if there is one.
    pub internal_code: Option<i32>,
    status: Option<u16>,
}

impl ServiceError {
    /// An error of any code.
    pub fn new(code: ResponseCode, message: impl Into<String>, resolution: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            resolution: resolution.into(),
            internal_code: None,
            status: None,
        }
    }

    /// The same error with an `internalErrorCodeId`.
    #[must_use]
    pub fn with_internal_code(mut self, code: i32) -> Self {
        self.internal_code = Some(code);
        self
    }

    /// The same error under another HTTP status than its code's own, such as 409 for a limit or a recorded 200.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The HTTP status to answer with.
    pub fn http_status(&self) -> u16 {
        self.status.unwrap_or(self.code.http_status())
    }

    /// `INVALID_REQUEST`.
    pub fn invalid_request(message: impl Into<String>, resolution: impl Into<String>) -> Self {
        Self::new(ResponseCode::InvalidRequest, message, resolution)
    }

    /// `INVALID_XML`: the body, XML or JSON, can't be read.
    pub fn invalid_xml(message: impl Into<String>, resolution: impl Into<String>) -> Self {
        Self::new(ResponseCode::InvalidXml, message, resolution)
    }

    /// `INVALID_REQUEST`: a field of `data` has a value of the wrong form; `expected` is the whole resolution.
    pub fn invalid_value(field: &str, value: &str, expected: impl Into<String>) -> Self {
        Self::invalid_request(
            format!("Data: Invalid value format for field '{field}' ({}).", quoted(value)),
            expected,
        )
    }

    /// `NOT_FOUND`: the object is not there, or not in the caller's scope.
    pub fn not_found(object: &str, id: impl fmt::Display) -> Self {
        Self::new(
            ResponseCode::NotFound,
            format!("{object} with id '{}' was not found.", quoted(&id.to_string())),
            "Specify the id of an existing object in your scope.",
        )
    }

    /// `CANNOT_BE_NULL`: a mandatory field is missing or empty.
    pub fn cannot_be_null(field: &str) -> Self {
        Self::new(
            ResponseCode::CannotBeNull,
            format!("Data: Field '{field}' cannot be null."),
            format!("Specify a value for '{field}'."),
        )
    }

    /// `INVALID_PARAM`: a URL parameter is missing or wrong; `expected` is the whole resolution.
    pub fn invalid_param(name: &str, value: &str, expected: impl Into<String>) -> Self {
        Self::new(
            ResponseCode::InvalidParam,
            format!("Invalid value for URL parameter '{name}' ({}).", quoted(value)),
            expected,
        )
    }

    /// `UNAUTHORIZED` with the recorded texts (contract/qps.md 3).
    pub fn unauthorized() -> Self {
        Self::new(
            ResponseCode::Unauthorized,
            "You are not authorized to access the application through the API.",
            "If you think this is an error, please contact your account manager.",
        )
    }

    /// `INVALID_CREDENTIALS` with the recorded texts (contract/qps.md 3).
    pub fn invalid_credentials() -> Self {
        Self::new(
            ResponseCode::InvalidCredentials,
            "Authentication failed",
            "Verify both, user and password credentials.",
        )
    }

    /// `AUTH_CREDENTIALS_NEEDED` (contract/was.md 1.4).
    pub fn credentials_needed() -> Self {
        Self::new(
            ResponseCode::AuthCredentialsNeeded,
            "Login and password are required",
            "Pass them with HTTP Basic authentication or in the request headers 'user' and 'password'.",
        )
    }

    /// `INVALID_URL`: no operation has this path.
    pub fn invalid_url(path: &str) -> Self {
        Self::new(
            ResponseCode::InvalidUrl,
            format!("Invalid URL '{}'.", quoted(path)),
            "Use /qps/rest/<version>/<operation>/<module>/<object>[/<id>].",
        )
    }

    /// `INVALID_API_VERSION`: the version segment is not served; `served` lists what is.
    pub fn invalid_api_version(version: &str, served: &[&str]) -> Self {
        Self::new(
            ResponseCode::InvalidApiVersion,
            format!("API version '{}' is not served here.", quoted(version)),
            format!("Versions expected: {}.", served.join(", ")),
        )
    }

    /// `UNKNOWN_OBJECT`: the module has no such object; `served` lists those that it has, nothing for no such module.
    pub fn unknown_object(module: &str, object: &str, served: &[&str]) -> Self {
        let wanted = match served {
            [] => format!("There is no module '{}'; modules are written in lower case.", quoted(module)),
            _ => format!("Objects expected: {}.", served.join(", ")),
        };
        Self::new(ResponseCode::UnknownObject, format!("Unknown object '{}'.", quoted(object)), wanted)
    }

    /// `OPERATION_NOT_SUPPORTED`: the object has no such operation; `served` lists those that it has.
    pub fn unsupported(operation: &str, object: &str, served: &[&str]) -> Self {
        Self::new(
            ResponseCode::OperationNotSupported,
            format!("Operation '{}' is not supported for '{}'.", quoted(operation), quoted(object)),
            format!("Operations expected: {}.", served.join(", ")),
        )
    }

    /// `OTHER_ERROR`: a failure of the server, told without its inner details.
    pub fn other(message: impl Into<String>) -> Self {
        Self::new(
            ResponseCode::OtherError,
            message,
            "Try again later. If the error stays, contact your administrator.",
        )
    }

    /// A criterion's value does not have the field's form (contract/qps.md 6.3); `expected` is the whole
    /// resolution, such as `Specify criteria value(s) as Long.` or `Values expected: true, false.`.
    pub fn criteria_value(field: &str, value: &str, expected: impl Into<String>) -> Self {
        Self::invalid_request(
            format!("Criteria: Invalid value format for criteria '{}' ({}).", quoted(field), quoted(value)),
            expected,
        )
    }

    /// A criterion on a field that can't be searched (contract/qps.md 6.4).
    pub fn criteria_field(field: &str) -> Self {
        Self::invalid_request(
            format!("Criteria: Invalid criteria '{}'.", quoted(field)),
            "Use one of the searchable fields of this object.",
        )
    }

    /// A criterion with an operator that is unknown or not the field's (contract/qps.md 6.4).
    pub fn criteria_operator(field: &str, operator: &str, allowed: &[&str]) -> Self {
        Self::invalid_request(
            format!("Criteria: Invalid operator '{}' for criteria '{}'.", quoted(operator), quoted(field)),
            format!("Operators expected: {}.", allowed.join(", ")),
        )
    }

    /// A criterion without a value (contract/qps.md 6.4).
    pub fn criteria_without_value(field: &str) -> Self {
        Self::invalid_request(
            format!("Criteria: Missing value for criteria '{}'.", quoted(field)),
            "Specify a criteria value.",
        )
    }
}

/// A value as messages repeat it: on one line and not longer than a reader wants.
pub(crate) fn quoted(value: &str) -> String {
    let mut shown: String =
        value.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(QUOTED).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_outcomes_travel_in_a_200() {
        for code in ResponseCode::ALL {
            let expected = match code.as_str() {
                "INVALID_CREDENTIALS" | "AUTH_CREDENTIALS_NEEDED" => 401,
                "INVALID_URL" | "INVALID_API_VERSION" | "UNKNOWN_OBJECT" => 404,
                "OTHER_ERROR" | "UNIDENTIFIED_PRODUCER" => 500,
                "JMS_SERVER_DOWN" | "RMI_SERVER_DOWN" => 503,
                _ => 200,
            };
            assert_eq!(code.http_status(), expected, "{code}");
        }
    }

    #[test]
    fn every_code_stands_once_in_the_list() {
        let names: std::collections::BTreeSet<_> =
            ResponseCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), 21);
    }

    #[test]
    fn the_recorded_criteria_text_is_kept() {
        let error =
            ServiceError::criteria_value("qwebHostId", "abc123", "Specify criteria value(s) as Long.");
        assert_eq!(error.message, "Criteria: Invalid value format for criteria 'qwebHostId' (abc123).");
        assert_eq!(error.http_status(), 200);
    }

    #[test]
    fn a_status_can_differ_from_the_code() {
        assert_eq!(ServiceError::invalid_credentials().http_status(), 401);
        assert_eq!(ServiceError::invalid_credentials().with_status(200).http_status(), 200);
    }

    #[test]
    fn a_huge_value_is_not_repeated_whole() {
        let error = ServiceError::invalid_value("Tag.name", &"ä".repeat(100_000), "Be brief.");
        assert!(error.message.chars().count() < 300);
    }
}
