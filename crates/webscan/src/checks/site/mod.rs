//! The site as a whole: its transport, its files, its endpoints.

mod alias;
mod backups;
mod blocked;
mod crossdomain;
mod debug_pages;
mod graphql;
mod large_bodies;
mod listings;
mod methods;
mod mobile;
mod places;
mod predictable;
mod server_auth;
mod service_names;
mod slow_http;
mod technology;
mod tls;
mod version_control;

use super::Check;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[
    &tls::Tls,
    &crossdomain::Crossdomain,
    &listings::Listings,
    &alias::Alias,
    &version_control::VersionControl,
    &backups::Backups,
    &debug_pages::DebugPages,
    &predictable::Predictable,
    &methods::Methods,
    &server_auth::ServerAuth,
    &service_names::ServiceNames,
    &mobile::Mobile,
    &large_bodies::LargeBodies,
    &blocked::Blocked,
    &graphql::GraphQl,
    &slow_http::SlowHttp,
];
