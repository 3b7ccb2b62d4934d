//! Asking for assets in QQL (`contract/qql.md`).

use query::{Filter, qql};
use roaring::RoaringBitmap;
use store::{Id, Object};

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

/// The assets that the caller may see; none for all of them.
pub(crate) fn visible(call: &Call) -> Option<RoaringBitmap> {
    let scope = Hosts::resolve(call, call.asset_scope());
    (scope != Filter::All).then(|| call.store().index::<Asset, _>(|index| index.select(&scope).into_owned()))
}

/// Whether the caller may see an asset as a write or a reading found it.
pub(crate) fn sees(call: &Call, id: Id<Asset>, asset: &Asset) -> bool {
    let scope = call.asset_scope();
    scope == Filter::All || Hosts::judge(call, &scope)(id.get(), asset)
}
