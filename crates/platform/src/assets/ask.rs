//! Asking for assets in QQL (`contract/qql.md`).

use query::{Filter, qql};
use store::Object;

use super::model::Asset;
use super::ops::Hosts;
use crate::engine::Resource;
use crate::{Call, Error, Result};

/// The assets that a text in QQL asks for, as far as the caller may see them.
///
/// # Errors
/// When the text is no QQL over the tokens of assets: what is wrong, and where.
pub fn matching(call: &Call, text: &str) -> Result<Filter> {
    let filter = qql::parse(Asset::fields(), text).map_err(|error| {
        Error::invalid(error.to_string(), "Write a query in QQL over the tokens of assets.")
    })?;
    Ok(Hosts::resolve(call, filter.and(Hosts::scope(call))))
}
