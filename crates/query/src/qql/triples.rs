//! Triples of the asset inventory calls (`contract/qql.md 5`): a token of QQL, an operator and a value.
//!
//! Each triple means a clause of QQL, and is compiled as that: equality is a value in backticks, containing is a phrase,
//! a list is a comma text. So both notations agree by construction.

use std::fmt;

use super::names::Names;
use super::{Error as QqlError, parse};
use crate::{Fields, Filter, Kind};

/// A triple as it stood in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triple<'a> {
    /// The field, by its token.
    pub field: &'a str,
    /// The operator.
    pub operator: &'a str,
    /// The value, untrimmed; a comma list for `IN`.
    pub value: &'a str,
}

/// How triples go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// All must hold.
    #[default]
    And,
    /// One must hold.
    Or,
}

/// A refused triple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The field as the request named it.
    pub field: String,
    /// Which triple it is, counted from 0.
    pub position: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a triple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// No field has this name.
    Field,
    /// The operator is unknown, or the field's class does not have it.
    Operator {
        /// The operator as the request named it.
        given: String,
        /// What the class has.
        allowed: &'static [&'static str],
    },
    /// There is no value.
    Missing,
    /// The value can't be one of the field.
    Value(Box<QqlError>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field: String = self.field.chars().take(64).collect();
        match &self.problem {
            Problem::Field => write!(f, "filter {}: there is no field '{field}'", self.position + 1),
            Problem::Operator { given, allowed } => {
                let given: String = given.chars().take(64).collect();
                write!(f, "{field}: the operator '{given}' is not one of {}", allowed.join(", "))
            }
            Problem::Missing => write!(f, "{field}: specify a value"),
            Problem::Value(error) => write!(f, "{field}: {}", error.problem),
        }
    }
}

impl std::error::Error for Error {}

/// The filter that triples make; of none, every object.
///
/// # Errors
/// The first triple that names no field, an operator that its field does not take, or a value that its field can't have.
pub fn compile<T>(fields: &Fields<T>, triples: &[Triple<'_>], join: Join) -> Result<Filter, Error> {
    let mut filters = Vec::with_capacity(triples.len());
    for (position, triple) in triples.iter().enumerate() {
        let refused = |problem| Error { field: triple.field.to_owned(), position, problem };
        filters.push(one(fields, triple).map_err(refused)?);
    }
    Ok(match (filters.len(), join) {
        (0, _) => Filter::All,
        (1, _) => filters.swap_remove(0),
        (_, Join::And) => Filter::And(filters),
        (_, Join::Or) => Filter::Or(filters),
    })
}

const NUMERIC: &[&str] =
    &["EQUALS", "IN", "NOT_EQUALS", "GREATER", "LESSER", "GREATER_THAN_EQUAL", "LESS_THAN_EQUAL"];
const STRING: &[&str] = &["CONTAINS", "IN", "EQUALS", "NOT_EQUALS"];
const DATE: &[&str] = &["EQUALS", "NOT_EQUALS", "GREATER", "LESSER", "GREATER_THAN_EQUAL", "LESS_THAN_EQUAL"];
const BOOLEAN: &[&str] = &["EQUALS"];
const ENUM: &[&str] = &["EQUALS", "NOT_EQUALS", "IN"];
const ADDRESS: &[&str] = &["EQUALS", "IN"];

/// The operators of a field's class.
fn operators(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Integer | Kind::Version => NUMERIC,
        Kind::Text => STRING,
        Kind::Date => DATE,
        Kind::Boolean => BOOLEAN,
        Kind::Enum(_) | Kind::Keyword => ENUM,
        Kind::Address => ADDRESS,
    }
}

fn one<T>(fields: &Fields<T>, triple: &Triple<'_>) -> Result<Filter, Problem> {
    let token = triple.field.trim();
    let kind = fields.token(token).ok_or(Problem::Field)?.kind;
    let (operator, allowed) = (triple.operator.trim(), operators(kind));
    if !allowed.contains(&operator) {
        return Err(Problem::Operator { given: operator.to_owned(), allowed });
    }
    let value = triple.value.trim();
    if value.is_empty() {
        return Err(Problem::Missing);
    }
    let exact = quoted(value, '`');
    let clause = match operator {
        "CONTAINS" => format!("{token}:{}", quoted(value, '"')),
        "IN" => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            let items: Vec<_> = items.map(|item| quoted(item, '`')).collect();
            if items.is_empty() {
                return Err(Problem::Missing);
            }
            format!("{token}:[{}]", items.join(","))
        }
        "NOT_EQUALS" => format!("not {token}:{exact}"),
        "GREATER" => format!("{token}>{exact}"),
        "LESSER" => format!("{token}<{exact}"),
        "GREATER_THAN_EQUAL" => format!("{token}>={exact}"),
        "LESS_THAN_EQUAL" => format!("{token}<={exact}"),
        _ => format!("{token}:{exact}"),
    };
    parse(fields, &clause).map_err(|error| Problem::Value(Box::new(error)))
}

/// A value in quotes of this kind, all of it meant literally.
fn quoted(value: &str, quote: char) -> String {
    let mut text = String::from(quote);
    for letter in value.chars() {
        if letter == quote || letter == '\\' || (letter == '*' && quote != '`') {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push(quote);
    text
}
