//! What goes wrong in the product, and how the QPS door says it (`contract/qps.md 9`).

use qps::{ResponseCode, ServiceError};

use crate::gateway::GatewayError;

/// The platform's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What goes wrong. All but [`Error::Store`] is the caller's to mend, and has words for the caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's mistake, in the wire's words.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The caller's mistake, in the gateway's words.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The database failed, or somebody else was quicker.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// A value that can't be taken: what is wrong, and what would be right.
    pub fn invalid(message: impl Into<String>, resolution: impl Into<String>) -> Self {
        ServiceError::invalid_request(message, resolution).into()
    }

    /// What the QPS wire answers. Details of the database stay in the log.
    pub fn into_service(self) -> ServiceError {
        match self {
            Error::Service(error) => error,
            Error::Gateway(error) => {
                ServiceError::invalid_request(error.message, "Correct the request.").with_status(error.status)
            }
            Error::Store(store::Error::Conflict { kind, id }) => ServiceError::invalid_request(
                format!("The {kind} with id {id} was changed by another request at the same time."),
                "Repeat the request.",
            ),
            Error::Store(store::Error::Taken { kind, holder, .. }) => ServiceError::invalid_request(
                format!("A {kind} with the same key exists already (id {holder})."),
                "Use the existing one, or choose other values.",
            ),
            Error::Store(error) => {
                tracing::error!(%error, "a request failed");
                ServiceError::new(
                    ResponseCode::OtherError,
                    "The request could not be carried out because of a fault in the server.",
                    "Repeat the request later; if it fails again, the server's log says why.",
                )
            }
        }
    }
}

impl From<query::criteria::Error> for Error {
    fn from(error: query::criteria::Error) -> Self {
        Error::invalid(error.message(), error.resolution())
    }
}
