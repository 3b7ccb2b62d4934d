//! Tags: labels on assets, some put by hand, some by a rule.
//!
//! - A tag tree has no cycles; `edit` is the only writer of a tag's parent.
//! - A rule is stored as it was typed; what it selects is worked out in memory, in the write that changes a tag or an
//!   asset, so that a search right after sees it. Nobody puts a tag with a rule on an asset by hand.
//! - Names are unique among siblings, exactly as spelled.
//! - System tags can't be renamed, re-parented or deleted; users may put children below them.
//! - Nobody widens what they see: a caller whose scope is limited can't change which assets the tags of that scope
//!   mark, except by putting tags on assets that they see already.

mod edit;
mod forest;
mod membership;
mod model;
mod ops;
mod request;
mod rules;
mod wire;

pub use membership::{TagName, Tags};
use model::NAME;
pub use model::{RuleType, SystemTag, Tag};
pub(crate) use ops::OPERATIONS;

use query::{Filter, Test, Value};
use store::{Id, Job};

use crate::{Error, Result};

/// Makes the system tags where they are missing.
pub(crate) fn install(job: &mut Job<'_>) -> Result<()> {
    for system in SystemTag::ALL {
        let key = |system: SystemTag| format!("system:{}", system.name());
        if job.find::<Tag>(&key(system))?.is_some() {
            continue;
        }
        let parent = match system.parent() {
            Some(parent) => job.find::<Tag>(&key(parent))?,
            None => None,
        };
        let tag = Tag { system: Some(system), ..Tag::new(system.name(), parent, job.now()) };
        job.insert(tag)?;
    }
    Ok(())
}

/// Looks whether these tags may be put on an asset, or taken from it, by hand.
///
/// # Errors
/// When one does not exist or has a rule.
pub(crate) fn demand_static(job: &mut Job<'_>, tags: &[Id<Tag>]) -> Result<()> {
    for id in tags {
        let tag = job.get(*id)?.ok_or_else(|| unknown(&id.to_string()))?;
        if tag.is_dynamic() {
            return Err(Error::invalid(
                format!(
                    "Data: The tag '{}' (id {id}) has a rule and can't be put on assets by hand.",
                    tag.name
                ),
                "Specify static tags only, or change the rule of the tag.",
            ));
        }
    }
    Ok(())
}

/// The tag of this name; of several, the one made first.
pub(crate) fn named(job: &mut Job<'_>, name: &str) -> Result<Option<Id<Tag>>> {
    let named = Filter::Field(NAME, Test::Equals(Value::Text(name.to_owned())));
    Ok(job.select::<Tag>(&named).min().map(Id::new))
}

pub(crate) fn unknown(what: &str) -> Error {
    Error::invalid(
        format!("Data: There is no tag with id or name '{what}'."),
        "Specify the id of an existing tag.",
    )
}
