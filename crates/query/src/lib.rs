//! The filter engine: what may be asked of a kind of object, and the one tree that every question becomes.
//!
//! - A [`Fields`] table says, once per kind of object, which fields exist, what they are called in Criteria and in
//!   QQL, of which [`Kind`] they are, and how to read them from the struct.
//! - [`criteria`] and [`qql`] turn what a caller wrote into a [`Filter`]. A filter that was built from a table is
//!   typed: every literal in it has the kind of its field.
//! - [`matches()`] answers a filter on one object. The index of the `store` crate answers it on all of them; a
//!   property test holds the two together.
//!
//! Nothing here knows a wire format, a database or a product area.

mod date;
mod field;
mod filter;
mod prepared;
mod value;
mod words;

pub mod criteria;
pub mod matcher;
pub mod qql;

pub use field::{
    Elements, Field, FieldId, Fields, List, ListId, Member, Operator, Operators, Source, Values,
};
pub use filter::{Dependency, Filter, Test};
pub use matcher::{ElementMatcher, Matcher, Prepared, matches};
pub use value::{Age, Kind, Unit, Value, ValueRef, Version, When};
pub use words::{fold, words};
