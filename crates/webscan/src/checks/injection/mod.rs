//! Values that are taken for code: tested in each parameter.

mod choice;
mod code;
mod command;
mod computed;
mod difference;
mod facts;
mod marks;
mod messages;
mod sql;
mod template;
mod timing;
mod xss;

use super::Check;

pub(crate) use facts::Memo;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[
    &xss::ReflectedXss,
    &sql::SqlInjection,
    &sql::SqlMessage,
    &template::Template,
    &command::Command,
    &code::Code,
    &xss::StoredXss,
];
