//! Rules as data: what a control asks, what it expects, and why.
//!
//! - A rule file is YAML that `docs/rules.md` describes. Everything in it is checked when it is read; each mistake is
//!   reported with its line and column.
//! - Nothing in a rule can run: no code, no file or network access, regular expressions in linear time only.

mod decode;
mod decode_check;
mod fields;
mod model;
mod op;
pub(crate) mod policy;
pub(crate) mod samples;
mod value;
pub(crate) mod yaml;

pub(crate) use decode::default_values;
pub use decode::read_rules;
pub(crate) use model::{Ask, Kind, Missing, Need, Outcome, Pick, Probe, Scope, Test};
pub use model::{Control, Param, Sample};
pub(crate) use op::switch as switch_word;
pub(crate) use op::{Op, Relation};
pub use policy::Policy;
pub use value::Value;
pub(crate) use value::{duration as seconds, hash_kind, secret};

/// The JSON schema of rule files, for editors.
pub const SCHEMA: &str = include_str!("../../schema/rules.schema.json");

/// A mistake in a rule file, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RuleError {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the line, from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

#[cfg(test)]
mod tests;
