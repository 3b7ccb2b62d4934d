//! The first half of the cases: a file for each family or two.

use crate::case::{Case, Half};

pub(crate) mod api;
pub(crate) mod browser;
mod code;
pub(crate) mod exposure;
pub(crate) mod files;
mod headers;
mod origin;
pub(crate) mod passive;
mod queries;
pub(crate) mod requests;
mod sql;
mod xss;
mod xss_dom;

const HALF: Half = Half::First;

/// All cases of this half.
pub fn cases() -> Vec<Case> {
    [
        xss::reflected(),
        xss::stored(),
        xss_dom::dom(),
        sql::error(),
        sql::union(),
        sql::boolean(),
        sql::time(),
        queries::nosql(),
        queries::ldap(),
        queries::xpath(),
        code::command(),
        code::templates(),
        files::traversal(),
        files::remote(),
        files::upload(),
        requests::ssrf(),
        requests::xxe(),
        requests::splitting(),
        requests::redirect(),
        requests::host(),
        browser::csrf(),
        browser::cors(),
        browser::cache(),
        browser::prototype(),
        api::jwt(),
        api::mass_assignment(),
        api::graphql(),
        exposure::listing(),
        exposure::leftovers(),
        exposure::debug(),
        headers::security(),
        headers::cookies(),
        headers::mixed(),
        origin::tls(),
        origin::information(),
        passive::libraries(),
        passive::sensitive(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
