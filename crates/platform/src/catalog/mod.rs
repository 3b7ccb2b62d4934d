//! The web catalog: web services that were found, and what people make of them (`contract/was.md 4`).
//!
//! - One entry for each address and port. `update` makes entries of the latest results and refreshes them; it never
//!   changes a status or a comment, and an entry that was deleted comes back.
//! - `IN_SUBSCRIPTION` is set by `subscribe` alone, with the web application that it makes.
//! - An entry is seen by whoever sees the asset of its host; one without asset by callers without a scope.

mod fields;
mod model;
mod ops;
mod subscribe;
mod update;
mod wire;

pub use model::{Entry, Status};
pub(crate) use ops::OPERATIONS;
