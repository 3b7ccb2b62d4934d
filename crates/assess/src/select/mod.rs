//! Selectors: how a rule points at statements.
//!
//! - A selector is written like the statement it looks for, with `<name>` where a value is captured.
//! - ` / ` steps into a block. A statement matches when it *begins* with the words of the step; `$` asks for its end.
//! - Searching costs one look at each candidate statement; nothing backtracks.

mod find;
mod pattern;

pub(crate) use find::{Match, find};
pub(crate) use pattern::regex;
pub use pattern::{Pattern, PatternError};
