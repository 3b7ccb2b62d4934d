//! What may be wrong with a criterion, in the words of `contract/qps.md 6.3`, `6.4` and `contract/am.md 3`.

use std::fmt;

use super::Criterion;
use crate::{Kind, Operators};

/// Quoted values longer than this are cut.
const QUOTED: usize = 200;

/// A refused criterion. It displays as its message and resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The field as the request named it.
    pub field: String,
    /// Which criterion it is, counted from 0.
    pub position: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// No field has this name.
    Field,
    /// The operator is unknown, or the field does not take it.
    Operator {
        /// The operator as the request named it.
        given: String,
        /// What the field takes.
        allowed: Operators,
    },
    /// There is no value.
    Missing,
    /// The value can't be one of the field.
    Value {
        /// The value; of a list, the item.
        value: String,
        /// What it should be.
        wanted: Wanted,
    },
    /// `NOT EQUALS` in a call that changes or deletes.
    NotEquals {
        /// What the field takes there.
        left: Operators,
    },
}

/// What a value should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Wanted {
    Text,
    Long,
    Date,
    Address,
    /// An address whose octets after the first may be `*`.
    Octets,
    /// One of these.
    Names(&'static [&'static str]),
}

impl Wanted {
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Keyword | Kind::Version => Wanted::Text,
            Kind::Enum(names) => Wanted::Names(names),
            Kind::Boolean => Wanted::Names(&["true", "false"]),
            Kind::Integer => Wanted::Long,
            Kind::Date => Wanted::Date,
            Kind::Address => Wanted::Address,
        }
    }
}

impl Error {
    pub(super) fn new(criterion: &Criterion<'_>, position: usize, problem: Problem) -> Self {
        Self { field: criterion.field.to_owned(), position, problem }
    }

    /// The `errorMessage` of the answer.
    pub fn message(&self) -> String {
        let field = cut(&self.field);
        match &self.problem {
            Problem::Field => format!("Criteria: Invalid criteria '{field}'."),
            Problem::Operator { given, .. } => {
                format!("Criteria: Invalid operator '{}' for criteria '{field}'.", cut(given))
            }
            Problem::Missing => format!("Criteria: Missing value for criteria '{field}'."),
            Problem::Value { value, .. } => {
                format!("Criteria: Invalid value format for criteria '{field}' ({}).", cut(value))
            }
            Problem::NotEquals { .. } => format!(
                "Criteria: Operator NOT EQUALS is not supported for delete and update actions (criteria '{field}')."
            ),
        }
    }

    /// The `errorResolution` of the answer.
    pub fn resolution(&self) -> String {
        match &self.problem {
            Problem::Field => "Use one of the searchable fields of this object.".to_owned(),
            Problem::Operator { allowed, .. } => format!("Operators expected: {}.", names(*allowed)),
            Problem::Missing => "Specify a criteria value.".to_owned(),
            Problem::Value { wanted, .. } => match wanted {
                Wanted::Text => "Specify criteria value(s) as Text.".to_owned(),
                Wanted::Long => "Specify criteria value(s) as Long.".to_owned(),
                Wanted::Date => "Specify criteria value(s) as Date (YYYY-MM-DDTHH:MM:SSZ).".to_owned(),
                Wanted::Address => "Specify criteria value(s) as IP address.".to_owned(),
                Wanted::Octets => {
                    "Specify four octets, of which those after the first may be * for any number, \
                                   such as 10.11.196.* or 10.11.*.*."
                        .to_owned()
                }
                Wanted::Names(list) => format!("Values expected: {}.", list.join(", ")),
            },
            Problem::NotEquals { left } => format!("Use one of the operators: {}.", names(*left)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.message(), self.resolution())
    }
}

impl std::error::Error for Error {}

fn names(operators: Operators) -> String {
    operators.iter().map(|operator| operator.name()).collect::<Vec<_>>().join(", ")
}

/// The text, cut where it grows too long to quote.
fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
