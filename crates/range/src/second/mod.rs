//! The second half of the cases: other techniques, places and disguises than the first. Whoever writes detections does
//! not read this.

use crate::case::{Case, Half};

mod api;
mod browser;
mod code;
mod exposure;
mod files;
mod headers;
mod origin;
mod passive;
mod queries;
mod requests;
mod sql;
mod sql_blind;
mod xss;
mod xss_dom;

const HALF: Half = Half::Second;

/// All cases of this half.
pub fn cases() -> Vec<Case> {
    [
        xss::reflected(),
        xss::stored(),
        xss_dom::dom(),
        sql::error(),
        sql::union(),
        sql_blind::boolean(),
        sql_blind::time(),
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
