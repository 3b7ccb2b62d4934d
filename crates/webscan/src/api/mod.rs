//! Descriptions of APIs, read for the requests that they describe: OpenAPI 2 and 3 (JSON and YAML), Postman collections,
//! recordings of browsers (HAR), and GraphQL schemas.

mod graphql;
mod har;
mod openapi;
mod postman;
mod yaml;

use serde_json::Value;

use crate::http::{Request, Target};

pub use graphql::INTROSPECTION;

/// Most requests that a description may bring.
pub(crate) const MOST: usize = 4_000;
/// Most bytes of a description.
pub const MAX_BYTES: usize = 32 << 20;

/// What kind of description a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// OpenAPI 2 (Swagger) or 3.
    OpenApi,
    /// A Postman collection, 2.0 or 2.1.
    Postman,
    /// A recording of a browser.
    Har,
    /// The answer to an introspection query.
    GraphQl,
}

/// What is wrong with a description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// It is too large.
    #[error("the description has {0} bytes; {MAX_BYTES} are read at the most")]
    TooLarge(usize),
    /// It is neither JSON nor YAML.
    #[error("the description is neither JSON nor YAML: {0}")]
    Syntax(String),
    /// It is something else.
    #[error("this is no {0}: it lacks '{1}'")]
    NotThat(&'static str, &'static str),
}

/// Reads the requests of a description. Paths without a server of their own are below `base`.
///
/// # Errors
/// [`DescriptionError`]; single parts that can't be used are passed over.
pub fn read(kind: Kind, text: &str, base: &Target) -> Result<Vec<Request>, DescriptionError> {
    let value = parse(text)?;
    let mut requests = match kind {
        Kind::OpenApi => openapi::requests(&value, base)?,
        Kind::Postman => postman::requests(&value, base)?,
        Kind::Har => har::requests(&value)?,
        Kind::GraphQl => graphql::requests(&value, base)?,
    };
    requests.truncate(MOST);
    Ok(requests)
}

fn parse(text: &str) -> Result<Value, DescriptionError> {
    if text.len() > MAX_BYTES {
        return Err(DescriptionError::TooLarge(text.len()));
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(text).map_err(|error| DescriptionError::Syntax(error.to_string()));
    }
    yaml::read(text).map_err(DescriptionError::Syntax)
}
