//! What the weaknesses are made of: small interpreters with the real semantics of the languages that get injected.

pub mod expr;
pub mod files;
pub mod ldap;
pub mod mongo;
pub mod net;
pub mod shell;
pub mod sql;
pub(crate) mod sql_dialect;
pub mod template;
pub mod xml;
pub mod xpath;
