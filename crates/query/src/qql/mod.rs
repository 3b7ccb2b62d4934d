//! QQL (`contract/qql.md`): text to filter, and back.
//!
//! The grammar is `contract/qql.md 2.1`. Where that leaves a choice, this is what was chosen:
//!
//! - `NOT` binds tighter than `AND`, `AND` tighter than `OR`; clauses side by side are joined by `AND`.
//! - On text, bare words are word beginnings in any order, quoted text of either kind is a phrase, and text in
//!   backticks is the exact value. On every other kind all three are the value itself.
//! - `*` is a wildcard in bare and quoted values; a pattern covers the whole value, ignoring case. Backticks take it
//!   literally. `token:*` asks for any value.
//! - Within quotes `\` takes the next `"`, `'`, `` ` ``, `\` or `*` literally; before anything else it is itself.
//! - A quoted text without any word in it (`"&"`) is looked for as it is, anywhere in the value.
//! - A bare value ends before `and`, `or`, `not`, before a further `name:`, and at brackets. A word that follows its
//!   separator at once may have colons in it (`fe80::1`) unless it begins with a known token; other values with
//!   colons need quotes.
//! - Versions are compared whole (`version:3.2` is not `3.2.1`); `version:3.2.*` asks for a beginning.
//! - Comparisons and ranges are for numbers, dates, addresses, versions and keywords (those byte by byte).
//! - A value that an enumeration does not list meets no object; one that is no number, date, address or boolean is
//!   an error (`contract/qql.md 7`).
//! - Text without a token is looked for in each free field by itself (`contract/qql.md 3.2`), in those fields that
//!   can have such a value.
//! - `key:( ... )` with clauses inside is about one element if the key is a list; otherwise the key is a common
//!   beginning of tokens.
//!
//! Parsing takes time linear in the text for each level of nesting, of which there are at most [`MAX_NESTING`].

mod error;
mod lexer;
mod literal;
mod names;
mod parser;
mod print;
pub mod triples;
mod value;

pub use error::{Error, Problem, Wanted};
pub use print::print;

use crate::{Fields, Filter};

/// The longest text, in bytes (`contract/qql.md 2.2`).
pub const MAX_LENGTH: usize = 8 * 1024;
/// The deepest nesting of parentheses.
pub const MAX_NESTING: usize = 20;
/// The longest list of values.
pub const MAX_ITEMS: usize = 1000;

/// The filter that a text asks for; of a blank text, every object.
///
/// # Errors
/// What is wrong with the text and where: its syntax, an unknown token, a value that its field can't have, a limit.
pub fn parse<T>(fields: &Fields<T>, text: &str) -> Result<Filter, Error> {
    parser::parse(fields, text).map_err(|fault| fault.place(text))
}
