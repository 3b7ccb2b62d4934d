//! Values that are taken for code: tested in each parameter.

mod called;
mod choice;
mod code;
mod command;
mod computed;
mod difference;
pub(in crate::checks) mod facts;
mod header_lines;
mod includes;
mod ldap;
mod marks;
mod messages;
mod missing;
mod nosql;
mod regular_expression;
mod remote_file;
mod routes;
mod serialized;
mod shellshock;
mod sql;
mod template;
mod timing;
mod traversal;
mod xpath;
pub(in crate::checks) mod xss;
mod xxe;

use super::Check;

pub(crate) use facts::{ALIKE, Memo, worth_a_test};
pub(super) use marks::{Marks, hash};
pub(crate) use routes::{is_value, says_more};

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[
    &xss::ReflectedXss,
    &sql::SqlInjection,
    &sql::SqlMessage,
    &template::Template,
    &command::Command,
    &code::Code,
    &traversal::Traversal,
    &remote_file::RemoteFile,
    &header_lines::HeaderLines,
    &nosql::Nosql,
    &ldap::Ldap,
    &xpath::Xpath,
    &regular_expression::RegularExpression,
    &includes::Includes,
    &serialized::Serialized,
    &shellshock::Shellshock,
    &xxe::Xxe,
    &xss::StoredXss,
];
